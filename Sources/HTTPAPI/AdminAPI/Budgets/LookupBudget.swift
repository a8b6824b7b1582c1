// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON

/// `GET /v1/admin/budgets/lookup` (admin digest 1.4): one ledger by its exact scope and unit.
enum LookupBudget {
    static let endpoint = Endpoint(
        "lookupBudget", .get, "/v1/admin/budgets/lookup", surface: .admin, access: .tenantOrAdmin(.budgetsRead),
        plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let place = try LedgerPlaceQuery(input.request)
        let (owner, path) = try LedgerOwner.of(place.scope, input)
        let lookup = LookupLedger(keys: owner.keys, tag: owner.tag, path: path, unit: place.unit)
        let keepMs = input.installation.keepMs
        let call = { @Sendable in lookup.call(sweptMs: $0) }
        return .budgetCall(of: lookup.keys, keepMs: keepMs, call) { reply throws(ScriptFault) in
            guard let detail = try lookup.ledger(reply) else { return .refuse(AdminRefusals.noBudget(path.bytes)) }
            return .respond(.json(detail.body))
        }
    }
}

/// The query parameters that name one ledger.
struct LedgerPlaceQuery {
    let scope: [UInt8]
    let unit: BudgetUnit

    init(_ request: APIRequest) throws {
        guard let scope = try request.queryValue("scope") else { throw APIError.invalid("scope: is required") }
        guard let unit = try request.queryChoice("unit", BudgetUnit.self) else {
            throw APIError.invalid("unit: is required")
        }
        self.scope = scope
        self.unit = unit
    }
}

extension LedgerDetail {
    /// The answer that shows this ledger.
    var body: [UInt8] {
        var writer = JSONWriter(capacity: 1_024)
        writer.ledger(self)
        return writer.finish()
    }
}
