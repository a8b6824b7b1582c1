// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import NIOCore
import NIOPosix
import Synchronization
import Testing

/// A client of an event stream: gathers what comes, until it hangs up.
final class StreamClient: Sendable {
    /// An event as it came.
    struct Frame: Hashable {
        var event: String
        var id: Int
        var data: String

        /// A string of the data; nil when there is none of this name.
        func text(_ name: String) -> String? {
            guard let begin = data.firstRange(of: "\"\(name)\":\"")?.upperBound else { return nil }
            return String(data[begin...].prefix { $0 != "\"" })
        }
    }

    private struct State {
        var received: [UInt8] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let channel = Mutex<(any Channel)?>(nil)

    /// Connects and asks; returns when that is sent.
    static func open(
        _ port: Int, key: String, fields: [String] = [], version: String = "1.1", method: String = "GET",
        isReading: Bool = true
    ) async throws -> StreamClient {
        let client = StreamClient()
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.socketOption(.so_rcvbuf), value: isReading ? 262_144 : 2_048)
            .channelOption(.autoRead, value: isReading)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(client: client))
                }
            }
        let channel = try await bootstrap.connect(host: "127.0.0.1", port: port).get()
        client.channel.withLock { $0 = channel }
        let head = ["\(method) /api/v1/events HTTP/\(version)", "Host: test", "X-Api-Key: \(key)"] + fields
        try await channel.writeAndFlush(ByteBuffer(string: head.joined(separator: "\r\n") + "\r\n\r\n"))
        return client
    }

    /// Connects, asks, and waits for the beginning of the stream.
    static func follow(_ port: Int, key: String, after id: Int? = nil) async throws -> StreamClient {
        let client = try await open(port, key: key, fields: id.map { ["Last-Event-ID: \($0)"] } ?? [])
        try await eventually("the stream begins: \(client.text)") { client.comments.first == "connected" }
        return client
    }

    /// All that came.
    var text: String { state.withLock { String(decoding: $0.received, as: UTF8.self) } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Hangs up.
    func close() async throws { try await channel.withLock { $0 }?.close() }

    /// Ends our half of the connection.
    func finish() async throws { try await channel.withLock { $0 }?.close(mode: .output) }

    /// Sends text as it is.
    func send(_ text: String) async throws {
        try await channel.withLock { $0 }?.writeAndFlush(ByteBuffer(string: text))
    }

    var head: String { text.firstRange(of: "\r\n\r\n").map { String(text[..<$0.lowerBound]) } ?? "" }

    /// The body so far, without the marks of its chunks.
    var body: String {
        let text = text
        guard let begin = text.firstRange(of: "\r\n\r\n")?.upperBound else { return "" }
        guard head.lowercased().contains("transfer-encoding: chunked") else { return String(text[begin...]) }
        var rest = Array(text[begin...].utf8)[...]
        var body: [UInt8] = []
        while let line = rest.firstRange(of: [13, 10]),
            let count = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16), count > 0,
            rest.endIndex >= line.upperBound + count + 2
        {
            body += rest[line.upperBound..<(line.upperBound + count)]
            rest = rest[(line.upperBound + count + 2)...]
        }
        return String(decoding: body, as: UTF8.self)
    }

    /// Whether the last chunk of the body has come.
    var isComplete: Bool { text.hasSuffix("\r\n0\r\n\r\n") }

    private var blocks: [[Substring]] {
        body.components(dividedBy: "\n\n").map { $0.split(separator: "\n") }
    }

    var comments: [String] {
        blocks.filter { $0.count == 1 && $0[0].hasPrefix(": ") }.map { String($0[0].dropFirst(2)) }
    }

    var frames: [Frame] {
        blocks.compactMap { lines in
            guard lines.count == 3, lines[0].hasPrefix("event: "), lines[1].hasPrefix("id: "),
                lines[2].hasPrefix("data: "), let id = Int(lines[1].dropFirst(4))
            else { return nil }
            return Frame(event: String(lines[0].dropFirst(7)), id: id, data: String(lines[2].dropFirst(6)))
        }
    }

    /// The resources of all events, in their order.
    var resources: [String] { frames.map { $0.text("resource") ?? "" } }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let client: StreamClient

        init(client: StreamClient) { self.client = client }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            client.state.withLock { $0.received += bytes.readableBytesView }
        }

        func channelInactive(context: ChannelHandlerContext) { client.state.withLock { $0.isClosed = true } }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

extension String {
    /// The parts between these texts that are complete.
    fileprivate func components(dividedBy divider: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = self[...]
        while let range = rest.firstRange(of: divider) {
            parts.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return parts
    }
}
