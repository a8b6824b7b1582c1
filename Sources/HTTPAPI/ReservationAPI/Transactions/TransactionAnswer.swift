// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Reservations
internal import StrictJSON

extension JSONWriter {
    /// A transaction and what came of it (decision Q1).
    mutating func transactionResult(_ transaction: ReservationTransaction, _ result: TransactionResult) {
        beginObject()
        key("method")
        string(transaction.method.rawValue)
        switch (transaction.work, result) {
        case (.acquire(let items, let isQuestion), .acquired(let outcomes)):
            acquired(AcquiredTogether(transaction.method, isQuestion: isQuestion, items, outcomes))
        case (.acquire(let items, let isQuestion), .refused(let refusal)):
            var together = AcquiredTogether(transaction.method, isQuestion: isQuestion, items, [])
            together.refusal = refusal
            acquired(together)
        case (.release(let items), .released(let outcomes)): released(transaction.method, items, outcomes)
        case (.release, .refused(let refusal)):
            head("UNRESERVE", isSuccess: false, refusal, fence: nil)
            names(reserved: [], unavailable: [], released: [])
            key("results")
            strings([])
        case (.acquire, .released), (.release, .acquired): break
        }
        endObject()
    }

    private mutating func head(_ type: StaticString, isSuccess: Bool, _ explanation: String, fence: Int64?) {
        key("requestType")
        string(type)
        key("success")
        bool(isSuccess)
        key("status")
        string(isSuccess ? "SUCCESS" : "FAILED")
        key("explanation")
        string(explanation)
        key("fencingToken")
        if let fence { int(fence) } else { null() }
    }

    private mutating func names(reserved: [[UInt8]], unavailable: [[UInt8]], released: [[UInt8]]) {
        key("reserved")
        strings(reserved)
        key("unavailable")
        strings(unavailable)
        key("released")
        strings(released)
    }

    private mutating func acquired(_ together: AcquiredTogether) {
        head("RESERVE", isSuccess: together.isSuccess, together.explanation, fence: together.fence)
        names(reserved: together.reserved, unavailable: together.unavailable, released: [])
        key("results")
        beginArray()
        for (item, outcome) in zip(together.items, together.outcomes) {
            if case .available = outcome, !together.isQuestion || !together.isSuccess {
                rolledBackResult(item)
            } else {
                reserveResult(item, outcome)
            }
        }
        endArray()
        if together.isQuestion {
            key("dryRun")
            bool(true)
        }
    }

    private mutating func released(_ method: TransactionMethod, _ items: [ReleaseItem], _ outcomes: [ReleaseOutcome]) {
        var freed: [[UInt8]] = []
        var kept = 0
        for outcome in outcomes {
            switch outcome {
            case .relinquished(let names): freed += names
            case .notReserved: break
            case .notOwner, .badToken, .rolledBack: kept += 1
            }
        }
        let isSuccess =
            switch method {
            case .allOrNone: kept == 0
            case .asManyAsPossible: kept < outcomes.count
            case .first: !freed.isEmpty
            }
        let failure = method == .allOrNone ? "an item could not be released: nothing was" : "nothing was released"
        head("UNRESERVE", isSuccess: isSuccess, isSuccess ? "SUCCESS" : failure, fence: nil)
        names(reserved: [], unavailable: [], released: freed)
        key("results")
        beginArray()
        for (item, outcome) in zip(items, outcomes) { releaseResult(item, outcome) }
        endArray()
    }
}

/// What came of a transaction that reserves, as a whole (decisions Q2 and Q3).
private struct AcquiredTogether {
    let isQuestion: Bool
    let items: [AcquireItem]
    let outcomes: [AcquireOutcome]
    private let method: TransactionMethod
    /// Why nothing was even tried.
    var refusal: String?

    init(_ method: TransactionMethod, isQuestion: Bool, _ items: [AcquireItem], _ outcomes: [AcquireOutcome]) {
        self.method = method
        self.isQuestion = isQuestion
        self.items = items
        self.outcomes = outcomes
    }

    /// Whether an item is, or for a question would be, its requester's.
    private func isHad(_ outcome: AcquireOutcome) -> Bool {
        guard case .available = outcome else { return outcome.isHeld }
        return isQuestion
    }

    var isSuccess: Bool {
        guard refusal == nil else { return false }
        return method == .allOrNone ? outcomes.allSatisfy(isHad) : outcomes.contains(where: isHad)
    }

    var explanation: String {
        if let refusal { return refusal }
        if isSuccess { return "SUCCESS" }
        return method == .allOrNone ? "an item is not free: nothing was reserved" : "no item is free"
    }

    /// The highest of its holds': whatever is acquired later has a higher one.
    var fence: Int64? { !isSuccess ? nil : outcomes.filter(\.isHeld).compactMap { $0.hold?.fencingToken }.max() }

    var reserved: [[UInt8]] { isSuccess ? names(where: \.isHeld) : [] }

    var unavailable: [[UInt8]] {
        names { outcome in
            if case .available = outcome { return false }
            return !outcome.isHeld
        }
    }

    private func names(where isMeant: (AcquireOutcome) -> Bool) -> [[UInt8]] {
        zip(items, outcomes).compactMap { isMeant($1) ? $0.resource.bytes : nil }
    }
}
