// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Writes JSON text into a byte array, commas included.
///
/// It writes what it is told in the order it is told: that members have keys and that everything begun is ended is the
/// caller's to get right, and only asserted. Strings come out as valid JSON whatever bytes are given.
package struct JSONWriter {
    private var out: [UInt8]
    private var needsComma = false
    private var depth = 0

    /// An empty text with room for `capacity` bytes.
    package init(capacity: Int = 512) {
        out = []
        out.reserveCapacity(capacity)
    }

    /// Bytes written so far.
    package var count: Int { out.count }

    /// The finished text.
    package consuming func finish() -> [UInt8] {
        assert(depth == 0, "an object or array was begun and not ended")
        return out
    }

    /// Begins an object.
    package mutating func beginObject() { begin(UInt8(ascii: "{")) }

    /// Ends the innermost object.
    package mutating func endObject() { end(UInt8(ascii: "}")) }

    /// Begins an array.
    package mutating func beginArray() { begin(UInt8(ascii: "[")) }

    /// Ends the innermost array.
    package mutating func endArray() { end(UInt8(ascii: "]")) }

    /// The key of the next value, one of ours: plain ASCII that needs no escape.
    package mutating func key(_ name: StaticString) {
        if needsComma { out.append(UInt8(ascii: ",")) }
        out.append(UInt8(ascii: "\""))
        name.withUTF8Buffer {
            assert(StringText.endOfPlainRun($0.span, from: 0) == $0.count, "key needs escapes")
            out.append(contentsOf: $0)
        }
        out.append(UInt8(ascii: "\""))
        out.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// The key of the next value, stored bytes.
    package mutating func key(_ name: ArraySlice<UInt8>) {
        quoted(name.span)
        out.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// The key of the next value, stored bytes.
    package mutating func key(_ name: [UInt8]) { key(name[...]) }

    /// A string of stored bytes; what is not well-formed UTF-8 in them becomes U+FFFD.
    package mutating func string(_ bytes: [UInt8]) { quoted(bytes.span) }

    /// A string of stored bytes; what is not well-formed UTF-8 in them becomes U+FFFD.
    package mutating func string(_ bytes: ArraySlice<UInt8>) { quoted(bytes.span) }

    /// A string of ours.
    package mutating func string(_ text: StaticString) {
        text.withUTF8Buffer { quoted($0.span) }
    }

    /// A string.
    package mutating func string(_ text: String) {
        var text = text
        text.withUTF8 { quoted($0.span) }
    }

    /// An integer.
    package mutating func int(_ value: Int64) {
        separate()
        Self.appendDecimal(value, to: &out)
    }

    /// A number in the shortest form that reads back as the same double; `null` if it is not finite.
    package mutating func double(_ value: Double) {
        guard value.isFinite else { return null() }
        separate()
        ECMANumber.append(value, to: &out)
    }

    /// `true` or `false`.
    package mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }

    /// `null`.
    package mutating func null() { raw("null") }

    /// A value that is JSON text already, such as `JSONValue.raw`.
    package mutating func raw(_ json: ArraySlice<UInt8>) {
        separate()
        out.append(contentsOf: json)
    }

    /// A value that is JSON text already.
    package mutating func raw(_ json: [UInt8]) { raw(json[...]) }

    private mutating func raw(_ json: StaticString) {
        separate()
        json.withUTF8Buffer { out.append(contentsOf: $0) }
    }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        out.append(bracket)
        needsComma = false
        depth += 1
    }

    private mutating func end(_ bracket: UInt8) {
        assert(depth > 0, "nothing is begun here")
        out.append(bracket)
        needsComma = true
        depth -= 1
    }

    private mutating func quoted(_ bytes: Span<UInt8>) {
        separate()
        out.append(UInt8(ascii: "\""))
        StringText.appendEscaped(bytes, to: &out)
        out.append(UInt8(ascii: "\""))
    }

    private mutating func separate() {
        if needsComma { out.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}
