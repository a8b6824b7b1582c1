// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Crypto
package import Observability
internal import SharedKernel

/// The headers of an attempt, in both families: those of the protocol and those of Standard Webhooks (admin digest
/// 5.7). Signature, time and span are made anew for each attempt; the body is the same bytes each time.
package struct WebhookHeaders: Sendable {
    package let eventID: [UInt8]
    package let type: [UInt8]
    /// Empty to make one.
    package let traceID: [UInt8]
    package let traceFlags: [UInt8]
    package let hasInboundTraceparent: Bool
    package let requestID: [UInt8]

    /// The headers of an event of a type, with what is known of the request that caused it.
    package init(
        eventID: [UInt8], type: [UInt8], traceID: [UInt8], traceFlags: [UInt8], hasInboundTraceparent: Bool,
        requestID: [UInt8]
    ) {
        self.eventID = eventID
        self.type = type
        self.traceID = traceID
        self.traceFlags = traceFlags
        self.hasInboundTraceparent = hasInboundTraceparent
        self.requestID = requestID
    }

    /// What endpoints are told about us.
    package static let userAgent = "holdfast/\(Product.version)"

    /// All headers for a body at a time, ms since 1970. The first secret is the current one; while a secret is being
    /// replaced the one before signs, too, in the family that allows two signatures.
    package func fields(
        body: [UInt8], secrets: [SecretBytes], custom: [WebhookSecret.Header], atMs now: Int64
    ) -> [(String, String)] {
        let id = String(decoding: eventID, as: UTF8.self)
        let seconds = String(now / 1_000)
        let trace = traceID.isEmpty ? hexText(RandomBytes.make(16)) : traceID
        let flags = hasInboundTraceparent ? traceFlags : [48, 49]
        let traceText = String(decoding: trace, as: UTF8.self)
        let span = String(decoding: hexText(RandomBytes.make(8)), as: UTF8.self)
        var fields = [
            ("Content-Type", "application/json"), ("User-Agent", Self.userAgent), ("X-Cycles-Event-Id", id),
            ("X-Cycles-Event-Type", String(decoding: type, as: UTF8.self)), ("X-Cycles-Trace-Id", traceText),
            ("traceparent", "00-\(traceText)-\(span)-\(String(decoding: flags, as: UTF8.self))"),
            ("webhook-id", id), ("webhook-timestamp", seconds),
            (
                "webhook-signature",
                secrets.map { Self.standardSignature($0, id: id, seconds: seconds, body) }.joined(separator: " ")
            ),
        ]
        if let secret = secrets.first { fields.append(("X-Cycles-Signature", Self.signature(secret, body))) }
        if !requestID.isEmpty { fields.append(("X-Request-Id", String(decoding: requestID, as: UTF8.self))) }
        for header in custom {
            fields.append(
                (String(decoding: header.name, as: UTF8.self), String(decoding: header.value.reveal(), as: UTF8.self)))
        }
        return fields
    }

    /// `sha256=` and the HMAC-SHA256 of the body under the secret's own bytes, in hex.
    package static func signature(_ secret: SecretBytes, _ body: [UInt8]) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: body, using: SymmetricKey(data: secret.reveal()))
        return "sha256=" + String(decoding: hexText(Array(code)), as: UTF8.self)
    }

    /// `v1,` and the HMAC-SHA256 of id, time and body in base64; the key is what `whsec_` is followed by, decoded, or
    /// where that is no base64 the secret's own bytes.
    package static func standardSignature(
        _ secret: SecretBytes, id: String, seconds: String, _ body: [UInt8]
    ) -> String {
        let text = secret.reveal()
        let encoded = text.starts(with: "whsec_".utf8) ? Array(text.dropFirst(6)) : text
        let key = Base64.bytes(encoded) ?? text
        let signed = [UInt8]("\(id).\(seconds).".utf8) + body
        let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: key))
        return "v1," + String(decoding: Base64.text(Array(code)), as: UTF8.self)
    }
}

/// Base64 with padding, as Standard Webhooks has it.
package enum Base64 {
    /// The text of some bytes.
    package static func text(_ bytes: [UInt8]) -> [UInt8] {
        let plain = Base64URL.text(bytes).map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: byte
            }
        }
        return plain + [UInt8](repeating: UInt8(ascii: "="), count: (4 - plain.count % 4) % 4)
    }

    /// The bytes of a text; nil when it is no base64.
    package static func bytes(_ text: [UInt8]) -> [UInt8]? {
        guard !text.isEmpty, text.count % 4 == 0 else { return nil }
        let stem = text.prefix { $0 != UInt8(ascii: "=") }
        guard text.count - stem.count <= 2, text[stem.endIndex...].allSatisfy({ $0 == UInt8(ascii: "=") }),
            !stem.contains(UInt8(ascii: "-")), !stem.contains(UInt8(ascii: "_"))
        else { return nil }
        return Base64URL.bytes(
            stem.map { byte -> UInt8 in
                switch byte {
                case UInt8(ascii: "+"): UInt8(ascii: "-")
                case UInt8(ascii: "/"): UInt8(ascii: "_")
                default: byte
                }
            }[...])
    }
}
