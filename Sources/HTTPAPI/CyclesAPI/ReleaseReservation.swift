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
        access: .tenant(.reservationsRelease), plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        guard let principal = input.caller.principal else { return .refuse(.unauthorized) }
        let document = try input.request.document()
        var fields = try JSONFields(document.root)
        let key = try SharedSchemas.idempotencyKey(&fields, input.request)
        let reason = try fields.optional("reason")
        if let reason { _ = try reason.checkedString(characters: 0...256) }
        try fields.finish()
        let id = try SettleRequest.id(input)
        guard id.shard == principal.shard else { return SettleRequest.foreign(id, principal) }
        let release = Release(
            target: SettleRequest.target(
                input, principal, id: id, verb: "release", key: key.decoded, body: document.root),
            reason: reason?.raw ?? [])
        return .call(release.call(for: principal, keepMs: input.installation.keepMs)) { reply throws(ScriptFault) in
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
