// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

// What the operator does, and who looks through everything.
extension Workload {
    /// Money goes where it lacks.
    mutating func credit(_ memory: Record.Memory) -> BudgetRequest {
        let ledger = memory.short.isEmpty ? below(BudgetTree.plots.count) : memory.short[below(memory.short.count)]
        return .fund(ledger: ledger, .credit(Int64(below(6_000))), key: freshKey())
    }

    /// All five operations; resets where they may, to about what is in use.
    mutating func fund(_ memory: Record.Memory) -> BudgetRequest {
        let ledger = below(BudgetTree.plots.count)
        let last = memory.ledgers[ledger] ?? BudgetTree.opened[ledger]
        let room = Int64(below(20_000)) - 2_000
        switch below(20) {
        case ..<4: return .fund(ledger: ledger, .debit(chance(20) ? 1_000_000 : Int64(below(2_000))), key: freshKey())
        case ..<9: return .fund(ledger: ledger, .repayDebt(Int64(below(4_000))), key: freshKey())
        case ..<11 where BudgetTree.plots[ledger].mayBeReset:
            let total = max(0, last.reserved + last.spent + last.debt + room)
            return .fund(ledger: ledger, .reset(total), key: freshKey())
        case ..<13 where BudgetTree.plots[ledger].mayBeReset:
            let spent: Int64? = chance(50) ? nil : Int64(below(3_000))
            let total = max(0, last.reserved + (spent ?? 0) + last.debt + room)
            return .fund(ledger: ledger, .resetSpent(total, spent: spent), key: freshKey())
        default: return credit(memory)
        }
    }

    /// A ledger is frozen, others find that out, and it is made active again.
    mutating func freeze(_ memory: Record.Memory) -> Operation {
        // The tenant's own ledger stops everybody, so it comes seldom.
        let ledger = chance(10) ? 0 : 1 + below(BudgetTree.plots.count - 1)
        let subject = Subject(rawValue: ledger) ?? .tenant
        let meanwhile = [charge(subject), reserve(), credit(memory), .balances, fund(memory)]
        return .frozen(ledger: ledger, Array(meanwhile.prefix(1 + below(meanwhile.count))))
    }

    /// New terms for one of the policies.
    mutating func setPolicy() -> BudgetRequest {
        var rules = PolicyRules()
        rules.isActive = !chance(15)
        rules.priority = Int64(below(3))
        if chance(50) { rules.caps = Int64(below(5)) }
        if chance(40) { rules.overage = BudgetRequest.Policy.allCases[below(3)] }
        if chance(40) { rules.defaultTTLMs = chance(50) ? 1_000 : 3_000_000 }
        if chance(20) { rules.maxTTLMs = chance(50) ? 1_200 : 2_000_000 }
        if chance(40) { rules.maxExtensions = Int64(below(4)) }
        if chance(45) { rules.reservationsPerMinute = 1 + Int64(below(chance(60) ? 8 : 100)) }
        if chance(45) { rules.commitsPerMinute = 1 + Int64(below(chance(60) ? 4 : 30)) }
        return .setPolicy(below(BudgetTree.policies.count), rules)
    }

    /// A list in any order, of late reservations or, as long as there are few, of all.
    mutating func walk(_ memory: Record.Memory) -> Operation {
        var query = Walk.Query()
        let sorts = Walk.Query.Sort.allCases
        query.sort = chance(15) ? nil : sorts[below(sorts.count)]
        query.isDescending = chance(50)
        query.limit = [7, 50, 50, 200][below(4)]
        if chance(30) { query.status = ["ACTIVE", "COMMITTED", "RELEASED", "EXPIRED"][below(4)] }
        if below(max(1, memory.made)) > 300 || query.limit == 7 {
            // Other orders read through everything for every page.
            query.fromMs = WallClock.nowUs() / 1_000 - 100 - Int64(below(1_500))
            if memory.made > 3_000 { query.limit = 200 }
        }
        return .walk(query)
    }
}
