// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An endpoint of webhooks: keeps what it got, and answers as it is told.
final class HookReceiver: Sendable {
    /// A request that came.
    struct Hook: Sendable {
        let path: String
        let headers: [(String, String)]
        let body: [UInt8]
        let at: ContinuousClock.Instant

        /// The first value of a header.
        subscript(name: String) -> String? {
            headers.first { $0.0.lowercased() == name.lowercased() }?.1
        }

        var text: String { String(decoding: body, as: UTF8.self) }
        var eventID: String { self["X-Cycles-Event-Id"] ?? "" }
        var type: String { self["X-Cycles-Event-Type"] ?? "" }
    }

    /// How to answer.
    struct Reply: Sendable {
        var status = 200
        var headers: [(String, String)] = []
        /// Nil never answers.
        var delay: Duration? = .zero
    }

    let port: Int
    private let channel: any Channel
    private let got: Box

    /// What the connections share.
    final class Box: Sendable {
        let hooks = Mutex<[Hook]>([])
        let answer: @Sendable (Hook, _ index: Int) -> Reply

        init(_ answer: @escaping @Sendable (Hook, Int) -> Reply) { self.answer = answer }
    }

    /// Listens on a free port of loopback. `answer` is given the request and how many came before it.
    init(_ answer: @escaping @Sendable (Hook, Int) -> Reply = { _, _ in Reply() }) async throws {
        let box = Box(answer)
        got = box
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(box))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    /// Everything that came, in order.
    var hooks: [Hook] { got.hooks.withLock { $0 } }

    /// What came at a path.
    func hooks(at path: String) -> [Hook] { hooks.filter { $0.path == path } }

    func close() async throws { try await channel.close() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let box: Box
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []

        init(_ box: Box) { self.box = box }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                body = []
            case .body(let part): body.append(contentsOf: part.readableBytesView)
            case .end:
                guard let head else { return }
                let hook = Hook(
                    path: head.uri, headers: head.headers.map { ($0.name, $0.value) }, body: body, at: .now)
                let index = box.hooks.withLock { hooks in
                    hooks.append(hook)
                    return hooks.count - 1
                }
                respond(box.answer(hook, index), context)
            }
        }

        private func respond(_ reply: Reply, _ context: ChannelHandlerContext) {
            guard let delay = reply.delay else { return }
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            let headers = HTTPHeaders(reply.headers + [("Content-Length", "0")])
            let head = HTTPResponseHead(
                version: .http1_1, status: .init(statusCode: reply.status), headers: headers)
            context.eventLoop.scheduleTask(in: .nanoseconds(Int64(delay / .nanoseconds(1)))) {
                let context = bound.value
                context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
                context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
