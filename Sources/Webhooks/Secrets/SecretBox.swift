// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Crypto
package import Observability
internal import SharedKernel

/// Why a sealed text cannot be opened.
package enum SecretBoxError: Error, Hashable, Sendable {
    /// It was sealed under a key that this process was not given.
    case unknownKey
    /// It is no sealed text, it was changed, or it was sealed for something else.
    case corrupt
}

/// Encrypts what Redis must not be able to read: AES-256-GCM under a key of the operator's, bound to the id of what it
/// belongs to, so that a sealed text moved to another row opens nothing.
///
/// A sealed text is `v1.<key id>.<base64url of iv, ciphertext and tag>`. The first key seals; all of them open, so a
/// new key is put in front of the old one, and the old one goes once nothing is sealed under it any more.
package struct SecretBox: Sendable {
    /// Bytes of a key.
    package static let keyBytes = 32

    private struct Key: Sendable {
        let id: [UInt8]
        let key: SymmetricKey
    }

    private let current: Key
    private let all: [Key]

    /// A box with these keys; nil without any, or when one has another length.
    package init?(keys: [SecretBytes]) {
        all = keys.map { key in
            let bytes = key.reveal()
            return Key(id: Self.id(of: bytes), key: SymmetricKey(data: bytes))
        }
        guard let first = all.first, all.allSatisfy({ $0.key.bitCount == 8 * Self.keyBytes }) else { return nil }
        current = first
    }

    /// Seals a text for the thing with this id.
    package func seal(_ text: [UInt8], boundTo id: [UInt8]) throws(SecretBoxError) -> [UInt8] {
        guard let combined = try? AES.GCM.seal(text, using: current.key, authenticating: id).combined else {
            throw .corrupt
        }
        return Self.version + current.id + [Self.dot] + Base64URL.text(Array(combined))
    }

    /// Opens what `seal` gave for the same id.
    package func open(_ sealed: [UInt8], boundTo id: [UInt8]) throws(SecretBoxError) -> [UInt8] {
        guard let (keyID, body) = Self.parts(of: sealed), let combined = Base64URL.bytes(body) else { throw .corrupt }
        let keys = all.filter { $0.id.elementsEqual(keyID) }
        guard !keys.isEmpty else { throw .unknownKey }
        for key in keys {
            guard let box = try? AES.GCM.SealedBox(combined: combined),
                let text = try? AES.GCM.open(box, using: key.key, authenticating: id)
            else { continue }
            return Array(text)
        }
        throw .corrupt
    }

    /// Opens a text and seals it anew under the first key; nil when it is sealed under that already.
    package func renew(_ sealed: [UInt8], boundTo id: [UInt8]) throws(SecretBoxError) -> [UInt8]? {
        let text = try open(sealed, boundTo: id)
        return isCurrent(sealed) ? nil : try seal(text, boundTo: id)
    }

    /// Whether a text was sealed under the first key.
    package func isCurrent(_ sealed: [UInt8]) -> Bool {
        Self.parts(of: sealed).map { current.id.elementsEqual($0.keyID) } ?? false
    }

    private static let version = [UInt8]("v1.".utf8)
    private static let dot = UInt8(ascii: ".")

    /// What tells keys apart: eight hex digits that say nothing about the key.
    private static func id(of key: [UInt8]) -> [UInt8] {
        hexText(SHA256.hash(data: [UInt8]("holdfast secret key ".utf8) + key).prefix(4))
    }

    private static func parts(of sealed: [UInt8]) -> (keyID: ArraySlice<UInt8>, body: ArraySlice<UInt8>)? {
        let rest = sealed.dropFirst(version.count)
        guard sealed.starts(with: version), let end = rest.firstIndex(of: dot) else { return nil }
        return (rest[..<end], rest[(end + 1)...])
    }
}
