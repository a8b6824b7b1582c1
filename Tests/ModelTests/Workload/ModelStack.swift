// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import LocalStack
import Logging
import NIOCore
import NIOPosix
import Observability
import RedisClient
import SharedKernel

/// A Redis of its own with server replicas in front of it, each with event loops, connections and caches of its own;
/// only the socket for HTTP is left out.
struct ModelStack: Sendable {
    /// A request before it is one of HTTP.
    struct WireRequest: Sendable {
        var method: HTTPRequest.Method
        var target: String
        var headers: HTTPFields = [:]
        var body: [UInt8] = []
    }

    static let adminKey = "operator-key-of-the-model-tests"

    let redis: PrivateRedis
    let replicas: [Replica]
    /// The worker's; spared when servers are killed.
    let sweeper: ScriptRunner
    /// A connection for looking on and making trouble, spared when others are cut.
    let side: RedisPool
    let keyspace: Keyspace

    /// Runs a test against a stack of its own.
    static func run(replicas count: Int, _ body: (ModelStack) async throws -> Void) async throws {
        let redis = try await PrivateRedis.start()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let result: Result<Void, any Error>
        var pools: [RedisPool] = []
        var replicas: [Replica] = []
        do {
            let side = try await pool(redis, group, onConnect: [])
            pools.append(side)
            let sweeper = ScriptRunner(
                pool: try await pool(redis, group, onConnect: ScriptRunner.loadCommands), group: group)
            pools.append(sweeper.pool)
            let installation = try await install(sweeper)
            for _ in 0..<count { replicas.append(try await Replica { try await start(redis, installation) }) }
            let stack = ModelStack(
                redis: redis, replicas: replicas, sweeper: sweeper, side: side, keyspace: installation.keyspace)
            result = .success(try await body(stack))
        } catch {
            result = .failure(error)
        }
        for replica in replicas { try await replica.life.die() }
        for pool in pools { await pool.shutdown() }
        try await group.shutdownGracefully()
        await redis.remove()
        try result.get()
    }

    private static func pool(
        _ redis: PrivateRedis, _ group: MultiThreadedEventLoopGroup, onConnect commands: [RedisCommand]
    ) async throws -> RedisPool {
        var configuration = try RedisConfiguration(url: redis.url)
        // Only cut connections make an outcome unknown here, not a busy machine.
        configuration.commandTimeout = .seconds(20)
        let pool = try RedisPool(configuration: configuration, group: group, onConnect: commands)
        pool.start()
        try await pool.waitUntilReady(within: .seconds(60))
        return pool
    }

    private static func install(_ runner: ScriptRunner) async throws -> Installation {
        var call = ScriptCall(.adminInstall, keys: [Keyspace.install])
        call.append(decimal: 64)
        call.append(RandomBytes.make(32))
        let reply = try await runner.run(call)
        return Installation(
            keyspace: Keyspace(shardCount: Int(try reply.int(0))), salt: IdentitySalt(bytes: try reply.bytes(1)),
            keepMs: Limits.retentionFinalFloorMs)
    }

    private static func start(_ redis: PrivateRedis, _ installation: Installation) async throws -> ServerLife {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let runner = ScriptRunner(
            pool: try await pool(redis, group, onConnect: ScriptRunner.loadCommands), group: group)
        // Lost connections are logged by design; here they are the point.
        let journal = RequestJournal(
            registry: PrometheusRegistry(includesProcess: false),
            logger: Logger(label: "model-tests", factory: { _ in SwiftLogNoOpLogHandler() }))
        let pipeline = RequestPipeline(
            endpoints: CyclesAPI.endpoints + ReservationAPI.endpoints + AdminAPI.endpoints, runner: runner,
            installation: installation, adminKey: RedactedString(adminKey), journal: journal,
            now_ms: { UTCTimestamp.now_ms() })
        return ServerLife(group: group, runner: runner, pipeline: pipeline)
    }
}

/// The stack did not do what a test needs before it can begin, or after it is done.
struct StackFault: Error, CustomStringConvertible {
    let description: String
}
