// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// RFC 8785 canonical text: two documents that mean the same have the same bytes.
///
/// One deviation: integer literals of up to 19 digits are taken as they are, so no Int64 loses a digit. Other numbers
/// are the shortest form of the nearest double; those beyond the range of doubles keep their text.
package enum CanonicalJSON {
    /// Appends the canonical text of a value to `out`.
    package static func append(_ value: JSONValue, to out: inout [UInt8]) {
        // The bytes move into the writer and back, so that nothing is copied.
        var writer = CanonicalWriter(value.document.tape, out: &out)
        writer.write(value.index)
        writer.finish(&out)
    }

    /// The canonical text of a value.
    package static func bytes(of value: JSONValue) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(value.raw.count)
        append(value, to: &out)
        return out
    }
}

/// One canonical text in the making.
///
/// Most of it stands in the document already, only in another order. So what is to be written next is first kept as a
/// run of the document's bytes, which grows as long as the document goes on with the same bytes, and is copied at once.
struct CanonicalWriter {
    let bytes: [UInt8]
    let nodes: [JSONNode]
    var out: [UInt8] = []
    private var run = 0..<0
    /// Members of the objects being written, each object's own sorted; nested objects stack, so that an object costs
    /// no allocation.
    var entries: [CanonicalMember] = []
    /// Keys that have escapes, decoded.
    var decodedKeys: [UInt8] = []

    /// Takes over the bytes of `out`; they are given back by `finish`.
    init(_ tape: JSONTape, out: inout [UInt8]) {
        bytes = tape.bytes
        nodes = tape.nodes
        // Room for the members of a usual body.
        entries.reserveCapacity(32)
        swap(&self.out, &out)
    }

    mutating func finish(_ out: inout [UInt8]) {
        flush()
        swap(&self.out, &out)
    }

    /// Recursion is bounded by the depth the parser accepts.
    mutating func write(_ index: Int) {
        let node = nodes[index]
        switch node.kind {
        case .object:
            writeObject(index)
        case .array:
            writeArray(index, end: Int(node.next))
        case .string:
            writeString(node)
        case .number:
            writeNumber(node)
        case .true, .false, .null:
            copy(node.range)
        }
    }

    private mutating func writeArray(_ index: Int, end: Int) {
        put(UInt8(ascii: "["))
        var element = index + 1
        while element < end {
            if element > index + 1 { put(UInt8(ascii: ",")) }
            write(element)
            element = Int(nodes[element].next)
        }
        put(UInt8(ascii: "]"))
    }

    private mutating func writeObject(_ index: Int) {
        put(UInt8(ascii: "{"))
        let decodedCount = decodedKeys.count
        let sorted = pushMembers(of: index)
        for position in sorted {
            if position > sorted.lowerBound { put(UInt8(ascii: ",")) }
            let key = Int(entries[position].key)
            writeString(nodes[key])
            put(UInt8(ascii: ":"))
            write(key + 1)
        }
        entries.removeLast(sorted.count)
        if decodedKeys.count > decodedCount { decodedKeys.removeLast(decodedKeys.count - decodedCount) }
        put(UInt8(ascii: "}"))
    }

    private mutating func writeString(_ node: JSONNode) {
        // Text without escapes has nothing in it that the canonical form would escape.
        guard node.isEscaped else { return copy(node.range) }
        put(UInt8(ascii: "\""))
        flush()
        StringText.appendEscaped(StringText.decoded(bytes, node).span, to: &out)
        put(UInt8(ascii: "\""))
    }

    private mutating func writeNumber(_ node: JSONNode) {
        let range = node.range
        let isNegative = bytes[range.lowerBound] == UInt8(ascii: "-")
        if node.isIntegerLiteral {
            let digits = isNegative ? range.dropFirst() : range
            if isNegative, bytes[digits.lowerBound] == UInt8(ascii: "0") { return copy(digits) }
            if digits.count <= 19 { return copy(range) }
        }
        guard let value = Double(String(decoding: bytes[range], as: UTF8.self)), value.isFinite else {
            return copy(range)
        }
        flush()
        ECMANumber.append(value, to: &out)
    }

    /// Writes a range of the document.
    private mutating func copy(_ range: Range<Int>) {
        if range.lowerBound != run.upperBound {
            flush()
            run = range
        } else {
            run = run.lowerBound..<range.upperBound
        }
    }

    /// Writes one byte, as part of the run if the document has the same byte there.
    private mutating func put(_ byte: UInt8) {
        if run.upperBound < bytes.count, bytes[run.upperBound] == byte {
            run = run.lowerBound..<run.upperBound + 1
        } else {
            flush()
            out.append(byte)
        }
    }

    private mutating func flush() {
        if run.isEmpty { return }
        out.append(contentsOf: bytes[run])
        run = run.upperBound..<run.upperBound
    }
}
