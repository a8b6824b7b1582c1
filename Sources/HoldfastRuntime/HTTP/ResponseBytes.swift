// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPAPI
internal import HTTPTypes
internal import NIOCore

/// An answer's header fields, in one order for both ways out of the server.
enum ResponseFields {
    /// Content type, length, then the answer's own; the date and the fate of the connection come after these.
    static func make(_ response: APIResponse) -> HTTPFields {
        var fields = HTTPFields()
        fields.reserveCapacity(response.headers.count + 4)
        // An answer without content has no length either (RFC 9110, 8.6).
        if response.status != .noContent {
            fields.append(HTTPField(name: .contentType, value: response.contentType))
            fields.append(HTTPField(name: .contentLength, value: String(response.body.count)))
        }
        fields.append(contentsOf: response.headers)
        return fields
    }
}

/// What the connection will do after an answer, as its header says.
enum ConnectionFate: Sendable {
    /// Go on, which HTTP/1.1 does not mention.
    case staysOpen
    /// Go on, which HTTP/1.0 has to be told.
    case keptAlive
    case closes

    /// The value of the header `Connection`, if one is sent.
    var header: String? {
        switch self {
        case .staysOpen: nil
        case .keptAlive: "keep-alive"
        case .closes: "close"
        }
    }
}

extension ByteBuffer {
    /// Appends a whole HTTP/1.1 response: the same bytes as NIO's encoder gives for the same fields, for less.
    /// An answer that goes on as a stream is chunked where the client understands that.
    mutating func writeResponse(
        _ response: APIResponse, date: [UInt8], fate: ConnectionFate, withoutBody: Bool, isChunked: Bool = true
    ) {
        writeStaticString("HTTP/1.1 ")
        writeString(String(response.status.code))
        writeStaticString(" ")
        writeString(response.status.reasonPhrase)
        if response.status != .noContent {
            writeStaticString("\r\nContent-Type: ")
            writeString(response.contentType)
        }
        if response.stream == nil, response.status != .noContent {
            writeStaticString("\r\nContent-Length: ")
            writeString(String(response.body.count))
        } else if response.stream != nil, isChunked {
            writeStaticString("\r\nTransfer-Encoding: chunked")
        }
        for field in response.headers {
            writeStaticString("\r\n")
            writeString(field.name.rawName)
            writeStaticString(": ")
            writeString(field.value)
        }
        writeStaticString("\r\nDate: ")
        writeBytes(date)
        if let header = fate.header {
            writeStaticString("\r\nConnection: ")
            writeString(header)
        }
        writeStaticString("\r\n\r\n")
        guard !withoutBody else { return }
        if response.stream != nil, isChunked { writeChunk(response.body) } else { writeBytes(response.body) }
    }

    /// Appends a chunk of a body, which must not be empty.
    mutating func writeChunk(_ bytes: [UInt8]) {
        writeString(String(bytes.count, radix: 16))
        writeStaticString("\r\n")
        writeBytes(bytes)
        writeStaticString("\r\n")
    }
}
