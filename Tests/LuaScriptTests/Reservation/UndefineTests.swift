// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("reservation/undefine", .privateRedis, .serialized)
struct UndefineTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openResources(
            Resource("N", capacity: 2, marks: "ao"), Resource("P_x_7", capacity: 2, below: "N", blockers: ["B"]),
            Resource("B"))
    }

    static func arguments(
        _ names: [ByteText], version: Int64 = 1, mode: ByteText = "D", tag: ByteText = Scene.tag()
    ) -> ScriptArguments {
        ScriptArguments(["tag": tag, "version": ByteText(version), "mode": mode], rest: names)
    }

    private func undefine(_ names: ByteText..., version: Int64 = 1, mode: ByteText = "D") async throws -> Observation {
        let arguments = Self.arguments(names, version: version, mode: mode)
        return try await self.scene.observe("reservation/undefine", arguments)
    }

    @Test("Definitions go with their indexes, after a look that changes nothing")
    func deletes() async throws {
        try await self.undefine("P_x_7", "N", mode: "L").expectUnchanged(.reply("DELETED", "1"))
        let seen = try await self.undefine("P_x_7", "N")
        #expect(seen.answer == .reply("DELETED", "2"))
        seen.expectChanges([
            self.scene.key("def"): .hash(["B": Resource("B").row()]), self.scene.key("dl"): .scores(["B": "0"]),
            self.scene.key("dc:N"): .removed, self.scene.key("ds:P_x"): .removed, self.scene.key("dv"): .string("2"),
        ])
        try await self.undefine("B").expectUnchanged(.reply("CHANGED"))
        try await self.undefine("N", version: 2).expectUnchanged(.reply("CHANGED"), "it is gone")
        let last = try await self.undefine("B", version: 2)
        #expect(last.after[self.scene.key("def")] == nil && last.after[self.scene.key("dl")] == nil)
        #expect(last.after.string(self.scene.key("dv")) == "3", "versions never come twice")
    }

    @Test("Something held of a resource keeps all from being deleted: a unit, something below, or as a blocker")
    func held() async throws {
        let hold = Hold("P_x_7", ttlMs: 5_000)
        _ = try await self.scene.claim(hold)
        for (names, name) in [(["P_x_7", "N"], "P_x_7"), (["N"], "N"), (["B"], "B")] as [([ByteText], ByteText)] {
            for mode: ByteText in ["L", "D"] {
                try await self.scene.observe("reservation/undefine", Self.arguments(names, mode: mode))
                    .expectUnchanged(.reply("HELD", .bytes(name)))
            }
        }
        try await self.scene.setClock(Scene.startMs + 5_000)
        let seen = try await self.undefine("P_x_7", "N", "B")
        #expect(seen.answer == .reply("DELETED", "2"), "what is past its time is no hold")
        #expect(self.scene.derivedKeys(in: seen.after) == [])
    }

    @Test("What was held by its slots is held when the pool has shrunk to one")
    func shrunk() async throws {
        _ = try await self.scene.claim(Hold("P_x_7_1"))
        _ = try await self.scene.redefine(Resource("P_x_7", below: "N"))
        try await self.undefine("P_x_7", version: 2).expectUnchanged(.reply("HELD", "P_x_7"))
    }

    @Test("When more is due than one call can end, the caller has to end it")
    func behind() async throws {
        let blockers = (0..<60).map { ByteText("B\($0)") }
        _ = try await self.scene.redefine(Resource("Q", capacity: 20, blockers: blockers))
        for number in 0..<12 {
            let hold = Hold("Q", by: "r\(number)", ttlMs: 1_000)
            _ = try await self.scene.run("reservation/claim", self.scene.claimArguments([hold]))
        }
        try await self.scene.setClock(Scene.startMs + 1_000)
        #expect(try await self.undefine("Q", version: 2).answer == .reply("BEHIND"))
    }

    @Test("Stale, closed and suspended tenants delete nothing")
    func tenants() async throws {
        func answer(_ tag: ByteText) async throws -> Observation {
            try await self.scene.observe("reservation/undefine", Self.arguments(["B"], tag: tag))
        }
        try await answer("A1").expectUnchanged(.reply("STALE", .bytes(Scene.tag())))
        for (tag, word) in [("C1", "CLOSED"), ("S1", "SUSPENDED")] as [(ByteText, ByteText)] {
            try await self.scene.harness.command("SET", self.scene.tenantKey, tag)
            try await answer(tag).expectUnchanged(.reply(word))
        }
    }
}
