// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("reservation/adopt", .privateRedis, .serialized)
struct AdoptTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
    }

    private func define(_ resources: Resource...) async throws {
        let arguments = self.scene.defineArguments(resources)
        #expect(try await self.scene.run("reservation/define", arguments).word == "DEFINED")
    }

    @Test("Holds of names that became slots are units of the pool from then on, and nothing else changes")
    func adopts() async throws {
        let (first, second) = (Hold("P_0", ttlMs: 30_000), Hold("P_2"))
        _ = try await self.scene.acquire(first, second, Hold("P_9", by: "bob"))
        try await self.define(Resource("P", capacity: 3))
        let seen = try await self.scene.adopt("P", 0..<3)
        #expect(seen.answer == .reply("ADOPTED", 3))
        let along = Along(flags: "sp", resource: "P").text
        seen.expectChanges([
            self.scene.holdKey("P_0"): .string(first.record(takenAt: Scene.startMs, fence: Scene.startUs) + along),
            self.scene.holdKey("P_2"): .string(second.record(takenAt: Scene.startMs, fence: Scene.startUs + 1) + along),
            self.scene.key("ph:P"): .hash([
                "n": "2", "ralice": "0 2", "t" + first.token: "0", "t" + second.token: "2",
            ]),
            self.scene.key("pb:P"): .string(ByteText([0xA0])),
            self.scene.key("def"): .hash(["P": Resource("P", capacity: 3).row(adopted: 3)]),
        ])
        try await self.scene.adopt("P", 0..<3).expectUnchanged(.reply("ADOPTED", 3), "again")
        let freed = try await self.scene.giveBack(first, Hold("P_2"))
        #expect(freed.answer == .reply("ITEMS", "RELINQUISHED", "P_0", "RELINQUISHED", "P_2"))
        #expect(self.scene.derivedKeys(in: freed.after) == [])
    }

    @Test("Until its slots were looked at, a pool passes over those that are held")
    func before() async throws {
        _ = try await self.scene.acquire(Hold("P_0", by: "bob"))
        try await self.define(Resource("P", capacity: 2))
        let seen = try await self.scene.claim(Hold("P"), Hold("P", by: "carol"))
        #expect(seen.answer.text(5) == "P_1" && seen.answer.text(8) == "NOT_AVAILABLE")
    }

    @Test("A blocker that was a name of its own becomes a unit, too")
    func blockers() async throws {
        try await self.define(Resource("X", blockers: ["P_1"]))
        _ = try await self.scene.claim(Hold("X"))
        _ = try await self.scene.redefine(Resource("P", capacity: 2))
        let seen = try await self.scene.adopt("P", 0..<2)
        #expect(seen.after.hash(self.scene.key("ph:P")) == ["n": "1", "r__system__": "1"])
        #expect(try await self.scene.giveBack(Hold("X")).answer == .reply("ITEMS", "RELINQUISHED", "X\tP_1"))
        #expect(self.scene.derivedKeys(in: try await self.scene.harness.snapshot()) == [])
    }

    @Test("Whoever holds something below the pool takes one unit for both")
    func below() async throws {
        try await self.define(Resource("P", marks: "ao"), Resource("L", below: "P"))
        _ = try await self.scene.claim(Hold("P_0"), Hold("L"))
        _ = try await self.scene.redefine(Resource("P", capacity: 3, marks: "ao"))
        let seen = try await self.scene.adopt("P", 0..<3)
        #expect(seen.after.hash(self.scene.key("an:P")) == ["alice": "1", "": "1"])
        let freed = try await self.scene.giveBack(Hold("P_0"), Hold("L"))
        #expect(freed.answer == .reply("ITEMS", "RELINQUISHED", "P_0", "RELINQUISHED", "L\tP"))
        #expect(self.scene.derivedKeys(in: freed.after) == [])
    }

    @Test("Only what was looked at in order counts as looked at")
    func inOrder() async throws {
        try await self.define(Resource("P", capacity: 4))
        try await self.scene.adopt("P", 2..<4).expectUnchanged(.reply("ADOPTED", 4))
        _ = try await self.scene.adopt("P", 0..<2)
        let seen = try await self.scene.adopt("P", 2..<4)
        seen.expectChanges([self.scene.key("def"): .hash(["P": Resource("P", capacity: 4).row(adopted: 4)])])
    }

    @Test("A record that cannot be read is left as it is and keeps no other from being adopted")
    func unreadable() async throws {
        _ = try await self.scene.acquire(Hold("P_0"), Hold("P_1"), Hold("P_2"))
        try await self.scene.harness.command("SET", self.scene.holdKey("P_0"), "x")
        try await self.scene.harness.command("DEL", self.scene.holdKey("P_1"))
        try await self.scene.harness.command("RPUSH", self.scene.holdKey("P_1"), "x")
        try await self.define(Resource("P", capacity: 3))
        let seen = try await self.scene.adopt("P", 0..<3)
        #expect(seen.answer == .reply("ADOPTED", 3))
        #expect(seen.after.hash(self.scene.key("ph:P"))["ralice"] == "2")
        for name: ByteText in ["P_0", "P_1"] {
            #expect(seen.after[self.scene.holdKey(name)] == seen.before[self.scene.holdKey(name)])
        }
    }

    @Test("A call that finds many holds ends early and says where, and the next one goes on there")
    func long() async throws {
        let holds = (0..<300).map { Hold("P_\($0)") }
        for first in stride(from: 0, to: 300, by: 60) {
            let part = Array(holds[first..<(first + 60)])
            _ = try await self.scene.run("reservation/acquire", self.scene.acquireArguments(part))
        }
        try await self.define(Resource("P", capacity: 300))
        var (next, calls): (Int64, Int) = (0, 0)
        while next < 300, calls < 300 {
            let answer = try await self.scene.adopt("P", next..<300).answer
            let reached = try #require(answer.text(0).number)
            #expect(answer.word == "ADOPTED" && reached > next)
            (next, calls) = (reached, calls + 1)
        }
        let after = try await self.scene.harness.snapshot()
        #expect(calls > 1 && after.hash(self.scene.key("ph:P"))["n"] == "300")
        #expect(after.hash(self.scene.key("def"))["P"] == Resource("P", capacity: 300).row(adopted: 300))
    }

    @Test("What is no pool has no slots")
    func gone() async throws {
        try await self.define(Resource("P"))
        try await self.scene.adopt("P", 0..<1).expectUnchanged(.reply("GONE"))
        try await self.scene.adopt("Q", 0..<1).expectUnchanged(.reply("GONE"))
    }
}
