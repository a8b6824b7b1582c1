// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The words of a command gathered in one buffer, so that a hot path makes no array per word.
///
/// Keep one per event loop and reuse it: ``removeAll()`` keeps the memory.
package struct RedisArguments: Sendable {
    /// All words, one after the other.
    private(set) var bytes: [UInt8] = []
    /// The length of each word; `Int` has the size of C's `size_t`.
    private(set) var lengths: [Int] = []

    /// An empty list.
    package init() {}

    /// An empty list with room for so many bytes and words.
    package init(reservingBytes bytes: Int, words: Int) {
        self.bytes.reserveCapacity(bytes)
        self.lengths.reserveCapacity(words)
    }

    /// Begins `EVALSHA sha keyCount`: append the keys, then the arguments.
    package init(evalsha sha: [UInt8], keyCount: Int, reservingBytes bytes: Int = 512, words: Int = 32) {
        self.init(reservingBytes: bytes + sha.count + 16, words: words + 3)
        self.begin(evalsha: sha, keyCount: keyCount)
    }

    /// How many words there are.
    package var count: Int { self.lengths.count }

    /// Forgets all words and keeps the memory.
    package mutating func removeAll() {
        self.bytes.removeAll(keepingCapacity: true)
        self.lengths.removeAll(keepingCapacity: true)
    }

    /// Forgets all words and begins `EVALSHA sha keyCount`.
    package mutating func begin(evalsha sha: [UInt8], keyCount: Int) {
        self.removeAll()
        self.append("EVALSHA")
        self.append(sha)
        self.append(decimal: Int64(keyCount))
    }

    /// Adds a word of bytes.
    package mutating func append(_ word: [UInt8]) {
        self.bytes.append(contentsOf: word)
        self.lengths.append(word.count)
    }

    /// Adds a word that is part of a larger buffer.
    package mutating func append(_ word: ArraySlice<UInt8>) {
        self.bytes.append(contentsOf: word)
        self.lengths.append(word.count)
    }

    /// Adds a word that is part of a larger buffer; the bytes are copied at once.
    package mutating func append(_ word: UnsafeRawBufferPointer) {
        self.bytes.append(contentsOf: word)
        self.lengths.append(word.count)
    }

    /// Adds a word of text, as UTF-8.
    package mutating func append(_ word: String) {
        let start = self.bytes.count
        self.bytes.append(contentsOf: word.utf8)
        self.lengths.append(self.bytes.count - start)
    }

    /// Adds a number in decimal digits.
    package mutating func append(decimal value: Int64) {
        let start = self.bytes.count
        if value < 0 { self.bytes.append(UInt8(ascii: "-")) }
        let firstDigit = self.bytes.count
        var rest = value.magnitude
        repeat {
            self.bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        self.bytes[firstDigit...].reverse()
        self.lengths.append(self.bytes.count - start)
    }
}
