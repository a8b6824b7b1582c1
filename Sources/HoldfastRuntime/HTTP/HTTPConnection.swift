// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPAPI
internal import NIOCore
internal import NIOExtras
internal import NIOHTTP1
internal import Observability
internal import SharedKernel

/// One client's connection: takes one whole request at a time, in the order they came, and keeps both sides honest
/// about time, size and the end.
///
/// A request is answered right here, on the event loop, when its path is known and the fast lane is open; any other
/// goes on to Hummingbird, whose answer comes back through here. Either way nothing of the next request is looked at
/// before the answer is written, so pipelined requests are answered in order, and reading stops while some wait.
///
/// Hummingbird's own connection handler is not used: at shutdown it breaks every resting connection at once, together
/// with the request that a client may just be sending.
final class HTTPConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Where the connection is in the cycle of request and answer.
    private enum Phase {
        /// Between requests.
        case resting
        /// The head is here, the body is not all here.
        case reading(Arrival)
        /// The request is with the pipeline or with Hummingbird.
        case answering(RequestHead)
        /// The last answer is written; what comes now is dropped.
        case closing
    }

    /// A request on its way in.
    private struct Arrival {
        let head: RequestHead
        /// The head as it came, for Hummingbird.
        let wire: HTTPRequestHead
        let match: RouteTable.Match
        var body: [UInt8] = []
        var count = 0

        /// Bodies that nobody reads are counted and dropped.
        let wantsBody: Bool
    }

    /// What came while an answer was outstanding.
    private enum Held {
        case part(HTTPServerRequestPart)
        case failure(any Error)
    }

    private let front: HTTPFrontParts
    private let wire: WireHandler
    /// Bytes of the present request's body, as taken from the budget of all connections.
    private var bodyBytes = 0
    private var context: ChannelHandlerContext?
    private var phase = Phase.resting

    private var held = CircularBuffer<Held>()
    private var isReleasing = false
    private var isReadWanted = false

    /// When the connection is given up, and when that is looked at next; nil while an answer is outstanding.
    private var deadline: NIODeadline?
    private var timer: Scheduled<Void>?
    private var timerTime = NIODeadline.distantFuture
    /// Bytes of a request have come, its head is not complete.
    private var hasHeadBegun = false
    /// Bytes came while an answer was outstanding: the next request has begun.
    private var hasMoreBytes = false

    private var isInputClosed = false
    private var isOutputEnded = false
    /// The client does not read its answers as fast as they come.
    private var isBlocked = false
    private var isDraining = false
    /// The stream that the answer goes on as; its phase is `answering`, and the connection ends with it.
    private var stream: EventStreamState?
    /// What the head of Hummingbird's answer said about the connection.
    private var fate = ConnectionFate.staysOpen

    init(front: HTTPFrontParts, wire: WireHandler) {
        self.front = front
        self.wire = wire
    }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        front.connections.increment()
        wire.onBytes = { [weak self] in self?.bytesArrived() }
        // A client that connects and says nothing has the time of one request.
        setDeadline(.now() + front.limits.readTime)
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func giveBackBody() {
        front.bodies.giveBack(bodyBytes)
        bodyBytes = 0
    }

    private func end() {
        guard context != nil else { return }
        leaveStream(.client)
        giveBackBody()
        front.connections.decrement()
        phase = .closing
        held.removeAll()
        timer?.cancel()
        timer = nil
        context = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: drain()
        case ChannelEvent.inputClosed:
            isInputClosed = true
            if stream != nil { return context.close(promise: nil) }
            // Hummingbird must not learn of it: it would close the connection under an answer.
            if mustWait || !held.isEmpty { return }
            if case .closing = phase, !isOutputEnded { return }
            context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { take(.part(unwrapInboundIn(data))) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { take(.failure(error)) }

    /// Reading stops as long as requests wait for their turn, or answers for their reader.
    func read(context: ChannelHandlerContext) {
        if held.isEmpty, !isBlocked { context.read() } else { isReadWanted = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if isBlocked, context.channel.isWritable {
            isBlocked = false
            release()
        }
        context.fireChannelWritabilityChanged()
    }

    private func take(_ event: Held) {
        if case .closing = phase { return }
        // Nothing else is asked on a connection that a stream has.
        if stream != nil { return }
        if mustWait || !held.isEmpty { held.append(event) } else { process(event) }
    }

    /// Whether nothing of the next request may be looked at.
    private var mustWait: Bool {
        if case .answering = phase { return true }
        return isBlocked
    }

    private func process(_ event: Held) {
        switch event {
        case .part(.head(let head)): begin(head)
        case .part(.body(let bytes)): append(bytes)
        case .part(.end): complete()
        case .failure(let error): fail(error)
        }
    }

    /// Takes what is held until there is another answer to wait for.
    private func release() {
        guard !isReleasing else { return }
        isReleasing = true
        defer { isReleasing = false }
        while let event = held.first {
            if case .closing = phase { break }
            if mustWait { return }
            held.removeFirst()
            process(event)
        }
        if case .closing = phase { held.removeAll() }
        guard held.isEmpty, !isBlocked, let context else { return }
        if isReadWanted {
            isReadWanted = false
            context.read()
        }
        if isInputClosed, case .resting = phase { context.close(promise: nil) }
    }

    private func begin(_ wireHead: HTTPRequestHead) {
        // Its bytes may have come with those of the request before it.
        if !hasHeadBegun { setDeadline(.now() + front.limits.readTime) }
        hasHeadBegun = true
        let head = RequestHead(wireHead)
        if let refusal = head.refusal { return refuse(refusal, head.request) }
        if head.expectsContinue, let context {
            let response = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(response)), promise: nil)
        }
        let match = front.pipeline.match(head.request)
        let wantsBody = front.pipeline.wantsBody(head.request, match)
        phase = .reading(Arrival(head: head, wire: wireHead, match: match, wantsBody: wantsBody))
    }

    private func append(_ bytes: ByteBuffer) {
        guard case .reading(var arrival) = phase else { return }
        // The arrival must be the only owner of the body, or each part would copy it.
        phase = .resting
        arrival.count += bytes.readableBytes
        if arrival.count > Limits.bodyBytesMax { return refuse(.bodyTooLong, arrival.head.request) }
        if arrival.wantsBody {
            guard front.bodies.take(bytes.readableBytes) else { return refuse(.tooManyBodies, arrival.head.request) }
            bodyBytes += bytes.readableBytes
            arrival.body.append(contentsOf: bytes.readableBytesView)
        }
        phase = .reading(arrival)
    }

    private func complete() {
        guard case .reading(var arrival) = phase, let context else { return }
        phase = .answering(arrival.head)
        deadline = nil
        hasHeadBegun = false
        hasMoreBytes = false
        if arrival.head.isOriginForm, case .found(let endpoint, _) = arrival.match,
            front.usesFastLane || endpoint.isStream
        {
            var request = arrival.head.request
            swap(&request.body, &arrival.body)
            let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
            front.pipeline.handle(request, arrival.match, on: context.eventLoop) { response in
                connection.value.answer(response)
            }
        } else {
            context.fireChannelRead(wrapInboundOut(.head(arrival.wire)))
            if !arrival.body.isEmpty {
                context.fireChannelRead(wrapInboundOut(.body(ByteBuffer(bytes: arrival.body))))
            }
            context.fireChannelRead(wrapInboundOut(.end(nil)))
            context.fireChannelReadComplete()
        }
    }

    // MARK: Answers

    /// The fast lane's answer.
    private func answer(_ response: APIResponse) {
        guard case .answering(let head) = phase, context != nil else {
            if let opening = response.stream { front.streams?.abandon(opening) }
            return
        }
        if let opening = response.stream, !head.isHead { return begin(opening, response, head) }
        if let opening = response.stream { front.streams?.abandon(opening) }
        let fate = decideFate(head)
        send(response, fate, withoutBody: head.isHead)
        answered(fate)
    }

    /// Hummingbird's answer, on its way out.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .answering(let head) = phase else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var response):
            fate = decideFate(head)
            guard let header = fate.header else { return context.write(data, promise: promise) }
            response.headers.replaceOrAdd(name: "Connection", value: header)
            context.write(wrapOutboundOut(.head(response)), promise: promise)
        case .body: context.write(data, promise: promise)
        case .end:
            context.writeAndFlush(data, promise: promise)
            answered(fate)
        }
    }

    /// An answer of our own to a request that is not worth reading on; the connection ends with it.
    private func refuse(_ error: APIError, _ request: APIRequest) {
        send(front.pipeline.refusal(error, of: request), .closes, withoutBody: false)
        answered(.closes)
    }

    private func fail(_ error: any Error) {
        var request = RequestHead.unread
        if case .reading(let arrival) = phase { request = arrival.head.request }
        switch error as? HTTPParserError {
        case .headerOverflow: refuse(.headTooLong, request)
        // The client went away in the middle of a request, or something that is not about HTTP went wrong.
        case .invalidEOFState, nil: context?.close(promise: nil)
        default: refuse(.notHTTP, request)
        }
    }

    private func send(_ response: APIResponse, _ fate: ConnectionFate, withoutBody: Bool) {
        guard let context else { return }
        var bytes = context.channel.allocator.buffer(capacity: response.body.count + 320)
        bytes.writeResponse(response, date: front.date.bytes, fate: fate, withoutBody: withoutBody)
        wire.write(bytes)
    }

    /// Whether the connection goes on after the answer that is about to be written.
    private func decideFate(_ head: RequestHead) -> ConnectionFate {
        if !head.keepsAlive || (held.isEmpty && (isDraining || isInputClosed)) { return .closes }
        return head.isOldVersion ? .keptAlive : .staysOpen
    }

    /// An answer is written.
    private func answered(_ fate: ConnectionFate) {
        giveBackBody()
        if case .closes = fate { return close() }
        phase = .resting
        isBlocked = context.map { !$0.channel.isWritable } ?? false
        // Held parts set their own deadline when their turn comes, which is now.
        hasHeadBegun = hasMoreBytes
        let isNextOnItsWay = hasMoreBytes || !held.isEmpty
        setDeadline(.now() + (isNextOnItsWay ? front.limits.readTime : restTime))
        release()
    }

    // MARK: Time and the end

    private var restTime: TimeAmount { isDraining ? front.limits.drainTime : front.limits.idleTime }

    private func bytesArrived() {
        switch phase {
        case .answering: hasMoreBytes = true
        case .resting where !hasHeadBegun:
            hasHeadBegun = true
            setDeadline(.now() + front.limits.readTime)
        default: break
        }
    }

    /// The process is about to end: requests that have begun are answered, a resting connection ends soon.
    private func drain() {
        isDraining = true
        if stream != nil { return endStream(.shutdown) }
        if case .resting = phase, !hasHeadBegun { setDeadline(.now() + front.limits.drainTime) }
    }

    private func setDeadline(_ time: NIODeadline) {
        deadline = time
        // Later deadlines are found by the timer that is running.
        if time < timerTime || timer == nil { startTimer(time) }
    }

    private func startTimer(_ time: NIODeadline) {
        guard let context else { return }
        timer?.cancel()
        timerTime = time
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: time) { [weak self] in self?.timerFired() }
    }

    private func timerFired() {
        timer = nil
        guard let context else { return }
        let now = NIODeadline.now()
        if let deadline, deadline <= now {
            switch phase {
            case .reading(let arrival): return refuse(.tooSlow, arrival.head.request)
            case .resting where hasHeadBegun: return refuse(.tooSlow, RequestHead.unread)
            case .resting, .closing: return context.close(promise: nil)
            case .answering: break
            }
        }
        startTimer(max(deadline ?? (now + front.limits.readTime), now))
    }

    /// Ends our half when all is written, and gives the client a moment to read the answer and hang up.
    private func close() {
        guard let context else { return }
        phase = .closing
        held.removeAll()
        isBlocked = false
        setDeadline(.now() + front.limits.idleTime)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { [weak self] _ in self?.endOutput() }
        wire.write(ByteBuffer(), promise: written)
        if isReadWanted {
            isReadWanted = false
            context.read()
        }
    }

    private func endOutput() {
        isOutputEnded = true
        guard let context else { return }
        if isInputClosed { return context.close(promise: nil) }
        context.close(mode: .output, promise: nil)
        setDeadline(.now() + front.limits.lingerTime)
    }
}

// MARK: Streams

/// A stream that has a connection.
private struct EventStreamState {
    let opening: StreamOpening
    let isChunked: Bool
    /// Bytes that the socket has not taken yet.
    var unsentBytes = 0
    /// Since when it has taken none of them.
    var stalledSince: NIODeadline?
}

extension HTTPConnection {
    /// Sends the head and the beginning of an answer that goes on as a stream.
    private func begin(_ opening: StreamOpening, _ response: APIResponse, _ head: RequestHead) {
        guard let context else { return }
        giveBackBody()
        let isChunked = !head.isOldVersion
        let fate = isChunked ? decideFate(head) : .closes
        var bytes = context.channel.allocator.buffer(capacity: 512)
        bytes.writeResponse(response, date: front.date.bytes, fate: fate, withoutBody: false, isChunked: isChunked)
        wire.write(bytes)
        held.removeAll()
        stream = EventStreamState(opening: opening, isChunked: isChunked)
        let sink = ConnectionSink(connection: NIOLoopBound(self, eventLoop: context.eventLoop), loop: context.eventLoop)
        guard !isDraining, !isInputClosed, let streams = front.streams else {
            front.streams?.abandon(opening)
            return endStream(.shutdown)
        }
        guard streams.attach(opening, sink) else { return endStream(.shutdown) }
        // The client's end is found by reading.
        if isReadWanted {
            isReadWanted = false
            context.read()
        }
    }

    fileprivate func send(_ bytes: [UInt8], written: (@Sendable (Bool) -> Void)?) {
        guard let stream, let context else {
            written?(false)
            return
        }
        let isStalled = stream.stalledSince.map { .now() - $0 > front.limits.streamStallTime } ?? false
        guard stream.unsentBytes <= front.limits.streamBytesUnsent, !isStalled else {
            written?(false)
            leaveStream(.slow)
            return context.close(promise: nil)
        }
        var buffer = context.channel.allocator.buffer(capacity: bytes.count + 16)
        if stream.isChunked { buffer.writeChunk(bytes) } else { buffer.writeBytes(bytes) }
        let count = buffer.readableBytes
        self.stream?.unsentBytes += count
        if self.stream?.stalledSince == nil { self.stream?.stalledSince = .now() }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { [weak self] result in
            self?.noteTaken(count)
            guard let written else { return }
            if case .success = result { written(true) } else { written(false) }
        }
        wire.write(buffer, promise: promise)
    }

    private func noteTaken(_ count: Int) {
        guard var stream else { return }
        stream.unsentBytes -= count
        stream.stalledSince = stream.unsentBytes > 0 ? .now() : nil
        self.stream = stream
    }

    fileprivate func endStream(_ reason: EventStreamHub.End) {
        guard let stream else { return }
        if stream.isChunked { wire.write(ByteBuffer(staticString: "0\r\n\r\n")) }
        leaveStream(reason)
        close()
    }

    private func leaveStream(_ reason: EventStreamHub.End) {
        guard let stream else { return }
        self.stream = nil
        front.streams?.detach(stream.opening, reason)
    }
}

/// The way of a stream's events to the connection.
private struct ConnectionSink: StreamSink {
    let connection: NIOLoopBound<HTTPConnection>
    let loop: any EventLoop

    func send(_ bytes: [UInt8], written: (@Sendable (Bool) -> Void)?) {
        loop.execute { connection.value.send(bytes, written: written) }
    }

    func end() { loop.execute { connection.value.endStream(.revoked) } }
}
