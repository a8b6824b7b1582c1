// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Each answer to a funding by itself: from what was there before to what is there after, as the operation says
/// (design, section 6). Order is not asked about here.
struct FundingAudit {
    let calls: [BudgetCall]

    func findings() -> [Finding] {
        calls.compactMap { call in
            guard case .fund(let ledger, let funding, _) = call.request, case .funded(let seen)? = call.answer?.outcome
            else { return nil }
            let problems = Self.problems(funding, seen)
            return problems.isEmpty
                ? nil
                : Finding(.funding, "\(funding) of ledger \(ledger): \(problems.joined(separator: ", ")): \(seen)")
        }
    }

    private static func problems(_ funding: BudgetRequest.Funding, _ seen: BudgetOutcome.Funding) -> [String] {
        let (allocated, spent) = (seen.allocated.difference, seen.spent.difference)
        let (debt, remaining) = (seen.debt.difference, seen.remaining.difference)
        let (amount, repaid) = (funding.amount, min(funding.amount, seen.debt.from))
        let expected: (allocated: Int64, spent: Int64, debt: Int64) =
            switch funding {
            case .credit: (amount, repaid, -repaid)
            case .debit: (-amount, 0, 0)
            case .reset: (amount - seen.allocated.from, 0, 0)
            case .resetSpent(_, let given): (amount - seen.allocated.from, (given ?? 0) - seen.spent.from, 0)
            case .repayDebt: (amount - repaid, 0, -repaid)
            }
        var problems: [String] = []
        if allocated != expected.allocated { problems.append("allocated by \(allocated)") }
        if spent != expected.spent { problems.append("spent by \(spent)") }
        if debt != expected.debt { problems.append("debt by \(debt)") }
        // Nothing else changes, so what is reserved is the same before and after.
        if remaining != allocated - spent - debt { problems.append("remaining by \(remaining)") }
        if case .debit = funding, seen.remaining.to < 0 { problems.append("a debit beyond what remained") }
        return problems
    }
}
