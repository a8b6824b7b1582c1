// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import StrictJSON

/// A JSON object for the server, member by member; what is nil is left out.
struct RequestBody {
    private var writer = JSONWriter(capacity: 256)
    /// Whether nothing was put in.
    private(set) var isEmpty = true

    init() { writer.beginObject() }

    private mutating func key(_ name: StaticString) {
        isEmpty = false
        writer.key(name)
    }

    mutating func set(_ name: StaticString, _ text: String?) {
        guard let text else { return }
        key(name)
        writer.string(text)
    }

    mutating func set(_ name: StaticString, _ number: Int64?) {
        guard let number else { return }
        key(name)
        writer.int(number)
    }

    mutating func set(_ name: StaticString, _ number: Double?) {
        guard let number else { return }
        key(name)
        writer.double(number)
    }

    mutating func set(_ name: StaticString, _ flag: Bool?) {
        guard let flag else { return }
        key(name)
        writer.bool(flag)
    }

    /// An array of numbers; an empty one is left out.
    mutating func set(_ name: StaticString, _ numbers: [Double]) {
        guard !numbers.isEmpty else { return }
        key(name)
        writer.beginArray()
        for number in numbers { writer.double(number) }
        writer.endArray()
    }

    /// An array; an empty one is left out, unless it is to replace what is there.
    mutating func set(_ name: StaticString, _ texts: [String], evenEmpty: Bool = false) {
        guard !texts.isEmpty || evenEmpty else { return }
        key(name)
        writer.beginArray()
        for text in texts { writer.string(text) }
        writer.endArray()
    }

    mutating func set(_ name: StaticString, _ amount: Int64?, in unit: UnitWord) {
        guard let amount else { return }
        key(name)
        writer.beginObject()
        writer.key("unit")
        writer.string(unit.rawValue)
        writer.key("amount")
        writer.int(amount)
        writer.endObject()
    }

    /// An object of strings.
    mutating func set(_ name: StaticString, _ pairs: [KeyValue]) {
        guard !pairs.isEmpty else { return }
        key(name)
        writer.beginObject()
        for pair in pairs {
            writer.key([UInt8](pair.key.utf8))
            writer.string(pair.value)
        }
        writer.endObject()
    }

    /// An object made elsewhere; an empty one is left out.
    mutating func set(_ name: StaticString, _ object: RequestBody) {
        guard !object.isEmpty else { return }
        key(name)
        writer.raw(object.bytes)
    }

    /// Takes back what is there.
    mutating func setNull(_ name: StaticString) {
        key(name)
        writer.null()
    }

    /// The object.
    var bytes: [UInt8] {
        var copy = writer
        copy.endObject()
        return copy.finish()
    }
}
