// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
package import Reservations
package import SharedKernel
internal import StrictJSON

/// `GET /api/v1/events` (digest 3): the tenant's lock events as server-sent events, from now on or, with
/// `Last-Event-ID`, from after that one.
enum StreamEvents {
    static let endpoint = Endpoint(
        "streamEvents", .get, "/api/v1/events", surface: .reservation, access: .tenant(.reservationsList), plan: plan
    ).streaming()

    /// So that proxies pass the head on at once.
    private static let firstBytes = [UInt8](": connected\n\n".utf8)
    private static let idBytes = 16

    private static func plan(_ input: Endpoint.Input) -> Step {
        guard let principal = input.caller.principal, let key = input.request.tenantKey else {
            return .refuse(.unauthorized)
        }
        // What is no number of an event says nothing: browsers send whatever they were given last.
        let header = input.request.headers[.lastEventID].map { [UInt8]($0.utf8) }
        let request = Request(
            id: Base64URL.text(RandomBytes.make(idBytes)), key: APIKeyHash(of: key),
            lastEventID: header.flatMap { parseDecimalInt64($0) }.flatMap { $0 < 0 ? nil : $0 },
            correlation: input.request.correlation, nowMs: input.nowMs)
        return request.open(principal)
    }

    /// A request on its way.
    private struct Request: Sendable {
        let id: [UInt8]
        let key: APIKeyHash
        let lastEventID: Int64?
        let correlation: Correlation
        let nowMs: Int64

        func open(_ principal: Principal) -> Step {
            let opening = OpenEventStream(id: id)
            let resume = Step.resuming { open($0) }
            return .call(opening.call(for: principal), resume: resume) { reply throws(ScriptFault) in
                switch try opening.outcome(reply) {
                case .tenantClosed: return .refuse(ReservationAPI.tenantClosed)
                case .limited(let tillMs):
                    let limit = principal.quotas.eventStreams ?? 0
                    let refusal = QuotaRefusal(eventStreams: limit, tillMs: tillMs, nowMs: nowMs)
                    return .respond(refusal.response(correlation))
                case .opened(let last): return .respond(response(last: last, principal))
                }
            }
        }

        private func response(last: Int64, _ principal: Principal) -> APIResponse {
            var response = APIResponse(
                status: .ok, headers: [.cacheControl: "no-store"], body: firstBytes, contentType: "text/event-stream")
            response.stream = StreamOpening(
                id: id, tenant: principal.tenant, after: min(lastEventID ?? last, last), last: last, key: key,
                tag: principal.tag, expiresAtMs: principal.expiresAtMs)
            return response
        }
    }
}

/// A lock event as clients of the stream get it.
package struct EventFrame {
    let event: LockEvent
    let tenant: TenantID

    /// The event of a tenant.
    package init(event: LockEvent, tenant: TenantID) {
        self.event = event
        self.tenant = tenant
    }

    /// Says that events between two numbers may be gone. It has no id: what was seen last stays what it was.
    static func lost(after last: Int64, before number: Int64, of tenant: TenantID) -> [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        writer.key("eventType")
        writer.string("EVENTS_LOST")
        writer.key("timestamp")
        writer.string(DateTime.text(number / 1_000))
        writer.key("tenantId")
        writer.string(tenant.bytes)
        writer.key("lastEventId")
        writer.string([UInt8](String(last).utf8))
        writer.endObject()
        return [UInt8]("event: EVENTS_LOST\ndata: ".utf8) + writer.finish() + [10, 10]
    }

    /// A comment that keeps the connection alive.
    static let keepAlive = [UInt8](": keepalive\n\n".utf8)

    private var type: StaticString {
        switch event.kind {
        case .acquired: "RESERVED"
        case .released, .releasedInBulk, .releasedByForce: "UNRESERVED"
        case .expired: "RESERVATION_EXPIRED"
        }
    }

    private var reason: StaticString? {
        switch event.kind {
        case .acquired: nil
        case .released: "release"
        case .releasedInBulk: "bulk"
        case .releasedByForce: "forced"
        case .expired: "expired"
        }
    }

    /// Event, id and data, and the empty line that ends them.
    package var bytes: [UInt8] {
        let number = [UInt8](String(event.number).utf8)
        let head = [UInt8]("event: \(type)\nid: ".utf8) + number
        return head + [UInt8]("\ndata: ".utf8) + json(number) + [10, 10]
    }

    private func json(_ number: [UInt8]) -> [UInt8] {
        var writer = JSONWriter(capacity: 384)
        writer.beginObject()
        writer.key("eventId")
        writer.string(number)
        writer.key("eventType")
        writer.string(type)
        writer.key("timestamp")
        writer.string(DateTime.text(event.number / 1_000))
        writer.key("tenantId")
        writer.string(tenant.bytes)
        writer.key("resource")
        writer.string(event.resource)
        writer.key("requester")
        writer.string(event.requester)
        writer.key("resourceType")
        writer.string(event.resourceType)
        writer.key("apiKeyLabel")
        writer.string(event.label)
        writer.key("expiresAt")
        if let expiresMs = event.expiry.ms { writer.string(DateTime.text(expiresMs)) } else { writer.null() }
        writer.key("slot")
        if let slot = event.slot { writer.string(slot) } else { writer.null() }
        writer.key("blockers")
        if event.kind == .acquired, !event.names.isEmpty { writer.strings(event.names) } else { writer.null() }
        writer.key("released")
        if event.kind != .acquired { writer.strings(event.names) } else { writer.null() }
        writer.key("reason")
        if let reason { writer.string(reason) } else { writer.null() }
        writer.endObject()
        return writer.finish()
    }
}
