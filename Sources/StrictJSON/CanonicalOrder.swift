// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// One member of an object on its way to its place.
struct CanonicalMember {
    /// Index of the key on the tape.
    var key: UInt32
    /// Where the decoded key begins and ends, in the document or, if it has escapes, among the decoded keys.
    var start: UInt32
    var end: UInt32
    var isDecoded: Bool
}

/// The order of members in RFC 8785: by the UTF-16 code units of their decoded keys.
extension CanonicalWriter {
    /// Up to this many members are sorted by insertion, which does next to nothing to members in order already.
    private static let insertionMembersMax = 16

    /// Adds an object's members, sorted, and returns their positions.
    mutating func pushMembers(of object: Int) -> Range<Int> {
        let first = entries.count
        var key = object + 1
        let end = Int(nodes[object].next)
        while key < end {
            entries.append(member(key))
            key = Int(nodes[key + 1].next)
        }
        let range = first..<entries.count
        if range.count <= Self.insertionMembersMax {
            insertionSort(range)
        } else {
            let sorted = entries[range].sorted { precedes($0, $1) }
            entries.replaceSubrange(range, with: sorted)
        }
        return range
    }

    private mutating func member(_ key: Int) -> CanonicalMember {
        let content = nodes[key].content
        guard nodes[key].isEscaped else {
            return CanonicalMember(
                key: UInt32(key), start: UInt32(content.lowerBound), end: UInt32(content.upperBound), isDecoded: false
            )
        }
        let start = UInt32(decodedKeys.count)
        StringText.appendDecoded(bytes[content], to: &decodedKeys)
        return CanonicalMember(key: UInt32(key), start: start, end: UInt32(decodedKeys.count), isDecoded: true)
    }

    private mutating func insertionSort(_ range: Range<Int>) {
        for position in range.dropFirst() {
            let member = entries[position]
            var hole = position
            while hole > range.lowerBound, precedes(member, entries[hole - 1]) {
                entries[hole] = entries[hole - 1]
                hole -= 1
            }
            if hole < position { entries[hole] = member }
        }
    }

    private func precedes(_ one: CanonicalMember, _ other: CanonicalMember) -> Bool {
        let shared = min(one.end - one.start, other.end - other.start)
        for offset in 0..<shared {
            let left = byte(one, offset)
            let right = byte(other, offset)
            if left != right { return Self.rank(left) < Self.rank(right) }
        }
        return one.end - one.start < other.end - other.start
    }

    private func byte(_ member: CanonicalMember, _ offset: UInt32) -> UInt8 {
        member.isDecoded ? decodedKeys[Int(member.start + offset)] : bytes[Int(member.start + offset)]
    }

    /// UTF-8 sorts as UTF-16 does but for one thing: characters beyond the basic plane (lead bytes from F0) are
    /// surrogates there, and so come before U+E000 to U+FFFF (lead bytes EE and EF).
    private static func rank(_ byte: UInt8) -> UInt8 {
        byte == 0xEE || byte == 0xEF ? byte + 0x10 : byte
    }
}
