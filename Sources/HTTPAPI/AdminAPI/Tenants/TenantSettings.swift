// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import SharedKernel
internal import StrictJSON

/// The settings of a tenant that its creation and its change have in common; nil for what a body does not name.
struct TenantSettings: Sendable {
    private var overagePolicy: OveragePolicy?
    private var defaultTTLMs: Int64?
    private var maxTTLMs: Int64?
    private var maxExtensions: Int64?
    private var metadata: JSONValue?

    /// None of them.
    init() {}

    /// Reads them out of a body.
    init(_ fields: inout JSONFields) throws(FieldError) {
        let ttl: ClosedRange<Int64> = 1_000...86_400_000
        overagePolicy = try fields.optionalEnum("default_commit_overage_policy", OveragePolicy.self)
        defaultTTLMs = try fields.optionalInt64("default_reservation_ttl_ms", in: ttl)
        maxTTLMs = try fields.optionalInt64("max_reservation_ttl_ms", in: ttl)
        maxExtensions = try fields.optionalInt64("max_reservation_extensions", in: 0...Int64.max)
        metadata = try AdminSchemas.metadata(&fields)
        guard let metadata else { return }
        guard metadata.count <= Limits.tenantMetadataMax else {
            throw metadata.fieldError("must have at most \(Limits.tenantMetadataMax) entries")
        }
        for member in metadata.members {
            _ = try member.value.checkedString(characters: 0...Limits.metadataBytesMax)
        }
    }

    /// Puts them into a tenant's terms; gives the names of those that were others before.
    @discardableResult
    func apply(to terms: inout TenantTerms) -> [StaticString] {
        var changed: [StaticString] = []
        if let overagePolicy, terms.overagePolicy != [UInt8](overagePolicy.rawValue.utf8) {
            terms.overagePolicy = [UInt8](overagePolicy.rawValue.utf8)
            changed.append("default_commit_overage_policy")
        }
        if let defaultTTLMs, terms.defaultTTLMs != defaultTTLMs {
            terms.defaultTTLMs = defaultTTLMs
            changed.append("default_reservation_ttl_ms")
        }
        if let maxTTLMs, terms.maxTTLMs != maxTTLMs {
            terms.maxTTLMs = maxTTLMs
            changed.append("max_reservation_ttl_ms")
        }
        if let maxExtensions, terms.maxExtensions != maxExtensions {
            terms.maxExtensions = maxExtensions
            changed.append("max_reservation_extensions")
        }
        if let metadata, !AdminSchemas.isSame(metadata, stored: terms.metadata) {
            terms.metadata = Array(metadata.raw)
            changed.append("metadata")
        }
        return changed
    }
}

extension AdminSchemas {
    /// Whether a value says the same as stored JSON text, however either is spelled.
    static func isSame(_ value: JSONValue, stored: [UInt8]?) -> Bool {
        guard let stored, let document = try? JSONDocument.parse(stored) else { return false }
        return Identity.fingerprint(of: value) == Identity.fingerprint(of: document.root)
    }
}
