// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON

/// `POST /v1/reservations/{reservation_id}/extend` (runtime digest 1.7).
enum ExtendReservation {
    static let endpoint = Endpoint(
        "extendReservation", .post, "/v1/reservations/{reservation_id}/extend", surface: .cycles,
        access: .tenant(.reservationsExtend), plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        guard let principal = input.caller.principal else { return .refuse(.unauthorized) }
        let document = try input.request.document()
        var fields = try JSONFields(document.root)
        let key = try SharedSchemas.idempotencyKey(&fields, input.request)
        let extendBy = try fields.requiredInt64("extend_by_ms", in: 1...86_400_000)
        _ = try fields.optionalObject("metadata")
        try fields.finish()
        let id = try SettleRequest.id(input)
        guard id.shard == principal.shard else { return SettleRequest.foreign(id, principal) }
        let extend = Extend(
            target: SettleRequest.target(
                input, principal.tenant, id: id, verb: "extend", key: key.decoded, body: document.root),
            extendByMs: extendBy)
        return .call(extend.call(for: principal.access)) { reply throws(ScriptFault) in
            switch try extend.outcome(reply) {
            case .extended(let expires, let remaining, _):
                return .respond(.json(body(expiresMs: expires, remainingMs: remaining)))
            case .refused(let refusal): return .refuse(BudgetRefusals.settle(refusal))
            case .exhausted:
                return .refuse(
                    APIError(.conflict, "MAX_EXTENSIONS_EXCEEDED", "The reservation has no extensions left"))
            }
        }
    }

    private static func body(expiresMs: Int64, remainingMs: Int64) -> [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        writer.key("status")
        writer.string("ACTIVE")
        writer.key("expires_at_ms")
        writer.int(expiresMs)
        writer.key("remaining_ttl_ms")
        writer.int(remainingMs)
        writer.endObject()
        return writer.finish()
    }
}
