// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON

/// `PATCH /v1/admin/budgets` (admin digest 1.4): overdraft limit, overage policy, metadata.
enum UpdateBudget {
    static let endpoint = Endpoint(
        "updateBudget", .patch, "/v1/admin/budgets", surface: .admin, access: .admin,
        plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let request = input.request
        let place = try LedgerPlaceQuery(request)
        let document = try request.document()
        var fields = try JSONFields(document.root)
        let limit = try fields.optionalObject("overdraft_limit")
        let policy = try fields.optionalEnum("commit_overage_policy", OveragePolicy.self)
        let metadata = try AdminSchemas.metadata(&fields)?.raw
        try fields.finish()
        let overdraftLimit = try limit.map { try AdminSchemas.amount($0, of: "overdraft_limit.unit", in: place.unit) }
        let (owner, path) = try LedgerOwner.of(place.scope, input)
        let update = UpdateLedger(
            keys: owner.keys, path: path, unit: place.unit, overdraftLimit: overdraftLimit, policy: policy,
            metadata: metadata)
        let entry = AuditEntry(
            operation: "updateBudget", status: .ok, actor: .admin, resourceType: "budget",
            resourceID: owner.ledgerID(path, place.unit))
        let trail = owner.trail(
            path, place.unit, word: "UPDATE", reason: nil, context: EventContext.json(request, .admin),
            auditEntry: entry.json(request) { writer in
                writer.key("metadata")
                writer.beginObject()
                writer.key("scope")
                writer.string(path.bytes)
                if let overdraftLimit { writer.amount("overdraft_limit", overdraftLimit, place.unit) }
                if let policy {
                    writer.key("commit_overage_policy")
                    writer.string(policy.rawValue)
                }
                writer.stored("metadata", metadata ?? [])
                writer.endObject()
            })
        return .call(update.call(leaving: trail)) { reply throws(ScriptFault) in
            try update.outcome(reply).step(path, already: "the budget is what it should become")
        }
    }
}

/// `POST /v1/admin/budgets/freeze` and `/unfreeze` (admin digest 1.4, 2.3).
enum FreezeBudget {
    static let freeze = endpoint("freezeBudget", "/v1/admin/budgets/freeze", freezes: true)
    static let unfreeze = endpoint("unfreezeBudget", "/v1/admin/budgets/unfreeze", freezes: false)

    private static func endpoint(_ name: StaticString, _ path: String, freezes: Bool) -> Endpoint {
        Endpoint(
            name.description, .post, path, surface: .admin, access: .admin,
            plan: { input in planning { try plan(input, name, freezes: freezes) } })
    }

    private static func plan(_ input: Endpoint.Input, _ name: StaticString, freezes: Bool) throws -> Step {
        let request = input.request
        let place = try LedgerPlaceQuery(request)
        let (reason, metadata) = try decode(request)
        let (owner, path) = try LedgerOwner.of(place.scope, input)
        let change = FreezeLedger(keys: owner.keys, path: path, unit: place.unit, freezes: freezes)
        let entry = AuditEntry(
            operation: name, status: .ok, actor: .admin, resourceType: "budget",
            resourceID: owner.ledgerID(path, place.unit))
        let trail = owner.trail(
            path, place.unit, word: "STATUS_CHANGE", reason: reason, context: EventContext.json(request, .admin),
            auditEntry: entry.json(request) { writer in
                writer.key("metadata")
                writer.beginObject()
                writer.key("scope")
                writer.string(path.bytes)
                writer.stored("reason", reason ?? [])
                writer.stored("metadata", metadata ?? [])
                writer.endObject()
            })
        return .call(change.call(leaving: trail)) { reply throws(ScriptFault) in
            try change.outcome(reply).step(
                path, already: freezes ? "scope: the budget is frozen already" : "scope: the budget is not frozen")
        }
    }

    /// Reason and metadata as sent; no body at all is one without either.
    private static func decode(_ request: APIRequest) throws -> (ArraySlice<UInt8>?, ArraySlice<UInt8>?) {
        if request.body.isEmpty { return (nil, nil) }
        let document = try request.document()
        var fields = try JSONFields(document.root)
        let reason = try fields.optional("reason")
        if let reason { _ = try reason.checkedString(characters: Limits.reasonCharacters) }
        let metadata = try AdminSchemas.metadata(&fields)
        try fields.finish()
        return (reason?.raw, metadata?.raw)
    }
}

extension LedgerChange {
    /// The answer; `already` is said when there was nothing to change.
    fileprivate func step(_ path: ScopePath, already: String) -> Step {
        switch self {
        case .changed(let detail, let entersOverLimit):
            var response = APIResponse.json(detail.body)
            if entersOverLimit {
                let state = detail.row.state
                response.notices = [
                    .overLimit(scope: path.bytes, debt: state.debt, overdraftLimit: state.overdraftLimit)
                ]
            }
            return .respond(response)
        case .already: return .refuse(APIError(.conflict, "INVALID_REQUEST", already))
        case .tenantClosed: return .refuse(BudgetRefusals.tenantClosed)
        case .closed: return .refuse(BudgetRefusals.denied(.closed, scope: path.bytes))
        case .noBudget: return .refuse(AdminRefusals.noBudget(path.bytes))
        }
    }
}
