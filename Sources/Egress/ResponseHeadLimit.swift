// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import NIOCore
internal import NIOHTTP1

/// Bounds the head of a response, and the interim ones before it: the client's own decoder gathers two megabytes.
///
/// One handler counts bytes in front of the decoder, the other sees behind it when a head is complete.
enum ResponseHeadLimit {
    private static let tooLarge = AttemptFailure(.protocolError, "the head of the endpoint's answer is too large")

    /// Puts both handlers around the decoder of a connection.
    static func install(on channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
        let meter = Meter()
        try pipeline.addHandler(meter, position: .before(decoder))
        try pipeline.addHandler(Watch(meter), position: .after(decoder))
    }

    private final class Meter: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        var isCounting = false
        var bytes = 0

        /// Whether the head is complete is known only when the decoder has seen these bytes.
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let count = self.unwrapInboundIn(data).readableBytes
            context.fireChannelRead(data)
            guard self.isCounting else { return }
            self.bytes += count
            guard self.bytes > EgressLimits.responseHeadBytes else { return }
            self.isCounting = false
            context.fireErrorCaught(tooLarge)
            context.close(promise: nil)
        }
    }

    private final class Watch: ChannelDuplexHandler {
        typealias InboundIn = HTTPClientResponsePart
        typealias OutboundIn = HTTPClientRequestPart

        private let meter: Meter

        init(_ meter: Meter) { self.meter = meter }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            if case .head = self.unwrapOutboundIn(data) {
                self.meter.isCounting = true
                self.meter.bytes = 0
            }
            context.write(data, promise: promise)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if case .head(let head) = self.unwrapInboundIn(data), head.status.code >= 200 {
                self.meter.isCounting = false
                let bytes = head.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
                guard bytes <= EgressLimits.responseHeadBytes else {
                    context.fireErrorCaught(tooLarge)
                    context.close(promise: nil)
                    return
                }
            }
            context.fireChannelRead(data)
        }
    }
}
