// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import Events
internal import LuaCatalog
package import SharedKernel

/// A delivery that is decided on: which event goes to which subscription.
package struct PlannedDelivery: Sendable {
    package let id: DeliveryID
    /// The subscription's id.
    package let subscription: [UInt8]
    /// Whose lane it is in: the event's tenant.
    package let tenant: TenantID
    package let eventID: [UInt8]
    /// Its place in the lane, µs.
    package let sequence: Int64
    package let type: [UInt8]
    package let traceID: [UInt8]
    /// Two hex digits.
    package let traceFlags: [UInt8]
    package let hasInboundTraceparent: Bool
    package let requestID: [UInt8]
    /// The bytes to send.
    package let body: [UInt8]
    /// When its age begins, ms since 1970: with its event, however long that waited for a worker. 0 for now, of what
    /// somebody asks to be sent again.
    package private(set) var sinceMs: Int64 = 0

    /// A delivery of these parts.
    package init(
        id: DeliveryID, subscription: [UInt8], tenant: TenantID, eventID: [UInt8], sequence: Int64, type: [UInt8],
        traceID: [UInt8], traceFlags: [UInt8], hasInboundTraceparent: Bool, requestID: [UInt8], body: [UInt8]
    ) {
        self.id = id
        self.subscription = subscription
        self.tenant = tenant
        self.eventID = eventID
        self.sequence = sequence
        self.type = type
        self.traceID = traceID
        self.traceFlags = traceFlags
        self.hasInboundTraceparent = hasInboundTraceparent
        self.requestID = requestID
        self.body = body
    }

    /// The same with other bytes to send.
    package func carrying(_ body: [UInt8]) -> PlannedDelivery {
        PlannedDelivery(
            id: id, subscription: subscription, tenant: tenant, eventID: eventID, sequence: sequence, type: type,
            traceID: traceID, traceFlags: traceFlags, hasInboundTraceparent: hasInboundTraceparent,
            requestID: requestID, body: body)
    }

    /// The delivery of an event to a subscription of an owner in `shard`.
    package init(
        of event: StoredEvent, to subscription: [UInt8], purpose: [UInt8] = [], in shard: Shard, body: [UInt8]
    ) {
        id = DeliveryID(of: event.id.text, to: subscription, purpose: purpose, in: shard)
        self.subscription = subscription
        tenant = event.tenant
        eventID = event.id.text
        sequence = event.id.sequence
        type = event.type.text
        traceID = event.traceID
        traceFlags = event.traceFlags ?? [48, 49]
        hasInboundTraceparent = event.hasInboundTraceparent
        requestID = event.requestID ?? []
        self.body = body
        sinceMs = purpose.isEmpty ? event.atMs : 0
    }
}

/// Writes deliveries of one owner's subscriptions; those that are there already are left alone.
package struct EnqueueDeliveries: Sendable {
    /// Deliveries in one call.
    package static let max = 100
    /// Deliveries that are kept of a subscription. Beyond it those go that have ended, the first one first; while all
    /// of them wait, new ones are dropped.
    package static let keptPerSubscription: Int64 = 100_000

    /// KEYS of the owner.
    package let keys: [[UInt8]]
    package let deliveries: [PlannedDelivery]

    /// A call for at most `max` deliveries.
    package init(keys: [[UInt8]], _ deliveries: [PlannedDelivery]) {
        self.keys = keys
        self.deliveries = deliveries
    }

    /// The call.
    package var call: ScriptCall {
        var call = ScriptCall(
            .webhooksEnqueue, keys: keys, reservingBytes: 256 + deliveries.reduce(0) { $0 + $1.body.count + 320 })
        call.append(decimal: Self.keptPerSubscription)
        for each in deliveries {
            call.append(each.id.text)
            call.append(each.subscription)
            call.append(each.tenant.bytes)
            call.append(decimal: each.sequence)
            call.append(each.eventID)
            call.append(each.type)
            call.append(each.traceID)
            call.append(each.traceFlags)
            call.append(each.hasInboundTraceparent ? "1" : "0")
            call.append(each.requestID)
            call.append(decimal: each.sinceMs)
            call.append(each.body)
        }
        return call
    }

    /// How many there were not before.
    package func count(_ reply: ScriptReply) throws(ScriptFault) -> Int64 {
        guard reply.isWord("QUEUED") else { throw reply.malformed("word") }
        return try reply.int(0)
    }
    /// Whose deliveries were dropped because too many wait, and how many of each.
    package func dropped(_ reply: ScriptReply) throws(ScriptFault) -> [[UInt8]: Int] {
        var dropped: [[UInt8]: Int] = [:]
        for (index, delivery) in deliveries.enumerated() where try reply.bytes(index + 1) == [UInt8(ascii: "X")] {
            dropped[delivery.subscription, default: 0] += 1
        }
        return dropped
    }
}
