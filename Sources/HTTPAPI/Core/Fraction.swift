// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import StrictJSON

/// A number as a fraction, compared exactly: quotients of amounts beyond 2^53 may round to the same, products do not.
struct Fraction: Comparable, Sendable {
    var number: Int64 = 0
    /// Greater than 0.
    var divisor: Int64 = 1

    /// This fraction.
    init(_ number: Int64 = 0, over divisor: Int64 = 1) {
        self.number = number
        self.divisor = divisor
    }

    /// Reads a number without sign in plain decimal notation, of at most 18 digits that count; nil for anything else.
    init?(decimal text: [UInt8]) {
        let parts = text.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        var decimals = parts.count > 1 ? parts[1] : []
        guard text.contains(where: Self.isDigit), parts.allSatisfy({ $0.allSatisfy(Self.isDigit) }) else { return nil }
        while decimals.last == UInt8(ascii: "0") { decimals.removeLast() }
        let digits = (parts[0] + decimals).drop { $0 == UInt8(ascii: "0") }
        guard decimals.count <= 18, digits.count <= 18 else { return nil }
        guard let number = digits.isEmpty ? 0 : parseDecimalInt64(digits) else { return nil }
        self.number = number
        for _ in decimals { divisor *= 10 }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    static func == (one: Fraction, other: Fraction) -> Bool {
        one.number.multipliedFullWidth(by: other.divisor) == other.number.multipliedFullWidth(by: one.divisor)
    }

    static func < (one: Fraction, other: Fraction) -> Bool {
        one.number.multipliedFullWidth(by: other.divisor) < other.number.multipliedFullWidth(by: one.divisor)
    }
}
