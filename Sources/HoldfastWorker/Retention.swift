// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HoldfastRuntime
internal import Logging
internal import LuaCatalog
internal import Observability
internal import ServiceLifecycle
internal import SharedKernel
internal import Webhooks

/// What has to be done now and then whatever happens: logs and reservation directories lose what has ended, and what
/// the operator's subscriptions ask for is spread to every tenant.
struct Retention: Sendable {
    private static let trimEvery = Duration.seconds(600)
    private static let spreadEvery = Duration.seconds(5)
    /// So often everything is spread anew: tenants that had no room for it may have some, places may have moved with
    /// the clock, or Redis has lost something.
    private static let spreadAllEvery = Duration.seconds(600)
    private static let entriesPerCall: Int64 = 200
    static let tenantsPerCall: Int64 = 500

    let store: Store
    private let logger: Logger
    let trimmed: [String: PrometheusCounter]
    private let failures: PrometheusCounter
    private let duration: PrometheusHistogram

    init(_ store: Store, registry: PrometheusRegistry, logger: Logger) {
        self.store = store
        self.logger = logger
        registry.describe("holdfast_retention_trimmed_total", "Entries dropped because they have ended, by kind.")
        registry.describe("holdfast_retention_failures_total", "Script calls of the retention that failed.")
        registry.describe("holdfast_retention_duration_seconds", "Time of a pass over all shards.")
        trimmed = Dictionary(
            uniqueKeysWithValues: ["event", "audit_entry", "directory_row", "scope_path"].map {
                ($0, registry.counter("holdfast_retention_trimmed", labels: [("kind", $0)]))
            })
        failures = registry.counter("holdfast_retention_failures")
        duration = registry.timer("holdfast_retention_duration")
    }

    /// Drops what has ended from the logs and directories of every shard.
    func trim() async {
        let begin = ContinuousClock.now
        for shard in store.keyspace.shards where !Task.isCancelled {
            do throws(ScriptFault) {
                while try await trim(shard), !Task.isCancelled {}
                try await trimDirectories(shard)
            } catch {
                record(error, "trim")
            }
        }
        let (seconds, attoseconds) = (ContinuousClock.now - begin).components
        duration.recordNanoseconds(seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
    }

    /// One call; whether there is more.
    private func trim(_ shard: Shard) async throws(ScriptFault) -> Bool {
        var call = ScriptCall(.eventsTrim, keys: [shard.prefix])
        call.append(decimal: Self.entriesPerCall)
        let reply = try await store.runner.run(call)
        guard reply.isWord("TRIMMED") else { throw reply.malformed("word") }
        trimmed["event"]?.increment(by: try reply.int(0))
        trimmed["audit_entry"]?.increment(by: try reply.int(1))
        return try reply.int(2) == 1
    }

    /// What the operator's subscriptions ask for, as JSON; empty for nothing.
    func operatorsAsks() async throws(ScriptFault) -> [UInt8] {
        let reply = try await store.runner.run(
            ScriptCall(.webhooksOperatorHooks, keys: store.keyspace.keys(of: .system)))
        guard reply.isWord("HOOKS") else { throw reply.malformed("word") }
        return try reply.bytes(0)
    }

    /// Tells tenants of it, from those of these places on; whether all went well. Tenants stand in the order in which
    /// they were made, so that those made since are behind a place.
    func spread(_ asks: [UInt8], from places: inout [Shard: Int64]) async -> Bool {
        for shard in store.keyspace.shards where !Task.isCancelled {
            do throws(ScriptFault) {
                while true {
                    let (tenants, read) = try await self.tenants(shard, from: places[shard, default: 0])
                    for tenant in tenants { try await spread(asks, to: tenant) }
                    places[shard, default: 0] += read
                    guard read == Self.tenantsPerCall, !Task.isCancelled else { break }
                }
            } catch {
                record(error, "spread")
                return false
            }
        }
        return !Task.isCancelled
    }

    private func spread(_ asks: [UInt8], to tenant: TenantID) async throws(ScriptFault) {
        var call = ScriptCall(.webhooksSpreadHooks, keys: store.keyspace.keys(of: tenant))
        call.append(asks)
        let reply: ScriptReply
        do throws(ScriptFault) {
            reply = try await store.runner.run(call)
        } catch {
            // One tenant that cannot be told does not keep the others waiting.
            if error.isUnavailable { throw error }
            return record(error, "spread")
        }
        guard reply.isWord("TOO_MANY") else { return }
        logger.warning(
            "the operator's subscriptions ask for too many thresholds for this tenant",
            metadata: .keyed([.tenant: .string(tenant.description)]))
    }

    /// A page of a shard's tenants, and how many entries it had.
    func tenants(_ shard: Shard, from offset: Int64) async throws(ScriptFault) -> ([TenantID], read: Int64) {
        var call = ScriptCall(.sweepTenants, keys: [shard.prefix])
        call.append(decimal: offset)
        call.append(decimal: Self.tenantsPerCall)
        let reply = try await store.runner.run(call)
        guard reply.isWord("TENANTS") else { throw reply.malformed("word") }
        var found: [TenantID] = []
        for index in 0..<reply.count {
            if let tenant = TenantID(try reply.bytes(index)) { found.append(tenant) }
        }
        return (found, Int64(reply.count))
    }

    func record(_ fault: ScriptFault, _ what: String) {
        failures.increment()
        logger.log(
            level: fault.isUnavailable ? .debug : .error, "retention failed",
            metadata: .keyed([.error: .string(fault.description), .operation: .string(what)]))
    }
}

extension Retention: Service {
    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask {
                    while !Task.isCancelled {
                        await self.trim()
                        try? await Task.sleep(for: Self.trimEvery * Double.random(in: 0.9...1.1))
                    }
                }
                group.addTask { await self.spreadAgainAndAgain() }
            }
        }
    }

    private func spreadAgainAndAgain() async {
        var known: [UInt8]?
        var places: [Shard: Int64] = [:]
        var isSpread = false
        var begin = ContinuousClock.now
        while !Task.isCancelled {
            if ContinuousClock.now - begin > Self.spreadAllEvery { (places, begin) = ([:], .now) }
            do throws(ScriptFault) {
                let asks = try await operatorsAsks()
                if known != asks { (known, places, isSpread) = (asks, [:], false) }
                // A round that fails goes on where it was. Where nothing is asked for, tenants made later know as much.
                if !asks.isEmpty || !isSpread, await spread(asks, from: &places) { isSpread = true }
            } catch {
                record(error, "spread")
            }
            try? await Task.sleep(for: Self.spreadEvery * Double.random(in: 0.9...1.1))
        }
    }
}
