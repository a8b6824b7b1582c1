// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import Observability
internal import SharedKernel
internal import StrictJSON

/// What a subscription keeps from everybody but its endpoint: the signing secret, the one before while it may still be
/// in use, and the values of custom headers.
package struct WebhookSecret: Sendable {
    /// How long a secret that was replaced goes on to sign beside its successor, ms: 24 hours.
    package static let overlapMs: Int64 = 86_400_000

    /// The signing secret; its UTF-8 bytes are the key of the signature.
    package var secret: SecretBytes
    /// The secret before this one.
    package var previous: SecretBytes?
    /// Until when the one before signs, too; ms since the epoch.
    package var previousUntilMs: Int64 = 0
    /// Custom headers, name and value, in the order of the names in the terms.
    package var headers: [Header]

    /// A custom header.
    package struct Header: Sendable {
        package let name: [UInt8]
        package let value: SecretBytes

        /// A header of these.
        package init(name: [UInt8], value: SecretBytes) {
            self.name = name
            self.value = value
        }
    }

    /// A secret with headers.
    package init(secret: SecretBytes, headers: [Header] = []) {
        self.secret = secret
        self.headers = headers
    }

    /// A new secret: `whsec_` and 32 random bytes as base64, as Standard Webhooks reads them.
    package static func generate() -> SecretBytes {
        SecretBytes([UInt8]("whsec_".utf8) + Base64.text(RandomBytes.make(32)))
    }

    /// The secrets that sign now, the current one first.
    package func signing(atMs now: Int64) -> [SecretBytes] {
        [secret] + (previous.map { now < previousUntilMs ? [$0] : [] } ?? [])
    }

    /// Puts a new secret in the place of the current one, which goes on to sign for a day.
    package mutating func rotate(to fresh: SecretBytes, atMs now: Int64) {
        previous = secret
        previousUntilMs = now + Self.overlapMs
        secret = fresh
    }

    /// Seals it for a subscription.
    package func sealed(for id: [UInt8], in box: SecretBox) throws(SecretBoxError) -> [UInt8] {
        try box.seal(json, boundTo: id)
    }

    /// Opens what `sealed` gave.
    package init(sealed: [UInt8], for id: [UInt8], in box: SecretBox) throws(SecretBoxError) {
        let text = try box.open(sealed, boundTo: id)
        guard let root = (try? JSONDocument.parse(text))?.root, let secret = root.member("secret")?.stringBytes() else {
            throw .corrupt
        }
        self.secret = SecretBytes(secret)
        previous = root.member("previous")?.stringBytes().map { SecretBytes($0) }
        previousUntilMs = root.member("previous_until_ms")?.int64() ?? 0
        headers = []
        guard let stored = root.member("headers") else { return }
        for member in stored.members {
            guard let name = member.key.stringBytes(), let value = member.value.stringBytes() else { throw .corrupt }
            headers.append(Header(name: name, value: SecretBytes(value)))
        }
    }

    private var json: [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("secret")
        writer.string(secret.reveal())
        if let previous {
            writer.key("previous")
            writer.string(previous.reveal())
            writer.key("previous_until_ms")
            writer.int(previousUntilMs)
        }
        writer.key("headers")
        writer.beginObject()
        for header in headers {
            writer.key(header.name)
            writer.string(header.value.reveal())
        }
        writer.endObject()
        writer.endObject()
        return writer.finish()
    }
}
