// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes
internal import NIOHTTPTypesHTTP1
internal import Synchronization

/// Builds the pipeline of a connection for Hummingbird: wire, HTTP/1.1, our connection, and Hummingbird at the end for
/// what is left to it.
struct HTTPChannel: HTTPChannelHandler {
    typealias Value = AcceptedChannel

    let front: HTTPFrontParts
    let responder: Responder

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let wire = WireHandler()
            try pipeline.addHandler(wire)
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = front.limits.headBytes
            limits.maxHeaderListSize = front.limits.headBytes
            limits.maxHeaderFieldCount = front.limits.headFields
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(), withDecoderLimitConfiguration: limits)
            try pipeline.addHandler(HTTPConnection(front: front, wire: wire))
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            return try AcceptedChannel(
                NIOAsyncChannel(
                    wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true)))
        }
    }

    func handle(value: Value, logger: Logger) async { await handleHTTP(asyncChannel: value.take(), logger: logger) }
}

/// A connection on its way from the listener to the task that serves it.
///
/// When the server stops in this moment, nobody takes it. NIO ends a process that lets go of an asynchronous channel
/// without having finished it; so whatever becomes of it, it is finished and closed here.
final class AcceptedChannel: ServerChildChannelValue {
    private let parts: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
    private let isTaken = Atomic(false)

    init(_ parts: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>) { self.parts = parts }

    var channel: any Channel { parts.channel }

    /// For whoever finishes it.
    func take() -> NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart> {
        isTaken.store(true, ordering: .relaxed)
        return parts
    }

    deinit {
        guard !isTaken.load(ordering: .relaxed) else { return }
        Task { [parts] in try? await parts.executeThenClose { _, _ in } }
    }
}
