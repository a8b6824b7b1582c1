// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import NIOCore
internal import NIOPosix
internal import Synchronization

/// One connection to Redis per event loop: a request uses the connection of the loop it runs on, without a hop.
///
/// ``shutdown(within:)`` must be called in the end; connections try to come back until then.
package final class RedisPool: Sendable {
    private let connections: [RedisConnection]
    private let byLoop: [ObjectIdentifier: RedisConnection]
    private let turn = Atomic<Int>(0)

    /// Prepares the connections; nothing is opened before ``start()``. Reads the trusted authorities when TLS is on.
    ///
    /// `group` holds the event loops to serve, the process-wide ones unless given. The commands of `onConnect`, such as
    /// `SCRIPT LOAD`, must succeed on a new connection before it takes calls. `onEvent` is told about every change, on
    /// the event loop of the connection; it must not block.
    package init(
        configuration: RedisConfiguration,
        group: (any EventLoopGroup)? = nil,
        onConnect: [RedisCommand] = [],
        onEvent: @escaping @Sendable (RedisEvent) -> Void = { _ in }
    ) throws(RedisConfigurationError) {
        let connector = try RedisConnector(configuration)
        let loops = (group ?? MultiThreadedEventLoopGroup.singleton).makeIterator()
        var connections: [RedisConnection] = []
        var byLoop: [ObjectIdentifier: RedisConnection] = [:]
        for loop in loops {
            let connection = RedisConnection(
                index: connections.count,
                eventLoop: loop,
                configuration: configuration,
                connector: connector,
                onConnect: onConnect,
                onEvent: onEvent
            )
            connections.append(connection)
            byLoop[ObjectIdentifier(loop)] = connection
        }
        precondition(!connections.isEmpty, "an event loop group has at least one event loop")
        self.connections = connections
        self.byLoop = byLoop
    }

    /// Begins to connect on every loop. Redis may be away; the connections come up when it is there.
    package func start() {
        for connection in self.connections {
            connection.eventLoop.execute { connection.start() }
        }
    }

    /// Waits until every connection takes calls.
    ///
    /// Throws the last failure at the end of `limit`, and at once when only the operator can help, for example with a
    /// wrong password. The connections go on trying either way.
    package func waitUntilReady(within limit: Duration) async throws(RedisError) {
        let ready = self.connections.map { connection in
            connection.eventLoop.flatSubmit { connection.untilReady(within: TimeAmount(limit)) }
        }
        for future in ready {
            do {
                try await future.get()
            } catch let error as RedisError {
                throw error
            } catch {
                throw RedisError(.notConnected, "\(error)", underlying: error)
            }
        }
    }

    /// Takes no more calls, waits for replies that are on their way, and closes, after `limit` at the latest.
    package func shutdown(within limit: Duration = .seconds(5)) async {
        let closed = self.connections.map { connection in
            connection.eventLoop.flatSubmit { connection.shutdown(within: TimeAmount(limit)) }
        }
        for future in closed { try? await future.get() }
    }

    /// Whether at least one connection takes calls; from any thread.
    package var isReady: Bool { self.connections.contains { $0.isReady } }

    /// Whether every connection takes calls; from any thread.
    package var isFullyReady: Bool { self.connections.allSatisfy { $0.isReady } }

    /// The connection of an event loop of the group. Look it up once per HTTP connection, not per request.
    package func connection(on eventLoop: any EventLoop) -> RedisConnection {
        guard let connection = self.byLoop[ObjectIdentifier(eventLoop)] else {
            preconditionFailure("this event loop does not belong to the group of the pool")
        }
        return connection
    }

    /// Sends a command from any task: on the current event loop's connection if there is one, else in turn on one that
    /// is ready.
    package func send(_ command: RedisCommand) async throws(RedisError) -> RedisReply {
        try await self.anyConnection().send(command)
    }

    private func anyConnection() -> RedisConnection {
        if let loop = MultiThreadedEventLoopGroup.currentEventLoop,
            let connection = self.byLoop[ObjectIdentifier(loop)], connection.isReady
        {
            return connection
        }
        let turn = self.turn.wrappingAdd(1, ordering: .relaxed).newValue
        let count = self.connections.count
        let first = Int(UInt(bitPattern: turn) % UInt(count))
        for offset in 0..<count {
            let connection = self.connections[(first + offset) % count]
            if connection.isReady { return connection }
        }
        return self.connections[first]
    }
}
