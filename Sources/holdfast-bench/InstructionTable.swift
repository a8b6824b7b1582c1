// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Budgets
import Foundation
import LocalStack
import LuaCatalog
import RedisClient
import Reservations
import SharedKernel

/// How many instructions Redis takes for a call of each hot script, counted by callgrind: figures that repeat where
/// times vary with the machine.
struct InstructionTable {
    private static let calls = 1_500

    private let stage: Stage
    private let counter: CallgrindRedis
    private var rows: [(what: String, each: Double)] = []

    init(_ stage: Stage, _ counter: CallgrindRedis) {
        self.stage = stage
        self.counter = counter
    }

    /// Measures everything.
    mutating func measure() async throws {
        let raw = try await stage.rawRedis()
        _ = try await count("PING", raw, [RedisCommand](repeating: RedisCommand("PING"), count: Self.calls))
        for scopes in [1, 3, 6] { try await budgets(raw, scopes) }
        try await locks(raw)
    }

    private mutating func budgets(_ raw: RawRedis, _ scopes: Int) async throws {
        let run = String(UInt32.random(in: 0...UInt32.max), radix: 36)
        let requests = (0..<(2 * Self.calls)).map { raw.request($0, run: run, agents: Stage.agents, scopes: scopes) }
        let reserves = requests.map { RedisCommand($0.call(for: raw.principal).words) }
        let first = try await count("reserve, \(scopes) scopes", raw, Array(reserves.prefix(Self.calls)), "RESERVED")
        let rest = try await raw.drive(Array(reserves.dropFirst(Self.calls))).replies
        let pairs = Array(zip(requests, first + rest))
        let commits = pairs.prefix(Self.calls).compactMap { raw.commit($0.0, $0.1) }
        let releases = pairs.dropFirst(Self.calls).compactMap { request, reply in
            raw.target(request, reply, "release").map {
                let release = Release(target: $0, reason: [], auditEntry: [])
                return RedisCommand(release.call(for: raw.principal.access, keepMs: RawRedis.keepMs).words)
            }
        }
        if scopes == 3 {
            let extends = pairs.prefix(Self.calls).compactMap { request, reply in
                raw.target(request, reply, "extend").map {
                    RedisCommand(Extend(target: $0, extendByMs: 1_000).call(for: raw.principal.access).words)
                }
            }
            _ = try await count("extend, 3 scopes", raw, extends, "EXTENDED")
        }
        _ = try await count("commit, \(scopes) scopes", raw, commits, "COMMITTED")
        _ = try await count("release, \(scopes) scopes", raw, releases, "RELEASED")
    }

    private mutating func locks(_ raw: RawRedis) async throws {
        let requester = try Requester("me".utf8)
        let items = try (0..<Self.calls).map { number in
            AcquireItem(
                requester: requester, resource: try ResourceName("lock-\(number)".utf8), ttlMs: 600_000,
                type: .userDefined)
        }
        let acquires = items.map { RedisCommand(Acquire([$0][...]).call(for: raw.principal).words) }
        _ = try await count("acquire of a lock", raw, acquires, "ITEMS")
        let releases = items.map {
            let item = ReleaseItem(requester: $0.requester, resource: $0.resource, token: $0.token)
            return RedisCommand(ReleaseHolds([item][...]).call(for: raw.principal).words)
        }
        _ = try await count("release of a lock", raw, releases, "ITEMS")
    }

    @discardableResult
    private mutating func count(
        _ what: String, _ raw: RawRedis, _ commands: [RedisCommand], _ word: String? = nil
    ) async throws -> [RedisReply] {
        guard !commands.isEmpty else { throw BenchError("\(what): nothing to send") }
        _ = try counter.take(stage.redisPID)
        let replies = try await raw.drive(commands).replies
        let total = try counter.take(stage.redisPID)
        for reply in replies where word != nil && reply.array?.first?.text != word {
            throw BenchError("\(what): not \(word ?? "") but \(reply)")
        }
        rows.append((what, Double(total) / Double(commands.count)))
        return replies
    }

    /// Prints the table; the ratio is to a reserve in three scopes of the same run.
    func report() {
        let scale = rows.first { $0.what == "reserve, 3 scopes" }?.each ?? 1
        print("\n| instructions of Redis per call | thousands | of a reserve in 3 scopes |\n|---|---|---|")
        for row in rows {
            let thousands = String(format: "%.1f", row.each / 1_000)
            print("| \(row.what) | \(thousands) | \(String(format: "%.2f", row.each / scale)) |")
        }
    }
}

/// A Redis that runs under callgrind.
struct CallgrindRedis {
    private let folder: URL

    /// Writes the program that starts it.
    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("holdfast-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let script = """
            #!/bin/sh
            exec valgrind -q --tool=callgrind --callgrind-out-file='\(folder.path)/out' redis-server "$@"
            """
        try script.write(toFile: program, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: program)
    }

    /// To be started in place of redis-server.
    var program: String { folder.appendingPathComponent("redis-server").path }

    /// Instructions since the last time.
    func take(_ pid: Int32) throws -> Int64 {
        for file in try dumps() { try FileManager.default.removeItem(at: file) }
        let control = Process()
        control.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        control.arguments = ["callgrind_control", "--dump", String(pid)]
        control.standardOutput = FileHandle.nullDevice
        try control.run()
        control.waitUntilExit()
        guard control.terminationStatus == 0 else { throw BenchError("callgrind_control failed") }
        for _ in 0..<100 {
            for file in try dumps() {
                let text = try String(contentsOf: file, encoding: .utf8)
                guard let line = text.split(separator: "\n").last(where: { $0.hasPrefix("totals:") }),
                    let count = Int64(line.dropFirst(7).trimmingCharacters(in: .whitespaces))
                else { continue }
                return count
            }
            usleep(50_000)
        }
        throw BenchError("callgrind wrote nothing")
    }

    private func dumps() throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.lastPathComponent.hasPrefix("out.") }
    }

    /// Removes what it wrote.
    func remove() { try? FileManager.default.removeItem(at: folder) }
}
