// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import LuaCatalog
import RedisClient
import Reservations
import SharedKernel

/// What reservations of registered resources cost Redis beside those of plain names, and the largest calls of each
/// kind.
struct ResourceTable {
    private static let pools = 200
    private static let leaves = 4_000
    /// The largest call is made so many times.
    private static let repeats = 20

    private let stage: Stage
    private let calls: Int
    private var costs: [(what: String, acquire: Double, release: Double)] = []
    private var largest: [(what: String, milliseconds: Double)] = []

    init(_ stage: Stage, calls: Int) {
        self.stage = stage
        self.calls = calls
    }

    /// Measures everything; the tenant has registered resources afterwards.
    mutating func measure() async throws {
        let plain = try await stage.rawRedis()
        let names = try (0..<calls).map { try Self.item($0, "plain-\($0)") }
        try await meter("plain name, nothing registered", plain, names.map { [$0] })
        try await meterTransactions(plain, names)
        try await define()
        let raw = try await registered()
        try await meter("plain name, others registered", raw, names.map { [$0] })
        let pooled = try (0..<min(calls, 100 * Self.pools)).map { try Self.item($0, "pool-\($0 % Self.pools)") }
        try await meter("pool of 100", raw, pooled.map { [$0] })
        let leaves = try (0..<Self.leaves).map { try Self.item($0, "leaf-\($0)") }
        try await meter("leaf of a 3-level tree", raw, leaves.map { [$0] })
        let blocked = try (0..<Self.pools).map { try Self.item($0, "blocked-\($0)") }
        try await meter("name with 2 blockers", raw, blocked.map { [$0] })
        try await meterLargest(raw)
    }

    private static func item(_ number: Int, _ resource: String) throws -> AcquireItem {
        AcquireItem(
            requester: try Requester("r-\(number)".utf8), resource: try ResourceName(resource.utf8), ttlMs: 600_000,
            type: .userDefined)
    }

    /// 200 pools of 100, a pool of 10,000, a tree of three levels, names with blockers.
    private func define() async throws {
        var rows = (0..<Self.pools).map { ["pool-\($0)", "100", "", "", ""] }
        rows += [["large", "10000", "", "", ""], ["root", "10000", "", "", "a"], ["hall", "10000", "root", "", "a"]]
        rows += (0..<Self.leaves).map { ["leaf-\($0)", "1", "hall", "", "o"] }
        rows += (0..<Self.pools).map { ["blocked-\($0)", "1", "", "ink-\($0)\tpaper-\($0)", ""] }
        var rest = rows[...]
        var version = "0"
        while !rest.isEmpty {
            let raw = try await stage.rawRedis()
            var call = ScriptCall(.reservationDefine, keys: raw.principal.keys, reservingBytes: 16_384)
            call.append(raw.principal.tag)
            call.append(version)
            for word in rest.prefix(Limits.definitionsWrittenPerCall).joined() { call.append(word) }
            let reply = try await stage.pool.send(RedisCommand(call.words))
            guard let word = reply.array?.first?.text, word == "DEFINED", let next = reply.array?[1].text else {
                throw BenchError("definitions were refused: \(reply)")
            }
            version = next
            rest = rest.dropFirst(Limits.definitionsWrittenPerCall)
        }
    }

    /// The plain client with a principal that knows of registered resources.
    private func registered() async throws -> RawRedis {
        let raw = try await stage.rawRedis()
        let known = raw.principal
        let principal = Principal(
            tenant: known.tenant, shard: known.shard, tag: known.tag, keyID: known.keyID, keyName: known.keyName,
            permissions: known.permissions, scopeFilter: [], expiresAtMs: .max, terms: known.terms,
            hasRegisteredResources: true)
        return RawRedis(connection: raw.connection, principal: principal, salt: raw.salt, depth: raw.depth)
    }

    private mutating func meter(_ what: String, _ raw: RawRedis, _ batches: [[AcquireItem]]) async throws {
        let acquires = batches.map { RedisCommand(Acquire($0[...]).call(for: raw.principal).words) }
        let (acquired, replies) = try await stage.meter(raw, acquires)
        for reply in replies where reply.array?.dropFirst(2).first?.text != "ACQUIRED" {
            throw BenchError("\(what): not acquired but \(reply)")
        }
        let released = try await release(raw, batches)
        costs.append((what, acquired.redis_us, released))
    }

    private func release(_ raw: RawRedis, _ batches: [[AcquireItem]]) async throws -> Double {
        let releases = batches.map { batch in
            let items = batch.map { ReleaseItem(requester: $0.requester, resource: $0.resource, token: $0.token) }
            return RedisCommand(ReleaseHolds(items[...]).call(for: raw.principal).words)
        }
        let (released, replies) = try await stage.meter(raw, releases)
        for reply in replies where reply.array?.dropFirst().first?.text != "RELINQUISHED" {
            throw BenchError("not released but \(reply)")
        }
        return released.redis_us
    }

    private mutating func meterTransactions(_ raw: RawRedis, _ items: [AcquireItem]) async throws {
        let tens = stride(from: 0, to: items.count - 9, by: 10).map { Array(items[$0..<($0 + 10)]) }
        let calls = tens.map { RedisCommand(AcquireTogether($0, method: .allOrNone).call(for: raw.principal).words) }
        let (acquired, replies) = try await stage.meter(raw, calls)
        for reply in replies where reply.array?.dropFirst(2).first?.text != "ACQUIRED" {
            throw BenchError("transaction: not acquired but \(reply)")
        }
        costs.append(("transaction of 10 plain names", acquired.redis_us, try await release(raw, tens)))
    }

    /// CPU time of the largest calls there are.
    private mutating func meterLargest(_ raw: RawRedis) async throws {
        let names = try (0..<100).map { try Self.item($0, "big-\($0)") }
        let pool = try (0..<100).map { try Self.item($0, "large") }
        let leaves = try (0..<100).map { try Self.item($0, "leaf-\($0)") }
        for (what, items) in [
            ("plain names", names), ("units of a pool of 10,000", pool), ("leaves of a tree", leaves),
        ] {
            try await largest("64 \(what), independent", raw, Array(items.prefix(64))) {
                Acquire($0[...]).call(for: raw.principal)
            }
            try await largest("100 \(what), one transaction", raw, items) {
                AcquireTogether($0, method: .allOrNone).call(for: raw.principal)
            }
        }
    }

    private mutating func largest(
        _ what: String, _ raw: RawRedis, _ items: [AcquireItem], _ call: ([AcquireItem]) -> ScriptCall
    ) async throws {
        var sum = 0.0
        for _ in 0..<Self.repeats {
            sum += try await stage.meter(raw, [RedisCommand(call(items).words)]).0.redis_us
            _ = try await release(raw, [Array(items.prefix(64))])
            if items.count > 64 { _ = try await release(raw, [Array(items.dropFirst(64))]) }
        }
        largest.append((what, sum / Double(Self.repeats) / 1_000))
    }

    /// Prints both tables.
    func report() {
        print("\n| Redis µs per call | acquire | release |\n|---|---|---|")
        for row in costs { print("| \(row.what) | \(Self.rounded(row.acquire)) | \(Self.rounded(row.release)) |") }
        print("\n| the largest calls | ms of Redis |\n|---|---|")
        for row in largest { print("| \(row.what) | \((row.milliseconds * 100).rounded() / 100) |") }
    }

    private static func rounded(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
