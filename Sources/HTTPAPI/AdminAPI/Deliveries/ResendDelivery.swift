// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Events
internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON
internal import Webhooks

/// `POST /v1/admin/x-holdfast/deliveries/{delivery_id}/resend`: the event of a delivery once more, as a new delivery.
/// Asked again while that one waits, it names the same; once that one has ended, whatever became of it, it makes
/// another.
enum ResendDelivery {
    static let endpoint = Endpoint(
        "resendDelivery", .post, "/v1/admin/x-holdfast/deliveries/{delivery_id}/resend", surface: .admin,
        access: .admin, plan: { input in planning { try plan(input) } })

    private static let noDelivery = APIError(.notFound, "NOT_FOUND", "delivery_id: there is no such delivery")
    private static let noEvent = APIError(.notFound, "EVENT_NOT_FOUND", "delivery_id: its event is kept no longer")
    private static let noSubscription = APIError(
        .notFound, "WEBHOOK_NOT_FOUND", "delivery_id: its subscription is gone")
    private static let inactive = APIError(
        .conflict, "INVALID_REQUEST", "delivery_id: its subscription is not ACTIVE, nothing is sent to it")

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let text = input.request.parameters.first ?? []
        guard let id = DeliveryID(text, input.installation.keyspace) else { return .refuse(noDelivery) }
        var call = ScriptCall(.webhooksGetDelivery, keys: [id.shard.prefix])
        call.append(id.text)
        return .call(call) { reply throws(ScriptFault) in
            if reply.isWord("NOT_FOUND") { return .refuse(noDelivery) }
            guard reply.isWord("FOUND"), let owner = SubscriptionOwner.parse(try reply.bytes(1)),
                let tenant = SubscriptionOwner.parse(try reply.bytes(2))
            else { throw reply.malformed("delivery") }
            // A test event is in no log, and is sent once.
            guard let event = EventID(try reply.bytes(3), input.installation.keyspace) else { return .refuse(noEvent) }
            let purpose = [UInt8]("resend ".utf8) + id.text + [32] + input.request.correlation.requestID
            let delivery = PlannedDelivery(
                id: DeliveryID(of: event.text, to: try reply.bytes(0), purpose: purpose, in: id.shard),
                subscription: try reply.bytes(0), tenant: tenant, eventID: event.text, sequence: event.sequence,
                type: try reply.bytes(4), traceID: try reply.bytes(5), traceFlags: try reply.bytes(6),
                hasInboundTraceparent: try reply.bytes(7) == [49], requestID: try reply.bytes(8),
                body: try reply.bytes(9))
            let send = Sending(input: input, original: id, owner: owner)
            return delivery.body.isEmpty ? send.load(event, for: delivery) : send.begin(delivery)
        }
    }

    private struct Sending: Sendable {
        let input: Endpoint.Input
        let original: DeliveryID
        let owner: TenantID

        /// The bytes of a delivery that succeeded are those of its event.
        func load(_ event: EventID, for delivery: PlannedDelivery) -> Step {
            var call = ScriptCall(.eventsGet, keys: [event.shard.prefix])
            call.append(decimal: event.sequence)
            return .call(call) { reply throws(ScriptFault) in
                if reply.isWord("NO_EVENT") { return .refuse(noEvent) }
                guard let stored = StoredEvent(id: event, body: try reply.bytes(0)) else {
                    throw reply.malformed("event")
                }
                return begin(delivery.carrying(stored.json))
            }
        }

        /// Asks which delivery it is to be.
        func begin(_ delivery: PlannedDelivery) -> Step {
            var call = ScriptCall(.webhooksBeginResend, keys: keys, reservingBytes: 1_024)
            call.append(original.text)
            call.append(delivery.id.text)
            call.append(entry(delivery))
            return .call(call) { reply throws(ScriptFault) in
                if reply.isWord("NOT_FOUND") { return .refuse(noDelivery) }
                if reply.isWord("NO_WEBHOOK") { return .refuse(noSubscription) }
                if reply.isWord("INACTIVE") { return .refuse(inactive) }
                if reply.isWord("CLOSED") { return .refuse(BudgetRefusals.tenantClosed) }
                guard let id = DeliveryID(try reply.bytes(0), input.installation.keyspace) else {
                    throw reply.malformed("delivery id")
                }
                if reply.isWord("WAITING") { return .respond(answer(id, delivery.eventID)) }
                guard reply.isWord("BEGUN") else { throw reply.malformed("word") }
                return queue(delivery, as: id)
            }
        }

        private func queue(_ delivery: PlannedDelivery, as id: DeliveryID) -> Step {
            let planned = PlannedDelivery(
                id: id, subscription: delivery.subscription, tenant: delivery.tenant, eventID: delivery.eventID,
                sequence: delivery.sequence, type: delivery.type, traceID: delivery.traceID,
                traceFlags: delivery.traceFlags, hasInboundTraceparent: delivery.hasInboundTraceparent,
                requestID: delivery.requestID, body: delivery.body)
            let enqueue = EnqueueDeliveries(keys: keys, [planned])
            return .call(enqueue.call) { reply throws(ScriptFault) in
                _ = try enqueue.count(reply)
                // It was ACTIVE a moment ago.
                if try reply.bytes(1) == [UInt8(ascii: "S")] { return .refuse(inactive) }
                return .respond(answer(id, delivery.eventID))
            }
        }

        private var keys: [[UInt8]] { input.installation.keyspace.keys(of: owner) }

        private func entry(_ delivery: PlannedDelivery) -> [UInt8] {
            AuditEntry(
                operation: "resendDelivery", status: .accepted, actor: .admin, resourceType: "webhook",
                resourceID: delivery.subscription
            ).json(input.request) { writer in
                writer.key("metadata")
                writer.beginObject()
                writer.key("delivery_id")
                writer.string(original.text)
                writer.key("event_id")
                writer.string(delivery.eventID)
                writer.endObject()
            }
        }

        private func answer(_ id: DeliveryID, _ event: [UInt8]) -> APIResponse {
            var writer = JSONWriter(capacity: 128)
            writer.beginObject()
            writer.key("delivery_id")
            writer.string(id.text)
            writer.key("event_id")
            writer.string(event)
            writer.endObject()
            return .json(writer.finish(), status: .accepted)
        }
    }
}
