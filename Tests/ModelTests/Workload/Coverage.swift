// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What a run has met: answers by kind.
struct Coverage: CustomStringConvertible {
    /// What a run of a few thousand operations must have met to mean anything.
    private static let expected = [
        "reserved", "committed", "committed over", "committed capped", "released", "extended", "found", "balances",
        "funded", "BUDGET_EXCEEDED", "OVERDRAFT_LIMIT_EXCEEDED", "DEBT_OUTSTANDING", "RESERVATION_EXPIRED",
        "RESERVATION_FINALIZED", "IDEMPOTENCY_MISMATCH", "MAX_EXTENSIONS_EXCEEDED", "acquired", "already had",
        "already held", "relinquished", "not reserved", "bad token", "not owner", "held", "free", "unknown",
        "unavailable",
    ]

    private var counts: [String: Int] = [:]

    init(_ history: History) {
        for call in history.budgetCalls {
            for attempt in call.attempts { counts[Self.kind(attempt.answer.outcome, call.request), default: 0] += 1 }
        }
        for call in history.lockCalls {
            for attempt in call.attempts { counts[Self.kind(attempt.answer), default: 0] += 1 }
        }
    }

    /// Kinds of answers that never came.
    var missing: [String] { Self.expected.filter { counts[$0] == nil } }

    var description: String {
        counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }

    private static func kind(_ outcome: BudgetOutcome, _ request: BudgetRequest) -> String {
        switch outcome {
        case .reserved: return "reserved"
        case .committed(let charged, let released, _):
            guard case .commit(_, let actual, _) = request, released == nil else { return "committed" }
            return charged < actual ? "committed capped" : "committed over"
        case .released: return "released"
        case .extended: return "extended"
        case .found: return "found"
        case .balances: return "balances"
        case .funded: return "funded"
        case .refused(_, let code, _): return code
        case .unknown(let claims): return claims ? "unavailable" : "unknown"
        case .strange: return "strange"
        }
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
