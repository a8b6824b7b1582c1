// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import NIOCore
import NIOPosix

/// A client that says what it likes: bytes out, responses in, nothing in between.
struct WireClient {
    /// A response as it came.
    struct Response: Sendable, Equatable {
        var statusLine: String
        /// In order, as sent.
        var fields: [Field]
        var body: String

        struct Field: Sendable, Equatable {
            var name: String
            var value: String
        }

        var status: Int { Int(statusLine.split(separator: " ")[1]) ?? 0 }

        subscript(name: String) -> String? {
            fields.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    /// What a test waits for in vain.
    enum Failure: Error {
        case closedEarly(String)
        case tooSlow
    }

    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var received: [UInt8] = []
    private(set) var isAtEnd = false

    /// Connects, runs `body`, and hangs up. Fails when it takes longer than two minutes in all.
    static func connect<Value: Sendable>(
        _ port: Int, _ body: @escaping @Sendable (inout WireClient) async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask {
                let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .channelOption(.allowRemoteHalfClosure, value: true)
                    .connect(host: "127.0.0.1", port: port) { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                                wrappingChannelSynchronously: channel,
                                configuration: .init(isOutboundHalfClosureEnabled: true))
                        }
                    }
                return try await channel.executeThenClose { inbound, outbound in
                    var client = WireClient(inbound: inbound.makeAsyncIterator(), outbound: outbound)
                    return try await body(&client)
                }
            }
            group.addTask {
                try await timeout(after: .seconds(120), Failure.tooSlow)
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw Failure.tooSlow }
            return value
        }
    }

    private init(
        inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.inbound = inbound
        self.outbound = outbound
    }

    /// Sends text as it is.
    func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    /// Sends text as it is, from another task.
    var sender: @Sendable (String) async throws -> Void {
        { [outbound] text in try await outbound.write(ByteBuffer(string: text)) }
    }

    /// Ends our half of the connection.
    func finish() { outbound.finish() }

    /// The next response, its body as long as it says; informational ones count too.
    mutating func response(isHead: Bool = false) async throws -> Response {
        let separator = Array("\r\n\r\n".utf8)
        var headEnd: Int?
        while true {
            headEnd = received.firstRange(of: separator)?.upperBound
            if headEnd != nil { break }
            guard try await receive() else {
                throw Failure.closedEarly(String(decoding: received, as: UTF8.self))
            }
        }
        let end = headEnd ?? 0
        let lines = String(decoding: received[..<(end - 4)], as: UTF8.self).split(separator: "\r\n").map(String.init)
        let fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            return Response.Field(name: parts[0], value: String(parts[1].dropFirst()))
        }
        var response = Response(statusLine: lines[0], fields: Array(fields), body: "")
        let length = isHead ? 0 : response["Content-Length"].flatMap { Int($0) } ?? 0
        while received.count < end + length {
            guard try await receive() else {
                throw Failure.closedEarly(String(decoding: received, as: UTF8.self))
            }
        }
        response.body = String(decoding: received[end..<(end + length)], as: UTF8.self)
        received.removeFirst(end + length)
        return response
    }

    /// Whether the server hangs up, without another byte.
    mutating func isClosed() async throws -> Bool {
        while try await receive() {}
        return received.isEmpty
    }

    private mutating func receive() async throws -> Bool {
        guard !isAtEnd else { return false }
        do {
            guard let bytes = try await inbound.next() else {
                isAtEnd = true
                return false
            }
            received.append(contentsOf: bytes.readableBytesView)
            return true
        } catch is IOError {
            isAtEnd = true
            return false
        }
    }
}

extension WireClient {
    /// One request on a connection of its own.
    static func ask(_ port: Int, _ request: String) async throws -> Response {
        try await connect(port) { client in
            try await client.send(request)
            return try await client.response(isHead: request.hasPrefix("HEAD "))
        }
    }

    /// A request without a body.
    static func request(_ method: String, _ path: String, _ fields: String...) -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: test\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    /// A POST of a body.
    static func post(_ path: String, _ body: String, _ fields: String...) -> String {
        "POST \(path) HTTP/1.1\r\nHost: test\r\nContent-Length: \(body.utf8.count)\r\n"
            + fields.map { $0 + "\r\n" }.joined() + "\r\n" + body
    }
}
