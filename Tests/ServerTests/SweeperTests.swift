// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HoldfastRuntime
import HoldfastSettings
import HoldfastWorker
import LocalStack
import LuaCatalog
import Observability
import RedisClient
import ServiceLifecycle
import SharedKernel
import Testing

@Suite("Sweeper")
struct SweeperTests {
    /// The sum of a metric's samples.
    private func total(_ text: [UInt8], _ prefix: String) -> Int {
        String(decoding: text, as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix(prefix) }
            .compactMap { $0.split(separator: " ").last.flatMap { Double($0) }.map { Int($0) } }.reduce(0, +)
    }

    @Test("two workers at once expire what is due exactly once each, and outlive a Redis that goes away")
    func twoWorkers() async throws {
        let redis = try await PrivateRedis.start()
        var settings = WorkerSettings()
        settings.port = 0
        settings.sweepIntervalMs = 20
        settings.shared.redis = try .init(url: redis.url)
        settings.shared.shards = 4
        settings.shared.eventLoops = 1
        let contexts = [RunningServer.context(), RunningServer.context()]
        let workers = try await contexts.asyncMap { try await buildWorker(settings, context: $0) }
        let group = ServiceGroup(services: workers, logger: contexts[0].logger)
        let task = Task { try await group.run() }
        let ports = try await workers.asyncMap { try await $0.front.listening.port }
        #expect(try await WireClient.ask(ports[0], WireClient.request("GET", "/readyz")).status == 200)

        let store = workers[0].store
        try await holdLocks(store, tenants: 3, each: 450)
        try await eventually("all expire", within: .seconds(60)) {
            contexts.map { total($0.registry.render(), "holdfast_expirations_total") }.reduce(0, +) == 1_350
        }
        let left = try await store.runner.pool.send(RedisCommand("KEYS", "hf:{*}:due"))
        #expect(left.array?.isEmpty == true)

        try await redis.kill()
        try await eventually("sweeps fail") {
            contexts.allSatisfy { total($0.registry.render(), "holdfast_sweep_failures_total") > 0 }
        }
        try await redis.restart()
        try await eventually("the keyspace is there again") { store.readiness.unreadiness.isEmpty }
        try await holdLocks(store, tenants: 1, each: 10)
        try await eventually("expirations go on", within: .seconds(60)) {
            contexts.map { total($0.registry.render(), "holdfast_expirations_total") }.reduce(0, +) == 1_360
        }
        await group.triggerGracefulShutdown()
        try await task.value
        await redis.remove()
    }

    @Test("a tenant with much that is due does not hold up another in the same shard")
    func fairness() async throws {
        let redis = try await PrivateRedis.start()
        let context = RunningServer.context()
        var settings = try RunningServer.settings(redis: redis.url).shared
        settings.shards = 1
        let store = try await Store.open(settings, registry: context.registry, logger: context.logger)
        let sweeper = Sweeper(store, interval: .seconds(1), registry: context.registry, logger: context.logger)
        try await holdLocks(store, tenants: 2, each: 3_000, last: 5)
        func left(_ tenant: String) async throws -> Int64? {
            try await store.runner.pool.send(RedisCommand("ZCARD", "hf:{00}:t:\(tenant):act")).integer
        }
        #expect(try await left("tenant-1") == 5)
        try await eventually("all are past their time") {
            let time = try await store.runner.pool.send(RedisCommand("TIME")).array?.compactMap(\.text) ?? []
            let now = time.first.map { $0 + (("000000" + (time.last ?? "")).suffix(6)).prefix(3) } ?? "0"
            let live = RedisCommand("ZCOUNT", "hf:{00}:t:tenant-1:act", now, "+inf")
            return try await store.runner.pool.send(live).integer == 0
        }
        #expect(await sweeper.pass() == .more)
        let (much, little) = (try await left("tenant-0"), try await left("tenant-1"))
        #expect(much == 1_000 && little == 0)
        #expect(await sweeper.pass() == .clean)
        #expect(try await left("tenant-0") == 0)
        await store.close()
        await redis.remove()
    }

    /// Takes locks that are past their time a millisecond later; the last tenant may get another number of them.
    private func holdLocks(_ store: Store, tenants: Int, each number: Int, last: Int? = nil) async throws {
        for index in 0..<tenants {
            let each = index == tenants - 1 ? last ?? number : number
            let tenant = try #require(TenantID("tenant-\(index)"))
            let keys = store.keyspace.keys(of: tenant)
            _ = try await store.runner.pool.send(RedisCommand([[UInt8]("SET".utf8), keys[1], [UInt8]("A1".utf8)]))
            for first in stride(from: 0, to: each, by: Limits.lockItemsPerCall) {
                var call = ScriptCall(.reservationAcquire, keys: keys)
                for word in ["A1", "test"] { call.append(word) }
                for item in first..<min(first + Limits.lockItemsPerCall, each) {
                    for word in ["me", "lock-\(item)", "1", "kind"] { call.append(word) }
                    call.append(RandomBytes.uuid())
                }
                let reply = try await store.runner.run(call)
                #expect(reply.isWord("ITEMS"))
            }
        }
    }
}
