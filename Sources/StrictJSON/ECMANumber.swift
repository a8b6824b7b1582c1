// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Doubles as ECMAScript's `Number::toString` writes them, the form RFC 8785 asks for.
enum ECMANumber {
    /// Appends a finite double; both zeros are `0`.
    static func append(_ value: Double, to out: inout [UInt8]) {
        if value == 0 { return out.append(UInt8(ascii: "0")) }
        if value < 0 { out.append(UInt8(ascii: "-")) }
        let (digits, point) = shortestDigits(value.magnitude)
        let count = digits.count
        if count <= point, point <= 21 {
            out.append(contentsOf: digits)
            out.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: point - count))
        } else if point > 0, point <= 21 {
            out.append(contentsOf: digits[..<point])
            out.append(UInt8(ascii: "."))
            out.append(contentsOf: digits[point...])
        } else if point > -6, point <= 0 {
            out.append(contentsOf: "0.".utf8)
            out.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: -point))
            out.append(contentsOf: digits)
        } else {
            out.append(digits[0])
            if count > 1 {
                out.append(UInt8(ascii: "."))
                out.append(contentsOf: digits[1...])
            }
            out.append(UInt8(ascii: "e"))
            if point > 0 { out.append(UInt8(ascii: "+")) }
            JSONWriter.appendDecimal(Int64(point - 1), to: &out)
        }
    }

    /// The fewest digits that identify a positive double, without zeros at either end, and where the decimal point
    /// stands: the value is 0.digits times ten to the power `point`.
    ///
    /// The standard library's description has the digits; only its layout differs from ECMAScript's.
    private static func shortestDigits(_ value: Double) -> (digits: [UInt8], point: Int) {
        var digits: [UInt8] = []
        var integerDigits: Int?
        var exponent = 0
        var description = Array(value.description.utf8)[...]
        while let byte = description.popFirst() {
            switch byte {
            case UInt8(ascii: "."):
                integerDigits = digits.count
            case UInt8(ascii: "e"):
                exponent = Int(String(decoding: description, as: UTF8.self)) ?? 0
                description = []
            default:
                digits.append(byte)
            }
        }
        let leadingZeros = digits.prefix { $0 == UInt8(ascii: "0") }.count
        let point = (integerDigits ?? digits.count) + exponent - leadingZeros
        digits.removeFirst(leadingZeros)
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        return (digits, point)
    }
}
