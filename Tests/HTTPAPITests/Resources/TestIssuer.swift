// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Crypto
import HTTPTypes
import Observability
import SharedKernel

/// Signs JWTs, by hand, so that nothing in them has to make sense.
struct TestIssuer: Sendable {
    let kid: String
    private let key = Curve25519.Signing.PrivateKey()

    init(_ kid: String) { self.kid = kid }

    /// The public key.
    var jwk: String { #"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"\#(kid)","x":"\#(publicKey)"}"# }

    /// The public key's bytes in base64url.
    var publicKey: String { Self.text(Array(key.publicKey.rawRepresentation)) }

    /// A token with these claims, and a header that is good or another.
    func token(_ claims: String, header: String? = nil) throws -> String {
        let header = header ?? #"{"alg":"EdDSA","kid":"\#(kid)","typ":"JWT"}"#
        let signed = Self.text([UInt8](header.utf8)) + "." + Self.text([UInt8](claims.utf8))
        return signed + "." + Self.text(Array(try key.signature(for: [UInt8](signed.utf8))))
    }

    /// A token of HS256, as if the public key were a secret that both sides have.
    func confusedToken(_ claims: String) -> String {
        let header = #"{"alg":"HS256","kid":"\#(kid)","typ":"JWT"}"#
        let signed = Self.text([UInt8](header.utf8)) + "." + Self.text([UInt8](claims.utf8))
        let secret = SymmetricKey(data: key.publicKey.rawRepresentation)
        let code = HMAC<SHA256>.authenticationCode(for: [UInt8](signed.utf8), using: secret)
        return signed + "." + Self.text(Array(code))
    }

    /// Bytes in base64url.
    static func text(_ bytes: [UInt8]) -> String { String(decoding: Base64URL.text(bytes), as: UTF8.self) }

    /// Seconds since the epoch, so many from now.
    static func seconds(_ fromNow: Int64) -> Int64 { UTCTimestamp.now_ms() / 1_000 + fromNow }
}

extension ResourceTenant {
    /// The paths of the exchange.
    static let exchanges = ["/api/v1/auth/token", "/auth/token"]

    /// The operator sets the tenant's verification keys.
    func trust(_ issuers: TestIssuer...) async throws {
        try await set("jwt-keys", #"{"keys":[\#(issuers.map(\.jwk).joined(separator: ","))]}"#)
    }

    /// Claims for this tenant, good for an hour; `more` is further members, with a comma before them.
    func claims(_ more: String = "") -> String {
        #"{"tenant_id":"\#(id)","exp":\#(TestIssuer.seconds(3_600))\#(more)}"#
    }

    /// Exchanges a JWT, without any key.
    func exchange(_ jwt: String, at path: String = exchanges[0]) async throws -> ResourceAnswer {
        try await server.send(.post, path, #"{"jwt":"\#(jwt)"}"#, [:])
    }

    /// The same tenant with the token for a JWT that is good.
    func with(jwt: String) async throws -> ResourceTenant {
        let answer = try await exchange(jwt)
        guard let token = answer.root.string("accessToken") else { throw NoToken(answer: answer.body) }
        return with(key: token)
    }

    struct NoToken: Error {
        let answer: String
    }
}
