// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("reservation/claim", .privateRedis, .serialized)
struct ClaimTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func claim(_ arguments: ScriptArguments) async throws -> Observation {
        try await self.scene.observe("reservation/claim", arguments)
    }

    /// What `alice` holds of the pool `P` below `N`, with the blockers `B` and the pool `Q`.
    private static let along = Along(
        flags: "p", resource: "P", blockers: [("B", "B"), ("Q", "Q_0")], ancestors: ["N"])

    private func openPool(_ capacity: Int64 = 2) async throws {
        try await self.scene.openResources(
            Resource("N", capacity: 2, marks: "ao"), Resource("Q", capacity: 2),
            Resource("P", capacity: capacity, below: "N", blockers: ["B", "Q"]))
    }

    @Test("A plain name is taken as ever, without anything along")
    func plain() async throws {
        try await self.openPool()
        let hold = Hold("gpu-1", ttlMs: 30_000)
        let seen = try await self.scene.claim(hold)
        #expect(seen.answer == .reply("ITEMS", [""] + hold.claimed(fence: Scene.startUs)))
        let end = ByteText(Scene.startMs + 30_000)
        seen.expectChanges([
            self.scene.holdKey("gpu-1"): .string(hold.record(takenAt: Scene.startMs, fence: Scene.startUs)),
            self.scene.key("act"): .scores(["kgpu-1": end]),
            self.scene.key("q:alice"): .scores(["gpu-1": ByteText(Scene.startUs)]),
            self.scene.key("ev"): .stream([hold.entry("A", id: Scene.startUs, takenAt: Scene.startMs)]),
            self.scene.shardKey("due"): .scores(["lacme": end]),
        ])
    }

    @Test("A unit of a pool comes with its blockers and ancestors, all recorded and nothing else")
    func takesAlong() async throws {
        try await self.openPool()
        let (hold, fence) = (Hold("P"), Scene.startUs)
        let seen = try await self.scene.claim(hold)
        #expect(seen.answer == .reply("ITEMS", [""] + hold.claimed(as: "P_0", Self.along, fence: fence)))
        let record = hold.record(takenAt: Scene.startMs, fence: fence) + Self.along.text
        seen.expectChanges([
            self.scene.holdKey("P_0"): .string(record),
            self.scene.holdKey("B"): .string(Along.systemRecord(of: "B", for: "P", fence: fence)),
            self.scene.holdKey("Q_0"): .string(Along.systemRecord(of: "Q", for: "P", fence: fence, flags: "bp")),
            self.scene.key("ph:P"): .hash(["n": "1", "ralice": "0", "t" + hold.token: "0"]),
            self.scene.key("pb:P"): .string(ByteText([0x80])),
            self.scene.key("ph:Q"): .hash(["n": "1", "r__system__": "0"]),
            self.scene.key("pb:Q"): .string(ByteText([0x80])),
            self.scene.key("bl:P"): .hash(["B": "B\t1", "Q": "Q_0\t1"]),
            self.scene.key("an:N"): .hash(["alice": "1"]),
            self.scene.key("act"): .scores(["kP_0": "inf"]),
            self.scene.key("q:alice"): .scores(["P_0": ByteText(fence)]),
            self.scene.key("ev"): .stream([hold.entry("A", id: fence, as: "P_0", ["B", "Q"])]),
        ])
    }

    @Test("The next requester shares the blockers and takes the lowest free slot; the same one has it already")
    func shares() async throws {
        try await self.openPool(3)
        let slot = Hold("P_1", by: "carol")
        _ = try await self.scene.claim(Hold("P"), slot)
        _ = try await self.scene.giveBack(Hold("P"))
        let seen = try await self.scene.claim(Hold("P", by: "bob"), Hold("P", by: "carol"))
        #expect(seen.answer.text(5) == "P_0")
        #expect(seen.after.hash(self.scene.key("bl:P")) == ["B": "B\t2", "Q": "Q_0\t2"])
        #expect(seen.after.hash(self.scene.key("an:N")) == ["bob": "1", "carol": "1"])
        var expected = Self.along
        expected.flags = "ps"
        let had = slot.claimed("ALREADY_HAD", as: "P_1", expected, fence: Scene.startUs + 1)
        #expect(Array(seen.answer.fields.suffix(7)) == had)
    }

    @Test("What is in the way is told, with its holder, and nothing is taken")
    func refused() async throws {
        try await self.scene.openResources(
            Resource("N", marks: "ao"), Resource("P", capacity: 2, below: "N", blockers: ["B", "C"]),
            Resource("L", below: "N"))
        _ = try await self.scene.claim(Hold("B", by: "bob", ttlMs: 5_000), Hold("L", by: "carol"))
        let end = ByteText(Scene.startMs + 5_000)
        let obstacles = Hold.refused(
            "NOT_AVAILABLE", ["B", "BLOCKER", "bob", end], ["N", "ANCESTOR", "carol", ""])
        try await self.scene.claim(Hold("P")).expectUnchanged(.reply("ITEMS", [""] + obstacles))
        let held = Hold.refused("ALREADY_HELD", ["B", "RESOURCE", "bob", end])
        try await self.scene.claim(Hold("B")).expectUnchanged(.reply("ITEMS", [""] + held))
        let node = Hold.refused("ALREADY_HELD", ["N", "RESOURCE", "carol", ""])
        try await self.scene.claim(Hold("N")).expectUnchanged(.reply("ITEMS", [""] + node))
        try await self.scene.claim(Hold("P_2")).expectUnchanged(.reply("ITEMS", [""] + Hold.refused("NOT_VALID")))
    }

    @Test("A full pool is not available; a slot that is held, and a pool that shrank to one, are held already")
    func full() async throws {
        try await self.scene.openResources(Resource("P", capacity: 2))
        _ = try await self.scene.claim(Hold("P", by: "bob"), Hold("P", by: "carol"))
        let pool = Hold.refused("NOT_AVAILABLE", ["P", "RESOURCE", "", ""])
        try await self.scene.claim(Hold("P")).expectUnchanged(.reply("ITEMS", [""] + pool))
        let slot = Hold.refused("ALREADY_HELD", ["P_1", "RESOURCE", "carol", ""])
        try await self.scene.claim(Hold("P_1")).expectUnchanged(.reply("ITEMS", [""] + slot))
        _ = try await self.scene.redefine(Resource("P"))
        #expect(try await self.scene.claim(Hold("P")).answer.text(1) == "ALREADY_HELD")
        #expect(
            try await self.scene.claim(Hold("P_0", by: "bob")).answer.text(1) == "ALREADY_HAD", "by its pool's name")
        _ = try await self.scene.giveBack(Hold("P", by: "bob"), Hold("P", by: "carol"))
        #expect(try await self.scene.claim(Hold("P_0")).answer.text(1) == "NOT_VALID")
        let seen = try await self.scene.claim(Hold("P"))
        #expect(seen.answer.text(5) == "P" && seen.after.hash(self.scene.key("ph:P"))["ralice"] == "-")
    }

    @Test("A question takes nothing and says what would be, alone or among others")
    func questions() async throws {
        try await self.openPool()
        let asked = self.scene.claimArguments([Hold("P"), Hold("P", by: "bob"), Hold("gpu-1")], mode: "Q")
        let seen = try await self.claim(asked)
        let expected =
            Hold("P").claimed("AVAILABLE", as: "P_0", Self.along, fence: nil)
            + Hold("P", by: "bob").claimed("AVAILABLE", as: "P_1", Self.along, fence: nil)
            + Hold("gpu-1").claimed("AVAILABLE", fence: nil)
        seen.expectUnchanged(.reply("ITEMS", [""] + expected), "each after those before it")
        let mixed = try await self.claim(
            self.scene.claimArguments([Hold("P"), Hold("P", by: "bob"), Hold("P", by: "carol")], questions: [1]))
        #expect([1, 8, 15].map { mixed.answer.text($0) } == ["ACQUIRED", "AVAILABLE", "ACQUIRED"])
        #expect(mixed.answer.text(12) == "P_1")
    }

    @Test("A claim that fails gives back all that it would have taken, for the ones after it in the call, too")
    func undone() async throws {
        try await self.scene.openResources(
            Resource("N", capacity: 3), Resource("P", capacity: 3, blockers: ["N_0", "N", "x"]))
        _ = try await self.scene.claim(Hold("x", by: "bob"))
        let seen = try await self.scene.claim(Hold("P_1", by: "dora"), Hold("N_1", by: "dora"), Hold("N"))
        #expect(seen.answer.text(1) == "NOT_AVAILABLE")
        #expect(seen.answer.text(19) == "N_0", "the lowest free slot")
        #expect(self.scene.derivedKeys(in: seen.after) == ["pb:N", "ph:N"].map { self.scene.key($0) })
    }

    @Test("A blocker that is a pool leaves the slots to blockers that name one")
    func poolsLast() async throws {
        try await self.scene.openResources(
            Resource("N", capacity: 3), Resource("P", blockers: ["N", "N_0", "x"]))
        let along = Along(resource: "P", blockers: [("N", "N_1"), ("N_0", "N_0"), ("x", "x")])
        let seen = try await self.scene.claim(Hold("P"))
        #expect(seen.answer == .reply("ITEMS", [""] + Hold("P").claimed(as: "P", along, fence: Scene.startUs)))
    }

    @Test("A limit of concurrent reservations stops the whole call, and says when the first of them ends")
    func limited() async throws {
        try await self.scene.openResources(Resource("P", capacity: 9, blockers: ["B"]))
        _ = try await self.scene.claim(Hold("P", ttlMs: 7_000), Hold("P", by: "bob"))
        let holds = [Hold("P", by: "carol"), Hold("gpu-1")]
        try await self.claim(self.scene.claimArguments(holds, limit: "3"))
            .expectUnchanged(.reply("LIMITED", "2", .bytes(ByteText(Scene.startMs + 7_000))))
        let along = Along(flags: "p", resource: "P", blockers: [("B", "B")])
        try await self.scene.claim(Hold("P", ttlMs: 7_000), limit: "1")
            .expectUnchanged(
                .reply(
                    "ITEMS",
                    ["2"] + Hold("P", ttlMs: 7_000).claimed(as: "P_0", along, fence: Scene.startUs)))
        let seen = try await self.claim(self.scene.claimArguments(holds, limit: "4"))
        #expect(seen.answer.text(0) == "2" && seen.answer.text(1) == "ACQUIRED")
        _ = try await self.scene.giveBack(Hold("P", ttlMs: 7_000))
        let never = try await self.claim(self.scene.claimArguments([Hold("gpu-2")], limit: "3"))
        #expect(never.answer == .reply("LIMITED", "3", ""))
    }

    @Test("What is past its time is ended first; when that is too much for one call, the caller has to")
    func behind() async throws {
        try await self.scene.openResources(Resource("P", capacity: 100))
        let holds = (0..<64).map { Hold("P", by: "r\($0)", ttlMs: 1_000) }
        for part in [holds[..<32], holds[32...]] { _ = try await self.claim(self.scene.claimArguments(Array(part))) }
        try await self.scene.setClock(Scene.startMs + 1_000)
        #expect(try await self.scene.claim(Hold("P")).answer == .reply("BEHIND"))
        for _ in 0..<3 { _ = try await self.scene.run("reservation/expire", ["limit": "200"]) }
        let swept = Scene.startMs + 1_000
        let seen = try await self.claim(self.scene.claimArguments([Hold("P")], sweptMs: swept))
        #expect(seen.answer.text(5) == "P_0" && seen.after.hash(self.scene.key("ph:P"))["n"] == "1")
    }

    @Test("A call that takes too much along answers fewer items than were asked for")
    func long() async throws {
        let blockers = (0..<60).map { ByteText("B\($0)") }
        try await self.scene.openResources(Resource("P", capacity: 20, blockers: blockers))
        let holds = (0..<10).map { Hold("P", by: "r\($0)") }
        let seen = try await self.claim(self.scene.claimArguments(holds))
        let count = (seen.answer.fields.count - 1) / 7
        #expect((1..<10).contains(count))
        #expect(seen.after.hash(self.scene.key("ph:P"))["n"] == ByteText(count))
    }

    @Test("Stale, closed and suspended tenants take nothing")
    func tenants() async throws {
        try await self.openPool()
        try await self.scene.claim(Hold("P"), tag: "A1").expectUnchanged(.reply("STALE", .bytes(Scene.tag())))
        for (tag, word) in [("C1", "CLOSED"), ("S1", "SUSPENDED")] as [(ByteText, ByteText)] {
            try await self.scene.harness.command("SET", self.scene.tenantKey, tag)
            try await self.scene.claim(Hold("P"), tag: tag).expectUnchanged(.reply(word))
        }
    }

    @Test("Trees without a root and records that are none are errors, and nothing changes")
    func corrupt() async throws {
        try await self.openPool()
        for (name, row) in [("N", ""), ("N", "1\n1\n0\na\nP\n"), ("P", "x")] as [(ByteText, ByteText)] {
            let old = try await self.scene.harness.snapshot().hash(self.scene.key("def"))[name] ?? ""
            try await self.scene.harness.command("HSET", self.scene.key("def"), name, row)
            try await self.scene.claim(Hold("P")).expectFailure("CORRUPT", "\(name) \(row)")
            try await self.scene.harness.command("HSET", self.scene.key("def"), name, old)
        }
    }
}
