// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

/// Histories that are sound but for one release or renewal, beside the same without it.
@Suite("The checker of lock histories: releases, renewals, what came along")
struct LockHistoryReleaseTests {
    @Test("a release by a token whose hold a later one followed is found")
    func staleToken() {
        for isStale in [false, true] {
            var story = LockStory()
            story.take("door", "ann", ttlSeconds: 1)
            story.wait(ms: 1_100)
            story.take("door", "bob")
            story.release("door", "ann", isStale ? .relinquished(["door"]) : .badToken)
            #expect(isStale ? story.broken.contains(.staleToken) : story.broken == [])
        }
    }

    @Test("a release by a token whose time is over is found, to the millisecond or nearly so")
    func expiredToken() {
        for (waitMs, isSound) in [(995 as Int64, true), (1_010, false)] {
            var story = LockStory()
            story.take("door", "ann", ttlSeconds: 1)
            story.wait(ms: waitMs)
            story.release("door", "ann")
            #expect(story.broken == (isSound ? [] : [.staleToken]))
        }
    }

    @Test("a release by a spent token, a foreign one, or one for another name is found")
    func foreignToken() {
        var spent = LockStory()
        spent.take("door", "ann")
        spent.release("door", "ann")
        #expect(spent.broken == [])
        spent.release("door", "ann")
        #expect(spent.broken == [.staleToken])
        for (requester, name, token) in [
            ("bob", "door", "ann door"), ("ann", "gate", "ann door"), ("ann", "door", "no token"),
        ] {
            var story = LockStory()
            story.take("door", "ann")
            story.release(name, requester, token: token)
            #expect(story.broken.contains(.staleToken))
        }
    }

    @Test("a renewal by a stale token is found, and one by the live token keeps the hold")
    func staleRenewal() {
        for waitMs in [500 as Int64, 1_100] {
            var story = LockStory()
            let grant = story.take("door", "ann", ttlSeconds: 1)
            story.wait(ms: waitMs)
            let item = LockStory.Item(requester: "ann", resource: "door", token: grant.token, ttlSeconds: 1)
            story.ask(.renew, item, .renewed(grant))
            #expect(story.broken == (waitMs == 500 ? [] : [.staleToken]))
            guard waitMs == 500 else { continue }
            story.wait(ms: 600)
            var twin = story
            story.check("door", .free)
            #expect(story.broken == [.vanished])
            twin.wait(ms: 410)
            twin.check("door", .free)
            #expect(twin.broken == [])
        }
    }

    @Test("a hold that is gone before anything ended it is found, however it shows")
    func vanishedHold() {
        let ways: [(inout LockStory) -> Void] = [
            { $0.check("door", .free) },
            { $0.release("door", "ann", .notReserved) },
            { $0.release("door", "ann", .badToken) },
            { $0.release("door", "bob", token: "no token", .notReserved) },
            { $0.ask(.force, .init(resource: "door"), .notReserved) },
            { story in
                let item = LockStory.Item(requester: "ann", resource: "door", token: "ann door", ttlSeconds: 1)
                story.ask(.renew, item, .notReserved)
            },
        ]
        let ends: [(inout LockStory) -> Void] = [
            { $0.release("door", "ann") },
            { $0.release("door", "ann", .unknown) },
            { $0.releaseAll("ann", .releasedAll(1)) },
            { $0.releaseAll("ann", .unknown) },
            { $0.ask(.force, .init(resource: "door"), .forced(from: "ann", ["door"])) },
        ]
        for (number, way) in ways.enumerated() {
            var story = LockStory()
            story.take("door", "ann")
            var bad = story
            way(&bad)
            #expect(bad.broken == [.vanished], "\(number)")
            for end in ends {
                var good = story
                end(&good)
                // A wrong token is one of somebody's.
                if number == 2 { good.take("door", "bob") }
                way(&good)
                #expect(good.broken == [], "\(number)")
            }
        }
    }

    @Test("a release that was answered and did not happen is found")
    func missingRelease() {
        var story = LockStory()
        story.take("door", "ann")
        story.release("door", "ann")
        var asked = story
        asked.check("door", .held(by: "ann"))
        #expect(asked.broken == [.holder])
        story.refuse("door", "bob", by: "ann")
        #expect(story.broken == [.holder])
    }

    @Test("an unknown release explains that a hold is gone, and no longer once the hold was seen again")
    func unknownRelease() {
        var story = LockStory()
        let grant = story.take("door", "ann")
        story.release("door", "ann", .unknown)
        var gone = story
        gone.take("door", "bob")
        #expect(gone.broken == [])
        story.reserve("door", "ann", .alreadyHad(grant))
        #expect(story.broken == [])
        story.take("door", "bob")
        #expect(story.broken == [.exclusion])
    }

    @Test("a release that may have been sent twice may have worked the first time, and others not")
    func sentTwice() {
        for isCut in [false, true] {
            var story = LockStory()
            story.take("door", "ann")
            if isCut { story.history.cuts = [Stretch(beginUs: story.nowUs + 100, endUs: story.nowUs + 200)] }
            story.release("door", "ann", .notReserved)
            #expect(story.broken == (isCut ? [] : [.vanished]))
        }
    }

    @Test("a blocker that is freed while another needs it, or kept when nobody does, is found")
    func wrongBlocker() {
        for isLast in [false, true] {
            for isFreed in [false, true] {
                var story = LockStory()
                story.take("stage", "ann")
                if !isLast { story.take("stage", "bob", slot: 1) }
                story.release("stage", "ann", freed: ["stage_0"] + (isFreed ? ["hoist_0"] : []))
                #expect(story.broken == (isLast == isFreed ? [] : [.derived]))
            }
        }
    }

    @Test("an ancestor that is freed while its requester needs it, or kept when it does not, is found")
    func wrongAncestor() {
        for other in ["bay-b", "hall", "site", ""] {
            for freed in [[], ["site"], ["hall"], ["site", "hall"]] {
                var story = LockStory()
                story.take("bay-a", "ann")
                if !other.isEmpty { story.take(other, "ann") }
                story.release("bay-a", "ann", freed: ["bay-a"] + freed)
                let expected = other.isEmpty ? ["site", "hall"] : other == "site" ? ["hall"] : []
                #expect(story.broken == (freed == expected ? [] : [.derived]), "\(other) \(freed)")
            }
        }
    }

    @Test("another unit than the token's, and what did not come along, are found")
    func wrongNames() {
        for names in [["crane_0"], ["crane_1"], ["crane_0", "hoist_0"], []] {
            var story = LockStory()
            story.take("crane", "ann")
            story.release("crane", "ann", freed: names)
            #expect(story.broken == (names == ["crane_0"] ? [] : [.derived]))
        }
    }

    @Test("a bulk release of fewer than there are, or more than there can be, is found")
    func wrongCount() {
        for count in 0...3 as ClosedRange<Int64> {
            var story = LockStory()
            story.take("door", "ann")
            story.take("crane", "ann")
            story.take("crane", "bob", slot: 1)
            story.releaseAll("ann", .releasedAll(count))
            #expect(story.broken == (count == 2 ? [] : [.count]))
        }
    }

    @Test("a release of all or none that is neither, and one of the first that goes on, are found")
    func tornRelease() {
        let items = ["door", "gate"].map { LockStory.Item(requester: "ann", resource: $0, token: "ann \($0)") }
        let (done, kept) = (LockStory.Answer.relinquished(["door"]), LockStory.Answer.rolledBack)
        let stories: [(LockStory.Method, [LockStory.Answer], isSound: Bool)] = [
            (.allOrNone, [done, .relinquished(["gate"])], true), (.allOrNone, [kept, .badToken], true),
            (.allOrNone, [done, .badToken], false), (.first, [done], true),
            (.first, [done, .relinquished(["gate"])], false), (.asManyAsPossible, [done, .badToken], true),
        ]
        for (method, answers, isSound) in stories {
            var story = LockStory()
            story.take("door", "ann")
            // Where the second must not be released, it is somebody else's by then.
            story.take("gate", answers.last == .badToken ? "bob" : "ann")
            story.ask(.unreserve, items, answers, method: method)
            #expect(story.broken == (isSound ? [] : [.transaction]), "\(method) \(answers)")
        }
    }
}
