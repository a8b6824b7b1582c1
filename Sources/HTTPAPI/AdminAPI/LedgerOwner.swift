// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import SharedKernel

/// The tenant that a call of the budget operations is routed to (admin digest 0.2), and what the caller may do there.
struct LedgerOwner: Sendable {
    let tenant: TenantID
    /// KEYS of the scripts.
    let keys: [[UInt8]]
    /// The cached tag of a tenant's key; empty for the admin key, which nothing makes stale.
    let tag: [UInt8]
    let actor: AdminActor
    /// Nil under the admin key.
    private let principal: Principal?
    private let salt: IdentitySalt

    /// The caller's own tenant, or under the admin key the one that `tenantID` names.
    ///
    /// 400 when the admin key names none; 404 when what it names cannot be a tenant.
    init(_ input: Endpoint.Input, tenantID: [UInt8]?) throws(APIError) {
        salt = input.installation.salt
        actor = AdminActor(of: input.caller)
        if let principal = input.caller.principal {
            tenant = principal.tenant
            keys = principal.keys
            tag = principal.tag
            self.principal = principal
            return
        }
        guard let tenantID else { throw .invalid("tenant_id: is required with the admin key") }
        guard let tenant = TenantID(tenantID) else { throw AdminRefusals.noTenant }
        self.tenant = tenant
        keys = input.installation.keyspace.keys(of: tenant)
        tag = []
        principal = nil
    }

    /// A scope of this tenant that the caller may touch. Kept as written: scopes are compared byte by byte.
    func scope(_ text: [UInt8]) throws(APIError) -> ScopePath {
        let path: ScopePath
        switch ScopePath.parse(text) {
        case .success(let parsed): path = parsed
        case .failure(let problem): throw .invalid("scope: \(problem.reason)")
        }
        guard let owner = path.tenant else { throw .invalid("scope: must begin with tenant:<id>") }
        guard owner.elementsEqual(tenant.bytes) else {
            if principal == nil { throw .invalid("scope: belongs to another tenant than tenant_id") }
            throw APIError(.forbidden, "FORBIDDEN", "scope: belongs to another tenant")
        }
        if let principal, !principal.mayTouch(path.bytes) { throw BudgetRefusals.outOfScope }
        return path
    }

    /// The id of a ledger: of tenant, scope and unit, which nothing else ever has, so no call needs to look it up.
    func ledgerID(_ path: ScopePath, _ unit: BudgetUnit) -> [UInt8] {
        let endpoint = [UInt8]("ledger/".utf8) + [unit.letter]
        return [UInt8]("ldg_".utf8) + salt.identity(tenant: tenant, endpoint: endpoint, key: path.bytes).text
    }
}
