// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// A reservation as lists show it: without its token.
package struct ListedHold: Hashable, Sendable {
    /// The name that the caller asked for.
    package let resource: [UInt8]
    /// The slot of a pool that is held; nil for what is no pool.
    package let slot: [UInt8]?
    package let requester: [UInt8]
    package let type: [UInt8]
    package let expiry: HoldExpiry
    package let fencingToken: Int64

    /// When it was made, ms since the epoch: fencing tokens are times in us.
    package var reservedAtMs: Int64 { fencingToken / 1_000 }

    /// Reads the record of the held name `unit`; nil when it is none.
    init?(unit: [UInt8], record: [UInt8]) {
        guard record.count > 65, let expires = Int64(String(decoding: record[..<13], as: UTF8.self)),
            let fence = Int64(String(decoding: record[13..<29], as: UTF8.self))
        else { return nil }
        let parts = record[65...].split(separator: 10, maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count >= 3 else { return nil }
        requester = Array(parts[0])
        type = Array(parts[1])
        expiry = HoldExpiry(replied: expires)
        fencingToken = fence
        guard parts.count == 4 else {
            resource = unit
            slot = nil
            return
        }
        guard let along = TakenAlong(extension: [10] + parts[3], unit: unit) else { return nil }
        let isSlotNamed = parts[3].prefix { $0 != 10 }.contains(UInt8(ascii: "s"))
        resource = isSlotNamed ? unit : along.registeredName
        slot = along.ownSlot
    }
}

/// Lists what a tenant has reserved, page by page.
package struct ListHolds: Sendable {
    /// Where a page begins.
    package struct Place: Hashable, Sendable {
        let score, member: [UInt8]
    }

    /// A page.
    package struct Page: Sendable {
        package let holds: [ListedHold]
        /// Names whose record cannot be read.
        package let unreadable: [[UInt8]]
        /// Where the next one begins; nil after the last.
        package let next: Place?
    }

    /// nil for the first page.
    package let place: Place?

    /// The page that begins here.
    package init(after place: Place? = nil) { self.place = place }

    /// One round trip.
    package func call(for principal: Principal) -> ScriptCall {
        var call = ScriptCall(.reservationHolds, keys: principal.keys)
        call.append(principal.tag)
        call.append(place?.score ?? [])
        call.append(place?.member ?? [])
        call.append(decimal: Limits.holdsPerCall)
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Page {
        guard reply.isWord("HOLDS"), reply.count >= 2, reply.count.isMultiple(of: 2) else {
            throw reply.malformed("word")
        }
        var holds: [ListedHold] = []
        var unreadable: [[UInt8]] = []
        for first in stride(from: 2, to: reply.count, by: 2) {
            let unit = try reply.bytes(first)
            if let hold = ListedHold(unit: unit, record: try reply.bytes(first + 1)) {
                holds.append(hold)
            } else {
                unreadable.append(unit)
            }
        }
        let next = Place(score: try reply.bytes(0), member: try reply.bytes(1))
        return Page(holds: holds, unreadable: unreadable, next: next.score.isEmpty ? nil : next)
    }
}
