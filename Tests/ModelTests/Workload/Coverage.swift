// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What a run has met: answers by kind.
struct Coverage: CustomStringConvertible {
    /// What a run of a few thousand operations must have met to mean anything.
    private static let expected = [
        "reserved", "committed", "committed over", "released", "extended", "found", "balances",
        "funded", "BUDGET_EXCEEDED", "OVERDRAFT_LIMIT_EXCEEDED", "RESERVATION_EXPIRED",
        "RESERVATION_FINALIZED", "IDEMPOTENCY_MISMATCH", "MAX_EXTENSIONS_EXCEEDED", "acquired",
        "already held", "relinquished", "not reserved", "bad token", "not owner", "held", "free", "unknown",
        "unavailable", "decided", "denied", "dry run", "dry run denied", "reserved with caps", "charged",
        "charged capped", "debited", "debt repaid", "froze", "policy set", "BUDGET_FROZEN",
        "walks", "races",
    ]

    /// What a long one must have met, too, and a short one most of: a few thousand operations meet it a few times, on a
    /// slow machine perhaps not at all.
    private static let rare = [
        "races at the end", "LIMIT_EXCEEDED", "DEBT_OUTSTANDING", "already had", "reset", "reset spent",
        "committed capped",
    ]
    private static let rareMissingMax = 3

    private var counts: [String: Int] = [:]

    init(_ history: History) {
        for call in history.budgetCalls {
            for attempt in call.attempts { counts[Self.kind(attempt.answer.outcome, call.request), default: 0] += 1 }
        }
        counts["walks"] = history.walks.count
        counts.merge(Self.races(history.budgetCalls)) { $0 + $1 }
        for call in history.lockCalls {
            for attempt in call.attempts { counts[Self.kind(attempt.answer), default: 0] += 1 }
        }
    }

    /// Kinds of answers that never came, and had to.
    func missing(of operations: Int) -> [String] {
        func missing(_ kinds: [String]) -> [String] { kinds.filter { counts[$0, default: 0] == 0 } }
        let rare = missing(Self.rare)
        let isBearable = operations < 20_000 && rare.count <= Self.rareMissingMax
        return missing(Self.expected) + (isBearable ? [] : rare)
    }

    var description: String {
        counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }

    private static func kind(_ outcome: BudgetOutcome, _ request: BudgetRequest) -> String {
        switch outcome {
        case .reserved(let new): return new.caps == nil ? "reserved" : "reserved with caps"
        case .decided(let decision):
            let isDenied = decision.reason != nil
            return decision.path == nil ? isDenied ? "denied" : "decided" : isDenied ? "dry run denied" : "dry run"
        case .charged(let receipt): return receipt.charged == nil ? "charged" : "charged capped"
        case .committed(let charged, let released, _):
            guard case .commit(_, let actual, _) = request, released == nil else { return "committed" }
            return charged < actual ? "committed capped" : "committed over"
        case .released: return "released"
        case .extended: return "extended"
        case .found: return "found"
        case .balances: return "balances"
        case .funded:
            guard case .fund(_, let funding, _) = request else { return "funded" }
            return switch funding {
            case .credit: "funded"
            case .debit: "debited"
            case .reset: "reset"
            case .resetSpent: "reset spent"
            case .repayDebt: "debt repaid"
            }
        case .froze: return "froze"
        case .policySet: return "policy set"
        case .refused(_, let code, _): return code
        case .unknown(let claims): return claims ? "unavailable" : "unknown"
        case .strange: return "strange"
        }
    }

    /// Reservations that two wanted to end at the same time, of those some while they expired; and requests that a rate
    /// limit let through only later.
    private static func races(_ calls: [BudgetCall]) -> [String: Int] {
        var counts: [String: Int] = [:]
        var limited: Set<BudgetRequest> = []
        var deadlines: [String: Int64] = [:]
        var enders: [String: [BudgetCall]] = [:]
        for call in calls {
            let outcome = call.answer?.outcome
            if case .refused(429, _, _)? = outcome { limited.insert(call.request) }
            if outcome?.isKeyedSuccess == true, limited.remove(call.request) != nil {
                counts["granted after 429", default: 0] += 1
            }
            switch (call.request, outcome) {
            case (.reserve(let estimate, _), .reserved(let new)?):
                deadlines[new.id] = new.expiresMs + estimate.graceMs
            case (.commit(let id, _, _), _), (.release(let id, _, _), _): enders[id, default: []].append(call)
            default: break
            }
        }
        for (id, rivals) in enders {
            let sorted = rivals.map(\.wholeWindow).sorted { $0.beginUs < $1.beginUs }
            let meetings = zip(sorted, sorted.dropFirst()).filter { $0.endUs >= $1.beginUs }
            guard !meetings.isEmpty else { continue }
            counts["races", default: 0] += 1
            let deadlineMs = deadlines[id] ?? 0
            if meetings.contains(where: { abs($1.beginMs - deadlineMs) <= 2 }) {
                counts["races at the end", default: 0] += 1
            }
        }
        return counts
    }

    private static func kind(_ answer: LockAnswer) -> String {
        switch answer {
        case .acquired: "acquired"
        case .alreadyHad: "already had"
        case .alreadyHeld: "already held"
        case .relinquished: "relinquished"
        case .notReserved: "not reserved"
        case .badToken: "bad token"
        case .notOwner: "not owner"
        case .heldBy: "held"
        case .free: "free"
        case .unknown(let claims): claims ? "unavailable" : "unknown"
        case .strange: "strange"
        }
    }
}
