// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// `PATCH /v1/admin/api-keys/{key_id}` (admin digest 1.2): name, description, permissions, scope filter, metadata.
///
/// The change is made from the key as it was read and written only if it still is that; otherwise it is made anew. A
/// request that changes nothing writes nothing. Another end or another tenant is another key.
enum UpdateAPIKey {
    static let endpoint = Endpoint(
        "updateApiKey", .patch, "/v1/admin/api-keys/{key_id}", surface: .admin, access: .admin,
        plan: { input in planning { try plan(input) } })

    /// What a body asks for; nil for what it does not name.
    private struct Patch: Sendable {
        let name: [UInt8]?
        let description: [UInt8]?
        let permissions: [Permission]?
        let scopeFilter: [[UInt8]]?
        let metadata: JSONValue?
    }

    /// A key's properties after a change.
    private struct Change: Sendable {
        let key: APIKeyRecord
        private(set) var fields: [StaticString] = []
        private(set) var permissions: [Permission]
        private var name: [UInt8]
        private var description: [UInt8]?
        private(set) var scopeFilter: [[UInt8]]
        private var metadata: ArraySlice<UInt8>?

        init(_ patch: Patch, of key: APIKeyRecord) {
            self.key = key
            name = key.name
            description = key.properties.member("description")?.stringBytes()
            permissions = key.permissions
            scopeFilter = key.scopeFilter
            metadata = key.properties.member("metadata")?.raw
            if let wanted = patch.name, wanted != name {
                name = wanted
                fields.append("name")
            }
            if let wanted = patch.description, wanted != description {
                description = wanted
                fields.append("description")
            }
            // Both are sets: another order is no change.
            if let wanted = patch.permissions, Set(wanted) != Set(permissions) {
                permissions = wanted
                fields.append("permissions")
            }
            if let wanted = patch.scopeFilter, Set(wanted) != Set(scopeFilter) {
                scopeFilter = wanted
                fields.append("scope_filter")
            }
            if let wanted = patch.metadata, !AdminSchemas.isSame(wanted, stored: metadata.map { Array($0) }) {
                metadata = wanted.raw
                fields.append("metadata")
            }
        }

        /// Whether the key may do more or less than before.
        var changesPermissions: Bool {
            Set(permissions) != Set(key.permissions) || Set(scopeFilter) != Set(key.scopeFilter)
        }

        /// The JSON part of the new row.
        var json: [UInt8] {
            StoredAPIKey.json(
                prefix: (key.properties.member("key_prefix")?.stringBytes() ?? [])[...], name: name,
                description: description, permissions: permissions, scopeFilter: scopeFilter, metadata: metadata)
        }

        /// The key as it is once the change is made.
        var after: APIKeyRecord? {
            let head = key.row.split(separator: 0, maxSplits: 4, omittingEmptySubsequences: false).prefix(4)
            let row = Array((head.map { Array($0) } + [json]).joined(separator: [0]))
            return APIKeyRecord(id: key.id, tenant: key.tenant, row: row, nowMs: key.nowMs)
        }
    }

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let patch = try decode(input.request)
        return FoundAPIKey.load(input) { apply(patch, to: $0, input, attemptsLeft: Limits.changeAttemptsMax) }
    }

    private static func decode(_ request: APIRequest) throws -> Patch {
        let document = try request.document()
        var fields = try JSONFields(document.root)
        let name = try fields.optionalString("name", characters: Limits.nameCharacters)
        let description = try fields.optionalString("description", characters: Limits.descriptionCharacters)
        let permissions = try fields.optional("permissions") == nil ? nil : AdminSchemas.permissions(&fields)
        let scopeFilter = try fields.optional("scope_filter") == nil ? nil : AdminSchemas.scopeFilter(&fields)
        let metadata = try AdminSchemas.metadata(&fields)
        try fields.finish()
        return Patch(
            name: name, description: description, permissions: permissions, scopeFilter: scopeFilter,
            metadata: metadata)
    }

    private static func apply(
        _ patch: Patch, to found: FoundAPIKey, _ input: Endpoint.Input, attemptsLeft: Int
    ) -> Step {
        if let refusal = found.refusal { return .refuse(refusal) }
        if found.key.status == .expired { return .refuse(FoundAPIKey.expired) }
        let change = Change(patch, of: found.key)
        if change.fields.isEmpty { return .respond(.json(found.key.body)) }
        return .call(call(change, found, input)) { reply throws(ScriptFault) in
            if reply.isWord("NOT_FOUND") { return .refuse(AdminRefusals.noKey) }
            if reply.isWord("CLOSED") { return .refuse(BudgetRefusals.tenantClosed) }
            if reply.isWord("REVOKED") { return .refuse(FoundAPIKey.revoked) }
            if reply.isWord("EXPIRED") { return .refuse(FoundAPIKey.expired) }
            if reply.isWord("CHANGED") {
                guard attemptsLeft > 1 else { return .refuse(AdminRefusals.contended) }
                let now = try FoundAPIKey(reply, id: found.key.id, found.key.tenant)
                return apply(patch, to: now, input, attemptsLeft: attemptsLeft - 1)
            }
            guard reply.isWord("UPDATED"), let after = change.after else { throw reply.malformed("word") }
            return .respond(.json(after.body))
        }
    }

    private static func call(_ change: Change, _ found: FoundAPIKey, _ input: Endpoint.Input) -> ScriptCall {
        let key = found.key
        let entry = AuditEntry(
            operation: "updateApiKey", status: .ok, actor: .admin, resourceType: "api_key", resourceID: key.id)
        var call = ScriptCall(.adminUpdateKey, keys: found.keys(input), reservingBytes: 2_048)
        call.append(key.id)
        call.append(key.row)
        call.append(change.json)
        call.append(
            entry.json(input.request) { writer in
                writer.key("metadata")
                writer.beginObject()
                writer.key("changed_fields")
                writer.beginArray()
                for field in change.fields { writer.string(field) }
                writer.endArray()
                writer.permissions(change.permissions)
                writer.scopeFilter(change.scopeFilter)
                writer.dateTime("expires_at", key.expiresMs)
                writer.endObject()
            })
        call.append(EventContext.json(input.request, .admin))
        call.append(change.changesPermissions ? key.eventData(change.permissions, newStatus: key.status) : [])
        return call
    }
}
