// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Crypto

/// A tenant's API key in clear, as it is shown once.
package struct APIKeySecret: Sendable {
    /// `cyc_live_` and 32 random characters (192 bits).
    package let text: [UInt8]

    /// A new key.
    package static func generate() -> APIKeySecret {
        APIKeySecret(text: [UInt8]("cyc_live_".utf8) + Base64URL.text(RandomBytes.make(24)))
    }

    /// The first 14 characters, which lists may show.
    package var prefix: ArraySlice<UInt8> { text.prefix(14) }

    /// What is stored of it.
    package var hash: APIKeyHash { APIKeyHash(of: text) }
}

/// SHA-256 of an API key: the keys have 192 bits of entropy, so a fast hash is the right one.
package struct APIKeyHash: Hashable, Sendable {
    private let a, b, c, d: UInt64

    /// The hash of a key as a client sent it.
    package init(of key: [UInt8]) {
        (a, b, c, d) = SHA256.hash(data: key).withUnsafeBytes {
            (
                $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self).bigEndian,
                $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self).bigEndian,
                $0.loadUnaligned(fromByteOffset: 16, as: UInt64.self).bigEndian,
                $0.loadUnaligned(fromByteOffset: 24, as: UInt64.self).bigEndian
            )
        }
    }

    /// 64 lower-case hex digits.
    package var hex: [UInt8] {
        hexText(a, width: 16) + hexText(b, width: 16) + hexText(c, width: 16) + hexText(d, width: 16)
    }
}
