// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Checks of ledgers that need no order: every row that was shown, and the sums at the end. They say directly what the
/// search for an order would only stumble over.
struct LedgerAudit {
    private let calls: [BudgetCall]
    private let final: FinalState
    private let opened: [Ledger]
    /// Every reservation that a client was told of.
    private let estimates: [String: BudgetRequest.Estimate]
    /// When a ledger may first have been set below what is in use, µs.
    private let firstResetUs: [Int: Int64]

    init(_ calls: [BudgetCall], _ final: FinalState, opened: [Ledger]) {
        self.calls = calls
        self.final = final
        self.opened = opened
        var estimates: [String: BudgetRequest.Estimate] = [:]
        var firstResetUs: [Int: Int64] = [:]
        for call in calls {
            if case .fund(let ledger, let funding, _) = call.request, funding.isReset {
                firstResetUs[ledger] = min(firstResetUs[ledger] ?? .max, call.wholeWindow.beginUs)
            }
            if case .reserve(let estimate, _) = call.request, case .reserved(let new)? = call.answer?.outcome {
                estimates[new.id] = estimate
            }
        }
        self.estimates = estimates
        self.firstResetUs = firstResetUs
    }

    func findings() -> [Finding] { rows() + ancestors() + sums() }

    // MARK: Rows

    /// I1, I4: in each row of each answer.
    private func rows() -> [Finding] {
        var found: [Finding] = []
        for call in calls {
            for row in call.answer?.outcome.rows ?? [] {
                found += problems(row.numbers, row.remaining, row.ledger, call.lastWindow.endUs, "\(call.request)")
            }
        }
        for (ledger, numbers) in final.ledgers.enumerated() {
            found += problems(numbers, numbers.remaining, ledger, .max, "the end")
        }
        return found
    }

    private func problems(
        _ numbers: Ledger, _ remaining: Int64, _ ledger: Int, _ us: Int64, _ place: String
    ) -> [Finding] {
        let scope = BudgetTree.plots[ledger].scope
        var found: [Finding] = []
        if remaining != numbers.remaining {
            found.append(Finding(.remaining, "\(scope) says \(remaining) remain of \(numbers), at \(place)"))
        }
        if min(numbers.allocated, numbers.reserved, numbers.spent, numbers.debt, numbers.overdraftLimit) < 0 {
            found.append(Finding(.integers, "\(scope) has a negative number: \(numbers), at \(place)"))
        }
        if BudgetTree.plots[ledger].overdraftLimit == 0 {
            let mayBeBelow = firstResetUs[ledger].map { $0 <= us } ?? false
            if numbers.spent + numbers.reserved > numbers.allocated, !mayBeBelow {
                found.append(Finding(.bounds, "\(scope) is oversold: \(numbers), at \(place)"))
            }
            if numbers.debt != 0 { found.append(Finding(.bounds, "\(scope) has debt: \(numbers), at \(place)")) }
        }
        return found
    }

    /// I7: an answer about a reservation or an event shows exactly the budgeted scopes of its subject.
    private func ancestors() -> [Finding] {
        calls.compactMap { call in
            guard let outcome = call.answer?.outcome, let subject = subject(of: call) else { return nil }
            switch outcome {
            case .reserved, .decided, .charged, .committed, .released: break
            default: return nil
            }
            let shown = outcome.rows.map(\.ledger)
            return shown == subject.ledgers
                ? nil : Finding(.ancestors, "\(call.request) shows ledgers \(shown) for \(subject)")
        }
    }

    private func subject(of call: BudgetCall) -> Subject? {
        switch call.request {
        case .reserve(let estimate, _): estimate.subject
        case .charge(let charge, _): charge.subject
        default: call.request.reservation.flatMap { estimates[$0]?.subject }
        }
    }

    // MARK: Sums

    /// I2, I3: the ledgers at the end against what clients were told.
    private func sums() -> [Finding] {
        var expected = opened.map { Ledger(allocated: $0.allocated, overdraftLimit: $0.overdraftLimit) }
        for (id, reservation) in final.reservations where reservation.phase == .active {
            guard let estimate = estimates[id] else { continue }
            for ledger in estimate.subject.ledgers { expected[ledger].reserved += estimate.amount }
        }
        for (subject, charged) in acknowledgedCharges() {
            for ledger in subject.ledgers { expected[ledger].spent += charged }
        }
        for (ledger, funding) in acknowledgedFundings() {
            expected[ledger].allocated += funding.allocated.difference
            // A credit that repays debt moves it to what is spent; other operations make both less.
            expected[ledger].spent += funding.spent.difference + funding.debt.difference
        }
        var found: [Finding] = []
        for (ledger, (actual, should)) in zip(final.ledgers, expected).enumerated() {
            let scope = BudgetTree.plots[ledger].scope
            if actual.reserved != should.reserved {
                found.append(
                    Finding(.reserved, "\(scope) reserves \(actual.reserved), active hold \(should.reserved)"))
            }
            // A debt is a charge too.
            if actual.spent + actual.debt != should.spent {
                found.append(
                    Finding(.charged, "\(scope) spent \(actual.spent) and owes \(actual.debt), charged \(should.spent)")
                )
            }
            if actual.allocated != should.allocated {
                found.append(Finding(.charged, "\(scope) has \(actual.allocated), was given \(should.allocated)"))
            }
        }
        let active = final.reservations.values.count { $0.phase == .active }
        if active != final.liveCount {
            found.append(Finding(.reserved, "\(final.liveCount) reservations are indexed as live, \(active) are"))
        }
        return found
    }

    /// What each commit and each event charged, once for each key.
    private func acknowledgedCharges() -> [(subject: Subject, charged: Int64)] {
        firstSuccesses().compactMap { request, outcome in
            switch (request, outcome) {
            case (.commit(let id, _, _), .committed(let charged, _, _)):
                estimates[id].map { ($0.subject, charged) }
            case (.charge(let charge, _), .charged(let receipt)):
                (charge.subject, receipt.charged ?? charge.amount)
            default: nil
            }
        }
    }

    private func acknowledgedFundings() -> [(ledger: Int, funding: BudgetOutcome.Funding)] {
        firstSuccesses().compactMap { request, outcome in
            guard case .fund(let ledger, _, _) = request, case .funded(let funding) = outcome else { return nil }
            return (ledger, funding)
        }
    }

    /// What came of each key that took effect.
    private func firstSuccesses() -> [(request: BudgetRequest, outcome: BudgetOutcome)] {
        var seen: Set<String> = []
        return calls.compactMap { call in
            guard let outcome = call.answer?.outcome, outcome.isKeyedSuccess, let name = call.request.keyName,
                seen.insert(name).inserted
            else { return nil }
            return (call.request, outcome)
        }
    }
}
