// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// Gives holds a new time to live from now on, each item on its own, in order (design section 5).
package struct RenewHolds: Sendable {
    /// One resource of one requester.
    package struct Item: Sendable {
        package var hold: ReleaseItem
        /// 1 ms to `Limits.lockTTLSecondsMax`.
        package var ttlMs: Int64

        /// An item of these parts.
        package init(hold: ReleaseItem, ttlMs: Int64) {
            self.hold = hold
            self.ttlMs = ttlMs
        }
    }

    /// What came of one item.
    package enum ItemOutcome: Hashable, Sendable {
        case renewed(Hold)
        /// Nobody holds it, or no longer.
        case notReserved
        /// The token is right, the requester is another.
        case notOwner
        case badToken
    }

    /// What may come of the call.
    package enum Outcome: Hashable, Sendable {
        /// One outcome per item, in order.
        case items([ItemOutcome])
        case tenantClosed
        case tenantSuspended
    }

    /// 1 to `Limits.lockItemsPerCall` items.
    package let items: ArraySlice<Item>

    /// A call for these items; longer lists take several calls.
    package init(_ items: ArraySlice<Item>) {
        precondition((1...Limits.lockItemsPerCall).contains(items.count))
        self.items = items
    }

    /// One round trip.
    package func call(for principal: Principal) -> ScriptCall {
        var call = ScriptCall(.reservationRenew, keys: principal.keys, reservingBytes: 256 + 128 * items.count)
        call.append(principal.tag)
        call.append(principal.hasRegisteredResources ? "1" : "0")
        for item in items {
            item.hold.append(to: &call)
            call.append(decimal: item.ttlMs)
        }
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("CLOSED") { return .tenantClosed }
        if reply.isWord("SUSPENDED") { return .tenantSuspended }
        guard reply.isWord("ITEMS") else { throw reply.malformed("word") }
        guard reply.count == 5 * items.count else { throw reply.malformed("number of items") }
        var outcomes: [ItemOutcome] = []
        for (item, first) in zip(items, stride(from: 0, to: reply.count, by: 5)) {
            outcomes.append(try Self.outcome(reply, at: first, of: item))
        }
        return .items(outcomes)
    }

    private static func outcome(
        _ reply: ScriptReply, at first: Int, of item: Item
    ) throws(ScriptFault) -> ItemOutcome {
        switch String(decoding: try reply.bytes(first), as: UTF8.self) {
        case "NOT_RESERVED": return .notReserved
        case "NOT_OWNER": return .notOwner
        case "BAD_TOKEN": return .badToken
        case "RENEWED":
            let unit = try reply.bytes(first + 3)
            guard let along = TakenAlong(extension: try reply.bytes(first + 4), unit: unit) else {
                throw reply.malformed("extension")
            }
            return .renewed(
                Hold(
                    token: item.hold.token?.bytes ?? [], expiry: HoldExpiry(replied: try reply.int(first + 1)),
                    fencingToken: try reply.int(first + 2), along: along))
        default: throw reply.malformed("item word")
        }
    }
}
