// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Histogram
import NIOCore

/// What one connection asks, over and over: the request after each answer.
protocol Workload {
    /// The next request's bytes, given the body of the answer before (nil at first); nil answers are never given twice.
    mutating func next(after body: ByteBufferView?) -> ByteBuffer
}

/// What the connections of one event loop measured.
final class LoadRecord {
    var latency = Histogram<UInt64>(highestTrackableValue: 60_000_000_000, numberOfSignificantValueDigits: .three)
    var answers = 0
    var failures = 0
    var firstFailure: String?
    /// Whether answers count; off while warming up.
    var isCounting = false
    var isStopping = false
}

/// One closed-loop HTTP/1.1 client connection: sends, waits, measures, sends again. It reads just enough HTTP to find
/// the end of an answer, so that the load costs little of the machine that it shares with what it measures.
final class LoadHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var workload: any Workload
    private let record: LoadRecord
    private var pending = ByteBuffer()
    private var sentAt = NIODeadline.now()

    init(workload: any Workload, record: LoadRecord) {
        self.workload = workload
        self.record = record
    }

    func channelActive(context: ChannelHandlerContext) { send(after: nil, context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var chunk = unwrapInboundIn(data)
        pending.writeBuffer(&chunk)
        while let (status, body) = takeAnswer() {
            if record.isCounting {
                let elapsed = NIODeadline.now() - sentAt
                record.latency.record(UInt64(max(0, elapsed.nanoseconds)))
                record.answers += 1
                if !(200...299).contains(status) {
                    record.failures += 1
                    record.firstFailure = record.firstFailure ?? "\(status) \(String(decoding: body, as: UTF8.self))"
                }
            }
            if record.isStopping { return context.close(promise: nil) }
            send(after: (200...299).contains(status) ? body : nil, context)
        }
    }

    private func send(after body: ByteBufferView?, _ context: ChannelHandlerContext) {
        sentAt = .now()
        context.writeAndFlush(wrapOutboundOut(workload.next(after: body)), promise: nil)
    }

    /// One whole answer from what has arrived: its status and body.
    private func takeAnswer() -> (Int, ByteBufferView)? {
        let view = pending.readableBytesView
        guard let headEnd = find([13, 10, 13, 10], in: view, from: view.startIndex) else { return nil }
        let head = view[view.startIndex..<headEnd]
        guard head.count > 12 else { return nil }
        let status = head.dropFirst(9).prefix(3).reduce(0) { $0 * 10 + Int($1 &- 48) }
        guard let length = contentLength(head), pending.readableBytes >= headEnd + 4 - view.startIndex + length else {
            return nil
        }
        pending.moveReaderIndex(forwardBy: headEnd + 4 - view.startIndex)
        guard let body = pending.readSlice(length: length) else { return nil }
        pending.discardReadBytes()
        return (status, body.readableBytesView)
    }

    private func contentLength(_ head: ByteBufferView) -> Int? {
        let name = [UInt8]("content-length: ".utf8)
        var line = head.startIndex
        while let end = find([13, 10], in: head, from: line) ?? (line < head.endIndex ? head.endIndex : nil) {
            let text = head[line..<end]
            if text.count > name.count, zip(text, name).allSatisfy({ ($0 | 32) == $1 || $0 == $1 }) {
                return text.dropFirst(name.count).reduce(0) { $0 &* 10 &+ Int($1 &- 48) }
            }
            line = end + 2
            if line >= head.endIndex { return nil }
        }
        return nil
    }
}

/// Where a short pattern begins in a view.
func find(_ pattern: [UInt8], in view: ByteBufferView, from start: Int) -> Int? {
    guard var index = view.indices.first.map({ _ in start }) else { return nil }
    let last = view.endIndex - pattern.count
    while index <= last {
        var matched = 0
        while matched < pattern.count, view[index + matched] == pattern[matched] { matched += 1 }
        if matched == pattern.count { return index }
        index += 1
    }
    return nil
}
