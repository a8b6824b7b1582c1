// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Logging
internal import Observability
internal import RedisClient
internal import Synchronization

/// What is counted and logged about the connections to Redis.
struct StoreJournal: Sendable {
    private let connected: PrometheusGauge
    private let reconnects: PrometheusCounter
    private let logger: Logger
    private let seen = SeenConnections()
    /// When all connections were gone, until somebody has told of it.
    let outage = Outage()

    init(registry: PrometheusRegistry, logger: Logger) {
        registry.describe("holdfast_redis_connections", "Connections to Redis that take calls.")
        registry.describe("holdfast_redis_reconnects_total", "Connections to Redis that came back after an end.")
        connected = registry.gauge("holdfast_redis_connections")
        reconnects = registry.counter("holdfast_redis_reconnects")
        self.logger = logger
    }

    /// Called on the event loop of the connection.
    func record(_ event: RedisEvent) {
        switch event.change {
        case .connected(let failures):
            connected.increment()
            let isBack = seen.noteConnected(event.connection)
            if isBack { reconnects.increment() }
            logger.log(
                level: isBack || failures > 0 ? .notice : .debug, "connected to Redis",
                metadata: .keyed([
                    .connection: .stringConvertible(event.connection), .attempt: .stringConvertible(failures),
                ]))
        case .disconnected(let error):
            connected.decrement()
            if seen.noteDisconnected(event.connection) { outage.begin() }
            logger.warning("connection to Redis ended", metadata: metadata(event.connection, error))
        case .connectFailed(let error, let delay):
            // One line per outage: attempts follow each other within half a second.
            var fields = metadata(event.connection, error)
            fields[.delaySeconds] = .seconds(delay)
            let level: Logger.Level = seen.noteFailure(event.connection) ? .warning : .debug
            logger.log(level: level, "cannot connect to Redis", metadata: fields)
        }
    }

    private func metadata(_ connection: Int, _ error: RedisError) -> Logger.Metadata {
        .keyed([.connection: .stringConvertible(connection), .error: .string(error.description)])
    }
}

/// Which connections have been up, and which outages are logged already.
private final class SeenConnections: Sendable {
    private let state = Mutex<(wasUp: Set<Int>, isUp: Set<Int>, isFailing: Set<Int>)>(([], [], []))

    /// Whether the connection had been up before.
    func noteConnected(_ connection: Int) -> Bool {
        state.withLock {
            $0.isFailing.remove(connection)
            $0.isUp.insert(connection)
            return !$0.wasUp.insert(connection).inserted
        }
    }

    /// Whether it was the last one that was up.
    func noteDisconnected(_ connection: Int) -> Bool {
        state.withLock { $0.isUp.remove(connection) != nil && $0.isUp.isEmpty }
    }

    /// Whether this is the first failure since the connection was up.
    func noteFailure(_ connection: Int) -> Bool { state.withLock { $0.isFailing.insert(connection).inserted } }
}
