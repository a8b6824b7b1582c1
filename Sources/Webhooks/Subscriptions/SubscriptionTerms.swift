// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import StrictJSON

/// What a subscription's owner wrote, without its secrets: the document of its row.
package struct SubscriptionTerms: Hashable, Sendable {
    package var url: [UInt8]
    package var selectors: EventSelectors
    package var name: [UInt8]?
    package var description: [UInt8]?
    /// Nil when none were sent: then the defaults count.
    package var thresholds: AlertThresholds?
    /// Names of custom headers; their values are sealed.
    package var headerNames: [[UInt8]] = []
    package var retryPolicy = RetryPolicy()
    /// Failed deliveries in a row after which the subscription is disabled.
    package var disableAfterFailures: Int64 = 10
    /// A JSON object as sent.
    package var metadata: [UInt8]?
    /// Whether a delivery that is retried holds up those after it.
    package var isStrictlyOrdered = false

    /// Terms with defaults.
    package init(url: [UInt8], selectors: EventSelectors) {
        self.url = url
        self.selectors = selectors
    }

    /// Reads the stored form; nil for anything else.
    package init?(stored: JSONValue) {
        guard stored.kind == .object, let url = stored.member("url")?.stringBytes(),
            let types = Self.texts(stored.member("event_types")),
            let categories = Self.texts(stored.member("event_categories")),
            let headerNames = Self.texts(stored.member("header_names")),
            let retry = stored.member("retry_policy"), let retryPolicy = try? RetryPolicy(retry),
            let disableAfter = stored.member("disable_after_failures")?.int64()
        else { return nil }
        self.url = url
        selectors = EventSelectors(
            types: types, categories: categories, scopeFilter: stored.member("scope_filter")?.stringBytes())
        name = stored.member("name")?.stringBytes()
        description = stored.member("description")?.stringBytes()
        if let value = stored.member("thresholds") {
            guard let thresholds = try? AlertThresholds(value) else { return nil }
            self.thresholds = thresholds
        }
        self.headerNames = headerNames
        self.retryPolicy = retryPolicy
        disableAfterFailures = disableAfter
        metadata = stored.member("metadata").map { Array($0.raw) }
        isStrictlyOrdered = stored.member("ordering")?.isString("strict") ?? false
    }

    private static func texts(_ value: JSONValue?) -> [[UInt8]]? {
        guard let value, value.kind == .array else { return nil }
        var texts: [[UInt8]] = []
        for element in value.elements {
            guard let text = element.stringBytes() else { return nil }
            texts.append(text)
        }
        return texts
    }

    /// The stored form.
    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writeShared(to: &writer)
        writer.key("header_names")
        writer.texts(headerNames)
        writer.endObject()
        return writer.finish()
    }

    /// Writes the members that the stored form and answers have alike.
    package func writeShared(to writer: inout JSONWriter) {
        writer.key("url")
        writer.string(url)
        writer.key("event_types")
        writer.texts(selectors.types)
        writer.key("event_categories")
        writer.texts(selectors.categories)
        if let name {
            writer.key("name")
            writer.string(name)
        }
        if let description {
            writer.key("description")
            writer.string(description)
        }
        if let filter = selectors.scopeFilter {
            writer.key("scope_filter")
            writer.string(filter)
        }
        if let thresholds {
            writer.key("thresholds")
            thresholds.write(to: &writer)
        }
        writer.key("retry_policy")
        retryPolicy.write(to: &writer)
        writer.key("disable_after_failures")
        writer.int(disableAfterFailures)
        if let metadata {
            writer.key("metadata")
            writer.raw(metadata)
        }
        if isStrictlyOrdered {
            writer.key("ordering")
            writer.string("strict")
        }
    }
}

extension JSONWriter {
    /// An array of strings.
    fileprivate mutating func texts(_ texts: [[UInt8]]) {
        beginArray()
        for text in texts { string(text) }
        endArray()
    }
}
