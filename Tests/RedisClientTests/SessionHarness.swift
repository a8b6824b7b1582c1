// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import NIOCore
import NIOEmbedded

@testable import RedisClient

/// A session on an embedded channel: no socket, and a clock that moves only when told to.
final class SessionHarness {
    /// Counts what goes towards the socket.
    private final class OutputCounter: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        var writes = 0
        var flushes = 0

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            self.writes += 1
            context.write(data, promise: promise)
        }

        func flush(context: ChannelHandlerContext) {
            self.flushes += 1
            context.flush()
        }
    }

    let channel = EmbeddedChannel()
    let session: RedisSession
    private let counter = OutputCounter()
    private let record: Record
    private var lastID: UInt64 = 0

    /// What has happened, in order.
    final class Record {
        var isReady = false
        var unusable: RedisError?
        var ended: RedisError?
        var results: [String: Result<RedisReply, RedisError>] = [:]
        var order: [String] = []
    }

    init(timeout: TimeAmount = .seconds(1), limit: Int = 1000, handshake: [RedisCommand] = []) throws {
        let record = Record()
        self.record = record
        self.session = try RedisSession(
            eventLoop: self.channel.embeddedEventLoop,
            commandTimeout: timeout,
            pendingLimit: limit,
            handshake: handshake
        ) { event in
            switch event {
            case .ready: record.isReady = true
            case .unusable(let error): record.unusable = error
            case .ended(let error): record.ended = error
            }
        }
        try self.channel.pipeline.syncOperations.addHandlers([self.counter, self.session])
        try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 6379)).wait()
        self.channel.embeddedEventLoop.run()
    }

    var isReady: Bool { self.record.isReady }
    var unusable: RedisError? { self.record.unusable }
    var ended: RedisError? { self.record.ended }
    var order: [String] { self.record.order }
    var writes: Int { self.counter.writes }
    var flushes: Int { self.counter.flushes }

    /// Hands over a command whose name is also the name of its result.
    @discardableResult
    func send(_ name: String, then: @escaping () -> Void = {}) -> RedisCallID {
        self.lastID += 1
        let id = RedisCallID(number: self.lastID)
        let record = self.record
        self.session.send(RedisCommand(name), id: id) { result in
            precondition(record.results[name] == nil, "a call has ended twice")
            record.results[name] = result
            record.order.append(name)
            then()
        }
        return id
    }

    /// Ends the tick of the event loop.
    func tick() { self.channel.embeddedEventLoop.run() }

    func advance(by time: TimeAmount) { self.channel.embeddedEventLoop.advanceTime(by: time) }

    /// Lets the server say something.
    func receive(_ text: String) throws { try self.channel.writeInbound(ByteBuffer(string: text)) }

    /// The names of the commands that have reached the socket since the last look.
    func sent() throws -> [String] {
        var text = ""
        while let buffer = try self.channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: buffer) }
        let lines = text.split(separator: "\r\n")
        return lines.enumerated().filter { $0.offset % 3 == 2 }.map { String($0.element) }
    }

    func setWritable(_ isWritable: Bool) {
        self.channel.isWritable = isWritable
        self.channel.pipeline.fireChannelWritabilityChanged()
    }

    /// The text of a successful reply.
    func text(_ name: String) -> String? {
        if case .success(let reply) = self.record.results[name] { reply.text } else { nil }
    }

    /// The code of a failure.
    func failure(_ name: String) -> RedisError.Code? {
        if case .failure(let error) = self.record.results[name] { error.code } else { nil }
    }

    func hasEnded(_ name: String) -> Bool { self.record.results[name] != nil }
}
