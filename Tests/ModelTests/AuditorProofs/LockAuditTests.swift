// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

/// Histories of locks that the auditor must accept, and such that it must not.
@Suite("The auditor of locks")
struct LockAuditTests {
    /// Released and taken again, expired and taken again, refused in between.
    private static func story() -> Story {
        var story = Story()
        story.acquire("alpha", "w1", token: "t1")
        story.ask(.acquire(requester: "w2", name: "alpha", ttlSeconds: nil)) { _ in
            .alreadyHeld(by: "w1", untilMs: nil)
        }
        story.ask(.release(requester: "w2", name: "alpha", token: "t0")) { _ in .badToken }
        story.release("alpha", "w1", token: "t1")
        story.ask(.check(name: "alpha")) { _ in .free }
        story.acquire("alpha", "w2", token: "t2", ttlSeconds: 1)
        story.ask(.check(name: "alpha")) { _ in .heldBy("w2") }
        story.nowUs += 1_000_000
        story.acquire("alpha", "w3", token: "t3", ttlSeconds: 1)
        story.ask(.release(requester: "w2", name: "alpha", token: "t2")) { _ in .badToken }
        story.nowUs += 1_000_000
        return story
    }

    @Test("a sound history is accepted")
    func soundHistory() {
        let story = Self.story()
        #expect(Auditor().findings(story.history, story.final) == [])
    }

    @Test("a fencing token given twice is found")
    func duplicatedToken() throws {
        var story = Self.story()
        let first = try #require(story.hold(by: 0))
        let second = story.ask(.acquire(requester: "w1", name: "beta", ttlSeconds: nil)) { _ in
            .acquired(.init(token: "t4", fence: first.fence, expiresMs: nil))
        }
        #expect(story.broken().contains(.fencing))
        // Also when both calls were under way at the same time.
        story.history.lockCalls[second].attempts[0].window = story.history.lockCalls[0].lastWindow
        #expect(story.broken() == [.fencing])
    }

    @Test("a fencing token lower than one that was given before is found, on another name as well")
    func decreasingToken() {
        for name in ["alpha", "beta"] {
            var story = Self.story()
            let fence = story.nowUs - 1_500_000
            story.ask(.acquire(requester: "w1", name: name, ttlSeconds: nil)) { _ in
                .acquired(.init(token: "t4", fence: fence, expiresMs: nil))
            }
            #expect(story.broken().contains(.fencing))
        }
    }

    @Test("one release token for two grants is found")
    func reusedReleaseToken() {
        var story = Self.story()
        story.acquire("beta", "w1", token: "t1")
        #expect(story.broken().contains(.fencing))
    }

    @Test("two holders at a time are found: before a release, and before an expiry")
    func overlappingHolders() {
        var lasting = Story()
        lasting.acquire("alpha", "w1", token: "t1")
        lasting.acquire("alpha", "w2", token: "t2")
        #expect(lasting.broken() == [.exclusion])
        lasting.release("alpha", "w1", token: "t1")
        #expect(lasting.broken().contains(.exclusion), "released, but only later")
        for (waitUs, isSound) in [(998_000 as Int64, false), (999_000, true)] {
            var story = Story()
            story.acquire("alpha", "w1", token: "t1", ttlSeconds: 1)
            story.nowUs += waitUs
            story.acquire("alpha", "w2", token: "t2")
            #expect(story.broken() == (isSound ? [] : [.exclusion]))
        }
    }

    @Test("a release by the token of an earlier hold is found: released, expired, or another's")
    func staleRelease() {
        var spent = Self.story()
        spent.release("alpha", "w1", token: "t1")
        #expect(spent.broken().contains(.staleRelease))
        var expired = Self.story()
        expired.release("alpha", "w3", token: "t3")
        #expect(expired.broken().contains(.staleRelease))
        var foreign = Self.story()
        foreign.acquire("beta", "w1", token: "t4")
        foreign.release("beta", "w2", token: "t4")
        #expect(foreign.broken().contains(.staleRelease))
        var invented = Self.story()
        invented.release("gamma", "w1", token: "t9")
        #expect(invented.broken().contains(.staleRelease))
    }

    @Test("a release that was answered and did not happen is found")
    func missingRelease() throws {
        var had = Story()
        had.acquire("alpha", "w1", token: "t1")
        had.release("alpha", "w1", token: "t1")
        let hold = try #require(had.hold(by: 0))
        var refused = had
        had.ask(.acquire(requester: "w1", name: "alpha", ttlSeconds: nil)) { _ in .alreadyHad(hold) }
        #expect(had.broken() == [.holder])
        refused.ask(.acquire(requester: "w2", name: "alpha", ttlSeconds: nil)) { _ in
            .alreadyHeld(by: "w1", untilMs: nil)
        }
        #expect(refused.broken() == [.holder])
        var final = refused.final
        final.holds = ["alpha": "w1"]
        #expect(refused.broken(final) == [.holder])
    }

    @Test("a held lock that is said to be free, and a free one that is said to be held, are found")
    func wrongHolder() {
        var held = Story()
        held.acquire("alpha", "w1", token: "t1")
        held.ask(.check(name: "alpha")) { _ in .free }
        #expect(held.broken() == [.holder])
        var free = Self.story()
        free.ask(.check(name: "alpha")) { _ in .heldBy("w3") }
        #expect(free.broken() == [.holder])
    }

    @Test("a grant whose answer was lost explains a refusal while it may last, and not longer")
    func lostGrant() {
        for (waitUs, isSound) in [(500_000 as Int64, true), (3_000_000, false)] {
            var story = Story()
            let request = LockRequest.acquire(requester: "w1", name: "alpha", ttlSeconds: 1)
            let call = story.ask(request) { _ in .unknown(claimsNoEffect: false) }
            story.nowUs += waitUs
            story.ask(.check(name: "alpha")) { _ in .heldBy("w1") }
            let window = Window(beginUs: story.nowUs + 2_000_000, endUs: story.nowUs + 2_001_000)
            story.history.lockCalls[call].attempts.append(
                Attempt(
                    window: window,
                    answer: .acquired(
                        .init(token: "t1", fence: window.beginUs, expiresMs: window.beginMs + 1_000))))
            #expect(story.broken() == (isSound ? [] : [.holder]))
        }
    }

    @Test("a request that never got a definite answer is found")
    func noAnswer() {
        var story = Self.story()
        story.ask(.check(name: "alpha")) { _ in .unknown(claimsNoEffect: false) }
        #expect(story.broken() == [.protocolBreach])
    }
}
