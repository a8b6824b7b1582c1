// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Crypto
package import StrictJSON

/// The installation's salt turns keys that clients choose into ids nobody can guess or collide with on purpose.
package struct IdentitySalt: Sendable {
    /// 32 random bytes, made by the first server and kept in Redis.
    package let bytes: [UInt8]

    /// The salt of this installation.
    package init(bytes: [UInt8]) { self.bytes = bytes }

    /// 128 bits of SHA-256 over salt, tenant, endpoint and key, each part preceded by its length: the same request
    /// always finds the same record (design section 4).
    package func identity(tenant: TenantID, endpoint: some Collection<UInt8>, key: some Collection<UInt8>) -> Identity {
        var input: [UInt8] = []
        input.reserveCapacity(bytes.count + tenant.bytes.count + endpoint.count + key.count + 12)
        input.append(contentsOf: bytes)
        Self.appendPart(tenant.bytes, to: &input)
        Self.appendPart(endpoint, to: &input)
        Self.appendPart(key, to: &input)
        return Identity(digestOf: input)
    }

    /// A keyed checksum of 8 bytes, which cursors carry so that clients cannot forge them.
    package func checksum(_ message: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: bytes)).prefix(8))
    }

    private static func appendPart(_ part: some Collection<UInt8>, to input: inout [UInt8]) {
        let count = UInt32(truncatingIfNeeded: part.count)
        for shift: UInt32 in [24, 16, 8, 0] { input.append(UInt8(truncatingIfNeeded: count >> shift)) }
        input.append(contentsOf: part)
    }
}

/// 128 bits that name one thing, as 16 bytes and as 22 base64url characters.
package struct Identity: Hashable, Sendable {
    /// The 16 bytes.
    package let bytes: [UInt8]

    /// The first half of the SHA-256 of some bytes.
    package init(digestOf input: [UInt8]) { bytes = Array(SHA256.hash(data: input).prefix(16)) }

    /// 22 characters.
    package var text: [UInt8] { Base64URL.text(bytes) }

    /// The fingerprint of a request: of its canonical JSON (runtime digest 4), so that key order and white space do not
    /// matter; equal fingerprints mean the same request.
    package static func fingerprint(of body: JSONValue) -> Identity {
        Identity(digestOf: CanonicalJSON.bytes(of: body))
    }
}
