// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// A call of the budget protocol, or of its operator.
typealias BudgetCall = Call<BudgetRequest, BudgetAnswer>

/// What came back: the outcome, and what else the checks need of the answer.
struct BudgetAnswer: Answer {
    var outcome: BudgetOutcome
    /// `remaining_ttl_ms`, the only field in which two answers of one key may differ.
    var remainingMs: Int64?
    /// The body without that field, as one line.
    var stableText: String

    init(_ outcome: BudgetOutcome, remainingMs: Int64? = nil, stableText: String? = nil) {
        self.outcome = outcome
        self.remainingMs = remainingMs
        self.stableText = stableText ?? "\(outcome)"
    }

    var isUnknown: Bool {
        if case .unknown = outcome { return true }
        return false
    }

    var claimsNoEffect: Bool { outcome == .unknown(claimsNoEffect: true) }
}

/// What an answer says.
enum BudgetOutcome: Hashable, Sendable {
    case reserved(NewReservation)
    /// The answer to decide or to a dry run.
    case decided(Decision)
    case charged(Receipt)
    case committed(charged: Int64, released: Int64?, rows: [LedgerRow])
    case released(amount: Int64, rows: [LedgerRow])
    case extended(expiresMs: Int64)
    case found(FoundReservation)
    case balances([LedgerRow])
    case funded(Funding)
    /// A ledger was frozen or made active again.
    case froze(atMs: Int64)
    /// A policy's terms are as asked for, since then.
    case policySet(atMs: Int64)
    /// A 4xx with its code and, where the message names one, the scope.
    case refused(status: Int, code: String, scope: String?)
    /// A 503, or none because the server died.
    case unknown(claimsNoEffect: Bool)
    /// Nothing that the protocol provides for.
    case strange(String)

    /// The answer to a reserve.
    struct NewReservation: Hashable, Sendable {
        var id: String
        /// From the id.
        var createdMs: Int64
        var expiresMs: Int64
        var amount: Int64
        var path: String
        /// `max_tokens`; nil for an ALLOW without caps.
        var caps: Int64?
        var rows: [LedgerRow]
    }

    /// What would be answered to a reserve.
    struct Decision: Hashable, Sendable {
        /// Nil for ALLOW, with caps or without.
        var reason: String?
        var caps: Int64?
        /// Of a dry run alone.
        var path: String?
        /// Of a dry run that is allowed.
        var reserved: Int64?
        var rows: [LedgerRow] = []
    }

    /// The answer to an event.
    struct Receipt: Hashable, Sendable {
        var id: String
        /// From the id.
        var createdMs: Int64
        /// Only when it is less than what was asked for.
        var charged: Int64?
        var rows: [LedgerRow]
    }

    /// The answer to a look, and a row of a list.
    struct FoundReservation: Hashable, Sendable {
        var status: String
        var amount: Int64
        var committed: Int64?
        var createdMs: Int64
        var expiresMs: Int64
        var finalizedMs: Int64?
        var path: String
    }

    /// The answer to a funding.
    struct Funding: Hashable, Sendable {
        var atMs: Int64
        var allocated, spent, debt, remaining: Change

        struct Change: Hashable, Sendable {
            var from: Int64
            var to: Int64

            var difference: Int64 { to - from }
        }
    }

    /// The ledgers shown.
    var rows: [LedgerRow] {
        switch self {
        case .reserved(let new): new.rows
        case .decided(let decision): decision.rows
        case .charged(let receipt): receipt.rows
        case .committed(_, _, let rows), .released(_, let rows), .balances(let rows): rows
        case .extended, .found, .funded, .froze, .policySet, .refused, .unknown, .strange: []
        }
    }

    /// Whether a request with a key took effect, now or earlier.
    var isKeyedSuccess: Bool {
        switch self {
        case .reserved, .decided, .charged, .committed, .released, .extended, .funded: true
        case .found, .balances, .froze, .policySet, .refused, .unknown, .strange: false
        }
    }

    /// When Redis did it, by the answer itself.
    var effectMs: Int64? {
        switch self {
        case .reserved(let new): new.createdMs
        case .charged(let receipt): receipt.createdMs
        case .funded(let funding): funding.atMs
        case .froze(let atMs), .policySet(let atMs): atMs
        case .decided, .committed, .released, .extended, .found, .balances, .refused, .unknown, .strange: nil
        }
    }
}
