// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// `POST /v1/admin/policies` (admin digest 1.5): caps, TTLs, overage policy and rate limits for a pattern of scopes.
enum CreatePolicy {
    static let endpoint = Endpoint(
        "createPolicy", .post, "/v1/admin/policies", surface: .admin, access: .tenantOrAdmin(.policiesWrite),
        plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let (owner, terms) = try decode(input)
        let id = ShardedID.make("pol_", in: input.installation.keyspace.shard(of: owner.tenant))
        let actor = owner.actor
        var call = ScriptCall(.adminCreatePolicy, keys: owner.keys, reservingBytes: 2_048)
        call.append(owner.tag)
        call.append(id)
        call.append(terms.values[.name] ?? [])
        call.append(terms.json)
        call.append(decimal: Limits.policiesMax)
        call.append(
            PolicyAnswers.auditEntry("createPolicy", .created, actor, id, terms, changed: [], input.request))
        call.append(EventContext.json(input.request, actor))
        call.append(PolicyAnswers.eventData(id, terms, changed: []))
        return .call(call) { reply throws(ScriptFault) in try answer(reply, id, terms) }
    }

    private static func decode(_ input: Endpoint.Input) throws -> (LedgerOwner, PolicyTerms) {
        let document = try input.request.document()
        var fields = try JSONFields(document.root)
        let tenantID = try fields.optionalString("tenant_id", characters: Limits.tenantIDCharacters)
        let name = try fields.requiredString("name", characters: Limits.nameCharacters)
        let pattern = try fields.requiredString("scope_pattern", characters: Limits.scopeCharacters)
        var terms = PolicyTerms.initial
        terms.set(.name, name)
        terms.set(.scopePattern, pattern)
        try terms.read(&fields)
        try fields.finish()
        if tenantID != nil, input.caller.principal != nil {
            throw fields.fieldError("tenant_id", "must be absent with a tenant's key, which names the tenant")
        }
        let owner = try LedgerOwner(input, tenantID: tenantID)
        try owner.checkPattern(pattern)
        return (owner, terms)
    }

    private static func answer(_ reply: ScriptReply, _ id: [UInt8], _ terms: PolicyTerms) throws(ScriptFault) -> Step {
        if reply.isWord("CREATED") {
            let created = try reply.int(0)
            let body = PolicyAnswers.body(id, terms, createdMs: created, updatedMs: created)
            return .respond(.json(body, status: .created))
        }
        if reply.isWord("DUPLICATE") { return .refuse(PolicyAnswers.duplicate) }
        if reply.isWord("FULL") {
            return .refuse(
                APIError(.badRequest, "LIMIT_EXCEEDED", "a tenant may have \(Limits.policiesMax) policies"))
        }
        if reply.isWord("NO_TENANT") { return .refuse(AdminRefusals.noTenant) }
        if reply.isWord("CLOSED") { return .refuse(BudgetRefusals.tenantClosed) }
        throw reply.malformed("word")
    }
}

extension LedgerOwner {
    /// Checks a policy's pattern (admin digest 0.7): a scope of this tenant, or one followed by `/*` or `/kind:*`, that
    /// the caller may touch.
    func checkPattern(_ text: [UInt8]) throws {
        var stem = text
        if text.last == UInt8(ascii: "*") {
            stem.removeLast()
            if stem.last == UInt8(ascii: ":") {
                // Any id in place of the wildcard shows whether the kind fits there.
                stem.append(UInt8(ascii: "x"))
            } else if stem.last == UInt8(ascii: "/") {
                stem.removeLast()
            } else {
                throw APIError.invalid("scope_pattern: may have * only as its last segment, or as kind:* in that place")
            }
        }
        let path: ScopePath
        switch ScopePath.parse(stem) {
        case .success(let parsed): path = parsed
        case .failure(let problem): throw APIError.invalid("scope_pattern: \(problem.reason)")
        }
        guard let tenant = path.tenant, text.count > 8 || text.last != UInt8(ascii: "*") else {
            throw APIError.invalid("scope_pattern: must begin with tenant:<id>")
        }
        guard tenant.elementsEqual(self.tenant.bytes) else {
            throw APIError.invalid("scope_pattern: belongs to another tenant")
        }
        try Self.checkIDs(of: path, "scope_pattern")
        guard mayTouch(text) else { throw BudgetRefusals.outOfScope }
    }
}
