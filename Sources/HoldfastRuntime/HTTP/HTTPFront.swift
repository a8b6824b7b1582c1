// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import HTTPAPI
internal import Hummingbird
internal import HummingbirdCore
package import Logging
internal import NIOCore
package import NIOPosix
package import Observability
internal import ServiceLifecycle

/// The HTTP listener of a process. Ends gracefully: it stops accepting, answers what has begun, and lets resting
/// clients go on for a moment, each with a last answer that says so.
package struct HTTPFront: Service {
    private let host: String
    private let port: Int
    private let parts: HTTPFrontParts
    private let group: MultiThreadedEventLoopGroup
    private let logger: Logger

    /// The port it listens on, once it does.
    package let listening = Listening()

    /// A listener for a pipeline, on these event loops; `streams` takes answers that go on as streams.
    package init(
        host: String, port: Int, pipeline: RequestPipeline, group: MultiThreadedEventLoopGroup, usesFastLane: Bool,
        streams: EventStreamHub? = nil, limits: HTTPLimits = HTTPLimits(), registry: PrometheusRegistry, logger: Logger
    ) {
        self.host = host
        self.port = port
        self.group = group
        self.logger = logger
        registry.describe("holdfast_http_connections", "Open connections of HTTP clients.")
        parts = HTTPFrontParts(
            pipeline: pipeline, usesFastLane: usesFastLane, limits: limits,
            connections: registry.gauge("holdfast_http_connections"), streams: streams,
            bodies: BodyBudget(bytes: limits.bodyBytesHeld))
    }

    package func run() async throws {
        // Hummingbird tells each start at info and says less than we do.
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .notice)
        let application = Application(
            responder: PipelineResponder(pipeline: parts.pipeline, streams: parts.streams),
            server: HTTPServerBuilder { [parts] responder in HTTPChannel(front: parts, responder: responder) },
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), serverName: nil, backlog: 1_024),
            onServerRunning: { [listening, logger, host] channel in
                let port = channel.localAddress?.port ?? 0
                logger.notice(
                    "listening", metadata: .keyed([.host: .string(host), .port: .stringConvertible(port)]))
                listening.begin(port: port)
            },
            eventLoopGroupProvider: .shared(group), logger: quiet)
        do {
            try await application.run()
            listening.fail(.unavailable("the listener ended before it began"))
        } catch let error as IOError {
            let failure = StartupError.unavailable("cannot listen on \(host):\(port): \(error)")
            listening.fail(failure)
            throw failure
        } catch {
            let failure = StartupError.unavailable("cannot listen on \(host):\(port): \(error)")
            listening.fail(failure)
            throw failure
        }
    }
}
