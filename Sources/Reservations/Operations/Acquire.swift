// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// Takes resources for requesters, each item on its own, in order.
package struct Acquire: Sendable {
    /// One resource for one requester.
    package struct Item: Sendable {
        package var requester: Requester
        package var resource: ResourceName
        /// 1 ms to `Limits.lockTTLSecondsMax`; nil for a hold that never ends by itself.
        package var ttlMs: Int64?
        package var type: ResourceType
        /// What the hold is released with, if this item takes it. A call sent twice is known by it.
        package var token: ReleaseToken

        /// An item of these parts.
        package init(
            requester: Requester, resource: ResourceName, ttlMs: Int64?, type: ResourceType,
            token: ReleaseToken = .random()
        ) {
            self.requester = requester
            self.resource = resource
            self.ttlMs = ttlMs
            self.type = type
            self.token = token
        }
    }

    /// A hold as only its requester may see it.
    package struct Hold: Hashable, Sendable {
        package var token: [UInt8]
        package var expiry: HoldExpiry
        /// Greater than that of every earlier acquisition of the tenant.
        package var fencingToken: Int64

        /// A hold of these facts.
        package init(token: [UInt8], expiry: HoldExpiry, fencingToken: Int64) {
            self.token = token
            self.expiry = expiry
            self.fencingToken = fencingToken
        }
    }

    /// What came of one item.
    package enum ItemOutcome: Hashable, Sendable {
        case acquired(Hold)
        /// The requester holds it already, by an earlier call or item.
        case alreadyHad(Hold)
        case alreadyHeld(by: [UInt8], until: HoldExpiry)
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
        var call = ScriptCall(.reservationAcquire, keys: principal.keys, reservingBytes: 256 + 128 * items.count)
        call.append(principal.tag)
        call.append(principal.keyName)
        for item in items {
            call.append(item.requester.bytes)
            call.append(item.resource.bytes)
            call.append(decimal: item.ttlMs ?? 0)
            call.append(item.type.bytes)
            call.append(item.token.bytes)
        }
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("CLOSED") { return .tenantClosed }
        if reply.isWord("SUSPENDED") { return .tenantSuspended }
        guard reply.isWord("ITEMS") else { throw reply.malformed("word") }
        guard reply.count == 1 + 5 * items.count else { throw reply.malformed("number of items") }
        var outcomes: [ItemOutcome] = []
        outcomes.reserveCapacity(items.count)
        for first in stride(from: 1, to: reply.count, by: 5) {
            outcomes.append(try Self.itemOutcome(reply, at: first))
        }
        return .items(outcomes)
    }

    private static func itemOutcome(_ reply: ScriptReply, at first: Int) throws(ScriptFault) -> ItemOutcome {
        let word = try reply.bytes(first)
        let expiry = HoldExpiry(replied: try reply.int(first + 1))
        if word.elementsEqual("ALREADY_HELD".utf8) {
            return .alreadyHeld(by: try reply.bytes(first + 4), until: expiry)
        }
        let hold = Hold(
            token: try reply.bytes(first + 3), expiry: expiry, fencingToken: try reply.int(first + 2))
        if word.elementsEqual("ACQUIRED".utf8) { return .acquired(hold) }
        if word.elementsEqual("ALREADY_HAD".utf8) { return .alreadyHad(hold) }
        throw reply.malformed("item word")
    }
}
