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
    /// One server process, so to speak.
    struct Replica: Sendable {
        let group: MultiThreadedEventLoopGroup
        let runner: ScriptRunner
        let pipeline: RequestPipeline

        /// Answers a request as a server does.
        func answer(_ request: WireRequest) async -> APIResponse {
            let eventLoop = group.next()
            let question = APIRequest(
                method: request.method, target: request.target, headers: request.headers, body: request.body,
                correlation: Correlation(headers: request.headers))
            return await withCheckedContinuation { continuation in
                eventLoop.execute {
                    pipeline.handle(question, pipeline.match(question), on: eventLoop) {
                        continuation.resume(returning: $0)
                    }
                }
            }
        }
    }

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
    /// A connection for looking on and making trouble, spared when others are cut.
    let side: RedisPool
    let keyspace: Keyspace

    /// Runs a test against a stack of its own.
    static func run(replicas count: Int, _ body: (ModelStack) async throws -> Void) async throws {
        let redis = try await PrivateRedis.start()
        let groups = (0...count).map { MultiThreadedEventLoopGroup(numberOfThreads: $0 == 0 ? 1 : 2) }
        let result: Result<Void, any Error>
        var pools: [RedisPool] = []
        do {
            for (index, group) in groups.enumerated() {
                var configuration = try RedisConfiguration(url: redis.url)
                // Only cut connections make an outcome unknown here, not a busy machine.
                configuration.commandTimeout = .seconds(20)
                let commands = index == 0 ? [] : ScriptRunner.loadCommands
                let pool = try RedisPool(configuration: configuration, group: group, onConnect: commands)
                pools.append(pool)
                pool.start()
                try await pool.waitUntilReady(within: .seconds(60))
            }
            let runners = zip(pools, groups).dropFirst().map { ScriptRunner(pool: $0, group: $1) }
            let installation = try await install(runners[0])
            let stack = ModelStack(
                redis: redis, replicas: zip(groups.dropFirst(), runners).map { replica($0, $1, installation) },
                side: pools[0], keyspace: installation.keyspace)
            result = .success(try await body(stack))
        } catch {
            result = .failure(error)
        }
        for pool in pools { await pool.shutdown() }
        for group in groups { try await group.shutdownGracefully() }
        await redis.remove()
        try result.get()
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

    private static func replica(
        _ group: MultiThreadedEventLoopGroup, _ runner: ScriptRunner, _ installation: Installation
    ) -> Replica {
        // Lost connections are logged by design; here they are the point.
        let journal = RequestJournal(
            registry: PrometheusRegistry(includesProcess: false),
            logger: Logger(label: "model-tests", factory: { _ in SwiftLogNoOpLogHandler() }))
        let pipeline = RequestPipeline(
            endpoints: CyclesAPI.endpoints + ReservationAPI.endpoints + AdminAPI.endpoints, runner: runner,
            installation: installation, adminKey: RedactedString(adminKey), journal: journal,
            now_ms: { UTCTimestamp.now_ms() })
        return Replica(group: group, runner: runner, pipeline: pipeline)
    }
}

/// The stack did not do what a test needs before it can begin, or after it is done.
struct StackFault: Error, CustomStringConvertible {
    let description: String
}
