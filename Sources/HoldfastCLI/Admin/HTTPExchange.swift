// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// One HTTP/1.1 request on a connection of its own.
struct HTTPExchange: Sendable {
    /// An answer, read to its end.
    struct Response: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]
    }

    /// Nobody answered, or not in HTTP.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Bytes of an answer that are read at most.
    private static let bodyBytesMax = 64 << 20

    let url: ServerURL
    let method: HTTPMethod
    /// Path and query.
    let target: String
    let headers: [(name: String, value: String)]
    let body: [UInt8]?

    /// Sends it and waits for the answer.
    func run(within limit: TimeAmount = .seconds(30)) async throws(Failure) -> Response {
        do {
            let context = url.isSecure ? try NIOSSLContext(configuration: .makeClientConfiguration()) : nil
            let promise = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Response.self)
            let (host, parts) = (url.host, requestParts)
            // What is written is there before the connection is: the handler sends it.
            let connecting = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.seconds(5))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        if let context {
                            // Server names are not for addresses.
                            let name = (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
                            try channel.pipeline.syncOperations.addHandler(
                                try NIOSSLClientHandler(context: context, serverHostname: name))
                        }
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        try channel.pipeline.syncOperations.addHandler(
                            ExchangeHandler(parts: parts, promise: promise, bodyBytesMax: Self.bodyBytesMax))
                    }
                }
                .connect(host: url.host, port: url.port)
            connecting.whenFailure { promise.fail($0) }
            promise.futureResult.eventLoop.scheduleTask(in: limit) {
                promise.fail(
                    Failure(description: "there was no answer in \(limit.nanoseconds / 1_000_000_000) seconds"))
            }
            let result = try await promise.futureResult.get()
            return result
        } catch let failure as Failure {
            throw Failure(description: "\(url) cannot be reached: \(failure.description)")
        } catch {
            throw Failure(description: "\(url) cannot be reached: \(Self.reason(error))")
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { "\($0.error)" }
                ?? (error.dnsAError ?? error.dnsAAAAError).map { "the name is not known: \($0)" } ?? "nobody listens"
        case ChannelError.connectTimeout: "there was no connection in 5 seconds"
        default: "\(error)"
        }
    }

    private var requestParts: [HTTPClientRequestPart] {
        var fields = HTTPHeaders([("Host", url.authority), ("Connection", "close"), ("Accept", "application/json")])
        for (name, value) in headers { fields.add(name: name, value: value) }
        if let body {
            fields.add(name: "Content-Type", value: "application/json")
            fields.add(name: "Content-Length", value: String(body.count))
        }
        let head = HTTPRequestHead(version: .http1_1, method: method, uri: url.prefix + target, headers: fields)
        return [.head(head)] + (body.map { [.body(.byteBuffer(ByteBuffer(bytes: $0)))] } ?? []) + [.end(nil)]
    }
}

/// Sends the request once there is a connection, and gathers the answer.
private final class ExchangeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let parts: [HTTPClientRequestPart]
    private let promise: EventLoopPromise<HTTPExchange.Response>
    private let bodyBytesMax: Int
    private var head: HTTPResponseHead?
    private var body: [UInt8] = []

    init(parts: [HTTPClientRequestPart], promise: EventLoopPromise<HTTPExchange.Response>, bodyBytesMax: Int) {
        self.parts = parts
        self.promise = promise
        self.bodyBytesMax = bodyBytesMax
    }

    func channelActive(context: ChannelHandlerContext) {
        for part in parts { context.write(wrapOutboundOut(part), promise: nil) }
        context.flush()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body(let chunk):
            body += chunk.readableBytesView
            if body.count > bodyBytesMax { fail(context, HTTPExchange.Failure(description: "the answer is too long")) }
        case .end:
            if let head {
                promise.succeed(
                    HTTPExchange.Response(status: Int(head.status.code), headers: head.headers, body: body))
            }
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(context, error) }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(HTTPExchange.Failure(description: "it closed the connection without an answer"))
        context.fireChannelInactive()
    }

    private func fail(_ context: ChannelHandlerContext, _ error: any Error) {
        promise.fail(error)
        context.close(promise: nil)
    }
}
