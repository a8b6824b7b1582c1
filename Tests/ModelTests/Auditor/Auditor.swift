// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Judges a whole history. Pure: what a run has recorded goes in, what must not be comes out.
struct Auditor {
    var opened = BudgetTree.opened
    /// Extensions one reservation may have.
    var extensionsMax = 2

    /// Everything that is wrong; empty for a sound system.
    func findings(_ history: History, _ final: FinalState) -> [Finding] {
        let direct =
            LedgerAudit(history.budgetCalls, final, opened: opened).findings()
            + LifeAudit(calls: history.budgetCalls, final: final).findings()
            + ReplyAudit(calls: history.budgetCalls, final: final).findings()
            + FundingAudit(calls: history.budgetCalls).findings()
            + EventAudit(calls: history.budgetCalls).findings()
            + ListAudit(history, final).findings()
            + LockAudit(calls: history.lockCalls, final: final).findings()
        return direct + order(history.budgetCalls, final)
    }

    /// The sequential model: explains every answer, and its ledgers are those of Redis.
    private func order(_ calls: [BudgetCall], _ final: FinalState) -> [Finding] {
        let changes = calls.compactMap { call -> Int64? in
            guard case .policySet(let atMs)? = call.answer?.outcome else { return nil }
            return atMs
        }
        let model = BudgetModel(opened, extensionsMax: extensionsMax, changesMs: Set(changes))
        var search = Linearizer(calls, final, from: model)
        switch search.run() {
        case .stuck(let report): return [Finding(.order, report)]
        case .ordered(var model):
            while let deadlineMs = model.earliestDeadlineMs, deadlineMs < final.readMs { _ = model.sweepEarliest() }
            var found: [Finding] = []
            if model.ledgers != final.ledgers {
                found.append(Finding(.order, "the model ends with \(model.ledgers), Redis with \(final.ledgers)"))
            }
            if model.frozen != final.frozen {
                found.append(Finding(.order, "the model ends with \(model.frozen) frozen, Redis with \(final.frozen)"))
            }
            return found
        }
    }
}
