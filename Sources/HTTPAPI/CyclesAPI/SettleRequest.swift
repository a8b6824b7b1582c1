// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import SharedKernel
internal import StrictJSON

/// What commit, release and extend have in common: the reservation id in the path, the key, the way to a 403 or 404.
enum SettleRequest {
    /// The reservation id of a path; 400 when too long, 404 when Holdfast never made such an id.
    static func id(_ input: Endpoint.Input) throws -> BudgetReservationID {
        let text = input.request.parameters.first ?? []
        guard text.count <= Limits.reservationIDBytesMax else {
            throw APIError.invalid("reservation_id: must be at most \(Limits.reservationIDBytesMax) characters")
        }
        guard let id = BudgetReservationID(text), Int(id.shard.number) < input.installation.keyspace.shardCount else {
            throw BudgetRefusals.settle(.notFound)
        }
        return id
    }

    /// The target of a request: `verb` and id name the endpoint that the key belongs to.
    static func target(
        _ input: Endpoint.Input, _ tenant: TenantID, id: BudgetReservationID, verb: StaticString, key: [UInt8],
        body: JSONValue
    ) -> SettleTarget {
        let endpoint = [UInt8](verb.description.utf8) + [47] + id.text
        return SettleTarget(
            id: id, key: input.installation.salt.identity(tenant: tenant, endpoint: endpoint, key: key),
            fingerprint: Identity.fingerprint(of: body))
    }

    /// For the operator, whose requests name no tenant: asks the shard that the id names for the owner, then goes on.
    static func onBehalf(
        of id: BudgetReservationID, _ input: Endpoint.Input,
        _ next: @escaping @Sendable (TenantID, TenantAccess) -> Step
    ) -> Step {
        let lookup = Lookup(id: id)
        let keyspace = input.installation.keyspace
        return .call(lookup.ownerCall) { reply throws(ScriptFault) in
            guard let tenant = try lookup.owner(reply) else { return .refuse(BudgetRefusals.settle(.notFound)) }
            return next(tenant, .operator(keys: keyspace.keys(of: tenant)))
        }
    }

    /// For an id of another tenant's shard: first the caller's own shard, which checks that the key still counts, then
    /// the shard that the id names tells 403 from 404.
    static func foreign(_ id: BudgetReservationID, _ principal: Principal) -> Step {
        let lookup = Lookup(id: id)
        return .call(lookup.call(for: principal.access)) { _ throws(ScriptFault) in
            .call(lookup.ownerCall) { reply throws(ScriptFault) in
                let isForeign = try lookup.owner(reply) != nil
                return .refuse(BudgetRefusals.settle(isForeign ? .foreign : .notFound))
            }
        }
    }
}
