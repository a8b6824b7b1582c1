// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// `PATCH /v1/admin/policies/{policy_id}` (admin digest 1.5). Two script calls: read, then write unless it changed
/// meanwhile.
enum UpdatePolicy {
    static let endpoint = Endpoint(
        "updatePolicy", .patch, "/v1/admin/policies/{policy_id}", surface: .admin,
        access: .tenantOrAdmin(.policiesWrite), plan: { input in planning { try plan(input) } })

    /// How often a policy may change under one request.
    private static let triesMax = 5

    private enum Status: String, CaseIterable {
        case active = "ACTIVE"
        case disabled = "DISABLED"
    }

    /// One request: where the policy is, and what to make of it.
    private struct Change: Sendable {
        let input: Endpoint.Input
        let id: [UInt8]
        let keys: [[UInt8]]
        let tag: [UInt8]
        let actor: AdminActor
        let document: JSONDocument
    }

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let document = try input.request.document()
        // Whatever the policy is like, the body must be in order.
        var terms = PolicyTerms()
        try apply(document, to: &terms)
        let id = input.request.parameters.first ?? []
        guard let shard = ShardedID.shard(of: id, "pol_", input.installation.keyspace) else {
            return .refuse(PolicyAnswers.notFound)
        }
        if let principal = input.caller.principal {
            guard shard == principal.shard else { return .refuse(PolicyAnswers.notFound) }
            return read(
                Change(
                    input: input, id: id, keys: principal.keys, tag: principal.tag, actor: AdminActor(of: input.caller),
                    document: document))
        }
        var owner = ScriptCall(.adminOwner, keys: [shard.prefix])
        owner.append(id)
        return .call(owner) { reply throws(ScriptFault) in
            if reply.isWord("NOT_FOUND") { return .refuse(PolicyAnswers.notFound) }
            guard reply.isWord("OWNER"), let tenant = TenantID(try reply.bytes(0)) else {
                throw reply.malformed("owner")
            }
            return read(
                Change(
                    input: input, id: id, keys: input.installation.keyspace.keys(of: tenant), tag: [],
                    actor: .adminOnBehalf, document: document))
        }
    }

    /// Reads the body onto terms.
    private static func apply(_ document: JSONDocument, to terms: inout PolicyTerms) throws {
        var fields = try JSONFields(document.root, nullIsAbsent: true)
        try terms.removeNulls(of: document.root)
        if let name = try fields.optionalString("name", characters: Limits.nameCharacters) { terms.set(.name, name) }
        if let status = try fields.optionalEnum("status", Status.self) {
            terms.set(.status, [UInt8](status.rawValue.utf8))
        }
        try terms.read(&fields)
        try fields.finish()
    }

    private static func read(_ change: Change) -> Step {
        var call = ScriptCall(.adminPolicies, keys: change.keys)
        call.append(change.tag)
        call.append(change.id)
        return .call(call) { reply throws(ScriptFault) in
            guard reply.isWord("POLICIES") || reply.isWord("NO_TENANT") else { throw reply.malformed("word") }
            guard reply.isWord("POLICIES"), let stored = try StoredPolicy.read(reply, from: 0).first else {
                return .refuse(PolicyAnswers.notFound)
            }
            return write(change, over: stored, triesLeft: triesMax)
        }
    }

    private static func write(_ change: Change, over stored: StoredPolicy, triesLeft: Int) -> Step {
        let old = PolicyTerms(stored: stored.terms)
        if let principal = change.input.caller.principal,
            !principal.mayTouch(stored.terms.member("scope_pattern")?.stringBytes() ?? [])
        {
            return .refuse(BudgetRefusals.outOfScope)
        }
        var terms = old
        do {
            try apply(change.document, to: &terms)
        } catch let error as FieldError {
            return .invalid(error.message)
        } catch {
            return .invalid("the body could not be applied")
        }
        let changed = terms.changes(from: old)
        var call = ScriptCall(.adminUpdatePolicy, keys: change.keys, reservingBytes: 4_096)
        call.append(change.tag)
        call.append(change.id)
        call.append(stored.row)
        call.append(terms.values[.name] ?? [])
        // What changes nothing is sent as it is stored: the script sees that, and leaves no trace.
        call.append(changed.isEmpty ? Array(stored.terms.raw) : terms.json)
        call.append(
            PolicyAnswers.auditEntry(
                "updatePolicy", .ok, change.actor, change.id, terms, changed: changed, change.input.request))
        call.append(EventContext.json(change.input.request, change.actor))
        call.append(PolicyAnswers.eventData(change.id, terms, changed: changed))
        let written = terms
        return .call(call) { reply throws(ScriptFault) in
            if reply.isWord("UPDATED") {
                return .respond(.json(body(change.id, written, stored.createdMs, try reply.int(0))))
            }
            if reply.isWord("CHANGED"), triesLeft > 0,
                let fresh = StoredPolicy(id: change.id, row: try reply.bytes(0))
            {
                return write(change, over: fresh, triesLeft: triesLeft - 1)
            }
            return try refusal(reply)
        }
    }

    private static func refusal(_ reply: ScriptReply) throws(ScriptFault) -> Step {
        if reply.isWord("NOT_FOUND") { return .refuse(PolicyAnswers.notFound) }
        if reply.isWord("DUPLICATE") { return .refuse(PolicyAnswers.duplicate) }
        if reply.isWord("CLOSED") { return .refuse(BudgetRefusals.tenantClosed) }
        if reply.isWord("CHANGED") {
            return .refuse(
                APIError(
                    .serviceUnavailable, "INTERNAL_ERROR", "the policy changes too fast: retry",
                    headers: [.retryAfter: "1"]))
        }
        throw reply.malformed("word")
    }

    private static func body(_ id: [UInt8], _ terms: PolicyTerms, _ createdMs: Int64, _ updatedMs: Int64) -> [UInt8] {
        PolicyAnswers.body(id, terms, createdMs: createdMs, updatedMs: updatedMs)
    }
}
