// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

/// The sequential model against the worked traces of the protocol (runtime digest 2.12), so that model and service are
/// not wrong together.
@Suite("The sequential model")
struct BudgetModelTests {
    typealias Policy = BudgetRequest.Policy

    /// One ledger of 1000 with a limit of 500, 900 of it reserved.
    private static func model() -> BudgetModel {
        var ledgers = BudgetTree.opened
        ledgers[0] = Ledger(allocated: 1_000, reserved: 900, overdraftLimit: 500)
        return BudgetModel(ledgers, extensionsMax: 2)
    }

    private static func estimate(_ amount: Int64, _ policy: Policy? = nil) -> BudgetRequest.Estimate {
        .init(subject: .tenant, amount: amount, ttlMs: 1_000, graceMs: 0, policy: policy)
    }

    @Test(
        "commits book what the protocol's traces show",
        arguments: [
            (700, .allowIfAvailable, Ledger(allocated: 1_000, spent: 700, overdraftLimit: 500), 700),
            (950, .allowIfAvailable, Ledger(allocated: 1_000, spent: 950, overdraftLimit: 500), 950),
            (
                1_200, .allowIfAvailable,
                Ledger(allocated: 1_000, spent: 1_000, overdraftLimit: 500, isOverLimit: true), 1_000
            ),
            (1_100, .allowWithOverdraft, Ledger(allocated: 1_000, spent: 900, debt: 200, overdraftLimit: 500), 1_100),
            (1_400, .allowWithOverdraft, Ledger(allocated: 1_000, spent: 900, debt: 500, overdraftLimit: 500), 1_400),
        ] as [(Int64, Policy, Ledger, Int64)])
    func commits(actual: Int64, policy: Policy, after: Ledger, charged: Int64) throws {
        let settled = try Self.model().settlement(of: Self.estimate(900, policy), actual: actual).get()
        #expect(settled.ledgers[0] == after)
        #expect(settled.charged == charged)
    }

    @Test(
        "commits are refused where the protocol's traces say so",
        arguments: [
            (1_401, .allowWithOverdraft, .overLimit), (901, .reject, .exceeded),
        ] as [(Int64, Policy, BudgetModel.Denial.Reason)])
    func refusals(actual: Int64, policy: Policy, reason: BudgetModel.Denial.Reason) {
        #expect(throws: BudgetModel.Denial(reason, 0)) {
            try Self.model().settlement(of: Self.estimate(900, policy), actual: actual).get()
        }
    }

    @Test("over the limit comes before debt, and debt before lack of room")
    func denials() {
        func model(_ change: (inout [Ledger]) -> Void) -> BudgetModel {
            var ledgers = BudgetTree.opened
            change(&ledgers)
            return BudgetModel(ledgers, extensionsMax: 2)
        }
        let ada = Subject.ada
        #expect(model { _ in }.denial(ada, 100) == nil)
        #expect(model { $0[0].allocated = 99 }.denial(ada, 100) == .init(.exceeded, 0))
        #expect(model { $0[0].allocated = 100 }.denial(ada, 100) == nil)
        #expect(
            model {
                $0[0].allocated = 99
                $0[3].debt = 1
            }.denial(ada, 100) == .init(.debt, 3))
        #expect(
            model {
                $0[1].debt = 1
                $0[3].isOverLimit = true
            }.denial(ada, 100) == .init(.overLimit, 3))
    }

    @Test("a credit repays debt first and lifts the limit's flag")
    func credits() {
        let owing = Ledger(allocated: 1_000, spent: 900, debt: 500, overdraftLimit: 500, isOverLimit: true)
        #expect(
            BudgetModel.funded(owing, .credit(300))
                == Ledger(allocated: 1_300, spent: 1_200, debt: 200, overdraftLimit: 500))
        #expect(
            BudgetModel.funded(owing, .credit(800))
                == Ledger(allocated: 1_800, spent: 1_400, debt: 0, overdraftLimit: 500))
    }
}
