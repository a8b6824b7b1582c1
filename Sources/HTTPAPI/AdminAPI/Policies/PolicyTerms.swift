// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import SharedKernel
internal import StrictJSON

/// The members of a policy that clients write, in the order they are stored and shown.
enum PolicyField: String, CaseIterable {
    case scopePattern = "scope_pattern"
    case status
    case name, description, priority, caps
    case overagePolicy = "commit_overage_policy"
    case ttlOverride = "reservation_ttl_override"
    case rateLimits = "rate_limits"
    case effectiveFrom = "effective_from"
    case effectiveUntil = "effective_until"
    /// The instants of the two before, ms since 1970, for the servers; not shown.
    case effectiveFromMs = "effective_from_ms"
    case effectiveUntilMs = "effective_until_ms"

    /// Whether answers have it.
    var isShown: Bool { self != .effectiveFromMs && self != .effectiveUntilMs }

    /// Whether a policy may be without it.
    var isOptional: Bool {
        switch self {
        case .scopePattern, .status, .name, .priority: false
        case .description, .caps, .overagePolicy, .ttlOverride, .rateLimits: true
        case .effectiveFrom, .effectiveUntil, .effectiveFromMs, .effectiveUntilMs: true
        }
    }
}

/// A policy's terms, each as JSON; absent ones have no entry.
struct PolicyTerms: Sendable {
    private(set) var values: [PolicyField: [UInt8]] = [:]

    /// No terms yet.
    init() {}

    /// The terms of a new policy that names no others.
    static var initial: PolicyTerms {
        var terms = PolicyTerms()
        terms.set(.status, [UInt8]("ACTIVE".utf8))
        terms.values[.priority] = int(0)
        return terms
    }

    /// The terms as they are stored.
    init(stored: JSONValue) {
        for field in PolicyField.allCases {
            for member in stored.members where member.key.isString(field.rawValue) {
                values[field] = Array(member.value.raw)
            }
        }
    }

    /// The stored form.
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        write(to: &writer) { _ in true }
        writer.endObject()
        return writer.finish()
    }

    /// Writes the terms that answers have.
    func writeShown(to writer: inout JSONWriter) { write(to: &writer, where: \.isShown) }

    private func write(to writer: inout JSONWriter, where isWanted: (PolicyField) -> Bool) {
        for field in PolicyField.allCases where isWanted(field) {
            guard let value = values[field] else { continue }
            writer.key([UInt8](field.rawValue.utf8))
            writer.raw(value)
        }
    }

    /// The fields in which these terms differ from others, as events name them.
    func changes(from old: PolicyTerms) -> [PolicyField] {
        PolicyField.allCases.filter { $0.isShown && values[$0] != old.values[$0] }
    }

    /// Reads what `POST` and `PATCH` have in common; members that are absent stay as they are.
    mutating func read(_ fields: inout JSONFields) throws {
        if let text = try fields.optionalString("description", characters: Limits.descriptionCharacters) {
            values[.description] = Self.string(text)
        }
        if let priority = try fields.optionalInt64("priority", in: 0...Int64.max) {
            values[.priority] = Self.int(priority)
        }
        if let caps = try fields.optionalObject("caps") { values[.caps] = try Self.caps(caps) }
        if let policy = try fields.optionalEnum("commit_overage_policy", OveragePolicy.self) {
            values[.overagePolicy] = Self.string([UInt8](policy.rawValue.utf8))
        }
        if let override = try fields.optionalObject("reservation_ttl_override") {
            values[.ttlOverride] = try Self.ttlOverride(override)
        }
        if let limits = try fields.optionalObject("rate_limits") { values[.rateLimits] = try Self.rateLimits(limits) }
        let from = try fields.optionalDateTime("effective_from")
        if let from { set(.effectiveFrom, .effectiveFromMs, from) }
        let until = try fields.optionalDateTime("effective_until")
        if let until { set(.effectiveUntil, .effectiveUntilMs, until) }
        if from != nil || until != nil { try checkPeriod(fields) }
    }

    /// Takes back the terms that a body has as null; only those that a policy may be without can be.
    mutating func removeNulls(of body: JSONValue) throws(FieldError) {
        for member in body.members where member.value.isNull {
            guard let field = PolicyField.allCases.first(where: { $0.isShown && member.key.isString($0.rawValue) })
            else { continue }
            guard field.isOptional else { throw member.value.fieldError("must not be null") }
            values[field] = nil
            if field == .effectiveFrom { values[.effectiveFromMs] = nil }
            if field == .effectiveUntil { values[.effectiveUntilMs] = nil }
        }
    }

    /// Sets a term whose value is a string.
    mutating func set(_ field: PolicyField, _ text: [UInt8]) { values[field] = Self.string(text) }

    private mutating func set(_ field: PolicyField, _ msField: PolicyField, _ ms: Int64) {
        var writer = JSONWriter(capacity: 64)
        writer.beginObject()
        writer.dateTime("at", ms)
        writer.endObject()
        // The member's value alone.
        values[field] = Array(writer.finish().dropFirst(6).dropLast())
        values[msField] = Self.int(ms)
    }

    private func checkPeriod(_ fields: JSONFields) throws(FieldError) {
        guard let from = values[.effectiveFromMs].flatMap({ parseDecimalInt64($0) }),
            let until = values[.effectiveUntilMs].flatMap({ parseDecimalInt64($0) }), until <= from
        else { return }
        throw fields.fieldError("effective_until", "must be after effective_from")
    }

    private static func string(_ text: [UInt8]) -> [UInt8] {
        var writer = JSONWriter(capacity: text.count + 2)
        writer.string(text)
        return writer.finish()
    }

    private static func int(_ value: Int64) -> [UInt8] {
        var text: [UInt8] = []
        JSONWriter.appendDecimal(value, to: &text)
        return text
    }

    /// Checks caps (admin digest 0.6); kept in canonical form, as they become part of every reservation they are for.
    private static func caps(_ value: JSONValue) throws(FieldError) -> [UInt8] {
        guard value.raw.count <= Limits.capsBytesMax else {
            throw value.fieldError("must be at most \(Limits.capsBytesMax) bytes of JSON")
        }
        var fields = try JSONFields(value)
        _ = try fields.optionalInt64("max_tokens", in: 0...Int64.max)
        _ = try fields.optionalInt64("max_steps_remaining", in: 0...Int64.max)
        for name in ["tool_allowlist", "tool_denylist"] as [StaticString] {
            guard let tools = try fields.optionalArray(name, count: 0...Limits.capsToolsMax) else { continue }
            for tool in tools { _ = try tool.checkedString(characters: 0...256) }
        }
        _ = try fields.optionalInt64("cooldown_ms", in: 0...Int64.max)
        try fields.finish()
        return CanonicalJSON.bytes(of: value)
    }

    private static func ttlOverride(_ value: JSONValue) throws(FieldError) -> [UInt8] {
        var fields = try JSONFields(value)
        _ = try fields.optionalInt64("default_ttl_ms", in: 1_000...86_400_000)
        _ = try fields.optionalInt64("max_ttl_ms", in: 1_000...86_400_000)
        _ = try fields.optionalInt64("max_extensions", in: 0...Int64.max)
        try fields.finish()
        return CanonicalJSON.bytes(of: value)
    }

    private static func rateLimits(_ value: JSONValue) throws(FieldError) -> [UInt8] {
        var fields = try JSONFields(value)
        _ = try fields.optionalInt64("max_reservations_per_minute", in: 1...Int64.max)
        _ = try fields.optionalInt64("max_commits_per_minute", in: 1...Int64.max)
        try fields.finish()
        return CanonicalJSON.bytes(of: value)
    }
}
