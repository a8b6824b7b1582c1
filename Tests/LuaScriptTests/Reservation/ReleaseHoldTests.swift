// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("reservation/release", .privateRedis, .serialized)
struct ReleaseHoldTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
    }

    @Test("A release frees the name: record and indexes go, an event comes, the due entry waits for the sweep")
    func frees() async throws {
        var other = Hold()
        other.name = "gpu-2"
        _ = try await self.scene.acquire(Hold(), other)
        try await self.scene.setClock(Scene.startMs + 10)
        let seen = try await self.scene.release(Hold())
        #expect(seen.answer == .reply("ITEMS", "RELINQUISHED", ""))
        let released = Hold().entry("R", id: Scene.startUs + 10_000, takenAt: Scene.startMs)
        seen.expectChanges([
            self.scene.holdKey("gpu-1"): .removed,
            self.scene.key("act"): self.scene.scores(self.scene.key("act"), without: ["kgpu-1"], in: seen.before),
            self.scene.key("q:alice"): self.scene.scores(
                self.scene.key("q:alice"), without: ["gpu-1"], in: seen.before),
            self.scene.key("ev"): .stream(seen.before.stream(self.scene.key("ev")) + [released]),
        ])
        try await self.scene.release(Hold()).expectUnchanged(.reply("ITEMS", "NOT_RESERVED", ""), "again")
        let last = try await self.scene.release(other)
        #expect(last.after[self.scene.key("act")] == nil && last.after[self.scene.key("q:alice")] == nil)
    }

    @Test("Only the holder with its token frees a name")
    func guarded() async throws {
        _ = try await self.scene.acquire(Hold())
        var call = Hold()
        call.requester = "bob"
        try await self.scene.release(call).expectUnchanged(.reply("ITEMS", "NOT_OWNER", ""))
        for wrong in [token("t2"), "", ByteText("t1"), token("t1") + "-"] {
            call.token = wrong
            try await self.scene.release(call).expectUnchanged(.reply("ITEMS", "BAD_TOKEN", ""), "\(wrong)")
            call.requester = "alice"
            try await self.scene.release(call).expectUnchanged(.reply("ITEMS", "BAD_TOKEN", ""), "\(wrong)")
        }
        call.name = "gpu-9"
        try await self.scene.release(call).expectUnchanged(.reply("ITEMS", "NOT_RESERVED", ""))
    }

    @Test("A token from before the name was granted anew frees nothing")
    func staleToken() async throws {
        _ = try await self.scene.acquire(Hold())
        try await self.scene.setClock(Scene.startMs + 30_000)
        var new = Hold()
        new.token = token("t2")
        _ = try await self.scene.acquire(new)
        try await self.scene.release(Hold()).expectUnchanged(.reply("ITEMS", "BAD_TOKEN", ""))
    }

    @Test("At its end a hold is not reserved any more, and whoever finds it so frees it with an expiry event")
    func expired() async throws {
        _ = try await self.scene.acquire(Hold())
        let end = Scene.startMs + 30_000
        try await self.scene.setClock(end)
        let seen = try await self.scene.release(Hold())
        #expect(seen.answer == .reply("ITEMS", "NOT_RESERVED", ""))
        let expired = Hold().entry("X", id: end * 1000, takenAt: Scene.startMs)
        seen.expectChanges([
            self.scene.holdKey("gpu-1"): .removed, self.scene.key("act"): .removed,
            self.scene.key("q:alice"): .removed,
            self.scene.key("ev"): .stream(seen.before.stream(self.scene.key("ev")) + [expired]),
        ])
    }

    @Test("The items of a batch see each other")
    func batch() async throws {
        var other = Hold()
        other.name = "gpu-2"
        other.ttlMs = 0
        _ = try await self.scene.acquire(Hold(), other)
        let seen = try await self.scene.release(Hold(), other, Hold(), other)
        #expect(
            seen.answer
                == .reply("ITEMS", "RELINQUISHED", "", "RELINQUISHED", "", "NOT_RESERVED", "", "NOT_RESERVED", ""))
        #expect(seen.after.stream(self.scene.key("ev")).map { $0[1] } == ["A", "A", "R", "R"])
        #expect(seen.after.stream(self.scene.key("ev"))[3][2].plain.hasSuffix(Hold.never.plain))
    }

    @Test("A suspended tenant may free what it holds, a closed or stale one not")
    func tenants() async throws {
        _ = try await self.scene.acquire(Hold())
        try await self.scene.release(Hold(), tag: "A2").expectUnchanged(.reply("STALE", "A1"))
        try await self.scene.harness.command("SET", self.scene.tenantKey, "C1")
        try await self.scene.release(Hold(), tag: "C1").expectUnchanged(.reply("CLOSED"))
        try await self.scene.harness.command("SET", self.scene.tenantKey, "S1")
        #expect(try await self.scene.release(Hold(), tag: "S1").answer == .reply("ITEMS", "RELINQUISHED", ""))
        try await self.scene.harness.command("DEL", self.scene.tenantKey)
        try await self.scene.release(Hold()).expectUnchanged(.reply("STALE", ""))
    }
}

@Suite("reservation/check", .privateRedis, .serialized)
struct CheckTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
    }

    private func check(_ name: ByteText = "gpu-1", tag: ByteText = "A1") async throws -> Observation {
        try await self.scene.observe("reservation/check", self.scene.checkArguments([name], tag: tag))
    }

    @Test("A name is held until the millisecond before its end")
    func boundary() async throws {
        try await self.check().expectUnchanged(.reply("ITEMS", "FREE", ""))
        _ = try await self.scene.acquire(Hold())
        for (delay, answer) in [
            (0, .reply("ITEMS", "HELD", "alice")), (29_999, .reply("ITEMS", "HELD", "alice")),
            (30_000, .reply("ITEMS", "FREE", "")),
            (-180_000, .reply("ITEMS", "HELD", "alice")),
        ] as [(Int64, ScriptAnswer)] {
            try await self.scene.setClock(Scene.startMs + delay)
            try await self.check().expectUnchanged(answer, "\(delay) ms later")
        }
        try await self.check("gpu-2").expectUnchanged(.reply("ITEMS", "FREE", ""))
    }

    @Test("Any tenant with a true tag may look; a stale one not")
    func tenants() async throws {
        _ = try await self.scene.acquire(Hold())
        try await self.check(tag: "A2").expectUnchanged(.reply("STALE", "A1"))
        for tag: ByteText in ["C1", "S1"] {
            try await self.scene.harness.command("SET", self.scene.tenantKey, tag)
            try await self.check(tag: tag).expectUnchanged(.reply("ITEMS", "HELD", "alice"))
        }
    }

    @Test("A hold record that is no record is an error")
    func corrupt() async throws {
        try await self.scene.harness.command("SET", self.scene.holdKey("gpu-1"), "x")
        try await self.check().expectFailure("CORRUPT")
    }
}
