// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

/// Histories with previews, events, fundings, freezes and policies that the auditor must accept, and such that it must
/// not.
@Suite("The auditor of previews, events and the operator")
struct OperatorTests {
    private static let caps = PolicyRules(caps: 7)

    /// The only attempt of a call never got an answer.
    private static func lose(_ call: Int, in story: inout Story) {
        story.history.budgetCalls[call].attempts[0].answer = BudgetAnswer(.unknown(claimsNoEffect: false))
    }

    // MARK: Decide and dry run

    @Test("what would be answered is accepted, replayed as it was, and found when it is wrong")
    func previews() {
        var story = Story()
        let dryRun = BudgetRequest.reserve(
            .init(subject: .ada, amount: 300, ttlMs: 1_000, graceMs: 0, isDryRun: true), key: "dry")
        story.ask(.decide(.ada, amount: 12_000, key: "d"))
        story.ask(dryRun)
        story.reserve(300, key: "a")
        story.ask(.decide(.ada, amount: 12_000, key: "e"))
        story.ask(.decide(.ada, amount: 12_000, key: "d"))
        story.ask(dryRun)
        story.ask(.balances)
        #expect(story.broken() == [])
        #expect(story.outcome(0) == .decided(.init()))
        #expect(story.outcome(3) == .decided(.init(reason: "BUDGET_EXCEEDED")))
        #expect(story.outcome(4) == story.outcome(0), "the budget changed, the answer does not")

        var allowed = story
        allowed.change(3) { $0 = .decided(.init()) }
        #expect(allowed.broken() == [.order])
        var needless = story
        needless.change(0) { $0 = .decided(.init(reason: "BUDGET_EXCEEDED")) }
        #expect(needless.broken().isSuperset(of: [.oneAnswer, .order]))
        var renewed = story
        renewed.change(4) { $0 = .decided(.init(reason: "BUDGET_EXCEEDED")) }
        #expect(renewed.broken().isSuperset(of: [.oneAnswer, .order]))
        var moved = story
        moved.changeRows(1) { $0[0].numbers.reserved += 300 }
        #expect(moved.broken().isSuperset(of: [.remaining, .order]))
        var holding = story.final
        for ledger in [0, 1, 3] { holding.ledgers[ledger].reserved += 300 }
        #expect(story.broken(holding).isSuperset(of: [.reserved, .order]), "a dry run that held something")
    }

    @Test("a dry run and a live request cannot have one key")
    func dryAndLive() {
        var story = Story()
        var estimate = BudgetRequest.Estimate(subject: .ada, amount: 300, ttlMs: 1_000, graceMs: 0, isDryRun: true)
        story.ask(.reserve(estimate, key: "a"))
        estimate.isDryRun = false
        let live = story.ask(.reserve(estimate, key: "a"))
        #expect(story.outcome(live) == .refused(status: 409, code: "IDEMPOTENCY_MISMATCH", scope: nil))
        #expect(story.broken() == [])
        story.change(live) { $0 = .refused(status: 409, code: "BUDGET_EXCEEDED", scope: BudgetTree.plots[0].scope) }
        #expect(story.broken() == [.order])
    }

    // MARK: Events

    /// Charged in full, beyond what is left, and refused.
    private static func events() -> Story {
        var story = Story()
        story.reserve(11_000, key: "a")
        story.ask(.charge(.init(subject: .ada, amount: 400), key: "e"))
        story.ask(.charge(.init(subject: .ada, amount: 700, policy: .reject), key: "f"))
        story.ask(.charge(.init(subject: .ada, amount: 700, policy: .allowWithOverdraft), key: "g"))
        story.ask(.charge(.init(subject: .bob, amount: 7_000), key: "h"))
        story.ask(.charge(.init(subject: .ada, amount: 700, policy: .allowIfAvailable), key: "i"))
        story.ask(.charge(.init(subject: .ada, amount: 400), key: "e"))
        story.ask(.charge(.init(subject: .ada, amount: 401), key: "e"))
        story.ask(.balances)
        return story
    }

    @Test("events are accepted as the protocol has them")
    func soundEvents() throws {
        let story = Self.events()
        #expect(story.broken() == [])
        let ada = BudgetTree.plots[3].scope
        #expect(story.outcome(2) == .refused(status: 409, code: "BUDGET_EXCEEDED", scope: ada))
        #expect(story.outcome(3) == .refused(status: 409, code: "OVERDRAFT_LIMIT_EXCEEDED", scope: ada))
        let (owed, capped) = (try #require(story.receipt(4)), try #require(story.receipt(5)))
        #expect(owed.charged == nil && owed.rows.map(\.numbers.debt) == [0, 0, 7_000])
        #expect(capped.charged == 600 && capped.rows.map(\.numbers.isOverLimit) == [false, false, true])
    }

    @Test("an event that was lost, booked twice, or not in every scope is found")
    func misbookedEvents() {
        let story = Self.events()
        for (ledgers, amount) in [([0, 1, 3], -400), ([0, 1, 3], 400), ([1], -400)] as [([Int], Int64)] {
            var final = story.final
            for ledger in ledgers { final.ledgers[ledger].spent += amount }
            #expect(story.broken(final).isSuperset(of: [.charged, .order]))
        }
        var partial = story
        partial.changeRows(1) { $0.removeLast() }
        #expect(partial.broken().isSuperset(of: [.ancestors, .order]))
    }

    @Test("an event charged in part where it may not be, and two events of one id, are found")
    func strangeEvents() {
        for (charged, policy, isSound) in [
            (600, .allowIfAvailable, true), (600, .reject, false), (600, .allowWithOverdraft, false),
            (700, .allowIfAvailable, false), (-1, nil, false),
        ] as [(Int64, BudgetRequest.Policy?, Bool)] {
            var story = Story()
            let call = story.ask(.charge(.init(subject: .ada, amount: 700, policy: policy), key: "e"))
            story.changeReceipt(call) { $0.charged = charged }
            #expect(story.broken().contains(.event) == !isSound)
        }
        var story = Story()
        story.ask(.charge(.init(subject: .ada, amount: 1), key: "e"))
        let second = story.ask(.charge(.init(subject: .ada, amount: 1), key: "f"))
        story.changeReceipt(second) { $0.id = "event-e" }
        #expect(story.broken() == [.event])
    }

    // MARK: Funding

    @Test(
        "a funding is accepted when it changes what it says, and found when anything is off by one",
        arguments: [
            .credit(900), .debit(500), .reset(6_500), .resetSpent(9_000, spent: nil), .resetSpent(9_000, spent: 70),
            .repayDebt(300), .repayDebt(2_000),
        ] as [BudgetRequest.Funding])
    func fundings(funding: BudgetRequest.Funding) throws {
        var story = Story()
        story.ask(.charge(.init(subject: .bob, amount: 7_000), key: "e"))
        story.ask(.fund(ledger: 4, .credit(100), key: "f"))
        story.ask(.fund(ledger: 4, .repayDebt(7_000), key: "g"))
        story.ask(.charge(.init(subject: .bob, amount: 8_000, policy: .allowIfAvailable), key: "h"))
        story.ask(.fund(ledger: 4, .credit(6_000), key: "i"))
        story.ask(.charge(.init(subject: .bob, amount: 5_000, policy: .allowIfAvailable), key: "j"))
        let last = story.ask(.fund(ledger: 4, funding, key: "k"))
        #expect(story.broken() == [])
        let sound = try #require(story.funding(last))
        for change in [\.allocated, \.spent, \.debt, \.remaining] as [WritableKeyPath<BudgetOutcome.Funding, _>] {
            var wrong = sound
            wrong[keyPath: change].to += 1
            var other = story
            other.change(last) { $0 = .funded(wrong) }
            #expect(other.broken().isSuperset(of: [.funding, .order]))
        }
    }

    @Test("a debit of more than remains, a reset below what is in use, and money that came from nowhere")
    func fundingBounds() {
        var story = Story()
        story.reserve(11_000, key: "a")
        let debit = story.ask(.fund(ledger: 3, .debit(1_001), key: "d"))
        let scope = BudgetTree.plots[3].scope
        #expect(story.outcome(debit) == .refused(status: 409, code: "BUDGET_EXCEEDED", scope: scope))
        let nothing = BudgetOutcome.Funding.Change(from: 0, to: 0)
        var overdone = story
        overdone.change(debit) {
            $0 = .funded(
                .init(
                    atMs: story.nowMs - 1, allocated: .init(from: 12_000, to: 10_999), spent: nothing, debt: nothing,
                    remaining: .init(from: 1_000, to: -1)))
        }
        #expect(overdone.broken().isSuperset(of: [.funding, .charged, .order]))
        // Below what is in use, a ledger without overdraft is oversold by its operator's word, and not before.
        story.ask(.fund(ledger: 1, .reset(5), key: "r"))
        let read = story.ask(.balances)
        #expect(story.broken() == [])
        story.changeRows(read) { $0[3].numbers.allocated = 5 }
        #expect(story.broken().isSuperset(of: [.bounds, .order]))
    }

    // MARK: Freezing

    @Test("a frozen ledger refuses what it must and nothing else, and what it let through is found")
    func freezing() {
        var story = Story()
        story.reserve(100, key: "a")
        story.ask(.freeze(ledger: 1, true))
        let denied = story.reserve(100, .eve, key: "b")
        let event = story.ask(.charge(.init(subject: .ada, amount: 1), key: "e"))
        let fund = story.ask(.fund(ledger: 1, .credit(5), key: "f"))
        story.ask(.decide(.ada, amount: 1, key: "d"))
        story.ask(.commit(reservation: "id-a", actual: 50, key: "k"))
        story.ask(.freeze(ledger: 1, true))
        story.reserve(100, .bob, key: "c")
        let frozen = BudgetOutcome.refused(status: 409, code: "BUDGET_FROZEN", scope: BudgetTree.plots[1].scope)
        #expect([denied, event, fund].map(story.outcome) == [frozen, frozen, frozen])
        #expect(story.broken() == [])
        var thawed = story.final
        thawed.frozen = []
        #expect(story.broken(thawed) == [.order])
        story.ask(.freeze(ledger: 1, false))
        story.reserve(100, .eve, key: "b")
        #expect(story.broken() == [])
        var late = story
        late.change(story.history.budgetCalls.count - 1) { $0 = frozen }
        #expect(late.broken().contains(.order), "a ledger that stays frozen")
        var loose = story
        loose.change(denied) {
            $0 = .refused(status: 409, code: "BUDGET_EXCEEDED", scope: BudgetTree.plots[1].scope)
        }
        #expect(loose.broken() == [.order])
    }

    @Test("a freeze without an answer happened or did not, whichever explains the rest, and not both")
    func lostFreeze() {
        var done = Story()
        Self.lose(done.ask(.freeze(ledger: 1, true)), in: &done)
        done.ask(.freeze(ledger: 1, true))
        done.reserve(100, key: "a")
        #expect(done.broken() == [])
        var undone = Story()
        undone.history.budgetCalls.append(done.history.budgetCalls[0])
        undone.nowUs += 1_000
        undone.ask(.freeze(ledger: 1, true))
        undone.ask(.freeze(ledger: 1, false))
        undone.reserve(100, key: "a")
        #expect(undone.broken() == [])
        // Frozen for one and not for the other, with nobody to thaw it.
        done.reserve(100, .bob, key: "b")
        let call = done.ask(.charge(.init(subject: .ada, amount: 10), key: "e"))
        done.change(call) {
            $0 = .refused(status: 409, code: "BUDGET_EXCEEDED", scope: BudgetTree.plots[1].scope)
        }
        #expect(done.broken() == [.order])
    }

    // MARK: Policies

    @Test("caps, lifetimes, extensions and overage are those of the policy in force, by priority, then by pattern")
    func policies() {
        var story = Story()
        story.ask(.setPolicy(0, PolicyRules(caps: 1, maxTTLMs: 5_000, maxExtensions: 1)))
        story.reserve(100, key: "a")
        story.ask(.setPolicy(1, PolicyRules(caps: 2, overage: .reject)))
        story.reserve(100, key: "b")
        story.reserve(100, .eve, key: "c")
        story.ask(.decide(.eve, amount: 100, key: "d"))
        story.ask(.setPolicy(0, PolicyRules(priority: 1)))
        story.reserve(100, key: "e")
        for key in ["x", "y"] { story.ask(.extend(reservation: "id-c", byMs: 10, key: key)) }
        story.ask(.commit(reservation: "id-b", actual: 101, key: "k"))
        #expect(story.broken() == [])
        #expect(story.reserved(1)?.caps == nil, "the narrower policy without caps counts")
        #expect(story.reserved(3)?.caps == 2)
        #expect(story.reserved(4)?.caps == 1 && story.reserved(4).map { $0.expiresMs - $0.createdMs } == 5_000)
        #expect(story.outcome(5) == .decided(.init(caps: 1)))
        #expect(story.reserved(7)?.caps == nil)
        #expect(story.outcome(9) == .refused(status: 409, code: "MAX_EXTENSIONS_EXCEEDED", scope: nil))
        #expect(story.outcome(10).map { "\($0)".contains("BUDGET_EXCEEDED") } == true)

        var stale = story
        stale.changeReserved(7) { $0.caps = 2 }
        #expect(stale.broken() == [.order], "terms that are no longer in force")
        var early = story
        early.changeReserved(1) { $0.caps = 2 }
        #expect(early.broken() == [.order], "terms that are not yet in force")
        var long = story
        long.changeReserved(4) { $0.expiresMs += 1 }
        #expect(long.broken().contains(.order))
    }

    @Test("a rate limit counts what it let through in its minute, and refuses nothing else")
    func rateLimits() {
        var story = Story()
        story.ask(.setPolicy(2, PolicyRules(reservationsPerMinute: 2, commitsPerMinute: 1)))
        for key in ["a", "b", "c"] { story.reserve(10, .bob, key: key) }
        story.reserve(10, .bob, key: "a")
        for key in ["a", "b"] { story.ask(.commit(reservation: "id-\(key)", actual: 5, key: "k")) }
        story.reserve(10, .ada, key: "d")
        let limited = BudgetOutcome.refused(status: 429, code: "LIMIT_EXCEEDED", scope: nil)
        #expect([3, 6].map(story.outcome) == [limited, limited])
        #expect(story.broken() == [])
        story.nowUs += 60_000_000
        let again = story.reserve(10, .bob, key: "c")
        #expect(story.reserved(again) != nil, "the same key in another minute")
        #expect(story.broken() == [])

        for call in [1, 4, again] {
            var needless = story
            needless.change(call) { $0 = limited }
            #expect(needless.broken().contains(.order))
        }
        var unlimited = Story()
        unlimited.reserve(10, .bob, key: "a")
        unlimited.reserve(10, .bob, key: "b")
        var late = unlimited
        late.ask(.setPolicy(2, PolicyRules(reservationsPerMinute: 1)))
        late.reserve(10, .bob, key: "c")
        #expect(late.broken() == [], "what came before the limit is not counted")
        // A limit that lets one more through.
        story.history.budgetCalls[0].request = .setPolicy(2, PolicyRules(reservationsPerMinute: 1, commitsPerMinute: 1))
        #expect(story.broken().contains(.order))
    }
}
