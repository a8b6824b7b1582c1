// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel
internal import StrictJSON

extension TenantSetting {
    /// Public keys that a tenant's tokens are verified with, as a JWK set (RFC 7517).
    static let jwtKeys = TenantSetting(
        path: "jwt-keys", field: "jwt_keys", reading: "getTenantJwtKeys", replacing: "setTenantJwtKeys",
        empty: #"{"keys":[]}"#
    ) { body in
        var fields = try JSONFields(body)
        let keys = try fields.requiredArray("keys", count: 0...JWKey.countMax)
        try fields.finish()
        var ids: Set<[UInt8]> = []
        for key in keys {
            let id = try JWKey.check(key)
            guard ids.insert(id).inserted else { throw key.fieldError("has the kid of another key") }
        }
        return CanonicalJSON.bytes(of: body)
    }
}

/// The rules of one key of a set: public, asymmetric, named.
private enum JWKey {
    static let countMax = 16
    private static let bytesMax = 4_096

    private enum KeyType: String, CaseIterable {
        case rsa = "RSA"
        case ec = "EC"
        case okp = "OKP"
    }

    /// What each type of key must have, and the algorithms it may be for.
    private static func needs(_ type: KeyType) -> (members: [StaticString], algorithms: [String]) {
        switch type {
        case .rsa: (["n", "e"], ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
        case .ec: (["crv", "x", "y"], ["ES256", "ES384", "ES512"])
        case .okp: (["crv", "x"], ["EdDSA"])
        }
    }

    /// The curve that an algorithm is for (RFC 7518 3.4, RFC 8037 3.1).
    private static let curves = ["ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "EdDSA": "Ed25519"]

    /// Checks a key; gives its id.
    static func check(_ key: JSONValue) throws(FieldError) -> [UInt8] {
        guard key.raw.count <= bytesMax else { throw key.fieldError("must be at most \(bytesMax) bytes of JSON") }
        var fields = try JSONFields(key)
        let type = try fields.requiredEnum("kty", KeyType.self)
        let id = try fields.requiredString("kid", characters: 1...128)
        let (members, algorithms) = needs(type)
        let algorithm = String(decoding: try fields.requiredString("alg", characters: 1...16), as: UTF8.self)
        guard algorithms.contains(algorithm) else {
            throw fields.fieldError("alg", "must be one of \(algorithms.joined(separator: ", "))")
        }
        for member in members {
            let value = try fields.requiredString(member, characters: 1...2_048)
            if member.description == "crv" {
                guard let curve = curves[algorithm], value.elementsEqual(curve.utf8) else {
                    throw fields.fieldError(member, "is not the curve of \(algorithm)")
                }
            } else if Base64URL.bytes(value) == nil {
                throw fields.fieldError(member, "must be base64url without padding")
            }
        }
        if try fields.optional("d") != nil { throw fields.fieldError("d", "is private: send the public key alone") }
        if let use = try fields.optionalString("use", characters: 1...16), !use.elementsEqual("sig".utf8) {
            throw fields.fieldError("use", "must be sig")
        }
        if let operations = try fields.optionalArray("key_ops", count: 0...8) {
            for operation in operations { _ = try operation.checkedString(characters: 1...64) }
        }
        try fields.finish()
        return id
    }
}
