// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import NIOCore
import NIOPosix
import RedisClient
import Synchronization
import Testing

/// Waits until a condition holds; records an issue when it does not hold in time.
func eventually(
    _ what: Comment,
    within limit: Duration = .seconds(60),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard .now < deadline else {
            Issue.record(what, sourceLocation: sourceLocation)
            return
        }
        await Task.yield()
        try await Task.sleep(for: .milliseconds(1))
    }
}

/// The changes that a pool has reported.
final class EventLog: Sendable {
    private let events = Mutex<[RedisEvent]>([])

    func append(_ event: RedisEvent) { self.events.withLock { $0.append(event) } }

    var names: [String] {
        self.events.withLock { events in
            events.map { event in
                switch event.change {
                case .connected: "connected"
                case .disconnected: "disconnected"
                case .connectFailed: "failed"
                }
            }
        }
    }

    var failures: [RedisError] {
        self.events.withLock { events in
            events.compactMap { if case .connectFailed(let error, _) = $0.change { error } else { nil } }
        }
    }
}

/// Runs `body` with a started pool on event loops of its own, and shuts it down.
@discardableResult
func withPool<Value>(
    _ configuration: RedisConfiguration,
    loops: Int = 1,
    onConnect: [RedisCommand] = [],
    log: EventLog = EventLog(),
    shutdownWithin limit: Duration = .milliseconds(200),
    _ body: (RedisPool) async throws -> Value
) async throws -> Value {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
    let pool = try RedisPool(configuration: configuration, group: group, onConnect: onConnect) { log.append($0) }
    pool.start()
    let result: Result<Value, any Error>
    do {
        result = .success(try await body(pool))
    } catch {
        result = .failure(error)
    }
    await pool.shutdown(within: limit)
    try await group.shutdownGracefully()
    return try result.get()
}

extension RedisPool {
    /// The text of the reply, as a word of a test.
    func text(_ words: String...) async throws -> String? {
        try await self.send(RedisCommand(words.map { Array($0.utf8) })).text
    }

    /// The code with which a command fails, or nil.
    func failure(_ words: String...) async -> RedisError.Code? {
        await self.failure(RedisCommand(words.map { Array($0.utf8) }))
    }

    /// The code with which a command fails, or nil.
    func failure(_ command: RedisCommand) async -> RedisError.Code? {
        do {
            _ = try await self.send(command)
            return nil
        } catch {
            return error.code
        }
    }
}
