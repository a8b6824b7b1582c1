// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import StrictJSON

/// What a reservation may be shown with: always when it is got alone, on request in a list (runtime digest 2.8).
struct ReservationExtras: OptionSet {
    let rawValue: Int

    static let metadata = ReservationExtras(rawValue: 1)
    static let committedMetadata = ReservationExtras(rawValue: 2)
    static let all: ReservationExtras = [.metadata, .committedMetadata]
}

extension BudgetRecord.State {
    /// The protocol's word.
    var word: String {
        switch self {
        case .active, .dryRun: "ACTIVE"
        case .committed: "COMMITTED"
        case .released: "RELEASED"
        case .expired: "EXPIRED"
        }
    }
}

extension JSONWriter {
    /// A reservation, as get and lists show it (runtime digest 2.8).
    mutating func reservation(
        _ record: BudgetRecord, id: BudgetReservationID, state: BudgetRecord.State, with extras: ReservationExtras
    ) {
        beginObject()
        key("reservation_id")
        string(id.text)
        key("status")
        string(state.word)
        stored("idempotency_key", record.idempotencyKey)
        stored("subject", record.subject)
        stored("action", record.action)
        amount("reserved", record.amount, record.unit)
        if state == .committed { amount("committed", record.charged, record.unit) }
        key("created_at_ms")
        int(record.createdMs)
        key("expires_at_ms")
        int(record.expiresMs)
        if state == .committed || state == .released, let finalized = record.finalizedMs {
            key("finalized_at_ms")
            int(finalized)
        }
        key("scope_path")
        string(record.path)
        strings("affected_scopes", record.affectedScopes)
        if extras.contains(.metadata) { stored("metadata", record.metadata) }
        if state == .committed, extras.contains(.committedMetadata) { stored("committed_metadata", record.note) }
        endObject()
    }
}
