// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// Booking without a reservation (runtime digest 1.9 and 2.12, "Event").
@Suite("budget/charge", .privateRedis, .serialized)
struct ChargeTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
    }

    private func charge(_ call: ChargeCall = ChargeCall(), tag: ByteText = "A1") async throws -> Observation {
        try await self.scene.observe("budget/charge", call.arguments(tag))
    }

    /// These ledgers and no others.
    private func open(_ ledgers: [Ledger]) async throws {
        for path in Paths.all { try await self.scene.harness.command("DEL", self.scene.ledgerKey(path)) }
        try await self.scene.openLedgers(Dictionary(uniqueKeysWithValues: zip(Paths.all, ledgers)))
    }

    /// Expects what the model says of an amount booked on nothing reserved: answer, record and every ledger, or no
    /// change at all. Reject means here: unless there is room.
    private func expectModel(
        _ call: ChargeCall, _ ledgers: [Ledger], _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await self.open(ledgers)
        let seen = try await self.charge(call)
        let rejects = call.policy == "R"
        let outcome = OverageModel.settle(
            ledgers, reserved: 0, actual: call.actual, policy: rejects ? "I" : call.policy)
        switch outcome {
        case .booked(let charged, let effects, let after):
            if rejects, let short = effects.firstIndex(of: "k") {
                seen.expectUnchanged(
                    .reply("DENIED", "EXCEEDED", .integer(Int64(short))), comment, sourceLocation: sourceLocation)
                return
            }
            let entries = zip(Paths.all, ledgers).map { (path: $0.0, ledger: $0.1) }
            let record = call.record(
                at: Scene.startMs, applied: call.policy, charged: charged, entries, effects: effects)
            #expect(
                seen.answer == .reply("CHARGED", .bytes(record), .integer(Scene.startMs)), comment,
                sourceLocation: sourceLocation)
            var changes = [self.scene.shardKey("v:" + call.id): KeyChange.string(record, keepMs: call.keepMs)]
            for (path, ledger) in zip(Paths.all, after) {
                changes[self.scene.ledgerKey(path)] = .string(ledger.text)
            }
            seen.expectChanges(changes, comment, sourceLocation: sourceLocation)
        case .overdraft(let index):
            seen.expectUnchanged(
                .reply("DENIED", "OVERDRAFT", .integer(Int64(index))), comment, sourceLocation: sourceLocation)
        case .exceeded, .corrupt: Issue.record("\(outcome)", sourceLocation: sourceLocation)
        }
    }

    @Test("A charge books its amount in every budgeted scope and writes its record for a time, nothing else")
    func books() async throws {
        let entries = [
            (path: Paths.root, ledger: Ledger(1000, reserved: 40, spent: 7)),
            (path: Paths.leaf, ledger: Ledger(100, limit: 50, flags: "o")),
        ]
        try await self.scene.openLedgers([Paths.root: entries[0].ledger, Paths.leaf: entries[1].ledger])
        let call = ChargeCall()
        let seen = try await self.charge(call)
        let record = call.record(at: Scene.startMs, applied: "I", charged: 100, entries, effects: ["p", "p"])
        #expect(seen.answer == .reply("CHARGED", .bytes(record), .integer(Scene.startMs)))
        seen.expectChanges([
            self.scene.shardKey("v:" + call.id): .string(record, keepMs: call.keepMs),
            self.scene.ledgerKey(Paths.root): .string(Ledger(1000, reserved: 40, spent: 107).text),
            self.scene.ledgerKey(Paths.leaf): .string(Ledger(100, spent: 100, limit: 50, flags: "o").text),
        ])
    }

    @Test("200: the same charge again answers the record and changes nothing, whatever became of tenant and ledgers")
    func replays() async throws {
        try await self.open([Ledger(100)])
        let call = ChargeCall()
        let record = try await self.charge(call).answer.text(0)
        for tag: ByteText in ["A1", "S2", "C3"] {
            try await self.scene.openTenant(tag)
            try await self.scene.harness.command("DEL", self.scene.ledgerKey(Paths.root))
            try await self.scene.setClock(Scene.startMs + 9)
            try await self.charge(call, tag: tag)
                .expectUnchanged(.reply("REPLAYED", .bytes(record), .integer(Scene.startMs + 9)))
        }
        var other = call
        other.fingerprint = mark("f2")
        try await self.charge(other, tag: "C3").expectUnchanged(.reply("MISMATCH"))
    }

    @Test("197: a closed or suspended tenant is charged nothing, a stale tag is told the true one")
    func inactive() async throws {
        try await self.open([Ledger(1000)])
        for (tag, word) in [("C7", "CLOSED"), ("S7", "SUSPENDED")] as [(ByteText, ByteText)] {
            try await self.scene.openTenant(tag)
            try await self.charge(tag: tag).expectUnchanged(.reply(word))
            try await self.charge(tag: "A1").expectUnchanged(.reply("STALE", .bytes(tag)))
        }
    }

    @Test("151: without a ledger in any unit there is no budget; in another unit the deepest such scope is named")
    func unbudgeted() async throws {
        try await self.charge().expectUnchanged(.reply("NOBUDGET"))
        try await self.scene.openLedgers([Paths.root: Ledger(100)], unit: "T")
        try await self.charge().expectUnchanged(.reply("UNIT", 0, "T"))
        try await self.scene.openLedgers([Paths.middle: Ledger(100)], unit: "R")
        try await self.charge().expectUnchanged(.reply("UNIT", 1, "R"))
        try await self.scene.openLedgers([Paths.root: Ledger(100)])
        #expect(try await self.charge().answer.word == "CHARGED", "scopes without the unit are skipped")
    }

    @Test("A closed ledger anywhere refuses, else a frozen one, else one that is short; the first of each is named")
    func orderOfRefusals() async throws {
        let (short, frozen, closed) = (Ledger(10), Ledger(1000, flags: "F0"), Ledger(1000, flags: "C0"))
        let cases: [([Ledger], ByteText, Int64)] = [
            ([short, frozen, closed], "CLOSED", 2), ([short, frozen, frozen], "FROZEN", 1),
            ([Ledger(1000, flags: "COr"), frozen, closed], "CLOSED", 0), ([Ledger(1000), short, short], "EXCEEDED", 1),
        ]
        for (ledgers, reason, scope) in cases {
            try await self.open(ledgers)
            var call = ChargeCall()
            call.policy = "R"
            try await self.charge(call).expectUnchanged(
                .reply("DENIED", .bytes(reason), .integer(scope)), "\(ledgers)")
        }
    }

    @Test("152: debt and the over-limit flag do not stop a charge", arguments: ["R", "I", "O"] as [ByteText])
    func blockedScopes(policy: ByteText) async throws {
        var call = ChargeCall()
        call.policy = policy
        for (index, ledger) in [Ledger(1000, debt: 1, limit: 5), Ledger(1000, debt: 9, limit: 5, flags: "O0")]
            .enumerated()
        {
            call.id = mark("v\(index)")
            try await self.expectModel(call, [ledger, Ledger(1000)])
        }
    }

    @Test(
        "148 149 150: each policy, up to what remains, at the limit, and one beyond, in small and in large numbers",
        arguments: ["R", "I", "O"] as [ByteText], [1, 1 << 52] as [Int64])
    func policies(policy: ByteText, factor: Int64) async throws {
        let scopes = [
            [Ledger(1000, reserved: 900, limit: 500)], [Ledger(150, limit: 30), Ledger(110, limit: 20)],
            [Ledger(50, spent: 80, limit: 300), Ledger(100)], [Ledger(100, debt: 30, limit: 40)],
        ]
        var number = 0
        for ledgers in scopes {
            for actual in [0, 10, 20, 70, 71, 100, 101, 110, 111, 130, 131, 150, 151, 500, 600, 601] as [Int64] {
                for step: Int64 in factor == 1 ? [0] : [-1, 0, 1] where actual * factor + step >= 0 {
                    var call = ChargeCall()
                    call.id = mark("v\(number)")
                    call.policy = policy
                    call.actual = actual * factor + step
                    number += 1
                    try await self.expectModel(call, ledgers.map { $0.scaled(by: factor) }, "\(ledgers) \(call.actual)")
                }
            }
        }
    }

    @Test("A charge agrees with the model over random ledgers of every magnitude")
    func agreesWithModel() async throws {
        var random = SeededGenerator()
        for round in 0..<200 {
            let scale = Int64(1) << Int64.random(in: 6...60, using: &random)
            let ledgers = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                Ledger(
                    Int64.random(in: 0...scale, using: &random), reserved: Int64.random(in: 0...scale, using: &random),
                    spent: Int64.random(in: 0...scale, using: &random),
                    debt: Bool.random(using: &random) ? scale / 3 : 0,
                    limit: Int64.random(in: 0...scale, using: &random),
                    flags: (["0", "i", "Oo", "r"] as [ByteText]).randomElement(using: &random) ?? "0")
            }
            var call = ChargeCall()
            call.id = mark("v\(round)")
            call.actual = Int64.random(in: 0...scale, using: &random)
            call.policy = (["R", "I", "O"] as [ByteText]).randomElement(using: &random) ?? "R"
            try await self.expectModel(call, ledgers, "seed \(random.seed), round \(round)")
        }
    }

    @Test("The policy is the one asked for, else that of the deepest budgeted ledger, else the fallback")
    func policySource() async throws {
        let cases: [(asked: ByteText, root: ByteText, leaf: ByteText, fallback: ByteText, applied: ByteText)] = [
            ("R", "i", "o", "O", "R"), ("", "i", "o", "R", "O"), ("", "i", "0", "R", "R"), ("", "o", "r", "I", "R"),
        ]
        for (number, each) in cases.enumerated() {
            try await self.scene.openLedgers([
                Paths.root: Ledger(1000, flags: each.root), Paths.leaf: Ledger(1000, flags: each.leaf),
            ])
            var call = ChargeCall()
            call.id = mark("v\(number)")
            (call.policy, call.fallback) = (each.asked, each.fallback)
            let record = try await self.charge(call).answer.text(0)
            #expect(record.part(1) == "U" + each.applied, "\(each)")
        }
    }

    @Test(
        "Short of room held by reservations that wait to be expired, a charge is BEHIND, and goes through after them",
        arguments: ["R", "I", "O"] as [ByteText])
    func behind(policy: ByteText) async throws {
        try await self.open([Ledger(150)])
        let placed = try await self.scene.place()
        var call = ChargeCall()
        call.policy = policy
        try await self.scene.setClock(placed.record.deadlineMs + 1)
        try await self.charge(call).expectUnchanged(.reply("BEHIND"))
        call.caughtUpMs = placed.record.deadlineMs + 1
        try await self.charge(call).expectUnchanged(.reply("BEHIND"), "a sweep that got here left it")
        #expect(try await self.scene.run("budget/expire", ["limit": "10", "keep_ms": "1000"]).word == "EXPIRED")
        #expect(try await self.charge(call).answer.word == "CHARGED")
        #expect(try await self.scene.ledger(Paths.root) == Ledger(150, spent: 100))
    }

    @Test("What became due after the last sweep is too young to wait for, and a charge with room waits for nobody")
    func young() async throws {
        try await self.open([Ledger(300)])
        let placed = try await self.scene.place()
        try await self.scene.setClock(placed.record.deadlineMs + 1)
        #expect(try await self.charge().answer.word == "CHARGED")
        var call = ChargeCall()
        call.id = mark("v2")
        call.policy = "R"
        call.actual = 101
        call.caughtUpMs = placed.record.deadlineMs
        try await self.charge(call).expectUnchanged(.reply("DENIED", "EXCEEDED", 0))
    }

    @Test("A sum that leaves int64 is refused before the first write, in each scope", arguments: Paths.all)
    func overflow(path: ByteText) async throws {
        for text: ByteText in ["9223372036854775807 0 9223372036854775000 0 0 0", "100 0 9223372036854775807 0 0 0"] {
            for path in Paths.all { try await self.scene.write(Ledger(.max), path) }
            try await self.scene.harness.command("SET", self.scene.ledgerKey(path), text)
            var call = ChargeCall()
            (call.actual, call.policy) = (1000, "O")
            let seen = try await self.charge(call)
            #expect(["DENIED", ""].contains(seen.answer.word))
            #expect(seen.changes == [])
        }
    }
}
