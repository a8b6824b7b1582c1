// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What parser, canonical form and writer agree on about the text of a JSON string.
enum StringText {
    /// The index of the first byte at or after `start` that is not printable ASCII to be taken as it is: a quote, a
    /// backslash, a control character or a byte of a longer UTF-8 sequence; the length when there is none.
    static func endOfPlainRun(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        // Eight bytes at a time. A subtraction borrows out of a lane only if that lane is itself a hit, so the
        // lowest flagged lane is always a true one; hits above it may be false and are not looked at.
        while bytes.count - index >= 8 {
            let lanes = UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            let ones: UInt64 = 0x0101_0101_0101_0101
            let control = lanes &- ones &* 0x20
            let quote = (lanes ^ ones &* 0x22) &- ones
            let backslash = (lanes ^ ones &* 0x5C) &- ones
            let hits = (control | quote | backslash | lanes) & (ones &* 0x80)
            if hits != 0 { return index + hits.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x20 || byte >= 0x80 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            index += 1
        }
        return index
    }

    /// The length of the well-formed UTF-8 sequence of two to four bytes at `index`, or 0 if there is none: overlong
    /// forms, surrogates, values above U+10FFFF and cut sequences are not well-formed.
    static func wellFormedLength(_ bytes: Span<UInt8>, at index: Int) -> Int {
        let lead = bytes[index]
        let length: Int
        // The second byte's range is what rules out overlong forms, surrogates and values that are too large.
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return 0
        }
        guard bytes.count - index >= length, second.contains(bytes[index + 1]) else { return 0 }
        for offset in 2..<max(length, 2) where bytes[index + offset] & 0xC0 != 0x80 { return 0 }
        return length
    }

    /// The value of a hexadecimal digit of either case.
    static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    /// Whether a range of bytes equals `expected`; `folding` takes ASCII letters in either case.
    static func matches(
        _ bytes: [UInt8], _ range: Range<Int>, _ expected: UnsafeBufferPointer<UInt8>, folding: Bool
    ) -> Bool {
        // The length decides nearly always, before the bytes are touched.
        guard range.count == expected.count else { return false }
        for offset in 0..<expected.count {
            let difference = bytes[range.lowerBound + offset] ^ expected[offset]
            if difference == 0 { continue }
            guard folding, difference == 0x20 else { return false }
            guard (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(expected[offset] | 0x20) else { return false }
        }
        return true
    }

    /// The decoded bytes of a string entry of the tape over `bytes`.
    static func decoded(_ bytes: [UInt8], _ string: JSONNode) -> [UInt8] {
        guard string.isEscaped else { return Array(bytes[string.content]) }
        var out: [UInt8] = []
        out.reserveCapacity(string.content.count)
        appendDecoded(bytes[string.content], to: &out)
        return out
    }

    /// Appends the decoded form of a string's text that the parser has accepted.
    static func appendDecoded(_ text: ArraySlice<UInt8>, to out: inout [UInt8]) {
        var rest = text
        while let backslash = rest.firstIndex(of: UInt8(ascii: "\\")) {
            out.append(contentsOf: rest[..<backslash])
            rest = rest[(backslash + 1)...]
            switch rest.popFirst() {
            case UInt8(ascii: "b"): out.append(0x08)
            case UInt8(ascii: "f"): out.append(0x0C)
            case UInt8(ascii: "n"): out.append(0x0A)
            case UInt8(ascii: "r"): out.append(0x0D)
            case UInt8(ascii: "t"): out.append(0x09)
            case UInt8(ascii: "u"): appendScalar(takeScalar(&rest), to: &out)
            case let byte?: out.append(byte)
            case nil: break
            }
        }
        out.append(contentsOf: rest)
    }

    /// Takes the digits of a `\u` escape, and the low half that follows a high surrogate.
    private static func takeScalar(_ rest: inout ArraySlice<UInt8>) -> UInt32 {
        let unit = takeUnit(&rest)
        guard unit & 0xFC00 == 0xD800 else { return unit }
        rest = rest.dropFirst(2)
        return 0x10000 + ((unit & 0x3FF) << 10 | takeUnit(&rest) & 0x3FF)
    }

    private static func takeUnit(_ rest: inout ArraySlice<UInt8>) -> UInt32 {
        var unit: UInt32 = 0
        for byte in rest.prefix(4) { unit = unit << 4 | (hexDigit(byte) ?? 0) }
        rest = rest.dropFirst(4)
        return unit
    }

    private static func appendScalar(_ value: UInt32, to out: inout [UInt8]) {
        // The parser has refused lone surrogates, so every value here is a scalar.
        let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
        if let encoded = UTF8.encode(scalar) { out.append(contentsOf: encoded) }
    }

    /// Appends bytes as the inside of a JSON string: quote, backslash and control characters escaped in their short
    /// form or as `\u00xx`, anything that is not well-formed UTF-8 replaced by U+FFFD, the rest as it is.
    static func appendEscaped(_ bytes: Span<UInt8>, to out: inout [UInt8]) {
        var copied = 0
        var index = 0
        while true {
            index = endOfPlainRun(bytes, from: index)
            guard index < bytes.count else { break }
            let byte = bytes[index]
            if byte >= 0x80 {
                let length = wellFormedLength(bytes, at: index)
                if length > 0 {
                    index += length
                    continue
                }
            }
            append(bytes, copied..<index, to: &out)
            appendReplacement(of: byte, to: &out)
            index += 1
            copied = index
        }
        append(bytes, copied..<index, to: &out)
    }

    private static func append(_ bytes: Span<UInt8>, _ range: Range<Int>, to out: inout [UInt8]) {
        bytes.extracting(range).withUnsafeBufferPointer { out.append(contentsOf: $0) }
    }

    private static func appendReplacement(of byte: UInt8, to out: inout [UInt8]) {
        if byte >= 0x80 { return out.append(contentsOf: "\u{FFFD}".utf8) }
        out.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: out.append(UInt8(ascii: "b"))
        case 0x09: out.append(UInt8(ascii: "t"))
        case 0x0A: out.append(UInt8(ascii: "n"))
        case 0x0C: out.append(UInt8(ascii: "f"))
        case 0x0D: out.append(UInt8(ascii: "r"))
        case 0x00..<0x20:
            out.append(contentsOf: "u00".utf8)
            out.append(UInt8(ascii: "0") + byte >> 4)
            let low = byte & 0x0F
            out.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
        default: out.append(byte)
        }
    }
}
