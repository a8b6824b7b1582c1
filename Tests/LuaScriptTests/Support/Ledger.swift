// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport

/// A ledger: the string "a r s d o f" of five amounts and the flags (lua/budget/include/ledger.lua).
struct Ledger: Hashable, Sendable {
    var allocated: Int64
    var reserved: Int64 = 0
    var spent: Int64 = 0
    var debt: Int64 = 0
    var limit: Int64 = 0
    var flags: ByteText = "0"

    init(
        _ allocated: Int64, reserved: Int64 = 0, spent: Int64 = 0, debt: Int64 = 0, limit: Int64 = 0,
        flags: ByteText = "0"
    ) {
        self.allocated = allocated
        self.reserved = reserved
        self.spent = spent
        self.debt = debt
        self.limit = limit
        self.flags = flags
    }

    /// The ledger that a string holds, or nil.
    init?(_ text: ByteText?) {
        guard let words = text?.split(UInt8(ascii: " ")), words.count == 6 else { return nil }
        let numbers = words.dropLast().compactMap(\.number)
        guard numbers.count == 5 else { return nil }
        self.init(
            numbers[0], reserved: numbers[1], spent: numbers[2], debt: numbers[3], limit: numbers[4], flags: words[5])
    }

    /// The fields in their order.
    var words: [ByteText] {
        let numbers = [self.allocated, self.reserved, self.spent, self.debt, self.limit].map { ByteText($0) }
        return numbers + [self.flags]
    }

    /// What Redis holds.
    var text: ByteText { self.words.joined(" ") }

    /// allocated - spent - reserved - debt, exactly.
    var remaining: Int128 {
        Int128(self.allocated) - Int128(self.spent) - Int128(self.reserved) - Int128(self.debt)
    }

    /// Whether `O` is among the flags.
    var isOverLimit: Bool { self.flags.bytes.contains(UInt8(ascii: "O")) }

    /// The same with every amount so many times as large.
    func scaled(by factor: Int64) -> Ledger {
        Ledger(
            self.allocated * factor, reserved: self.reserved * factor, spent: self.spent * factor,
            debt: self.debt * factor, limit: self.limit * factor, flags: self.flags)
    }
}

/// The ledgers in a record: `<path length, 3 digits> a r s d o f;` each, in a finished one with its effect letter.
func snapshotText(_ entries: [(path: ByteText, ledger: Ledger)], effects: [ByteText] = []) -> ByteText {
    let parts = entries.enumerated().map { index, entry in
        let words = [padded(Int64(entry.path.count), 3)] + entry.ledger.words
        return (words + (index < effects.count ? [effects[index]] : [])).joined(" ") + ";"
    }
    return parts.joined("")
}
