// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// `POST /v1/auth/validate` (admin digest 1.2): whether an API key in clear would be let in. 200 either way; what is
/// wrong with the key is the operator's to know.
enum ValidateAPIKey {
    static let endpoint = Endpoint(
        "validateApiKey", .post, "/v1/auth/validate", surface: .admin, access: .admin,
        plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let document = try input.request.document()
        var fields = try JSONFields(document.root)
        // A text too long for a key is just no key.
        let secret = try fields.requiredString("key_secret", characters: 0...Limits.bodyBytesMax)
        let hash = APIKeyHash(of: secret)
        return .call(ScriptCall(.adminKeyOwner, keys: [Keyspace.apiKey(hash)])) { reply throws(ScriptFault) in
            if reply.isWord("NOT_FOUND") { return invalid("KEY_NOT_FOUND", nil, keyID: nil, input) }
            let owner = try reply.bytes(0)
            guard reply.isWord("OWNER"), let colon = owner.firstIndex(of: UInt8(ascii: ":")),
                let tenant = TenantID(owner[..<colon])
            else { throw reply.malformed("owner") }
            return check(hash, tenant, keyID: Array(owner[(colon + 1)...]), input)
        }
    }

    private static func check(_ hash: APIKeyHash, _ tenant: TenantID, keyID: [UInt8], _ input: Endpoint.Input) -> Step {
        var call = ScriptCall(.adminGetKey, keys: input.installation.keyspace.keys(of: tenant))
        call.append(keyID)
        return .call(call) { reply throws(ScriptFault) in
            if reply.isWord("NOT_FOUND") { return invalid("KEY_NOT_FOUND", nil, keyID: nil, input) }
            guard reply.isWord("KEY") else { throw reply.malformed("word") }
            let found = try FoundAPIKey(reply, id: keyID, tenant)
            let status = try reply.bytes(0).first.flatMap(TenantStatus.init(rawValue:))
            if let reason = reason(found.key, hash, status) { return invalid(reason, tenant, keyID: keyID, input) }
            return .respond(.json(body(found.key)))
        }
    }

    /// What is wrong with a key; nil when nothing is.
    private static func reason(_ key: APIKeyRecord, _ hash: APIKeyHash, _ tenant: TenantStatus?) -> StaticString? {
        if !key.hash.elementsEqual(hash.hex) { return "INVALID_KEY" }
        switch (key.status, tenant) {
        case (.revoked, _): return "KEY_REVOKED"
        case (.expired, _): return "KEY_EXPIRED"
        case (.active, .active): return nil
        case (.active, .suspended): return "TENANT_SUSPENDED"
        case (.active, _): return "TENANT_CLOSED"
        }
    }

    private static func invalid(
        _ reason: StaticString, _ tenant: TenantID?, keyID: [UInt8]?, _ input: Endpoint.Input
    ) -> Step {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("valid")
        writer.bool(false)
        writer.key("tenant_id")
        writer.string(tenant?.bytes ?? [])
        if let keyID {
            writer.key("key_id")
            writer.string(keyID)
        }
        writer.key("reason")
        writer.string(reason)
        writer.endObject()
        let answer = APIResponse.json(writer.finish())
        let login = FailedLogin(tenant: tenant, keyID: keyID ?? [], reason: word(reason))
        let event = login.event(EventContext.json(input.request, .stranger), input.installation.keyspace)
        return .call(event) { _ throws(ScriptFault) in .respond(answer) }
    }

    /// The reason in the words of events (admin digest 4.3).
    private static func word(_ reason: StaticString) -> StaticString {
        switch reason.description {
        case "KEY_NOT_FOUND": "key_not_found"
        case "KEY_REVOKED": "key_revoked"
        case "KEY_EXPIRED": "key_expired"
        case "TENANT_SUSPENDED": "tenant_suspended"
        case "TENANT_CLOSED": "tenant_closed"
        default: "invalid_key"
        }
    }

    private static func body(_ key: APIKeyRecord) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("valid")
        writer.bool(true)
        writer.key("tenant_id")
        writer.string(key.tenant.bytes)
        writer.key("key_id")
        writer.string(key.id)
        writer.permissions(key.permissions)
        writer.key("scope_filter")
        writer.beginArray()
        for entry in key.scopeFilter { writer.string(entry) }
        writer.endArray()
        writer.dateTime("expires_at", key.expiresMs)
        writer.endObject()
        return writer.finish()
    }
}
