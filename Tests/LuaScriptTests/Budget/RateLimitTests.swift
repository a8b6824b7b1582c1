// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// Reservations and commits a minute, as policies limit them (admin digest 1.5).
@Suite("Rate limits", .privateRedis, .serialized)
struct RateLimitTests {
    /// Ten seconds into a minute.
    private static let startMs = Scene.startMs / 60_000 * 60_000 + 10_000
    private static let endMs = Self.startMs + 50_000

    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.setClock(Self.startMs)
    }

    private func counter(_ letter: ByteText, atMs ms: Int64 = Self.startMs) -> ByteText {
        self.scene.key("rl:pol_00abcdefghijklmnop:" + letter + ":" + ByteText(ms / 60_000))
    }

    private func reserve(_ number: Int, most: Int64 = 2) async throws -> Observation {
        var call = ReserveCall()
        call.id = mark("h\(number)")
        var arguments = call.arguments()
        arguments["caught_up_ms"] = "0 " + ByteText(most) + " pol_00abcdefghijklmnop"
        return try await self.scene.observe("budget/reserve", arguments)
    }

    private func commit(_ placed: Placed, _ policies: ByteText) async throws -> Observation {
        var arguments = SettleCall(placed).commit()
        arguments["caught_up_ms"] = "0" + policies
        return try await self.scene.observe("budget/commit", arguments)
    }

    @Test("So many reservations a minute, then LIMITED with nothing changed; replays are free, the next minute is new")
    func reservations() async throws {
        try await self.scene.openTenant()
        try await self.scene.openLedgers([Paths.root: Ledger(10_000)])
        for number in 0..<2 { #expect(try await self.reserve(number).answer.word == "RESERVED") }
        let limited = ScriptAnswer.reply("LIMITED", .integer(Self.endMs), .integer(Self.startMs))
        try await self.reserve(2).expectUnchanged(limited)
        #expect(try await self.reserve(0).answer.word == "REPLAYED")
        #expect(try await self.reserve(2, most: 3).answer.word == "RESERVED", "205: the same key works later")
        try await self.scene.setClock(Self.endMs)
        let next = try await self.reserve(3)
        #expect(next.answer.word == "RESERVED")
        #expect(next.after.string(self.counter("r", atMs: Self.endMs)) == "1")
        let end = try #require(next.after.entries[self.counter("r")]?.expiresAtMs)
        #expect(end <= next.after.takenAtMs + 120_000)
    }

    @Test("What is refused for lack of room is not counted")
    func denied() async throws {
        try await self.scene.openTenant()
        try await self.scene.openLedgers([Paths.root: Ledger(1)])
        #expect(try await self.reserve(0).answer.word == "DENIED")
        #expect(try await self.scene.harness.snapshot()[self.counter("r")] == nil)
    }

    @Test("Of several policies the first that matches the path limits commits, or frees them")
    func commits() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        let limited = ScriptAnswer.reply("LIMITED", .integer(Self.endMs), .integer(Self.startMs))
        for pattern in ["tenant:acme/*", "tenant:acme/workspace:prod/agent:*", Paths.leaf.plain] {
            try await self.scene.harness.command("SET", self.counter("c"), "1")
            try await self.commit(placed, "\n\(pattern) 1 pol_00abcdefghijklmnop").expectUnchanged(
                limited, "\(pattern)")
            try await self.scene.harness.command("DEL", self.counter("c"))
        }
        try await self.scene.harness.command("SET", self.counter("c"), "9")
        for others in ["tenant:acme/agent:*", "tenant:acme", "tenant:acme/workspace:*", "tenant:acme/workspace:pro"] {
            try await self.commit(
                placed, "\n\(others) 1 pol_00abcdefghijklmnop\ntenant:acme/* 1 pol_00abcdefghijklmnop"
            ).expectUnchanged(limited)
        }
        let free: ByteText =
            "\ntenant:acme/workspace:prod/* 0 pol_00qrstuvwxyzabcdef\ntenant:acme/* 1 pol_00abcdefghijklmnop"
        #expect(try await self.commit(placed, free).answer.word == "COMMITTED", "the first one sets no limit")
        #expect(try await self.scene.harness.snapshot().string(self.counter("c")) == "9")
    }

    @Test(
        "A counter that is no number is an error before anything is changed", arguments: ["1.5", "x", "", "0x1", " 1"])
    func corrupt(text: String) async throws {
        let placed = try await self.scene.placeInThreeScopes()
        for letter: ByteText in ["r", "c"] {
            try await self.scene.harness.command("SET", self.counter(letter), ByteText(text))
        }
        try await self.reserve(9).expectFailure("CORRUPT counter")
        try await self.commit(placed, "\ntenant:acme/* 5 pol_00abcdefghijklmnop").expectFailure("CORRUPT counter")
    }
}
