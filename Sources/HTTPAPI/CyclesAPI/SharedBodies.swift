// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import StrictJSON

extension JSONWriter {
    /// An amount (runtime digest 2.3 and 2.4).
    mutating func amount(_ key: StaticString, _ amount: Int64, _ unit: BudgetUnit) {
        self.key(key)
        beginObject()
        self.key("unit")
        string(unit.rawValue)
        self.key("amount")
        int(amount)
        endObject()
    }

    /// An array of strings.
    mutating func strings(_ key: StaticString, _ values: [ArraySlice<UInt8>]) {
        self.key(key)
        beginArray()
        for value in values { string(value) }
        endArray()
    }

    /// Balances, one row a ledger, every field present (runtime digest 2.11).
    mutating func balances(_ rows: [LedgerRow]) {
        key("balances")
        beginArray()
        for row in rows { balance(row) }
        endArray()
    }

    private mutating func balance(_ row: LedgerRow) {
        beginObject()
        key("scope")
        string(row.path)
        key("scope_path")
        string(row.path)
        amount("remaining", row.state.remaining, row.unit)
        amount("reserved", row.state.reserved, row.unit)
        amount("spent", row.state.spent, row.unit)
        amount("debt", row.state.debt, row.unit)
        amount("allocated", row.state.allocated, row.unit)
        amount("overdraft_limit", row.state.overdraftLimit, row.unit)
        key("is_over_limit")
        bool(row.state.isOverLimit)
        endObject()
    }

    /// A member whose value is JSON text kept as it was sent; nothing when it was absent.
    mutating func stored(_ key: StaticString, _ json: ArraySlice<UInt8>) {
        guard !json.isEmpty else { return }
        self.key(key)
        raw(json)
    }
}
