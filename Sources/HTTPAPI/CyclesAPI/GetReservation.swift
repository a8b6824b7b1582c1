// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON

/// `GET /v1/reservations/{reservation_id}` (runtime digest 1.4).
enum GetReservation {
    static let endpoint = Endpoint(
        "getReservation", .get, "/v1/reservations/{reservation_id}", surface: .cycles,
        access: .tenantOrAdmin(.reservationsList), plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let id = try SettleRequest.id(input)
        guard let principal = input.caller.principal else {
            return SettleRequest.onBehalf(of: id, input) { _, access in look(id, access, nil) }
        }
        guard id.shard == principal.shard else { return SettleRequest.foreign(id, principal) }
        return look(id, principal.access, principal)
    }

    private static func look(_ id: BudgetReservationID, _ access: TenantAccess, _ principal: Principal?) -> Step {
        let lookup = Lookup(id: id)
        return .call(lookup.call(for: access)) { reply throws(ScriptFault) in
            switch try lookup.outcome(reply) {
            case .found(let record, let now):
                if let principal, !principal.mayTouch(record.path) { return .refuse(BudgetRefusals.outOfScope) }
                // The state matrix of 6.7: an expired reservation is gone for GET as well (decision A17).
                guard record.state(at: now) != .expired else { return .refuse(BudgetRefusals.settle(.expired)) }
                return .respond(.json(body(record, id: id)))
            case .notFound: return .refuse(BudgetRefusals.settle(.notFound))
            case .foreign: return .refuse(BudgetRefusals.settle(.foreign))
            }
        }
    }

    private static func body(_ record: BudgetRecord, id: BudgetReservationID) -> [UInt8] {
        let isCommitted = record.state == .committed
        var writer = JSONWriter(capacity: 1_024)
        writer.beginObject()
        writer.key("reservation_id")
        writer.string(id.text)
        writer.key("status")
        writer.string(isCommitted ? "COMMITTED" : record.state == .released ? "RELEASED" : "ACTIVE")
        writer.stored("idempotency_key", record.idempotencyKey)
        writer.stored("subject", record.subject)
        writer.stored("action", record.action)
        writer.amount("reserved", record.amount, record.unit)
        if isCommitted { writer.amount("committed", record.charged, record.unit) }
        writer.key("created_at_ms")
        writer.int(record.createdMs)
        writer.key("expires_at_ms")
        writer.int(record.expiresMs)
        if let finalized = record.finalizedMs {
            writer.key("finalized_at_ms")
            writer.int(finalized)
        }
        writer.key("scope_path")
        writer.string(record.path)
        writer.strings("affected_scopes", record.affectedScopes)
        writer.stored("metadata", record.metadata)
        if isCommitted { writer.stored("committed_metadata", record.note) }
        writer.endObject()
        return writer.finish()
    }
}
