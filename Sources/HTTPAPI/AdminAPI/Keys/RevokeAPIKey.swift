// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// `DELETE /v1/admin/api-keys/{key_id}` (admin digest 1.2): ends a key for good, from the next request on.
enum RevokeAPIKey {
    static let endpoint = Endpoint(
        "revokeApiKey", .delete, "/v1/admin/api-keys/{key_id}", surface: .admin, access: .admin,
        plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let longest = Limits.reasonCharacters.upperBound
        let reason = try input.request.queryText("reason", charactersMax: longest) ?? []
        let quoted = reason.isEmpty ? [] : StoredTenant.quoted(reason)
        return FoundAPIKey.load(input) { found in
            revoke(found, reason: quoted, input, attemptsLeft: Limits.changeAttemptsMax)
        }
    }

    /// `reason` is a JSON string, or empty.
    private static func revoke(
        _ found: FoundAPIKey, reason: [UInt8], _ input: Endpoint.Input, attemptsLeft: Int
    ) -> Step {
        if let refusal = found.refusal { return .refuse(refusal) }
        let key = found.key
        let entry = AuditEntry(
            operation: "revokeApiKey", status: .ok, actor: .admin, resourceType: "api_key", resourceID: key.id)
        var call = ScriptCall(.adminRevokeKey, keys: found.keys(input), reservingBytes: 2_048)
        call.append(key.id)
        call.append(key.row)
        call.append(reason)
        call.append(
            entry.json(input.request) { writer in
                writer.key("metadata")
                writer.beginObject()
                writer.key("name")
                writer.string(key.name)
                writer.stored("reason", reason[...])
                writer.endObject()
            })
        call.append(EventContext.json(input.request, .admin))
        call.append(key.eventData(key.permissions, newStatus: .revoked))
        return .call(call) { reply throws(ScriptFault) in
            if reply.isWord("NOT_FOUND") { return .refuse(AdminRefusals.noKey) }
            if reply.isWord("CLOSED") { return .refuse(BudgetRefusals.tenantClosed) }
            if reply.isWord("ALREADY") { return .refuse(FoundAPIKey.revoked) }
            if reply.isWord("CHANGED") {
                guard attemptsLeft > 1 else { return .refuse(AdminRefusals.contended) }
                let now = try FoundAPIKey(reply, id: key.id, key.tenant)
                return revoke(now, reason: reason, input, attemptsLeft: attemptsLeft - 1)
            }
            guard reply.isWord("REVOKED") else { throw reply.malformed("word") }
            var revoked = key
            revoked.revokedMs = try reply.int(0)
            revoked.revokedReason = reason
            return .respond(.json(revoked.body))
        }
    }
}
