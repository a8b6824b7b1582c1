// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Reads that check type and range and name the field when it does not fit.
extension JSONValue {
    /// The decoded bytes of a string whose length in Unicode scalars is within `characters`.
    package func checkedString(characters: ClosedRange<Int>) throws(FieldError) -> [UInt8] {
        if let slice = stringSlice() {
            var scalars = 0
            for byte in slice where byte & 0xC0 != 0x80 { scalars += 1 }
            if characters.contains(scalars) { return Array(slice) }
        }
        throw fieldError("must be a string of \(Self.lengthPhrase(characters, "character"))")
    }

    /// An integer literal within `range`.
    package func checkedInt64(in range: ClosedRange<Int64>) throws(FieldError) -> Int64 {
        if let value = int64(), range.contains(value) { return value }
        throw fieldError("must be an integer from \(range.lowerBound) to \(range.upperBound)")
    }

    /// A number within `range`, written in any way JSON allows.
    package func checkedDouble(in range: ClosedRange<Double>) throws(FieldError) -> Double {
        if let value = double(), range.contains(value) { return value }
        throw fieldError("must be a number from \(range.lowerBound) to \(range.upperBound)")
    }

    /// `true` or `false`.
    package func checkedBool() throws(FieldError) -> Bool {
        guard let value = bool() else { throw fieldError("must be true or false") }
        return value
    }

    /// This value, an object.
    package func checkedObject() throws(FieldError) -> JSONValue {
        guard kind == .object else { throw fieldError("must be an object") }
        return self
    }

    /// The elements of an array that has a number of them within `count`.
    package func checkedArray(count range: ClosedRange<Int>) throws(FieldError) -> JSONElements {
        guard kind == .array, range.contains(count) else {
            throw fieldError("must be an array of \(Self.lengthPhrase(range, "element"))")
        }
        return elements
    }

    /// The case whose raw value, in ASCII, is this string, byte for byte.
    package func checkedEnum<Choice>(_: Choice.Type = Choice.self) throws(FieldError) -> Choice
    where Choice: RawRepresentable & CaseIterable, Choice.RawValue == String {
        if let word = asciiWord(), let choice = Choice(rawValue: word) { return choice }
        throw choiceError(Choice.allCases.map(\.rawValue))
    }

    /// A string of ASCII characters only. Among those, Swift's equality is equality of bytes; beyond, the Kelvin sign
    /// would pass for a K.
    private func asciiWord() -> String? {
        guard let slice = stringSlice(), slice.allSatisfy({ $0 < 0x80 }) else { return nil }
        return String(decoding: slice, as: UTF8.self)
    }

    /// The error for a value that is none of the words allowed.
    private func choiceError(_ allowed: [String]) -> FieldError {
        fieldError("must be one of \(allowed.joined(separator: ", "))")
    }

    private static func lengthPhrase(_ range: ClosedRange<Int>, _ unit: String) -> String {
        let words = { (count: Int) in "\(count) \(unit)\(count == 1 ? "" : "s")" }
        if range.lowerBound == range.upperBound { return words(range.upperBound) }
        if range.lowerBound == 0 { return "at most \(words(range.upperBound))" }
        if range.upperBound == .max { return "at least \(words(range.lowerBound))" }
        return "\(range.lowerBound) to \(words(range.upperBound))"
    }
}
