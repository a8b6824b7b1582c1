// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

/// Histories that are sound but for what somebody was told, beside the same without it.
@Suite("The checker of lock histories: refusals, what is had already, what is left")
struct LockHistoryAnswerTests {
    @Test("a refusal that names who does not hold it is found: never, no longer, or not yet")
    func wrongHolder() {
        var never = LockStory()
        never.take("door", "ann")
        never.refuse("door", "bob", by: "cid")
        #expect(never.broken == [.holder])
        for (waitMs, isSound) in [(995 as Int64, true), (1_010, false)] {
            var over = LockStory()
            over.take("door", "ann", ttlSeconds: 1)
            over.wait(ms: waitMs)
            over.refuse("door", "bob", by: "ann")
            #expect(over.broken == (isSound ? [] : [.holder]))
        }
        var early = LockStory()
        early.refuse("door", "bob", by: "ann")
        early.take("door", "ann")
        #expect(early.broken == [.holder])
    }

    @Test("a refusal for a full pool or node is found when there was room")
    func roomLeft() {
        for holders in 1...2 {
            var pool = LockStory()
            for number in 0..<holders { pool.take("crane", "w\(number)", slot: number) }
            pool.refuse("crane", "bob", by: nil)
            #expect(pool.broken == (holders == 2 ? [] : [.holder]))
            var node = LockStory()
            for number in 0..<holders { node.take("site", "w\(number)", slot: number) }
            node.refuse("hall", "bob", by: nil, of: "site", kind: .ancestor)
            #expect(node.broken == (holders == 2 ? [] : [.holder]))
        }
    }

    @Test("a blocker or an ancestor that is held for nobody is found while the history goes on")
    func leftOver() {
        for isOver in [false, true] {
            var blocker = LockStory()
            blocker.take("stage", "ann")
            if isOver { blocker.release("stage", "ann", freed: ["stage_0", "hoist_0"]) }
            blocker.refuse("hoist_0", "bob", by: LockHistory.system)
            #expect(blocker.broken == (isOver ? [.holder] : []))
            var node = LockStory()
            node.take("bay-a", "ann")
            if isOver { node.release("bay-a", "ann", freed: ["bay-a", "site", "hall"]) }
            node.refuse("bay-b", "bob", by: "ann", of: "hall", kind: .ancestor)
            #expect(node.broken == (isOver ? [.holder] : []))
        }
    }

    @Test("a refusal for what does not belong to the resource, or for nothing, is found")
    func foreignObstacle() {
        var story = LockStory()
        story.take("crane_0", "ann")
        story.take("door", "ann")
        story.refuse("door", "bob", by: "ann")
        #expect(story.broken == [])
        var nothing = story
        nothing.reserve("door", "bob", .refused([]))
        #expect(nothing.broken == [.answer])
        story.refuse("stage", "bob", by: "ann", of: "crane_0", kind: .blocker)
        #expect(story.broken == [.holder])
    }

    @Test("who is refused what it has, or is told of another hold than its own, is found")
    func wrongHad() {
        var story = LockStory()
        let grant = story.take("door", "ann")
        story.reserve("door", "ann", .alreadyHad(grant))
        #expect(story.broken == [])
        var refused = story
        refused.refuse("door", "ann", by: "ann")
        #expect(refused.broken == [.had])
        for change in 0...2 {
            var other = grant
            switch change {
            case 0: other.token = "another"
            case 1: other.fence += 1
            default: other = story.grant("door", "another")
            }
            var wrong = story
            wrong.reserve("door", "ann", .alreadyHad(other))
            #expect(wrong.broken.contains(.had), "\(change)")
        }
        var foreign = story
        foreign.reserve("door", "bob", .alreadyHad(grant))
        #expect(foreign.broken == [.had])
        story.release("door", "ann")
        story.reserve("door", "ann", .alreadyHad(grant))
        #expect(story.broken.contains(.had))
    }

    @Test("a hold that only a lost answer told of explains ALREADY_HAD, and then counts as any other")
    func lostGrant() {
        var story = LockStory()
        story.reserve("door", "ann", .unknown)
        let grant = story.grant("door", "found")
        story.reserve("door", "ann", .alreadyHad(grant))
        #expect(story.broken == [])
        var wrong = story
        wrong.check("door", .free)
        #expect(wrong.broken == [.vanished])
        story.release("door", "ann", token: "found")
        story.check("door", .free)
        #expect(story.broken == [])
    }

    @Test("a call without an answer explains a refusal for its time, and until a bulk release or another answer")
    func lostClaim() {
        let ends: [(inout LockStory) -> Void] = [
            { $0.wait(ms: 1_010) }, { $0.releaseAll("ann", .releasedAll(1)) },
            { $0.reserve("door", "ann", .refused([.init(name: "door", kind: .resource, holder: "cid")])) },
        ]
        for (number, end) in ends.enumerated() {
            var story = LockStory()
            story.reserve("door", "ann", .unknown, ttlSeconds: number == 0 ? 1 : nil)
            story.refuse("door", "bob", by: "ann")
            #expect(story.broken == [])
            if number == 2 { story.take("door", "cid") }
            end(&story)
            if number == 2 { story.release("door", "cid") }
            #expect(story.broken == [])
            story.refuse("door", "bob", by: "ann")
            #expect(story.broken == [.holder], "\(number)")
        }
        var open = LockStory()
        open.ask(
            .reserve, .init(requester: "ann", resource: "door", ttlSeconds: 1), .unknown,
            in: Stretch(beginUs: open.nowUs, endUs: .max))
        open.wait(ms: 60_000)
        open.refuse("door", "bob", by: "ann")
        #expect(open.broken == [], "nobody knows when it came")
    }

    @Test("a check that says free of what is full, or held of what is not, is found")
    func wrongCheck() {
        for holders in 0...2 {
            var story = LockStory()
            for number in 0..<holders { story.take("crane", "w\(number)", slot: number) }
            var free = story
            free.check("crane", .free)
            #expect(free.broken == (holders < 2 ? [] : [.vanished]))
            var held = story
            held.check("crane", .held(by: nil))
            #expect(held.broken == (holders == 2 ? [] : [.holder]))
            story.check("crane_1", .held(by: "w1"))
            #expect(story.broken == (holders == 2 ? [] : [.holder]))
        }
    }

    @Test("a wrong token for what nobody holds, and an owner who is none, are found")
    func wrongReason() {
        for isHeld in [false, true] {
            var token = LockStory()
            if isHeld { token.take("door", "ann") }
            token.release("door", "bob", token: "no token", .badToken)
            #expect(token.broken == (isHeld ? [] : [.holder]))
            var owner = LockStory()
            owner.take("door", "ann")
            owner.release("door", isHeld ? "bob" : "ann", token: "ann door", .notOwner)
            #expect(owner.broken == (isHeld ? [] : [.holder]))
        }
    }

    @Test("a force release of what somebody else had is found")
    func wrongForce() {
        for (requester, unit) in [("ann", "crane_0"), ("bob", "crane_0"), ("ann", "crane_1"), ("ann", "door")] {
            var story = LockStory()
            story.take("crane", "ann")
            story.take("door", "ann")
            story.ask(.force, .init(resource: "crane"), .forced(from: requester, [unit]))
            #expect(story.broken == (requester == "ann" && unit == "crane_0" ? [] : [.holder]))
        }
    }

    @Test("a transaction of all or none that took a part, or gave up for nothing, is found")
    func tornTransaction() {
        let refused = LockStory.Answer.refused([.init(name: "gate", kind: .resource, holder: "bob")])
        for (method, isRolledBack, isRefused, isSound) in [
            (LockStory.Method.allOrNone, true, true, true), (.allOrNone, false, true, false),
            (.allOrNone, true, false, false), (.allOrNone, false, false, true),
            (.asManyAsPossible, false, true, true), (.first, false, true, false),
        ] {
            var story = LockStory()
            if isRefused { story.take("gate", "bob") }
            let items = ["door", "gate"].map { LockStory.Item(requester: "ann", resource: $0) }
            let first = isRolledBack ? .rolledBack : LockStory.Answer.acquired(story.grant("door", "one"))
            let second = isRefused ? refused : isRolledBack ? .rolledBack : .acquired(story.grant("gate", "two"))
            story.ask(.reserve, items, [first, second], method: method)
            #expect(story.broken == (isSound ? [] : [.transaction]), "\(method) \(isRolledBack) \(isRefused)")
        }
    }

    @Test("who asks for the first that is free may be told of a free one before it, when that was sent twice")
    func firstSentTwice() {
        for isCut in [false, true] {
            var story = LockStory()
            let items = ["door", "gate"].map { LockStory.Item(requester: "ann", resource: $0) }
            let second = LockStory.Answer.acquired(story.grant("gate", "two"))
            if isCut { story.history.cuts = [Stretch(beginUs: story.nowUs + 100, endUs: story.nowUs + 200)] }
            story.ask(.reserve, items, [.rolledBack, second], method: .first)
            #expect(isCut ? story.broken == [] : story.broken.contains(.answer))
        }
    }

    @Test("an item of a transaction that was given up stands in the way of those after it, and of nobody else")
    func givenUp() {
        for isOwn in [true, false] {
            var story = LockStory()
            story.take("hoist", "bob", slot: 1)
            let full = LockStory.Answer.refused([.init(name: "hoist", kind: .resource, holder: nil)])
            let items = ["stage", "hoist"].map { LockStory.Item(requester: "ann", resource: $0) }
            story.ask(.reserve, items, [.rolledBack, full], method: .allOrNone)
            if !isOwn { story.reserve("hoist", "cid", full) }
            #expect(story.broken == (isOwn ? [] : [.holder]))
        }
    }

    @Test("an answer that no request has is found")
    func strangeAnswer() {
        let answers: [(LockStory.Verb, LockStory.Answer)] = [
            (.reserve, .strange("500")), (.reserve, .notValid), (.reserve, .relinquished([])), (.reserve, .rolledBack),
            (.unreserve, .strange("500")), (.renew, .free), (.check, .strange("500")), (.releaseAll, .free),
            (.force, .strange("500")),
        ]
        for (verb, answer) in answers {
            var story = LockStory()
            story.ask(verb, .init(requester: "ann", resource: "door"), .unknown)
            #expect(story.broken == [])
            story.ask(verb, .init(requester: "ann", resource: "door"), answer)
            #expect(story.broken == [.answer], "\(verb) \(answer)")
        }
        var slot = LockStory()
        slot.reserve("crane_2", "ann", .notValid)
        #expect(slot.broken == [])
    }

    @Test("units and keys that are left in the end are found")
    func leaks() {
        var nodes = LockStory()
        nodes.history.end.nodes = [.init(name: "hoist", capacity: 2, available: 2)]
        #expect(nodes.broken == [])
        nodes.history.end.nodes[0].available = 1
        #expect(nodes.broken == [.leak])
        var keys = LockStory()
        keys.history.end.keys = ["T:bl:stage"]
        #expect(keys.broken == [.leak])
    }
}
