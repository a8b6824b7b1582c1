// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import LocalStack
import RedisClient
import Reservations
import SharedKernel

/// How fast one worker ends what is due, beside as many reservations that began before and are in a long grace period.
struct SweepTable {
    /// One kind of thing that is swept.
    private struct Row {
        let what: String
        let count: Int
        let seconds: Double
        let redis: Double
        let worker: Double?
        /// Of a script call; nil when none took as long as is noted.
        let longest_ms: Double?
    }

    private static let tenants = 8
    private static let each = 7_500
    /// From so many microseconds on Redis notes a call.
    private static let noted_us = 1_000

    private let stage: Stage
    private let worker: String
    private var rows: [Row] = []

    init(_ stage: Stage) throws {
        self.stage = stage
        worker =
            URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("holdfast-worker").path
        guard FileManager.default.isExecutableFile(atPath: worker) else {
            throw BenchError("holdfast-worker is not beside this program: build it with `swift build -c release`")
        }
    }

    /// Measures everything.
    mutating func measure() async throws {
        // What earlier measurements have left behind would be swept with the rest.
        let old = try startWorker()
        let bench = try await stage.keyspace().budgetDue(stage.rawRedis().principal.tenant)
        try await wait("what is left is swept") { try await dueNow(bench) == 0 }
        old.stop()
        let raws = try await prepare()
        for graceMs in [60_000, 0] as [Int64] {
            for raw in raws { try await reserve(raw, graceMs: graceMs) }
        }
        let keyspace = try await stage.keyspace()
        let due = raws.map { keyspace.budgetDue($0.principal.tenant) }
        try await measure("budget reservations, 3 scopes", due, left: Self.each)
        for raw in raws { try await acquire(raw) }
        try await measure("locks", raws.map { keyspace.activeHolds($0.principal.tenant) }, left: 0)
    }

    private func startWorker() throws -> ServerProcess {
        try ServerProcess(
            executable: worker,
            environment: [
                "HOLDFAST_REDIS_URL": stage.redis.url, "HOLDFAST_LOG_LEVEL": "error", "HOLDFAST_WORKER_PORT": "0",
                "HOLDFAST_ALLOW_VOLATILE": "true",
            ], log: stage.redis.directory + "/worker.log")
    }

    private func wait(_ what: String, until isTrue: () async throws -> Bool) async throws {
        for _ in 0..<12_000 {
            if try await isTrue() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw BenchError("two minutes are over before \(what)")
    }

    /// Tenants with budgets at three levels.
    private func prepare() async throws -> [RawRedis] {
        let admin = ["X-Admin-API-Key": "bench-admin"]
        var raws: [RawRedis] = []
        for number in 0..<Self.tenants {
            let tenant = "sweep-\(number)"
            var requests = [("tenants", #"{"tenant_id":"\#(tenant)","name":"Sweep"}"#)]
            requests += (["", "/workspace:prod"] + (0..<10).map { "/workspace:prod/agent:a\($0)" }).map {
                (
                    "budgets",
                    #"{"tenant_id":"\#(tenant)","scope":"tenant:\#(tenant)\#($0)","unit":"USD_MICROCENTS","#
                        + #""allocated":{"unit":"USD_MICROCENTS","amount":900000000000}}"#
                )
            }
            for (path, body) in requests {
                _ = try await Stage.expect(
                    HTTPOnce.send("POST", "/v1/admin/\(path)", headers: admin, body: body, port: stage.port))
            }
            raws.append(try await stage.rawRedis(tenant))
        }
        return raws
    }

    /// Reservations that end a millisecond after they began, and their grace.
    private func reserve(_ raw: RawRedis, graceMs: Int64) async throws {
        let run = String(UInt32.random(in: 0...UInt32.max), radix: 36)
        let calls = (0..<Self.each).map { number in
            var request = raw.request(number, run: run, agents: 10)
            (request.ttlMs, request.graceMs) = (1, graceMs)
            return RedisCommand(request.call(for: raw.principal).words)
        }
        for reply in try await raw.drive(calls).replies where reply.array?.first?.text != "RESERVED" {
            throw BenchError("not reserved but \(reply)")
        }
    }

    private func acquire(_ raw: RawRedis) async throws {
        let requester = try Requester("me".utf8)
        let calls = try (0..<Self.each).map { number in
            let name = try ResourceName("lock-\(number)".utf8)
            let item = AcquireItem(requester: requester, resource: name, ttlMs: 1, type: .userDefined)
            return RedisCommand(Acquire([item][...]).call(for: raw.principal).words)
        }
        for reply in try await raw.drive(calls).replies where reply.array?.dropFirst(2).first?.text != "ACQUIRED" {
            throw BenchError("not acquired but \(reply)")
        }
    }

    /// Reservations of a tenant that are past expiry and grace.
    private func dueNow(_ index: [UInt8]) async throws -> Int64 {
        let time = try await stage.pool.send(RedisCommand("TIME")).array?.first?.text ?? "0"
        let reply = try await stage.pool.send(
            RedisCommand([[UInt8]("ZCOUNT".utf8), index, [UInt8]("-inf".utf8), [UInt8]((time + "000").utf8)]))
        return reply.integer ?? -1
    }

    /// Entries of some indexes, in all.
    private func total(_ indexes: [[UInt8]]) async throws -> Int {
        var sum = 0
        for index in indexes {
            let reply = try await stage.pool.send(RedisCommand([[UInt8]("ZCARD".utf8), index]))
            sum += reply.integer.map { Int($0) } ?? 0
        }
        return sum
    }

    /// Starts a worker, and takes the time from the last look at which all was there to the first at which all is gone.
    private mutating func measure(_ what: String, _ indexes: [[UInt8]], left: Int) async throws {
        let all = try await total(indexes)
        for command in [
            ["CONFIG", "SET", "slowlog-log-slower-than", String(Self.noted_us)], ["SLOWLOG", "RESET"],
        ] {
            _ = try await stage.pool.send(RedisCommand(command.map { [UInt8]($0.utf8) }))
        }
        let process = try startWorker()
        defer { process.stop() }
        let meter = ProcessMeter(pid: process.pid)
        var begin = (at: ContinuousClock.now, redis: 0.0, worker: 0.0 as Double?)
        try await wait("\(what): anything is swept") {
            let now = (ContinuousClock.now, try await stage.mainThreadSeconds(), meter.cpuSeconds())
            if try await total(indexes) < all { return true }
            begin = now
            return false
        }
        try await wait("\(what): all are swept") { try await total(indexes) == left * indexes.count }
        let seconds = (ContinuousClock.now - begin.at) / .seconds(1)
        let redis = try await stage.mainThreadSeconds() - begin.redis
        let worker = meter.cpuSeconds().flatMap { end in begin.worker.map { end - $0 } }
        rows.append(
            Row(
                what: what, count: all - left * indexes.count, seconds: seconds, redis: redis, worker: worker,
                longest_ms: try await longestCall()))
    }

    private func longestCall() async throws -> Double? {
        let log = try await stage.pool.send(RedisCommand("SLOWLOG", "GET", "1000")).array ?? []
        let times = log.compactMap { entry -> Int64? in
            guard let parts = entry.array, parts.count > 3, parts[3].array?.first?.text == "EVALSHA" else { return nil }
            return parts[2].integer
        }
        return times.max().map { Double($0) / 1_000 }
    }

    /// Prints the table; the share compares with a reserve of the same run.
    func report(reserve_us: Double?) {
        print("\n| one worker sweeps | a second | Redis µs each | of a reserve | worker µs each | longest call, ms |")
        print("|---|---|---|---|---|---|")
        for row in rows {
            let each = row.redis * 1e6 / Double(row.count)
            let cells = [
                "\(row.count) \(row.what)", String(Int(Double(row.count) / row.seconds)), Self.rounded(each),
                reserve_us.map { Self.rounded(each / $0) } ?? "-",
                row.worker.map { Self.rounded($0 * 1e6 / Double(row.count)) } ?? "-",
                row.longest_ms.map { Self.rounded($0) } ?? "below 1",
            ]
            print("| \(cells.joined(separator: " | ")) |")
        }
    }

    private static func rounded(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
