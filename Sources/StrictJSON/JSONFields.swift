// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Reads the members of one object by name, remembers which were asked for, and reports errors by field.
///
/// Reading in the order usual clients send is fastest: each search begins after the member found last.
package struct JSONFields {
    private let object: JSONValue
    private let caseInsensitiveKeys: Bool
    private let nullIsAbsent: Bool
    /// Bit n is set when the n-th member was asked for. Later members are found but never marked.
    private var seen: UInt64 = 0
    private let count: Int
    private var nextKey: Int
    private var nextOrdinal = 0

    /// Begins to read an object; throws if the value is none.
    ///
    /// With `caseInsensitiveKeys` ASCII letters of keys match in either case, and an object that gives a field in two
    /// spellings is refused when the field is read. With `nullIsAbsent` an explicit `null` counts as no member; else it
    /// is a value of the wrong type.
    package init(
        _ value: JSONValue, caseInsensitiveKeys: Bool = false, nullIsAbsent: Bool = false
    ) throws(FieldError) {
        object = try value.checkedObject()
        count = value.count
        nextKey = value.index + 1
        self.caseInsensitiveKeys = caseInsensitiveKeys
        self.nullIsAbsent = nullIsAbsent
    }

    /// The value of a member, or nil if absent.
    package mutating func optional(_ name: StaticString) throws(FieldError) -> JSONValue? {
        let found = caseInsensitiveKeys ? try findFolded(name) : find(name)
        if let found, nullIsAbsent, found.isNull { return nil }
        return found
    }

    /// The value of a member that must be there.
    package mutating func required(_ name: StaticString) throws(FieldError) -> JSONValue {
        guard let value = try optional(name) else { throw fieldError(name, "is required") }
        return value
    }

    /// Ends reading a closed object: throws for the first member that was not asked for, or if there are more than 64.
    package func finish() throws(FieldError) {
        // All bits of all members, which for 64 and more shifts to all ones.
        if count <= UInt64.bitWidth, seen == ~(UInt64.max << UInt64(count)) { return }
        var ordinal = 0
        for member in object.members {
            guard ordinal < UInt64.bitWidth, seen & 1 << UInt64(ordinal) != 0 else {
                throw member.key.fieldError("is not a known field")
            }
            ordinal += 1
        }
    }

    /// An error about a field of this object, present or not.
    package func fieldError(_ name: StaticString, _ problem: String) -> FieldError {
        FieldError(path: FieldPath.joined(object.path, name.description), problem: problem)
    }

    /// Reading of a nested object with the same rules.
    func nested(_ value: JSONValue) throws(FieldError) -> JSONFields {
        try JSONFields(value, caseInsensitiveKeys: caseInsensitiveKeys, nullIsAbsent: nullIsAbsent)
    }

    private mutating func find(_ name: StaticString) -> JSONValue? {
        let key = name.withUTF8Buffer { findKey($0) }
        return key.map { JSONValue(document: object.document, index: $0 + 1) }
    }

    /// Looks at every member once, beginning after the one found last. Works on the tape: no views, no counts.
    private mutating func findKey(_ name: UnsafeBufferPointer<UInt8>) -> Int? {
        let tape = object.document.tape
        for _ in 0..<count {
            if nextOrdinal == count {
                nextOrdinal = 0
                nextKey = object.index + 1
            }
            let key = nextKey
            let ordinal = nextOrdinal
            nextOrdinal += 1
            nextKey = Int(tape.nodes[key + 1].next)
            if tape.isString(at: key, name, folding: false) {
                mark(ordinal)
                return key
            }
        }
        return nil
    }

    private mutating func findFolded(_ name: StaticString) throws(FieldError) -> JSONValue? {
        var found: JSONValue?
        var ordinal = 0
        for member in object.members {
            if member.key.isString(name, folding: true) {
                if found != nil { throw fieldError(name, "is given twice in different spellings") }
                mark(ordinal)
                found = member.value
            }
            ordinal += 1
        }
        return found
    }

    private mutating func mark(_ ordinal: Int) {
        if ordinal < UInt64.bitWidth { seen |= 1 << UInt64(ordinal) }
    }
}
