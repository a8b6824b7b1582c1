// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("reservation/force_release", .privateRedis, .serialized)
struct ForceReleaseTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openResources(
            Resource("N", capacity: 9, marks: "ao"), Resource("P", capacity: 300, below: "N", blockers: ["B"]))
    }

    private func force(_ name: ByteText) async throws -> Observation {
        try await self.scene.observe(
            "reservation/force_release", ["resource": name, "entry": "{\"op\":\"force\"}", "context": ""])
    }

    @Test("A hold is freed by its name without its token, with what it took along, and there is an audit entry")
    func frees() async throws {
        let hold = Hold("P")
        _ = try await self.scene.claim(hold)
        let seen = try await self.force("P_0")
        #expect(seen.answer == .reply("FORCED", "alice", "P_0\tB\tN"))
        var journal = Journal(self.scene, atUs: Scene.startUs, after: seen.before)
        journal.audit("{\"op\":\"force\"}")
        let freed = hold.entry("F", id: Scene.startUs + 1, as: "P_0", ["P_0", "B", "N"])
        seen.expectChanges(
            journal.with([
                self.scene.holdKey("P_0"): .removed, self.scene.holdKey("B"): .removed,
                self.scene.key("ph:P"): .removed, self.scene.key("pb:P"): .removed, self.scene.key("bl:P"): .removed,
                self.scene.key("an:N"): .removed, self.scene.key("act"): .removed, self.scene.key("q:alice"): .removed,
                self.scene.key("ev"): .stream(seen.before.stream(self.scene.key("ev")) + [freed]),
            ]))
        try await self.force("P_0").expectUnchanged(.reply("FREE"))
        _ = try await self.scene.claim(Hold("x"))
        #expect(try await self.force("x").answer == .reply("FORCED", "alice", "x"))
    }

    @Test("Of several units of a pool one has to be named; the only one goes by the pool's name")
    func units() async throws {
        _ = try await self.scene.claim(Hold("P", by: "bob"), Hold("P"))
        try await self.force("P").expectUnchanged(.reply("SEVERAL", 2))
        #expect(try await self.force("P_0").answer == .reply("FORCED", "bob", "P_0\tN"))
        #expect(try await self.force("P").answer == .reply("FORCED", "alice", "P_1\tB\tN"))
        try await self.force("P").expectUnchanged(.reply("FREE"))
    }

    @Test("The last unit of a pool that was large is found, and its holder told")
    func lastOfMany() async throws {
        // Large enough that the record of the pool's units is not small any more when it has become empty.
        _ = try await self.scene.redefine(Resource("Q", capacity: 10_000))
        let units = self.scene.key("ph:Q")
        for first in stride(from: 0, to: 10_000, by: 500) {
            let fields = (first..<(first + 500)).flatMap { number -> [ByteText] in ["r\(number)", "x"] }
            try await self.scene.harness.command(["HSET", units] + fields)
        }
        _ = try await self.scene.claim(Hold("Q"))
        for first in stride(from: 0, to: 10_000, by: 500) {
            try await self.scene.harness.command(["HDEL", units] + (first..<(first + 500)).map { ByteText("r\($0)") })
        }
        let check = self.scene.checkArguments(["Q", "Q_0"], isRegistered: true, tag: Scene.tag())
        #expect(try await self.scene.run("reservation/check", check) == .reply("ITEMS", "FREE", "", "HELD", "alice"))
        _ = try await self.scene.redefine(Resource("Q"), version: 2)
        #expect(
            try await self.scene.run("reservation/check", check) == .reply("ITEMS", "HELD", "alice", "HELD", "alice"))
        #expect(try await self.force("Q").answer == .reply("FORCED", "alice", "Q_0"))
    }

    @Test("What is held along with something else is not freed by itself")
    func derived() async throws {
        _ = try await self.scene.claim(Hold("P"))
        for name: ByteText in ["B", "N"] { try await self.force(name).expectUnchanged(.reply("DERIVED")) }
        try await self.force("M").expectUnchanged(.reply("FREE"))
    }

    @Test("What is past its time is ended as such, and nobody had it")
    func expired() async throws {
        _ = try await self.scene.claim(Hold("P", ttlMs: 1_000))
        try await self.scene.setClock(Scene.startMs + 1_000)
        let seen = try await self.force("P")
        #expect(seen.answer == .reply("FREE"))
        #expect(seen.after.stream(self.scene.key("ev")).map { $0[1] } == ["A", "X"])
        #expect(self.scene.derivedKeys(in: seen.after) == [])
    }

    @Test("There is no tenant, or a closed one; a suspended one may be helped")
    func tenants() async throws {
        _ = try await self.scene.claim(Hold("x"))
        try await self.scene.harness.command("SET", self.scene.tenantKey, "C1")
        try await self.force("x").expectUnchanged(.reply("CLOSED"))
        try await self.scene.harness.command("DEL", self.scene.tenantKey)
        try await self.force("x").expectUnchanged(.reply("NO_TENANT"))
        try await self.scene.harness.command("SET", self.scene.tenantKey, "S1")
        #expect(try await self.force("x").answer.word == "FORCED")
    }
}
