// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import LocalStack
import NIOCore
import NIOPosix
import RedisClient
import SharedKernel
import Testing

/// One tenant, with a key that may do everything, and a Redis of its own where a test needs one.
struct TestTenant: Sendable {
    let principal: Principal
    let pool: RedisPool
    let runner: ScriptRunner

    /// The caller.
    static func principal() throws -> Principal {
        let tenant = try #require(TenantID("acme"))
        return Principal(
            tenant: tenant, shard: Keyspace(shardCount: 64).shard(of: tenant), tag: [UInt8]("A1".utf8),
            keyID: [UInt8]("key-1".utf8), keyName: [UInt8]("main key".utf8),
            permissions: PermissionSet(Permission.allCases), scopeFilter: [], expiresAtMs: .max, terms: TenantTerms())
    }

    /// Runs a test against a Redis of its own, in which the tenant is active.
    static func withRedis(_ body: (TestTenant) async throws -> Void) async throws {
        let principal = try principal()
        let redis = try await PrivateRedis.start()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let pool = try RedisPool(
            configuration: try RedisConfiguration(url: redis.url), group: group, onConnect: ScriptRunner.loadCommands)
        pool.start()
        let result: Result<Void, any Error>
        do {
            try await pool.waitUntilReady(within: .seconds(60))
            _ = try await pool.send(RedisCommand([[UInt8]("SET".utf8), principal.keys[1], principal.tag]))
            try await body(
                TestTenant(principal: principal, pool: pool, runner: ScriptRunner(pool: pool, group: group)))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await pool.shutdown()
        try await group.shutdownGracefully()
        await redis.remove()
        try result.get()
    }

    /// Asks again until the answer is yes; an error after ten seconds. Every question is a round trip to Redis.
    static func eventually(_ question: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while try await !question() {
            try #require(ContinuousClock.now < deadline, "it did not happen in ten seconds")
            await Task.yield()
        }
    }
}
