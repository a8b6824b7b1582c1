// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// One strictly parsed JSON text: its bytes and a flat tape of nodes in document order.
///
/// Accepts RFC 8259 and nothing else, and refuses three things the RFC leaves open: duplicate keys (compared
/// decoded, so however they are escaped), lone surrogate escapes, and the NUL character, which other parsers
/// and stores do not agree on. Two allocations for the tape, none per node.
package struct JSONDocument: Sendable {
    /// The depth of containers that no document may pass, whatever a caller asks for: it bounds recursion.
    package static let depthCeiling = 128

    /// One object for both arrays, so that copying a view costs one reference count.
    let tape: JSONTape

    var bytes: [UInt8] { tape.bytes }
    var nodes: [JSONNode] { tape.nodes }

    /// Parses a whole body in time linear in its length (n log n for the keys of objects with many members).
    ///
    /// `maxDepth` counts nested containers, 0 (scalars only) to `depthCeiling`. Never traps, whatever the bytes.
    package static func parse(_ bytes: [UInt8], maxDepth: Int = 32) throws(JSONSyntaxError) -> JSONDocument {
        precondition((0...depthCeiling).contains(maxDepth), "maxDepth is 0 to \(depthCeiling)")
        var parser = JSONParser(bytes, maxDepth: maxDepth)
        try parser.parse()
        return JSONDocument(tape: JSONTape(bytes: bytes, nodes: parser.nodes))
    }

    /// The value that is the whole document.
    package var root: JSONValue { JSONValue(document: self, index: 0) }
}

/// What a document is made of; never changes.
final class JSONTape: Sendable {
    let bytes: [UInt8]
    let nodes: [JSONNode]

    init(bytes: [UInt8], nodes: [JSONNode]) {
        self.bytes = bytes
        self.nodes = nodes
    }
}

/// The type of a JSON value.
package enum JSONKind: UInt8, Sendable {
    case object, array, string, number, `true`, `false`, null
}

/// One entry of the tape. The members of an object are pairs of entries: key, then value with its descendants.
struct JSONNode {
    static let hasEscapes: UInt8 = 1
    static let isInteger: UInt8 = 2

    /// First byte of the value's text; for a string its opening quote.
    var start: UInt32
    /// One past the last byte of the value's text.
    var end: UInt32
    /// Index of the entry after this value and all within it. While a container is open: its parent's index.
    var next: UInt32
    /// Members of an object, elements of an array; for an object's key a signature to tell keys apart quickly.
    var count: UInt32
    var kind: JSONKind
    var flags: UInt8

    /// The byte range of the value's text.
    var range: Range<Int> { Int(start)..<Int(end) }
    /// The byte range between the quotes of a string.
    var content: Range<Int> { Int(start) + 1..<Int(end) - 1 }
    /// Whether a string's text differs from its decoded bytes; of an object, whether that is so for one of its keys.
    var isEscaped: Bool { flags & Self.hasEscapes != 0 }
    /// Whether a number is written without fraction and exponent.
    var isIntegerLiteral: Bool { flags & Self.isInteger != 0 }
}
