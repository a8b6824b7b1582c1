// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("reservation/holds", .privateRedis, .serialized)
struct HoldsTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
    }

    private func page(
        after place: (score: ByteText, member: ByteText) = ("", ""), limit: Int = 2, tag: ByteText = "A1"
    ) async throws -> Observation {
        try await self.scene.observe(
            "reservation/holds",
            ["tag": tag, "score": place.score, "member": place.member, "limit": ByteText(limit)])
    }

    /// The names of all pages; `meanwhile` happens between any two of them.
    private func names(
        limit: Int = 2, meanwhile: () async throws -> Void = {}
    ) async throws -> [String] {
        var names: [String] = []
        var place: (score: ByteText, member: ByteText) = ("", "")
        repeat {
            let answer = try await self.page(after: place, limit: limit).answer
            names += stride(from: 2, to: answer.fields.count, by: 2).map { answer.text($0).plain }
            place = (answer.text(0), answer.text(1))
            try await meanwhile()
        } while !place.score.bytes.isEmpty
        return names
    }

    @Test("Holds are listed by their end, those without one last by name, with their records")
    func pages() async throws {
        let holds = [Hold("c"), Hold("a"), Hold("d", ttlMs: 2_000), Hold("b"), Hold("e", ttlMs: 1_000)]
        _ = try await self.scene.run("reservation/acquire", self.scene.acquireArguments(holds))
        let first = try await self.page()
        let records =
            [(4, "e"), (2, "d")].map { index, name in
                [
                    .bytes(name),
                    .bytes(holds[index].record(takenAt: Scene.startMs, fence: Scene.startUs + Int64(index))),
                ]
            } as [[ScriptField]]
        let end = ByteText(Scene.startMs + 2_000)
        first.expectUnchanged(.reply("HOLDS", [.bytes(end), "kd"] + records.joined()))
        for limit in 1...6 { #expect(try await self.names(limit: limit) == ["e", "d", "a", "b", "c"], "\(limit)") }
        try await self.scene.setClock(Scene.startMs + 1_000)
        #expect(try await self.names() == ["d", "a", "b", "c"], "what is past its time is no hold")
    }

    @Test("A page begins after the place where the last one ended, though its entry is gone")
    func goesOn() async throws {
        let holds = (0..<8).map { Hold("gpu-\($0)", ttlMs: $0 < 4 ? 1_000 : 0) }
        _ = try await self.scene.run("reservation/acquire", self.scene.acquireArguments(holds))
        var next = 1
        let names = try await self.names {
            if holds.indices.contains(next) { _ = try await self.scene.release(holds[next]) }
            next += 2
        }
        #expect(names == (0..<8).map { "gpu-\($0)" })
    }

    @Test("A record that cannot be read is shown with what there is, one that is gone not")
    func unreadable() async throws {
        _ = try await self.scene.acquire(Hold("a"), Hold("b"), Hold("c"), Hold("d"))
        try await self.scene.harness.command("SET", self.scene.holdKey("a"), "x")
        try await self.scene.harness.command("DEL", self.scene.holdKey("b"), self.scene.holdKey("c"))
        try await self.scene.harness.command("RPUSH", self.scene.holdKey("b"), "x")
        let seen = try await self.page(limit: 9)
        #expect(Array(seen.answer.fields.prefix(7)) == ["", "", "a", "x", "b", "", "d"])
        #expect(seen.answer.fields.count == 8)
    }

    @Test("A stale tag is told; there may be nothing to list")
    func empty() async throws {
        try await self.page().expectUnchanged(.reply("HOLDS", "", ""))
        try await self.page(tag: "A2").expectUnchanged(.reply("STALE", "A1"))
    }
}
