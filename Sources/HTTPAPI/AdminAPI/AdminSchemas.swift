// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import SharedKernel
internal import StrictJSON

/// Fields that several admin operations share.
enum AdminSchemas {
    /// Reads `metadata`: an object of bounded size, kept as it was sent.
    static func metadata(_ fields: inout JSONFields) throws(FieldError) -> JSONValue? {
        guard let value = try fields.optionalObject("metadata") else { return nil }
        guard value.raw.count <= Limits.metadataBytesMax else {
            throw value.fieldError("must be at most \(Limits.metadataBytesMax) bytes of JSON")
        }
        return value
    }

    /// Reads an amount that must be in this unit.
    static func amount(
        _ value: JSONValue, of field: StaticString, in unit: BudgetUnit
    ) throws -> Int64 {
        let (amount, found) = try SharedSchemas.amount(value)
        guard found == unit else { throw AdminRefusals.unitMismatch(field, found, expected: unit) }
        return amount
    }

    /// Reads the permissions of a key, each once, in the order named; a word that is none is named in the refusal.
    static func permissions(_ fields: inout JSONFields) throws(FieldError) -> [Permission] {
        guard let words = try fields.optionalArray("permissions", count: Limits.permissionsNamed) else {
            return Permission.defaults
        }
        var permissions: [Permission] = []
        for word in words {
            let text = try word.checkedString(characters: 1...64)
            let name = String(decoding: text, as: UTF8.self)
            // Beyond ASCII, equality of Swift strings is not equality of bytes.
            guard text.allSatisfy({ $0 < 0x80 }), let permission = Permission(word: name) else {
                throw word.fieldError("unknown permission \(name)")
            }
            if !permissions.contains(permission) { permissions.append(permission) }
        }
        return permissions
    }

    /// Reads the scope filter of a key: entries `kind:id` or `kind:*`.
    static func scopeFilter(_ fields: inout JSONFields) throws(FieldError) -> [[UInt8]] {
        guard let entries = try fields.optionalArray("scope_filter", count: Limits.scopeFilterEntries) else {
            return []
        }
        var filter: [[UInt8]] = []
        for entry in entries {
            let text = try entry.checkedString(characters: 1...256)
            guard let colon = text.firstIndex(of: UInt8(ascii: ":")), ScopeLevel(word: text[..<colon]) != nil,
                text[(colon + 1)...].elementsEqual([UInt8(ascii: "*")]) || ScopePath.isValue(text[(colon + 1)...])
            else {
                throw entry.fieldError(
                    "must be kind:id or kind:* with a kind of tenant, workspace, app, workflow, agent, toolset")
            }
            filter.append(text)
        }
        return filter
    }
}
