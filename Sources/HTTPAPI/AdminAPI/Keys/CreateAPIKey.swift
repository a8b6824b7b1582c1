// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// `POST /v1/admin/api-keys` (admin digest 1.2): a new key, in clear in this one answer and nowhere else.
///
/// Three calls: a global entry that ends by itself, the key's row in the tenant's shard, the entry made to last. The
/// entry leads to the row and the row decides, so whatever ends the chain early leaves no key that works: without a row
/// the entry opens nothing and ends, without an entry the row is never found.
enum CreateAPIKey {
    static let endpoint = Endpoint(
        "createApiKey", .post, "/v1/admin/api-keys", surface: .admin, access: .admin,
        plan: { input in planning { try plan(input) } })

    /// A key on its way.
    private struct NewKey: Sendable {
        let id: [UInt8]
        let secret = APIKeySecret.generate()
        let tenant: TenantID
        let name: [UInt8]
        let description: [UInt8]?
        let permissions: [Permission]
        let scopeFilter: [[UInt8]]
        /// ms since 1970; nil for the usual lifetime.
        let expiresMs: Int64?
        /// JSON as sent.
        let metadata: ArraySlice<UInt8>?

        /// What the global entry says.
        var owner: [UInt8] { tenant.bytes + [UInt8(ascii: ":")] + id }
        var entryKey: [UInt8] { Keyspace.apiKey(secret.hash) }
    }

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let key = try decode(input)
        var enter = ScriptCall(.adminEnterKey, keys: [key.entryKey])
        enter.append(key.owner)
        enter.append(decimal: Int64(Limits.keyEntryProvisionalSeconds))
        enter.append(key.expiresMs.map(decimal) ?? [])
        return .call(enter) { reply throws(ScriptFault) in
            if reply.isWord("PAST") { return .invalid("expires_at: must be in the future") }
            guard reply.isWord("ENTERED") else { throw reply.malformed("word") }
            // The end is set here, so that the audit entry can name it.
            let nowMs = try reply.int(0)
            let expiresMs = key.expiresMs ?? nowMs + Limits.keyLifetimeMs
            return .call(creation(of: key, expiresMs: expiresMs, input)) { reply throws(ScriptFault) in
                try created(reply, key)
            }
        }
    }

    private static func decode(_ input: Endpoint.Input) throws -> NewKey {
        let document = try input.request.document()
        var fields = try JSONFields(document.root)
        let tenant = try fields.requiredString("tenant_id", characters: Limits.tenantIDCharacters)
        let name = try fields.requiredString("name", characters: Limits.nameCharacters)
        let description = try fields.optionalString("description", characters: Limits.descriptionCharacters)
        let permissions = try AdminSchemas.permissions(&fields)
        let scopeFilter = try AdminSchemas.scopeFilter(&fields)
        let expiresMs = try fields.optionalDateTime("expires_at")
        // Years before 1970 are as past as any other; a stored time has no sign.
        if let expiresMs, expiresMs <= 0 { throw fields.fieldError("expires_at", "must be in the future") }
        let metadata = try AdminSchemas.metadata(&fields)
        try fields.finish()
        guard let tenant = TenantID(tenant) else { throw AdminRefusals.noTenant }
        return NewKey(
            id: ShardedID.make("key_", in: input.installation.keyspace.shard(of: tenant)), tenant: tenant, name: name,
            description: description, permissions: permissions, scopeFilter: scopeFilter, expiresMs: expiresMs,
            metadata: metadata?.raw)
    }

    /// The second call.
    private static func creation(of key: NewKey, expiresMs: Int64, _ input: Endpoint.Input) -> ScriptCall {
        let entry = AuditEntry(
            operation: "createApiKey", status: .created, actor: .admin, resourceType: "api_key", resourceID: key.id)
        var call = ScriptCall(
            .adminCreateKey, keys: input.installation.keyspace.keys(of: key.tenant), reservingBytes: 2_048)
        call.append(key.id)
        call.append(key.secret.hash.hex)
        call.append(decimal: expiresMs)
        call.append(
            StoredAPIKey.json(
                prefix: key.secret.prefix, name: key.name, description: key.description, permissions: key.permissions,
                scopeFilter: key.scopeFilter, metadata: key.metadata))
        call.append(
            entry.json(input.request) { writer in
                writer.key("metadata")
                writer.beginObject()
                writer.key("name")
                writer.string(key.name)
                writer.permissions(key.permissions)
                writer.scopeFilter(key.scopeFilter)
                writer.dateTime("expires_at", expiresMs)
                writer.endObject()
            })
        call.append(EventContext.json(input.request, .admin))
        call.append(eventData(key))
        return call
    }

    private static func created(_ reply: ScriptReply, _ key: NewKey) throws(ScriptFault) -> Step {
        if reply.isWord("NO_TENANT") { return .refuse(AdminRefusals.noTenant) }
        if reply.isWord("INACTIVE") {
            let isClosed = try reply.bytes(0).first == TenantStatus.closed.rawValue
            return .refuse(isClosed ? BudgetRefusals.tenantClosed : AdminRefusals.tenantSuspended)
        }
        guard reply.isWord("CREATED") else { throw reply.malformed("word") }
        let body = body(key, createdMs: try reply.int(0), expiresMs: try reply.int(1))
        var confirm = ScriptCall(.adminConfirmKey, keys: [key.entryKey])
        confirm.append(key.owner)
        return .call(confirm) { reply throws(ScriptFault) in
            guard reply.isWord("CONFIRMED") else { throw reply.malformed("word") }
            // The answer holds a secret: nobody on its way may keep it.
            return .respond(.json(body, status: .created, headers: [.cacheControl: "no-store"]))
        }
    }

    private static func body(_ key: NewKey, createdMs: Int64, expiresMs: Int64) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("key_id")
        writer.string(key.id)
        writer.key("key_secret")
        writer.string(key.secret.text)
        writer.key("key_prefix")
        writer.string(key.secret.prefix)
        writer.key("tenant_id")
        writer.string(key.tenant.bytes)
        writer.permissions(key.permissions)
        writer.dateTime("created_at", createdMs)
        writer.dateTime("expires_at", expiresMs)
        writer.endObject()
        return writer.finish()
    }

    /// The event's data (admin digest 4.3, EventDataApiKey).
    private static func eventData(_ key: NewKey) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("key_id")
        writer.string(key.id)
        writer.key("key_name")
        writer.string(key.name)
        writer.key("new_status")
        writer.string("ACTIVE")
        writer.permissions(key.permissions)
        writer.endObject()
        return writer.finish()
    }

    private static func decimal(_ value: Int64) -> [UInt8] {
        var text: [UInt8] = []
        JSONWriter.appendDecimal(value, to: &text)
        return text
    }
}
