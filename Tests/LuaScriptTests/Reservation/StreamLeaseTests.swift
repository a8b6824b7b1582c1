// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("Leases of event streams", .privateRedis, .serialized)
struct StreamLeaseTests {
    let scene: Scene
    private static let leaseMs: Int64 = 60_000

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
    }

    private func tag(in snapshot: KeyspaceSnapshot) -> ByteText? { snapshot.string(self.scene.tenantKey) }

    private func renew(_ ids: ByteText...) async throws -> Observation {
        try await self.scene.observe(
            "reservation/renew_streams", ScriptArguments(["lease_ms": ByteText(Self.leaseMs)], rest: ids))
    }

    private func close(_ ids: ByteText...) async throws -> Observation {
        try await self.scene.observe("reservation/close_streams", ScriptArguments([:], rest: ids))
    }

    private func end(limit: ByteText = "200") async throws -> Observation {
        try await self.scene.observe("reservation/end_streams", ["limit": limit])
    }

    @Test("The first stream sets the mark and with it a new epoch; the next ones change neither")
    func open() async throws {
        let first = try await self.scene.openStream("s1")
        #expect(first.answer == .reply("OPENED", "0", .bytes(ByteText(Scene.startMs))))
        let end = ByteText(Scene.startMs + Self.leaseMs)
        first.expectChanges([
            self.scene.tenantKey: .string(Scene.tag() + "w"), self.scene.key("es"): .scores(["s1": end]),
            self.scene.shardKey("due"): .scores(["eacme": end]),
        ])
        #expect(try await self.scene.openStream("s2").answer == .reply("STALE", .bytes(Scene.tag() + "w")))
        let second = try await self.scene.openStream("s2", tag: Scene.tag() + "w")
        second.expectChanges([self.scene.key("es"): .scores(["s1": end, "s2": end])])
        // What a call sent again finds is its own lease.
        #expect(try await self.scene.openStream("s2", limit: "2", tag: Scene.tag() + "w").answer.word == "OPENED")
    }

    @Test("The number of the last event is told, whatever the limit of streams")
    func last() async throws {
        _ = try await self.scene.acquire(Hold())
        #expect(try await self.scene.openStream("s1", limit: "1").answer.text(0) == ByteText(Scene.startUs))
    }

    @Test("Beyond the limit nothing is changed, until a lease is over")
    func limit() async throws {
        try await self.scene.openStream("s1", limit: "0").expectUnchanged(.reply("LIMITED", ""))
        _ = try await self.scene.openStream("s1", limit: "1")
        let tag = Scene.tag() + "w"
        let till = ByteText(Scene.startMs + Self.leaseMs)
        try await self.scene.openStream("s2", limit: "1", tag: tag).expectUnchanged(.reply("LIMITED", .bytes(till)))
        try await self.scene.setClock(Scene.startMs + Self.leaseMs)
        let seen = try await self.scene.openStream("s2", limit: "1", tag: tag)
        #expect(seen.answer.word == "OPENED" && seen.after.scores(self.scene.key("es")).keys.sorted() == ["s2"])
    }

    @Test("A suspended tenant may look on, a closed one not")
    func tenants() async throws {
        try await self.scene.harness.command("SET", self.scene.tenantKey, "S1")
        let seen = try await self.scene.openStream("s1", tag: "S1")
        #expect(seen.answer.word == "OPENED" && self.tag(in: seen.after) == Scene.tag("S") + "w")
        try await self.scene.harness.command("SET", self.scene.tenantKey, "C1w")
        try await self.scene.openStream("s2", tag: "C1w").expectUnchanged(.reply("CLOSED"))
        try await self.renew("s1").expectUnchanged(.reply("GONE"))
        try await self.scene.harness.command("DEL", self.scene.tenantKey)
        try await self.renew("s1").expectUnchanged(.reply("GONE"))
        try await self.close("s1").expectUnchanged(.reply("GONE"))
        // What such a tenant left behind does not stay due for ever.
        #expect(try await self.end().answer == .reply("EXPIRED", 0, 0, 0))
        let after = try await self.scene.harness.snapshot()
        #expect(after[self.scene.key("es")] == nil && after[self.scene.shardKey("due")] == nil)
    }

    @Test("A renewal keeps the leases, also those that are over, and says tag and last event")
    func renew() async throws {
        _ = try await self.scene.openStream("s1")
        _ = try await self.scene.acquire(Hold(), tag: Scene.tag() + "w")
        try await self.scene.setClock(Scene.startMs + 15_000)
        let seen = try await self.renew("s1")
        #expect(seen.answer == .reply("RENEWED", .bytes(Scene.tag() + "w"), .bytes(ByteText(Scene.startUs))))
        let end = ByteText(Scene.startMs + 15_000 + Self.leaseMs)
        #expect(seen.after.scores(self.scene.key("es")) == ["s1": end])
        #expect(seen.after.scores(self.scene.shardKey("due"))["eacme"] == end)
        try await self.scene.setClock(Scene.startMs + 200_000)
        #expect(try await self.end().answer == .reply("EXPIRED", 1, 0, 0))
        let again = try await self.renew("s1")
        #expect(self.tag(in: again.after)?.plain.hasSuffix("w") == true)
        #expect(again.answer.text(0) == self.tag(in: again.after))
    }

    @Test("The last stream that closes takes the mark away, with a new epoch")
    func close() async throws {
        _ = try await self.scene.openStream("s1")
        _ = try await self.scene.openStream("s2", tag: Scene.tag() + "w")
        let first = try await self.close("s1", "unknown")
        #expect(first.answer == .reply("CLOSED", 1) && self.tag(in: first.after) == Scene.tag() + "w")
        let last = try await self.close("s2")
        #expect(last.answer == .reply("CLOSED", 0))
        last.expectChanges([
            self.scene.tenantKey: .string(Scene.tag(changes: 2)), self.scene.key("es"): .removed,
            self.scene.shardKey("due"): .removed,
        ])
    }

    @Test("The leases of a dead server come to their end, some a call, and with the last the mark")
    func dead() async throws {
        var tag: ByteText = "A1"
        for number in 0..<5 {
            _ = try await self.scene.openStream("s\(number)", tag: tag)
            tag = Scene.tag() + "w"
        }
        #expect(try await self.end().answer == .reply("EXPIRED", 0, 0, 0))
        try await self.scene.setClock(Scene.startMs + Self.leaseMs)
        #expect(try await self.end(limit: "3").answer == .reply("EXPIRED", 3, 0, 1))
        let last = try await self.end(limit: "3")
        #expect(last.answer == .reply("EXPIRED", 2, 0, 0))
        #expect(self.tag(in: last.after) == "A" + ByteText((Scene.startMs + Self.leaseMs) * 1000))
        #expect(last.after[self.scene.key("es")] == nil && last.after[self.scene.shardKey("due")] == nil)
    }

    @Test("Marks keep their order and survive every change of the epoch; setting one twice changes nothing")
    func marks() async throws {
        try await self.scene.setMarks("h", tag: "A1")
        _ = try await self.scene.openStream("s1", tag: "A1h")
        #expect(self.tag(in: try await self.scene.harness.snapshot()) == Scene.tag() + "hw")
        // The first definition bumps.
        let define = self.scene.defineArguments([Resource("P", capacity: 2)], tag: Scene.tag() + "hw")
        #expect(try await self.scene.run("reservation/define", define).word == "DEFINED")
        #expect(self.tag(in: try await self.scene.harness.snapshot()) == Scene.tag(changes: 2) + "hw")
        let closed = try await self.close("s1")
        #expect(self.tag(in: closed.after) == Scene.tag(changes: 3) + "h")
    }

    @Test("Events are read after a number, in pages")
    func read() async throws {
        _ = try await self.scene.acquire(Hold("a"), Hold("b"), Hold("c"))
        let us = Scene.startUs
        func page(_ after: Int64, _ limit: ByteText) async throws -> ScriptAnswer {
            try await self.scene.run("reservation/stream_events", ["after": ByteText(after), "limit": limit])
        }
        let first = try await page(0, "2")
        #expect(first.text(2) == ByteText(us) && first.text(3) == "A" && first.text(5) == ByteText(us + 1))
        #expect(first.text(4) == Hold("a").entry("A", id: us, takenAt: Scene.startMs)[2])
        #expect(try await page(us + 1, "2").text(2) == ByteText(us + 2))
        #expect(try await page(us + 2, "2") == .reply("EVENTS", 0, 0))
    }

    @Test("A page says when events before it may be gone, and only then")
    func lost() async throws {
        _ = try await self.scene.acquire(Hold("a"), Hold("b"), Hold("c"))
        let us = Scene.startUs
        func lost(after: Int64) async throws -> ByteText {
            try await self.scene.run("reservation/stream_events", ["after": ByteText(after), "limit": "2"]).text(1)
        }
        for after in [0, us, us + 1] { #expect(try await lost(after: after) == "0") }
        _ = try await self.scene.harness.command("XTRIM", self.scene.key("ev"), "MAXLEN", "1")
        for (after, expected) in [(0, "0"), (us, "1"), (us + 2, "0")] as [(Int64, ByteText)] {
            #expect(try await lost(after: after) == expected)
        }
    }
}
