// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// The overage policies of a commit (runtime digest 2.12 and statements 97 to 107).
@Suite("Overage", .privateRedis, .serialized)
struct OverageTests {
    /// With the second factor every amount is above 2^53, so the script takes its exact way.
    static let factors: [Int64] = [1, 1 << 52]

    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func place(_ ledgers: [Ledger], _ amount: Int64, _ policy: ByteText) async throws -> Placed {
        try await self.scene.harness.reset(clockUs: Scene.startMs * 1000)
        try await self.scene.openTenant()
        try await self.scene.openLedgers(Dictionary(uniqueKeysWithValues: zip(Paths.all, ledgers)))
        var call = ReserveCall()
        call.amount = amount
        call.policy = policy
        return try await self.scene.place(call)
    }

    private func commit(_ placed: Placed, _ actual: Int64) async throws -> Observation {
        var call = SettleCall(placed)
        call.actual = actual
        return try await self.scene.observe("budget/commit", call.commit())
    }

    /// Expects what the model says of a commit: answer, record and every ledger, or no change at all.
    private func expectModel(
        _ placed: Placed, _ ledgers: [Ledger], _ actual: Int64, _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> OverageModel.Outcome {
        let call = placed.call
        let outcome = OverageModel.settle(ledgers, reserved: call.amount, actual: actual, policy: call.policy)
        let seen = try await self.commit(placed, actual)
        let keys = zip(Paths.all, ledgers).map { self.scene.ledgerKey($0.0) }
        switch outcome {
        case .exceeded(let index):
            let denied = ScriptAnswer.reply("DENIED", "EXCEEDED", .bytes(Paths.all[index]))
            seen.expectUnchanged(denied, comment, sourceLocation: sourceLocation)
        case .overdraft(let index):
            let denied = ScriptAnswer.reply("DENIED", "OVERDRAFT", .bytes(Paths.all[index]))
            seen.expectUnchanged(denied, comment, sourceLocation: sourceLocation)
        case .corrupt(let index):
            seen.expectFailure("CORRUPT ledger " + keys[index].plain, comment, sourceLocation: sourceLocation)
        case .booked(let charged, let effects, let after):
            let entries = zip(Paths.all, ledgers).map { (path: $0.0, ledger: $0.1) }
            let final = placed.record.ended(
                "C",
                .init(
                    atMs: Scene.startMs, key: mark("k1") + mark("g1"), charged: charged,
                    snapshot: snapshotText(entries, effects: effects)))
            let expected = ScriptAnswer.reply("COMMITTED", .bytes(final.text), .integer(Scene.startMs))
            #expect(seen.answer == expected, comment, sourceLocation: sourceLocation)
            var changes = self.scene.endingChanges(of: placed, to: final, keepMs: 172_800_000, from: seen.before)
            for (key, ledger) in zip(keys, after) { changes[key] = .string(ledger.text) }
            seen.expectChanges(changes, comment, sourceLocation: sourceLocation)
        }
        return outcome
    }

    struct Trace: CustomStringConvertible {
        var actual: Int64
        var policy: ByteText
        /// The ledger afterwards; nil when the commit is refused.
        var after: Ledger?
        var charged: Int64 = 0
        var refusal: ByteText = ""

        var description: String { "commit \(self.actual) with policy \(self.policy)" }
    }

    /// The worked traces: allocated 1000, limit 500, 900 reserved.
    static let traces = [
        Trace(actual: 700, policy: "R", after: Ledger(1000, spent: 700, limit: 500), charged: 700),
        Trace(actual: 700, policy: "I", after: Ledger(1000, spent: 700, limit: 500), charged: 700),
        Trace(actual: 700, policy: "O", after: Ledger(1000, spent: 700, limit: 500), charged: 700),
        Trace(actual: 0, policy: "R", after: Ledger(1000, limit: 500), charged: 0),
        Trace(actual: 900, policy: "R", after: Ledger(1000, spent: 900, limit: 500), charged: 900),
        Trace(actual: 950, policy: "I", after: Ledger(1000, spent: 950, limit: 500), charged: 950),
        Trace(actual: 1000, policy: "I", after: Ledger(1000, spent: 1000, limit: 500), charged: 1000),
        Trace(actual: 1200, policy: "I", after: Ledger(1000, spent: 1000, limit: 500, flags: "O0"), charged: 1000),
        Trace(actual: 1000, policy: "O", after: Ledger(1000, spent: 1000, limit: 500), charged: 1000),
        Trace(actual: 1100, policy: "O", after: Ledger(1000, spent: 900, debt: 200, limit: 500), charged: 1100),
        Trace(actual: 1400, policy: "O", after: Ledger(1000, spent: 900, debt: 500, limit: 500), charged: 1400),
        Trace(actual: 1401, policy: "O", refusal: "OVERDRAFT"), Trace(actual: 901, policy: "R", refusal: "EXCEEDED"),
        Trace(actual: 1000, policy: "R", refusal: "EXCEEDED"),
    ]

    @Test("2.12: the worked traces of the protocol, in small and in large numbers", arguments: traces, factors)
    func workedTraces(trace: Trace, factor: Int64) async throws {
        let placed = try await self.place([Ledger(1000, limit: 500).scaled(by: factor)], 900 * factor, trace.policy)
        let seen = try await self.commit(placed, trace.actual * factor)
        let ledger = try await self.scene.ledger(Paths.root)
        if let after = trace.after {
            #expect(ledger == after.scaled(by: factor))
            #expect(seen.answer.word == "COMMITTED")
            #expect(seen.answer.text(0).part(10) == ByteText(trace.charged * factor))
        } else {
            seen.expectUnchanged(.reply("DENIED", .bytes(trace.refusal), .bytes(Paths.root)))
        }
    }

    @Test("One unit beyond a limit decides, also above 2^53", arguments: factors)
    func oneUnit(factor: Int64) async throws {
        let ledger = Ledger(1000, limit: 500).scaled(by: factor)
        for (actual, policy) in [(1000, "I"), (1000, "O"), (1400, "O"), (900, "R")] as [(Int64, ByteText)] {
            for step: Int64 in [-1, 0, 1] {
                let placed = try await self.place([ledger], 900 * factor, policy)
                var held = ledger
                held.reserved = 900 * factor
                _ = try await self.expectModel(placed, [held], actual * factor + step, "\(actual) \(policy) \(step)")
            }
        }
    }

    @Test("99 103: after a capped charge reservations are refused over the limit, after an overdraft for the debt")
    func consequences() async throws {
        for (actual, policy, reason) in [(1200, "I", "OVERLIMIT"), (1100, "O", "DEBT")] as [(Int64, ByteText, ByteText)]
        {
            let placed = try await self.place([Ledger(1000, limit: 500)], 900, policy)
            _ = try await self.commit(placed, actual)
            for amount: Int64 in [0, 1] {
                var call = ReserveCall()
                call.id = mark("h2")
                call.amount = amount
                try await self.scene.observe("budget/reserve", call.arguments())
                    .expectUnchanged(.reply("DENIED", .bytes(reason), 0))
            }
        }
    }

    @Test("107: other reservations of an over-limit or indebted scope can still be committed and released")
    func othersGoOn() async throws {
        for (policy, actual) in [("I", 1000), ("O", 700)] as [(ByteText, Int64)] {
            try await self.scene.harness.reset(clockUs: Scene.startMs * 1000)
            try await self.scene.openTenant()
            try await self.scene.openLedgers([Paths.root: Ledger(1000, limit: 500)])
            var placed: [Placed] = []
            for index in 0..<3 {
                var call = ReserveCall()
                call.id = mark("h\(index)")
                call.amount = 300
                call.policy = policy
                placed.append(try await self.scene.place(call))
            }
            #expect(try await self.commit(placed[0], actual).answer.word == "COMMITTED")
            let before = try await self.scene.ledger(Paths.root)
            #expect(before.isOverLimit || before.debt > 0)
            #expect(try await self.commit(placed[1], 250).answer.word == "COMMITTED")
            #expect(try await self.scene.run("budget/release", SettleCall(placed[2]).release()).word == "RELEASED")
            var expected = before
            expected.reserved = 0
            expected.spent += 250
            #expect(try await self.scene.ledger(Paths.root) == expected)
        }
    }

    @Test(
        "Several scopes: the least room caps the charge, only short scopes are flagged or indebted", arguments: factors)
    func severalScopes(factor: Int64) async throws {
        let cases: [(ledgers: [Ledger], policy: ByteText, actual: Int64)] = [
            ([Ledger(150), Ledger(110)], "I", 130), ([Ledger(110), Ledger(150)], "I", 130),
            ([Ledger(110, flags: "i"), Ledger(150), Ledger(120, flags: "r")], "I", 130),
            ([Ledger(150), Ledger(140), Ledger(130)], "I", 130), ([Ledger(100), Ledger(150)], "I", 101),
            ([Ledger(150), Ledger(110, limit: 40)], "O", 130),
            ([Ledger(110, limit: 30), Ledger(110, limit: 30)], "O", 130),
            ([Ledger(110, limit: 30), Ledger(110, limit: 29)], "O", 130), ([Ledger(150), Ledger(110)], "R", 130),
            ([Ledger(150), Ledger(160)], "R", 130), ([Ledger(150), Ledger(160)], "O", 130),
        ]
        for each in cases {
            let ledgers = each.ledgers.map { $0.scaled(by: factor) }
            let placed = try await self.place(ledgers, 100 * factor, each.policy)
            let held = ledgers.map { ledger in
                var ledger = ledger
                ledger.reserved += 100 * factor
                return ledger
            }
            _ = try await self.expectModel(placed, held, each.actual * factor, "\(each)")
        }
    }

    @Test(
        "100: of two scopes with 50 and 10 left, 30 too much costs 10 more in both and flags the second alone",
        arguments: factors)
    func cappedInBoth(factor: Int64) async throws {
        let placed = try await self.place([Ledger(150), Ledger(110)].map { $0.scaled(by: factor) }, 100 * factor, "I")
        let answer = try await self.commit(placed, 130 * factor).answer
        #expect(answer.text(0).part(10) == ByteText(110 * factor))
        #expect(try await self.scene.ledger(Paths.root) == Ledger(150, spent: 110).scaled(by: factor))
        #expect(try await self.scene.ledger(Paths.middle) == Ledger(110, spent: 110, flags: "O0").scaled(by: factor))
    }

    @Test("101: a scope without room, or shrunk below what it spent, charges what was reserved", arguments: factors)
    func noRoom(factor: Int64) async throws {
        for allocated: Int64 in [0, 50, 99, 100] {
            let placed = try await self.place(
                [Ledger(200), Ledger(150)].map { $0.scaled(by: factor) }, 100 * factor, "I")
            let shrunk = Ledger(allocated, reserved: 100).scaled(by: factor)
            try await self.scene.write(shrunk, Paths.middle)
            let held = [Ledger(200, reserved: 100).scaled(by: factor), shrunk]
            let outcome = try await self.expectModel(placed, held, 130 * factor)
            let after = [Ledger(200, spent: 100), Ledger(allocated, spent: 100, flags: "O0")]
            #expect(
                outcome
                    == .booked(
                        charged: 100 * factor, effects: ["p", "k"], ledgers: after.map { $0.scaled(by: factor) }))
        }
    }

    @Test(
        "Up to the amount reserved nothing is short, not even a ledger that has less than nothing left",
        arguments: factors)
    func withinTheReservation(factor: Int64) async throws {
        for policy: ByteText in ["R", "I", "O"] {
            for actual: Int64 in [0, 99, 100] {
                let placed = try await self.place([Ledger(200)].map { $0.scaled(by: factor) }, 100 * factor, policy)
                let shrunk = Ledger(50, reserved: 100, debt: 30, limit: 20).scaled(by: factor)
                try await self.scene.write(shrunk, Paths.root)
                _ = try await self.expectModel(placed, [shrunk], actual * factor, "\(policy) \(actual)")
                let after = Ledger(50, spent: actual, debt: 30, limit: 20).scaled(by: factor)
                #expect(try await self.scene.ledger(Paths.root) == after)
            }
        }
    }

    @Test("A reservation of zero can be committed, charged and released like any other", arguments: factors)
    func zeroEstimate(factor: Int64) async throws {
        for policy: ByteText in ["R", "I", "O"] {
            for actual: Int64 in [0, 1, 10, 11, 30, 31] {
                let ledgers = [Ledger(10, limit: 30), Ledger(40, limit: 30)].map { $0.scaled(by: factor) }
                let placed = try await self.place(ledgers, 0, policy)
                _ = try await self.expectModel(placed, ledgers, actual * factor, "\(policy) \(actual)")
            }
        }
        let ledger = Ledger(10, reserved: 3).scaled(by: factor)
        let placed = try await self.place([ledger], 0, "R")
        #expect(try await self.scene.run("budget/release", SettleCall(placed).release()).word == "RELEASED")
        #expect(try await self.scene.ledger(Paths.root) == ledger)
    }

    @Test("A commit agrees with the model over random ledgers of every magnitude")
    func agreesWithModel() async throws {
        var random = SeededGenerator()
        var kinds: [String: Int] = [:]
        let wanted = ["booked", "exceeded", "overdraft", "corrupt"]
        // As many as it takes for each kind of answer to have been seen a few times.
        for round in 0..<4_000 where round < 400 || wanted.contains(where: { kinds[$0, default: 0] <= 5 }) {
            let magnitude: Int64 =
                ([100, 1 << 40, 1 << 52, 1 << 53, 1 << 55, 1 << 61] as [Int64])
                .randomElement(using: &random) ?? 1
            func any() -> Int64 { Int64.random(in: 0...magnitude, using: &random) }
            let policy = (["R", "I", "O"] as [ByteText]).randomElement(using: &random) ?? "I"
            let amount = any()
            let count = Int.random(in: 1...3, using: &random)
            let placed = try await self.place(Array(repeating: Ledger(.max), count: count), amount, policy)
            let ledgers = (0..<count).map { _ in
                let flags = (["0", "i", "O0", "F0", "FOr"] as [ByteText]).randomElement(using: &random) ?? "0"
                // Now and then a ledger holds less than the reservation says.
                let more: [Int64] = [0, 0, 0, any(), any(), -min(amount, any())]
                let (held, _) = amount.addingReportingOverflow(more.randomElement(using: &random) ?? 0)
                let (allocated, isTooLarge) = (held / 2).addingReportingOverflow(any() + any())
                return Ledger(
                    isTooLarge ? .max : allocated, reserved: held, spent: any() / 4,
                    debt: Bool.random(using: &random) ? 0 : any() / 4,
                    limit: Bool.random(using: &random) ? any() / 8 : any(), flags: flags)
            }
            for (path, ledger) in zip(Paths.all, ledgers) { try await self.scene.write(ledger, path) }
            let near = amount / 2 + any() / 2 + Int64.random(in: 0...2, using: &random)
            let actual = [any(), near, near, amount].randomElement(using: &random) ?? amount
            let comment: Comment = "seed \(random.seed), round \(round): \(ledgers), \(amount) -> \(actual), \(policy)"
            let outcome = try await self.expectModel(placed, ledgers, actual, comment)
            kinds["\(outcome)".split(separator: "(").first.map(String.init) ?? "", default: 0] += 1
        }
        for kind in wanted {
            #expect(kinds[kind, default: 0] > 5, "\(kinds), seed \(random.seed)")
        }
    }

    @Test("An overdraft never takes what remains below -2^63, however high the limit")
    func bottom() async throws {
        for (debt, actual, word) in [
            (Int64.max - 1, 2, "COMMITTED"), (Int64.max - 1, 3, "DENIED"), (Int64.max - 3, 3, "COMMITTED"),
        ] as [(Int64, Int64, ByteText)] {
            // The reservation of 1 is there, the debt came later.
            let placed = try await self.place([Ledger(1), Ledger(1), Ledger(1)], 1, "O")
            for path in Paths.all {
                try await self.scene.write(Ledger(0, reserved: 1, debt: debt, limit: .max), path)
            }
            let seen = try await self.commit(placed, actual)
            #expect(seen.answer.word == word, "\(debt) and \(actual)")
            if word == "DENIED" {
                seen.expectUnchanged(.reply("DENIED", "OVERDRAFT", .bytes(Paths.root)))
            }
        }
    }
}
