// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Bytes that tests can write as a string literal and read in a failure message; compared byte by byte.
package struct ByteText: Hashable, Sendable {
    /// The bytes.
    package var bytes: [UInt8]

    /// The text of these bytes.
    package init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    /// The UTF-8 bytes of a string.
    package init(_ text: String) { self.bytes = Array(text.utf8) }

    /// The decimal text of a number.
    package init(_ number: some BinaryInteger) { self.init(String(number)) }

    /// The bytes as a string, with bad UTF-8 replaced; for messages, not for comparing.
    package var plain: String { String(decoding: self.bytes, as: UTF8.self) }

    /// How many bytes there are.
    package var count: Int { self.bytes.count }

    /// `range` of the bytes, as far as there are any.
    package subscript(range: Range<Int>) -> ByteText { ByteText(self.bytes[range.clamped(to: 0..<self.count)]) }

    /// What follows the first `count` bytes; empty when there are not so many.
    package func dropping(_ count: Int) -> ByteText { ByteText(self.bytes.dropFirst(count)) }

    /// The parts between the bytes that equal `separator`, empty ones too.
    package func split(_ separator: UInt8) -> [ByteText] {
        self.bytes.split(separator: separator, omittingEmptySubsequences: false).map { ByteText($0) }
    }

    /// Part `index` of those between zero bytes; empty when there are not so many.
    package func part(_ index: Int) -> ByteText {
        let parts = self.split(0)
        return parts.indices.contains(index) ? parts[index] : ""
    }

    /// The number this text spells in decimal digits, or nil.
    package var number: Int64? { Int64(String(decoding: self.bytes, as: UTF8.self)) }

    /// One after the other.
    package static func + (left: ByteText, right: ByteText) -> ByteText { ByteText(left.bytes + right.bytes) }

    /// This text so many times; empty for none or less.
    package func repeated(_ times: Int) -> ByteText { ByteText((0..<max(0, times)).flatMap { _ in self.bytes }) }

    /// `new` in place of the first `old`; a bug when there is none.
    package func replacing(_ old: ByteText, with new: ByteText) -> ByteText {
        guard let range = self.bytes.firstRange(of: old.bytes) else { preconditionFailure("\(old) is not in \(self)") }
        return ByteText(self.bytes[..<range.lowerBound] + new.bytes + self.bytes[range.upperBound...])
    }

    /// `bytes` in place of those at `offset`, filled up with zero bytes before, as SETRANGE does it.
    package func replacing(at offset: Int, with bytes: ByteText) -> ByteText {
        var all = self.bytes
        if all.count < offset + bytes.count {
            all += [UInt8](repeating: 0, count: offset + bytes.count - all.count)
        }
        all.replaceSubrange(offset..<(offset + bytes.count), with: bytes.bytes)
        return ByteText(all)
    }
}

extension ByteText: CustomStringConvertible {
    /// The text in quotes, with `\xNN` for bytes outside printable ASCII.
    package var description: String {
        let body = self.bytes.map { byte in
            let isPlain = (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "\\")
            if isPlain { return String(UnicodeScalar(byte)) }
            return "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return "\"\(body.joined())\""
    }
}

extension ByteText: Comparable {
    /// In the order of the bytes.
    package static func < (left: ByteText, right: ByteText) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension ByteText: ExpressibleByStringInterpolation {
    /// Puts bytes and numbers together as they are, unlike `description`.
    package struct StringInterpolation: StringInterpolationProtocol {
        var bytes: [UInt8] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            self.bytes.reserveCapacity(literalCapacity + interpolationCount * 8)
        }

        package mutating func appendLiteral(_ literal: String) { self.bytes += literal.utf8 }

        package mutating func appendInterpolation(_ text: ByteText) { self.bytes += text.bytes }

        package mutating func appendInterpolation(_ text: String) { self.bytes += text.utf8 }

        package mutating func appendInterpolation(_ number: some BinaryInteger) { self.bytes += String(number).utf8 }
    }

    package init(stringLiteral value: String) { self.init(value) }

    package init(stringInterpolation: StringInterpolation) { self.bytes = stringInterpolation.bytes }
}

extension Sequence<ByteText> {
    /// The texts with `separator` between them.
    package func joined(_ separator: ByteText) -> ByteText {
        ByteText(self.map(\.bytes).joined(separator: separator.bytes))
    }
}
