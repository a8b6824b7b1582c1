// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// What funding makes of a ledger, told a second time (admin digest 2.2, design section 6).
enum FundingModel {
    static let operations: [ByteText] = ["C", "D", "R", "S", "P"]

    static let events: [ByteText: ByteText] = [
        "C": "budget.funded", "D": "budget.debited", "R": "budget.reset", "S": "budget.reset_spent",
        "P": "budget.debt_repaid",
    ]

    enum Outcome: Equatable {
        case funded(Ledger)
        case short
        case overflow
    }

    static func apply(_ operation: ByteText, _ amount: Int64, spent: Int64 = 0, to ledger: Ledger) -> Outcome {
        var (allocated, consumed) = (Int128(ledger.allocated), Int128(ledger.spent))
        let repaid = min(ledger.debt, amount)
        var after = ledger
        switch operation {
        case "C":
            allocated += Int128(amount)
            consumed += Int128(repaid)
            after.debt -= repaid
        case "P":
            allocated += Int128(amount - repaid)
            after.debt -= repaid
        case "D":
            if ledger.remaining < Int128(amount) { return .short }
            allocated -= Int128(amount)
        default:
            allocated = Int128(amount)
            if operation == "S" { consumed = Int128(spent) }
        }
        guard let newAllocated = Int64(exactly: allocated), let newSpent = Int64(exactly: consumed) else {
            return .overflow
        }
        after.allocated = newAllocated
        after.spent = newSpent
        if operation == "R" || operation == "S", after.remaining < Int128(Int64.min) { return .overflow }
        if operation != "D" {
            after.flags = (after.debt > after.limit ? "O" : "") + ByteText(ledger.flags.bytes.suffix(1))
        }
        return .funded(after)
    }

    static func result(_ before: Ledger, _ after: Ledger, _ nowMs: Int64) -> ByteText {
        let change = [after.allocated, after.spent, after.debt].map { ByteText($0) }
        return ([ByteText(nowMs)] + before.words + change + [after.flags]).joined(" ")
    }

    static func state(_ ledger: Ledger) -> ByteText {
        let flags = ledger.flags.plain
        let status: ByteText = flags.contains("C") ? "CLOSED" : flags.contains("F") ? "FROZEN" : "ACTIVE"
        return """
            {"allocated":\(ledger.allocated),"remaining":\(ledger.remaining),"reserved":\(ledger.reserved),\
            "spent":\(ledger.spent),"debt":\(ledger.debt),"overdraft_limit":\(ledger.limit),"status":"\(status)"}
            """
    }

    /// The event of a change.
    static func payload(_ before: Ledger, _ after: Ledger) -> ByteText {
        AdminCalls.place + AdminCalls.more + ",\"previous_state\":" + state(before) + ",\"new_state\":" + state(after)
            + "}"
    }

    /// The event of a flag that rose or fell.
    static func limitPayload(_ after: Ledger, _ utilization: ByteText?) -> ByteText {
        let limit: ByteText = ",\"debt\":\(after.debt),\"overdraft_limit\":\(after.limit)"
        let flag: ByteText = ",\"is_over_limit\":\(after.isOverLimit ? "true" : "false")"
        return AdminCalls.place + limit + flag + (utilization.map { ",\"debt_utilization\":" + $0 } ?? "") + "}"
    }
}

@Suite("admin/fund_budget", .privateRedis, .serialized)
struct FundBudgetTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
    }

    private func fund(_ arguments: ScriptArguments) async throws -> Observation {
        try await self.scene.observe("admin/fund_budget", arguments)
    }

    private static let inDebt = Ledger(1000, reserved: 10, spent: 900, debt: 250, limit: 200, flags: "Oo")

    @Test("37 39 40 41 42 43 44: before and after of every operation")
    func table() async throws {
        let plain = Ledger(1000, reserved: 100, spent: 300, flags: "r")
        let rows: [(ByteText, Int64, Int64, Ledger, Ledger)] = [
            ("C", 500, 0, Ledger(1000), Ledger(1500)),
            ("C", 100, 0, Self.inDebt, Ledger(1100, reserved: 10, spent: 1000, debt: 150, limit: 200, flags: "o")),
            ("C", 0, 0, plain, plain),
            ("D", 600, 0, plain, Ledger(400, reserved: 100, spent: 300, flags: "r")),
            ("D", 0, 0, Ledger(0, flags: "O0"), Ledger(0, flags: "O0")),
            ("R", 800, 0, plain, Ledger(800, reserved: 100, spent: 300, flags: "r")),
            ("R", 0, 0, plain, Ledger(0, reserved: 100, spent: 300, flags: "r")),
            ("R", 9, 0, Self.inDebt, Ledger(9, reserved: 10, spent: 900, debt: 250, limit: 200, flags: "Oo")),
            ("R", 9, 0, Ledger(7, limit: 3, flags: "O0"), Ledger(9, limit: 3)),
            ("S", 800, 0, plain, Ledger(800, reserved: 100, flags: "r")),
            ("S", 800, 50, plain, Ledger(800, reserved: 100, spent: 50, flags: "r")),
            ("S", 99, .max, plain, Ledger(99, reserved: 100, spent: .max, flags: "r")),
            ("P", 100, 0, Self.inDebt, Ledger(1000, reserved: 10, spent: 900, debt: 150, limit: 200, flags: "o")),
            ("P", 300, 0, Self.inDebt, Ledger(1050, reserved: 10, spent: 900, debt: 0, limit: 200, flags: "o")),
            ("P", 5, 0, Self.inDebt, Ledger(1000, reserved: 10, spent: 900, debt: 245, limit: 200, flags: "Oo")),
            ("P", 5, 0, plain, Ledger(1005, reserved: 100, spent: 300, flags: "r")),
        ]
        for (operation, amount, spent, before, after) in rows {
            try await self.scene.write(before, Paths.root)
            let comment: Comment = "\(operation) \(amount): \(before)"
            #expect(FundingModel.apply(operation, amount, spent: spent, to: before) == .funded(after), comment)
            let answer = try await self.fund(AdminCalls.fund(amount, h: "", operation: operation, spent: spent)).answer
            let result = FundingModel.result(before, after, Scene.startMs)
            #expect(answer == .reply("FUNDED", .bytes(result)), comment)
            #expect(try await self.scene.ledger(Paths.root) == after, comment)
        }
    }

    @Test("A change is kept for a day, is audited and announced, dates the ledger anew, and changes nothing else")
    func leavesBehind() async throws {
        let terms: ByteText = "5\05\0{\"ledger_id\":\"l1\"}\0{\"a\":1}"
        for operation in FundingModel.operations where operation != "D" {
            try await self.scene.harness.reset(clockUs: Scene.startMs * 1000)
            try await self.scene.openTenant()
            try await self.scene.write(Self.inDebt, Paths.root)
            try await self.scene.harness.command("SET", self.scene.key("lt:U:" + Paths.root), terms)
            guard case .funded(let after) = FundingModel.apply(operation, 100, to: Self.inDebt) else {
                Issue.record("refused")
                continue
            }
            let result = FundingModel.result(Self.inDebt, after, Scene.startMs)
            let seen = try await self.fund(AdminCalls.fund(100, operation: operation))
            #expect(seen.answer == .reply("FUNDED", .bytes(result)))
            var journal = Journal(self.scene, atUs: Scene.startMs * 1000, after: seen.before)
            journal.audit("{\"op\":\"fund\"}")
            journal.event(
                FundingModel.events[operation] ?? "", "{}", FundingModel.payload(Self.inDebt, after))
            // 910 of 1,000 were in use.
            let used = (before: 0.91, after: Double(after.reserved + after.spent) / Double(after.allocated))
            for (share, text) in [(0.8, "0.8"), (0.95, "0.95"), (1, "1")] as [(Double, ByteText)]
            where (used.before >= share) != (used.after >= share) {
                let amounts = [after.allocated, after.reserved, after.spent, after.debt].map { ByteText($0) }
                let payload = (["U", Paths.root] + amounts + [text, used.after >= share ? "r" : "f"]).joined("\0")
                journal.event("budget.threshold_crossed", "{}", payload)
            }
            if !after.isOverLimit {
                journal.event("budget.over_limit_exited", "{}", FundingModel.limitPayload(after, "0.75"))
            }
            var changes: [ByteText: KeyChange] = [
                self.scene.key("i:" + mark("fund")): .string(mark("f1") + result, keepMs: 86_400_000),
                self.scene.key("lt:U:" + Paths.root): .string(
                    "5\0" + ByteText(Scene.startMs) + "\0{\"ledger_id\":\"l1\"}\0{\"a\":1}"),
            ]
            changes[self.scene.ledgerKey(Paths.root)] = .string(after.text)
            seen.expectChanges(journal.with(changes), "\(operation)")
        }
    }

    @Test("46: the flag falls with one event and not again; where debt is over the limit it rises with one")
    func flagEvents() async throws {
        func kinds(_ seen: Observation) -> [ByteText] {
            let new = seen.after.scores(self.scene.key("el")).keys.filter {
                seen.before.scores(self.scene.key("el"))[$0] == nil
            }
            return new.sorted().map { entry in
                (seen.after.string(self.scene.shardKey("e:" + (entry.split(58).first ?? ""))) ?? "").part(2)
            }
        }
        try await self.scene.write(Ledger(10, debt: 5, limit: 4, flags: "O0"), Paths.root)
        let first = try await self.fund(AdminCalls.fund(1, h: "", operation: "P"))
        #expect(kinds(first) == ["budget.debt_repaid", "budget.over_limit_exited"])
        let second = try await self.fund(AdminCalls.fund(1, h: "", operation: "P"))
        #expect(kinds(second) == ["budget.debt_repaid"])
        try await self.scene.write(Ledger(10, debt: 5, limit: 4), Paths.root)
        let risen = try await self.fund(AdminCalls.fund(20, h: "", operation: "R"))
        #expect(kinds(risen) == ["budget.reset", "budget.over_limit_entered"])
    }

    @Test("The same key again answers the same and changes nothing; without a key every call counts")
    func idempotency() async throws {
        try await self.scene.openLedgers([Paths.root: Ledger(1000)])
        let result = try await self.fund(AdminCalls.fund(5)).answer.text(0)
        try await self.scene.setClock(Scene.startMs + 5)
        try await self.fund(AdminCalls.fund(5)).expectUnchanged(.reply("REPLAYED", .bytes(result)))
        var other = AdminCalls.fund(6)
        other["fingerprint"] = mark("f2")
        try await self.fund(other).expectUnchanged(.reply("MISMATCH"))
        try await self.scene.harness.command("SET", self.scene.tenantKey, "C2")
        try await self.fund(AdminCalls.fund(5, tag: "C2")).expectUnchanged(.reply("REPLAYED", .bytes(result)), "closed")
        try await self.scene.harness.command("SET", self.scene.tenantKey, "A3")
        for _ in 0..<2 { _ = try await self.fund(AdminCalls.fund(5, tag: "", h: "")) }
        #expect(try await self.scene.ledger(Paths.root) == Ledger(1015))
        let kept = try await self.scene.harness.snapshot().entries.keys.filter { $0.plain.contains(":i:") }
        #expect(kept.count == 1)
    }

    @Test("Stale tags, closed tenants, missing, frozen and closed ledgers are refused, whatever the operation")
    func refused() async throws {
        for operation in FundingModel.operations {
            func call(_ tag: ByteText = "A1") -> ScriptArguments { AdminCalls.fund(5, tag: tag, operation: operation) }
            try await self.scene.harness.reset(clockUs: Scene.startMs * 1000)
            try await self.scene.openTenant()
            try await self.fund(call()).expectUnchanged(.reply("NO_BUDGET"))
            try await self.scene.openLedgers([Paths.middle: Ledger(1)])
            try await self.fund(call()).expectUnchanged(.reply("NO_BUDGET"), "another scope does not count")
            for unit: ByteText in ["R", "T"] { try await self.scene.openLedgers([Paths.root: Ledger(1)], unit: unit) }
            try await self.fund(call()).expectUnchanged(.reply("UNIT", "TR"))
            for (flags, reason) in [("F0", "FROZEN"), ("FOi", "FROZEN"), ("C0", "CLOSED"), ("CFr", "CLOSED")] {
                try await self.scene.openLedgers([Paths.root: Ledger(1, flags: ByteText(flags))])
                try await self.fund(call()).expectUnchanged(.reply("DENIED", "\(reason)"), "\(flags)")
            }
            try await self.scene.openLedgers([Paths.root: Ledger(10)])
            try await self.scene.openTenant("A2")
            try await self.fund(call()).expectUnchanged(.reply("STALE", "A2"))
            try await self.scene.openTenant("C2")
            try await self.fund(call("C2")).expectUnchanged(.reply("CLOSED"))
            try await self.scene.openTenant("S2")
            #expect(try await self.fund(call("S2")).answer.word == "FUNDED", "suspended")
            try await self.scene.harness.command("DEL", self.scene.tenantKey)
            try await self.fund(call("")).expectUnchanged(.reply("NO_TENANT"))
            try await self.fund(call()).expectUnchanged(.reply("STALE", ""))
        }
    }

    @Test("38: a debit of more than remains is refused; while reservations wait to be expired it is not decided")
    func shortDebit() async throws {
        let before = Ledger(1000, reserved: 100, spent: 300, debt: 50)
        try await self.scene.write(before, Paths.root)
        try await self.fund(AdminCalls.fund(551, operation: "D")).expectUnchanged(.reply("SHORT"))
        try await self.scene.harness.command("ZADD", self.scene.key("due"), ByteText(Scene.startMs - 1), mark("h1"))
        try await self.fund(AdminCalls.fund(551, operation: "D")).expectUnchanged(.reply("BEHIND"))
        try await self.fund(AdminCalls.fund(551, operation: "D", caughtUpMs: Scene.startMs - 1))
            .expectUnchanged(.reply("SHORT"), "younger than the last sweep")
        #expect(try await self.fund(AdminCalls.fund(550, operation: "D")).answer.word == "FUNDED", "it has room")
        try await self.scene.write(Ledger(0, spent: 5), Paths.root)
        try await self.fund(AdminCalls.fund(0, h: "", operation: "D", caughtUpMs: 1))
            .expectUnchanged(.reply("SHORT"), "nothing is more than less than nothing")
    }

    @Test("Every operation is exact over the whole of int64, and refused before the first write beyond it")
    func exactness() async throws {
        let edge: Int64 = 1 << 53
        let amounts: [Int64] = [0, 1, 10_000_000_000, edge + 1, .max - 1, .max]
        for operation in FundingModel.operations {
            for allocated in amounts {
                for debt in amounts {
                    for amount in amounts {
                        let before = Ledger(
                            allocated, reserved: 3, spent: edge + 1, debt: debt, limit: edge - 1, flags: "r")
                        try await self.expect(operation, amount, before)
                    }
                }
            }
            try await self.scene.harness.reset(clockUs: Scene.startMs * 1000)
            try await self.scene.openTenant()
        }
        // The least that may remain is -2^63.
        for (spent, reserved) in [(Int64.max, Int64(1)), (.max, 2), (.max - 1, 2), (.max, .max)] {
            try await self.expect("R", 0, Ledger(5, reserved: reserved, spent: spent))
            try await self.expect("S", 0, Ledger(5, reserved: reserved), spent: spent)
        }
    }

    private func expect(_ operation: ByteText, _ amount: Int64, _ before: Ledger, spent: Int64 = 0) async throws {
        try await self.scene.write(before, Paths.root)
        let comment: Comment = "\(operation) \(amount) \(spent): \(before)"
        let call = AdminCalls.fund(amount, h: "", operation: operation, spent: spent)
        let answer = try await self.scene.run("admin/fund_budget", call)
        switch FundingModel.apply(operation, amount, spent: spent, to: before) {
        case .short: #expect(answer == .reply("SHORT"), comment)
        case .overflow: #expect(answer == .reply("OVERFLOW"), comment)
        case .funded(let after):
            let result = FundingModel.result(before, after, Scene.startMs)
            #expect(answer == .reply("FUNDED", .bytes(result)), comment)
            #expect(try await self.scene.harness.text("GET", self.scene.ledgerKey(Paths.root)) == after.text, comment)
            return
        }
        #expect(try await self.scene.harness.text("GET", self.scene.ledgerKey(Paths.root)) == before.text, comment)
    }
}
