// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// An address of IPv4 or IPv6.
package enum IPAddress: Sendable, Hashable {
    /// Four bytes, the first one highest.
    case v4(UInt32)
    /// Sixteen bytes, the first one highest.
    case v6(UInt128)

    /// Reads an address as it is written canonically: four decimal numbers without leading zeros, or IPv6 with at most
    /// one `::` and perhaps an IPv4 tail. No zone, no brackets, no short or octal or hexadecimal IPv4.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        if let value = Self.quad(bytes[...]) {
            self = .v4(value)
        } else if let value = Self.groups(bytes) {
            self = .v6(value)
        } else {
            return nil
        }
    }

    /// Takes the 4 or 16 bytes of an address in network order; nil for any other number of them.
    package init?(bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4: self = .v4(bytes.reduce(0) { $0 << 8 | UInt32($1) })
        case 16: self = .v6(bytes.reduce(0) { $0 << 8 | UInt128($1) })
        default: return nil
        }
    }

    /// The 4 or 16 bytes, in network order.
    package var bytes: [UInt8] {
        switch self {
        case .v4(let value): (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
        case .v6(let value): (0..<16).map { UInt8(truncatingIfNeeded: value >> (120 - 8 * $0)) }
        }
    }

    /// The address that a v4-mapped one (`::ffff:1.2.3.4`) stands for, which the system connects to in its place; any
    /// other address itself.
    package var unmapped: IPAddress {
        if case .v6(let value) = self, value >> 32 == 0xffff { return .v4(UInt32(truncatingIfNeeded: value)) }
        return self
    }

    /// Four decimal numbers below 256, which no resolver reads in two ways.
    private static func quad(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard let number = self.number(part, radix: 10, digits: 3), number < 256 else { return nil }
            // A leading zero means octal to some readers.
            guard part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
            value = value << 8 | number
        }
        return value
    }

    private static func groups(_ text: [UInt8]) -> UInt128? {
        let colon = UInt8(ascii: ":")
        guard text.contains(colon), text.count <= 45 else { return nil }
        guard let gap = text.indices.dropLast().first(where: { text[$0] == colon && text[$0 + 1] == colon }) else {
            guard let words = self.words(text[...]), words.count == 8 else { return nil }
            return self.joined(words)
        }
        guard let head = self.words(text[..<gap]), let tail = self.words(text[(gap + 2)...]) else { return nil }
        // An IPv4 tail ends the address, so nothing may follow it; and `::` stands for one group at least.
        guard !text[..<gap].contains(UInt8(ascii: ".")), head.count + tail.count <= 7 else { return nil }
        return self.joined(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    private static func joined(_ words: [UInt16]) -> UInt128 { words.reduce(0) { $0 << 16 | UInt128($1) } }

    /// Groups of up to four hexadecimal digits divided by single colons; the last may be an IPv4 address.
    private static func words(_ text: ArraySlice<UInt8>) -> [UInt16]? {
        if text.isEmpty { return [] }
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var words: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, let value = self.quad(part) {
                words += [UInt16(truncatingIfNeeded: value >> 16), UInt16(truncatingIfNeeded: value)]
            } else {
                guard let word = self.number(part, radix: 16, digits: 4) else { return nil }
                words.append(UInt16(truncatingIfNeeded: word))
            }
        }
        return words
    }

    private static func number(_ text: ArraySlice<UInt8>, radix: UInt32, digits: Int) -> UInt32? {
        guard !text.isEmpty, text.count <= digits else { return nil }
        var value: UInt32 = 0
        for byte in text {
            guard let digit = byte.hexadecimalDigit, digit < radix else { return nil }
            value = value * radix + digit
        }
        return value
    }
}

extension IPAddress: CustomStringConvertible {
    /// The canonical text (RFC 5952): lower case, no leading zeros, the longest run of two or more zero groups as `::`.
    package var description: String {
        switch self {
        case .v4(let value):
            return (0..<4).map { String(value >> (24 - 8 * $0) & 0xff) }.joined(separator: ".")
        case .v6(let value):
            let words = (0..<8).map { UInt16(truncatingIfNeeded: value >> (112 - 16 * $0)) }
            if case .v4 = self.unmapped { return "::ffff:\(self.unmapped)" }
            guard let gap = Self.longestZeros(words) else { return Self.text(words[...]) }
            return Self.text(words[..<gap.lowerBound]) + "::" + Self.text(words[gap.upperBound...])
        }
    }

    private static func text(_ words: ArraySlice<UInt16>) -> String {
        words.map { String($0, radix: 16) }.joined(separator: ":")
    }

    private static func longestZeros(_ words: [UInt16]) -> Range<Int>? {
        var longest: Range<Int>?
        var start = 0
        while start < words.count {
            let end = words[start...].firstIndex { $0 != 0 } ?? words.count
            if end - start > max(1, longest?.count ?? 0) { longest = start..<end }
            start = max(end, start + 1)
        }
        return longest
    }
}

extension UInt8 {
    /// What the byte means as a hexadecimal digit of either case.
    var hexadecimalDigit: UInt32? {
        switch self {
        case 48...57: UInt32(self - 48)
        case 65...70: UInt32(self - 55)
        case 97...102: UInt32(self - 87)
        default: nil
        }
    }
}
