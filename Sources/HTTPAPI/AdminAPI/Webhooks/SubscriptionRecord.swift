// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON
internal import Webhooks

/// A subscription as answers show it (admin digest 5.1): all but its secrets.
struct SubscriptionRecord: ListedRow {
    let owner: TenantID
    let stored: StoredSubscription
    let facts: SubscriptionFacts

    var id: [UInt8] { stored.id }
    var createdMs: Int64 { stored.createdMs }

    /// Writes it as an object; the values of its headers are masked.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("subscription_id")
        writer.string(id)
        writer.key("tenant_id")
        writer.string(owner.bytes)
        stored.terms.writeShared(to: &writer)
        if !stored.terms.headerNames.isEmpty {
            writer.key("headers")
            writer.beginObject()
            for name in stored.terms.headerNames {
                writer.key(name)
                writer.string("********")
            }
            writer.endObject()
        }
        writer.key("status")
        writer.string(stored.status.word)
        writer.key("consecutive_failures")
        writer.int(facts.failures)
        writer.dateTime("created_at", stored.createdMs)
        writer.dateTime("updated_at", stored.updatedMs)
        if let at = facts.triggeredMs { writer.dateTime("last_triggered_at", at) }
        if let at = facts.successMs { writer.dateTime("last_success_at", at) }
        if let at = facts.failureMs { writer.dateTime("last_failure_at", at) }
        writer.endObject()
    }

    /// The body of an answer about it.
    var body: [UInt8] {
        var writer = JSONWriter(capacity: 768)
        write(to: &writer)
        return writer.finish()
    }
}

/// What a change of a subscription leaves behind.
struct SubscriptionTrail: Sendable {
    let owner: SubscriptionOwner
    let id: [UInt8]
    let request: APIRequest

    /// The event's data (admin digest 4.3, EventDataWebhookLifecycle).
    func eventData(
        from previous: SubscriptionStatus?, to next: SubscriptionStatus?, changed: [SubscriptionField]
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("subscription_id")
        writer.string(id)
        writer.key("tenant_id")
        writer.string(owner.id.bytes)
        if let previous {
            writer.key("previous_status")
            writer.string(previous.word)
        }
        if let next {
            writer.key("new_status")
            writer.string(next.word)
        }
        writer.key("changed_fields")
        writer.beginArray()
        for field in changed { writer.string(field.rawValue) }
        writer.endArray()
        writer.endObject()
        return writer.finish()
    }

    /// The event's context; `correlation` stands before the id, `suffix` after it (admin digest 4.4).
    func context(_ correlation: StaticString, suffix: [UInt8] = []) -> [UInt8] {
        EventContext.json(
            request, owner.actor, correlationID: [UInt8](correlation.description.utf8) + id + suffix)
    }

    /// The audit entry: what it is like from now on, without secrets.
    func auditEntry(
        _ operation: StaticString, _ answer: HTTPResponse.Status, _ terms: SubscriptionTerms,
        _ status: SubscriptionStatus,
        changed: [SubscriptionField] = []
    ) -> [UInt8] {
        let entry = AuditEntry(
            operation: operation, status: answer, actor: owner.actor, resourceType: "webhook", resourceID: id)
        return entry.json(request) { writer in
            writer.key("metadata")
            writer.beginObject()
            writer.key("url")
            writer.string(terms.url)
            writer.key("status")
            writer.string(status.word)
            for (name, words) in [
                ("event_types", terms.selectors.types), ("event_categories", terms.selectors.categories),
            ]
                as [(StaticString, [[UInt8]])]
            {
                writer.key(name)
                writer.beginArray()
                for word in words { writer.string(word) }
                writer.endArray()
            }
            writer.key("changed_fields")
            writer.beginArray()
            for field in changed { writer.string(field.rawValue) }
            writer.endArray()
            writer.endObject()
        }
    }
}

/// A status of subscriptions as filters name it.
enum SubscriptionStatusWord: String, CaseIterable {
    case active = "ACTIVE"
    case paused = "PAUSED"
    case disabled = "DISABLED"

    var status: SubscriptionStatus {
        switch self {
        case .active: .active
        case .paused: .paused
        case .disabled: .disabled
        }
    }
}
