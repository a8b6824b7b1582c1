// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import NIOCore

/// The life of one socket: log in, prepare, then write calls and match replies to them in order.
///
/// Commands handed over within one tick of the event loop share one write and one flush. Timeouts are watched by at
/// most one timer per session, so that a call costs none.
// SAFETY: every stored property is touched on the event loop of the channel only; the type crosses threads only as a
// reference inside the channel initializer, which runs on that loop too.
final class RedisSession: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What the owner of the session is told, until it calls ``RedisSession/finish(then:)``.
    enum Event {
        case ready
        /// The server will not serve this connection any more, though it is open: finish it and make another.
        case unusable(RedisError)
        /// The connection is gone; nothing follows.
        case ended(RedisError)
    }

    private enum Phase {
        case handshake(repliesMissing: Int)
        case ready
        /// Takes no new calls and ends when the last reply has come.
        case finishing
        case ended
    }

    /// An output buffer larger than this is given back after the flush.
    private static let keptOutputCapacity = 1 << 20
    /// Held calls are written in portions of about this size when the socket takes bytes again.
    private static let heldPortion = 1 << 18

    private let eventLoop: any EventLoop
    private let commandTimeout: TimeAmount
    private let handshake: [RedisCommand]
    private let reader: RedisReplyReader
    private var notify: ((Event) -> Void)?

    private var phase: Phase
    private var context: ChannelHandlerContext?
    private var pending: PendingCalls
    private var output = ByteBuffer()
    private var isWritable = true
    private var isFlushScheduled = false
    private var isTimerArmed = false
    private var tickStart = NIODeadline.uptimeNanoseconds(0)
    private var timer: Scheduled<Void>?

    init(
        eventLoop: any EventLoop,
        commandTimeout: TimeAmount,
        pendingLimit: Int,
        handshake: [RedisCommand],
        notify: @escaping (Event) -> Void
    ) throws(RedisReplyReader.Fault) {
        self.eventLoop = eventLoop
        self.commandTimeout = commandTimeout
        self.handshake = handshake
        self.reader = try RedisReplyReader()
        self.notify = notify
        self.phase = .handshake(repliesMissing: handshake.count)
        self.pending = PendingCalls(limit: max(pendingLimit, handshake.count))
    }

    // MARK: Calls

    /// Takes a call; the owner sends none before `ready` and none after ``finish()``.
    func send(
        _ command: RedisCommand,
        id: RedisCallID,
        enqueuedAt: NIODeadline? = nil,
        completion: @escaping RedisCompletion
    ) {
        let call = RedisCall(id: id, enqueuedAt: enqueuedAt ?? self.tickTime(), completion: completion)
        switch self.pending.admit(call, command, isWritable: self.isWritable) {
        case .write:
            self.output.writeBytes(command.bytes)
            self.scheduleFlush()
        case .held:
            self.armTimer()
        case .refused:
            completion(.failure(Self.full))
        }
    }

    /// Ends one call with `cancelled` or `cancelledBeforeSend`; nothing happens when it has ended already.
    func cancel(_ id: RedisCallID) {
        guard let (call, wasSent) = self.pending.cancel(id) else { return }
        call.completion?(.failure(wasSent ? .cancelledAfterSend : .cancelledUnsent))
    }

    /// Takes no more calls and ends when the replies of the present ones have come, or their time is over. From here on
    /// the owner hears nothing but `then`.
    func finish(then: @escaping () -> Void = {}) {
        if case .ended = self.phase { return then() }
        self.phase = .finishing
        self.notify = { if case .ended = $0 { then() } }
        self.endIfFinished()
    }

    /// Ends at once: every call fails.
    func end(_ cause: RedisError) {
        var error = cause
        switch self.phase {
        case .ended: return
        case .handshake where cause.code == .connectionLost:
            error = RedisError(.connectFailed, cause.message, underlying: cause.underlying)
        default: break
        }
        self.phase = .ended
        self.timer?.cancel()
        self.output = ByteBuffer()
        let remains = self.pending.removeAll()
        let notify = self.notify
        self.notify = nil
        self.context?.close(promise: nil)
        // The owner goes first: a completion that sends again must meet its new state.
        notify?(.ended(error))
        let lost = error.code == .protocolError ? error : RedisError(.connectionLost, error.message, underlying: error)
        for call in remains.sent { call.completion?(.failure(lost)) }
        let unsent = RedisError(.connectionLostBeforeSend, error.message, underlying: error)
        for call in remains.unsent { call.completion?(.failure(unsent)) }
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.isWritable = context.channel.isWritable
        if context.channel.isActive { self.begin() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.end(RedisError(.connectionLost, "the connection was closed"))
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        self.begin()
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end(RedisError(.connectionLost, "the server closed the connection"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.end(RedisError(.connectionLost, "the connection failed: \(error)", underlying: error))
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.isWritable = context.channel.isWritable
        self.writeHeld()
        context.fireChannelWritabilityChanged()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .ended = self.phase { return }
        do {
            try self.unwrapInboundIn(data).withUnsafeReadableBytes { try self.reader.feed($0) }
            while let reply = try self.reader.next() {
                guard let call = self.pending.receive() else {
                    return self.end(RedisError(.protocolError, "a reply came that no call waits for"))
                }
                self.deliver(reply, to: call)
                if case .ended = self.phase { return }
            }
        } catch {
            self.end(RedisError(.protocolError, "\(error)", underlying: error))
        }
    }

    // MARK: Handshake

    private func begin() {
        if case .ended = self.phase { self.context?.close(promise: nil) }
        guard case .handshake = self.phase, self.pending.isEmpty else { return }
        if self.handshake.isEmpty { return self.becomeReady() }
        for command in self.handshake {
            self.send(command, id: RedisCallID(number: 0)) { result in
                self.handshakeReply(result, isProbe: command == .ping)
            }
        }
    }

    private func handshakeReply(_ result: Result<RedisReply, RedisError>, isProbe: Bool) {
        guard case .handshake(let missing) = self.phase else { return }
        switch result {
        case .success:
            self.handshakeStepDone(of: missing)
        case .failure(let error) where isProbe && error.serverError?.kind == .noPerm:
            // A user who may not PING is served all the same.
            self.handshakeStepDone(of: missing)
        case .failure(let error) where error.code == .timeout:
            self.end(RedisError(.connectTimeout, "the server accepted the connection but does not answer"))
        case .failure(let error):
            self.end(error)
        }
    }

    private func handshakeStepDone(of missing: Int) {
        self.phase = .handshake(repliesMissing: missing - 1)
        if missing == 1 { self.becomeReady() }
    }

    private func becomeReady() {
        self.phase = .ready
        self.notify?(.ready)
    }

    // MARK: Replies

    private func deliver(_ reply: RedisReply, to call: RedisCall) {
        if case .error(let error) = reply {
            call.completion?(.failure(.server(error)))
            // The node became a replica, or our login was withdrawn: the next connection may find it otherwise.
            if error.kind == .readOnly || error.kind == .noAuth { self.notify?(.unusable(.server(error))) }
        } else {
            call.completion?(.success(reply))
        }
        self.endIfFinished()
    }

    private func endIfFinished() {
        guard case .finishing = self.phase, self.pending.oldestLive == nil else { return }
        self.end(RedisError(.shutdown, "the connection is not needed any more"))
    }

    // MARK: Output

    /// The time of this tick: calls of one tick share one look at the clock.
    private func tickTime() -> NIODeadline {
        self.isFlushScheduled ? self.tickStart : self.eventLoop.now
    }

    private func scheduleFlush() {
        guard !self.isFlushScheduled else { return }
        self.tickStart = self.eventLoop.now
        self.isFlushScheduled = true
        self.eventLoop.assumeIsolated().execute { self.flush() }
    }

    private func flush() {
        self.isFlushScheduled = false
        guard let context = self.context, self.output.readableBytes > 0 else { return }
        self.pending.flushed()
        context.writeAndFlush(self.wrapOutboundOut(self.output), promise: nil)
        if self.output.capacity > Self.keptOutputCapacity {
            self.output = ByteBuffer()
        } else {
            self.output.clear()
        }
        self.armTimer()
        self.writeHeld()
    }

    /// Writes held calls while the socket takes bytes; the rest follows after the flush.
    private func writeHeld() {
        guard self.isWritable, self.pending.hasHeld else { return }
        while self.output.readableBytes < Self.heldPortion, let command = self.pending.writeHeld() {
            self.output.writeBytes(command.bytes)
        }
        self.scheduleFlush()
    }

    // MARK: Time

    /// Schedules one look at the oldest call. Replies do not cancel it: when it fires it sees what is left.
    private func armTimer() {
        guard !self.isTimerArmed, let due = self.nextDue() else { return }
        self.isTimerArmed = true
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(deadline: due) { self.lookAtClock() }
    }

    private func nextDue() -> NIODeadline? {
        let expiry = self.pending.oldestLive.map { $0 + self.commandTimeout }
        let silence = self.pending.oldestUnanswered.map { $0 + self.commandTimeout + self.commandTimeout }
        guard let expiry, let silence else { return expiry ?? silence }
        return min(expiry, silence)
    }

    private func lookAtClock() {
        self.isTimerArmed = false
        let now = self.eventLoop.now
        let expired = self.pending.expire(enqueuedUpTo: now - self.commandTimeout)
        for call in expired.sent { call.completion?(.failure(Self.timedOut)) }
        for call in expired.unsent { call.completion?(.failure(Self.stuck)) }
        if let oldest = self.pending.oldestUnanswered, oldest + self.commandTimeout + self.commandTimeout <= now {
            return self.end(RedisError(.connectionLost, "the server does not answer any more"))
        }
        self.endIfFinished()
        self.armTimer()
    }

    private static let timedOut = RedisError(.timeout, "no reply in time")
    private static let stuck = RedisError(.busy, "the server took no more bytes in time")
    private static let full = RedisError(.busy, "too many calls are waiting for this connection")
}

extension RedisError {
    static let cancelledAfterSend = RedisError(.cancelled, "the caller gave up after the call was sent")
    static let cancelledUnsent = RedisError(.cancelledBeforeSend, "the caller gave up before the call was sent")
}
