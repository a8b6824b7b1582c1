// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import SharedKernel
package import StrictJSON

/// An event as scripts write it (lua/include/outbox.lua), and as clients see it.
package struct StoredEvent: Sendable {
    package let id: EventID
    package let atMs: Int64
    /// The tenant, or `__system__`.
    package let tenant: TenantID
    package let type: EventType
    /// Ids, actor and what else the request gave; nil of an event that no request caused.
    private let context: JSONValue?
    /// The event's data as a JSON object.
    package let data: [UInt8]
    /// The scope it is about, where it is about one.
    package let scope: [UInt8]?

    /// Reads a body; nil when it is not one.
    package init?(id: EventID, body: [UInt8]) {
        let parts = body.split(separator: 0, maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 5, let at = parseDecimalInt64(parts[0]), let type = EventType(Array(parts[2])),
            let tenant = parts[1].elementsEqual(TenantID.system.bytes) ? .system : TenantID(parts[1])
        else { return nil }
        if parts[3].isEmpty {
            context = nil
        } else {
            guard let document = try? JSONDocument.parse(Array(parts[3])), document.root.kind == .object else {
                return nil
            }
            context = document.root
        }
        guard let content = EventContent(type, Array(parts[4]), shard: id.shard) else { return nil }
        self.id = id
        atMs = at
        self.tenant = tenant
        self.type = type
        data = content.data
        scope = content.scope
    }

    /// The request that caused it, if one did.
    package var requestID: [UInt8]? { text("request_id") }
    /// 32 hex digits: of the request or, where none caused it, ever the same ones made of the event's id.
    package var traceID: [UInt8] { text("trace_id") ?? hexText(Identity(digestOf: id.text).bytes) }
    package var correlationID: [UInt8]? { text("correlation_id") }
    /// Of an anomaly of spending: how many times the usual rate was asked for.
    package var askedMultiplier: Double? { context?.member("metadata")?.member("asked_multiplier")?.double() }
    /// Two hex digits of the inbound `traceparent`.
    package var traceFlags: [UInt8]? { text("trace_flags") }
    /// Whether the trace came with a valid `traceparent`.
    package var hasInboundTraceparent: Bool { context?.member("traceparent_inbound_valid")?.bool() ?? false }

    /// Who emitted it (admin digest 4.1).
    package var source: [UInt8] {
        if let source = text("source") { return source }
        if type.text.elementsEqual("reservation.expired".utf8) { return [UInt8]("expiry-sweeper".utf8) }
        return [UInt8]((Self.isRuntime(type) ? "cycles-server" : "cycles-admin").utf8)
    }

    private func text(_ name: StaticString) -> [UInt8]? {
        context?.member(name).flatMap { $0.kind == .string ? $0.stringBytes() : nil }
    }

    private static func isRuntime(_ type: EventType) -> Bool {
        if type.isCustom || type.category == .reservation { return true }
        return [
            "budget.threshold_crossed", "budget.exhausted", "budget.over_limit_entered", "budget.debt_incurred",
        ].contains { type.text.elementsEqual($0.utf8) }
    }

    /// The envelope, member by member, the same bytes each time (admin digest 4.1): what is stored never changes.
    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("event_id")
        writer.string(id.text)
        writer.key("event_type")
        writer.string(type.text)
        writer.key("category")
        writer.string(type.category.rawValue)
        writer.key("timestamp")
        writer.string(timestampText(atMs))
        writer.key("tenant_id")
        writer.string(tenant.bytes)
        if let scope {
            writer.key("scope")
            writer.string(scope)
        }
        writer.key("source")
        writer.string(source)
        writeActor(to: &writer)
        writer.key("data")
        writer.raw(data)
        for (name, value) in [
            ("correlation_id", correlationID), ("request_id", requestID), ("trace_id", traceID),
        ] as [(StaticString, [UInt8]?)] {
            guard let value else { continue }
            writer.key(name)
            writer.string(value)
        }
        if let metadata = context?.member("metadata") {
            writer.key("metadata")
            writer.raw(Array(metadata.raw))
        }
        writer.endObject()
    }

    private func writeActor(to writer: inout JSONWriter) {
        writer.key("actor")
        if let actor = context?.member("actor") {
            writer.raw(Array(actor.raw))
        } else {
            writer.beginObject()
            writer.key("type")
            writer.string(context == nil ? "scheduler" : "system")
            writer.endObject()
        }
    }

    /// The envelope alone: the body that webhooks are sent.
    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 512 + data.count)
        write(to: &writer)
        return writer.finish()
    }
}
