// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON

/// What the policy operations have in common: bodies, event data, refusals.
enum PolicyAnswers {
    static let notFound = APIError(.notFound, "NOT_FOUND", "policy_id: there is no such policy")

    static let duplicate = APIError(.conflict, "DUPLICATE_RESOURCE", "name: another policy of the tenant has it")

    /// A policy as answers show it (admin digest 1.5).
    static func write(
        _ id: [UInt8], _ terms: PolicyTerms, createdMs: Int64, updatedMs: Int64, to writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.key("policy_id")
        writer.string(id)
        terms.writeShown(to: &writer)
        writer.dateTime("created_at", createdMs)
        writer.dateTime("updated_at", updatedMs)
        writer.endObject()
    }

    /// The same as a body.
    static func body(_ id: [UInt8], _ terms: PolicyTerms, createdMs: Int64, updatedMs: Int64) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        write(id, terms, createdMs: createdMs, updatedMs: updatedMs, to: &writer)
        return writer.finish()
    }

    /// The event's data (admin digest 4.3, EventDataPolicy).
    static func eventData(_ id: [UInt8], _ terms: PolicyTerms, changed: [PolicyField]) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("policy_id")
        writer.string(id)
        for field in [PolicyField.name, .scopePattern] {
            guard let value = terms.values[field] else { continue }
            writer.key([UInt8](field.rawValue.utf8))
            writer.raw(value)
        }
        writer.key("changed_fields")
        writer.beginArray()
        for field in changed { writer.string(field.rawValue) }
        writer.endArray()
        writer.endObject()
        return writer.finish()
    }

    /// The audit entry: what was written.
    static func auditEntry(
        _ operation: StaticString, _ status: HTTPResponse.Status, _ actor: AdminActor, _ id: [UInt8],
        _ terms: PolicyTerms, changed: [PolicyField], _ request: APIRequest
    ) -> [UInt8] {
        let entry = AuditEntry(
            operation: operation, status: status, actor: actor, resourceType: "policy", resourceID: id)
        return entry.json(request) { writer in
            writer.key("metadata")
            writer.beginObject()
            terms.writeShown(to: &writer)
            writer.key("changed_fields")
            writer.beginArray()
            for field in changed { writer.string(field.rawValue) }
            writer.endArray()
            writer.endObject()
        }
    }
}
