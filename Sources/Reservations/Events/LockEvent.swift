// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// An entry of a tenant's stream of lock events, as docs/keyspace.md describes it.
package struct LockEvent: Hashable, Sendable {
    /// What happened to a reservation.
    package enum Kind: UInt8, CaseIterable, Sendable {
        case acquired = 65
        case released = 82
        case releasedInBulk = 66
        case releasedByForce = 70
        case expired = 88
    }

    /// Greater than that of every earlier event of the tenant; of an acquisition, its fencing token. Microseconds since
    /// the epoch, as far as the clock went on.
    package let number: Int64
    package let kind: Kind
    /// The name that the caller asked for.
    package let resource: [UInt8]
    package let requester: [UInt8]
    package let resourceType: [UInt8]
    /// The name of the API key that made the reservation.
    package let label: [UInt8]
    package let expiry: HoldExpiry
    /// What is held, when that is another name.
    package let slot: [UInt8]?
    /// Of an acquisition the blockers that came along, else all names that became free.
    package let names: [[UInt8]]

    /// Reads an entry; nil when it is none.
    package init?(number: Int64, letter: [UInt8], value: [UInt8]) {
        guard letter.count == 1, let kind = Kind(rawValue: letter[0]) else { return nil }
        let parts = value.split(separator: 10, omittingEmptySubsequences: false).map { Array($0) }
        guard parts.count == 5 || parts.count == 7, let expires = Int64(String(decoding: parts[4], as: UTF8.self))
        else { return nil }
        self.number = number
        self.kind = kind
        (resource, requester, resourceType, label) = (parts[0], parts[1], parts[2], parts[3])
        expiry = HoldExpiry(replied: expires)
        guard parts.count == 7 else {
            slot = nil
            names = kind == .acquired ? [] : [resource]
            return
        }
        slot = parts[5].isEmpty ? nil : parts[5]
        names = parts[6].split(separator: 9).map { Array($0) }
    }
}

/// Reads lock events of a tenant, some per call.
package struct ReadLockEvents: Sendable {
    /// What a call read.
    package struct Page: Sendable {
        package let events: [LockEvent]
        /// The number of the last entry, whether it could be read or not; nil for an empty page.
        package let last: Int64?
        package let hasMore: Bool
        /// Events before the first of these, and after what was asked for, may be gone: the log holds about 1,000.
        package let isGapped: Bool
    }

    package let keys: [[UInt8]]
    /// The number of the event to begin after; 0 for the first there is.
    package let after: Int64

    /// Events of the tenant with these keys.
    package init(keys: [[UInt8]], after: Int64) {
        self.keys = keys
        self.after = after
    }

    /// One round trip.
    package var call: ScriptCall {
        var call = ScriptCall(.reservationStreamEvents, keys: keys)
        call.append(decimal: after)
        call.append(decimal: Limits.lockEventsPerCall)
        return call
    }

    /// Reads the reply; entries that are none are left out.
    package func page(_ reply: ScriptReply) throws(ScriptFault) -> Page {
        guard reply.isWord("EVENTS"), reply.count % 3 == 2 else { throw reply.malformed("word") }
        var events: [LockEvent] = []
        var last: Int64?
        for first in stride(from: 2, to: reply.count, by: 3) {
            let number = try reply.int(first)
            let (letter, value) = (try reply.bytes(first + 1), try reply.bytes(first + 2))
            if let event = LockEvent(number: number, letter: letter, value: value) { events.append(event) }
            last = number
        }
        return Page(events: events, last: last, hasMore: try reply.int(0) == 1, isGapped: try reply.int(1) == 1)
    }
}
