// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// One reply of Redis in protocol version 2, as a value that owns its bytes.
package enum RedisReply: Sendable, Hashable {
    /// The nil bulk string or the nil array.
    case null
    /// A signed 64-bit integer.
    case integer(Int64)
    /// A status line such as `OK`.
    case simple([UInt8])
    /// A binary-safe string.
    case bulk([UInt8])
    /// A list of replies; nested at most eight deep.
    case array([RedisReply])
    /// An error inside an array. An error that is the whole reply arrives as ``RedisError`` instead.
    case error(RedisServerError)

    /// The number of an integer reply, else nil; a bulk string of digits is not an integer.
    package var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The bytes of a bulk or status reply, else nil.
    package var bytes: [UInt8]? {
        switch self {
        case .bulk(let bytes), .simple(let bytes): bytes
        default: nil
        }
    }

    /// The bytes of a bulk or status reply as text with bad UTF-8 replaced, else nil. Not for comparing identifiers.
    package var text: String? {
        self.bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The elements of an array reply, else nil.
    package var array: [RedisReply]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// Whether this is the nil reply.
    package var isNull: Bool {
        if case .null = self { true } else { false }
    }
}
