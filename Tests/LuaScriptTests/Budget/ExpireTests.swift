// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("budget/expire", .privateRedis, .serialized)
struct ExpireTests {
    static let keepMs: Int64 = 3_600_000

    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func expire(limit: Int = 200) async throws -> Observation {
        try await self.scene.observe(
            "budget/expire", ["limit": ByteText(limit), "keep_ms": ByteText(Self.keepMs)])
    }

    /// Ledgers in three scopes and a reservation of 100 for each of these times to live.
    private func place(_ ttls: [Int64]) async throws -> [Placed] {
        try await self.scene.openTenant()
        try await self.scene.openLedgers(Dictionary(uniqueKeysWithValues: Paths.all.map { ($0, Ledger(10_000)) }))
        var placed: [Placed] = []
        for (index, ttl) in ttls.enumerated() {
            var call = ReserveCall()
            call.id = mark("h\(index)")
            call.ttlMs = ttl
            placed.append(try await self.scene.place(call))
        }
        return placed
    }

    private func setReserved(_ amount: Int64, in changes: inout [ByteText: KeyChange]) {
        for path in Paths.all { changes[self.scene.ledgerKey(path)] = .string(Ledger(10_000, reserved: amount).text) }
    }

    @Test("209: reservations past their grace give back their amount and end with an event each; the others stay")
    func givesBack() async throws {
        let placed = try await self.place([10_000, 20_000, 20_001])
        let now = placed[1].record.deadlineMs + 1
        try await self.scene.harness.setClock(us: now * 1000 + 7)
        let seen = try await self.expire()
        #expect(seen.answer == .reply("EXPIRED", 2, 0, 0, .integer(now)))

        var journal = Journal(self.scene, atUs: now * 1000 + 7, after: seen.before)
        var changes: [ByteText: KeyChange] = [:]
        var chunk = try #require(seen.before.string(self.scene.chunkKey(0)))
        for each in placed.prefix(2) {
            let final = each.record.ended("X", .init(atMs: now))
            changes[each.key] = .string(final.text, keepMs: Self.keepMs)
            chunk = chunk.replacing(at: Int(final.row) * 64, with: final.rowText(tail: each.call.idBytes))
            let times = [ByteText(final.createdMs), ByteText(final.expiresMs), padded(final.ttlMs, 8), "000"]
            journal.event("reservation.expired", "", ([each.id, "U", "100", Paths.leaf] + times).joined("\0"))
        }
        let next = ByteText(placed[2].record.deadlineMs)
        changes[self.scene.chunkKey(0)] = .string(chunk)
        changes[self.scene.key("due")] = .scores([placed[2].id: next])
        changes[self.scene.shardKey("due")] = .scores(["bacme": next])
        self.setReserved(100, in: &changes)
        seen.expectChanges(journal.with(changes))

        try await self.expire().expectUnchanged(.reply("EXPIRED", 0, 0, 0, .integer(now)), "again")
        try await self.scene.setClock(now + 1)
        let last = try await self.expire()
        #expect(last.answer == .reply("EXPIRED", 1, 0, 0, .integer(now + 1)))
        #expect(last.after[self.scene.shardKey("due")] == nil && last.after[self.scene.key("due")] == nil)
        #expect(try await self.scene.ledger(Paths.leaf) == Ledger(10_000))
    }

    @Test("187: a reservation expires a millisecond after its grace, and a zero estimate expires too")
    func boundary() async throws {
        try await self.scene.openTenant()
        try await self.scene.openLedgers([Paths.root: Ledger(10)])
        var call = ReserveCall()
        call.amount = 0
        let placed = try await self.scene.place(call)
        try await self.scene.harness.setClock(us: placed.record.deadlineMs * 1000 + 999)
        let deadline = placed.record.deadlineMs
        try await self.expire().expectUnchanged(.reply("EXPIRED", 0, 0, 0, .integer(deadline)))
        try await self.scene.setClock(deadline + 1)
        #expect(try await self.expire().answer == .reply("EXPIRED", 1, 0, 0, .integer(deadline + 1)))
    }

    @Test(
        "188: whoever comes first at the deadline wins: commit or expiry, never both",
        arguments: ["budget/commit", "budget/release"])
    func race(script: String) async throws {
        for (delay, winner) in [(0, script), (1, "budget/expire")] as [(Int64, String)] {
            for isSweptFirst in [true, false] {
                try await self.scene.harness.reset(clockUs: Scene.startMs * 1000)
                let placed = try await self.place([10_000])[0]
                let now = placed.record.deadlineMs + delay
                try await self.scene.setClock(now)
                let call = SettleCall(placed)
                let early = isSweptFirst ? try await self.expire().answer : nil
                let settled = try await self.scene.run(script, call.arguments(script))
                let swept = if let early { early } else { try await self.expire().answer }
                let isSettled = winner == script
                #expect((settled.word != "EXPIRED") == isSettled)
                #expect(swept == .reply("EXPIRED", isSettled ? 0 : 1, 0, 0, .integer(now)))
                let spent: Int64 = winner == "budget/commit" ? 70 : 0
                #expect(try await self.scene.ledger(Paths.root) == Ledger(10_000, spent: spent))
            }
        }
    }

    @Test("186: a batch ends at its limit and says that more are due; each is given back once")
    func batches() async throws {
        let placed = try await self.place([1000, 1001, 1002, 1003, 1004])
        let now = placed[4].record.deadlineMs + 1
        try await self.scene.setClock(now)
        var answers: [ScriptAnswer] = []
        for index in 0..<4 {
            answers.append(try await self.expire(limit: 2).answer)
            let left = max(0, 500 - 200 * Int64(index + 1))
            #expect(try await self.scene.ledger(Paths.middle) == Ledger(10_000, reserved: left))
        }
        let expected = ([(2, 1), (2, 1), (1, 0), (0, 0)] as [(Int64, Int64)]).map { ended, more in
            ScriptAnswer.reply("EXPIRED", .integer(ended), 0, .integer(more), .integer(now))
        }
        #expect(answers == expected)
        let bodies = try await self.scene.harness.snapshot().entries.keys.filter { $0.plain.hasPrefix("hf:{00}:e:") }
        #expect(bodies.count == 5)
    }

    @Test("Extensions keep a reservation alive and end with it")
    func extended() async throws {
        let placed = try await self.place([10_000])[0]
        var call = SettleCall(placed)
        _ = try await self.scene.run("budget/extend", call.extend())
        let deadline = placed.record.deadlineMs + 30_000
        try await self.scene.setClock(deadline)
        let early = try await self.expire()
        #expect(early.answer == .reply("EXPIRED", 0, 0, 0, .integer(deadline)))
        early.expectChanges([self.scene.shardKey("due"): .scores(["bacme": ByteText(deadline)])])
        try await self.scene.setClock(deadline + 1)
        let seen = try await self.expire()
        #expect(seen.answer == .reply("EXPIRED", 1, 0, 0, .integer(deadline + 1)))
        let left = try #require(seen.after.remainingMs(self.scene.shardKey("x:" + placed.id)))
        #expect(left > Self.keepMs - 30_000 && left <= Self.keepMs)
        call.key = mark("k2")
        try await self.scene.observe("budget/extend", call.extend()).expectUnchanged(.reply("EXPIRED"))
    }

    /// Commands that break the second of three reservations, and the key they break.
    private func breakages(_ record: ReservationText, _ key: ByteText) -> [(words: [ByteText], broken: ByteText)] {
        let text = record.text
        var records: [ByteText] = ["", "A", "X" + text.dropping(1), "garbage"]
        for count in [14, 30, 44, 60, 67, 70, 80, 90, 110, 121, 125, 135] { records.append(text[0..<count]) }
        for offset in [14, 20, 27, 31, 35, 40, 44] { records.append(text.replacing(at: offset, with: "x")) }
        records.append(text.replacing("100\0", with: "1x0\0"))
        records.append(text.replacing("100\0", with: "\0"))
        records.append(text.replacing("\0011 ", with: "\0"))
        var out = records.map { (words: ["SET", key, $0] as [ByteText], broken: key) }
        out += [(["DEL", key], key), (["LIST", key], key)]
        for path in Paths.all {
            let ledger = self.scene.ledgerKey(path)
            for reserved: ByteText in ["99", "0", "-100", "1.5", "abc", "", "1e3", "0x64", "12345678901234567890"] {
                out.append((["SET", ledger, "10000 " + reserved + " 0 0 0 0"], ledger))
            }
            out += [(["DEL", ledger], ledger), (["LIST", ledger], ledger), (["SET", ledger, ""], ledger)]
        }
        return out
    }

    @Test("A reservation whose record or ledger is corrupt is set aside for a minute, whole, and the others proceed")
    func setsAside() async throws {
        let probe = try await self.place([1000, 1001, 1002])[1]
        for (words, broken) in self.breakages(probe.record, probe.key) {
            try await self.scene.harness.reset(clockUs: Scene.startMs * 1000)
            let placed = try await self.place([1000, 1001, 1002])
            // The others hold their amount in ledgers of their own.
            for (index, each) in placed.enumerated() where index != 1 {
                let other = each.record.text.replacing(
                    Paths.leaf + "\0" + each.record.opening, with: "tenant:other\0012 1;")
                try await self.scene.harness.command("SET", each.key, other)
            }
            try await self.scene.openLedgers(["tenant:other": Ledger(10_000, reserved: 200)])
            try await self.break(words)
            let now = placed[2].record.deadlineMs + 1
            try await self.scene.setClock(now)
            let seen = try await self.expire()
            let comment: Comment = "\(words)"
            #expect(seen.answer == .reply("EXPIRED", 2, 1, 0, .integer(now)), comment)
            let later = ByteText(now + 60_000)
            #expect(seen.after.scores(self.scene.key("due")) == [placed[1].id: later], comment)
            #expect(seen.after.scores(self.scene.shardKey("due")) == ["bacme": later], comment)
            for key in [placed[1].key, broken] + Paths.all.map({ self.scene.ledgerKey($0) }) {
                #expect(seen.after.entries[key] == seen.before.entries[key], comment)
            }
            let rows = [seen.before, seen.after].map { $0.string(self.scene.chunkKey(0))?[64..<128] }
            #expect(rows[0] == rows[1], comment)
            #expect(seen.after.string(self.scene.ledgerKey("tenant:other")) == Ledger(10_000).text, comment)
        }
    }

    private func `break`(_ words: [ByteText]) async throws {
        guard words[0] == "LIST" else {
            try await self.scene.harness.command(words)
            return
        }
        try await self.scene.harness.command("DEL", words[1])
        try await self.scene.harness.command("RPUSH", words[1], "x")
    }

    @Test("A directory row that cannot be written sets the reservation aside with nothing changed")
    func brokenDirectory() async throws {
        let placed = try await self.place([1000])[0]
        try await self.break(["LIST", self.scene.chunkKey(0)])
        let now = placed.record.deadlineMs + 1
        try await self.scene.setClock(now)
        let seen = try await self.expire()
        #expect(seen.answer == .reply("EXPIRED", 0, 1, 0, .integer(now)))
        let later = ByteText(now + 60_000)
        seen.expectChanges([
            self.scene.key("due"): .scores([placed.id: later]), self.scene.shardKey("due"): .scores(["bacme": later]),
        ])
    }

    @Test("What was mended expires a minute later")
    func mended() async throws {
        let placed = try await self.place([1000])[0]
        try await self.scene.harness.command("SET", placed.key, "x")
        let now = placed.record.deadlineMs + 1
        try await self.scene.setClock(now)
        #expect(try await self.expire().answer == .reply("EXPIRED", 0, 1, 0, .integer(now)))
        try await self.scene.harness.command("SET", placed.key, placed.record.text)
        try await self.scene.setClock(now + 60_000)
        try await self.expire().expectUnchanged(.reply("EXPIRED", 0, 0, 0, .integer(now + 60_000)))
        try await self.scene.setClock(now + 60_001)
        #expect(try await self.expire().answer == .reply("EXPIRED", 1, 0, 0, .integer(now + 60_001)))
        #expect(try await self.scene.ledger(Paths.root) == Ledger(10_000))
    }

    @Test("A due entry of a reservation that ended otherwise is not given back again")
    func alreadyEnded() async throws {
        let placed = try await self.place([1000])[0]
        _ = try await self.scene.run("budget/commit", SettleCall(placed).commit())
        try await self.scene.harness.command("ZADD", self.scene.key("due"), ByteText(Scene.startMs), placed.id)
        let now = placed.record.deadlineMs + 1
        try await self.scene.setClock(now)
        let seen = try await self.expire()
        #expect(seen.answer == .reply("EXPIRED", 0, 1, 0, .integer(now)))
        #expect(seen.after.entries[placed.key] == seen.before.entries[placed.key])
        #expect(try await self.scene.ledger(Paths.root) == Ledger(10_000, spent: 70))
    }

    @Test("A sweep of a tenant without live reservations takes its entry from the due index")
    func nothingLeft() async throws {
        let placed = try await self.place([1000])[0]
        _ = try await self.scene.run("budget/release", SettleCall(placed).release())
        let seen = try await self.expire()
        #expect(seen.answer == .reply("EXPIRED", 0, 0, 0, .integer(Scene.startMs)))
        seen.expectChanges([self.scene.shardKey("due"): .removed])
    }
}
