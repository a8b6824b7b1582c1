// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import SharedKernel

/// How the items of a transaction depend on each other (digest 2.3).
package enum TransactionMethod: String, CaseIterable, Sendable {
    case allOrNone = "ALL_OR_NONE"
    case asManyAsPossible = "AS_MANY_AS_POSSIBLE"
    case first = "FIRST"

    var letter: String {
        switch self {
        case .allOrNone: "A"
        case .asManyAsPossible: "M"
        case .first: "F"
        }
    }
}

/// Takes several resources as one transaction.
package struct AcquireTogether: Sendable {
    /// What may come of the call.
    package enum Outcome: Hashable, Sendable {
        /// One outcome per item that was looked at, in order. When all or none is asked for and one is refused, the
        /// others are ``AcquireOutcome/available(_:)``: nothing was taken. And how many reservations were held before,
        /// where there is a limit of them.
        case items([AcquireOutcome], held: Int64?)
        case limited(ConcurrencyLimit)
        /// The items take more along than one call of Redis can bear; nothing was taken.
        case tooLarge
        case tenantClosed
        case tenantSuspended
    }

    /// 1 to `Limits.transactionItemsMax` items.
    package let items: [AcquireItem]
    package let method: TransactionMethod
    /// Takes nothing, and says what would be.
    package let isQuestion: Bool
    /// JSON of request and actor, for events; needed only of a principal that wants events of resources.
    package let context: [UInt8]

    /// A transaction of these items.
    package init(
        _ items: [AcquireItem], method: TransactionMethod, isQuestion: Bool = false, context: [UInt8] = []
    ) {
        precondition((1...Limits.transactionItemsMax).contains(items.count))
        self.items = items
        self.method = method
        self.isQuestion = isQuestion
        self.context = context
    }

    /// One round trip. The call may answer BEHIND; `sweptMs` is the time of the sweep before it is sent again, else 0.
    package func call(for principal: Principal, sweptMs: Int64 = 0) -> ScriptCall {
        var call = ScriptCall(.reservationTransact, keys: principal.keys, reservingBytes: 256 + 128 * items.count)
        call.append(principal.tag)
        call.append(principal.label(with: context))
        call.append(principal.quotas.concurrentReservations.map { "\($0)" } ?? "")
        call.append(decimal: sweptMs)
        call.append(method.letter)
        call.append(isQuestion ? "1" : "0")
        for item in items { item.append(to: &call) }
        return call
    }

    /// The items that a question with these outcomes would newly reserve.
    package func wanted(of outcomes: [AcquireOutcome]) -> [AcquireItem] {
        func isAvailable(_ outcome: AcquireOutcome) -> Bool {
            if case .available = outcome { return true }
            return false
        }
        if method == .allOrNone, !outcomes.allSatisfy({ isAvailable($0) || $0.isHeld }) { return [] }
        return zip(items, outcomes).compactMap { isAvailable($1) ? $0 : nil }
    }

    /// Reads the reply.
    package func outcome(_ reply: ScriptReply) throws(ScriptFault) -> Outcome {
        if reply.isWord("CLOSED") { return .tenantClosed }
        if reply.isWord("SUSPENDED") { return .tenantSuspended }
        if reply.isWord("TOO_LARGE") { return .tooLarge }
        if reply.isWord("LIMITED") { return .limited(try ConcurrencyLimit(reply)) }
        guard reply.isWord("ITEMS") else { throw reply.malformed("word") }
        let width = AcquireOutcome.claimedWords
        let (count, rest) = (reply.count - 1).quotientAndRemainder(dividingBy: width)
        guard rest == 0, method == .first ? (1...items.count).contains(count) : count == items.count else {
            throw reply.malformed("number of items")
        }
        var outcomes: [AcquireOutcome] = []
        outcomes.reserveCapacity(count)
        for first in stride(from: 1, to: reply.count, by: width) {
            outcomes.append(try AcquireOutcome(claimed: reply, at: first))
        }
        let isUncounted = try reply.bytes(0).isEmpty
        return .items(outcomes, held: isUncounted ? nil : try reply.int(0))
    }
}
