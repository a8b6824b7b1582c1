// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import HTTPAPI
internal import HoldfastSettings
package import Logging
internal import NIOCore
internal import NIOPosix
package import Observability
package import RedisClient
internal import ServiceLifecycle
internal import SharedKernel
internal import Synchronization

/// Keeps the event streams of a server going: one subscription at Redis wakes them, and a clock keeps them alive.
package struct EventStreamService: Service {
    private let hub: EventStreamHub
    private let subscriber: RedisSubscriber
    private let interval: Duration

    /// A service for the streams of a hub, with a connection of its own.
    package init(
        _ hub: EventStreamHub, store: Store, redis: RedisConfiguration, interval: Duration,
        registry: PrometheusRegistry, logger: Logger
    ) throws(StartupError) {
        self.hub = hub
        self.interval = interval
        registry.describe("holdfast_event_subscriptions", "Subscriptions at Redis for event streams that are up.")
        let journal = SubscriptionJournal(up: registry.gauge("holdfast_event_subscriptions"), logger: logger)
        do {
            subscriber = try RedisSubscriber(
                configuration: redis, eventLoop: store.group.next(), channel: Keyspace.eventChannel
            ) { signal in
                journal.record(signal)
                switch signal {
                case .listening: hub.wakeAll()
                case .message(let name): hub.wake(name)
                case .deaf: break
                }
            }
        } catch {
            throw .unfit(error.description)
        }
    }

    package func run() async throws {
        subscriber.start()
        await withDiscardingTaskGroup { group in
            group.addTask { await hub.run() }
            await cancelWhenGracefulShutdown {
                // Two loops, so that clients hear of us however long Redis takes.
                async let keeping: Void = again { hub.keepAlive() }
                async let renewing: Void = again { await hub.renew() }
                _ = await (keeping, renewing)
            }
            hub.finish()
        }
        await subscriber.shutdown()
    }

    /// Does something once per interval until it is cancelled.
    private func again(_ work: @Sendable () async -> Void) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: interval)
            if !Task.isCancelled { await work() }
        }
    }
}

/// What is counted and logged about the subscription: one line when it is lost and one when it is back.
private final class SubscriptionJournal: Sendable {
    private let up: PrometheusGauge
    private let logger: Logger
    private let state = Mutex<(isUp: Bool, isLost: Bool)>((false, false))

    init(up: PrometheusGauge, logger: Logger) {
        self.up = up
        self.logger = logger
    }

    func record(_ signal: RedisSubscriber.Signal) {
        switch signal {
        case .message: return
        case .listening:
            let wasLost = state.withLock { state in
                defer { state = (true, false) }
                return state.isLost
            }
            up.increment()
            if wasLost { logger.notice("subscribed at Redis again") }
        case .deaf(let error, let delay):
            let (wasUp, wasLost) = state.withLock { state in
                defer { state = (false, true) }
                return state
            }
            if wasUp { up.decrement() }
            guard !wasLost else { return }
            logger.warning(
                "subscription at Redis ended",
                metadata: .keyed([.error: .string(error.description), .delaySeconds: .seconds(delay)]))
        }
    }
}
