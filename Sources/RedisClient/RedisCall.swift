// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import DequeModule
internal import NIOCore

/// What a caller gets in the end. Runs on the event loop of the connection, exactly once.
package typealias RedisCompletion = (Result<RedisReply, RedisError>) -> Void

/// Names a call on its connection, to cancel it.
package struct RedisCallID: Sendable, Hashable, Comparable {
    let number: UInt64

    package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// One call: when it was handed over, and whom to tell. Without a completion it only keeps its place in the queue.
struct RedisCall {
    let id: RedisCallID
    let enqueuedAt: NIODeadline
    var completion: RedisCompletion?
}

/// Calls with commands that were not written yet, oldest first.
struct HeldCalls {
    private var calls: Deque<(call: RedisCall, command: RedisCommand)> = []

    var count: Int { self.calls.count }
    var isEmpty: Bool { self.calls.isEmpty }

    /// When the oldest call was handed over.
    var oldest: NIODeadline? { self.calls.first?.call.enqueuedAt }

    mutating func append(_ call: RedisCall, _ command: RedisCommand) {
        self.calls.append((call, command))
    }

    mutating func popFirst() -> (call: RedisCall, command: RedisCommand)? {
        self.calls.popFirst()
    }

    /// Takes out the calls that were handed over at or before `time`.
    mutating func expire(enqueuedUpTo time: NIODeadline) -> [RedisCall] {
        var expired: [RedisCall] = []
        while let oldest = self.oldest, oldest <= time, let held = self.calls.popFirst() {
            expired.append(held.call)
        }
        return expired
    }

    /// Takes out one call; nil when it is not here. Binary search: ids rise along the queue.
    mutating func remove(_ id: RedisCallID) -> RedisCall? {
        var low = 0
        var high = self.calls.count
        while low < high {
            let middle = (low + high) / 2
            if self.calls[middle].call.id < id { low = middle + 1 } else { high = middle }
        }
        guard low < self.calls.count, self.calls[low].call.id == id else { return nil }
        return self.calls.remove(at: low).call
    }

    mutating func removeAll() -> [RedisCall] {
        defer { self.calls.removeAll() }
        return self.calls.map(\.call)
    }
}
