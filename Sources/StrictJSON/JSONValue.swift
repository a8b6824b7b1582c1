// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// A view of one value of a document: the document and a place on its tape. Cheap to make and to copy.
package struct JSONValue: Sendable {
    let document: JSONDocument
    let index: Int

    var node: JSONNode { document.nodes[index] }

    /// The value's type.
    package var kind: JSONKind { node.kind }

    /// The value's text as it was sent, without surrounding whitespace.
    package var raw: ArraySlice<UInt8> { document.bytes[node.range] }

    /// Whether the value is JSON `null`.
    package var isNull: Bool { node.kind == .null }

    /// The number of elements or members; 0 for scalars.
    package var count: Int {
        let node = node
        return node.kind == .object || node.kind == .array ? Int(node.count) : 0
    }

    /// The decoded UTF-8 bytes of a string; nil for any other kind.
    package func stringBytes() -> [UInt8]? {
        let node = node
        return node.kind == .string ? StringText.decoded(document.bytes, node) : nil
    }

    /// The decoded UTF-8 bytes of a string, without a copy unless it has escapes; nil for any other kind.
    package func stringSlice() -> ArraySlice<UInt8>? {
        let node = node
        guard node.kind == .string else { return nil }
        return node.isEscaped ? StringText.decoded(document.bytes, node)[...] : document.bytes[node.content]
    }

    /// Whether the value is a string of exactly these decoded bytes; `folding` takes ASCII letters in either case.
    package func isString(_ text: StaticString, folding: Bool = false) -> Bool {
        text.withUTF8Buffer { isString(of: $0, folding: folding) }
    }

    /// Whether the value is a string of exactly the UTF-8 bytes of `text`; never Unicode equivalence.
    package func isString(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isString(of: $0, folding: false) }
    }

    private func isString(of expected: UnsafeBufferPointer<UInt8>, folding: Bool) -> Bool {
        document.tape.isString(at: index, expected, folding: folding)
    }

    /// The value of an integer literal within Int64; nil for any other kind and for every literal with a fraction
    /// or an exponent, `1.0` and `1e3` included, for `-0`, and out of range.
    package func int64() -> Int64? {
        let node = node
        guard node.kind == .number, node.isIntegerLiteral else { return nil }
        return parseDecimalInt64(document.bytes[node.range])
    }

    /// The nearest finite double of a number; nil for any other kind and for numbers beyond the range of doubles.
    package func double() -> Double? {
        let node = node
        guard node.kind == .number else { return nil }
        guard let value = Double(String(decoding: document.bytes[node.range], as: UTF8.self)) else { return nil }
        return value.isFinite ? value : nil
    }

    /// The value of `true` or `false`; nil for any other kind.
    package func bool() -> Bool? {
        switch node.kind {
        case .true: true
        case .false: false
        default: nil
        }
    }
}

extension JSONTape {
    /// Whether the entry is a string of these decoded bytes; `folding` takes ASCII letters in either case.
    func isString(at index: Int, _ expected: UnsafeBufferPointer<UInt8>, folding: Bool) -> Bool {
        let node = nodes[index]
        guard node.kind == .string else { return false }
        if node.isEscaped {
            let decoded = StringText.decoded(bytes, node)
            return StringText.matches(decoded, 0..<decoded.count, expected, folding: folding)
        }
        return StringText.matches(bytes, node.content, expected, folding: folding)
    }
}
