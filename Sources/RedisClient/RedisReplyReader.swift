// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import CHiredis

/// Turns the bytes of a connection, cut anywhere, into replies; hiredis' reader does the parsing.
///
/// A reader belongs to one connection: after an error it is spent, and so is the stream it was fed from.
package final class RedisReplyReader {
    /// Why a stream of bytes is not the Redis protocol, or not the part of it that is supported.
    package struct Fault: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    private let reader: UnsafeMutablePointer<redisReader>

    /// Fails only when memory is exhausted.
    package init() throws(Fault) {
        guard let reader = redisReaderCreate() else { throw Fault(description: "no memory for a reply reader") }
        self.reader = reader
    }

    deinit {
        redisReaderFree(self.reader)
    }

    /// Adds bytes as they came from the socket.
    package func feed(_ bytes: UnsafeRawBufferPointer) throws(Fault) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        let status = redisReaderFeed(self.reader, base.assumingMemoryBound(to: CChar.self), bytes.count)
        guard status == REDIS_OK else { throw self.fault() }
    }

    /// The next complete reply, or nil when more bytes are needed.
    package func next() throws(Fault) -> RedisReply? {
        var reply: UnsafeMutableRawPointer?
        guard redisReaderGetReply(self.reader, &reply) == REDIS_OK else { throw self.fault() }
        guard let reply else { return nil }
        defer { freeReplyObject(reply) }
        return Self.value(of: reply.assumingMemoryBound(to: redisReply.self))
    }

    /// Copies a C reply. The recursion is bounded: the C reader refuses more than eight nested arrays.
    private static func value(of reply: UnsafePointer<redisReply>) -> RedisReply {
        switch reply.pointee.type {
        case REDIS_REPLY_STRING:
            return .bulk(self.bytes(of: reply))
        case REDIS_REPLY_INTEGER:
            return .integer(reply.pointee.integer)
        case REDIS_REPLY_ARRAY:
            let elements = UnsafeBufferPointer(start: reply.pointee.element, count: reply.pointee.elements)
            return .array(elements.map { $0.map { self.value(of: $0) } ?? .null })
        case REDIS_REPLY_STATUS:
            return .simple(self.bytes(of: reply))
        case REDIS_REPLY_ERROR:
            return .error(RedisServerError(message: self.bytes(of: reply)))
        default:
            return .null
        }
    }

    private static func bytes(of reply: UnsafePointer<redisReply>) -> [UInt8] {
        [UInt8](UnsafeRawBufferPointer(start: reply.pointee.str, count: reply.pointee.len))
    }

    private func fault() -> Fault {
        let text = withUnsafeBytes(of: self.reader.pointee.errstr) { raw in
            String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
        return Fault(description: text.isEmpty ? "the reply reader failed" : text)
    }
}
