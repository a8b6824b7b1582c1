// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Text made safe for one line of JSON and for a terminal that shows it.
///
/// Besides what JSON demands, everything that could move a cursor, end a line for some reader, or reorder what a person
/// sees is written as `\uXXXX`: DEL, the C1 controls, the Unicode line and paragraph separators, the direction
/// controls, and the byte order mark.
enum EscapedText {
    /// Appends at most `maximum` bytes of the UTF-8 of `text`, ending between two characters; returns how many bytes
    /// were taken.
    @discardableResult
    static func append(_ text: String, maximum: Int, to bytes: inout [UInt8]) -> Int {
        var text = text
        return text.withUTF8 { utf8 in
            let end = boundary(in: utf8, maximum: maximum)
            append(UnsafeBufferPointer(rebasing: utf8[..<end]), to: &bytes)
            return end
        }
    }

    private static func boundary(in utf8: UnsafeBufferPointer<UInt8>, maximum: Int) -> Int {
        guard utf8.count > maximum else { return utf8.count }
        var end = max(0, maximum)
        while end > 0, utf8[end] & 0b1100_0000 == 0b1000_0000 {
            end -= 1
        }
        return end
    }

    private static func append(_ utf8: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        var copied = 0
        var index = 0
        while index < utf8.count {
            guard let hazard = hazard(in: utf8, at: index) else {
                index += 1
                continue
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[copied..<index]))
            appendEscape(of: hazard.scalar, to: &bytes)
            index += hazard.width
            copied = index
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[copied...]))
    }

    /// The character at `index`, if it must be escaped; continuation bytes never look like one.
    @inline(__always)
    private static func hazard(in utf8: UnsafeBufferPointer<UInt8>, at index: Int) -> (scalar: UInt16, width: Int)? {
        let byte = utf8[index]
        if byte < 0x80 {
            let isHazard = byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F
            return isHazard ? (UInt16(byte), 1) : nil
        }
        return wideHazard(in: utf8, at: index)
    }

    private static func wideHazard(
        in utf8: UnsafeBufferPointer<UInt8>, at index: Int
    ) -> (scalar: UInt16, width: Int)? {
        let lead = utf8[index]
        if lead == 0xC2 || lead == 0xD8, index + 1 < utf8.count {
            let scalar = UInt16(lead & 0x1F) << 6 | UInt16(utf8[index + 1] & 0x3F)
            return isHazard(scalar) ? (scalar, 2) : nil
        }
        if lead == 0xE2 || lead == 0xEF, index + 2 < utf8.count {
            let tail = UInt16(utf8[index + 1] & 0x3F) << 6 | UInt16(utf8[index + 2] & 0x3F)
            let scalar = UInt16(lead & 0x0F) << 12 | tail
            return isHazard(scalar) ? (scalar, 3) : nil
        }
        return nil
    }

    private static func isHazard(_ scalar: UInt16) -> Bool {
        switch scalar {
        case 0x80...0x9F, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    private static func appendEscape(of scalar: UInt16, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch scalar {
        case 0x22, 0x5C: bytes.append(UInt8(truncatingIfNeeded: scalar))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        default:
            bytes.append(UInt8(ascii: "u"))
            for shift in stride(from: UInt16(12), through: 0, by: -4) {
                let digit = UInt8(truncatingIfNeeded: scalar >> shift & 0xF)
                bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
    }
}
