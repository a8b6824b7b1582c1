// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import StrictJSON

/// What the operator allows of the URLs of subscriptions (admin digest 5.4); holds for URLs written from now on, and
/// for every address that a delivery connects to.
package struct WebhookSecurity: Hashable, Sendable {
    /// Ranges of addresses that no subscription may name, such as `10.0.0.0/8`.
    package var blockedRanges = [
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "::1/128", "fc00::/7",
    ]
    /// Patterns of which a URL has to match one, `*` standing for any characters; none for any URL.
    package var allowedURLPatterns: [String] = []
    /// Whether `http://` will do.
    package var allowsHTTP = false

    /// Ranges, and patterns, that one may name.
    package static let entriesMax = 256
    /// Characters of a pattern: as many as of a URL.
    package static let patternCharacters = 1...2_048
    private static let rangeCharacters = 1...64

    /// The defaults.
    package init() {}

    /// Reads a closed object; what is absent has its default. `isRange` says what is a range of addresses.
    package init(_ value: JSONValue, isRange: (String) -> Bool) throws(FieldError) {
        var fields = try JSONFields(value)
        if let ranges = try fields.optionalArray("blocked_cidr_ranges", count: 0...Self.entriesMax) {
            blockedRanges = []
            for range in ranges {
                let text = String(decoding: try range.checkedString(characters: Self.rangeCharacters), as: UTF8.self)
                guard isRange(text) else {
                    throw range.fieldError("must be a range of addresses such as 10.0.0.0/8 or fc00::/7")
                }
                blockedRanges.append(text)
            }
        }
        if let patterns = try fields.optionalArray("allowed_url_patterns", count: 0...Self.entriesMax) {
            for pattern in patterns {
                let text = try pattern.checkedString(characters: Self.patternCharacters)
                allowedURLPatterns.append(String(decoding: text, as: UTF8.self))
            }
        }
        if let allows = try fields.optionalBool("allow_http") { allowsHTTP = allows }
        try fields.finish()
    }

    /// Reads what is stored, empty when nothing is; nil for what is neither.
    package init?(stored: [UInt8]) {
        if stored.isEmpty { return }
        guard let document = try? JSONDocument.parse(stored),
            let read = try? WebhookSecurity(document.root, isRange: { _ in true })
        else { return nil }
        self = read
    }

    /// As stored and as shown.
    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("blocked_cidr_ranges")
        writer.beginArray()
        for range in blockedRanges { writer.string(range) }
        writer.endArray()
        writer.key("allowed_url_patterns")
        writer.beginArray()
        for pattern in allowedURLPatterns { writer.string(pattern) }
        writer.endArray()
        writer.key("allow_http")
        writer.bool(allowsHTTP)
        writer.endObject()
        return writer.finish()
    }
}
