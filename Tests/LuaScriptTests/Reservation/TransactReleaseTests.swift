// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("reservation/transact_release", .privateRedis, .serialized)
struct TransactReleaseTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openResources(Resource("P", capacity: 2, blockers: ["B"]))
        _ = try await self.scene.claim(Hold("P"), Hold("P", by: "bob"), Hold("x"))
    }

    private func release(_ holds: Hold..., method: ByteText = "A") async throws -> Observation {
        let arguments = self.scene.transactReleaseArguments(holds, method: method)
        return try await self.scene.observe("reservation/transact_release", arguments)
    }

    private static func wrong(_ name: ByteText, by requester: ByteText = "alice") -> Hold {
        var hold = Hold(name, by: requester)
        hold.token = token("wrong")
        return hold
    }

    @Test("All are freed with what they took along, once each; what is free is no obstacle")
    func all() async throws {
        let seen = try await self.release(Hold("P"), Hold("P", by: "bob"), Hold("free"), Hold("x"), Hold("P"))
        #expect(
            seen.answer
                == .reply(
                    "ITEMS", "RELINQUISHED", "P_0", "RELINQUISHED", "P_1\tB", "NOT_RESERVED", "", "RELINQUISHED", "x",
                    "NOT_RESERVED", ""))
        #expect(self.scene.derivedKeys(in: seen.after) == [] && seen.after[self.scene.key("act")] == nil)
        #expect(seen.after.stream(self.scene.key("ev")).map { $0[1] } == ["A", "A", "A", "R", "R", "R"])
    }

    @Test("A wrong token, another's hold, or a blocker keeps all from being freed")
    func none() async throws {
        var foreign = Hold("P", by: "bob")
        foreign.requester = "alice"
        for (hold, word) in [
            (Self.wrong("P"), "BAD_TOKEN"), (foreign, "NOT_OWNER"), (Self.wrong("B"), "BAD_TOKEN"),
        ] as [(Hold, ByteText)] {
            try await self.release(Hold("x"), hold, Hold("free"))
                .expectUnchanged(.reply("ITEMS", "KEPT", "", .bytes(word), "", "NOT_RESERVED", ""))
        }
    }

    @Test("As many as possible are freed whatever the others are")
    func asManyAsPossible() async throws {
        let seen = try await self.release(Self.wrong("P"), Hold("x"), Hold("P", by: "bob"), method: "M")
        #expect(
            seen.answer == .reply("ITEMS", "BAD_TOKEN", "", "RELINQUISHED", "x", "RELINQUISHED", "P_1"))
    }

    @Test("The first that is held is freed, and the rest is not looked at")
    func first() async throws {
        let seen = try await self.release(Hold("free"), Self.wrong("P"), Hold("x"), Hold("P"), method: "F")
        #expect(seen.answer == .reply("ITEMS", "NOT_RESERVED", "", "BAD_TOKEN", "", "RELINQUISHED", "x"))
    }

    @Test("One that would give too much back is too large, and nothing is freed")
    func tooLarge() async throws {
        let blockers = (0..<64).map { ByteText("B\($0)") }
        _ = try await self.scene.redefine(Resource("Q", capacity: 50, blockers: blockers))
        let holds = (0..<30).map { Hold("Q", by: "r\($0)") }
        for hold in holds { _ = try await self.scene.run("reservation/claim", self.scene.claimArguments([hold])) }
        let arguments = self.scene.transactReleaseArguments(holds)
        try await self.scene.observe("reservation/transact_release", arguments).expectUnchanged(.reply("TOO_LARGE"))
    }

    @Test("A suspended tenant may free what it holds, a closed or stale one not")
    func tenants() async throws {
        func answer(_ tag: ByteText) async throws -> Observation {
            var arguments = self.scene.transactReleaseArguments([Hold("x")])
            arguments["tag"] = tag
            return try await self.scene.observe("reservation/transact_release", arguments)
        }
        try await answer("A1").expectUnchanged(.reply("STALE", .bytes(Scene.tag())))
        try await self.scene.harness.command("SET", self.scene.tenantKey, "C1")
        try await answer("C1").expectUnchanged(.reply("CLOSED"))
        try await self.scene.harness.command("SET", self.scene.tenantKey, "S1")
        #expect(try await answer("S1").answer == .reply("ITEMS", "RELINQUISHED", "x"))
    }
}
