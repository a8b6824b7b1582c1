// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What a client may ask of budgets, and their operator.
enum BudgetRequest: Hashable, Sendable {
    /// Live, or a dry run.
    case reserve(Estimate, key: String)
    case decide(Subject, amount: Int64, key: String)
    /// An event: a charge without a reservation before it.
    case charge(Charge, key: String)
    case commit(reservation: String, actual: Int64, key: String)
    case release(reservation: String, reason: String, key: String)
    case extend(reservation: String, byMs: Int64, key: String)
    case look(reservation: String)
    case balances
    case fund(ledger: Int, Funding, key: String)
    /// Freezes a ledger, or makes it active again. Has no key: a repetition is another request.
    case freeze(ledger: Int, Bool)
    /// Gives one of ``BudgetTree/policies`` other terms.
    case setPolicy(Int, PolicyRules)

    /// The body of a reserve request.
    struct Estimate: Hashable, Sendable {
        var subject: Subject
        var amount: Int64
        /// Nil leaves it to a policy.
        var ttlMs: Int64?
        var graceMs: Int64
        var policy: Policy?
        var isDryRun = false
    }

    /// The body of an event.
    struct Charge: Hashable, Sendable {
        var subject: Subject
        var amount: Int64
        var policy: Policy?
    }

    /// What may happen when the actual amount is larger than the estimate.
    enum Policy: String, CaseIterable, Hashable, Sendable {
        case reject = "REJECT"
        case allowIfAvailable = "ALLOW_IF_AVAILABLE"
        case allowWithOverdraft = "ALLOW_WITH_OVERDRAFT"
    }

    /// The operations of funding.
    enum Funding: Hashable, Sendable {
        case credit(Int64)
        case debit(Int64)
        case reset(Int64)
        /// Without `spent` it becomes 0.
        case resetSpent(Int64, spent: Int64?)
        case repayDebt(Int64)

        /// As the wire has it.
        var word: String {
            switch self {
            case .credit: "CREDIT"
            case .debit: "DEBIT"
            case .reset: "RESET"
            case .resetSpent: "RESET_SPENT"
            case .repayDebt: "REPAY_DEBT"
            }
        }

        var amount: Int64 {
            switch self {
            case .credit(let amount), .debit(let amount), .reset(let amount), .resetSpent(let amount, _),
                .repayDebt(let amount):
                amount
            }
        }

        /// Whether it sets what is allocated, whatever is in use.
        var isReset: Bool {
            switch self {
            case .reset, .resetSpent: true
            case .credit, .debit, .repayDebt: false
            }
        }

        /// The same operation with another amount.
        func with(amount: Int64) -> Funding {
            switch self {
            case .credit: .credit(amount)
            case .debit: .debit(amount)
            case .reset: .reset(amount)
            case .resetSpent(_, let spent): .resetSpent(amount, spent: spent)
            case .repayDebt: .repayDebt(amount)
            }
        }
    }

    var key: String? {
        switch self {
        case .reserve(_, let key), .decide(_, _, let key), .charge(_, let key), .commit(_, _, let key),
            .release(_, _, let key), .extend(_, _, let key), .fund(_, _, let key):
            key
        case .look, .balances, .freeze, .setPolicy: nil
        }
    }

    /// What the idempotency key is unique within: the endpoint with its path, and the key. Nil for what has none.
    var keyName: String? {
        switch self {
        case .reserve(_, let key): "reserve \(key)"
        case .decide(_, _, let key): "decide \(key)"
        case .charge(_, let key): "event \(key)"
        case .commit(let id, _, let key): "commit \(id) \(key)"
        case .release(let id, _, let key): "release \(id) \(key)"
        case .extend(let id, _, let key): "extend \(id) \(key)"
        case .fund(let ledger, _, let key): "fund \(ledger) \(key)"
        case .look, .balances, .freeze, .setPolicy: nil
        }
    }

    /// Whether it books what was spent, by a reservation or without.
    var isBooking: Bool {
        switch self {
        case .commit, .charge: true
        default: false
        }
    }

    var isFreeze: Bool {
        if case .freeze = self { true } else { false }
    }

    /// The reservation that the request names.
    var reservation: String? {
        switch self {
        case .commit(let id, _, _), .release(let id, _, _), .extend(let id, _, _), .look(let id): id
        case .reserve, .decide, .charge, .balances, .fund, .freeze, .setPolicy: nil
        }
    }
}

/// The terms of a policy, as far as they have an effect here.
struct PolicyRules: Hashable, Sendable {
    var isActive = true
    var priority: Int64 = 0
    /// `max_tokens` of the caps; nil for no caps.
    var caps: Int64?
    var overage: BudgetRequest.Policy?
    var defaultTTLMs, maxTTLMs, maxExtensions: Int64?
    var reservationsPerMinute, commitsPerMinute: Int64?
}
