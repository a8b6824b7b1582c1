// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON

/// `POST /v1/reservations/{reservation_id}/release` (runtime digest 1.6).
enum ReleaseReservation {
    static let endpoint = Endpoint(
        "releaseReservation", .post, "/v1/reservations/{reservation_id}/release", surface: .cycles,
        access: .tenantOrAdmin(.reservationsRelease), plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let document = try input.request.document()
        var fields = try JSONFields(document.root)
        let key = try SharedSchemas.idempotencyKey(&fields, input.request)
        let reason = try fields.optional("reason")
        if let reason { _ = try reason.checkedString(characters: 0...256) }
        try fields.finish()
        let id = try SettleRequest.id(input)
        let release = { @Sendable (tenant: TenantID, access: TenantAccess, entry: [UInt8]) in
            let target = SettleRequest.target(
                input, tenant, id: id, verb: "release", key: key.decoded, body: document.root)
            var release = Release(target: target, reason: reason?.raw ?? [], auditEntry: entry)
            release.telling =
                input.caller.principal.map { EventContext.telling(input.request, $0) }
                ?? [10] + EventContext.json(input.request, .adminOnBehalf)
            return settle(release, access, keepMs: input.installation.keepMs)
        }
        guard let principal = input.caller.principal else {
            return SettleRequest.onBehalf(of: id, input) { tenant, access in
                release(tenant, access, auditEntry(of: id, reason?.raw ?? [], input.request))
            }
        }
        guard id.shard == principal.shard else { return SettleRequest.foreign(id, principal) }
        return release(principal.tenant, principal.access, [])
    }

    /// What the operator's release leaves in the tenant's audit log (runtime digest 10.4).
    private static func auditEntry(
        of id: BudgetReservationID, _ reason: ArraySlice<UInt8>, _ request: APIRequest
    ) -> [UInt8] {
        let entry = AuditEntry(
            operation: "releaseReservation", status: .ok, actor: .adminOnBehalf, resourceType: "reservation",
            resourceID: id.text)
        return entry.json(request) { writer in
            writer.key("metadata")
            writer.beginObject()
            writer.stored("reason", reason)
            writer.endObject()
        }
    }

    private static func settle(_ release: Release, _ access: TenantAccess, keepMs: Int64) -> Step {
        .call(release.call(for: access, keepMs: keepMs)) { reply throws(ScriptFault) in
            switch try release.outcome(reply) {
            case .released(let record, _):
                guard let balances = record.closingBalances else { return .refuse(CreateReservation.corrupt) }
                return .respond(.json(body(record, balances)))
            case .refused(let refusal): return .refuse(BudgetRefusals.settle(refusal))
            }
        }
    }

    private static func body(_ record: BudgetRecord, _ balances: [LedgerRow]) -> [UInt8] {
        var writer = JSONWriter(capacity: 1_024)
        writer.beginObject()
        writer.key("status")
        writer.string("RELEASED")
        writer.amount("released", record.amount, record.unit)
        writer.balances(balances)
        writer.endObject()
        return writer.finish()
    }
}
