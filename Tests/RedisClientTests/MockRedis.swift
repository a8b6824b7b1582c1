// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import NIOCore
import NIOPosix
import RedisClient
import Synchronization

/// A server that misbehaves on demand: it reads commands and does what a closure says.
final class MockRedis: Sendable {
    /// What to do about one command.
    enum Answer: Sendable {
        /// Sends these bytes.
        case bytes(String)
        /// Sends these bytes, each in a packet of its own.
        case dribble([UInt8])
        /// Says nothing.
        case silence
        /// Sends these bytes and cuts the connection.
        case cut(after: String)
        /// Reads nothing more from this connection.
        case stopReading
    }

    /// Decides about a command: its words, and how many connections were accepted so far.
    typealias Script = @Sendable (_ words: [String], _ connection: Int) -> Answer

    private let script: Script
    private let commands = Mutex<[String]>([])
    private let connectionCount = Atomic<Int>(0)
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let listener = Mutex<(any Channel)?>(nil)
    private let children = Mutex<[any Channel]>([])
    private let chosenPort = Atomic<Int>(0)

    init(_ script: @escaping Script) async throws {
        self.script = script
        try await self.listen()
    }

    var port: Int { self.chosenPort.load(ordering: .relaxed) }
    var connections: Int { self.connectionCount.load(ordering: .relaxed) }
    /// The first words of all commands received.
    var received: [String] { self.commands.withLock { $0 } }

    var configuration: RedisConfiguration {
        RedisConfiguration(endpoint: .tcp(host: "127.0.0.1", port: self.port))
    }

    /// Listens, on the same port as before.
    func listen() async throws {
        let channel = try await ServerBootstrap(group: self.group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                let number = self.connectionCount.add(1, ordering: .relaxed).newValue
                self.children.withLock { $0.append(channel) }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(server: self, connection: number))
                }
            }
            .bind(host: "127.0.0.1", port: self.port)
            .get()
        self.chosenPort.store(channel.localAddress?.port ?? 0, ordering: .relaxed)
        self.listener.withLock { $0 = channel }
    }

    /// Stops listening and cuts all connections.
    func goAway() async {
        try? await self.listener.withLock { $0 }?.close()
        for child in self.children.withLock({ $0 }) { try? await child.close() }
    }

    func shutdown() async throws {
        await self.goAway()
        try await self.group.shutdownGracefully()
    }

    fileprivate func answer(to words: [String], connection: Int) -> Answer {
        self.commands.withLock { $0.append(words.first ?? "") }
        return self.script(words, connection)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let server: MockRedis
        private let connection: Int
        private let reader: RedisReplyReader

        init(server: MockRedis, connection: Int) throws {
            self.server = server
            self.connection = connection
            self.reader = try RedisReplyReader()
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            do {
                try self.unwrapInboundIn(data).withUnsafeReadableBytes { try self.reader.feed($0) }
                while let command = try self.reader.next() {
                    let words = (command.array ?? []).map { $0.text ?? "" }
                    self.perform(self.server.answer(to: words, connection: self.connection), context)
                }
            } catch {
                context.close(promise: nil)
            }
        }

        private func perform(_ answer: Answer, _ context: ChannelHandlerContext) {
            switch answer {
            case .bytes(let text):
                context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            case .dribble(let bytes):
                for byte in bytes {
                    context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(bytes: [byte])), promise: nil)
                }
            case .silence:
                break
            case .cut(let text):
                context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
                context.close(promise: nil)
            case .stopReading:
                context.channel.setOption(.autoRead, value: false).whenComplete { _ in }
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
