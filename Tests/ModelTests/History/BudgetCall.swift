// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// A call of the budget protocol.
typealias BudgetCall = Call<BudgetRequest, BudgetAnswer>

/// What a client may ask of budgets.
enum BudgetRequest: Hashable, Sendable {
    case reserve(Estimate, key: String)
    case commit(reservation: String, actual: Int64, key: String)
    case release(reservation: String, reason: String, key: String)
    case extend(reservation: String, byMs: Int64, key: String)
    case look(reservation: String)
    case balances
    /// CREDIT.
    case fund(ledger: Int, amount: Int64, key: String)

    /// The body of a reserve request.
    struct Estimate: Hashable, Sendable {
        var subject: Subject
        var amount: Int64
        var ttlMs: Int64
        var graceMs: Int64
        var policy: Policy?
    }

    /// What may happen when the actual amount is larger than the estimate.
    enum Policy: String, CaseIterable, Hashable, Sendable {
        case reject = "REJECT"
        case allowIfAvailable = "ALLOW_IF_AVAILABLE"
        case allowWithOverdraft = "ALLOW_WITH_OVERDRAFT"
    }

    /// What the idempotency key is unique within: the endpoint with its path, and the key. Nil for reads.
    var keyName: String? {
        switch self {
        case .reserve(_, let key): "reserve \(key)"
        case .commit(let id, _, let key): "commit \(id) \(key)"
        case .release(let id, _, let key): "release \(id) \(key)"
        case .extend(let id, _, let key): "extend \(id) \(key)"
        case .fund(let ledger, _, let key): "fund \(ledger) \(key)"
        case .look, .balances: nil
        }
    }

    var isCommit: Bool {
        if case .commit = self { true } else { false }
    }

    /// The reservation that the request names.
    var reservation: String? {
        switch self {
        case .commit(let id, _, _), .release(let id, _, _), .extend(let id, _, _), .look(let id): id
        case .reserve, .balances, .fund: nil
        }
    }
}

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
    case committed(charged: Int64, released: Int64?, rows: [LedgerRow])
    case released(amount: Int64, rows: [LedgerRow])
    case extended(expiresMs: Int64)
    case found(FoundReservation)
    case balances([LedgerRow])
    case funded(Funding)
    /// A 4xx with its code and, where the message names one, the scope.
    case refused(status: Int, code: String, scope: String?)
    /// A 503.
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
        var rows: [LedgerRow]
    }

    /// The answer to a look.
    struct FoundReservation: Hashable, Sendable {
        var status: String
        var amount: Int64
        var committed: Int64?
        var createdMs: Int64
        var expiresMs: Int64
        var finalizedMs: Int64?
        var path: String
    }

    /// The answer to a CREDIT.
    struct Funding: Hashable, Sendable {
        var atMs: Int64
        var allocated, spent, debt, remaining: Change

        struct Change: Hashable, Sendable {
            var from: Int64
            var to: Int64
        }
    }

    /// The ledgers shown.
    var rows: [LedgerRow] {
        switch self {
        case .reserved(let new): new.rows
        case .committed(_, _, let rows), .released(_, let rows), .balances(let rows): rows
        case .extended, .found, .funded, .refused, .unknown, .strange: []
        }
    }

    /// Whether a request with a key took effect, now or earlier.
    var isKeyedSuccess: Bool {
        switch self {
        case .reserved, .committed, .released, .extended, .funded: true
        case .found, .balances, .refused, .unknown, .strange: false
        }
    }
}
