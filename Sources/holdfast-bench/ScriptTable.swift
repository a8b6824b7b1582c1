// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Budgets
import RedisClient
import SharedKernel

/// What each budget script costs Redis at 1, 3 and 6 budgeted scopes, and what a reservation takes of its memory.
struct ScriptTable {
    private static let scopeCounts = [1, 3, 6]
    private static let names = [
        "reserve", "replay of a reserve", "denial", "decide", "extend", "commit", "release", "event",
    ]

    private let stage: Stage
    private let raw: RawRedis
    private let calls: Int
    private var costs: [String: [Int: Double]] = [:]
    private var bytes: [(what: String, perReservation: Double)] = []

    init(_ stage: Stage, calls: Int) async throws {
        self.stage = stage
        raw = try await stage.rawRedis()
        self.calls = calls
    }

    /// Measures everything.
    mutating func measure() async throws {
        for scopes in Self.scopeCounts {
            try await measureMaking(scopes)
            try await measureSettling(scopes)
        }
        try await measureMemory()
    }

    private func requests(_ scopes: Int, amount: Int64 = 500) -> [Reserve] {
        let run = String(UInt32.random(in: 0...UInt32.max), radix: 36)
        return (0..<calls).map {
            raw.request($0, run: run, agents: Stage.agents, scopes: scopes, amount: amount)
        }
    }

    private mutating func measureMaking(_ scopes: Int) async throws {
        let principal = raw.principal
        // As after a sweep: what the runs over HTTP have left behind expires meanwhile, and no worker is here.
        let large = requests(scopes, amount: 1 << 50).map { RedisCommand($0.call(for: principal, sweptMs: 1).words) }
        try await meter("denial", scopes, large, word: "DENIED")
        let questions = requests(scopes).map {
            RedisCommand($0.evaluation(for: principal, keepMs: RawRedis.keepMs, sweptMs: 1).words)
        }
        try await meter("decide", scopes, questions, word: "EVALUATED")
        let charges = requests(scopes).map { request in
            let charge = Charge(
                identity: request.identity, fingerprint: request.fingerprint, actual: 5, unit: request.unit,
                path: request.path, policy: nil, fallbackPolicy: .allowIfAvailable)
            return RedisCommand(charge.call(for: principal, keepMs: RawRedis.keepMs, sweptMs: 1).words)
        }
        try await meter("event", scopes, charges, word: "CHARGED")
    }

    private mutating func measureSettling(_ scopes: Int) async throws {
        let (access, requests) = (raw.principal.access, requests(scopes))
        let reserves = requests.map { RedisCommand($0.call(for: raw.principal).words) }
        let replies = try await meter("reserve", scopes, reserves, word: "RESERVED")
        try await meter("replay of a reserve", scopes, reserves, word: "REPLAYED")
        let pairs = Array(zip(requests, replies))
        let extends = pairs.compactMap { request, reply in
            raw.target(request, reply, "extend").map {
                RedisCommand(Extend(target: $0, extendByMs: 1_000).call(for: access).words)
            }
        }
        try await meter("extend", scopes, extends, word: "EXTENDED")
        let half = calls / 2
        let commits = pairs.prefix(half).compactMap { raw.commit($0.0, $0.1) }
        try await meter("commit", scopes, commits, word: "COMMITTED")
        let releases = pairs.dropFirst(half).compactMap { request, reply in
            raw.target(request, reply, "release").map {
                let release = Release(target: $0, reason: [], auditEntry: [])
                return RedisCommand(release.call(for: access, keepMs: RawRedis.keepMs).words)
            }
        }
        try await meter("release", scopes, releases, word: "RELEASED")
    }

    @discardableResult
    private mutating func meter(
        _ name: String, _ scopes: Int, _ commands: [RedisCommand], word: String
    ) async throws -> [RedisReply] {
        guard !commands.isEmpty else { throw BenchError("\(name): nothing to send") }
        let (result, replies) = try await stage.meter(raw, commands)
        for reply in replies where reply.array?.first?.text != word {
            throw BenchError("\(name), \(scopes) scopes: not \(word) but \(reply)")
        }
        costs[name, default: [:]][scopes] = result.redis_us
        return replies
    }

    private mutating func measureMemory() async throws {
        let requests = requests(3)
        let before = try await stage.usedMemory()
        let replies = try await raw.drive(requests.map { RedisCommand($0.call(for: raw.principal).words) }).replies
        let live = try await stage.usedMemory()
        _ = try await raw.drive(zip(requests, replies).compactMap { raw.commit($0, $1) })
        let finished = try await stage.usedMemory()
        bytes = [
            ("live reservation, 3 scopes", Double(live - before) / Double(calls)),
            ("finished reservation, 3 scopes", Double(finished - before) / Double(calls)),
        ]
    }

    /// Prints both tables.
    func report() {
        print("\n| Redis µs per call | 1 scope | 3 scopes | 6 scopes |\n|---|---|---|---|")
        for name in Self.names {
            let cells = Self.scopeCounts.map { scopes in
                costs[name]?[scopes].map { "\(($0 * 10).rounded() / 10)" } ?? "-"
            }
            print("| \(name) | \(cells.joined(separator: " | ")) |")
        }
        print("\n| Redis memory | bytes |\n|---|---|")
        for row in bytes { print("| \(row.what) | \(Int(row.perReservation.rounded())) |") }
    }
}

extension Stage {
    /// Bytes that Redis has allocated.
    fileprivate func usedMemory() async throws -> Int {
        let info = try await pool.send(RedisCommand("INFO", "memory")).text ?? ""
        guard let line = info.split(separator: "\r\n").first(where: { $0.hasPrefix("used_memory:") }),
            let bytes = Int(line.dropFirst(12))
        else { throw BenchError("Redis does not tell its memory") }
        return bytes
    }
}
