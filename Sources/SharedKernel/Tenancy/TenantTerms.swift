// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import StrictJSON

/// A tenant's settings for reservations (admin digest 2.5), with the defaults of a tenant that names none.
package struct TenantTerms: Hashable, Sendable {
    /// TTL of a reservation that asks for none, ms.
    package var defaultTTLMs: Int64 = 60_000
    /// Longest TTL granted, ms; longer requests are cut, not refused.
    package var maxTTLMs: Int64 = 3_600_000
    /// Extensions a reservation may have.
    package var maxExtensions: Int64 = 10
    /// Overage policy word of a reservation that names none and whose ledger names none.
    package var overagePolicy = [UInt8]("ALLOW_IF_AVAILABLE".utf8)
    /// AUTO_RELEASE, MANUAL_CLEANUP or GRACE_ONLY; stored and returned, all act as AUTO_RELEASE.
    package var expiryPolicy = [UInt8]("AUTO_RELEASE".utf8)
    /// Id of the parent tenant.
    package var parent: [UInt8]?
    /// Client metadata as JSON text.
    package var metadata: [UInt8]?

    /// The defaults.
    package init() {}

    /// The stored form: a JSON object with the protocol's field names.
    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writeMembers(to: &writer)
        writer.endObject()
        return writer.finish()
    }

    /// Writes the settings as members of an object already begun.
    package func writeMembers(to writer: inout JSONWriter) {
        if let parent {
            writer.key("parent_tenant_id")
            writer.string(parent)
        }
        writer.key("default_commit_overage_policy")
        writer.string(overagePolicy)
        writer.key("default_reservation_ttl_ms")
        writer.int(defaultTTLMs)
        writer.key("max_reservation_ttl_ms")
        writer.int(maxTTLMs)
        writer.key("max_reservation_extensions")
        writer.int(maxExtensions)
        writer.key("reservation_expiry_policy")
        writer.string(expiryPolicy)
        if let metadata {
            writer.key("metadata")
            writer.raw(metadata)
        }
    }

    /// Reads the stored form; nil when it is not one.
    package init?(stored: [UInt8]) {
        guard let document = try? JSONDocument.parse(stored), document.root.kind == .object else { return nil }
        let root = document.root
        guard let ttl = root.member("default_reservation_ttl_ms")?.int64(),
            let maxTTL = root.member("max_reservation_ttl_ms")?.int64(),
            let extensions = root.member("max_reservation_extensions")?.int64(),
            let overage = root.member("default_commit_overage_policy")?.stringBytes(),
            let expiry = root.member("reservation_expiry_policy")?.stringBytes()
        else { return nil }
        defaultTTLMs = ttl
        maxTTLMs = maxTTL
        maxExtensions = extensions
        overagePolicy = overage
        expiryPolicy = expiry
        parent = root.member("parent_tenant_id")?.stringBytes()
        metadata = root.member("metadata").map { Array($0.raw) }
    }
}
