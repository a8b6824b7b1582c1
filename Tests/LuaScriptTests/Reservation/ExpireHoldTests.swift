// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("reservation/expire", .privateRedis, .serialized)
struct ExpireHoldTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
    }

    private func expire(limit: Int = 200) async throws -> Observation {
        try await self.scene.observe("reservation/expire", ["limit": ByteText(limit)])
    }

    /// Ended, set aside, whether more are due, and the time.
    private static func answer(
        _ ended: Int64, _ failed: Int64 = 0, more: Int64 = 0, at nowMs: Int64
    ) -> ScriptAnswer {
        .reply("EXPIRED", .integer(ended), .integer(failed), .integer(more), .integer(nowMs))
    }

    /// Holds `gpu-0`, `gpu-1`, ... with these lifetimes, all taken at the start.
    private func take(_ ttls: [Int64]) async throws -> [Hold] {
        let holds = ttls.enumerated().map { index, ttl in
            var hold = Hold()
            hold.name = "gpu-\(index)"
            hold.requester = "r\(index)"
            hold.ttlMs = ttl
            return hold
        }
        _ = try await self.scene.run("reservation/acquire", self.scene.acquireArguments(holds))
        return holds
    }

    @Test("Holds at or past their end are freed with an event each, and the shard learns of the next end")
    func frees() async throws {
        let holds = try await self.take([10_000, 10_001, 10_002, 0])
        let now = Scene.startMs + 10_001
        try await self.scene.setClock(now)
        let seen = try await self.expire()
        #expect(seen.answer == Self.answer(2, at: now))
        let events = [0, 1].map { holds[$0].entry("X", id: now * 1000 + Int64($0), takenAt: Scene.startMs) }
        seen.expectChanges([
            self.scene.holdKey("gpu-0"): .removed, self.scene.holdKey("gpu-1"): .removed,
            self.scene.key("q:r0"): .removed, self.scene.key("q:r1"): .removed,
            self.scene.key("act"): .scores(["kgpu-2": ByteText(Scene.startMs + 10_002), "kgpu-3": "inf"]),
            self.scene.key("ev"): .stream(seen.before.stream(self.scene.key("ev")) + events),
            self.scene.shardKey("due"): .scores(["lacme": ByteText(Scene.startMs + 10_002)]),
        ])
        try await self.expire().expectUnchanged(Self.answer(0, at: now), "again")
        try await self.scene.setClock(now + 1)
        let last = try await self.expire()
        #expect(last.answer == Self.answer(1, at: now + 1))
        #expect(last.after[self.scene.shardKey("due")] == nil, "a hold without an end is never due")
    }

    @Test("A batch ends at its limit and says that more are due, each is freed once")
    func batches() async throws {
        _ = try await self.take([1, 2, 3, 4, 5])
        try await self.scene.setClock(Scene.startMs + 100)
        var answers: [ScriptAnswer] = []
        for _ in 0..<4 { answers.append(try await self.expire(limit: 2).answer) }
        let now = Scene.startMs + 100
        #expect(
            answers == [
                Self.answer(2, more: 1, at: now), Self.answer(2, more: 1, at: now), Self.answer(1, at: now),
                Self.answer(0, at: now),
            ])
        let letters = try await self.scene.harness.snapshot().stream(self.scene.key("ev")).map { $0[1].plain }
        #expect(letters.joined() == "AAAAAXXXXX")
    }

    @Test("A hold whose record or index is corrupt is set aside for a minute and the others are freed")
    func setsAside() async throws {
        let record = Hold().record(takenAt: Scene.startMs, fence: 1)
        let breakages: [[ByteText]] = [
            ["SET", self.scene.holdKey("gpu-1"), ""], ["SET", self.scene.holdKey("gpu-1"), "x"],
            ["SET", self.scene.holdKey("gpu-1"), "1\nx\ny"],
            ["SET", self.scene.holdKey("gpu-1"), "17\n\n"], ["SET", self.scene.holdKey("gpu-1"), record[0..<40]],
            ["SET", self.scene.holdKey("gpu-1"), record[0..<65]], ["SET", self.scene.holdKey("gpu-1"), "x" + record],
            ["SET", self.scene.holdKey("gpu-1"), record + "\n"],
            ["SET", self.scene.holdKey("gpu-1"), "17000x" + record[6..<record.count]],
            ["LIST", self.scene.holdKey("gpu-1")], ["LIST", self.scene.key("q:r1")],
        ]
        for words in breakages {
            try await self.scene.harness.reset(clockUs: Scene.startUs)
            try await self.scene.openTenant()
            _ = try await self.take([1, 2, 3])
            if words[0] == "LIST" {
                try await self.scene.harness.command("DEL", words[1])
                try await self.scene.harness.command("RPUSH", words[1], "x")
            } else {
                try await self.scene.harness.command(words)
            }
            let now = Scene.startMs + 100
            try await self.scene.setClock(now)
            let seen = try await self.expire()
            let comment: Comment = "\(words)"
            #expect(seen.answer == Self.answer(2, 1, at: now), comment)
            #expect(seen.after.scores(self.scene.key("act")) == ["kgpu-1": ByteText(now + 60_000)], comment)
            #expect(seen.after.scores(self.scene.shardKey("due")) == ["lacme": ByteText(now + 60_000)], comment)
            for key in [self.scene.holdKey("gpu-1"), self.scene.key("q:r1")] {
                #expect(seen.after[key] == seen.before[key], comment)
            }
            #expect(seen.after[self.scene.holdKey("gpu-0")] == nil && seen.after[self.scene.holdKey("gpu-2")] == nil)
        }
    }

    @Test("An index entry without a record is dropped, for it holds nothing")
    func orphan() async throws {
        _ = try await self.take([1, 2])
        try await self.scene.harness.command("DEL", self.scene.holdKey("gpu-0"))
        try await self.scene.setClock(Scene.startMs + 100)
        let seen = try await self.expire()
        #expect(seen.answer == Self.answer(1, 1, at: Scene.startMs + 100))
        #expect(seen.after[self.scene.key("act")] == nil && seen.after[self.scene.shardKey("due")] == nil)
        #expect(seen.after.stream(self.scene.key("ev")).map { $0[1] } == ["A", "A", "X"])
    }

    @Test("A hold that was mended is freed a minute later")
    func mended() async throws {
        let hold = try await self.take([1])[0]
        let good = hold.record(takenAt: Scene.startMs, fence: Scene.startUs)
        try await self.scene.harness.command("SET", self.scene.holdKey("gpu-0"), "x")
        try await self.scene.setClock(Scene.startMs + 100)
        #expect(try await self.expire().answer == Self.answer(0, 1, at: Scene.startMs + 100))
        try await self.scene.harness.command("SET", self.scene.holdKey("gpu-0"), good)
        try await self.expire().expectUnchanged(Self.answer(0, at: Scene.startMs + 100))
        try await self.scene.setClock(Scene.startMs + 60_100)
        #expect(try await self.expire().answer == Self.answer(1, at: Scene.startMs + 60_100))
        #expect(try await self.scene.harness.snapshot()[self.scene.shardKey("due")] == nil)
    }

    @Test("A sweep of a tenant without holds takes its entry from the due index")
    func nothingLeft() async throws {
        _ = try await self.scene.acquire(Hold())
        _ = try await self.scene.release(Hold())
        let seen = try await self.expire()
        #expect(seen.answer == Self.answer(0, at: Scene.startMs))
        seen.expectChanges([self.scene.shardKey("due"): .removed])
    }

    @Test("What a hold of a registered resource took along goes with it, once")
    func takesAllBack() async throws {
        try await self.scene.openResources(
            Resource("N", marks: "ao"), Resource("P", capacity: 2, below: "N", blockers: ["B"]))
        var hold = Hold("P", ttlMs: 1_000)
        _ = try await self.scene.claim(hold)
        hold.token = token("t2")
        _ = try await self.scene.claim(hold)
        try await self.scene.setClock(Scene.startMs + 1_000)
        let seen = try await self.expire()
        #expect(seen.answer == Self.answer(1, at: Scene.startMs + 1_000))
        let freed = Hold("P", ttlMs: 1_000).entry("X", id: Scene.startUs + 1_000_000, as: "P_0", ["P_0", "B", "N"])
        seen.expectChanges([
            self.scene.holdKey("P_0"): .removed, self.scene.holdKey("B"): .removed, self.scene.key("ph:P"): .removed,
            self.scene.key("pb:P"): .removed, self.scene.key("bl:P"): .removed, self.scene.key("an:N"): .removed,
            self.scene.key("act"): .removed, self.scene.key("q:alice"): .removed,
            self.scene.key("ev"): .stream(seen.before.stream(self.scene.key("ev")) + [freed]),
            self.scene.shardKey("due"): .removed,
        ])
    }

    @Test("Holds that took much along end a few a call, so that no call is long, and all in the end")
    func endsLongCalls() async throws {
        let blockers = (0..<40).map { ByteText("B\($0)") }
        try await self.scene.openResources(Resource("P", capacity: 60, blockers: blockers))
        let holds = (0..<30).map { Hold("P", by: "r\($0)", ttlMs: 1_000) }
        for hold in holds { _ = try await self.scene.run("reservation/claim", self.scene.claimArguments([hold])) }
        try await self.scene.setClock(Scene.startMs + 1_000)
        var ended: [Int64] = []
        for _ in 0..<30 {
            let answer = try await self.expire().answer
            ended.append(try #require(answer.text(0).number))
            if answer.text(2) == "0" { break }
        }
        #expect(ended.reduce(0, +) == 30 && ended.allSatisfy { $0 < 15 } && ended.count > 2, "\(ended)")
        #expect(self.scene.derivedKeys(in: try await self.scene.harness.snapshot()) == [])
    }
}

@Suite("sweep/due", .privateRedis, .serialized)
struct DueTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func due(limit: Int = 200, offset: Int = 0) async throws -> Observation {
        try await self.scene.observe(
            "sweep/due", keys: [Scene.prefix], ["limit": ByteText(limit), "offset": ByteText(offset)])
    }

    @Test("Entries whose time has passed are listed, earliest first, up to the limit")
    func lists() async throws {
        let now = ScriptField.integer(Scene.startMs)
        try await self.due().expectUnchanged(.reply("DUE", now))
        for (member, offset) in [("bacme", -1), ("lacme", -3), ("bglobex", -2), ("lglobex", 0), ("bzeta", 1)] {
            try await self.scene.harness.command(
                "ZADD", self.scene.shardKey("due"), ByteText(Scene.startMs + Int64(offset)), ByteText(member))
        }
        try await self.due().expectUnchanged(.reply("DUE", now, "lacme", "bglobex", "bacme"))
        try await self.due(limit: 2).expectUnchanged(.reply("DUE", now, "lacme", "bglobex"))
        try await self.due(limit: 2, offset: 1).expectUnchanged(.reply("DUE", now, "bglobex", "bacme"))
        try await self.scene.setClock(Scene.startMs + 1)
        let later = ScriptField.integer(Scene.startMs + 1)
        try await self.due().expectUnchanged(.reply("DUE", later, "lacme", "bglobex", "bacme", "lglobex"))
    }
}
