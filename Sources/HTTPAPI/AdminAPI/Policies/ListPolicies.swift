// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// `GET /v1/admin/policies` (admin digest 1.5): a tenant's policies, newest first.
enum ListPolicies {
    static let endpoint = Endpoint(
        "listPolicies", .get, "/v1/admin/policies", surface: .admin, access: .tenantOrAdmin(.policiesRead),
        plan: { input in planning { try plan(input) } })

    /// What is asked for.
    private struct Query: Sendable {
        let pattern: [UInt8]?
        let status: [UInt8]?
        let limit: Int
        let binding: [UInt8]
        /// Creation time and id of the last policy of the page before.
        let after: [UInt8]?
        let owner: LedgerOwner
        let salt: IdentitySalt

        func wants(_ policy: StoredPolicy) -> Bool {
            let text = policy.terms.member("scope_pattern")?.stringBytes() ?? []
            if let pattern, pattern != text { return false }
            if let status, policy.terms.member("status")?.stringBytes() != status { return false }
            return owner.mayTouch(text)
        }
    }

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let request = input.request
        let tenantID = input.caller.principal == nil ? try request.queryValue("tenant_id") : nil
        let owner = try LedgerOwner(input, tenantID: tenantID)
        let pattern = try request.queryValue("scope_pattern")
        let status = try request.queryValue("status")
        if let status, !["ACTIVE", "DISABLED"].contains(where: { status.elementsEqual($0.utf8) }) {
            throw APIError.invalid("status: must be one of ACTIVE, DISABLED")
        }
        let binding = [[UInt8]("policies".utf8), owner.tenant.bytes, pattern ?? [], status ?? []].joined(separator: [0])
        var after: [UInt8]?
        if let text = try request.queryValue("cursor") {
            guard let position = Cursor.open(text, boundTo: Array(binding), input.installation.salt) else {
                throw APIError.invalid("cursor: is not one of this query's")
            }
            after = position
        }
        let query = Query(
            pattern: pattern, status: status, limit: try request.queryPageRows(), binding: Array(binding),
            after: after, owner: owner, salt: input.installation.salt)
        var call = ScriptCall(.adminPolicies, keys: owner.keys)
        call.append(owner.tag)
        call.append("")
        return .call(call) { reply throws(ScriptFault) in
            if reply.isWord("NO_TENANT") { return .refuse(AdminRefusals.noTenant) }
            guard reply.isWord("POLICIES") else { throw reply.malformed("word") }
            let (policies, notices) = try read(reply, input.installation.keyspace.policies(owner.tenant))
            var response = APIResponse.json(body(policies, query))
            response.notices = notices
            return .respond(response)
        }
    }

    /// The policies of a reply; `key` holds them in Redis. A row that is none is left out, and the log is told: the
    /// others can still be seen and changed.
    private static func read(
        _ reply: ScriptReply, _ key: [UInt8]
    ) throws(ScriptFault) -> (policies: [StoredPolicy], notices: [LogNotice]) {
        var policies: [StoredPolicy] = []
        var notices: [LogNotice] = []
        for index in stride(from: 0, to: reply.count, by: 2) {
            let id = try reply.bytes(index)
            if let stored = StoredPolicy(id: id, row: try reply.bytes(index + 1)), stored.policy != nil {
                policies.append(stored)
            } else {
                notices.append(.unreadable(UnreadableRow(kind: .policy, key: key + [UInt8(ascii: " ")] + id)))
            }
        }
        return (policies, notices)
    }

    /// Where a policy stands in the list; later ones are greater.
    private static func position(_ policy: StoredPolicy) -> [UInt8] {
        let newest = Int64.max - policy.createdMs
        return [UInt8](String(newest).utf8) + policy.id
    }

    private static func body(_ all: [StoredPolicy], _ query: Query) -> [UInt8] {
        let rows = all.filter(query.wants).map { (position($0), $0) }.sorted { $0.0.lexicographicallyPrecedes($1.0) }
        let rest = query.after.map { after in rows.drop { !after.lexicographicallyPrecedes($0.0) } } ?? rows[...]
        let page = rest.prefix(query.limit)
        var writer = JSONWriter(capacity: 512 * page.count + 64)
        writer.beginObject()
        writer.key("policies")
        writer.beginArray()
        for (_, policy) in page {
            PolicyAnswers.write(
                policy.id, PolicyTerms(stored: policy.terms), createdMs: policy.createdMs, updatedMs: policy.updatedMs,
                to: &writer)
        }
        writer.endArray()
        writer.key("has_more")
        writer.bool(rest.count > page.count)
        if rest.count > page.count, let last = page.last {
            writer.key("next_cursor")
            writer.string(Cursor.seal(last.0, boundTo: query.binding, query.salt))
        }
        writer.endObject()
        return writer.finish()
    }
}
