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
            return SettleRequest.onBehalf(of: id, input) { tenant, access in look(id, access, nil, tenant) }
        }
        guard id.shard == principal.shard else { return SettleRequest.foreign(id, principal) }
        return look(id, principal.access, principal)
    }

    /// `owner` is given for the operator.
    private static func look(
        _ id: BudgetReservationID, _ access: TenantAccess, _ principal: Principal?, _ owner: TenantID? = nil
    ) -> Step {
        let lookup = Lookup(id: id)
        return .call(lookup.call(for: access)) { reply throws(ScriptFault) in
            switch try lookup.outcome(reply) {
            case .found(let record, let now):
                if let principal, !principal.mayTouch(record.path) { return .refuse(BudgetRefusals.outOfScope) }
                // The state matrix of 6.7: an expired reservation is gone for GET as well (decision A17).
                guard record.state(at: now) != .expired else { return .refuse(BudgetRefusals.settle(.expired)) }
                var writer = JSONWriter(capacity: 1_024)
                writer.reservation(record, id: id, state: record.state, with: .all)
                var response = APIResponse.json(writer.finish())
                response.readOnBehalfOf = owner
                return .respond(response)
            case .notFound: return .refuse(BudgetRefusals.settle(.notFound))
            case .foreign: return .refuse(BudgetRefusals.settle(.foreign))
            }
        }
    }
}
