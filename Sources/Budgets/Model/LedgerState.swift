// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import StrictJSON

/// One ledger's numbers at a moment; every amount is 0 to 2^63-1 in micro-units of its unit.
package struct LedgerState: Hashable, Sendable {
    package var allocated: Int64
    package var reserved: Int64
    package var spent: Int64
    package var debt: Int64
    package var overdraftLimit: Int64
    /// Letters of C closed, F frozen, O over limit, then its own overage policy r, i or o, or 0 for none.
    package var flags: [UInt8]

    /// A new ledger.
    package init(allocated: Int64, overdraftLimit: Int64) {
        self.allocated = allocated
        reserved = 0
        spent = 0
        debt = 0
        self.overdraftLimit = overdraftLimit
        flags = [48]
    }

    /// The state of six texts as scripts send them; nil when one is no int64.
    package init?(_ fields: ArraySlice<[UInt8]>) {
        let fields = Array(fields)
        guard fields.count == 6, let a = Self.amount(fields[0]), let r = Self.amount(fields[1]),
            let s = Self.amount(fields[2]), let d = Self.amount(fields[3]),
            let o = Self.amount(fields[4]), min(a, r, s, d, o) >= 0
        else { return nil }
        allocated = a
        reserved = r
        spent = s
        debt = d
        overdraftLimit = o
        flags = fields[5]
    }

    /// The stored text "a r s d o f" of a ledger; nil when it is none.
    package init?(stored: [UInt8]) { self.init(stored.split(separator: 32).map(Array.init)[...]) }

    /// Digits within int64; unlike an amount of a client, leading zeros do no harm here.
    private static func amount(_ text: [UInt8]) -> Int64? {
        parseDecimalInt64(text.count > 1 ? text.drop { $0 == 48 } : text[...])
            ?? (text.allSatisfy { $0 == 48 } ? 0 : nil)
    }

    /// allocated - spent - reserved - debt (runtime digest 3.1); saturates, which no sum of stored ledgers reaches
    /// unless three of them are near the limit of int64.
    package var remaining: Int64 {
        var rest = allocated
        for part in [spent, reserved, debt] {
            let (value, overflow) = rest.subtractingReportingOverflow(part)
            rest = overflow ? Int64.min : value
        }
        return rest
    }

    /// Whether reservations are refused until the debt is repaid or the ledger is reset.
    package var isOverLimit: Bool {
        get { flags.contains(79) }
        set {
            guard newValue != isOverLimit else { return }
            if newValue {
                flags.insert(79, at: 0)
            } else {
                flags.removeAll { $0 == 79 }
            }
        }
    }

    /// Whether the ledger is closed for good.
    package var isClosed: Bool { flags.contains(67) }

    /// Whether the ledger is frozen.
    package var isFrozen: Bool { flags.contains(70) }

    /// Its own overage policy.
    package var policy: OveragePolicy? {
        guard let last = flags.last, last >= 97 else { return nil }
        return OveragePolicy(letter: last)
    }
}

/// A ledger's state with its place.
package struct LedgerRow: Hashable, Sendable {
    /// The scope path.
    package let path: [UInt8]
    /// What it counts.
    package let unit: BudgetUnit
    /// Its numbers.
    package let state: LedgerState

    /// A row of these parts.
    package init(path: [UInt8], unit: BudgetUnit, state: LedgerState) {
        self.path = path
        self.unit = unit
        self.state = state
    }
}
