// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import StrictJSON

/// What a ledger lets happen.
package enum LedgerStatus: String, CaseIterable, Sendable {
    case active = "ACTIVE"
    case frozen = "FROZEN"
    case closed = "CLOSED"
}

extension LedgerState {
    /// Closed counts before frozen: nothing reopens a closed ledger.
    package var status: LedgerStatus { isClosed ? .closed : isFrozen ? .frozen : .active }
}

extension LedgerRow {
    /// Path, NUL, unit letter: the ledger's entry in its tenant's directory, and what tells it from every other.
    package var entry: [UInt8] { path + [0, unit.letter] }

    /// The value of the path's first segment, which names the tenant.
    package var tenant: ArraySlice<UInt8> { path.dropFirst("tenant:".utf8.count).prefix { $0 != 47 } }

    /// The row of a directory entry and a ledger's text; nil when one of them is none.
    package init?(entry: [UInt8], stored: [UInt8]) {
        guard entry.count > 2, entry[entry.count - 2] == 0, let letter = entry.last,
            let unit = BudgetUnit(letter: letter), let state = LedgerState(stored: stored)
        else { return nil }
        self.init(path: Array(entry.dropLast(2)), unit: unit, state: state)
    }
}

/// What is stored beside a ledger's numbers.
package struct LedgerTerms: Hashable, Sendable {
    package var id: [UInt8]
    /// NONE, CARRY_FORWARD or CAP_AT_ALLOCATED.
    package var rollover: [UInt8]
    /// Begin and end of the budget's period as RFC 3339 text.
    package var periodStart: [UInt8]?
    package var periodEnd: [UInt8]?
    package var createdMs: Int64
    package var updatedMs: Int64

    /// Terms of these parts.
    package init(
        id: [UInt8], rollover: [UInt8], periodStart: [UInt8]?, periodEnd: [UInt8]?, createdMs: Int64, updatedMs: Int64
    ) {
        self.id = id
        self.rollover = rollover
        self.periodStart = periodStart
        self.periodEnd = periodEnd
        self.createdMs = createdMs
        self.updatedMs = updatedMs
    }

    /// Reads created_ms, updated_ms, JSON and metadata divided by NUL; nil when the text is not that.
    package init?(stored: [UInt8]) {
        let parts = stored.split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count >= 3, let created = parseDecimalInt64(parts[0]), let updated = parseDecimalInt64(parts[1]),
            let document = try? JSONDocument.parse(Array(parts[2])), document.root.kind == .object,
            let id = document.root.member("ledger_id")?.stringBytes(),
            let rollover = document.root.member("rollover_policy")?.stringBytes()
        else { return nil }
        self.init(
            id: id, rollover: rollover, periodStart: document.root.member("period_start")?.stringBytes(),
            periodEnd: document.root.member("period_end")?.stringBytes(), createdMs: created, updatedMs: updated)
    }

    /// The part of the stored form that never changes.
    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("ledger_id")
        writer.string(id)
        writer.key("rollover_policy")
        writer.string(rollover)
        if let periodStart {
            writer.key("period_start")
            writer.string(periodStart)
        }
        if let periodEnd {
            writer.key("period_end")
            writer.string(periodEnd)
        }
        writer.endObject()
        return writer.finish()
    }
}

/// A ledger with all that is known of it.
package struct LedgerDetail: Sendable {
    package var row: LedgerRow
    package var terms: LedgerTerms

    /// A ledger of these parts.
    package init(row: LedgerRow, terms: LedgerTerms) {
        self.row = row
        self.terms = terms
    }

    /// The ledger of a script's two texts; nil when one is none.
    package init?(entry: [UInt8], stored: [UInt8], terms: [UInt8]) {
        guard let row = LedgerRow(entry: entry, stored: stored), let terms = LedgerTerms(stored: terms) else {
            return nil
        }
        self.init(row: row, terms: terms)
    }
}
