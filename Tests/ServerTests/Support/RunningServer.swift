// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HoldfastRuntime
import HoldfastServer
import HoldfastSettings
import LocalStack
import Logging
import NIOCore
import Observability
import RedisClient
import ServiceLifecycle

/// A server in this process, on a port of its own.
struct RunningServer: Sendable {
    let port: Int
    let process: HoldfastProcess
    let registry: PrometheusRegistry
    private let group: ServiceGroup
    private let task: Task<Void, any Error>

    /// Starts a server over these endpoints.
    static func start(
        redis: String, endpoints: [Endpoint] = TestEndpoints.all, limits: HTTPLimits = HTTPLimits(),
        _ adjust: (inout ServerSettings) throws -> Void = { _ in }
    ) async throws -> RunningServer {
        var settings = try Self.settings(redis: redis)
        try adjust(&settings)
        let context = Self.context()
        let process = try await buildServer(
            settings, endpoints: endpoints, context: context, limits: limits, patience: .seconds(5))
        let group = ServiceGroup(services: [process], logger: context.logger)
        let task = Task { try await group.run() }
        let port = try await process.front.listening.port
        return RunningServer(port: port, process: process, registry: context.registry, group: group, task: task)
    }

    /// Ends it as SIGTERM does; returns when it has ended.
    func stop() async throws {
        await beginStop()
        try await task.value
    }

    /// Ends it as SIGTERM does; returns at once.
    func beginStop() async { await group.triggerGracefulShutdown() }

    /// Settings of a quiet server on any port.
    static func settings(redis: String) throws -> ServerSettings {
        var settings = ServerSettings()
        settings.port = 0
        settings.shared.redis = try .init(url: redis)
        settings.shared.eventLoops = 2
        settings.shared.shards = 8
        return settings
    }

    /// A context that logs nothing below critical.
    static func context() -> ProcessContext {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return ProcessContext(registry: PrometheusRegistry(includesProcess: false), logger: logger)
    }

    /// Runs a test against a Redis and a server of its own.
    static func run(
        endpoints: [Endpoint] = TestEndpoints.all, limits: HTTPLimits = HTTPLimits(),
        _ adjust: (inout ServerSettings) throws -> Void = { _ in },
        _ body: (RunningServer, PrivateRedis) async throws -> Void
    ) async throws {
        let redis = try await PrivateRedis.start()
        do {
            let server = try await start(redis: redis.url, endpoints: endpoints, limits: limits, adjust)
            do {
                try await body(server, redis)
                try await server.stop()
            } catch {
                try? await server.stop()
                throw error
            }
        } catch {
            await redis.remove()
            throw error
        }
        await redis.remove()
    }
}

/// The two ways into the server.
enum Mount: String, CaseIterable, Sendable {
    case fastLane, hummingbird

    func apply(to settings: inout ServerSettings) { settings.usesFastLane = self == .fastLane }
}
