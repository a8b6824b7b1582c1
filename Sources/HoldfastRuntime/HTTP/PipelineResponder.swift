// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPAPI
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore

/// Answers what does not go through the fast lane: unknown paths, wrong methods, and everything when the lane is shut.
struct PipelineResponder: HTTPResponder {
    /// What Hummingbird hands over with each request: here, where to work on it.
    struct Context: InitializableFromSource {
        let eventLoop: any EventLoop

        init(source: ApplicationRequestContextSource) { eventLoop = source.channel.eventLoop }
    }

    let pipeline: RequestPipeline
    let streams: EventStreamHub?

    func respond(to request: Request, context: Context) async throws -> Response {
        let isHead = request.method == .head
        let body = try await request.body.collect(upTo: .max)
        let question = APIRequest(
            method: isHead ? .get : request.method, target: request.head.path ?? "/", headers: request.headers,
            body: Array(body.readableBytesView), correlation: Correlation(headers: request.headers))
        let eventLoop = context.eventLoop
        var answer = await withCheckedContinuation { continuation in
            eventLoop.execute {
                pipeline.handle(question, pipeline.match(question), on: eventLoop) {
                    continuation.resume(returning: $0)
                }
            }
        }
        if let stream = answer.stream {
            // Streams are the connection's own matter, and it takes them by their path.
            streams?.abandon(stream)
            answer = pipeline.refusal(.invalid("the request target must begin with the path"), of: question)
        }
        return Response(
            status: answer.status, headers: ResponseFields.make(answer),
            body: isHead ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    }
}
