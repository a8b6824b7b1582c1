// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// Ledgers that no script of ours has written: each is an error for whoever would use it, before anything is changed.
@Suite("Corrupt ledgers", .privateRedis, .serialized)
struct CorruptLedgerTests {
    /// What a field may be broken to; nil leaves it out.
    static let values: [ByteText?] = [
        nil, "", "abc", "1.5", "1e3", "-5", "+5", "0x10", " 5", "5 ", "12345678901234567890", "9223372036854775808",
        "99999999999999999999999999", "\0",
    ]

    /// Calls that use every ledger of three scopes, by name.
    static let calls =
        ["budget/reserve", "budget/evaluate", "budget/balances", "budget/release", "budget/expire"]
        + ["budget/commit R 100", "budget/commit I 130", "budget/commit O 130", "budget/commit O 5000"]
        + ["budget/charge R 130", "budget/charge I 5000", "budget/charge O 130", "budget/charge O 5000"]

    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    /// Prepares the call and returns its script and arguments; every ledger holds 1000, 100 of it reserved.
    private func arrange(_ name: String) async throws -> (script: String, arguments: ScriptArguments) {
        let words = name.split(separator: " ").map(String.init)
        var reserve = ReserveCall()
        if words.count > 1 { reserve.policy = ByteText(words[1]) }
        let placed = try await self.scene.placeInThreeScopes(Ledger(1000, limit: 500), reserve)
        for path in Paths.all {
            try await self.scene.harness.command("ZADD", self.scene.key("bud"), "0", path + "\0U")
        }
        var settle = SettleCall(placed)
        reserve.id = mark("h2")
        switch words[0] {
        case "budget/reserve": return (words[0], reserve.arguments())
        case "budget/evaluate": return (words[0], reserve.evaluation())
        case "budget/balances": return (words[0], SampleCall.balances)
        case "budget/release": return (words[0], settle.release())
        case "budget/expire":
            try await self.scene.setClock(placed.record.deadlineMs + 1)
            return (words[0], ["limit": "10", "keep_ms": "1000"])
        case "budget/charge":
            var charge = ChargeCall()
            (charge.policy, charge.actual) = (reserve.policy, Int64(words[2]) ?? 0)
            return (words[0], charge.arguments())
        default:
            settle.actual = Int64(words[2]) ?? 0
            return (words[0], settle.commit())
        }
    }

    private func broken(_ ledger: Ledger, field: Int, _ value: ByteText?) -> ByteText {
        var words = ledger.words
        if let value { words[field] = value } else { words.remove(at: field) }
        return words.joined(" ")
    }

    @Test("Each field of each ledger in turn, broken in each way", arguments: calls)
    func everyField(name: String) async throws {
        let (script, arguments) = try await self.arrange(name)
        for path in Paths.all {
            let sound = try await self.scene.ledger(path)
            for field in 0..<6 {
                for value in Self.values {
                    let text = self.broken(sound, field: field, value)
                    try await self.scene.harness.command("SET", self.scene.ledgerKey(path), text)
                    let seen = try await self.scene.observe(script, arguments)
                    if script == "budget/expire" {
                        try await self.expectSetAside(seen, "\(path): \(text)")
                    } else {
                        seen.expectFailure("CORRUPT ledger " + self.scene.ledgerKey(path).plain, "\(path): \(text)")
                        try #require(seen.changes == [], "what follows would be tried on other ledgers")
                    }
                }
            }
            try await self.scene.write(sound, path)
        }
        let words: [ByteText] = [
            "RESERVED", "EVALUATED", "ROWS", "RELEASED", "EXPIRED", "COMMITTED", "CHARGED", "DENIED",
        ]
        #expect(words.contains(try await self.scene.run(script, arguments).word), "sound again")
    }

    /// Expects that a sweep put off the one reservation that is due, and changed nothing else; makes it due again.
    private func expectSetAside(_ seen: Observation, _ comment: Comment) async throws {
        #expect(seen.answer.word == "EXPIRED" && seen.answer.fields.prefix(3) == [0, 1, 0], comment)
        let due = self.scene.key("due")
        let moved = seen.after.scores(due)
        #expect(Set(moved.keys) == [mark("h1")] && moved != seen.before.scores(due), comment)
        var expected = seen.before
        for key in [due, self.scene.shardKey("due")] { expected.entries[key] = seen.after.entries[key] }
        #expect(expected.changes(to: seen.after) == [], comment)
        let score = try #require(seen.before.scores(due)[mark("h1")])
        try await self.scene.harness.command("ZADD", due, score, mark("h1"))
    }

    @Test("A ledger in debt or over its limit is looked at as closely before it is refused")
    func refusedLedgers() async throws {
        let reserve = ReserveCall()
        try await self.scene.openTenant()
        for sound in [Ledger(1000, debt: 3, limit: 500), Ledger(1000, flags: "O0"), Ledger(1000, flags: "CFr")] {
            for field in 0..<6 {
                for value in Self.values {
                    let text = self.broken(sound, field: field, value)
                    try await self.scene.harness.command("SET", self.scene.ledgerKey(Paths.middle), text)
                    for (script, arguments) in [
                        ("budget/reserve", reserve.arguments()), ("budget/evaluate", reserve.evaluation()),
                    ] { try await self.scene.observe(script, arguments).expectFailure("CORRUPT ledger", "\(text)") }
                }
            }
        }
    }

    @Test("A credit to a broken ledger is an error, field by field")
    func fund() async throws {
        try await self.scene.openTenant()
        for sound in [Ledger(1000), Ledger(1000, debt: 3, limit: 500, flags: "o")] {
            for field in 0..<6 {
                for value in Self.values {
                    let text = self.broken(sound, field: field, value)
                    try await self.scene.harness.command("SET", self.scene.ledgerKey(Paths.root), text)
                    try await self.scene.observe("admin/fund_budget", AdminCalls.fund(5))
                        .expectFailure("CORRUPT ledger", "\(text)")
                }
            }
        }
    }

    @Test("Leading zeros do no harm: the value counts")
    func leadingZeros() async throws {
        let placed = try await self.scene.placeInThreeScopes(Ledger(1000, limit: 500))
        try await self.scene.harness.command("SET", self.scene.ledgerKey(Paths.root), "0001000 000100 007 0 00500 0")
        #expect(try await self.scene.run("budget/commit", SettleCall(placed).commit()).word == "COMMITTED")
        #expect(try await self.scene.ledger(Paths.root) == Ledger(1000, spent: 77, limit: 500))
        var other = ReserveCall()
        other.id = mark("h2")
        try await self.scene.harness.command("SET", self.scene.ledgerKey(Paths.root), "0001000 000800 0101 0 00500 0")
        try await self.scene.observe("budget/reserve", other.arguments())
            .expectUnchanged(.reply("DENIED", "EXCEEDED", 0))
    }
}
