// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("reservation/transact", .privateRedis, .serialized)
struct TransactTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openResources(Resource("P", capacity: 2, blockers: ["B"]))
    }

    private static func words(_ seen: Observation) -> [String] {
        stride(from: 1, to: seen.answer.fields.count, by: 7).map { seen.answer.text($0).plain }
    }

    @Test("All are taken, seeing each other")
    func all() async throws {
        let seen = try await self.scene.transact(Hold("P"), Hold("x"), Hold("P", by: "bob"), Hold("x"))
        #expect(seen.answer.word == "ITEMS")
        #expect(Self.words(seen) == ["ACQUIRED", "ACQUIRED", "ACQUIRED", "ACQUIRED"], "the last has the same token")
        #expect(seen.after.hash(self.scene.key("bl:P")) == ["B": "B\t2"])
        #expect(seen.after.stream(self.scene.key("ev")).map { $0[1] } == ["A", "A", "A"])
        try await self.scene.transact(Hold("P"), Hold("x"), Hold("P", by: "bob"), Hold("x"))
            .expectUnchanged(seen.answer, "sent again")
    }

    @Test("One that is refused keeps all from being taken, and what is held from before stays held")
    func none() async throws {
        _ = try await self.scene.claim(Hold("x", by: "bob"), Hold("y"))
        var had = Hold("y")
        had.token = token("t2")
        let seen = try await self.scene.transact(Hold("P"), had, Hold("x"), Hold("z"))
        #expect(Self.words(seen) == ["AVAILABLE", "ALREADY_HAD", "ALREADY_HELD", "AVAILABLE"])
        #expect(seen.changes == [])
        let along = Along(flags: "p", resource: "P", blockers: [("B", "B")])
        #expect(
            Array(seen.answer.fields.dropFirst().prefix(7))
                == Hold("P").claimed("AVAILABLE", as: "P_0", along, fence: nil))
    }

    @Test("As many as possible are taken, those that are not skipped")
    func asManyAsPossible() async throws {
        _ = try await self.scene.claim(Hold("B", by: "bob"))
        let seen = try await self.scene.transact(Hold("P"), Hold("x"), Hold("B"), method: "M")
        #expect(Self.words(seen) == ["NOT_AVAILABLE", "ACQUIRED", "ALREADY_HELD"])
        #expect(seen.after.scores(self.scene.key("q:alice")).keys.sorted() == ["x"])
    }

    @Test("The first that can be had is taken, and the rest is not looked at")
    func first() async throws {
        _ = try await self.scene.claim(Hold("x", by: "bob"))
        let seen = try await self.scene.transact(Hold("x"), Hold("y"), Hold("z"), method: "F")
        #expect(Self.words(seen) == ["ALREADY_HELD", "ACQUIRED"])
        #expect(seen.after.scores(self.scene.key("q:alice")).keys.sorted() == ["y"])
        var again = Hold("y")
        again.token = token("t2")
        let later = try await self.scene.transact(Hold("x"), again, method: "F")
        #expect(Self.words(later) == ["ALREADY_HELD", "ALREADY_HAD"] && later.changes == [])
    }

    @Test("Sent again, the first of several is the one that was taken, though an earlier one is free by now, or had")
    func firstAgain() async throws {
        let other = Hold("x", by: "bob")
        _ = try await self.scene.claim(other)
        let holds = [Hold("x"), Hold("y")]
        _ = try await self.scene.transact(holds[0], holds[1], method: "F")
        _ = try await self.scene.giveBack(other)
        let free = try await self.scene.transact(holds[0], holds[1], method: "F")
        #expect(Self.words(free) == ["AVAILABLE", "ACQUIRED"] && free.changes == [])
        var mine = Hold("x")
        mine.token = token("t2")
        _ = try await self.scene.claim(mine)
        let had = try await self.scene.transact(holds[0], holds[1], method: "F")
        #expect(Self.words(had) == ["ALREADY_HAD", "ACQUIRED"] && had.changes == [])
    }

    @Test("A question takes nothing, whatever the method", arguments: ["A", "M", "F"] as [ByteText])
    func question(method: ByteText) async throws {
        _ = try await self.scene.claim(Hold("x", by: "bob"))
        let seen = try await self.scene.transact(Hold("x"), Hold("P"), Hold("P"), method: method, isQuestion: true)
        let expected = ["ALREADY_HELD", "AVAILABLE", "AVAILABLE"]
        #expect(Self.words(seen) == (method == "F" ? expected.dropLast() : expected))
        #expect(seen.changes == [])
    }

    @Test("A limit of concurrent reservations stops it as a whole, but not one that takes nothing")
    func limited() async throws {
        _ = try await self.scene.claim(Hold("x", by: "bob"))
        let holds = [Hold("P"), Hold("y")]
        for method: ByteText in ["A", "M"] {
            let arguments = self.scene.transactArguments(holds, method: method, limit: "2")
            try await self.scene.observe("reservation/transact", arguments).expectUnchanged(.reply("LIMITED", "1", ""))
        }
        let refused = self.scene.transactArguments(holds + [Hold("x")], limit: "2")
        #expect(try await self.scene.run("reservation/transact", refused).word == "ITEMS")
        let enough = self.scene.transactArguments(holds, limit: "3")
        let answer = try await self.scene.run("reservation/transact", enough)
        #expect(answer.word == "ITEMS" && answer.text(0) == "1")
    }

    @Test("One that takes too much along is too large, and nothing is taken; a hundred plain names are not")
    func tooLarge() async throws {
        let blockers = (0..<64).map { ByteText("B\($0)") }
        _ = try await self.scene.redefine(Resource("Q", capacity: 100, blockers: blockers))
        let holds = (0..<100).map { Hold("Q", by: "r\($0)") }
        try await self.scene.observe("reservation/transact", self.scene.transactArguments(holds))
            .expectUnchanged(.reply("TOO_LARGE"))
        let plain = (0..<100).map { Hold("x\($0)") }
        let answer = try await self.scene.run("reservation/transact", self.scene.transactArguments(plain))
        #expect(answer.fields.count == 701)
    }

    @Test("Stale, closed and suspended tenants take nothing")
    func tenants() async throws {
        func answer(_ tag: ByteText) async throws -> Observation {
            try await self.scene.observe("reservation/transact", self.scene.transactArguments([Hold("P")], tag: tag))
        }
        try await answer("A1").expectUnchanged(.reply("STALE", .bytes(Scene.tag())))
        for (tag, word) in [("C1", "CLOSED"), ("S1", "SUSPENDED")] as [(ByteText, ByteText)] {
            try await self.scene.harness.command("SET", self.scene.tenantKey, tag)
            try await answer(tag).expectUnchanged(.reply(word))
        }
    }
}
