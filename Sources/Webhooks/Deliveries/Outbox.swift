// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import Events
internal import LuaCatalog
package import SharedKernel

/// Takes the next events of a shard's outbox, for the one worker that has its lease.
package struct TakeEvents: Sendable {
    /// Events in one call.
    package static let max: Int64 = 100
    private static let lease_ms: Int64 = 10_000

    package let shard: Shard
    /// Unique per process.
    package let owner: [UInt8]
    /// Sequence number to go on after; 0 for the first.
    package var after: Int64 = 0
    /// How long no other worker may take from the outbox.
    private let leaseMs: Int64

    /// The events of this shard for a worker whose deliveries are leased to it for so long: outboxes are no longer.
    package init(shard: Shard, owner: [UInt8], deliveryLeaseMs: Int64 = ClaimDeliveries.lease_ms) {
        leaseMs = min(Self.lease_ms, deliveryLeaseMs)
        self.shard = shard
        self.owner = owner
    }

    /// An entry of the outbox.
    package struct Entry: Sendable {
        package let sequence: Int64
        package let tenant: [UInt8]
        /// Of the tenant, as it is now; empty for none.
        package let tag: [UInt8]
        /// Nil when it has ended or cannot be read.
        package let event: StoredEvent?
    }

    /// What there is.
    package enum Outcome: Sendable {
        /// Another worker has the lease.
        case held
        /// Entries in order; `oldestMs` is how long the first of the outbox has been waiting.
        case entries([Entry], hasMore: Bool, oldestMs: Int64)
    }

    /// The call.
    package var call: ScriptCall {
        var call = ScriptCall(.eventsTake, keys: [shard.prefix])
        call.append(owner)
        call.append(decimal: leaseMs)
        call.append(decimal: after)
        call.append(decimal: Self.max)
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("HELD") { return .held }
        guard reply.isWord("EVENTS") else { throw reply.malformed("word") }
        var entries: [Entry] = []
        for index in stride(from: 3, to: reply.count, by: 4) {
            let sequence = try reply.int(index)
            let event = StoredEvent(id: EventID(shard: shard, sequence: sequence), body: try reply.bytes(index + 3))
            entries.append(
                Entry(
                    sequence: sequence, tenant: try reply.bytes(index + 1), tag: try reply.bytes(index + 2),
                    event: event))
        }
        return .entries(entries, hasMore: try reply.int(1) == 1, oldestMs: try reply.int(2))
    }

    /// Drops entries whose deliveries are written.
    package func acknowledgement(of entries: [Entry]) -> ScriptCall {
        var call = ScriptCall(.eventsAcknowledge, keys: [shard.prefix])
        call.append(owner)
        for entry in entries { call.append([UInt8](String(entry.sequence).utf8) + [58] + entry.tenant) }
        return call
    }
}
