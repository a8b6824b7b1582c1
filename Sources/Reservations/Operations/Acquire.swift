// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// Takes resources for requesters, each item on its own, in order.
package struct Acquire: Sendable {
    /// What may come of the call.
    package enum Outcome: Hashable, Sendable {
        /// One outcome per item, in order; fewer than there are items when the call was long enough. And how many
        /// reservations were held before, where there is a limit of them.
        case items([AcquireOutcome], held: Int64?)
        case limited(ConcurrencyLimit)
        case tenantClosed
        case tenantSuspended
    }

    /// 1 to `Limits.lockItemsPerCall` items, of a question `Limits.lockQuestionsPerCall`.
    package let items: ArraySlice<AcquireItem>
    /// Takes nothing in the end, and says what would be; items see what those before them would have taken.
    package let isQuestion: Bool
    /// JSON of request and actor, for events; needed only of a principal that wants events of resources.
    package let context: [UInt8]

    /// A call for these items; longer lists take several calls.
    package init(_ items: ArraySlice<AcquireItem>, isQuestion: Bool = false, context: [UInt8] = []) {
        precondition((1...(isQuestion ? Limits.lockQuestionsPerCall : Limits.lockItemsPerCall)).contains(items.count))
        self.items = items
        self.isQuestion = isQuestion
        self.context = context
    }

    /// Whether every name is plain for this principal, and nothing but names matters: the cheapest call then.
    private func isPlain(_ principal: Principal) -> Bool {
        !principal.hasRegisteredResources && principal.quotas.concurrentReservations == nil && !isQuestion
            && !principal.wantsResourceEvents && !items.contains(where: \.isQuestion)
    }

    /// One round trip. The call may answer BEHIND; `sweptMs` is the time of the sweep before it is sent again, else 0.
    package func call(for principal: Principal, sweptMs: Int64 = 0) -> ScriptCall {
        let isPlain = isPlain(principal)
        var call = ScriptCall(
            isPlain ? .reservationAcquire : .reservationClaim, keys: principal.keys,
            reservingBytes: 256 + 128 * items.count)
        call.append(principal.tag)
        call.append(principal.label(with: context))
        if !isPlain {
            call.append(principal.quotas.concurrentReservations.map { "\($0)" } ?? "")
            call.append(decimal: sweptMs)
            call.append(isQuestion ? "Q" : "T")
        }
        for item in items {
            item.append(to: &call)
            if !isPlain { call.append(item.isQuestion ? "1" : "0") }
        }
        return call
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("CLOSED") { return .tenantClosed }
        if reply.isWord("SUSPENDED") { return .tenantSuspended }
        if reply.isWord("LIMITED") { return .limited(try ConcurrencyLimit(reply)) }
        guard reply.isWord("ITEMS") else { throw reply.malformed("word") }
        let isPlain = reply.scriptName == LuaScript.reservationAcquire.name
        let width = isPlain ? 5 : AcquireOutcome.claimedWords
        let (count, rest) = (reply.count - 1).quotientAndRemainder(dividingBy: width)
        guard rest == 0, isPlain ? count == items.count : (1...items.count).contains(count) else {
            throw reply.malformed("number of items")
        }
        var outcomes: [AcquireOutcome] = []
        outcomes.reserveCapacity(count)
        for (item, first) in zip(items, stride(from: 1, to: reply.count, by: width)) {
            outcomes.append(
                isPlain
                    ? try Self.plainOutcome(of: item, reply, at: first) : try AcquireOutcome(claimed: reply, at: first))
        }
        let isUncounted = isPlain ? true : try reply.bytes(0).isEmpty
        return .items(outcomes, held: isUncounted ? nil : try reply.int(0))
    }

    private static func plainOutcome(
        of item: AcquireItem, _ reply: ScriptReply, at first: Int
    ) throws(ScriptFault) -> AcquireOutcome {
        let word = try reply.bytes(first)
        let expiry = HoldExpiry(replied: try reply.int(first + 1))
        if word.elementsEqual("ALREADY_HELD".utf8) {
            return .alreadyHeld([
                Obstacle(
                    name: item.resource.bytes, kind: .resource, holder: try reply.bytes(first + 4), untilMs: expiry.ms)
            ])
        }
        let hold = Hold(
            token: try reply.bytes(first + 3), expiry: expiry, fencingToken: try reply.int(first + 2))
        if word.elementsEqual("ACQUIRED".utf8) { return .acquired(hold) }
        if word.elementsEqual("ALREADY_HAD".utf8) { return .alreadyHad(hold) }
        throw reply.malformed("item word")
    }
}
