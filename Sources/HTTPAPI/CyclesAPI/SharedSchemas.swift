// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import SharedKernel
internal import StrictJSON

/// A subject of a budget request, checked (runtime digest 2.1).
struct SubjectBody {
    /// Its canonical scope path.
    let path: ScopePath
    /// The value of `tenant`, when sent.
    let tenant: [UInt8]?
    /// As sent.
    let raw: ArraySlice<UInt8>

    /// Reads a subject: closed, at least one of the six levels, each value within the path's alphabet.
    init(_ value: JSONValue) throws(FieldError) {
        var fields = try JSONFields(value)
        var levels: [(ScopeLevel, [UInt8])] = []
        var tenant: [UInt8]?
        for level in ScopeLevel.allCases {
            guard let text = try fields.optionalString(level.word, characters: 1...128) else { continue }
            guard ScopePath.isValue(text) else {
                throw fields.fieldError(level.word, "must be characters of A-Z a-z 0-9 _ . -")
            }
            if level == .tenant { tenant = text }
            levels.append((level, text))
        }
        if let dimensions = try fields.optionalObject("dimensions") { try Self.checkDimensions(dimensions) }
        try fields.finish()
        guard let path = ScopePath(levels: levels) else {
            throw value.fieldError("must have at least one of tenant, workspace, app, workflow, agent, toolset")
        }
        self.path = path
        self.tenant = tenant
        raw = value.raw
    }

    /// 403 when it names another tenant than the key's, or a scope that the key may not touch.
    func refusal(for principal: Principal) -> APIError? {
        if let tenant, tenant != principal.tenant.bytes { return BudgetRefusals.foreignTenant }
        return principal.mayTouch(path.bytes) ? nil : BudgetRefusals.outOfScope
    }

    private static func checkDimensions(_ value: JSONValue) throws(FieldError) {
        guard value.count <= 16 else { throw value.fieldError("must have at most 16 entries") }
        for member in value.members { _ = try member.value.checkedString(characters: 0...256) }
    }
}

/// The schemas that several operations share (runtime digest 2).
enum SharedSchemas {
    /// Checks an action (2.2) and gives it as sent. `policy_keys` is accepted and not acted upon (decision A31).
    static func action(_ value: JSONValue) throws(FieldError) -> ArraySlice<UInt8> {
        var fields = try JSONFields(value)
        _ = try fields.requiredString("kind", characters: 1...64)
        _ = try fields.requiredString("name", characters: 1...256)
        if let tags = try fields.optionalArray("tags", count: 0...10) {
            for tag in tags { _ = try tag.checkedString(characters: 0...64) }
        }
        _ = try fields.optionalObject("policy_keys")
        try fields.finish()
        return value.raw
    }

    /// Reads an amount (2.3): unit and 0 to 2^63-1.
    static func amount(_ value: JSONValue) throws(FieldError) -> (Int64, BudgetUnit) {
        var fields = try JSONFields(value)
        let unit = try fields.requiredEnum("unit", BudgetUnit.self)
        let amount = try fields.requiredInt64("amount", in: 0...Int64.max)
        try fields.finish()
        return (amount, unit)
    }

    /// Checks standard metrics (2.7).
    static func checkMetrics(_ value: JSONValue) throws(FieldError) {
        var fields = try JSONFields(value)
        _ = try fields.optionalInt64("tokens_input", in: 0...Int64.max)
        _ = try fields.optionalInt64("tokens_output", in: 0...Int64.max)
        _ = try fields.optionalInt64("latency_ms", in: 0...Int64.max)
        _ = try fields.optionalString("model_version", characters: 0...128)
        _ = try fields.optionalObject("custom")
        try fields.finish()
    }

    /// Reads the idempotency key of a body: decoded for identity and header check, as sent for storage.
    static func idempotencyKey(
        _ fields: inout JSONFields, _ request: APIRequest
    ) throws -> (decoded: [UInt8], raw: ArraySlice<UInt8>) {
        let value = try fields.required("idempotency_key")
        let decoded = try value.checkedString(characters: Limits.idempotencyKeyCharacters)
        try request.checkIdempotencyHeader(decoded)
        return (decoded, value.raw)
    }
}
