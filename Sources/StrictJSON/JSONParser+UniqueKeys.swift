// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

extension JSONParser {
    /// Up to this many members every pair of keys is compared, which beats hashing and stays linear in the text. Keys
    /// with escapes are not compared in pairs, since each comparison would decode them again.
    private static let pairwiseMembersMax = 16

    /// Refuses an object, complete but for its closing entry, that has two keys with the same decoded bytes.
    func checkUniqueKeys(of object: Int) throws(JSONSyntaxError) {
        let count = Int(nodes[object].count)
        if count < 2 { return }
        if count <= Self.pairwiseMembersMax, !nodes[object].isEscaped {
            try comparePairs(of: object)
        } else {
            try compareHashes(of: object, count: count)
        }
    }

    private func comparePairs(of object: Int) throws(JSONSyntaxError) {
        var later = nextKey(after: object + 1)
        while later < nodes.count {
            let key = nodes[later]
            var earlier = object + 1
            while earlier < later {
                if keysEqual(nodes[earlier], key) { throw duplicate(key) }
                earlier = nextKey(after: earlier)
            }
            later = nextKey(after: later)
        }
    }

    /// Sorts the members by a hash of their keys. The hash is seeded per process, so nobody outside can make
    /// different keys meet; where they do, only the keys of that run are compared.
    private func compareHashes(of object: Int, count: Int) throws(JSONSyntaxError) {
        var entries: [(hash: Int, key: Int)] = []
        entries.reserveCapacity(count)
        var key = object + 1
        while key < nodes.count {
            entries.append((hash(nodes[key]), key))
            key = nextKey(after: key)
        }
        // Ties by position: the second of two equal keys is the one that is named.
        entries.sort { ($0.hash, $0.key) < ($1.hash, $1.key) }
        var first: JSONNode?
        var run = 0
        for index in 1..<entries.count {
            if entries[index].hash != entries[run].hash {
                run = index
                continue
            }
            let candidate = nodes[entries[index].key]
            if let found = first, found.start < candidate.start { continue }
            let repeats = entries[run..<index].contains { keysEqual(nodes[$0.key], candidate) }
            if repeats { first = candidate }
        }
        if let first { throw duplicate(first) }
    }

    private func nextKey(after key: Int) -> Int { Int(nodes[key + 1].next) }

    private func keysEqual(_ one: JSONNode, _ other: JSONNode) -> Bool {
        if one.isEscaped || other.isEscaped {
            return StringText.decoded(bytes, one) == StringText.decoded(bytes, other)
        }
        return one.count == other.count && bytes[one.content] == bytes[other.content]
    }

    private func hash(_ key: JSONNode) -> Int {
        var hasher = Hasher()
        if key.isEscaped {
            StringText.decoded(bytes, key).withUnsafeBytes { hasher.combine(bytes: $0) }
        } else {
            bytes[key.content].withUnsafeBytes { hasher.combine(bytes: $0) }
        }
        return hasher.finalize()
    }

    private func duplicate(_ key: JSONNode) -> JSONSyntaxError {
        JSONSyntaxError(offset: Int(key.start), reason: .duplicateKey)
    }
}
