// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// Gives resources back, each item on its own, in order.
package struct ReleaseHolds: Sendable {
    /// One resource of one requester.
    package struct Item: Sendable {
        package var requester: Requester
        package var resource: ResourceName
        /// nil when none was sent, or something that is no token: it fits no hold.
        package var token: ReleaseToken?

        /// An item of these parts.
        package init(requester: Requester, resource: ResourceName, token: ReleaseToken?) {
            self.requester = requester
            self.resource = resource
            self.token = token
        }
    }

    /// What came of one item.
    package enum ItemOutcome: Hashable, Sendable {
        case relinquished
        /// Nobody held it, or no longer.
        case notReserved
        /// The token is right, the requester is another (decision X7).
        case notOwner
        case badToken
    }

    /// What may come of the call.
    package enum Outcome: Hashable, Sendable {
        /// One outcome per item, in order.
        case items([ItemOutcome])
        case tenantClosed
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
        var call = ScriptCall(.reservationRelease, keys: principal.keys, reservingBytes: 256 + 96 * items.count)
        call.append(principal.tag)
        for item in items {
            call.append(item.requester.bytes)
            call.append(item.resource.bytes)
            call.append(item.token?.bytes ?? [])
        }
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("CLOSED") { return .tenantClosed }
        guard reply.isWord("ITEMS") else { throw reply.malformed("word") }
        guard reply.count == items.count else { throw reply.malformed("number of items") }
        var outcomes: [ItemOutcome] = []
        outcomes.reserveCapacity(items.count)
        for index in 0..<reply.count {
            let word = try reply.bytes(index)
            if word.elementsEqual("RELINQUISHED".utf8) {
                outcomes.append(.relinquished)
            } else if word.elementsEqual("NOT_RESERVED".utf8) {
                outcomes.append(.notReserved)
            } else if word.elementsEqual("NOT_OWNER".utf8) {
                outcomes.append(.notOwner)
            } else if word.elementsEqual("BAD_TOKEN".utf8) {
                outcomes.append(.badToken)
            } else {
                throw reply.malformed("item word")
            }
        }
        return .items(outcomes)
    }
}
