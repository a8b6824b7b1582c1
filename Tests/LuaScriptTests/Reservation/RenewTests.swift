// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("reservation/renew", .privateRedis, .serialized)
struct RenewTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openResources(Resource("P", capacity: 2, blockers: ["B"]))
    }

    static func arguments(
        _ holds: [Hold], ttlMs: Int64, isRegistered: Bool = true, tag: ByteText = Scene.tag()
    ) -> ScriptArguments {
        ScriptArguments(
            ["tag": tag, "registered": isRegistered ? "1" : "0"],
            rest: holds.flatMap { $0.releaseItem + [ByteText(ttlMs)] })
    }

    private func renew(_ holds: Hold..., ttlMs: Int64 = 60_000) async throws -> Observation {
        try await self.scene.observe("reservation/renew", Self.arguments(holds, ttlMs: ttlMs))
    }

    private static func refused(_ word: ByteText) -> ScriptAnswer {
        .reply("ITEMS", .bytes(word), "", "", "", "")
    }

    @Test("A hold lives so long from now on, whatever it lived before: record and indexes say so, and nothing else")
    func renews() async throws {
        for (ttl, name) in [(0, "x"), (5_000, "y"), (500_000, "z")] as [(Int64, ByteText)] {
            var hold = Hold(name, ttlMs: ttl)
            _ = try await self.scene.claim(hold)
            let fence = try #require(
                try await self.scene.harness.snapshot().scores(self.scene.key("q:alice"))[name]?.number)
            let seen = try await self.renew(hold)
            let end = ByteText(Scene.startMs + 60_000)
            let fields: [ScriptField] = ["RENEWED", .bytes(end), .bytes(padded(fence, 16)), .bytes(name), ""]
            #expect(seen.answer == .reply("ITEMS", fields))
            hold.ttlMs = 60_000
            var active = seen.before.scores(self.scene.key("act"))
            active["k" + name] = end
            let due = seen.before.scores(self.scene.shardKey("due"))["lacme"].map { min($0, end) } ?? end
            seen.expectChanges([
                self.scene.holdKey(name): .string(hold.record(takenAt: Scene.startMs, fence: fence)),
                self.scene.key("act"): .scores(active), self.scene.shardKey("due"): .scores(["lacme": due]),
            ])
        }
    }

    @Test("A unit of a pool is renewed by the pool's name or its own, with all that it took along")
    func pools() async throws {
        _ = try await self.scene.claim(Hold("P", ttlMs: 1_000), Hold("P", by: "bob", ttlMs: 2_000))
        var slot = Hold("P", by: "bob")
        slot.name = "P_1"
        let seen = try await self.renew(Hold("P"), slot)
        let along = ScriptField.bytes(Along(flags: "p", resource: "P", blockers: [("B", "B")]).text)
        let end = ScriptField.bytes(ByteText(Scene.startMs + 60_000))
        let (first, second) = (padded(Scene.startUs, 16), padded(Scene.startUs + 1, 16))
        #expect(
            seen.answer
                == .reply(
                    "ITEMS", "RENEWED", end, .bytes(first), "P_0", along, "RENEWED", end, .bytes(second), "P_1", along))
        try await self.scene.setClock(Scene.startMs + 59_999)
        #expect(try await self.scene.claim(Hold("P", by: "carol")).answer.text(1) == "NOT_AVAILABLE")
        try await self.scene.setClock(Scene.startMs + 60_000)
        #expect(try await self.scene.claim(Hold("P", by: "carol")).answer.text(1) == "ACQUIRED")
    }

    @Test("Only the holder with its token renews, only what is held, and no blocker")
    func guarded() async throws {
        _ = try await self.scene.claim(Hold("P", ttlMs: 5_000), Hold("x", ttlMs: 1_000))
        for (name, requester, secret, word) in [
            ("P", "alice", "other", "BAD_TOKEN"), ("P", "bob", "alice/P", "NOT_OWNER"), ("B", "alice", "", "BAD_TOKEN"),
            ("P_0", "alice", "alice/x", "BAD_TOKEN"), ("P_1", "alice", "alice/x", "NOT_RESERVED"),
            ("y", "alice", "alice/x", "NOT_RESERVED"),
        ] as [(ByteText, ByteText, ByteText, ByteText)] {
            var hold = Hold(name, by: requester)
            hold.token = secret == "" ? ByteText("0").repeated(36) : token(secret)
            try await self.renew(hold).expectUnchanged(Self.refused(word), "\(name) \(secret)")
        }
        try await self.scene.setClock(Scene.startMs + 1_000)
        let late = try await self.renew(Hold("x"))
        #expect(late.answer == Self.refused("NOT_RESERVED") && late.after[self.scene.holdKey("x")] == nil)
    }

    @Test("Stale, closed and suspended tenants renew nothing")
    func tenants() async throws {
        func answer(_ tag: ByteText) async throws -> Observation {
            try await self.scene.observe("reservation/renew", Self.arguments([Hold("x")], ttlMs: 1, tag: tag))
        }
        _ = try await self.scene.claim(Hold("x"))
        try await answer("A1").expectUnchanged(.reply("STALE", .bytes(Scene.tag())))
        for (tag, word) in [("C1", "CLOSED"), ("S1", "SUSPENDED")] as [(ByteText, ByteText)] {
            try await self.scene.harness.command("SET", self.scene.tenantKey, tag)
            try await answer(tag).expectUnchanged(.reply(word))
        }
    }
}
