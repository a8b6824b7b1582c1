// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets

/// The amounts that live reservations hold, by ledger.
struct ReservedSums {
    private struct Sum {
        var amount: Int128 = 0
        var reservations = 0
    }

    private var sums: [LedgerEntry: Sum] = [:]

    /// The ledgers with at least one reservation.
    var entries: some Collection<LedgerEntry> { sums.keys }

    /// Counts a reservation in every ledger it names; one that cannot be read counts nowhere.
    mutating func add(_ record: BudgetRecord) {
        for row in record.openingBalances ?? [] {
            sums[LedgerEntry(path: row.path, unit: row.unit), default: Sum()].amount += Int128(record.amount)
            sums[LedgerEntry(path: row.path, unit: row.unit), default: Sum()].reservations += 1
        }
    }

    /// The amount and the number of reservations of a ledger.
    func sum(of entry: LedgerEntry) -> (amount: Int128, reservations: Int) {
        sums[entry].map { ($0.amount, $0.reservations) } ?? (0, 0)
    }
}
