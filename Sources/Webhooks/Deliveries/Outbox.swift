// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import Events
internal import LuaCatalog
package import SharedKernel
internal import StrictJSON

/// Takes the next events of a shard's outbox, for the one worker that has its lease.
package struct TakeEvents: Sendable {
    /// Events in one call.
    package static let max: Int64 = 100
    private static let lease_ms: Int64 = 10_000
    /// Events of a shard that may be put aside; the oldest go.
    private static let asideMax: Int64 = 10_000

    /// Where events are.
    package enum List: Sendable {
        /// What no delivery was decided on yet.
        case waiting
        /// What a worker could not deal with.
        case aside

        fileprivate var word: String { self == .waiting ? "out" : "odd" }
    }

    package let shard: Shard
    /// Unique per process.
    package let owner: [UInt8]
    /// Where they are taken from.
    package let list: List
    /// Place to go on after; 0 for the first.
    package var after: Int64 = 0
    /// How long no other worker may take from the outbox.
    private let leaseMs: Int64

    /// The events of this shard for a worker whose deliveries are leased to it for so long: outboxes are no longer.
    package init(
        shard: Shard, owner: [UInt8], from list: List = .waiting, deliveryLeaseMs: Int64 = ClaimDeliveries.lease_ms
    ) {
        leaseMs = min(Self.lease_ms, deliveryLeaseMs)
        self.shard = shard
        self.owner = owner
        self.list = list
    }

    /// An entry of a list.
    package struct Entry: Sendable {
        /// Its place in the list, µs since 1970: when the event happened, or when it was put aside.
        package let place: Int64
        /// As it is in the list: sequence number, colon and tenant.
        package let text: [UInt8]
        /// Of the tenant, as it is now; empty for none.
        package let tag: [UInt8]
        package let content: Content
    }

    /// What an entry stands for.
    package enum Content: Sendable {
        case event(StoredEvent)
        /// There is a body that this process cannot read; perhaps a newer one can.
        case unreadable
        /// The event's life is over, or the entry names none.
        case nothing
    }

    /// A part of a list.
    package struct Batch: Sendable {
        package let entries: [Entry]
        package let hasMore: Bool
        /// By the clock of Redis.
        package let nowMs: Int64
        /// How long the first of the whole list has been in it.
        package let oldestMs: Int64
    }

    /// The call.
    package var call: ScriptCall {
        var call = ScriptCall(.eventsTake, keys: [shard.prefix])
        call.append(owner)
        call.append(decimal: leaseMs)
        call.append(list.word)
        call.append(decimal: after)
        call.append(decimal: Self.max)
        return call
    }

    /// Reads the reply; nil when another worker has the lease.
    package func batch(_ reply: ScriptReply) throws(ScriptFault) -> Batch? {
        if reply.isWord("HELD") { return nil }
        guard reply.isWord("EVENTS") else { throw reply.malformed("word") }
        var entries: [Entry] = []
        for index in stride(from: 3, to: reply.count, by: 4) {
            let text = try reply.bytes(index + 1)
            entries.append(
                Entry(
                    place: try reply.int(index), text: text, tag: try reply.bytes(index + 2),
                    content: content(text, body: try reply.bytes(index + 3))))
        }
        return Batch(
            entries: entries, hasMore: try reply.int(1) == 1, nowMs: try reply.int(0), oldestMs: try reply.int(2))
    }

    private func content(_ text: [UInt8], body: [UInt8]) -> Content {
        guard !body.isEmpty, let sequence = parseDecimalInt64(text.prefix { $0 != UInt8(ascii: ":") }) else {
            return .nothing
        }
        return StoredEvent(id: EventID(shard: shard, sequence: sequence), body: body).map { .event($0) } ?? .unreadable
    }

    /// Drops entries that are dealt with. With `isLast` the lease is given up in any case, else when nothing is left.
    package func acknowledgement(of entries: [Entry], isLast: Bool = false) -> ScriptCall {
        var call = ScriptCall(.eventsAcknowledge, keys: [shard.prefix])
        call.append(owner)
        call.append(list.word)
        call.append(isLast ? "1" : "0")
        for entry in entries { call.append(entry.text) }
        return call
    }

    /// Whether an acknowledgement left this worker without the lease.
    package func isFree(_ reply: ScriptReply) throws(ScriptFault) -> Bool {
        if reply.isWord("LOST") { return true }
        guard reply.isWord("DROPPED") else { throw reply.malformed("word") }
        return try reply.int(1) == 1
    }

    /// Puts entries of the outbox aside.
    package func setAside(_ entries: [Entry]) -> ScriptCall {
        var call = ScriptCall(.eventsPutAside, keys: [shard.prefix])
        call.append(owner)
        call.append(decimal: Self.asideMax)
        for entry in entries { call.append(entry.text) }
        return call
    }

    /// How many that were aside had to go for them.
    package func droppedByAside(_ reply: ScriptReply) throws(ScriptFault) -> Int64 {
        if reply.isWord("LOST") { return 0 }
        guard reply.isWord("ASIDE") else { throw reply.malformed("word") }
        return try reply.int(1)
    }
}
