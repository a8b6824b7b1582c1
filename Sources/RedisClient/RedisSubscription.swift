// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import NIOCore

/// The life of one socket that listens on a channel: log in, subscribe, then tell of every message, and ask now and
/// then whether the server is still there.
// SAFETY: every stored property is touched on the event loop of the channel only; the type crosses threads only as a
// reference inside the channel initializer, which runs on that loop too.
final class RedisSubscription: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What the owner is told; nothing follows ``Event/ended(_:)``.
    enum Event {
        /// Messages are heard from here on.
        case listening
        case message([UInt8])
        case ended(RedisError)
    }

    private enum Phase {
        case handshake(repliesMissing: Int)
        case subscribing
        case listening
        case ended
    }

    private let eventLoop: any EventLoop
    private let handshake: [RedisCommand]
    private let channelName: [UInt8]
    private let patience: TimeAmount
    private let heartbeat: TimeAmount
    private let reader: RedisReplyReader
    private var notify: ((Event) -> Void)?
    private var phase: Phase
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?
    /// Asked whether it is there, the server has not said anything yet.
    private var isWaiting = true

    /// `patience` is how long the server may take to answer.
    init(
        eventLoop: any EventLoop, handshake: [RedisCommand], channelName: [UInt8], patience: TimeAmount,
        heartbeat: TimeAmount, notify: @escaping (Event) -> Void
    ) throws(RedisReplyReader.Fault) {
        self.eventLoop = eventLoop
        self.handshake = handshake
        self.channelName = channelName
        self.patience = patience
        self.heartbeat = heartbeat
        self.reader = try RedisReplyReader()
        self.notify = notify
        self.phase = handshake.isEmpty ? .subscribing : .handshake(repliesMissing: handshake.count)
    }

    /// Ends at once.
    func end(_ error: RedisError) {
        if case .ended = self.phase { return }
        self.phase = .ended
        self.timer?.cancel()
        let notify = self.notify
        self.notify = nil
        self.context?.close(promise: nil)
        notify?(.ended(error))
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
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

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .ended = self.phase { return }
        self.isWaiting = false
        do {
            try self.unwrapInboundIn(data).withUnsafeReadableBytes { try self.reader.feed($0) }
            while let reply = try self.reader.next() {
                self.take(reply)
                if case .ended = self.phase { return }
            }
        } catch {
            self.end(RedisError(.protocolError, "\(error)", underlying: error))
        }
    }

    // MARK: Talk

    private func begin() {
        guard self.timer == nil else { return }
        if case .ended = self.phase {
            self.context?.close(promise: nil)
            return
        }
        for command in self.handshake { self.write(command) }
        self.write(RedisCommand([Array("SUBSCRIBE".utf8), self.channelName]))
        self.wait(self.patience)
    }

    private func write(_ command: RedisCommand) {
        guard let context = self.context else { return }
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(bytes: command.bytes)), promise: nil)
    }

    private func take(_ reply: RedisReply) {
        if case .error(let error) = reply { return self.end(.server(error)) }
        switch self.phase {
        case .handshake(let missing): self.phase = missing > 1 ? .handshake(repliesMissing: missing - 1) : .subscribing
        case .subscribing:
            guard reply.array?.first?.text == "subscribe" else { return self.endConfused() }
            self.phase = .listening
            self.notify?(.listening)
        case .listening:
            guard let words = reply.array, let kind = words.first?.text else { return self.endConfused() }
            if kind == "message", words.count == 3, let text = words[2].bytes {
                self.notify?(.message(text))
            } else if kind != "pong" {
                self.endConfused()
            }
        case .ended: break
        }
    }

    private func endConfused() {
        self.end(RedisError(.protocolError, "a reply came that a subscriber does not get"))
    }

    // MARK: Time

    private func wait(_ time: TimeAmount) {
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: time) { self.lookAtClock() }
    }

    private func lookAtClock() {
        switch self.phase {
        case .ended: return
        case .handshake, .subscribing:
            return self.end(RedisError(.connectTimeout, "the server accepted the connection but does not answer"))
        case .listening where self.isWaiting:
            return self.end(RedisError(.connectionLost, "the server does not answer any more"))
        case .listening:
            self.isWaiting = true
            self.write(.ping)
            self.wait(self.heartbeat)
        }
    }
}
