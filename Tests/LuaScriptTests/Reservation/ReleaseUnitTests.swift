// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("reservation/release of registered resources", .privateRedis, .serialized)
struct ReleaseUnitTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openResources(
            Resource("N", capacity: 9, marks: "ao"), Resource("P", capacity: 3, below: "N", blockers: ["B", "Q"]),
            Resource("Q", capacity: 2))
    }

    /// The same hold under another name, requester or token.
    private static func changed(
        _ hold: Hold, name: ByteText? = nil, requester: ByteText? = nil, token: ByteText? = nil
    ) -> Hold {
        Hold(
            requester: requester ?? hold.requester, name: name ?? hold.name, ttlMs: hold.ttlMs, kind: hold.kind,
            token: token ?? hold.token)
    }

    @Test("A unit goes by its own name or its pool's: the token says which; what others need stays held")
    func units() async throws {
        let (first, second, third) = (Hold("P"), Hold("P", by: "bob"), Hold("P_2"))
        _ = try await self.scene.claim(first, second, third)
        let seen = try await self.scene.giveBack(Self.changed(third, name: "P"))
        #expect(seen.answer == .reply("ITEMS", "RELINQUISHED", "P_2"), "the node is held by the other unit, too")
        let freed = third.entry("R", id: Scene.startUs + 3, as: "", ["P_2"])
        seen.expectChanges([
            self.scene.holdKey("P_2"): .removed,
            self.scene.key("ph:P"): .hash([
                "n": "2", "ralice": "0", "rbob": "1", "t" + first.token: "0", "t" + second.token: "1",
            ]),
            self.scene.key("pb:P"): .string(ByteText([0xC0])),
            self.scene.key("bl:P"): .hash(["B": "B\t2", "Q": "Q_0\t2"]),
            self.scene.key("an:N"): .hash(["alice": "1", "bob": "1"]),
            self.scene.key("act"): .scores(["kP_0": "inf", "kP_1": "inf"]),
            self.scene.key("q:alice"): .scores(["P_0": ByteText(Scene.startUs)]),
            self.scene.key("ev"): .stream(seen.before.stream(self.scene.key("ev")) + [freed]),
        ])
        let last = try await self.scene.giveBack(Self.changed(first, name: "P_0"), second, first)
        let names: [ScriptField] = ["RELINQUISHED", "P_0\tN", "RELINQUISHED", "P_1\tB\tQ_0\tN", "NOT_RESERVED", ""]
        #expect(last.answer == .reply("ITEMS", names))
        #expect(self.scene.derivedKeys(in: last.after) == [])
    }

    @Test("Only the holder with its token frees a unit, and nobody what is held along with it")
    func guarded() async throws {
        let hold = Hold("P")
        _ = try await self.scene.claim(hold)
        let zeros = ByteText("0").repeated(36)
        for (call, word) in [
            (Self.changed(hold, token: ""), "BAD_TOKEN"), (Self.changed(hold, requester: "bob"), "NOT_OWNER"),
            (Self.changed(hold, name: "P_1"), "NOT_RESERVED"), (Self.changed(hold, name: "N"), "BAD_TOKEN"),
            (Self.changed(hold, name: "B"), "BAD_TOKEN"), (Self.changed(hold, name: "Q"), "BAD_TOKEN"),
            (Self.changed(hold, name: "Q_0", token: zeros), "BAD_TOKEN"),
            (Self.changed(hold, name: "B", requester: "__system__", token: zeros), "BAD_TOKEN"),
            (Self.changed(hold, name: "Q_1", token: zeros), "NOT_RESERVED"),
        ] as [(Hold, ByteText)] {
            try await self.scene.giveBack(call)
                .expectUnchanged(.reply("ITEMS", .bytes(word), ""), "\(call.name), \(call.requester), \(call.token)")
        }
    }

    @Test("A record of what was taken along that does not fit is an error, and nothing changes")
    func corrupt() async throws {
        let hold = Hold("P")
        _ = try await self.scene.claim(hold)
        for words in [
            ["HSET", self.scene.key("bl:P"), "B", "C\t1"], ["HDEL", self.scene.key("an:N"), "alice"],
            ["HSET", self.scene.key("ph:P"), "ralice", "1"], ["HSET", self.scene.key("ph:P"), "n", "0"],
            ["SET", self.scene.holdKey("B"), Hold("B").record(takenAt: Scene.startMs, fence: 1)],
        ] as [[ByteText]] {
            let old = try #require(try await self.scene.harness.text("DUMP", words[1]))
            try await self.scene.harness.command(words)
            try await self.scene.giveBack(hold).expectFailure("CORRUPT", "\(words)")
            try await self.scene.harness.command("RESTORE", words[1], "0", old, "REPLACE")
        }
        #expect(try await self.scene.giveBack(hold).answer.text(0) == "RELINQUISHED")
    }

    @Test("A call that gives much back ends early: fewer items than were asked for, the others are still held")
    func long() async throws {
        let blockers = (0..<60).map { ByteText("B\($0)") }
        _ = try await self.scene.redefine(Resource("R", capacity: 20, blockers: blockers))
        let holds = (0..<20).map { Hold("R", by: "r\($0)") }
        for hold in holds { _ = try await self.scene.run("reservation/claim", self.scene.claimArguments([hold])) }
        let arguments = self.scene.releaseArguments(holds, isRegistered: true, tag: Scene.tag())
        let seen = try await self.scene.observe("reservation/release", arguments)
        let count = seen.answer.fields.count / 2
        #expect((1..<20).contains(count))
        #expect(seen.after.hash(self.scene.key("ph:R"))["n"] == ByteText(20 - count))
    }
}

@Suite("reservation/check of registered resources", .privateRedis, .serialized)
struct CheckUnitsTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openResources(
            Resource("N", capacity: 2, marks: "ao"), Resource("P", capacity: 2, below: "N", blockers: ["B"]),
            Resource("X"))
    }

    private func check(_ names: ByteText..., sweptMs: Int64 = 0) async throws -> Observation {
        let arguments = self.scene.checkArguments(names, isRegistered: true, sweptMs: sweptMs, tag: Scene.tag())
        return try await self.scene.observe("reservation/check", arguments)
    }

    @Test("A resource is held when no unit is free; its holder is named when exactly one unit is in use")
    func units() async throws {
        try await self.check("P", "P_0", "N", "X", "B")
            .expectUnchanged(.reply("ITEMS", "FREE", "", "FREE", "", "FREE", "", "FREE", "", "FREE", ""))
        _ = try await self.scene.claim(Hold("P"), Hold("X", by: "carol"))
        try await self.check("P", "P_0", "P_1", "N", "X", "B")
            .expectUnchanged(
                .reply(
                    "ITEMS", "FREE", "", "HELD", "alice", "FREE", "", "FREE", "", "HELD", "carol", "HELD", "__system__")
            )
        _ = try await self.scene.claim(Hold("P", by: "bob"))
        try await self.check("P", "P_1", "N", "P_2", "y")
            .expectUnchanged(
                .reply("ITEMS", "HELD", "", "HELD", "bob", "HELD", "", "HELD", "", "FREE", ""), "P_2 is no slot")
    }

    @Test("What is past its time may be what keeps a resource from being free: the caller ends it first")
    func behind() async throws {
        _ = try await self.scene.claim(Hold("P", ttlMs: 1_000), Hold("y", ttlMs: 1_000))
        try await self.scene.setClock(Scene.startMs + 1_000)
        try await self.check("X", "y", "P").expectUnchanged(.reply("ITEMS", "FREE", "", "FREE", "", "FREE", ""))
        try await self.check("X", "P_0", "B").expectUnchanged(.reply("BEHIND"))
        try await self.check("B", sweptMs: Scene.startMs + 999)
            .expectUnchanged(.reply("ITEMS", "HELD", "__system__"), "younger than the sweep")
        _ = try await self.scene.run("reservation/expire", ["limit": "10"])
        try await self.check("P_0", "B").expectUnchanged(.reply("ITEMS", "FREE", "", "FREE", ""))
    }
}
