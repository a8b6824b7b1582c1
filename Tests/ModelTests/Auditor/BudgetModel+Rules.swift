// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

// What the protocol says about ledgers.
extension BudgetModel {
    /// What booking an amount does.
    struct Settled: Sendable {
        var ledgers: [Ledger]
        var charged: Int64
        /// Whether a ledger had too little left: then nothing due may have waited to be given back.
        var isShort: Bool
    }

    /// What a commit does to the ledgers of a reservation (runtime digest 2.12), and what it charges; or the refusal.
    func settlement(
        of estimate: BudgetRequest.Estimate, actual: Int64, policy: BudgetRequest.Policy? = nil
    ) -> Result<Settled, Denial> {
        booked(
            actual, reserved: estimate.amount, in: estimate.subject.ledgers,
            policy: policy ?? estimate.policy ?? .allowIfAvailable)
    }

    /// What an event does (runtime digest 1.9, 2.12): as a commit of a reservation of nothing, but that to reject means
    /// unless there is room.
    func settlement(of charge: BudgetRequest.Charge) -> Result<Settled, Denial> {
        let policy = charge.policy ?? overage(of: charge.subject)
        let concerned = charge.subject.ledgers
        if let place = concerned.first(where: frozen.contains) { return .failure(Denial(.frozen, place)) }
        if policy == .reject, charge.amount > 0,
            let place = concerned.first(where: { ledgers[$0].remaining < charge.amount })
        {
            return .failure(Denial(.exceeded, place))
        }
        return booked(
            charge.amount, reserved: 0, in: concerned, policy: policy == .reject ? .allowIfAvailable : policy)
    }

    private func booked(
        _ actual: Int64, reserved: Int64, in concerned: [Int], policy: BudgetRequest.Policy
    ) -> Result<Settled, Denial> {
        let overage = actual - reserved
        let short = concerned.filter { overage > 0 && ledgers[$0].remaining < overage }
        var after = ledgers
        var charged = actual
        if overage > 0, policy == .reject { return .failure(Denial(.exceeded, short.first ?? concerned[0])) }
        if policy == .allowWithOverdraft {
            for place in short where ledgers[place].debt + overage > ledgers[place].overdraftLimit {
                return .failure(Denial(.overLimit, place))
            }
        } else if !short.isEmpty {
            charged = reserved + max(0, concerned.map { ledgers[$0].remaining }.min() ?? 0)
        }
        for place in concerned {
            after[place].reserved -= reserved
            if short.contains(place), policy == .allowWithOverdraft {
                after[place].spent += reserved
                after[place].debt += overage
            } else {
                after[place].spent += charged
                if short.contains(place) { after[place].isOverLimit = true }
            }
        }
        return .success(Settled(ledgers: after, charged: charged, isShort: !short.isEmpty))
    }

    /// Why no amount may be reserved for a subject now (runtime digest 3, 7 and 8, decision A24); nil when it may.
    func denial(_ subject: Subject, _ amount: Int64) -> Denial? {
        let concerned = subject.ledgers
        if let place = concerned.first(where: frozen.contains) { return Denial(.frozen, place) }
        if let place = concerned.first(where: { ledgers[$0].isOverLimit }) { return Denial(.overLimit, place) }
        if let place = concerned.first(where: { ledgers[$0].debt > 0 }) { return Denial(.debt, place) }
        if let place = concerned.first(where: { ledgers[$0].remaining < amount }) { return Denial(.exceeded, place) }
        return nil
    }

    /// A ledger after a funding (design, section 6); nil for a debit of more than remains.
    static func funded(_ ledger: Ledger, _ funding: BudgetRequest.Funding) -> Ledger? {
        var after = ledger
        let repaid = min(funding.amount, ledger.debt)
        switch funding {
        case .credit(let amount):
            after.allocated += amount
            after.debt -= repaid
            after.spent += repaid
        case .debit(let amount):
            guard ledger.remaining >= amount else { return nil }
            after.allocated -= amount
            return after
        case .reset(let amount): after.allocated = amount
        case .resetSpent(let amount, let spent): (after.allocated, after.spent) = (amount, spent ?? 0)
        case .repayDebt(let amount):
            after.debt -= repaid
            after.allocated += amount - repaid
        }
        after.isOverLimit = after.debt > after.overdraftLimit
        return after
    }

    // MARK: Policies

    /// The policy that counts for a subject: by priority, then the narrower one.
    func governing(_ subject: Subject) -> (policy: Int, rules: PolicyRules)? {
        policies.indices
            .filter { policies[$0].rules.isActive && BudgetTree.policies[$0].subjects.contains(subject) }
            .max { one, other in
                (policies[one].rules.priority, BudgetTree.policies[one].rank)
                    < (policies[other].rules.priority, BudgetTree.policies[other].rank)
            }
            .map { ($0, policies[$0].rules) }
    }

    /// What happens to overage where a request does not say (runtime digest 2.12): policy, then the deepest ledger.
    func overage(of subject: Subject) -> BudgetRequest.Policy {
        let own = subject.ledgers.last.flatMap { BudgetTree.plots[$0].policy }
        return governing(subject)?.rules.overage ?? own ?? .allowIfAvailable
    }

    /// What a reservation gets: its TTL, ms, and extensions (runtime digest 6.1).
    func terms(of estimate: BudgetRequest.Estimate) -> (ttlMs: Int64, extensionsMax: Int) {
        let rules = governing(estimate.subject)?.rules
        let asked = estimate.ttlMs ?? rules?.defaultTTLMs ?? BudgetTree.defaultTTLMs
        return (
            min(asked, rules?.maxTTLMs ?? BudgetTree.maxTTLMs), rules?.maxExtensions.map { Int($0) } ?? extensionsMax
        )
    }

    /// How a subject's reservations or commits are limited now; nil when they are not.
    func limit(of subject: Subject, isCommit: Bool) -> (policy: Int, perMinute: Int64)? {
        guard let (policy, rules) = governing(subject) else { return nil }
        return (isCommit ? rules.commitsPerMinute : rules.reservationsPerMinute).map { (policy, $0) }
    }

    // MARK: Answers

    /// A refusal by a ledger.
    struct Denial: Error, Hashable, Sendable {
        enum Reason: String, Sendable {
            case exceeded = "BUDGET_EXCEEDED"
            case overLimit = "OVERDRAFT_LIMIT_EXCEEDED"
            case debt = "DEBT_OUTSTANDING"
            case frozen = "BUDGET_FROZEN"
        }

        let reason: Reason
        let ledger: Int

        init(_ reason: Reason, _ ledger: Int) {
            self.reason = reason
            self.ledger = ledger
        }

        /// As a client is told.
        var outcome: BudgetOutcome {
            .refused(status: 409, code: reason.rawValue, scope: BudgetTree.plots[ledger].scope)
        }
    }

    /// The rows of an answer about a subject.
    static func rows(_ ledgers: [Ledger], of subject: Subject) -> [LedgerRow] {
        subject.ledgers.map { LedgerRow($0, ledgers[$0]) }
    }
}
