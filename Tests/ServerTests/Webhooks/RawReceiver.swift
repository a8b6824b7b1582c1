// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// An endpoint that does not keep to HTTP.
final class RawReceiver: Sendable {
    /// What it does once a request has come.
    enum Manner: String, CaseIterable, Sendable {
        /// Breaks the connection off.
        case reset
        /// Answers with something that is no HTTP.
        case garbage
        /// Says nothing.
        case silent
        /// Says yes, and then one byte after the other without an end.
        case drip
    }

    let port: Int
    private let channel: any Channel
    private let count: Count

    /// Connections that something came on.
    final class Count: Sendable {
        let value = Mutex(0)
    }

    /// Listens on a free port of loopback.
    init(_ manner: Manner) async throws {
        let count = Count()
        self.count = count
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(manner, count))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    /// How many requests came.
    var requests: Int { count.value.withLock { $0 } }

    func close() async throws { try await channel.close() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let manner: Manner
        private let count: Count
        private var isAnswered = false

        init(_ manner: Manner, _ count: Count) {
            self.manner = manner
            self.count = count
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard !isAnswered else { return }
            isAnswered = true
            count.value.withLock { $0 += 1 }
            switch manner {
            case .reset: reset(context)
            case .garbage: say("220 mail.example ESMTP\r\n\r\n", context)
            case .silent: break
            case .drip:
                say("HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", context)
                drip(context)
            }
        }

        /// Ends the connection with RST instead of FIN.
        private func reset(_ context: ChannelHandlerContext) {
            guard let options = context.channel as? any SocketOptionProvider else { return }
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in bound.value.close(promise: nil) }
        }

        private func say(_ text: String, _ context: ChannelHandlerContext) {
            context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        }

        private func drip(_ context: ChannelHandlerContext) {
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: .milliseconds(100)) {
                let (handler, context) = bound.value
                guard context.channel.isActive else { return }
                handler.say("x", context)
                handler.drip(context)
            }
        }
    }
}
