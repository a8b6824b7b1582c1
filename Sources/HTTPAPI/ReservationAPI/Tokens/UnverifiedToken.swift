// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import JWTKit
internal import SharedKernel
internal import StrictJSON

/// What a verified JWT, or an API key, entitles to.
struct TokenGrant: Sendable {
    /// Shown as label in events.
    let name: [UInt8]
    let permissions: [Permission]
    let scopeFilter: [[UInt8]]
    /// How long it is good, s.
    let lifeSeconds: Int64
    /// The key that verified the JWT, JSON as it is stored; empty for an API key.
    let verificationKey: [UInt8]
    /// The API key's id; empty for a JWT.
    let keyID: [UInt8]
}

/// A JWT (RFC 7519) of which nothing is known to be true yet.
///
/// Claims: `tenant_id` (or `tenant`, `tid`) names the tenant, `exp` is required, `nbf` is respected, `sub` becomes the
/// label, `permissions` an array of permissions that tenants have; without it the token may list, reserve and release.
struct UnverifiedToken: Sendable {
    /// What a token gets that names no permissions.
    private static let permissionsDefault: [Permission] = [
        .reservationsList, .reservationsCreate, .reservationsRelease, .budgetsRead,
    ]
    /// How far the clocks of issuer and server may be apart for `nbf`, ms.
    private static let leewayMs: Int64 = 30_000

    private let text: [UInt8]
    private let header: JSONValue
    private let claims: JSONValue

    /// Reads a token; nil when it is none.
    init?(_ text: [UInt8]) {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        // The library is less strict about base64url than the standard is.
        guard parts.count == 3, let header = Self.object(parts[0]), let claims = Self.object(parts[1]),
            Base64URL.bytes(parts[2]) != nil
        else { return nil }
        // What a header demands to be understood (RFC 7515 4.1.11) is not understood here.
        guard header.member("crit") == nil else { return nil }
        self.text = text
        self.header = header
        self.claims = claims
    }

    private static func object(_ part: ArraySlice<UInt8>) -> JSONValue? {
        guard let bytes = Base64URL.bytes(part), let document = try? JSONDocument.parse(bytes, maxDepth: 32),
            document.root.kind == .object
        else { return nil }
        return document.root
    }

    /// The tenant that it claims to be of.
    var tenant: TenantID? {
        let claim = claims.member("tenant_id") ?? claims.member("tenant") ?? claims.member("tid")
        return claim?.stringBytes().flatMap { TenantID($0) }
    }

    /// What it entitles to, when one of these keys (a JWK set as the tenant stores it) verifies it and it is good now.
    func verified(by keySet: [UInt8], nowMs: Int64) async -> TokenGrant? {
        guard let key = key(in: keySet), let lifeSeconds = lifeSeconds(nowMs) else {
            return nil
        }
        do {
            let jwk = try JWK(json: String(decoding: key.raw, as: UTF8.self))
            // Of the one key that the token names: the library would try another in its place.
            let keys = try await JWTKeyCollection().add(jwk: jwk)
            _ = try await keys.verify(text, as: AnyClaims.self)
        } catch {
            return nil
        }
        guard let permissions else { return nil }
        return TokenGrant(
            name: label, permissions: permissions, scopeFilter: [],
            lifeSeconds: lifeSeconds, verificationKey: Array(key.raw), keyID: [])
    }

    /// Who it is for, as far as that fits into a name, in whole characters; shown in events.
    private var label: [UInt8] {
        let subject = (claims.member("sub")?.stringBytes() ?? [UInt8]("jwt".utf8)).filter { $0 >= 32 && $0 != 127 }
        var name = Array(subject.prefix(Limits.lockNameBytesMax))
        guard name.count < subject.count else { return name }
        // Up to three bytes of a character that was cut.
        for _ in 0..<3 where !isValidUTF8(name) { name.removeLast() }
        return name
    }

    /// The key that the token says it was signed with; one without a key id is for the only key of a set. The algorithm
    /// has to be that of the key.
    private func key(in keySet: [UInt8]) -> JSONValue? {
        guard let document = try? JSONDocument.parse(keySet, maxDepth: 32),
            let keys = document.root.member("keys"), keys.kind == .array
        else { return nil }
        let kid = header.member("kid")?.stringBytes()
        var found: JSONValue?
        for key in keys.elements {
            guard let kid else {
                guard found == nil else { return nil }
                found = key
                continue
            }
            if key.member("kid")?.stringBytes() == kid { found = key }
        }
        guard let found, let algorithm = header.member("alg")?.stringBytes(),
            found.member("alg")?.stringBytes() == algorithm
        else { return nil }
        return found
    }

    /// How long it is still good; nil when it is not.
    private func lifeSeconds(_ nowMs: Int64) -> Int64? {
        guard let end = claims.member("exp")?.int64(), end > nowMs / 1_000 else { return nil }
        if let begin = claims.member("nbf") {
            guard let seconds = begin.int64(), seconds <= (nowMs + Self.leewayMs) / 1_000 else { return nil }
        }
        return end - nowMs / 1_000
    }

    /// Those it names, as far as a tenant's key has them; nil when the claim makes no sense.
    private var permissions: [Permission]? {
        guard let claim = claims.member("permissions") else { return Self.permissionsDefault }
        guard claim.kind == .array else { return nil }
        var named: [Permission] = []
        for element in claim.elements {
            guard let word = element.stringBytes() else { return nil }
            guard let permission = Permission(word: String(decoding: word, as: UTF8.self)) else { continue }
            if Permission.defaults.contains(permission), !named.contains(permission) { named.append(permission) }
        }
        return named
    }
}

/// Claims are read by our own strict parser; the library looks at the signature alone.
private struct AnyClaims: JWTPayload {
    func verify(using algorithm: some JWTAlgorithm) async throws {}
}
