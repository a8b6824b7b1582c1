// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

/// The search for an order: what it must explain, and what it must not.
@Suite("The order of calls")
struct OrderTests {
    @Test("calls that overlap may have been carried out in any order")
    func overlap() {
        var story = Story()
        let late = story.reserve(100, key: "a")
        let early = story.reserve(200, key: "b")
        let read = story.ask(.balances)
        // The one that was carried out first returns last, and all of them overlap.
        story.changeWindow(late) { $0.endUs += 5_000 }
        story.changeWindow(early) { $0.beginUs -= 900 }
        story.changeWindow(read) { $0.beginUs -= 1_900 }
        #expect(story.broken() == [])
    }

    @Test("a request whose outcome was open is explained by an effect of its first attempt, or of none")
    func openOutcomes() {
        var story = Story()
        let reserve = story.reserve(100, key: "a")
        let denied = story.reserve(900_000, key: "b")
        let commit = story.ask(.commit(reservation: "id-a", actual: 40, key: "k"))
        story.nowUs += 100_000
        for call in [reserve, denied, commit] {
            let done = story.history.budgetCalls[call].attempts[0]
            let open = Attempt(window: done.window, answer: BudgetAnswer(.unknown(claimsNoEffect: false)))
            var again = done
            again.window = Window(beginUs: story.nowUs, endUs: story.nowUs + 900)
            if let left = again.answer.remainingMs { again.answer.remainingMs = left - 102 }
            story.nowUs += 1_000
            story.history.budgetCalls[call].attempts = [open, again]
        }
        #expect(Auditor().findings(story.history, story.final) == [])
    }

    @Test("one effect explains two calls of one key at the same time")
    func duplicates() {
        var story = Story()
        let first = story.reserve(100, key: "a")
        let second = story.reserve(100, key: "a")
        story.changeWindow(second) { $0.beginUs -= 1_000 }
        story.changeWindow(first) { $0.endUs += 1_000 }
        story.ask(.balances)
        #expect(story.broken() == [])
        let double = story.ask(.balances)
        story.changeRows(double) { rows in
            for ledger in [0, 1, 3] {
                rows[ledger] = LedgerRow(ledger, with(rows[ledger].numbers) { $0.reserved += 100 })
            }
        }
        #expect(story.broken() == [.order])
    }

    @Test("a read that misses what was acknowledged before is found")
    func staleRead() {
        var story = Story()
        story.reserve(100, key: "a")
        let read = story.ask(.balances)
        story.changeRows(read) { rows in
            for (ledger, numbers) in BudgetTree.opened.enumerated() { rows[ledger] = LedgerRow(ledger, numbers) }
        }
        #expect(story.broken() == [.order])
    }

    @Test("a read that shows what is only acknowledged later is found")
    func earlyRead() {
        var story = Story()
        let read = story.ask(.balances)
        story.reserve(100, .tenant, key: "a")
        story.changeRows(read) { $0[0] = LedgerRow(0, with($0[0].numbers) { $0.reserved = 100 }) }
        #expect(story.broken() == [.order])
    }

    @Test("a read that shows the hold of an expired reservation is found")
    func unsweptRead() {
        var story = Story()
        story.reserve(100, .tenant, key: "a", ttlMs: 1_000)
        story.nowUs += 2_000_000
        let read = story.ask(.balances)
        story.changeRows(read) { $0[0] = LedgerRow(0, with($0[0].numbers) { $0.reserved = 100 }) }
        #expect(story.broken() == [.order])
    }

    @Test("a refusal for lack of room where there is room is found, also when only an expired reservation took it")
    func needlessDenial() {
        let denied = BudgetOutcome.refused(status: 409, code: "BUDGET_EXCEEDED", scope: BudgetTree.plots[3].scope)
        var roomy = Story()
        let call = roomy.reserve(100, key: "a")
        roomy.change(call) { $0 = denied }
        #expect(roomy.broken().contains(.order))
        var expired = Story()
        expired.reserve(12_000, key: "a", ttlMs: 1_000)
        expired.nowUs += 1_500_000
        let second = expired.reserve(100, key: "b")
        expired.change(second) { $0 = denied }
        #expect(expired.broken().contains(.order))
    }

    @Test("a charge that is capped at another amount than what is left is found")
    func wrongCap() {
        for difference: Int64 in [-1, 0, 1] {
            var story = Story()
            story.reserve(11_000, key: "a")
            let commit = story.ask(.commit(reservation: "id-a", actual: 20_000, key: "k"))
            var final = story.final
            story.change(commit) { outcome in
                guard case .committed(12_000, nil, let rows) = outcome else { return outcome = .strange("uncapped") }
                let moved = rows.map { row in
                    LedgerRow(row.ledger, with(row.numbers) { $0.spent += difference })
                }
                outcome = .committed(charged: 12_000 + difference, released: nil, rows: moved)
            }
            for ledger in [0, 1, 3] { final.ledgers[ledger].spent += difference }
            final.reservations["id-a"]?.phase = .committed(charged: 12_000 + difference)
            #expect(story.broken(final).contains(.order) == (difference != 0))
        }
    }

    @Test("a commit after the deadline and a 410 before it are found, to the millisecond")
    func deadline() {
        let expired = BudgetOutcome.refused(status: 410, code: "RESERVATION_EXPIRED", scope: nil)
        for lateMs: Int64 in [0, 1] {
            var story = Story()
            let createdUs = story.nowUs
            story.reserve(100, key: "a", ttlMs: 1_000, graceMs: 100)
            story.nowUs = createdUs + (1_100 + lateMs) * 1_000
            let commit = story.ask(.commit(reservation: "id-a", actual: 40, key: "k"))
            #expect(story.broken() == [])
            #expect((story.history.budgetCalls[commit].answer?.outcome == expired) == (lateMs == 1))
            var other = Story()
            other.reserve(100, key: "a", ttlMs: 1_000, graceMs: 100)
            other.nowUs = createdUs + (1_101 - lateMs) * 1_000
            other.ask(.commit(reservation: "id-a", actual: 40, key: "k"))
            story.change(commit) { $0 = other.history.budgetCalls[commit].answer?.outcome ?? $0 }
            #expect(story.broken(other.final).contains(.order))
        }
    }

    @Test("an extension in the grace period, and one too many, are found")
    func extensions() {
        var grace = Story()
        grace.reserve(100, key: "a", ttlMs: 1_000, graceMs: 1_000)
        grace.nowUs += 1_200_000
        let late = grace.ask(.extend(reservation: "id-a", byMs: 500, key: "x"))
        #expect(grace.broken() == [])
        let expiresMs = Story().nowMs + 1_500
        grace.change(late) { $0 = .extended(expiresMs: expiresMs) }
        #expect(grace.broken().contains(.order))
        var many = Story()
        many.reserve(100, key: "a")
        for key in ["x", "y", "z"] { many.ask(.extend(reservation: "id-a", byMs: 10, key: key)) }
        #expect(many.broken() == [])
        many.change(3) { $0 = .extended(expiresMs: Story().nowMs + 100_030) }
        #expect(many.broken().contains(.order))
    }

    @Test("an answer about time left that does not fit the time is found")
    func remainingTime() {
        var story = Story()
        let call = story.reserve(100, key: "a")
        story.history.budgetCalls[call].attempts[0].answer.remainingMs = 99_000
        #expect(story.broken() == [.order])
    }

    private func with(_ ledger: Ledger, _ change: (inout Ledger) -> Void) -> Ledger {
        var changed = ledger
        change(&changed)
        return changed
    }
}
