// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import Events
internal import SharedKernel
internal import StrictJSON

/// What the overview has counted (admin digest 1.9).
struct OverviewTally: Sendable {
    /// A subscription whose deliveries fail.
    struct FailingWebhook: Sendable {
        let id: [UInt8]
        let url: [UInt8]
        let failures: Int64
        let lastMs: Int64?
    }

    /// When it began, by the clock of Redis, ms.
    var asOfMs: Int64 = 0
    /// Whether a part was counted as far as its bound and no further.
    var isTruncated = false
    var tenants = (active: Int64(0), suspended: Int64(0), closed: Int64(0))
    var webhooks = (total: Int64(0), active: Int64(0), disabled: Int64(0), failing: Int64(0))
    var events: [[UInt8]: Int64] = [:]
    var reasons: [[UInt8]: Int64] = [:]
    var notices: [LogNotice] = []
    private var budgets = (total: Int64(0), active: Int64(0), frozen: Int64(0), closed: Int64(0))
    private var budgetsOverLimit: Int64 = 0
    private var budgetsWithDebt: Int64 = 0
    private var budgetsByUnit: [BudgetUnit: Int64] = [:]
    private var mostOverLimit: [LedgerRow] = []
    private var mostInDebt: [LedgerRow] = []
    private var failing: [FailingWebhook] = []
    private var denials: [StoredEvent] = []
    private var expiries: [StoredEvent] = []

    mutating func add(_ row: LedgerRow) {
        budgets.total += 1
        switch row.state.status {
        case .active: budgets.active += 1
        case .frozen: budgets.frozen += 1
        case .closed: budgets.closed += 1
        }
        budgetsByUnit[row.unit, default: 0] += 1
        if row.state.isOverLimit {
            budgetsOverLimit += 1
            Self.keep(row, in: &mostOverLimit, Self.isDeeper)
        }
        if row.state.debt > 0 {
            budgetsWithDebt += 1
            Self.keep(row, in: &mostInDebt, Self.isDeeper)
        }
    }

    mutating func add(_ webhook: FailingWebhook) {
        Self.keep(webhook, in: &failing) { one, other in
            if one.failures != other.failures { return one.failures > other.failures }
            return one.id.lexicographicallyPrecedes(other.id)
        }
    }

    /// A refusal or an expiry, to be shown if it is among the newest.
    mutating func add(_ event: StoredEvent) {
        let isNewer = { (one: StoredEvent, other: StoredEvent) in one.id.sequence > other.id.sequence }
        if event.type.text.elementsEqual("reservation.denied".utf8) {
            Self.keep(event, in: &denials, isNewer)
        } else {
            Self.keep(event, in: &expiries, isNewer)
        }
    }

    private static func isDeeper(_ one: LedgerRow, _ other: LedgerRow) -> Bool {
        if one.state.debt != other.state.debt { return one.state.debt > other.state.debt }
        return one.entry.lexicographicallyPrecedes(other.entry)
    }

    /// Puts a row where it belongs in a list of the first few.
    private static func keep<Row>(_ row: Row, in rows: inout [Row], _ comes: (Row, Row) -> Bool) {
        let place = rows.firstIndex { comes(row, $0) } ?? rows.count
        guard place < Limits.overviewRows else { return }
        rows.insert(row, at: place)
        if rows.count > Limits.overviewRows { rows.removeLast() }
    }
}

/// The overview's body.
extension OverviewTally {
    var body: [UInt8] {
        var writer = JSONWriter(capacity: 8_192)
        writer.beginObject()
        writer.dateTime("as_of", asOfMs)
        writer.key("event_window_seconds")
        writer.int(Limits.overviewWindowSeconds)
        writer.counts("tenant_counts") { writer in
            writer.count("total", tenants.active + tenants.suspended + tenants.closed)
            writer.count("active", tenants.active)
            writer.count("suspended", tenants.suspended)
            writer.count("closed", tenants.closed)
        }
        writeBudgets(to: &writer)
        writeWebhooks(to: &writer)
        writeEvents(to: &writer)
        if isTruncated {
            writer.key("truncated")
            writer.bool(true)
        }
        writer.endObject()
        return writer.finish()
    }

    private func writeBudgets(to writer: inout JSONWriter) {
        writer.counts("budget_counts") { writer in
            writer.count("total", budgets.total)
            writer.count("active", budgets.active)
            writer.count("frozen", budgets.frozen)
            writer.count("closed", budgets.closed)
            writer.count("over_limit", budgetsOverLimit)
            writer.count("with_debt", budgetsWithDebt)
            writer.counts("by_unit") { writer in
                for unit in BudgetUnit.allCases {
                    guard let count = budgetsByUnit[unit] else { continue }
                    writer.key([UInt8](unit.rawValue.utf8))
                    writer.int(count)
                }
            }
        }
        writer.rows("over_limit_scopes", mostOverLimit) { writer, row in
            writer.place(row)
            writer.count("allocated", row.state.allocated)
            writer.count("remaining", row.state.remaining)
            writer.count("debt", row.state.debt)
        }
        writer.rows("debt_scopes", mostInDebt) { writer, row in
            writer.place(row)
            writer.count("debt", row.state.debt)
            writer.count("overdraft_limit", row.state.overdraftLimit)
        }
    }

    private func writeWebhooks(to writer: inout JSONWriter) {
        writer.counts("webhook_counts") { writer in
            writer.count("total", webhooks.total)
            writer.count("active", webhooks.active)
            writer.count("disabled", webhooks.disabled)
            writer.count("with_failures", webhooks.failing)
        }
        writer.rows("failing_webhooks", failing) { writer, webhook in
            writer.key("subscription_id")
            writer.string(webhook.id)
            writer.key("url")
            writer.string(webhook.url)
            writer.count("consecutive_failures", webhook.failures)
            if let at = webhook.lastMs { writer.dateTime("last_failure_at", at) }
        }
    }

    private func writeEvents(to writer: inout JSONWriter) {
        var categories: [EventCategory: Int64] = [:]
        for (type, count) in events {
            if let category = EventType(type)?.category { categories[category, default: 0] += count }
        }
        writer.counts("event_counts") { writer in
            writer.count("total_recent", categories.values.reduce(0, +))
            writer.counts("by_category") { writer in
                for category in EventCategory.allCases {
                    guard let count = categories[category] else { continue }
                    writer.key([UInt8](category.rawValue.utf8))
                    writer.int(count)
                }
            }
        }
        for (name, events) in [("recent_denials", denials), ("recent_expiries", expiries)]
            as [(StaticString, [StoredEvent])]
        {
            writer.key(name)
            writer.beginArray()
            for event in events { event.write(to: &writer) }
            writer.endArray()
        }
        writer.counts("recent_denials_by_reason") { writer in
            for (reason, count) in reasons.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                writer.key(reason)
                writer.int(count)
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func counts(_ name: StaticString, _ write: (inout JSONWriter) -> Void) {
        key(name)
        beginObject()
        write(&self)
        endObject()
    }

    fileprivate mutating func count(_ name: StaticString, _ value: Int64) {
        key(name)
        int(value)
    }

    fileprivate mutating func rows<Row>(_ name: StaticString, _ rows: [Row], _ write: (inout JSONWriter, Row) -> Void) {
        key(name)
        beginArray()
        for row in rows {
            beginObject()
            write(&self, row)
            endObject()
        }
        endArray()
    }

    fileprivate mutating func place(_ row: LedgerRow) {
        key("scope")
        string(row.path)
        key("unit")
        string(row.unit.rawValue)
    }
}
