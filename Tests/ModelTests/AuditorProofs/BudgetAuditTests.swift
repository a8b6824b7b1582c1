// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

/// Histories of budgets that the auditor must accept, and such that it must not.
@Suite("The auditor of budgets")
struct BudgetAuditTests {
    /// One of each: settled in time and not, extended, replayed, refused, funded.
    private static func story() -> Story {
        var story = Story()
        story.reserve(500, key: "a")
        story.reserve(700, .bob, key: "b", ttlMs: 1_000, graceMs: 50)
        story.ask(.commit(reservation: "id-a", actual: 300, key: "k"))
        story.ask(.commit(reservation: "id-a", actual: 300, key: "k"))
        story.ask(.extend(reservation: "id-b", byMs: 200, key: "x"))
        story.ask(.look(reservation: "id-b"))
        story.ask(.fund(ledger: 3, .credit(1_000), key: "f"))
        story.reserve(99_000, key: "c")
        story.reserve(400, .prod, key: "d")
        story.ask(.release(reservation: "id-d", reason: "no", key: "r"))
        story.nowUs += 2_000_000
        story.ask(.commit(reservation: "id-b", actual: 1, key: "late"))
        story.ask(.balances)
        return story
    }

    @Test("a sound history is accepted")
    func soundHistory() {
        let story = Self.story()
        #expect(Auditor().findings(story.history, story.final) == [])
        #expect(story.history.budgetCalls.map(\.answer?.isUnknown) == Array(repeating: false, count: 12))
    }

    // MARK: The end against what was acknowledged

    @Test("a lost commit is found")
    func lostCommit() {
        let story = Self.story()
        var final = story.final
        for ledger in [0, 1, 3] { final.ledgers[ledger].spent -= 300 }
        #expect(story.broken(final).isSuperset(of: [.charged, .order]))
    }

    @Test("a commit that was booked twice is found")
    func commitBookedTwice() {
        let story = Self.story()
        var final = story.final
        final.ledgers[3].spent += 300
        #expect(story.broken(final).isSuperset(of: [.charged, .order]))
    }

    @Test("a reservation that was committed twice, under two keys, is found")
    func doubleCommit() {
        var story = Self.story()
        let second = story.ask(.commit(reservation: "id-a", actual: 200, key: "k2"))
        story.change(second) { $0 = .committed(charged: 200, released: 300, rows: []) }
        #expect(story.broken().isSuperset(of: [.oneEnd, .order]))
    }

    @Test("a release that gave nothing back is found")
    func missingRelease() {
        let story = Self.story()
        var final = story.final
        for ledger in [0, 1] { final.ledgers[ledger].reserved += 400 }
        #expect(story.broken(final).isSuperset(of: [.reserved, .order]))
    }

    @Test("a hold that one ancestor lacks is found")
    func missingAncestor() {
        var story = Self.story()
        let call = story.reserve(40, .bob, key: "e")
        var final = story.final
        final.ledgers[2].reserved -= 40
        #expect(story.broken(final).isSuperset(of: [.reserved, .order]))
        story.changeRows(call) { $0.remove(at: 1) }
        #expect(story.broken().isSuperset(of: [.ancestors, .order]))
    }

    @Test("an expiry that never gave back, and one too many in the index, are found")
    func missingExpiry() {
        let story = Self.story()
        var final = story.final
        for ledger in [0, 2, 4] { final.ledgers[ledger].reserved += 700 }
        final.liveCount += 1
        #expect(story.broken(final).isSuperset(of: [.reserved, .order]))
    }

    @Test("money that nobody gave is found")
    func unknownMoney() {
        let story = Self.story()
        var final = story.final
        final.ledgers[1].allocated += 1
        #expect(story.broken(final).isSuperset(of: [.charged, .order]))
    }

    @Test("a reservation that came back to life is found")
    func resurrection() {
        var story = Self.story()
        let look = story.ask(.look(reservation: "id-a"))
        story.change(look) { outcome in
            guard case .found(var found) = outcome else { return }
            (found.status, found.committed, found.finalizedMs) = ("ACTIVE", nil, nil)
            outcome = .found(found)
        }
        #expect(story.broken().isSuperset(of: [.oneEnd, .order]))
    }

    @Test("another end than the one acknowledged is found")
    func otherEnd() {
        let story = Self.story()
        var final = story.final
        final.reservations["id-d"]?.phase = .expired
        #expect(story.broken(final).contains(.oneEnd))
    }

    // MARK: Answers

    @Test("two answers to one key are found")
    func differingReplay() {
        var story = Self.story()
        story.change(3) { $0 = .committed(charged: 299, released: 201, rows: $0.rows) }
        #expect(story.broken().isSuperset(of: [.oneAnswer, .order]))
    }

    @Test("a key that did two things is found")
    func keyUsedTwice() {
        var story = Self.story()
        let call = story.reserve(501, key: "a")
        let first = story.history.budgetCalls[0].answer?.outcome
        story.change(call) { $0 = first ?? $0 }
        #expect(story.broken().isSuperset(of: [.oneAnswer, .order]))
    }

    @Test("rows that do not add up, are oversold, or hold impossible numbers are found")
    func impossibleRows() {
        var sum = Self.story()
        sum.changeRows(0) { $0[0].remaining += 1 }
        #expect(sum.broken().isSuperset(of: [.remaining, .order]))
        var oversold = Self.story()
        oversold.changeRows(0) { $0[2] = LedgerRow(3, Ledger(allocated: 400, reserved: 500, overdraftLimit: 0)) }
        #expect(oversold.broken().isSuperset(of: [.bounds, .order]))
        var negative = Self.story()
        negative.changeRows(0) { $0[0] = LedgerRow(0, Ledger(allocated: 60_000, reserved: -5, overdraftLimit: 0)) }
        #expect(negative.broken().isSuperset(of: [.integers, .order]))
    }

    @Test("an answer that the protocol does not know, and none at all, are found")
    func noAnswer() {
        var strange = Self.story()
        strange.change(4) { $0 = .strange("500") }
        #expect(strange.broken().contains(.protocolBreach))
        var open = Self.story()
        open.change(5) { $0 = .unknown(claimsNoEffect: false) }
        #expect(open.broken().contains(.protocolBreach))
    }

    @Test("a 503 that leaves no doubt that nothing was changed, when something was, is found")
    func falseAssurance() {
        var story = Story()
        let call = story.reserve(500, key: "a")
        let first = story.history.budgetCalls[call].attempts[0]
        var again = first
        again.window = Window(beginUs: first.window.endUs + 5_000, endUs: first.window.endUs + 6_000)
        for claims in [true, false] {
            let open = Attempt(window: first.window, answer: BudgetAnswer(.unknown(claimsNoEffect: claims)))
            story.history.budgetCalls[call].attempts = [open, again]
            #expect(story.broken().contains(.falseAssurance) == claims)
        }
    }
}
