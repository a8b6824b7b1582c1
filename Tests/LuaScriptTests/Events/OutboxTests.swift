// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("events/take, events/acknowledge, events/put_aside", .privateRedis, .serialized)
struct OutboxScriptTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
    }

    private func add(_ numbers: ClosedRange<Int>) async throws {
        for number in numbers {
            try await self.scene.harness.command(
                "ZADD", self.scene.shardKey("out"), ByteText(Int64(number)), "\(number):acme")
            try await self.scene.harness.command("SET", self.scene.shardKey("e:\(number)"), "body \(number)")
        }
    }

    private func take(
        _ owner: ByteText, list: ByteText = "out", after: ByteText = "0", limit: Int64 = 2
    ) async throws -> ScriptAnswer {
        try await self.scene.harness.run(
            "events/take", keys: [Scene.prefix], DeliveryCalls.take(owner, list: list, after: after, limit: limit))
    }

    private func drop(
        _ owner: ByteText, list: ByteText = "out", ends: ByteText = "0", _ entries: ByteText...
    ) async throws -> ScriptAnswer {
        try await self.scene.harness.run(
            "events/acknowledge", keys: [Scene.prefix],
            DeliveryCalls.acknowledge(entries, owner: owner, list: list, ends: ends))
    }

    private func putAside(
        _ owner: ByteText, most: Int64 = 100, _ entries: ByteText...
    ) async throws -> ScriptAnswer {
        try await self.scene.harness.run(
            "events/put_aside", keys: [Scene.prefix], DeliveryCalls.putAside(entries, owner: owner, most: most))
    }

    private func holder() async throws -> ByteText? {
        try await self.scene.harness.snapshot().string(self.scene.shardKey("rl"))
    }

    @Test("121: one worker at a time takes from an outbox; what it has not acknowledged is there for the next")
    func relayed() async throws {
        try await self.add(1...3)
        let first = try await self.take("w1")
        #expect(first.text(1) == "1" && first.fields.count == 11)
        #expect((first.text(3), first.text(4), first.text(5), first.text(6)) == ("1", "1:acme", "A1", "body 1"))
        #expect(try await self.take("w2").word == "HELD")
        #expect(try await self.drop("w2", "1:acme") == .reply("LOST"))
        #expect(try await self.take("w1", after: "2").fields.count == 7)
        #expect(try await self.drop("w1", "1:acme", "2:acme") == .reply("DROPPED", 2, 0))
        #expect(try await self.drop("w1", "1:acme") == .reply("DROPPED", 0, 0))
        try await self.scene.harness.command("DEL", self.scene.shardKey("rl"))
        let next = try await self.take("w2")
        #expect(next.text(3) == "3" && next.fields.count == 7)
        try await self.scene.harness.command("DEL", self.scene.shardKey("e:3"))
        #expect(try await self.take("w2").text(6) == "")
        #expect(try await self.drop("w2", "3:acme") == .reply("DROPPED", 1, 1))
        #expect(try await self.take("w3").fields.count == 3, "an empty outbox is nobody's")
        #expect(try await self.holder() == nil)
    }

    @Test("The lease of an outbox ends with its last entry, or when its holder says so, and not by somebody else")
    func released() async throws {
        try await self.add(1...2)
        _ = try await self.take("w1")
        #expect(try await self.drop("w1", "1:acme") == .reply("DROPPED", 1, 0))
        #expect(try await self.holder() == "w1")
        #expect(try await self.drop("w2", ends: "1") == .reply("LOST"))
        #expect(try await self.holder() == "w1")
        #expect(try await self.drop("w1", ends: "1") == .reply("DROPPED", 0, 1))
        #expect(try await self.holder() == nil)
        _ = try await self.take("w2")
        #expect(try await self.drop("w2", "2:acme") == .reply("DROPPED", 1, 1))
        #expect(try await self.holder() == nil)
    }

    @Test("An entry that names no event is given as it is, and leaves the outbox as any other")
    func malformed() async throws {
        for (score, entry) in [("7", "x"), ("8", ""), ("9", "12")] as [(ByteText, ByteText)] {
            try await self.scene.harness.command("ZADD", self.scene.shardKey("out"), score, entry)
        }
        let found = try await self.take("w1", limit: 10)
        #expect(found.fields.count == 15)
        #expect((3..<15).map { found.text($0) } == ["7", "x", "", "", "8", "", "", "", "9", "12", "", ""])
        #expect(try await self.drop("w1", "x", "", "12") == .reply("DROPPED", 3, 1))
        #expect(try await self.scene.harness.snapshot()[self.scene.shardKey("out")] == nil)
    }

    @Test("What is put aside is in the outbox no more, can be taken page by page from there, and the oldest go first")
    func aside() async throws {
        try await self.add(1...6)
        _ = try await self.take("w1")
        #expect(try await self.putAside("w2", "1:acme") == .reply("LOST"))
        #expect(try await self.putAside("w1", "2:acme", "1:acme", "4:acme") == .reply("ASIDE", 3, 0))
        #expect(try await self.putAside("w1", "2:acme") == .reply("ASIDE", 0, 0))
        #expect(try await self.putAside("w1", most: 4, "5:acme", "6:acme") == .reply("ASIDE", 2, 1))
        let snapshot = try await self.scene.harness.snapshot()
        #expect(snapshot.scores(self.scene.shardKey("out")) == ["3:acme": "3"])
        let begin = Scene.startMs * 1_000
        #expect(
            snapshot.scores(self.scene.shardKey("odd")) == [
                "1:acme": ByteText(begin + 1), "4:acme": ByteText(begin + 2), "5:acme": ByteText(begin + 3),
                "6:acme": ByteText(begin + 4),
            ])
        let first = try await self.take("w1", list: "odd")
        #expect(first.text(1) == "1" && [first.text(4), first.text(8)] == ["1:acme", "4:acme"])
        let second = try await self.take("w1", list: "odd", after: first.text(7))
        #expect(second.text(1) == "0" && [second.text(4), second.text(8)] == ["5:acme", "6:acme"])
        #expect(second.text(6) == "body 5")
        #expect(try await self.drop("w1", list: "odd", "1:acme", "3:acme") == .reply("DROPPED", 1, 0))
        #expect(try await self.drop("w1", "3:acme") == .reply("DROPPED", 1, 1))
        #expect(try await self.take("w2", list: "odd").fields.count == 11)
        #expect(try await self.drop("w2", list: "odd", "4:acme") == .reply("DROPPED", 1, 1), "the outbox is empty")
    }
}
