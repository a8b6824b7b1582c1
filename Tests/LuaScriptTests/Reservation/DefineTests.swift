// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("reservation/define", .privateRedis, .serialized)
struct DefineTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
    }

    private func define(_ resources: Resource..., version: Int64 = 0, tag: ByteText = "A1") async throws -> Observation
    {
        let arguments = self.scene.defineArguments(resources, version: version, tag: tag)
        return try await self.scene.observe("reservation/define", arguments)
    }

    @Test("Definitions are written with their indexes, and the first one makes every cached tag stale")
    func writes() async throws {
        let (node, pool) = (Resource("N", marks: "ao"), Resource("P", capacity: 3, below: "N", blockers: ["B", "C"]))
        let slot = Resource("L_7", below: "N")
        let seen = try await self.define(node, pool, slot)
        #expect(seen.answer == .reply("DEFINED", "1", "P", 0, 3))
        seen.expectChanges([
            self.scene.tenantKey: .string(Scene.tag()),
            self.scene.key("def"): .hash(["N": node.row(), "P": pool.row(), "L_7": slot.row()]),
            self.scene.key("dl"): .scores(["N": "0", "P": "0", "L_7": "0"]),
            self.scene.key("dc:N"): .scores(["P": "0", "L_7": "0"]), self.scene.key("ds:L"): .scores(["L_7": "7"]),
            self.scene.key("dv"): .string("1"),
        ])
        let next = try await self.define(Resource("Q"), version: 1, tag: Scene.tag())
        #expect(next.answer == .reply("DEFINED", "2") && next.after.string(self.scene.tenantKey) == Scene.tag())
    }

    @Test("A change takes the place of what was there; what a resource once was stays known")
    func overwrites() async throws {
        _ = try await self.define(
            Resource("N", marks: "ao"), Resource("M", marks: "ao"), Resource("P", capacity: 3, below: "N"))
        let changed = Resource("P", capacity: 2, below: "M", blockers: ["B"])
        let seen = try await self.define(changed, version: 1, tag: Scene.tag())
        #expect(seen.answer == .reply("DEFINED", "2", "P", 0, 2))
        #expect(seen.after.hash(self.scene.key("def"))["P"] == changed.row(peak: 3))
        #expect(seen.after[self.scene.key("dc:N")] == nil)
        #expect(seen.after.scores(self.scene.key("dc:M")) == ["P": "0"])
        let root = try await self.define(Resource("P"), version: 2, tag: Scene.tag())
        #expect(root.answer == .reply("DEFINED", "3", "P", 0, 1), "its slots were never looked at")
        #expect(root.after[self.scene.key("dc:M")] == nil)
    }

    @Test("A hold older than the definition of its name keeps its token and counts as one unit")
    func olderHolds() async throws {
        let (pool, single) = (Hold("P", ttlMs: 30_000), Hold("X"))
        _ = try await self.scene.acquire(pool, single)
        let seen = try await self.define(Resource("P", capacity: 2), Resource("X"))
        func record(_ hold: Hold, _ fence: Int64, _ flags: ByteText) -> KeyChange {
            let along = Along(flags: flags, resource: hold.name)
            return .string(hold.record(takenAt: Scene.startMs, fence: Scene.startUs + fence) + along.text)
        }
        #expect(seen.after[self.scene.holdKey("P")] == record(pool, 0, "p").content)
        #expect(seen.after[self.scene.holdKey("X")] == record(single, 1, "").content)
        let units: [ByteText: ByteText] = ["n": "1", "ralice": "-", "t" + pool.token: "-"]
        #expect(seen.after.hash(self.scene.key("ph:P")) == units)
        var again = pool
        again.token = token("t2")
        let others = try await self.scene.claim(Hold("P", by: "bob"), Hold("P", by: "carol"), again)
        #expect([1, 8, 15].map { others.answer.text($0) } == ["ACQUIRED", "NOT_AVAILABLE", "ALREADY_HAD"])
        let freed = try await self.scene.giveBack(pool, single)
        #expect(freed.answer == .reply("ITEMS", "RELINQUISHED", "P", "RELINQUISHED", "X"))
        #expect(freed.after.hash(self.scene.key("ph:P"))["n"] == "1")
    }

    @Test("A resource that becomes a pool while it is held, directly or as a blocker, keeps that unit")
    func grows() async throws {
        _ = try await self.define(Resource("P"), Resource("Q"), Resource("X", blockers: ["Q"]))
        _ = try await self.scene.claim(Hold("P"), Hold("X"))
        let seen = try await self.scene.redefine(Resource("P", capacity: 2), Resource("Q", capacity: 2))
        #expect(seen.after.hash(self.scene.key("ph:P"))["ralice"] == "-")
        #expect(seen.after.hash(self.scene.key("ph:Q")) == ["n": "1", "r__system__": "-"])
        let freed = try await self.scene.giveBack(Hold("X"), Hold("P"))
        #expect(freed.answer == .reply("ITEMS", "RELINQUISHED", "X\tQ", "RELINQUISHED", "P"))
        #expect(self.scene.derivedKeys(in: freed.after) == [])
    }

    @Test("A node that becomes a pool while its holder has something below it keeps taking one unit for both")
    func growsAbove() async throws {
        _ = try await self.define(Resource("P", marks: "ao"), Resource("L", below: "P"))
        _ = try await self.scene.claim(Hold("P"), Hold("L"))
        let seen = try await self.scene.redefine(Resource("P", capacity: 2, marks: "ao"))
        #expect(seen.after.hash(self.scene.key("an:P")) == ["alice": "1", "": "1"])
        let freed = try await self.scene.giveBack(Hold("P"), Hold("L"))
        #expect(freed.answer == .reply("ITEMS", "RELINQUISHED", "P", "RELINQUISHED", "L\tP"))
        #expect(self.scene.derivedKeys(in: freed.after) == [])
    }

    @Test("Definitions checked against another version are not written")
    func changed() async throws {
        try await self.define(Resource("P"), version: 1).expectUnchanged(.reply("CHANGED"))
        _ = try await self.define(Resource("P"))
        try await self.define(Resource("P"), tag: Scene.tag()).expectUnchanged(.reply("CHANGED"))
    }

    @Test("A corrupt definition or hold in the way is an error, and nothing changes")
    func corrupt() async throws {
        _ = try await self.define(Resource("P"))
        try await self.scene.harness.command("HSET", self.scene.key("def"), "P", "x")
        try await self.scene.redefine(Resource("Q"), Resource("P")).expectFailure("CORRUPT")
        try await self.scene.harness.command("SET", self.scene.holdKey("R"), "x")
        try await self.scene.redefine(Resource("Q"), Resource("R")).expectFailure("CORRUPT")
    }

    @Test("Stale, closed and suspended tenants define nothing")
    func tenants() async throws {
        try await self.define(Resource("P"), tag: "A2").expectUnchanged(.reply("STALE", "A1"))
        for (tag, word) in [("C1", "CLOSED"), ("S1", "SUSPENDED")] as [(ByteText, ByteText)] {
            try await self.scene.harness.command("SET", self.scene.tenantKey, tag)
            try await self.define(Resource("P"), tag: tag).expectUnchanged(.reply(word))
        }
    }
}
