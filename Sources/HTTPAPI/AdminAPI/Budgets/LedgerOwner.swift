// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON

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

    /// The owner of a scope that names its tenant itself, and the scope. 404 when no tenant could be called so.
    static func of(_ scope: [UInt8], _ input: Endpoint.Input) throws(APIError) -> (LedgerOwner, ScopePath) {
        var tenant: [UInt8]?
        if input.caller.principal == nil {
            let path = try parse(scope)
            guard let owner = path.tenant.flatMap({ TenantID($0) }) else { throw AdminRefusals.noBudget(path.bytes) }
            tenant = owner.bytes
        }
        let owner = try LedgerOwner(input, tenantID: tenant)
        return (owner, try owner.scope(scope))
    }

    private static func parse(_ text: [UInt8]) throws(APIError) -> ScopePath {
        switch ScopePath.parse(text) {
        case .success(let path):
            guard path.tenant != nil else { throw .invalid("scope: must begin with tenant:<id>") }
            return path
        case .failure(let problem): throw .invalid("scope: \(problem.reason)")
        }
    }

    /// A scope of this tenant that the caller may touch. Kept as written: scopes are compared byte by byte.
    func scope(_ text: [UInt8]) throws(APIError) -> ScopePath {
        let path = try Self.parse(text)
        let owner = path.tenant ?? []
        guard owner.elementsEqual(tenant.bytes) else {
            if principal == nil { throw .invalid("scope: belongs to another tenant than tenant_id") }
            throw APIError(.forbidden, "FORBIDDEN", "scope: belongs to another tenant")
        }
        if let principal, !principal.mayTouch(path.bytes) { throw BudgetRefusals.outOfScope }
        return path
    }

    /// The same for a scope that is to be written.
    func newScope(_ text: [UInt8]) throws(APIError) -> ScopePath {
        let path = try scope(text)
        try Self.checkIDs(of: path, "scope")
        return path
    }

    /// Checks the ids of what is to be written: they begin and end with a letter or digit (admin digest 0.7), which
    /// those of a reservation's subject need not.
    static func checkIDs(of path: ScopePath, _ field: StaticString) throws(APIError) {
        func isLetterOrDigit(_ byte: UInt8) -> Bool {
            (48...57).contains(byte) || (97...122).contains(asciiLowercased(byte))
        }
        for segment in path.bytes.split(separator: 47) {
            let id = segment.drop { $0 != 58 }.dropFirst()
            guard let first = id.first, let last = id.last, isLetterOrDigit(first), isLetterOrDigit(last) else {
                throw .invalid("\(field): has an id that does not begin and end with a letter or digit")
            }
        }
    }

    /// Whether the caller's key may touch a scope or pattern; the operator may.
    func mayTouch(_ path: [UInt8]) -> Bool { principal?.mayTouch(path) ?? true }

    /// The id of a ledger: of tenant, scope and unit, which nothing else ever has, so no call needs to look it up.
    func ledgerID(_ path: ScopePath, _ unit: BudgetUnit) -> [UInt8] {
        let endpoint = [UInt8]("ledger/".utf8) + [unit.letter]
        return [UInt8]("ldg_".utf8) + salt.identity(tenant: tenant, endpoint: endpoint, key: path.bytes).text
    }

    /// What a change of a ledger leaves behind; `word` is its operation (admin digest 4.3), `reason` JSON as sent.
    func trail(
        _ path: ScopePath, _ unit: BudgetUnit, word: String, reason: ArraySlice<UInt8>?, isSpentGiven: Bool? = nil,
        context: [UInt8], auditEntry: [UInt8]
    ) -> LedgerTrail {
        var place = JSONWriter(capacity: 128)
        place.beginObject()
        place.key("scope")
        place.string(path.bytes)
        place.key("unit")
        place.string(unit.rawValue)
        place.endObject()
        var more = JSONWriter(capacity: 128)
        more.beginObject()
        more.key("ledger_id")
        more.string(ledgerID(path, unit))
        more.key("operation")
        more.string(word)
        if let isSpentGiven {
            more.key("spent_override_provided")
            more.bool(isSpentGiven)
        }
        more.stored("reason", reason ?? [])
        more.endObject()
        // The script joins the two and adds what it alone knows: the brackets between them go.
        return LedgerTrail(
            auditEntry: auditEntry, eventContext: context, place: place.finish().dropLast(),
            more: [UInt8(ascii: ",")] + more.finish().dropFirst().dropLast())
    }
}
