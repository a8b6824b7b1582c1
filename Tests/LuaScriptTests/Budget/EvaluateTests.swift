// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("budget/evaluate", .privateRedis, .serialized)
struct EvaluateTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
    }

    private func evaluate(_ call: ReserveCall = ReserveCall(), tag: ByteText = "A1") async throws -> Observation {
        try await self.scene.observe("budget/evaluate", call.evaluation(tag))
    }

    /// The stored answer: a record in state D whose last section is the reason code.
    private func answer(_ call: ReserveCall, _ entries: [(path: ByteText, ledger: Ledger)], _ code: ByteText)
        -> ByteText
    {
        var record = call.record(at: Scene.startMs, opening: snapshotText(entries))
        record.state = "D"
        return record.text + "\0" + code
    }

    /// Expects an answer with this code, stored for a day, and nothing else changed.
    private func expectCode(
        _ code: ByteText, _ entries: [(path: ByteText, ledger: Ledger)], tag: ByteText = "A1",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let call = ReserveCall()
        let seen = try await self.evaluate(call, tag: tag)
        let record = self.answer(call, entries, code)
        let expected = ScriptAnswer.reply("EVALUATED", .bytes(record), .integer(Scene.startMs))
        #expect(seen.answer == expected, sourceLocation: sourceLocation)
        seen.expectChanges(
            [self.scene.shardKey("r:" + call.id): .string(record, keepMs: 86_400_000)], sourceLocation: sourceLocation)
        try await self.scene.harness.command("DEL", self.scene.shardKey("r:" + call.id))
    }

    @Test("A dry run stores its answer for a time, with the reason it would be refused for, and moves nothing")
    func answers() async throws {
        let cases: [(Ledger, ByteText)] = [
            (Ledger(100), ""), (Ledger(99), "BUDGET_EXCEEDED"), (Ledger(1000, debt: 1), "DEBT_OUTSTANDING"),
            (Ledger(1000, flags: "O0"), "OVERDRAFT_LIMIT_EXCEEDED"), (Ledger(1000, flags: "F0"), "BUDGET_FROZEN"),
            (Ledger(1000, flags: "C0"), "BUDGET_CLOSED"),
        ]
        for (ledger, code) in cases {
            try await self.scene.openLedgers([Paths.root: Ledger(1000), Paths.leaf: ledger])
            try await self.expectCode(code, [(Paths.root, Ledger(1000)), (Paths.leaf, ledger)])
        }
    }

    @Test("Without any budget the answer says so, with a budget in another unit the unit is wrong")
    func unbudgeted() async throws {
        try await self.expectCode("BUDGET_NOT_FOUND", [])
        try await self.scene.openLedgers([Paths.middle: Ledger(100)], unit: "C")
        try await self.evaluate().expectUnchanged(.reply("UNIT", 1, "C"))
    }

    @Test("199: a closed or suspended tenant is told so, whatever its budgets")
    func inactive() async throws {
        for ledger in [Ledger(1000), Ledger(5)] {
            try await self.scene.openLedgers([Paths.root: ledger])
            for (tag, code) in [("C1", "TENANT_CLOSED"), ("S1", "TENANT_SUSPENDED")] as [(ByteText, ByteText)] {
                try await self.scene.openTenant(tag)
                try await self.expectCode(code, [(Paths.root, ledger)], tag: tag)
                var other = ReserveCall()
                other.id = mark("h2")
                other.unit = "C"
                let answer = try await self.evaluate(other, tag: tag).answer
                #expect(answer.word == "EVALUATED" && answer.text(0).split(0).last == code, "before the unit")
                try await self.scene.harness.command("DEL", self.scene.shardKey("r:" + other.id))
            }
        }
    }

    @Test("The same dry run again answers the same although the budget has changed; another request is a mismatch")
    func replays() async throws {
        try await self.scene.openLedgers([Paths.root: Ledger(100)])
        var call = ReserveCall()
        let first = try await self.evaluate(call).answer.text(0)
        try await self.scene.openLedgers([Paths.root: Ledger(1)])
        for tag: ByteText in ["A1", "C1"] {
            try await self.scene.openTenant(tag)
            try await self.scene.setClock(Scene.startMs + 9)
            try await self.evaluate(call, tag: tag)
                .expectUnchanged(.reply("REPLAYED", .bytes(first), .integer(Scene.startMs + 9)))
        }
        call.fingerprint = mark("f2")
        try await self.evaluate(call, tag: "C1").expectUnchanged(.reply("MISMATCH"))
    }

    @Test("A dry run and a reservation share their key, so a flipped flag is a mismatch")
    func sharesKeys() async throws {
        try await self.scene.openLedgers([Paths.root: Ledger(1000)])
        var call = ReserveCall()
        _ = try await self.scene.place(call)
        call.fingerprint = mark("dry")
        try await self.evaluate(call).expectUnchanged(.reply("MISMATCH"))
        call.id = mark("h2")
        _ = try await self.evaluate(call)
        call.fingerprint = mark("live")
        try await self.scene.observe("budget/reserve", call.arguments()).expectUnchanged(.reply("MISMATCH"))
    }

    @Test("Short of room while a reservation waits to be expired, the answer is BEHIND and nothing is stored")
    func behind() async throws {
        try await self.scene.openLedgers([Paths.root: Ledger(150)])
        let placed = try await self.scene.place()
        var call = ReserveCall()
        call.id = mark("h2")
        try await self.scene.setClock(placed.record.deadlineMs + 1)
        try await self.evaluate(call).expectUnchanged(.reply("BEHIND"))
        call.caughtUpMs = placed.record.deadlineMs + 1
        try await self.evaluate(call).expectUnchanged(.reply("BEHIND"), "a sweep that got here left it")
        call.caughtUpMs = placed.record.deadlineMs
        #expect(try await self.evaluate(call).answer.text(0).plain.hasSuffix("BUDGET_EXCEEDED"))
    }

    @Test("A tag that is not the tenant's is stale")
    func stale() async throws {
        try await self.evaluate(tag: "A2").expectUnchanged(.reply("STALE", "A1"))
    }

    @Test("What a dry run answers is what the reservation is answered, over random ledgers")
    func agreesWithReserve() async throws {
        var random = SeededGenerator()
        let codes: [ByteText: ByteText] = [
            "EXCEEDED": "BUDGET_EXCEEDED", "DEBT": "DEBT_OUTSTANDING", "OVERLIMIT": "OVERDRAFT_LIMIT_EXCEEDED",
            "FROZEN": "BUDGET_FROZEN", "CLOSED": "BUDGET_CLOSED",
        ]
        for round in 0..<60 {
            for path in Paths.all {
                let flags = (["0", "0", "0", "i", "Oo", "F0", "C0"] as [ByteText]).randomElement(using: &random) ?? "0"
                let debt: Int64 = Int.random(in: 0..<6, using: &random) == 0 ? 1 : 0
                let ledger = Ledger(Int64.random(in: 90...400, using: &random), debt: debt, flags: flags)
                try await self.scene.write(ledger, path)
            }
            var call = ReserveCall()
            call.id = mark("d\(round)")
            let dry = try await self.evaluate(call).answer.text(0).part(10)
            call.id = mark("h\(round)")
            let live = try await self.scene.run("budget/reserve", call.arguments())
            let expected = live.word == "RESERVED" ? "" : codes[live.text(0)]
            #expect(dry == expected, "seed \(random.seed), round \(round)")
        }
    }
}
