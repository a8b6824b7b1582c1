// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import SharedKernel
internal import StrictJSON

extension JSONWriter {
    /// A ledger in full (admin digest 1.4, BudgetLedger); metadata is not part of it.
    mutating func ledger(_ detail: LedgerDetail) {
        let (row, terms, state) = (detail.row, detail.terms, detail.row.state)
        beginObject()
        key("ledger_id")
        string(terms.id)
        key("tenant_id")
        string(row.tenant)
        key("scope")
        string(row.path)
        key("scope_path")
        string(row.path)
        key("unit")
        string(row.unit.rawValue)
        amount("allocated", state.allocated, row.unit)
        amount("remaining", state.remaining, row.unit)
        amount("reserved", state.reserved, row.unit)
        amount("spent", state.spent, row.unit)
        amount("debt", state.debt, row.unit)
        amount("overdraft_limit", state.overdraftLimit, row.unit)
        key("is_over_limit")
        bool(state.isOverLimit)
        if let policy = state.policy {
            key("commit_overage_policy")
            string(policy.rawValue)
        }
        key("rollover_policy")
        string(terms.rollover)
        if let start = terms.periodStart {
            key("period_start")
            string(start)
        }
        if let end = terms.periodEnd {
            key("period_end")
            string(end)
        }
        key("status")
        string(state.status.rawValue)
        dateTime("created_at", terms.createdMs)
        dateTime("updated_at", terms.updatedMs)
        endObject()
    }
}

/// A page of a list of ledgers.
struct LedgerPage {
    let ledgers: [LedgerDetail]
    /// Nil on the last page.
    let nextCursor: [UInt8]?

    /// The page's body; `name` is what the list is called in it.
    func body(_ name: StaticString) -> [UInt8] {
        var writer = JSONWriter(capacity: 256 + 1_024 * ledgers.count)
        writer.beginObject()
        writer.key(name)
        writer.beginArray()
        for ledger in ledgers { writer.ledger(ledger) }
        writer.endArray()
        writer.key("has_more")
        writer.bool(nextCursor != nil)
        if let nextCursor {
            writer.key("next_cursor")
            writer.string(nextCursor)
        }
        writer.endObject()
        return writer.finish()
    }
}
