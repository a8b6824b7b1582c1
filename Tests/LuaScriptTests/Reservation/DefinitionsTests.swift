// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("reservation/definitions", .privateRedis, .serialized)
struct DefinitionsTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openResources(
            Resource("N", capacity: 3, marks: "ao"), Resource("P", capacity: 2, below: "N"), Resource("X"))
    }

    private func page(
        after: ByteText = "", limit: Int = 10, sweptMs: Int64 = 0, tag: ByteText = Scene.tag()
    ) async throws -> Observation {
        try await self.scene.observe(
            "reservation/definitions",
            ["tag": tag, "after": after, "limit": ByteText(limit), "swept_ms": ByteText(sweptMs)])
    }

    @Test("Resources are listed in the order of their names, page by page, with the units in use")
    func pages() async throws {
        _ = try await self.scene.claim(Hold("P"), Hold("P", by: "bob"), Hold("N"), Hold("X", by: "carol"))
        let rows: [ScriptField] = [
            "N", .bytes(Resource("N", capacity: 3, marks: "ao").row(adopted: 3)), 2, "P",
            .bytes(Resource("P", capacity: 2, below: "N").row(adopted: 2)), 2, "X", .bytes(Resource("X").row()), 1,
        ]
        try await self.page().expectUnchanged(.reply("PAGE", ["1"] + rows))
        try await self.page(limit: 2).expectUnchanged(.reply("PAGE", ["1"] + rows.prefix(6)))
        try await self.page(after: "P", limit: 2).expectUnchanged(.reply("PAGE", ["1"] + rows.suffix(3)))
        try await self.page(after: "O", limit: 1).expectUnchanged(.reply("PAGE", ["1"] + rows[3..<6]))
        try await self.page(after: "X").expectUnchanged(.reply("PAGE", "1"))
    }

    @Test("What is past its time would take up room: the caller ends it first, but nothing that is younger than that")
    func behind() async throws {
        _ = try await self.scene.claim(Hold("P", ttlMs: 1_000), Hold("X", ttlMs: 1_005))
        let end = Scene.startMs + 1_000
        try await self.scene.setClock(end)
        try await self.page().expectUnchanged(.reply("BEHIND"))
        _ = try await self.scene.run("reservation/expire", ["limit": "10"])
        try await self.scene.setClock(end + 5)
        try await self.page().expectUnchanged(.reply("BEHIND"))
        let seen = try await self.page(sweptMs: end)
        #expect(seen.answer.word == "PAGE" && seen.answer.fields.last == 0)
    }

    @Test("Definitions that are none are an error; a stale tag is told")
    func refused() async throws {
        try await self.page(tag: "A1").expectUnchanged(.reply("STALE", .bytes(Scene.tag())))
        try await self.scene.harness.command("HSET", self.scene.key("def"), "P", "x")
        try await self.page().expectFailure("CORRUPT")
        try await self.scene.harness.command("HDEL", self.scene.key("def"), "P")
        try await self.page().expectFailure("CORRUPT")
    }
}

@Suite("reservation/find_definitions", .privateRedis, .serialized)
struct FindDefinitionsTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func find(_ questions: ByteText..., tag: ByteText = Scene.tag()) async throws -> Observation {
        try await self.scene.observe("reservation/find_definitions", ScriptArguments(["tag": tag], rest: questions))
    }

    @Test("Rows, the smallest number of a name that looks like a slot, and children are found; nothing is empty")
    func finds() async throws {
        try await self.scene.openTenant()
        try await self.find("dP", "sP", "cP", tag: "A1").expectUnchanged(.reply("FOUND", "0", "", "", ""))
        try await self.scene.openResources(
            Resource("N", marks: "ao"), Resource("L_12", below: "N"), Resource("L_7", below: "N"), Resource("L_07"),
            Resource("L_x"), Resource("L_"), Resource("_5"))
        try await self.find("dN", "sL", "cN", "dM", "s", "cL")
            .expectUnchanged(
                .reply("FOUND", "1", .bytes(Resource("N", marks: "ao").row()), "7", "L_12\tL_7", "", "", ""))
        try await self.find("dN", tag: "A1").expectUnchanged(.reply("STALE", .bytes(Scene.tag())))
    }
}
