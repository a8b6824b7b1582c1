// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Fields by type. Each method is the search for a member and the check of its value; see `JSONValue`'s checked reads
/// for what is accepted and `JSONFields.optional` for what counts as absent.
extension JSONFields {
    /// A string, with a length in Unicode scalars within `characters`, as decoded UTF-8 bytes.
    package mutating func requiredString(
        _ name: StaticString, characters: ClosedRange<Int>
    ) throws(FieldError) -> [UInt8] {
        try required(name).checkedString(characters: characters)
    }

    /// A string, or nil if absent.
    package mutating func optionalString(
        _ name: StaticString, characters: ClosedRange<Int>
    ) throws(FieldError) -> [UInt8]? {
        try optional(name)?.checkedString(characters: characters)
    }

    /// An integer within `range`.
    package mutating func requiredInt64(
        _ name: StaticString, in range: ClosedRange<Int64>
    ) throws(FieldError) -> Int64 {
        try required(name).checkedInt64(in: range)
    }

    /// An integer within `range`, or nil if absent.
    package mutating func optionalInt64(
        _ name: StaticString, in range: ClosedRange<Int64>
    ) throws(FieldError) -> Int64? {
        try optional(name)?.checkedInt64(in: range)
    }

    /// A number within `range`.
    package mutating func requiredDouble(
        _ name: StaticString, in range: ClosedRange<Double>
    ) throws(FieldError) -> Double {
        try required(name).checkedDouble(in: range)
    }

    /// A number within `range`, or nil if absent.
    package mutating func optionalDouble(
        _ name: StaticString, in range: ClosedRange<Double>
    ) throws(FieldError) -> Double? {
        try optional(name)?.checkedDouble(in: range)
    }

    /// `true` or `false`.
    package mutating func requiredBool(_ name: StaticString) throws(FieldError) -> Bool {
        try required(name).checkedBool()
    }

    /// `true` or `false`, or nil if absent.
    package mutating func optionalBool(_ name: StaticString) throws(FieldError) -> Bool? {
        try optional(name)?.checkedBool()
    }

    /// An object, for bodies that keep it as it is.
    package mutating func requiredObject(_ name: StaticString) throws(FieldError) -> JSONValue {
        try required(name).checkedObject()
    }

    /// An object, or nil if absent.
    package mutating func optionalObject(_ name: StaticString) throws(FieldError) -> JSONValue? {
        try optional(name)?.checkedObject()
    }

    /// An object to read by field, with the rules of this one.
    package mutating func requiredFields(_ name: StaticString) throws(FieldError) -> JSONFields {
        try nested(try required(name))
    }

    /// An object to read by field, or nil if absent.
    package mutating func optionalFields(_ name: StaticString) throws(FieldError) -> JSONFields? {
        guard let value = try optional(name) else { return nil }
        return try nested(value)
    }

    /// An array with a number of elements within `count`.
    package mutating func requiredArray(
        _ name: StaticString, count: ClosedRange<Int>
    ) throws(FieldError) -> JSONElements {
        try required(name).checkedArray(count: count)
    }

    /// An array, or nil if absent.
    package mutating func optionalArray(
        _ name: StaticString, count: ClosedRange<Int>
    ) throws(FieldError) -> JSONElements? {
        try optional(name)?.checkedArray(count: count)
    }

    /// The case of a string enumeration.
    package mutating func requiredEnum<Choice>(
        _ name: StaticString, _: Choice.Type = Choice.self
    ) throws(FieldError) -> Choice
    where Choice: RawRepresentable & CaseIterable, Choice.RawValue == String {
        try required(name).checkedEnum()
    }

    /// The case of a string enumeration, or nil if absent.
    package mutating func optionalEnum<Choice>(
        _ name: StaticString, _: Choice.Type = Choice.self
    ) throws(FieldError) -> Choice?
    where Choice: RawRepresentable & CaseIterable, Choice.RawValue == String {
        try optional(name)?.checkedEnum()
    }
}
