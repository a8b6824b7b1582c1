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

    init(_ calls: [BudgetCall], _ final: FinalState, opened: [Ledger]) {
        self.calls = calls
        self.final = final
        self.opened = opened
        var estimates: [String: BudgetRequest.Estimate] = [:]
        for call in calls {
            if case .reserve(let estimate, _) = call.request, case .reserved(let new)? = call.answer?.outcome {
                estimates[new.id] = estimate
            }
        }
        self.estimates = estimates
    }

    func findings() -> [Finding] { rows() + ancestors() + sums() }

    // MARK: Rows

    /// I1, I4: in each row of each answer.
    private func rows() -> [Finding] {
        var found: [Finding] = []
        for call in calls {
            for row in call.answer?.outcome.rows ?? [] {
                found += Self.problems(row.numbers, remaining: row.remaining, of: row.ledger, "\(call.request)")
            }
        }
        for (ledger, numbers) in final.ledgers.enumerated() {
            found += Self.problems(numbers, remaining: numbers.remaining, of: ledger, "the end")
        }
        return found
    }

    private static func problems(
        _ numbers: Ledger, remaining: Int64, of ledger: Int, _ place: String
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
            if numbers.spent + numbers.reserved > numbers.allocated {
                found.append(Finding(.bounds, "\(scope) is oversold: \(numbers), at \(place)"))
            }
            if numbers.debt != 0 { found.append(Finding(.bounds, "\(scope) has debt: \(numbers), at \(place)")) }
        }
        return found
    }

    /// I7: an answer about a reservation shows exactly the budgeted scopes of its subject.
    private func ancestors() -> [Finding] {
        calls.compactMap { call in
            guard let outcome = call.answer?.outcome, let estimate = estimate(of: call) else { return nil }
            switch outcome {
            case .reserved, .committed, .released: break
            default: return nil
            }
            let shown = outcome.rows.map(\.ledger)
            return shown == estimate.subject.ledgers
                ? nil : Finding(.ancestors, "\(call.request) shows ledgers \(shown) for \(estimate.subject)")
        }
    }

    private func estimate(of call: BudgetCall) -> BudgetRequest.Estimate? {
        if case .reserve(let estimate, _) = call.request { return estimate }
        return call.request.reservation.flatMap { estimates[$0] }
    }

    // MARK: Sums

    /// I2, I3: the ledgers at the end against what clients were told.
    private func sums() -> [Finding] {
        var expected = opened.map { Ledger(allocated: $0.allocated, overdraftLimit: $0.overdraftLimit) }
        for (id, reservation) in final.reservations where reservation.phase == .active {
            guard let estimate = estimates[id] else { continue }
            for ledger in estimate.subject.ledgers { expected[ledger].reserved += estimate.amount }
        }
        for (id, charged) in Self.acknowledgedCharges(calls) {
            guard let estimate = estimates[id] else { continue }
            for ledger in estimate.subject.ledgers { expected[ledger].spent += charged }
        }
        for (ledger, amount) in Self.acknowledgedCredits(calls) { expected[ledger].allocated += amount }
        var found: [Finding] = []
        for (ledger, (actual, should)) in zip(final.ledgers, expected).enumerated() {
            let scope = BudgetTree.plots[ledger].scope
            if actual.reserved != should.reserved {
                found.append(
                    Finding(.reserved, "\(scope) reserves \(actual.reserved), active hold \(should.reserved)"))
            }
            // A debt is a charge too, and a credit that repays it moves it to what is spent.
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

    /// What each commit charged, once for each key.
    private static func acknowledgedCharges(_ calls: [BudgetCall]) -> [(id: String, charged: Int64)] {
        var seen: Set<String> = []
        return calls.compactMap { call in
            guard case .commit(let id, _, _) = call.request, let name = call.request.keyName,
                case .committed(let charged, _, _)? = call.answer?.outcome, seen.insert(name).inserted
            else { return nil }
            return (id, charged)
        }
    }

    private static func acknowledgedCredits(_ calls: [BudgetCall]) -> [(ledger: Int, amount: Int64)] {
        var seen: Set<String> = []
        return calls.compactMap { call in
            guard case .fund(let ledger, let amount, _) = call.request, let name = call.request.keyName,
                case .funded? = call.answer?.outcome, seen.insert(name).inserted
            else { return nil }
            return (ledger, amount)
        }
    }
}
