// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("webhooks/enqueue, webhooks/claim", .privateRedis, .serialized)
struct QueueScriptTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
        try await self.scene.subscribe()
    }

    private func at(_ ms: Int64) async throws { try await self.scene.setClock(Scene.startMs + ms) }

    @Test("A delivery is written once however often it is asked for, also when it has been sent meanwhile")
    func once() async throws {
        let seen = try await self.scene.observe(
            "webhooks/enqueue", DeliveryCalls.enqueue(DeliveryCalls.item(), DeliveryCalls.item("del_2", seq: 2)))
        #expect(seen.answer == .reply("QUEUED", 2, "Q", "Q"))
        let start = ByteText(Scene.startMs)
        #expect(seen.after.scores(self.scene.shardKey("ln:whsub_1:acme")) == ["del_1": "1", "del_2": "2"])
        #expect(seen.after.scores(self.scene.shardKey("lanes")) == ["lwhsub_1:acme": start])
        #expect(seen.after.scores(self.scene.shardKey("wd:whsub_1")) == ["del_1": start, "del_2": start])
        #expect(seen.after.hash(self.scene.key("wf:whsub_1")) == ["triggered_ms": start])
        #expect(
            seen.after.hash(self.scene.shardKey("dv:del_1")) == [
                "sub": "whsub_1", "owner": "acme", "tenant": "acme", "event": "evt_del_1", "type": "budget.funded",
                "trace": "trace", "flags": "01", "inbound": "1", "request": "req", "body": "{}", "state": "P",
                "attempts": "0", "created_ms": start,
            ])
        for key in ["dv:del_1", "dv:del_2", "wd:whsub_1"] {
            let left = seen.after.remainingMs(self.scene.shardKey(ByteText(key))) ?? 0
            #expect(left > DeliveryCalls.keepMs - 60_000 && left <= DeliveryCalls.keepMs, "\(key)")
        }
        let again = try await self.scene.observe(
            "webhooks/enqueue", DeliveryCalls.enqueue(DeliveryCalls.item(body: "other"), DeliveryCalls.item("del_2")))
        again.expectUnchanged(.reply("QUEUED", 0, "D", "D"))
        _ = try await self.scene.claim()
        _ = try await self.scene.finish(DeliveryCalls.finish())
        let late = try await self.scene.observe("webhooks/enqueue", DeliveryCalls.enqueue(DeliveryCalls.item()))
        late.expectUnchanged(.reply("QUEUED", 0, "D"))
    }

    @Test("106: to a subscription that is unknown or not active nothing is queued", arguments: ["P", "D", ""])
    func inactive(letter: String) async throws {
        if letter.isEmpty {
            try await self.scene.harness.command("DEL", self.scene.key("wh"))
        } else {
            try await self.scene.subscribe(DeliveryCalls.sub, ByteText(letter))
        }
        try await self.scene.observe("webhooks/enqueue", DeliveryCalls.enqueue(DeliveryCalls.item()))
            .expectUnchanged(.reply("QUEUED", 0, "S"))
    }

    @Test("115: a claim is leased: nobody else gets it before the lease ends, then anyone does with the same bytes")
    func leased() async throws {
        _ = try await self.scene.enqueue(DeliveryCalls.item(body: "{\"x\":1}"))
        let first = try await self.scene.claim()
        #expect(first.ids == ["del_1"])
        let lanes = try await self.scene.harness.snapshot().scores(self.scene.shardKey("lanes"))
        #expect(Array(lanes.values) == [ByteText(Scene.startMs + DeliveryCalls.leaseMs)])
        try await self.at(DeliveryCalls.leaseMs - 1)
        #expect(try await self.scene.claim(DeliveryCalls.claim("t2")).ids == [])
        try await self.at(DeliveryCalls.leaseMs)
        let second = try await self.scene.claim(DeliveryCalls.claim("t2"))
        #expect(second.deliveries == first.deliveries)
        #expect(try await self.scene.delivery("del_1")["lease"] == "t2")
        let stale = try await self.scene.observe(
            "webhooks/finish", keys: [Scene.prefix], DeliveryCalls.finish("F", token: "t1"))
        stale.expectUnchanged(.reply("LOST"))
        #expect(try await self.scene.finish(DeliveryCalls.finish(token: "t2")) == .reply("FINISHED", 0))
        let twice = try await self.scene.observe(
            "webhooks/finish", keys: [Scene.prefix], DeliveryCalls.finish(token: "t2"))
        twice.expectUnchanged(.reply("LOST"))
    }

    @Test("111: a lane is sent in the order of its events, one after the other, and lanes do not wait for one another")
    func ordered() async throws {
        _ = try await self.scene.enqueue(
            DeliveryCalls.item("del_c", seq: 3), DeliveryCalls.item("del_a", seq: 1),
            DeliveryCalls.item("del_b", seq: 2), DeliveryCalls.item("del_z", seq: 9, tenant: "beta"))
        let first = try await self.scene.claim()
        #expect(Set(first.ids) == ["del_a", "del_z"])
        #expect(try await self.scene.claim().ids == [])
        var sent: [ByteText] = []
        for _ in 0..<3 {
            let next: ByteText = sent.isEmpty ? "del_a" : try #require(try await self.scene.claim().ids.first)
            sent.append(next)
            _ = try await self.scene.finish(DeliveryCalls.finish(id: next))
        }
        #expect(sent == ["del_a", "del_b", "del_c"])
        _ = try await self.scene.finish(DeliveryCalls.finish(id: "del_z", lane: "lwhsub_1:beta"))
        let snapshot = try await self.scene.harness.snapshot()
        for name in ["lanes", "ln:whsub_1:acme", "ln:whsub_1:beta", "fl:whsub_1", "wt:whsub_1"] {
            #expect(snapshot[self.scene.shardKey(ByteText(name))] == nil, "\(name)")
        }
    }

    @Test("118: a subscription has so many attempts under way; what waits is sent as they end, first come first served")
    func capped() async throws {
        for number in 1...6 {
            try await self.at(Int64(number))
            _ = try await self.scene.enqueue(
                DeliveryCalls.item("del_\(number)", tenant: "t\(number)"))
        }
        let first = try await self.scene.claim(DeliveryCalls.claim(cap: 2))
        #expect(first.ids == ["del_1", "del_2"])
        #expect(try await self.scene.harness.snapshot().scores(self.scene.shardKey("wt:whsub_1")).count == 4)
        // Nothing is due before a lease ends: lanes that wait cost nothing.
        let idle = try await self.scene.observe("webhooks/claim", keys: [Scene.prefix], DeliveryCalls.claim(cap: 2))
        #expect(Claimed(idle.answer).ids == [] && idle.changes == [])
        var sent = first.ids
        for turn in 0..<4 {
            _ = try await self.scene.finish(
                DeliveryCalls.finish(id: sent[turn], lane: "lwhsub_1:t\(turn + 1)"))
            let next = try await self.scene.claim(DeliveryCalls.claim(cap: 2)).ids
            #expect(next.count == 1)
            sent += next
        }
        #expect(sent == ["del_1", "del_2", "del_3", "del_4", "del_5", "del_6"])
    }

    @Test("118: behind however many lanes that wait for their endpoint, others are found by the next calls at once")
    func behindMany() async throws {
        for start in stride(from: 0, to: 300, by: 50) {
            let items = (start..<(start + 50)).flatMap { DeliveryCalls.item("del_\($0)", tenant: "t\($0)") }
            _ = try await self.scene.run("webhooks/enqueue", ScriptArguments(["most": "1000"], rest: items))
        }
        try await self.at(1)
        try await self.scene.subscribe("whsub_2")
        _ = try await self.scene.enqueue(DeliveryCalls.item("del_x", sub: "whsub_2"))
        var ids: [ByteText] = []
        var calls = 0
        repeat {
            let claimed = try await self.scene.claim(DeliveryCalls.claim(limit: 50, cap: 4))
            ids += claimed.ids
            calls += 1
            if claimed.more == "0" { break }
        } while calls < 10
        #expect(ids.count == 5 && ids.contains("del_x") && calls <= 5)
        let snapshot = try await self.scene.harness.snapshot()
        #expect(snapshot.scores(self.scene.shardKey("wt:whsub_1")).count == 296)
    }

    @Test("118: when the attempts in front of a lane never end, it is sent when their leases do")
    func cappedByTheDead() async throws {
        for number in 1...3 {
            _ = try await self.scene.enqueue(DeliveryCalls.item("del_\(number)", tenant: "t\(number)"))
        }
        #expect(try await self.scene.claim(DeliveryCalls.claim(cap: 2)).ids.count == 2)
        try await self.at(DeliveryCalls.leaseMs)
        let after = try await self.scene.claim(DeliveryCalls.claim("t2", cap: 3))
        #expect(Set(after.ids) == ["del_1", "del_2", "del_3"])
        #expect(try await self.scene.harness.snapshot()[self.scene.shardKey("wt:whsub_1")] == nil)
    }

    @Test("106, 112, 114: what cannot be sent any more fails unsent with the reason, and the lane goes on")
    func ended() async throws {
        let reasons: [(ByteText, ByteText)] = [
            ("", "Subscription not found"), ("P", "Subscription not active: PAUSED"),
            ("D", "Subscription not active: DISABLED"),
        ]
        for (index, (letter, reason)) in reasons.enumerated() {
            try await self.scene.subscribe()
            let id = ByteText("del_\(index)")
            _ = try await self.scene.enqueue(DeliveryCalls.item(id))
            if letter == "" {
                try await self.scene.harness.command("DEL", self.scene.key("wh"))
            } else {
                try await self.scene.subscribe(DeliveryCalls.sub, letter)
            }
            let claimed = try await self.scene.claim()
            #expect(claimed.ids == [] && claimed.ended == "1")
            let delivery = try await self.scene.delivery(id)
            #expect(delivery["state"] == "F" && delivery["error"] == reason && delivery["attempts"] == "0")
        }
        try await self.scene.subscribe()
        _ = try await self.scene.enqueue(DeliveryCalls.item("del_old", seq: 1, atMs: Scene.startMs - 90_000_001))
        _ = try await self.scene.enqueue(DeliveryCalls.item("del_new", seq: 2))
        let claimed = try await self.scene.claim()
        #expect(claimed.ids == ["del_new"] && claimed.ended == "1")
        #expect(try await self.scene.delivery("del_old")["error"] == "Delivery expired: 25h old (max 24h)")
        let dead = try await self.scene.harness.snapshot().scores(self.scene.shardKey("dead"))
        #expect(Set(dead.keys) == ["del_0", "del_1", "del_2", "del_old"])
    }

    @Test("Each delivery is as old as its own event, whatever it is written together with")
    func ages() async throws {
        _ = try await self.scene.enqueue(
            DeliveryCalls.item("del_old", seq: 1, atMs: Scene.startMs - DeliveryCalls.dayMs - 60_000),
            DeliveryCalls.item("del_new", seq: 2, atMs: Scene.startMs - 5), DeliveryCalls.item("del_now", atMs: 0))
        let times = try await self.scene.harness.snapshot().scores(self.scene.shardKey("wd:whsub_1"))
        #expect(times["del_new"] == ByteText(Scene.startMs - 5) && times["del_now"] == ByteText(Scene.startMs))
        #expect(try await self.scene.delivery("del_new")["created_ms"] == ByteText(Scene.startMs - 5))
        try await self.scene.harness.command("ZREM", self.scene.shardKey("ln:whsub_1:acme"), "del_now")
        let claimed = try await self.scene.claim()
        #expect(claimed.ids == ["del_new"] && claimed.ended == "1")
        #expect(try await self.scene.delivery("del_old")["error"] == "Delivery expired: 24h old (max 24h)")
    }

    @Test("The greatest age of a delivery is the caller's to say, told in hours or minutes")
    func maxAge() async throws {
        _ = try await self.scene.enqueue(DeliveryCalls.item(atMs: Scene.startMs - 5_460_000))
        #expect(try await self.scene.claim(DeliveryCalls.claim(maxAgeMs: 5_400_000)).ended == "1")
        #expect(try await self.scene.delivery("del_1")["error"] == "Delivery expired: 91m old (max 90m)")
    }

    @Test("Of a subscription so many deliveries are kept: the one that ended first goes for a new one")
    func bounded() async throws {
        for number in 1...3 {
            _ = try await self.scene.enqueue(DeliveryCalls.item("del_\(number)", seq: Int64(number)), most: 3)
        }
        // The first is to be tried again, the second and the third have ended.
        for (step, outcome) in (["R", "F", "S"] as [ByteText]).enumerated() {
            try await self.at(Int64(step))
            let id = ByteText("del_\(step + 1)")
            #expect(try await self.scene.claim().ids == [id])
            _ = try await self.scene.finish(DeliveryCalls.finish(outcome, id: id, delayMs: 100_000))
        }
        let answer = try await self.scene.enqueue(DeliveryCalls.item("del_4", seq: 4), most: 3)
        #expect(answer == .reply("QUEUED", 1, "Q"))
        var snapshot = try await self.scene.harness.snapshot()
        #expect(Set(snapshot.scores(self.scene.shardKey("wd:whsub_1")).keys) == ["del_1", "del_3", "del_4"])
        #expect(snapshot[self.scene.shardKey("dv:del_2")] == nil && snapshot[self.scene.shardKey("dead")] == nil)
        #expect(Set(snapshot.scores(self.scene.shardKey("we:whsub_1")).keys) == ["del_3"])
        // One that ended before there was such a list is found all the same.
        try await self.scene.harness.command("DEL", self.scene.shardKey("we:whsub_1"))
        #expect(try await self.scene.enqueue(DeliveryCalls.item("del_5", seq: 5), most: 3) == .reply("QUEUED", 1, "Q"))
        snapshot = try await self.scene.harness.snapshot()
        #expect(Set(snapshot.scores(self.scene.shardKey("wd:whsub_1")).keys) == ["del_1", "del_4", "del_5"])
        #expect(snapshot[self.scene.shardKey("dv:del_3")] == nil)
    }

    @Test("While all deliveries of a subscription wait new ones are dropped, others' and what is sent again are not")
    func full() async throws {
        try await self.scene.subscribe("whsub_2")
        for number in 1...3 {
            _ = try await self.scene.enqueue(DeliveryCalls.item("del_\(number)", seq: Int64(number)), most: 3)
        }
        let arguments = DeliveryCalls.enqueue(
            DeliveryCalls.item("del_4", seq: 4), DeliveryCalls.item("del_1"), DeliveryCalls.item("del_5", seq: 5),
            most: 3)
        try await self.scene.observe("webhooks/enqueue", arguments)
            .expectUnchanged(.reply("QUEUED", 0, "X", "D", "X"))
        let others = try await self.scene.enqueue(
            DeliveryCalls.item("del_6", sub: "whsub_2"), DeliveryCalls.item("del_7", seq: 7, atMs: 0), most: 3)
        #expect(others == .reply("QUEUED", 2, "Q", "Q"))
        #expect(try await self.scene.claim().ids.count == 2)
    }

    @Test("A delivery that has ended or holds something else leaves its lane, and what is behind it is sent")
    func unreadable() async throws {
        for number in 1...3 {
            _ = try await self.scene.enqueue(DeliveryCalls.item("del_\(number)", seq: Int64(number)))
        }
        try await self.scene.harness.command("DEL", self.scene.shardKey("dv:del_1"))
        try await self.scene.harness.command("DEL", self.scene.shardKey("dv:del_2"))
        try await self.scene.harness.command("SET", self.scene.shardKey("dv:del_2"), "x")
        #expect(try await self.scene.claim().ids == ["del_3"])
    }

    @Test("10,000 deliveries of a paused subscription are ended a hundred a call, others are sent meanwhile")
    func long() async throws {
        let fill: ByteText = """
            for i = ARGV[1], ARGV[2] + 0 do
                local id = 'del_' .. i
                redis.call('HSET', KEYS[1] .. 'dv:' .. id, 'sub', 'whsub_9', 'owner', 'acme', 'state', 'P',
                    'body', '{}', 'attempts', 0, 'created_ms', '1700000000000', 'event', 'e', 'type', 't')
                redis.call('ZADD', KEYS[1] .. 'ln:whsub_9:acme', i, id)
            end
            return 1
            """
        for start in stride(from: 1, through: 10_000, by: 1_000) {
            try await self.scene.harness.command(
                "EVAL", fill, "1", Scene.prefix, ByteText(start), ByteText(start + 999))
        }
        try await self.scene.subscribe("whsub_9", "P")
        try await self.scene.harness.command(
            "ZADD", self.scene.shardKey("lanes"), ByteText(Scene.startMs - 5), "lwhsub_9:acme")
        _ = try await self.scene.enqueue(DeliveryCalls.item("del_x"))
        var (calls, ids): (Int, [ByteText]) = (0, [])
        var most: Int64 = 0
        while calls < 200 {
            try await self.scene.harness.command("CONFIG", "RESETSTAT")
            let claimed = try await self.scene.claim()
            let statistics = try await self.scene.harness.text("INFO", "commandstats").map { "\($0)" } ?? ""
            most = max(most, statistics.matches(of: /:calls=(\d+)/).reduce(0) { $0 + (Int64($1.1) ?? 0) })
            ids += claimed.ids
            calls += 1
            if claimed.ended == "0" { break }
            #expect(try #require(claimed.ended.number) <= 100)
        }
        #expect(calls >= 100 && ids == ["del_x"])
        #expect(most > 100 && most < 1_500, "\(most) calls of Redis in one claim")
        let snapshot = try await self.scene.harness.snapshot()
        #expect(snapshot.scores(self.scene.shardKey("dead")).count == 10_000)
        #expect(snapshot[self.scene.shardKey("ln:whsub_9:acme")] == nil)
    }
}
