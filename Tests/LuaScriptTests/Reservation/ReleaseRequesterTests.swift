// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("reservation/release_requester", .privateRedis, .serialized)
struct ReleaseRequesterTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openResources(
            Resource("N", marks: "ao"), Resource("P", capacity: 3, below: "N", blockers: ["B"]))
    }

    static func arguments(
        _ requester: ByteText, after: ByteText = "0", till: ByteText = "", limit: Int = 100,
        tag: ByteText = Scene.tag()
    ) -> ScriptArguments {
        [
            "tag": tag, "requester": requester, "after": after, "till": till, "limit": ByteText(limit), "context": "",
        ]
    }

    private func release(
        _ requester: ByteText = "alice", after: ByteText = "0", till: ByteText = "", limit: Int = 100
    ) async throws -> Observation {
        let arguments = Self.arguments(requester, after: after, till: till, limit: limit)
        return try await self.scene.observe("reservation/release_requester", arguments)
    }

    private static func answer(
        _ count: Int64, failed: Int64 = 0, after: ByteText, till: ByteText, more: Int64 = 0
    ) -> ScriptAnswer {
        .reply("RELEASED", .integer(count), .integer(failed), .bytes(after), .bytes(till), .integer(more))
    }

    @Test("All that a requester holds is freed with what it took along; what is past its time does not count")
    func frees() async throws {
        _ = try await self.scene.claim(Hold("P"), Hold("P_2"), Hold("x", ttlMs: 1_000), Hold("y", by: "bob"))
        try await self.scene.setClock(Scene.startMs + 1_000)
        let seen = try await self.release()
        let last = ByteText(Scene.startUs + 2)
        #expect(seen.answer == Self.answer(2, after: last, till: last))
        #expect(seen.after.stream(self.scene.key("ev")).map { $0[1] } == ["A", "A", "A", "A", "B", "B", "X"])
        #expect(self.scene.derivedKeys(in: seen.after) == [] && seen.after[self.scene.key("q:alice")] == nil)
        #expect(seen.after.scores(self.scene.key("act")) == ["ky": "inf"])
        try await self.release().expectUnchanged(Self.answer(0, after: "0", till: "0"), "again")
        try await self.release("nobody").expectUnchanged(Self.answer(0, after: "0", till: "0"))
    }

    @Test("A few a call, until what was there at the first of them is freed: what is taken meanwhile stays")
    func pages() async throws {
        for number in 0..<5 { _ = try await self.scene.claim(Hold("x\(number)")) }
        let last = ByteText(Scene.startUs + 4)
        #expect(
            try await self.release(limit: 2).answer
                == Self.answer(2, after: ByteText(Scene.startUs + 1), till: last, more: 1))
        _ = try await self.scene.claim(Hold("later"))
        let second = try await self.release(after: ByteText(Scene.startUs + 1), till: last, limit: 2)
        #expect(second.answer == Self.answer(2, after: ByteText(Scene.startUs + 3), till: last, more: 1))
        let third = try await self.release(after: ByteText(Scene.startUs + 3), till: last, limit: 2)
        #expect(third.answer == Self.answer(1, after: last, till: last))
        #expect(third.after.scores(self.scene.key("q:alice")).keys.sorted() == ["later"])
    }

    @Test("Holds that took much along end a few a call, so that no call is long")
    func long() async throws {
        let blockers = (0..<60).map { ByteText("B\($0)") }
        let pools = (0..<9).map { number in
            Resource("Q\(number)", blockers: blockers.map { $0 + ByteText("-\(number)") })
        }
        let define = self.scene.defineArguments(pools, version: 1, tag: Scene.tag())
        _ = try await self.scene.run("reservation/define", define)
        for pool in pools {
            _ = try await self.scene.run("reservation/claim", self.scene.claimArguments([Hold(pool.name)]))
        }
        var (after, till, count, calls): (ByteText, ByteText, Int64, Int) = ("0", "", 0, 0)
        var hasMore = true
        while hasMore, calls < 9 {
            let answer = try await self.release(after: after, till: till).answer
            (after, till, hasMore) = (answer.text(2), answer.text(3), answer.text(4) == "1")
            count += try #require(answer.text(0).number)
            calls += 1
        }
        #expect(count == 9 && calls > 1)
        #expect(self.scene.derivedKeys(in: try await self.scene.harness.snapshot()) == [])
    }

    @Test("What is corrupt is left and counted, the others are freed")
    func corrupt() async throws {
        _ = try await self.scene.claim(Hold("P"), Hold("x"), Hold("y"), Hold("z"))
        try await self.scene.harness.command("HSET", self.scene.key("bl:P"), "B", "other\t1")
        try await self.scene.harness.command("SET", self.scene.holdKey("x"), "?")
        try await self.scene.harness.command("DEL", self.scene.holdKey("y"))
        try await self.scene.harness.command("RPUSH", self.scene.holdKey("y"), "?")
        let seen = try await self.release()
        let last = ByteText(Scene.startUs + 3)
        #expect(seen.answer == Self.answer(1, failed: 3, after: last, till: last))
        for key in [self.scene.holdKey("P_0"), self.scene.key("ph:P"), self.scene.key("an:N")] {
            #expect(seen.after[key] == seen.before[key])
        }
        #expect(seen.after.scores(self.scene.key("act")) == ["kP_0": "inf", "kx": "inf", "ky": "inf"])
    }

    @Test("A suspended tenant may free what it holds, a closed or stale one not")
    func tenants() async throws {
        func answer(_ tag: ByteText) async throws -> Observation {
            try await self.scene.observe("reservation/release_requester", Self.arguments("alice", tag: tag))
        }
        _ = try await self.scene.claim(Hold("x"))
        try await answer("A1").expectUnchanged(.reply("STALE", .bytes(Scene.tag())))
        try await self.scene.harness.command("SET", self.scene.tenantKey, "C1")
        try await answer("C1").expectUnchanged(.reply("CLOSED"))
        try await self.scene.harness.command("SET", self.scene.tenantKey, "S1")
        #expect(try await answer("S1").answer.fields.first == 1)
    }
}
