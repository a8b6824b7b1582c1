// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import DequeModule
internal import NIOCore

/// The calls of one connection: those that were written, in the order in which replies will come, and those held back.
///
/// A pure state machine: it never calls a completion and never looks at a clock. A call whose caller has given up keeps
/// its place as a dead slot until its reply arrives, or replies would go to the wrong callers.
struct PendingCalls {
    /// What to do with a call that was handed over.
    enum Admission: Equatable {
        /// It is in the queue of written calls: write its bytes now.
        case write
        /// It is held until the socket takes more.
        case held
        /// There is no room.
        case refused
    }

    /// The calls of a connection that has ended.
    struct Remains {
        /// Calls whose bytes may have reached the server.
        var sent: [RedisCall] = []
        /// Calls whose bytes have not.
        var unsent: [RedisCall] = []
    }

    private let limit: Int
    private var written: Deque<RedisCall> = []
    private var held = HeldCalls()
    /// How many calls at the end of `written` are in the output buffer but not yet given to the socket.
    private var buffered = 0
    /// How many calls at the front of `written` have been expired: they need not be looked at again.
    private var expiredPrefix = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// All calls, dead slots included.
    var count: Int { self.written.count + self.held.count }
    var isEmpty: Bool { self.count == 0 }
    var hasHeld: Bool { !self.held.isEmpty }

    /// Takes a call in. Nothing may overtake a call that is held.
    mutating func admit(_ call: RedisCall, _ command: RedisCommand, isWritable: Bool) -> Admission {
        guard self.count < self.limit else { return .refused }
        guard isWritable, self.held.isEmpty else {
            self.held.append(call, command)
            return .held
        }
        self.written.append(call)
        self.buffered += 1
        return .write
    }

    /// Moves the oldest held call to the written ones; the caller writes the command.
    mutating func writeHeld() -> RedisCommand? {
        guard let next = self.held.popFirst() else { return nil }
        self.written.append(next.call)
        self.buffered += 1
        return next.command
    }

    /// The output buffer was given to the socket: from here on the outcome of its calls is unknown.
    mutating func flushed() {
        self.buffered = 0
    }

    /// The call whose reply has just come; nil when no call waits for a reply.
    mutating func receive() -> RedisCall? {
        guard self.written.count > self.buffered, let call = self.written.popFirst() else { return nil }
        self.expiredPrefix = max(self.expiredPrefix - 1, 0)
        return call
    }

    /// Ends the calls handed over at or before `time`. Written ones leave a dead slot, held ones are taken out.
    mutating func expire(enqueuedUpTo time: NIODeadline) -> Remains {
        var remains = Remains()
        while self.expiredPrefix < self.written.count, self.written[self.expiredPrefix].enqueuedAt <= time {
            if self.written[self.expiredPrefix].completion != nil {
                remains.sent.append(self.written[self.expiredPrefix])
                self.written[self.expiredPrefix].completion = nil
            }
            self.expiredPrefix += 1
        }
        remains.unsent = self.held.expire(enqueuedUpTo: time)
        return remains
    }

    /// Ends one call; nil when it is not here any more. A written call leaves a dead slot.
    mutating func cancel(_ id: RedisCallID) -> (call: RedisCall, wasSent: Bool)? {
        if let call = self.held.remove(id) { return (call, false) }
        var low = 0
        var high = self.written.count
        while low < high {
            let middle = (low + high) / 2
            if self.written[middle].id < id { low = middle + 1 } else { high = middle }
        }
        guard low < self.written.count, self.written[low].id == id, self.written[low].completion != nil else {
            return nil
        }
        let call = self.written[low]
        self.written[low].completion = nil
        return (call, true)
    }

    /// When the oldest call that is not expired was handed over; nil when there is nothing left to wait for.
    var oldestLive: NIODeadline? {
        self.expiredPrefix < self.written.count ? self.written[self.expiredPrefix].enqueuedAt : self.held.oldest
    }

    /// When the oldest call whose reply is still missing was handed over.
    var oldestUnanswered: NIODeadline? { self.written.first?.enqueuedAt }

    /// Empties the queue at the end of the connection.
    mutating func removeAll() -> Remains {
        let sent = self.written.count - self.buffered
        let remains = Remains(
            sent: Array(self.written.prefix(sent)),
            unsent: Array(self.written.dropFirst(sent)) + self.held.removeAll()
        )
        self.written.removeAll()
        self.buffered = 0
        self.expiredPrefix = 0
        return remains
    }
}
