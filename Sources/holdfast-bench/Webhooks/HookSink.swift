// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// Endpoints of webhooks: one port, and a path each. Answers at once, except at the paths that hang.
final class HookSink: Sendable {
    /// A request that came, and when its event was written; both µs since 1970, by this machine's clock.
    struct Arrival: Sendable {
        let path: String
        let event_us: Int64
        let at_us: Int64
    }

    /// What the connections share.
    final class Book: Sendable {
        let arrivals = Mutex<[Arrival]>([])
    }

    /// Requests here get no answer.
    static let hangingPath = "/hang"

    let port: Int
    private let book: Book
    private let channel: any Channel

    /// Listens on a free port of loopback.
    init() async throws {
        let book = Book()
        self.book = book
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1_024)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(book))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    func close() async throws { try await channel.close() }

    /// What has come since the last time that this was asked.
    func take() -> [Arrival] {
        book.arrivals.withLock { arrivals in
            defer { arrivals = [] }
            return arrivals
        }
    }

    /// How many came since then.
    var count: Int { book.arrivals.withLock { $0.count } }

    static func now_us() -> Int64 { Int64(Date().timeIntervalSince1970 * 1e6) }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let book: Book
        private var pending = ByteBuffer()

        init(_ book: Book) { self.book = book }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var chunk = unwrapInboundIn(data)
            pending.writeBuffer(&chunk)
            while let head = takeRequest() {
                let path = head.split(separator: " ", maxSplits: 2).dropFirst().first.map { String($0) } ?? ""
                // The event's id tells its time: evt_, two digits of the shard, µs in hex.
                let id = Self.header("x-cycles-event-id", in: head) ?? ""
                let arrival = Arrival(
                    path: path, event_us: Int64(id.dropFirst(6), radix: 16) ?? 0, at_us: HookSink.now_us())
                book.arrivals.withLock { $0.append(arrival) }
                guard path != HookSink.hangingPath else { continue }
                let answer = ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
            }
        }

        /// The head of one whole request from what has arrived.
        private func takeRequest() -> Substring? {
            let view = pending.readableBytesView
            guard let end = find([13, 10, 13, 10], in: view, from: view.startIndex) else { return nil }
            let head = String(decoding: view[view.startIndex..<end], as: UTF8.self)
            let length = Self.header("content-length", in: head[...]).flatMap { Int($0) } ?? 0
            let whole = end + 4 - view.startIndex + length
            guard pending.readableBytes >= whole else { return nil }
            pending.moveReaderIndex(forwardBy: whole)
            pending.discardReadBytes()
            return head[...]
        }

        private static func header(_ name: String, in head: Substring) -> Substring? {
            for line in head.split(separator: "\r\n") {
                guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name else { continue }
                return line[line.index(after: colon)...].drop { $0 == " " }
            }
            return nil
        }
    }
}

/// Posts the bytes of an event, over and over.
struct PostHook: Workload {
    private let request: ByteBuffer

    /// To a path of a port on this machine.
    init(path: String) {
        let body = "{\"event_id\":\"evt_00\",\"data\":\"" + String(repeating: "x", count: 700) + "\"}"
        request = ByteBuffer(
            string: "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                + "X-Cycles-Event-Id: evt_0000000000000000\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    mutating func next(after body: ByteBufferView?) -> ByteBuffer { request }
}
