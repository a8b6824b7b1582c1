// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// Gives resources back, each item on its own, in order.
package struct ReleaseHolds: Sendable {
    /// What may come of the call.
    package enum Outcome: Hashable, Sendable {
        /// One outcome per item, in order; fewer than there are items when the call was long enough.
        case items([ReleaseOutcome])
        case tenantClosed
    }

    /// 1 to `Limits.lockItemsPerCall` items.
    package let items: ArraySlice<ReleaseItem>
    /// JSON of request and actor, for events; needed only of a principal that wants events of resources.
    package let context: [UInt8]

    /// A call for these items; longer lists take several calls.
    package init(_ items: ArraySlice<ReleaseItem>, context: [UInt8] = []) {
        precondition((1...Limits.lockItemsPerCall).contains(items.count))
        self.items = items
        self.context = context
    }

    /// One round trip.
    package func call(for principal: Principal) -> ScriptCall {
        let isTold = principal.wantsResourceEvents
        var call = ScriptCall(
            isTold ? .reservationGiveBack : .reservationRelease, keys: principal.keys,
            reservingBytes: 256 + 96 * items.count)
        call.append(principal.tag)
        if isTold { call.append(context) } else { call.append(principal.hasRegisteredResources ? "1" : "0") }
        for item in items { item.append(to: &call) }
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("CLOSED") { return .tenantClosed }
        guard reply.isWord("ITEMS") else { throw reply.malformed("word") }
        let (count, rest) = reply.count.quotientAndRemainder(dividingBy: 2)
        guard rest == 0, (1...items.count).contains(count) else { throw reply.malformed("number of items") }
        var outcomes: [ReleaseOutcome] = []
        outcomes.reserveCapacity(items.count)
        for (item, first) in zip(items, stride(from: 0, to: reply.count, by: 2)) {
            outcomes.append(try ReleaseOutcome(reply, at: first, of: item))
        }
        return .items(outcomes)
    }
}

/// Gives several resources back as one transaction.
package struct ReleaseTogether: Sendable {
    /// What may come of the call.
    package enum Outcome: Hashable, Sendable {
        /// One outcome per item that was looked at, in order.
        case items([ReleaseOutcome])
        /// The items took more along than one call of Redis can give back; nothing was released.
        case tooLarge
        case tenantClosed
    }

    /// 1 to `Limits.transactionItemsMax` items.
    package let items: [ReleaseItem]
    package let method: TransactionMethod
    /// JSON of request and actor, for events; needed only of a principal that wants events of resources.
    package let context: [UInt8]

    /// A transaction of these items.
    package init(_ items: [ReleaseItem], method: TransactionMethod, context: [UInt8] = []) {
        precondition((1...Limits.transactionItemsMax).contains(items.count))
        self.items = items
        self.method = method
        self.context = context
    }

    /// One round trip; never sent twice.
    package func call(for principal: Principal) -> ScriptCall {
        var call = ScriptCall(.reservationTransactRelease, keys: principal.keys, reservingBytes: 256 + 96 * items.count)
        call.append(principal.tag)
        call.append(method.letter)
        call.append(context)
        for item in items { item.append(to: &call) }
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("CLOSED") { return .tenantClosed }
        if reply.isWord("TOO_LARGE") { return .tooLarge }
        guard reply.isWord("ITEMS") else { throw reply.malformed("word") }
        let (count, rest) = reply.count.quotientAndRemainder(dividingBy: 2)
        guard rest == 0, method == .first ? (1...items.count).contains(count) : count == items.count else {
            throw reply.malformed("number of items")
        }
        var outcomes: [ReleaseOutcome] = []
        for (item, first) in zip(items, stride(from: 0, to: reply.count, by: 2)) {
            outcomes.append(try ReleaseOutcome(reply, at: first, of: item))
        }
        return .items(outcomes)
    }
}
