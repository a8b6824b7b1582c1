// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// `POST /api/v1/auth/token`, and `POST /auth/token` for clients that know it there (decision X4): a short-lived token
/// for a JWT that the tenant's keys verify, or for an API key. The token goes where an API key goes.
///
/// Three calls for a JWT: the tenant's keys, the token's row in the tenant's shard, the global entry; row and entry end
/// by themselves.
enum ExchangeToken {
    static let endpoints = [
        endpoint("exchangeToken", "/api/v1/auth/token"), endpoint("exchangeTokenAtRoot", "/auth/token"),
    ]

    private static func endpoint(_ name: String, _ path: String) -> Endpoint {
        Endpoint(name, .post, path, surface: .reservation, access: .optionalKey) { input in
            planning { try plan(input) }
        }
    }

    /// The longest that a token is good, s.
    private static let lifeSecondsMax: Int64 = 900
    /// Longest JWT, bytes.
    private static let tokenBytesMax = 16_384

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        guard let text = try jwt(input.request) else {
            guard let principal = input.caller.principal else { return .refuse(.unauthorized) }
            return try open(for: principal, input)
        }
        guard let token = UnverifiedToken(text), let tenant = token.tenant else { return .refuse(.unauthorized) }
        let keys = input.installation.keyspace.keys(of: tenant)
        var call = ScriptCall(.adminGetSetting, keys: keys)
        call.append("jwt_keys")
        let nowMs = input.nowMs
        return .call(call) { reply throws(ScriptFault) in
            if reply.isWord("NO_TENANT") { return .refuse(.unauthorized) }
            guard reply.isWord("SETTING") else { throw reply.malformed("word") }
            let stored = try reply.bytes(0)
            return .wait {
                guard let grant = await token.verified(by: stored, nowMs: nowMs) else { return .refuse(.unauthorized) }
                let life = min(grant.lifeSeconds, lifeSecondsMax)
                return open(Session(grant: grant, tenant: tenant, keys: keys, lifeSeconds: life))
            }
        }
    }

    /// The JWT of a body; nil when there is none.
    private static func jwt(_ request: APIRequest) throws -> [UInt8]? {
        if request.body.allSatisfy({ $0 <= 0x20 }) { return nil }
        var fields = try JSONFields(try request.document().root, caseInsensitiveKeys: true, nullIsAbsent: true)
        guard let value = try fields.optional("jwt") else { return nil }
        guard let text = value.stringSlice(), text.count <= tokenBytesMax else {
            throw value.fieldError("must be a string of at most \(tokenBytesMax) bytes")
        }
        return Array(text)
    }

    private static func open(for principal: Principal, _ input: Endpoint.Input) throws -> Step {
        guard !principal.keyID.starts(with: Session.prefix.utf8) else {
            throw APIError(.forbidden, "FORBIDDEN", "a short-lived token cannot be exchanged for another")
        }
        let left = (principal.expiresAtMs - input.nowMs) / 1_000
        let grant = TokenGrant(
            name: principal.keyName, permissions: principal.permissions.all,
            scopeFilter: principal.scopeFilter, lifeSeconds: left, verificationKey: [], keyID: principal.keyID)
        return open(
            Session(
                grant: grant, tenant: principal.tenant, keys: principal.keys, lifeSeconds: min(left, lifeSecondsMax)))
    }

    /// A token on its way.
    private struct Session: Sendable {
        static let prefix = "sess_"

        let id = [UInt8](prefix.utf8) + Base64URL.text(RandomBytes.make(12))
        let secret = APIKeySecret.generate()
        let grant: TokenGrant
        let tenant: TenantID
        let keys: [[UInt8]]
        let lifeSeconds: Int64

        init(grant: TokenGrant, tenant: TenantID, keys: [[UInt8]], lifeSeconds: Int64) {
            self.grant = grant
            self.tenant = tenant
            self.keys = keys
            self.lifeSeconds = lifeSeconds
        }
    }

    private static func open(_ session: Session) -> Step {
        guard session.lifeSeconds > 0 else { return .refuse(.unauthorized) }
        var call = ScriptCall(.adminOpenSession, keys: session.keys, reservingBytes: 1_024)
        call.append(session.id)
        call.append(session.secret.hash.hex)
        call.append(decimal: session.lifeSeconds * 1_000)
        call.append(
            StoredAPIKey.json(
                prefix: session.secret.prefix, name: session.grant.name, description: nil,
                permissions: session.grant.permissions, scopeFilter: session.grant.scopeFilter, metadata: nil))
        call.append(session.grant.verificationKey)
        call.append(session.grant.keyID)
        return .call(call) { reply throws(ScriptFault) in
            if reply.isWord("GONE") { return .refuse(.unauthorized) }
            guard reply.isWord("OPENED") else { throw reply.malformed("word") }
            var enter = ScriptCall(.adminEnterKey, keys: [Keyspace.apiKey(session.secret.hash)])
            enter.append(session.tenant.bytes + [UInt8(ascii: ":")] + session.id)
            enter.append(decimal: session.lifeSeconds)
            enter.append("")
            return .call(enter) { reply throws(ScriptFault) in
                guard reply.isWord("ENTERED") else { throw reply.malformed("word") }
                return .respond(.json(body(session), headers: [.cacheControl: "no-store"]))
            }
        }
    }

    private static func body(_ session: Session) -> [UInt8] {
        var writer = JSONWriter(capacity: 192)
        writer.beginObject()
        writer.key("accessToken")
        writer.string(session.secret.text)
        writer.key("expiresIn")
        writer.int(session.lifeSeconds)
        writer.key("tokenType")
        writer.string("Bearer")
        writer.endObject()
        return writer.finish()
    }
}
