// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets

/// Which ledger: a path and a unit.
struct LedgerEntry: Hashable, Sendable {
    let path: [UInt8]
    let unit: BudgetUnit

    init(path: [UInt8], unit: BudgetUnit) {
        self.path = path
        self.unit = unit
    }

    /// Reads an entry of a tenant's directory; nil when it is none.
    init?(_ entry: [UInt8]) {
        guard let last = entry.last, let unit = BudgetUnit(letter: last), entry.count > 2,
            entry[entry.count - 2] == 0, !entry.dropLast(2).contains(0)
        else { return nil }
        path = Array(entry.dropLast(2))
        self.unit = unit
    }

    /// The entry as the directory has it.
    var bytes: [UInt8] { path + [0, unit.letter] }

    var subject: VerifiedSubject { .ledger(bytes) }
}
