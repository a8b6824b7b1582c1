// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// A directory that is made row by row.
struct TestDirectory {
    static let keepMs: Int64 = 172_800_000
    /// So long ago that what ended then is not kept any more.
    static let oldMs = Scene.startMs - keepMs - 1

    let scene: Scene

    /// A row that was committed at `endedMs`, unless it is to have another state.
    static func row(
        _ state: ByteText = "C", endedMs: Int64 = oldMs, createdMs: Int64 = oldMs - 1_000, expiresMs: Int64? = nil,
        path: Int64 = 0
    ) -> ByteText {
        let isEnded = state == "C" || state == "R"
        let times = [
            bigEndian(isEnded ? endedMs : 0, 6), bigEndian(expiresMs ?? createdMs + 60_000, 6), bigEndian(5_000, 2),
            bigEndian(0, 8), bigEndian(createdMs, 6),
        ]
        let number = [bigEndian(path & 0xffff_ffff, 4), "U", bigEndian(path >> 32, 2), bigEndian(0, 4)]
        return state + times.joined("") + bigEndian(5, 8) + ByteText("h").repeated(16) + number.joined("")
    }

    /// Fills a string with these rows at its end, and old ones of path 0 before them.
    func fill(_ chunk: Int64, _ rows: [ByteText] = [], filler: ByteText = row()) async throws {
        let text = filler.repeated(1_000 - rows.count) + rows.joined("")
        try await self.scene.harness.command("SET", self.scene.chunkKey(chunk * 1_000), text)
    }

    func count(_ rows: Int64) async throws {
        try await self.scene.harness.command("SET", self.scene.key("n"), ByteText(rows))
    }

    /// A path that reservations used; the last row with it is in string `usedIn`.
    func path(_ number: Int64, _ path: ByteText, usedIn: Int64?) async throws {
        let value = (usedIn.map { padded($0, 7) + " " } ?? "") + ByteText(number)
        try await self.scene.harness.command("HSET", self.scene.key("sp"), path, value)
        try await self.scene.harness.command("HSET", self.scene.key("sn"), ByteText(number), path)
    }

    func trim(_ from: ByteText = "new") async throws -> Observation {
        try await self.scene.observe(
            "budget/trim_rows", ["keep_ms": ByteText(Self.keepMs), "from": from])
    }

    /// Goes on until there is nothing more to do; how many rows and paths went.
    func trimAll() async throws -> (rows: Int64, paths: Int64) {
        var (rows, paths, from): (Int64, Int64, ByteText) = (0, 0, "new")
        while from.count > 0 {
            let answer = try await self.trim(from).answer
            #expect(answer.word == "TRIMMED", "\(answer)")
            rows += answer.text(0).number ?? 0
            paths += answer.text(1).number ?? 0
            from = answer.text(2)
        }
        return (rows, paths)
    }

    /// Numbers of the strings that are there.
    func chunks() async throws -> Set<Int64> {
        let snapshot = try await self.scene.harness.snapshot()
        return Set((0..<12).filter { snapshot.string(self.scene.chunkKey($0 * 1_000)) != nil })
    }
}

@Suite("budget/trim_rows", .privateRedis, .serialized)
struct TrimRowsTests {
    let scene: Scene
    let directory: TestDirectory

    init() async throws {
        self.scene = try await Scene()
        self.directory = TestDirectory(scene: self.scene)
        try await self.scene.openTenant()
    }

    private func aside(_ chunk: Int64, until ms: Int64) -> ByteText { padded(chunk, 7) + " " + ByteText(ms) }

    @Test("A full string whose rows have all ended for longer than they are kept is deleted, once")
    func deletes() async throws {
        try await self.directory.fill(0)
        try await self.directory.path(0, Paths.root, usedIn: 0)
        for rows: Int64 in [0, 1, 999] {
            try await self.directory.count(rows)
            try await self.directory.trim().expectUnchanged(.reply("TRIMMED", 0, 0, ""), "\(rows) rows")
        }
        try await self.directory.count(1_000)
        let seen = try await self.directory.trim()
        #expect(seen.answer == .reply("TRIMMED", 1_000, 1, "new"))
        seen.expectChanges([
            self.scene.chunkKey(0): .removed, self.scene.key("d0"): .string("1"),
            self.scene.key("sp"): .hash(["": "1"]), self.scene.key("sn"): .removed,
        ])
        try await self.directory.trim().expectUnchanged(.reply("TRIMMED", 0, 0, ""), "a second time")
    }

    @Test(
        "Each row counts from its own end: one millisecond too few keeps the string",
        arguments: ["C", "R", "X", "A", "?"] as [ByteText])
    func retention(state: ByteText) async throws {
        try await self.directory.count(1_000)
        let created = TestDirectory.oldMs - 70_000
        for (isOver, endedMs) in [(false, TestDirectory.oldMs + 1), (true, TestDirectory.oldMs)] {
            let row = TestDirectory.row(state, endedMs: endedMs, createdMs: created, expiresMs: endedMs - 5_000)
            try await self.directory.fill(0, [row, TestDirectory.row(createdMs: created)])
            guard isOver, state != "A", state != "?" else {
                let snapshot = try await self.scene.harness.snapshot()
                #expect(try await self.directory.trimAll() == (0, 0))
                let same = try await self.scene.harness.snapshot()
                #expect(same.string(self.scene.chunkKey(0)) == snapshot.string(self.scene.chunkKey(0)))
                #expect(same.scores(self.scene.key("dk")).isEmpty == (state != "A" && state != "?"), "nearly over")
                continue
            }
            #expect(try await self.directory.trimAll() == (1_000, 0))
        }
    }

    @Test("A string with a young row is waited for, and so are those behind it")
    func waits() async throws {
        try await self.directory.fill(0, [TestDirectory.row(endedMs: TestDirectory.oldMs + 86_400_000)])
        try await self.directory.fill(1)
        try await self.directory.count(2_500)
        try await self.directory.trim().expectUnchanged(.reply("TRIMMED", 0, 0, ""))
        try await self.scene.setClock(Scene.startMs + 86_399_999)
        #expect(try await self.directory.trimAll() == (0, 0))
        try await self.scene.setClock(Scene.startMs + 86_400_000)
        #expect(try await self.directory.trimAll() == (2_000, 0))
        #expect(try await self.directory.chunks() == [])
    }

    @Test("A string with a live row is set aside and holds up nobody; it is never deleted while the row is live")
    func setsAside() async throws {
        try await self.scene.openLedgers([Paths.root: Ledger(10_000)])
        try await self.directory.count(999)
        try await self.scene.harness.command(
            "SET", self.scene.chunkKey(0), TestDirectory.row(path: 7).repeated(999))
        try await self.scene.setClock(TestDirectory.oldMs)
        var call = ReserveCall()
        call.path = Paths.root
        call.ttlMs = 90_000_000
        let placed = try await self.scene.place(call)
        #expect(placed.record.row == 999)
        try await self.directory.fill(1)
        try await self.directory.fill(2)
        try await self.directory.count(3_000)
        let now = TestDirectory.oldMs + TestDirectory.keepMs + 2
        try await self.scene.setClock(now)
        // It is overdue, and nobody swept.
        let seen = try await self.directory.trim()
        #expect(seen.answer == .reply("TRIMMED", 0, 0, "new"))
        seen.expectChanges([
            self.scene.key("d0"): .string("1"), self.scene.key("sk"): .hash(["7": "1", "0": "1"]),
            self.scene.key("dk"): .scores([self.aside(0, until: now + TestDirectory.keepMs): "0"]),
        ])
        #expect(try await self.directory.trimAll() == (2_000, 0))
        #expect(try await self.directory.chunks() == [0])
        let expired = try await self.scene.run(
            "budget/expire", ["limit": "10", "keep_ms": ByteText(TestDirectory.keepMs)])
        #expect(expired.text(0) == "1")
        let row = try await self.scene.harness.snapshot().string(self.scene.chunkKey(0))
        #expect(row?.count == 64_000 && row?[63_936..<63_937] == "X")
        let again = now + TestDirectory.keepMs
        try await self.scene.setClock(again)
        #expect(try await self.directory.trimAll() == (0, 0), "it is looked at when its time has come")
        try await self.scene.setClock(again + 1)
        let last = try await self.directory.trim("0000000")
        #expect(last.answer == .reply("TRIMMED", 1_000, 1, "0000001"))
        #expect(try await self.directory.chunks() == [])
        let after = try await self.scene.harness.snapshot()
        #expect(after.scores(self.scene.key("dk")).isEmpty && after.hash(self.scene.key("sk")).isEmpty)
        #expect(after.hash(self.scene.key("sp")) == ["": "1"] && after.hash(self.scene.key("sn")).isEmpty)
    }

    @Test(
        "What is settled after its neighbours went is settled in its row, whatever way it ends",
        arguments: ["budget/commit", "budget/release", "budget/extend"])
    func settles(script: String) async throws {
        try await self.scene.openLedgers([Paths.root: Ledger(10_000)])
        try await self.directory.count(999)
        try await self.scene.harness.command("SET", self.scene.chunkKey(0), TestDirectory.row().repeated(999))
        try await self.scene.setClock(TestDirectory.oldMs - 10)
        var call = ReserveCall()
        call.path = Paths.root
        call.ttlMs = 86_400_000
        let placed = try await self.scene.place(call)
        for chunk: Int64 in 1...3 { try await self.directory.fill(chunk) }
        try await self.directory.count(4_000)
        // Four extensions keep it alive until the retention of the others is over.
        try await self.scene.setClock(TestDirectory.oldMs + 1_000)
        for number in 0..<4 {
            var extend = SettleCall(placed)
            (extend.key, extend.extendByMs) = (mark("x\(number)"), 86_400_000)
            #expect(try await self.scene.run("budget/extend", extend.extend()).word == "EXTENDED")
        }
        try await self.scene.setClock(Scene.startMs)
        #expect(try await self.directory.trimAll() == (3_000, 0))
        #expect(try await self.directory.chunks() == [0])
        let settle = SettleCall(placed)
        let seen = try await self.scene.observe(script, settle.arguments(script))
        #expect(["COMMITTED", "RELEASED", "EXTENDED"].contains(seen.answer.word), "\(seen.answer)")
        let (before, after) = (seen.before.string(self.scene.chunkKey(0)), seen.after.string(self.scene.chunkKey(0)))
        #expect(after?.count == 64_000 && after != before && after?[0..<63_936] == before?[0..<63_936])
    }

    @Test("An extension puts off the time at which a string set aside is deleted")
    func looksAgain() async throws {
        let free = Scene.startMs + 5
        try await self.directory.fill(0, [TestDirectory.row("A", expiresMs: Scene.startMs + 1_000)])
        try await self.directory.count(2_000)
        try await self.scene.harness.command("SET", self.scene.key("d0"), "1")
        try await self.scene.harness.command("ZADD", self.scene.key("dk"), "0", self.aside(0, until: free))
        try await self.directory.fill(1, [TestDirectory.row(createdMs: Scene.startMs)])
        try await self.directory.trim("0000000").expectUnchanged(.reply("TRIMMED", 0, 0, ""))
        try await self.scene.setClock(free + 1)
        let seen = try await self.directory.trim("0000000")
        #expect(seen.answer == .reply("TRIMMED", 0, 0, "0000001"))
        let later = Scene.startMs + 6_000 + TestDirectory.keepMs
        seen.expectChanges([self.scene.key("dk"): .scores([self.aside(0, until: later): "0"])])
    }

    @Test("A directory that is not as counted is an error, and nothing changes")
    func corrupt() async throws {
        try await self.directory.count(1_000)
        try await self.directory.trim().expectFailure("CORRUPT directory")
        try await self.scene.harness.command("SET", self.scene.chunkKey(0), TestDirectory.row().repeated(1_001))
        try await self.directory.trim().expectFailure("CORRUPT directory")
        try await self.scene.harness.command("ZADD", self.scene.key("dk"), "0", "nonsense")
        try await self.directory.trim("0000000").expectFailure("CORRUPT directory")
    }
}
