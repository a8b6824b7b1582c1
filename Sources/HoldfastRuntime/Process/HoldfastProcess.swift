// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPAPI
package import Logging
internal import Observability
package import ServiceLifecycle

/// A server or worker, connected and checked, ready to run. ``run()`` must be called, or ``Store/close()``.
///
/// At shutdown readiness goes first, then the listener with all it has begun, then the work in the background, then the
/// connections to Redis.
package struct HoldfastProcess: Service {
    /// The way to Redis.
    package let store: Store
    /// The listener.
    package let front: HTTPFront
    private let background: [any Service]
    private let shutdownSeconds: Int
    private let logger: Logger

    /// A process of these parts; `background` is what it does besides answering.
    package init(
        store: Store, front: HTTPFront, background: [any Service], shutdownSeconds: Int, logger: Logger
    ) {
        self.store = store
        self.front = front
        self.background = background
        self.shutdownSeconds = shutdownSeconds
        self.logger = logger
    }

    /// Runs until the task is told to shut down gracefully, at most the configured time longer.
    package func run() async throws {
        let drain = DrainMark(readiness: store.readiness, logger: logger)
        var configuration = ServiceGroupConfiguration(
            services: [StoreWatch(store, logger: logger)] + background + [front, drain], logger: quiet)
        configuration.maximumGracefulShutdownDuration = .seconds(shutdownSeconds)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch {
            await store.close()
            throw error
        }
        await store.close()
        logger.notice("ended")
    }

    /// For the lifecycle's own lines, which tell each step at debug and info.
    private var quiet: Logger {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        return quiet
    }
}

/// Is the first to hear of a shutdown and says so to the health endpoints.
private struct DrainMark: Service {
    let readiness: Readiness
    let logger: Logger

    func run() async throws {
        do {
            try await gracefulShutdown()
        } catch {
            return
        }
        readiness.set(.draining, true)
        logger.notice("shutting down")
    }
}
