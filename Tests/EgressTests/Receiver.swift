// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// An HTTP endpoint that does what a closure says, well-behaved or not.
final class Receiver: Sendable {
    /// A request as it came.
    struct Request: Sendable {
        let method: String
        let uri: String
        let headers: HTTPHeaders
        var body: [UInt8] = []
        /// Which connection it came on, from 1.
        let connection: Int
    }

    /// What to do about a request.
    enum Reaction: Sendable {
        /// Sends these bytes and keeps the connection.
        case bytes(String)
        /// Sends these bytes and closes the connection in good order.
        case cut(after: String)
        /// Sends these bytes and breaks the connection.
        case reset(after: String)
        /// Says nothing.
        case silence
        /// Sends these bytes, then one byte after the other for ever.
        case drip(after: String)
        /// Sends these bytes, then as many others as the connection takes, for ever.
        case flood(after: String)

        static func status(_ code: Int, _ headers: [String] = [], body: String = "") -> Reaction {
            let lines = ["HTTP/1.1 \(code) Word", "Content-Length: \(body.utf8.count)"] + headers
            return .bytes(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
        }
    }

    typealias Script = @Sendable (Request) -> Reaction

    private let script: Script
    private let tls: NIOSSLContext?
    private let seen = Mutex<[Request]>([])
    private let open = Atomic<Int>(0)
    private let accepted = Atomic<Int>(0)
    private let sent = Atomic<Int>(0)
    private let listener = Mutex<(any Channel)?>(nil)

    private init(tls: NIOSSLContext?, script: @escaping Script) {
        self.script = script
        self.tls = tls
    }

    /// All requests so far.
    var requests: [Request] { self.seen.withLock { $0 } }
    /// Connections that are open now.
    var openConnections: Int { self.open.load(ordering: .relaxed) }
    /// Connections that were ever accepted.
    var connections: Int { self.accepted.load(ordering: .relaxed) }
    /// Bytes that drips and floods have sent.
    var bytesSent: Int { self.sent.load(ordering: .relaxed) }
    var port: Int { self.listener.withLock { $0?.localAddress?.port } ?? 0 }

    static func start(
        host: String = "127.0.0.1", tls: NIOSSLContext? = nil, _ script: @escaping Script
    ) async throws -> Receiver {
        let receiver = Receiver(tls: tls, script: script)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1_024)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try receiver.prepare(channel) }
            }
            .bind(host: host, port: 0).get()
        receiver.listener.withLock { $0 = channel }
        return receiver
    }

    func stop() async { try? await self.listener.withLock { $0 }?.close() }

    private func prepare(_ channel: any Channel) throws {
        let number = self.accepted.add(1, ordering: .relaxed).newValue
        self.open.add(1, ordering: .relaxed)
        channel.closeFuture.whenComplete { _ in self.open.subtract(1, ordering: .relaxed) }
        let pipeline = channel.pipeline.syncOperations
        if let tls = self.tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
        try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
        try pipeline.addHandler(Handler(receiver: self, connection: number))
    }

    private func react(to request: Request, on channel: any Channel) {
        self.seen.withLock { $0.append(request) }
        switch self.script(request) {
        case .bytes(let text): channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
        case .silence: break
        case .cut(let text):
            channel.writeAndFlush(ByteBuffer(string: text)).whenComplete { _ in channel.close(promise: nil) }
        case .reset(let text):
            channel.writeAndFlush(ByteBuffer(string: text)).whenComplete { _ in
                _ = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
                channel.close(promise: nil)
            }
        case .drip(let text):
            channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
            self.drip(on: channel)
        case .flood(let text):
            channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
            self.flood(on: channel)
        }
    }

    private func drip(on channel: any Channel) {
        channel.eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(5), delay: .milliseconds(5)) { task in
            guard channel.isActive else { return task.cancel() }
            channel.writeAndFlush(ByteBuffer(string: "x"), promise: nil)
            self.sent.add(1, ordering: .relaxed)
        }
    }

    private func flood(on channel: any Channel) {
        let part = ByteBuffer(repeating: UInt8(ascii: "x"), count: 1 << 16)
        channel.writeAndFlush(part).whenSuccess {
            self.sent.add(part.readableBytes, ordering: .relaxed)
            self.flood(on: channel)
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart

        private let receiver: Receiver
        private let connection: Int
        private var request: Request?

        init(receiver: Receiver, connection: Int) {
            self.receiver = receiver
            self.connection = connection
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch self.unwrapInboundIn(data) {
            case .head(let head):
                self.request = Request(
                    method: head.method.rawValue, uri: head.uri, headers: head.headers, connection: self.connection)
            case .body(let part): self.request?.body += Array(buffer: part)
            case .end:
                guard let request = self.request else { return }
                self.receiver.react(to: request, on: context.channel)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
