// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("budget/records", .privateRedis, .serialized)
struct RecordsTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
        try await self.scene.openLedgers([Paths.root: Ledger(1000)])
    }

    private func records(
        _ ids: [ByteText], room: Int64 = 100_000, tag: ByteText = "A1"
    ) async throws -> Observation {
        let named: [String: ByteText] = ["tag": tag, "room": ByteText(room)]
        return try await self.scene.observe("budget/records", ScriptArguments(named, rest: ids))
    }

    private func place(_ id: ByteText) async throws -> Placed {
        var call = ReserveCall()
        call.id = id
        return try await self.scene.place(call)
    }

    private func reply(_ records: ByteText...) -> ScriptAnswer {
        .reply("RECORDS", [.integer(Scene.startMs)] + records.map(ScriptField.bytes))
    }

    @Test("Records come in the order asked for, live and final ones, empty where there is none; nothing changes")
    func order() async throws {
        let (a, b) = (try await self.place(mark("a")), try await self.place(mark("b")))
        _ = try await self.scene.run("budget/commit", SettleCall(b).commit())
        let final = try #require(try await self.scene.harness.snapshot().string(b.key))
        try await self.records([a.id, mark("none"), b.id, a.id])
            .expectUnchanged(self.reply(a.record.text, "", final, a.record.text))
        try await self.records([mark("none")]).expectUnchanged(self.reply(""))
    }

    @Test("Another tenant's reservation and a dry run are as if they were not there")
    func foreign() async throws {
        let mine = try await self.place(mark("mine"))
        var dry = ReserveCall()
        dry.id = mark("dry")
        #expect(try await self.scene.run("budget/evaluate", dry.evaluation()).word == "EVALUATED")
        var other = self.scene
        other.tenant = "globex"
        try await other.openTenant()
        try await other.openLedgers([Paths.root: Ledger(1000)])
        var call = ReserveCall()
        call.id = mark("theirs")
        _ = try await other.place(call)
        try await self.records([mark("theirs"), mine.id, dry.id]).expectUnchanged(self.reply("", mine.record.text, ""))
    }

    @Test("No more are read than there is room for, and at least one, however large")
    func room() async throws {
        var all: [Placed] = []
        for index in 0..<4 { all.append(try await self.place(mark("h\(index)"))) }
        let ids = all.map(\.id)
        let size = all.map { Int64($0.record.text.count) }
        let two = size[0] + size[1]
        let cases: [(Int64, Int)] = [
            (0, 1), (1, 1), (size[0] - 1, 1), (size[0], 2), (two - 1, 2), (two, 3), (two + size[2], 4),
        ]
        for (room, count) in cases {
            let answer = try await self.records(ids, room: room).answer
            #expect(answer.fields.dropFirst().map(\.text) == all.prefix(count).map(\.record.text), "\(room)")
        }
    }

    @Test("A stale tag is told the true one; without a tag it is a second round, which asks for none")
    func tags() async throws {
        let placed = try await self.place(mark("h1"))
        try await self.records([placed.id], tag: "A2").expectUnchanged(.reply("STALE", "A1"))
        try await self.records([placed.id], tag: "").expectUnchanged(self.reply(placed.record.text))
        try await self.scene.harness.command("DEL", self.scene.tenantKey)
        try await self.records([placed.id]).expectUnchanged(.reply("STALE", ""))
    }

    @Test("A record that is no record is named as one, and the others are there")
    func corrupt() async throws {
        let placed = try await self.place(mark("h1"))
        let other = try await self.place(mark("h2"))
        for count in [1, 30, 66, 70, 80, 100] {
            try await self.scene.harness.command("SET", placed.key, placed.record.text[0..<count])
            try await self.records([other.id, placed.id, other.id])
                .expectUnchanged(
                    .reply(
                        "RECORDS", .integer(Scene.startMs), .bytes(other.record.text), "!", .bytes(other.record.text)),
                    "cut at \(count)")
        }
    }
}
