// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

/// Histories that are sound but for one thing about tokens and the room there is, beside the same without it.
@Suite("The checker of lock histories: fencing tokens, holders, capacities")
struct LockHistoryOrderTests {
    /// Of everything that a sound system does, something.
    private static func story() -> LockStory {
        var story = LockStory()
        story.take("door", "ann")
        story.refuse("door", "bob", by: "ann")
        story.check("door", .held(by: "ann"))
        story.release("door", "bob", token: "ann door", .notOwner)
        story.release("door", "bob", token: "no token", .badToken)
        story.release("door", "ann")
        story.release("door", "ann", .notReserved)
        story.check("door", .free)
        story.take("door", "bob", ttlSeconds: 1)
        story.release("door", "ann", .badToken)
        story.take("stage", "ann")
        story.take("stage", "bob", slot: 1)
        story.take("bay-a", "ann")
        story.refuse("bay-b", "bob", by: "ann", of: "hall", kind: .ancestor)
        story.release("stage", "ann", freed: ["stage_0"])
        story.check("hoist_0", .held(by: LockHistory.system))
        story.release("stage", "bob", freed: ["stage_1", "hoist_0"])
        story.releaseAll("ann", .releasedAll(1))
        story.take("hall", "bob")
        story.ask(.force, .init(resource: "hall"), .forced(from: "bob", ["hall", "site"]))
        story.wait(ms: 1_010)
        story.check("door", .free)
        story.history.end.nodes = [.init(name: "crane", capacity: 2, available: 2)]
        return story
    }

    @Test("a sound history is accepted")
    func soundHistory() {
        let story = Self.story()
        #expect(LockHistoryCheck(park: story.park).flaws(story.history) == [])
    }

    @Test("a fencing token given twice is found")
    func repeatedToken() {
        var story = Self.story()
        let first = story.grant("door", "one")
        var second = story.grant("crane", "two")
        let window = Stretch(beginUs: story.nowUs, endUs: story.nowUs + 900)
        story.ask(.reserve, .init(requester: "ann", resource: "door"), .acquired(first), in: window)
        let call = story.ask(.reserve, .init(requester: "bob", resource: "crane"), .acquired(second), in: window)
        #expect(story.broken == [])
        second.fence = first.fence
        story.history.calls[call].answers = [.acquired(second)]
        #expect(story.broken == [.fencing])
    }

    @Test("a token lower than one given before is found, also on another name, and not when the calls overlapped")
    func fallingToken() {
        for name in ["crane", "gate"] {
            for (delayUs, isSound) in [(900 as Int64, true), (901, false)] {
                var story = LockStory()
                let early = story.grant(name, "one", slot: 1)
                let beginUs = story.nowUs
                story.take("crane", "ann")
                let window = Stretch(beginUs: beginUs + delayUs, endUs: beginUs + 5_000)
                story.ask(.reserve, .init(requester: "bob", resource: name), .acquired(early), in: window)
                #expect(story.broken == (isSound ? [] : [.fencing]))
            }
        }
    }

    @Test("one release token for two grants is found")
    func repeatedReleaseToken() {
        var story = Self.story()
        story.take("crane", "ann")
        #expect(story.broken == [])
        let again = story.grant("gate", "ann crane")
        story.reserve("gate", "bob", .acquired(again))
        #expect(story.broken == [.fencing])
    }

    @Test("two holders of a name are found, before a release and before the time is over")
    func twoHolders() {
        var lasting = LockStory()
        lasting.take("door", "ann")
        lasting.take("door", "bob")
        #expect(lasting.broken == [.exclusion])
        lasting.release("door", "ann")
        #expect(lasting.broken.contains(.exclusion), "released, but only later")
        for (waitMs, isSound) in [(990 as Int64, false), (1_000, true)] {
            var story = LockStory()
            story.take("door", "ann", ttlSeconds: 1)
            story.wait(ms: waitMs)
            story.take("door", "bob")
            #expect(story.broken == (isSound ? [] : [.exclusion]))
        }
    }

    @Test("two holders are found though their calls overlapped, when the release came later than both")
    func overlappingCalls() {
        for (releaseAtUs, isSound) in [(1_200 as Int64, true), (2_001, false)] {
            var story = LockStory()
            let beginUs = story.nowUs
            story.take("door", "ann", in: Stretch(beginUs: beginUs, endUs: beginUs + 1_500))
            story.take("door", "bob", in: Stretch(beginUs: beginUs + 100, endUs: beginUs + 2_000))
            story.release(
                "door", "ann", in: Stretch(beginUs: beginUs + releaseAtUs, endUs: beginUs + releaseAtUs + 1_000))
            #expect(story.broken.contains(.exclusion) == !isSound)
        }
    }

    @Test("a slot held twice is found: by its pool's name and its own, and by the system")
    func slotHeldTwice() {
        var direct = LockStory()
        direct.take("crane_1", "ann")
        direct.take("crane", "bob", slot: 0)
        #expect(direct.broken == [])
        direct.release("crane", "bob", freed: ["crane_0"])
        let twice = direct.grant("crane", "cid crane", slot: 1)
        direct.reserve("crane", "cid", .acquired(twice))
        #expect(direct.broken == [.exclusion])
        for slot in 0...1 {
            var blocker = LockStory()
            blocker.take("stage", "ann", blockerSlot: 0)
            blocker.take("hoist", "bob", slot: slot)
            #expect(blocker.broken == (slot == 1 ? [] : [.exclusion]))
        }
    }

    @Test("one too many is found: in a pool, and among requesters below a node or at it")
    func oneTooMany() {
        var pool = LockStory()
        pool.take("hoist", "ann", slot: 0)
        pool.take("stage", "bob", blockerSlot: 1)
        #expect(pool.broken == [])
        pool.take("hoist", "cid", slot: 1)
        #expect(pool.broken == [.exclusion, .capacity])

        var node = LockStory()
        node.take("bay-a", "ann")
        node.take("bay-b", "ann")
        node.take("hall", "ann")
        #expect(node.broken == [], "it is one requester")
        var second = node
        second.take("site", "bob")
        #expect(second.broken == [])
        second.take("site", "cid", slot: 1)
        #expect(second.broken == [.capacity])
        node.release("bay-b", "ann", freed: ["bay-b"])
        node.take("bay-b", "bob")
        #expect(node.broken == [.capacity])

        var below = LockStory()
        below.take("bay-a", "ann")
        below.take("hall", "bob")
        #expect(below.broken == [.capacity])
    }

    @Test("holds of one resource that do not share their blocker are found")
    func blockerNotShared() {
        for blockerSlot in 0...1 {
            var story = LockStory()
            story.take("stage", "ann", blockerSlot: 0)
            story.take("stage", "bob", slot: 1, blockerSlot: blockerSlot)
            #expect(story.broken == (blockerSlot == 0 ? [] : [.derived]))
        }
    }

    @Test("what does not come with its slot, its blockers or its path is found")
    func wrongShape() {
        for change in 0...4 {
            var story = LockStory()
            var grant = story.grant("stage", "one")
            var leaf = story.grant("bay-a", "two")
            switch change {
            case 1: grant.slots["stage"] = "stage_3"
            case 2: grant.slots["hoist"] = nil
            case 3: grant.blockers = []
            case 4: leaf.path = ["hall", "bay-a"]
            default: break
            }
            story.reserve("stage", "ann", .acquired(grant))
            story.reserve("bay-a", "ann", .acquired(leaf))
            #expect(story.broken.contains(.derived) == (change > 0), "\(change)")
        }
    }

    @Test("a second unit for who has one of the pool is found, and not when it was asked for by name")
    func secondUnit() {
        for name in ["crane", "crane_1"] {
            var story = LockStory()
            story.take("crane", "ann")
            let second = story.grant(name, "two", slot: 1)
            story.reserve(name, "ann", .acquired(second))
            #expect(story.broken == (name == "crane" ? [.had] : []))
        }
    }
}
