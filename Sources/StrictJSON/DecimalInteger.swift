// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The value of a decimal integer that fills the whole slice: digits with an optional `-`, no leading zeros, no `+`, no
/// `-0`; nil for anything else and for what does not fit.
package func parseDecimalInt64(_ text: ArraySlice<UInt8>) -> Int64? {
    guard let first = text.first else { return nil }
    let isNegative = first == UInt8(ascii: "-")
    let digits = isNegative ? text.dropFirst() : text
    guard let lead = digits.first, digits.count <= 19 else { return nil }
    if lead == UInt8(ascii: "0") { return digits.count == 1 && !isNegative ? 0 : nil }
    // Nineteen digits always fit the unsigned type.
    var magnitude: UInt64 = 0
    for byte in digits {
        let digit = byte &- UInt8(ascii: "0")
        guard digit < 10 else { return nil }
        magnitude = magnitude &* 10 &+ UInt64(digit)
    }
    if !isNegative { return Int64(exactly: magnitude) }
    return magnitude <= Int64.min.magnitude ? 0 &- Int64(truncatingIfNeeded: magnitude) : nil
}

/// The value of a decimal integer that fills the whole array; see the overload for slices.
package func parseDecimalInt64(_ text: [UInt8]) -> Int64? { parseDecimalInt64(text[...]) }

extension JSONWriter {
    /// Appends an integer in decimal, the form `parseDecimalInt64` reads.
    package static func appendDecimal(_ value: Int64, to out: inout [UInt8]) {
        var rest = value.magnitude
        if value < 0 { out.append(UInt8(ascii: "-")) }
        if rest < 10 { return out.append(UInt8(ascii: "0") + UInt8(rest)) }
        let start = out.count
        while rest > 0 {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            out.append(UInt8(ascii: "0") + UInt8(digit))
            rest = quotient
        }
        // The digits came out last first.
        var low = start
        var high = out.count - 1
        while low < high {
            out.swapAt(low, high)
            low += 1
            high -= 1
        }
    }
}
