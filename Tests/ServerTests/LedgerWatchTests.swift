// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HoldfastRuntime
import HoldfastSettings
import HoldfastWorker
import LocalStack
import RedisClient
import SharedKernel
import Testing

@Suite("Ledger watch")
struct LedgerWatchTests {
    @Test("Gauges show how many ledgers are over their limit or in debt, and how far, over all shards")
    func gauges() async throws {
        let redis = try await PrivateRedis.start()
        var settings = WorkerSettings()
        settings.shared.redis = try .init(url: redis.url)
        settings.shared.shards = 4
        settings.shared.eventLoops = 1
        let context = RunningServer.context()
        let store = try await Store.open(
            settings.shared, registry: context.registry, logger: context.logger, patience: .seconds(60))
        let watch = LedgerWatch(store, interval: .seconds(1), registry: context.registry, logger: context.logger)
        func shown() -> [String] {
            String(decoding: context.registry.render(), as: UTF8.self).split(separator: "\n").map(String.init)
                .filter { line in
                    ["holdfast_over", "holdfast_indebted", "holdfast_debt"].contains { line.hasPrefix($0) }
                }
                .sorted()
        }
        #expect(shown() == [], "nothing is known before the first pass")
        let ledgers = [
            ("acme", "100 0 0 0 0 0"), ("beta", "100 0 100 0 0 O0"), ("gamma", "100 0 100 30 40 0"),
            ("delta", "100 0 100 50 40 Oo"), ("alpha", "7 0 0 1 0 0"),
        ]
        for (name, ledger) in ledgers {
            let tenant = try #require(TenantID([UInt8](name.utf8)))
            let keys = store.keyspace.keys(of: tenant).map { String(decoding: $0, as: UTF8.self) }
            for command in [
                RedisCommand("SET", "\(keys[1]):l:T:tenant:\(name)", ledger),
                RedisCommand("ZADD", "\(keys[1]):bud", "0", "tenant:\(name)\0T"),
                RedisCommand("ZADD", "\(keys[0])tenants", "1", name),
            ] { _ = try await store.runner.pool.send(command) }
        }
        await watch.pass()
        let expected = [
            "holdfast_debt_utilization_max 1.25", "holdfast_indebted_scopes 3", "holdfast_over_limit_scopes 2",
        ]
        #expect(shown() == expected)
        try await redis.kill()
        await watch.pass()
        #expect(shown() == expected, "what was seen last stands")
        await store.close()
        await redis.remove()
    }
}
