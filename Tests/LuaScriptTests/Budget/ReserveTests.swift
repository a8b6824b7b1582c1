// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("budget/reserve", .privateRedis, .serialized)
struct ReserveTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
    }

    private func reserve(_ call: ReserveCall, tag: ByteText = "A1") async throws -> Observation {
        try await self.scene.observe("budget/reserve", call.arguments(tag))
    }

    /// The changes of a reservation in an empty tenant, whose only ledgers are `entries`.
    private func changes(
        _ call: ReserveCall, _ record: ReservationText, _ entries: [(path: ByteText, ledger: Ledger)]
    ) -> [ByteText: KeyChange] {
        var changes: [ByteText: KeyChange] = [
            self.scene.shardKey("r:" + call.id): .string(record.text),
            self.scene.key("due"): .scores([call.id: ByteText(record.deadlineMs)]),
            self.scene.shardKey("due"): .scores(["b" + self.scene.tenant: ByteText(record.deadlineMs)]),
            self.scene.key("sp"): .hash([call.path: "0000000 0", "": "1"]),
            self.scene.key("sn"): .hash(["0": call.path]),
            self.scene.key("n"): .string("1"),
            self.scene.chunkKey(0): .string(record.rowText(tail: call.idBytes)),
        ]
        for (path, var ledger) in entries {
            ledger.reserved += call.amount
            changes[self.scene.ledgerKey(path)] = .string(ledger.text)
        }
        return changes
    }

    @Test("A reservation locks its estimate in every budgeted scope and writes record, row and indexes, nothing else")
    func locksEveryBudgetedScope() async throws {
        let entries = [
            (path: Paths.root, ledger: Ledger(1000, reserved: 40, spent: 7)),
            (path: Paths.leaf, ledger: Ledger(100, limit: 50, flags: "o")),
        ]
        try await self.scene.openLedgers([Paths.root: entries[0].ledger, Paths.leaf: entries[1].ledger])
        let call = ReserveCall()
        let record = call.record(at: Scene.startMs, opening: snapshotText(entries))
        let seen = try await self.reserve(call)
        #expect(seen.answer == .reply("RESERVED", .bytes(record.text), .integer(Scene.startMs)))
        seen.expectChanges(self.changes(call, record, entries))
    }

    @Test("The same call again answers the record and changes nothing, whatever became of tenant, ledgers and time")
    func replays() async throws {
        try await self.scene.openLedgers([Paths.root: Ledger(100)])
        let call = ReserveCall()
        let record = try await self.scene.place(call).record.text
        try await self.reserve(call).expectUnchanged(.reply("REPLAYED", .bytes(record), .integer(Scene.startMs)))
        for tag: ByteText in ["S2", "C3"] {
            try await self.scene.openTenant(tag)
            try await self.scene.harness.command("DEL", self.scene.ledgerKey(Paths.root))
            let later = Scene.startMs + 10_000_000
            try await self.scene.setClock(later)
            try await self.reserve(call, tag: tag)
                .expectUnchanged(.reply("REPLAYED", .bytes(record), .integer(later)))
        }
    }

    @Test("The same key with another request is a mismatch, before status and budget are looked at")
    func mismatch() async throws {
        try await self.scene.openLedgers([Paths.root: Ledger(100)])
        var call = ReserveCall()
        _ = try await self.scene.place(call)
        call.fingerprint = mark("other")
        call.amount = 1_000_000
        try await self.reserve(call).expectUnchanged(.reply("MISMATCH"))
        try await self.scene.openTenant("C1")
        try await self.reserve(call, tag: "C1").expectUnchanged(.reply("MISMATCH"))
    }

    @Test("A tag that is not the tenant's is stale, and a missing tenant has an empty one")
    func stale() async throws {
        try await self.scene.openLedgers([Paths.root: Ledger(100)])
        let call = ReserveCall()
        _ = try await self.scene.place(call)
        try await self.scene.openTenant("A2")
        try await self.reserve(call).expectUnchanged(.reply("STALE", "A2"), "before the replay")
        try await self.scene.harness.command("DEL", self.scene.tenantKey)
        try await self.reserve(call).expectUnchanged(.reply("STALE", ""))
        try await self.reserve(call, tag: "").expectUnchanged(.reply("STALE", ""), "an empty tag is never true")
    }

    @Test("197: a closed or suspended tenant reserves nothing")
    func inactive() async throws {
        try await self.scene.openLedgers([Paths.root: Ledger(100)])
        for (tag, word) in [("C7", "CLOSED"), ("S7", "SUSPENDED")] as [(ByteText, ByteText)] {
            try await self.scene.openTenant(tag)
            try await self.reserve(ReserveCall(), tag: tag).expectUnchanged(.reply(word))
        }
    }

    @Test("Without a ledger in any unit there is no budget; in another unit the deepest such scope is named")
    func unbudgeted() async throws {
        try await self.reserve(ReserveCall()).expectUnchanged(.reply("NOBUDGET"))
        try await self.scene.openLedgers([Paths.root: Ledger(100)], unit: "T")
        try await self.reserve(ReserveCall()).expectUnchanged(.reply("UNIT", 0, "T"))
        try await self.scene.openLedgers([Paths.middle: Ledger(100)], unit: "R")
        try await self.scene.openLedgers([Paths.middle: Ledger(100)], unit: "C")
        try await self.reserve(ReserveCall()).expectUnchanged(.reply("UNIT", 1, "CR"))
        try await self.scene.openLedgers([Paths.root: Ledger(100)])
        let answer = try await self.scene.run("budget/reserve", ReserveCall().arguments())
        #expect(answer.word == "RESERVED", "scopes without the unit are skipped when another has it")
    }

    @Test("An estimate equal to what remains is reserved, one more is refused in the scope that is short")
    func equality() async throws {
        try await self.scene.openLedgers([Paths.root: Ledger(1000), Paths.leaf: Ledger(100, reserved: 20, spent: 30)])
        var call = ReserveCall()
        call.amount = 51
        try await self.reserve(call).expectUnchanged(.reply("DENIED", "EXCEEDED", 2))
        call.amount = 50
        _ = try await self.scene.place(call)
        #expect(try await self.scene.ledger(Paths.leaf).remaining == 0)
        #expect(try await self.scene.ledger(Paths.root).remaining == 950)
    }

    @Test("Overage policies do not let a too large estimate through", arguments: ["R", "I", "O"] as [ByteText])
    func policyDoesNotLend(policy: ByteText) async throws {
        try await self.scene.openLedgers([Paths.root: Ledger(100, limit: 1000)])
        var call = ReserveCall()
        call.policy = policy
        call.amount = 101
        try await self.reserve(call).expectUnchanged(.reply("DENIED", "EXCEEDED", 0))
    }

    @Test("Fifty of a hundred reservations of 10 fit into 500")
    func neverOversubscribed() async throws {
        try await self.scene.openLedgers([Paths.root: Ledger(500)])
        var granted = 0
        for index in 0..<100 {
            var call = ReserveCall()
            call.id = mark("h\(index)")
            call.amount = 10
            let answer = try await self.scene.run("budget/reserve", call.arguments())
            if answer.word == "RESERVED" { granted += 1 }
            #expect(answer.word == (index < 50 ? "RESERVED" : "DENIED"))
        }
        #expect(granted == 50)
        #expect(try await self.scene.ledger(Paths.root) == Ledger(500, reserved: 500))
    }

    /// Refusals are looked for class by class over all scopes: closed, frozen, over limit, debt, exceeded.
    @Test("Of several refusals the gravest is answered, with the first scope that has it")
    func orderOfRefusals() async throws {
        let short = Ledger(10)
        let debt = Ledger(1000, debt: 1, limit: 5)
        let over = Ledger(1000, flags: "O0")
        let frozen = Ledger(1000, flags: "F0")
        let closed = Ledger(1000, flags: "C0")
        let cases: [([Ledger], ByteText, Int64)] = [
            ([short, Ledger(1000), short], "EXCEEDED", 0),
            ([Ledger(1000), short, short], "EXCEEDED", 1),
            ([short, debt, debt], "DEBT", 1),
            ([short, debt, over], "OVERLIMIT", 2),
            ([over, over, frozen], "FROZEN", 2),
            ([frozen, closed, short], "CLOSED", 1),
            ([closed, frozen, over], "CLOSED", 0),
            ([Ledger(1000), Ledger(1000, debt: 9, flags: "O0"), debt], "OVERLIMIT", 1),
            ([Ledger(1000), Ledger(1000, flags: "Oi"), short], "OVERLIMIT", 1),
            ([Ledger(1000), Ledger(1000, flags: "COr"), short], "CLOSED", 1),
            ([Ledger(1000), Ledger(1000, flags: "FOr"), short], "FROZEN", 1),
        ]
        for (ledgers, reason, scope) in cases {
            try await self.scene.openLedgers(Dictionary(uniqueKeysWithValues: zip(Paths.all, ledgers)))
            try await self.reserve(ReserveCall())
                .expectUnchanged(.reply("DENIED", .bytes(reason), .integer(scope)), "\(ledgers)")
        }
    }

    @Test("Even an estimate of zero is refused over the limit and in debt, and reserved where nothing remains")
    func zeroEstimate() async throws {
        var call = ReserveCall()
        call.amount = 0
        for (ledger, reason) in [(Ledger(10, flags: "O0"), "OVERLIMIT"), (Ledger(10, debt: 1), "DEBT")] {
            try await self.scene.openLedgers([Paths.root: ledger])
            try await self.reserve(call).expectUnchanged(.reply("DENIED", "\(reason)", 0))
        }
        let ledger = Ledger(10, spent: 10)
        try await self.scene.openLedgers([Paths.root: ledger])
        let entries = [(path: Paths.root, ledger: ledger)]
        let record = call.record(at: Scene.startMs, opening: snapshotText(entries))
        try await self.reserve(call).expectChanges(self.changes(call, record, entries))
    }

    @Test("Short of room while a reservation waits to be expired, the answer is BEHIND and not a refusal")
    func behind() async throws {
        try await self.scene.openLedgers([Paths.root: Ledger(100)])
        let placed = try await self.scene.place()
        var call = ReserveCall()
        call.id = mark("h2")
        call.amount = 1
        try await self.scene.setClock(placed.record.deadlineMs)
        try await self.reserve(call).expectUnchanged(.reply("DENIED", "EXCEEDED", 0), "within grace it is live")
        try await self.scene.setClock(placed.record.deadlineMs + 1)
        try await self.reserve(call).expectUnchanged(.reply("BEHIND"))
        for (caughtUp, answer) in [(1, .reply("BEHIND")), (0, .reply("DENIED", "EXCEEDED", 0))]
            as [(Int64, ScriptAnswer)]
        {
            call.caughtUpMs = placed.record.deadlineMs + caughtUp
            try await self.reserve(call).expectUnchanged(answer, "a sweep got to \(caughtUp) ms after the deadline")
        }
        try await self.scene.openLedgers([Paths.middle: Ledger(100, debt: 1)])
        try await self.reserve(call).expectUnchanged(.reply("DENIED", "DEBT", 1), "room would not help here")
    }

    @Test("The policy is the one asked for, else that of the deepest budgeted ledger, else the fallback")
    func policyResolution() async throws {
        let cases: [(asked: ByteText, root: ByteText, leaf: ByteText?, expected: ByteText)] = [
            ("R", "o", "i", "R"), ("", "o", "i", "I"), ("", "o", nil, "O"),
            ("", "o", "0", "R"), ("", "0", "0", "R"), ("", "0", "r", "R"),
            ("", "0", "o", "O"),
        ]
        for (index, each) in cases.enumerated() {
            try await self.scene.harness.command("DEL", self.scene.ledgerKey(Paths.leaf))
            try await self.scene.openLedgers([Paths.root: Ledger(10_000, flags: each.root)])
            if let leaf = each.leaf { try await self.scene.openLedgers([Paths.leaf: Ledger(10_000, flags: leaf)]) }
            var call = ReserveCall()
            call.id = mark("h\(index)")
            call.policy = each.asked
            call.fallback = "R"
            let record = try await self.scene.run("budget/reserve", call.arguments()).text(0)
            #expect(record.part(1)[1..<2] == each.expected, "\(each)")
        }
    }

    @Test("Rows are numbered, 1,000 to a string, and paths share their numbers")
    func directory() async throws {
        try await self.scene.openLedgers([Paths.root: Ledger(10_000)])
        try await self.scene.harness.command("SET", self.scene.key("n"), "999")
        let zeros = ByteText("\0").repeated(64 * 999)
        try await self.scene.harness.command("SET", self.scene.chunkKey(0), zeros)
        var rows: [ByteText] = []
        for (index, path) in [Paths.leaf, Paths.leaf, Paths.root].enumerated() {
            var call = ReserveCall()
            call.id = mark("h\(index)")
            call.path = path
            let placed = try await self.scene.place(call)
            #expect(placed.record.row == Int64(999 + index))
            rows.append(placed.record.rowText(number: index < 2 ? 0 : 1, tail: call.idBytes))
        }
        let snapshot = try await self.scene.harness.snapshot()
        #expect(snapshot.string(self.scene.key("d:0000000")) == zeros + rows[0])
        #expect(snapshot.string(self.scene.key("d:0000001")) == rows[1] + rows[2])
        #expect(snapshot.hash(self.scene.key("sp")) == [Paths.leaf: "0000001 0", Paths.root: "0000001 1", "": "2"])
        #expect(snapshot.hash(self.scene.key("sn")) == ["0": Paths.leaf, "1": Paths.root])
        #expect(snapshot.string(self.scene.key("n")) == "1002")
    }

    @Test("The shard's due index keeps the earliest deadline of the tenant")
    func earliestDeadline() async throws {
        try await self.scene.openLedgers([Paths.root: Ledger(10_000)])
        var expected: [Int64] = []
        for (index, ttl) in ([60_000, 90_000, 30_000] as [Int64]).enumerated() {
            var call = ReserveCall()
            call.id = mark("h\(index)")
            call.ttlMs = ttl
            expected.append(try await self.scene.place(call).record.deadlineMs)
            let earliest = try #require(expected.min())
            let scores = try await self.scene.harness.snapshot().scores(self.scene.shardKey("due"))
            #expect(scores == ["bacme": ByteText(earliest)])
        }
    }

    @Test("Numbers of the directory that are none are an error, and nothing changes")
    func corruptDirectory() async throws {
        try await self.scene.openLedgers([Paths.root: Ledger(1000), Paths.leaf: Ledger(1000)])
        for count: ByteText in ["", "abc", "1.5", "9223372036854775807", "12345678901234567890"] {
            try await self.scene.harness.command("SET", self.scene.key("n"), count)
            try await self.reserve(ReserveCall()).expectFailure("", "row \(count)")
        }
        try await self.scene.harness.command("SET", self.scene.key("n"), "0")
        for number: ByteText in ["", "abc", "0000000 abc", "0000000 abcdefghij"] {
            try await self.scene.harness.command("HSET", self.scene.key("sp"), Paths.leaf, number)
            try await self.reserve(ReserveCall()).expectFailure("", "path \(number)")
        }
        try await self.scene.harness.command("HSET", self.scene.key("sp"), Paths.leaf, "7")
        #expect(try await self.reserve(ReserveCall()).answer.word == "RESERVED")
    }

    @Test("Another tenant's ledgers of the same scope are out of reach")
    func tenantsAreApart() async throws {
        try await self.scene.openLedgers([Paths.root: Ledger(100)])
        var other = self.scene
        other.tenant = "globex"
        try await other.openTenant()
        try await other.observe("budget/reserve", ReserveCall().arguments()).expectUnchanged(.reply("NOBUDGET"))
    }

    @Test("A budget whose ledger is gone, or whose flags mean nothing, is corrupt and not no budget")
    func goneLedger() async throws {
        var charge = ChargeCall()
        charge.path = Paths.leaf
        for path in Paths.all {
            try await self.scene.harness.reset(clockUs: Scene.startMs * 1000)
            try await self.scene.openTenant()
            try await self.scene.openLedgers(Dictionary(uniqueKeysWithValues: Paths.all.map { ($0, Ledger(1000)) }))
            for each in Paths.all {
                try await self.scene.harness.command("ZADD", self.scene.key("bud"), "0", each + "\0U")
            }
            for broken in [nil, "1000 0 0 0 0 Z0", "1000 0 0 0 0 00", "1000 0 0 0 0 "] as [ByteText?] {
                if let broken {
                    try await self.scene.harness.command("SET", self.scene.ledgerKey(path), broken)
                } else {
                    try await self.scene.harness.command("DEL", self.scene.ledgerKey(path))
                }
                let comment: Comment = "\(path.plain) \(broken?.plain ?? "gone")"
                let arguments = ReserveCall().arguments()
                try await self.scene.observe("budget/reserve", arguments).expectFailure("CORRUPT", comment)
                let question = ReserveCall().evaluation()
                try await self.scene.observe("budget/evaluate", question).expectFailure("CORRUPT", comment)
                try await self.scene.observe("budget/charge", charge.arguments()).expectFailure("CORRUPT", comment)
            }
        }
    }
}
