// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

extension JSONParser {
    /// Reads a string, checking every byte and every escape; the cursor stands on its opening quote.
    mutating func scanString(isKey: Bool) throws(JSONSyntaxError) {
        let start = cursor
        var flags: UInt8 = 0
        cursor += 1
        while true {
            cursor = StringText.endOfPlainRun(bytes.span, from: cursor)
            let byte = try currentByte()
            if byte == UInt8(ascii: "\"") {
                cursor += 1
                appendScalar(.string, from: start, signature: isKey ? signature(from: start) : 0, flags: flags)
                return
            }
            if byte == UInt8(ascii: "\\") {
                flags = JSONNode.hasEscapes
                try scanEscape()
            } else if byte < 0x20 {
                throw error(.controlCharacter)
            } else {
                let length = StringText.wellFormedLength(bytes.span, at: cursor)
                guard length > 0 else { throw error(.invalidUTF8) }
                cursor += length
            }
        }
    }

    /// Length, first and last byte of a key's text in one word; the cursor stands after its closing quote.
    private func signature(from start: Int) -> UInt32 {
        let length = cursor - start - 2
        guard length > 0 else { return 0 }
        return UInt32(truncatingIfNeeded: length) << 16 | UInt32(bytes[start + 1]) << 8 | UInt32(bytes[cursor - 2])
    }

    private mutating func scanEscape() throws(JSONSyntaxError) {
        let start = cursor
        cursor += 1
        switch try currentByte() {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            cursor += 1
        case UInt8(ascii: "u"):
            cursor += 1
            let unit = try scanHexUnit()
            if unit == 0 { throw JSONSyntaxError(offset: start, reason: .nulCharacter) }
            guard unit & 0xF800 == 0xD800 else { return }
            // A surrogate is a character only as a high one directly followed by a low one.
            guard unit < 0xDC00, cursor + 1 < end, bytes[cursor] == UInt8(ascii: "\\"),
                bytes[cursor + 1] == UInt8(ascii: "u")
            else { throw JSONSyntaxError(offset: start, reason: .loneSurrogate) }
            cursor += 2
            guard try scanHexUnit() & 0xFC00 == 0xDC00 else {
                throw JSONSyntaxError(offset: start, reason: .loneSurrogate)
            }
        default:
            throw error(.invalidEscape)
        }
    }

    private mutating func scanHexUnit() throws(JSONSyntaxError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = StringText.hexDigit(try currentByte()) else { throw error(.invalidEscape) }
            unit = unit << 4 | digit
            cursor += 1
        }
        return unit
    }

    /// Reads a number; the cursor stands on its sign or first digit. What follows it is the caller's to check,
    /// which is also how a leading zero is refused.
    mutating func scanNumber() throws(JSONSyntaxError) {
        let start = cursor
        var flags = JSONNode.isInteger
        if bytes[cursor] == UInt8(ascii: "-") { cursor += 1 }
        if try currentByte() == UInt8(ascii: "0") {
            cursor += 1
            if isAtDigit { throw error(.invalidNumber) }
        } else {
            try scanDigits()
        }
        if cursor < end, bytes[cursor] == UInt8(ascii: ".") {
            flags = 0
            cursor += 1
            try scanDigits()
        }
        if cursor < end, bytes[cursor] | 0x20 == UInt8(ascii: "e") {
            flags = 0
            cursor += 1
            let sign = try currentByte()
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { cursor += 1 }
            try scanDigits()
        }
        appendScalar(.number, from: start, flags: flags)
    }

    private var isAtDigit: Bool { cursor < end && bytes[cursor] &- UInt8(ascii: "0") < 10 }

    private mutating func scanDigits() throws(JSONSyntaxError) {
        guard try currentByte() &- UInt8(ascii: "0") < 10 else { throw error(.invalidNumber) }
        while isAtDigit { cursor += 1 }
    }
}
