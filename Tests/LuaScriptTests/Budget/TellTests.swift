// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// Events of reservations and charges (lua/budget/include/tell.lua), written with their effect.
@Suite("Events of budgets", .privateRedis, .serialized)
struct TellTests {
    private static let context: ByteText = "{\"request_id\":\"r1\"}"
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
        try await scene.openTenant("A1")
    }

    /// Types and payloads of the events that an observation wrote, in order.
    private func told(_ seen: Observation) -> [[ByteText]] {
        let log = seen.after.scores(scene.key("el")).keys
        let before = seen.before.scores(scene.key("el"))
        return log.filter { before[$0] == nil }.sorted().map { entry in
            let body = seen.after.string(scene.shardKey("e:" + (entry.split(58).first ?? ""))) ?? ""
            return Array(body.split(0).dropFirst(2))
        }
    }

    private func reserve(
        _ id: ByteText, _ amount: Int64, thresholds: ByteText = ""
    ) async throws -> Observation {
        var call = ReserveCall()
        call.id = mark(id)
        call.amount = amount
        call.path = Paths.root
        call.policy = "R"
        call.telling = thresholds + "\n" + Self.context
        return try await scene.observe("budget/reserve", call.arguments())
    }

    @Test("208: each threshold is told once per direction, with what the ledger is like then (admin 73)")
    func thresholds() async throws {
        try await scene.write(Ledger(1_000), Paths.root)
        #expect(told(try await reserve("a", 799)) == [])
        let crossed = told(try await reserve("b", 160))
        #expect(
            crossed == [
                ["budget.threshold_crossed", Self.context, "U", Paths.root, "1000", "959", "0", "0", "0.8", "r"],
                ["budget.threshold_crossed", Self.context, "U", Paths.root, "1000", "959", "0", "0", "0.95", "r"],
            ])
        #expect(told(try await reserve("c", 1)) == [], "still beyond it")
        var release = try await settle("b")
        release.telling = "\n" + Self.context
        let fallen = told(try await scene.observe("budget/release", release.release()))
        // 800 of 1,000 are left in use: still at the lower one.
        #expect(fallen.map { $0[8] } == ["0.95"] && fallen.allSatisfy { $0[9] == "f" && $0[5] == "800" }, "\(fallen)")
    }

    @Test("Thresholds of subscriptions take the place of the usual ones")
    func ownThresholds() async throws {
        try await scene.write(Ledger(1_000), Paths.root)
        let crossed = told(try await reserve("a", 900, thresholds: "0.25 0.5"))
        #expect(crossed.map { $0[8] } == ["0.25", "0.5"])
    }

    @Test("208: a budget used up is told of once, and again only after it was refilled")
    func exhausted() async throws {
        try await scene.write(Ledger(1_000), Paths.root)
        let first = told(try await reserve("a", 1_000)).map { $0[0] }
        #expect(first.filter { $0 == "budget.exhausted" }.count == 1)
        #expect(told(try await reserve("b", 0)) == [])
        var commit = try await settle("a")
        commit.actual = 1_000
        commit.telling = "\n" + Self.context
        #expect(told(try await scene.observe("budget/commit", commit.commit())) == [])
    }

    @Test("208: debt that takes the last of a budget tells that it is used up, in a commit and in a charge")
    func exhaustedByDebt() async throws {
        var ledger = Ledger(1_000)
        ledger.limit = 500
        try await scene.write(ledger, Paths.root)
        var call = ReserveCall()
        call.id = mark("o")
        call.amount = 900
        call.path = Paths.root
        call.policy = "O"
        var commit = SettleCall(try await scene.place(call))
        commit.actual = 1_100
        commit.telling = "\n" + Self.context
        let types = told(try await scene.observe("budget/commit", commit.commit())).map { $0[0] }
        #expect(types == ["reservation.commit_overage", "budget.debt_incurred", "budget.exhausted"])
        ledger.spent = 900
        try await scene.write(ledger, Paths.root)
        var charge = ChargeCall()
        charge.path = Paths.root
        charge.actual = 200
        charge.policy = "O"
        charge.telling = "\n" + Self.context
        let charged = told(try await scene.observe("budget/charge", charge.arguments())).map { $0[0] }
        #expect(charged.contains("budget.debt_incurred") && charged.contains("budget.exhausted"), "\(charged)")
    }

    @Test("A budget of nothing has no thresholds, upwards or downwards")
    func nothingAllocated() async throws {
        try await scene.write(Ledger(1_000, spent: 900), Paths.root)
        let emptied = told(
            try await scene.observe("admin/fund_budget", AdminCalls.fund(0, h: mark("e"), operation: "R")))
        #expect(emptied.map { $0[0] } == ["budget.reset", "budget.exhausted"], "\(emptied)")
        let filled = told(
            try await scene.observe("admin/fund_budget", AdminCalls.fund(1_000, h: mark("f"), operation: "R")))
        #expect(filled.map { $0[0] } == ["budget.reset"], "\(filled)")
    }

    @Test("A release by the operator tells of the thresholds that the tenant's subscriptions ask for")
    func operatorsRelease() async throws {
        try await scene.write(Ledger(1_000), Paths.root)
        let hooks: ByteText = "{\"thresholds\":[0.5]}"
        try await scene.harness.command("HSET", scene.key("p"), "hooks", hooks)
        #expect(told(try await reserve("a", 600, thresholds: "0.5 0.8 0.95 1")).map { $0[8] } == ["0.5"])
        var release = try await settle("a")
        release.telling = "\n" + Self.context
        let fallen = told(try await scene.observe("budget/release", release.release("")))
        #expect(fallen.map { $0[8] } == ["0.5"] && fallen.allSatisfy { $0[9] == "f" && $0[1] == Self.context })
    }

    @Test("What falls below a threshold between the usual ones is told, after a commit and after a release")
    func between() async throws {
        let list: ByteText = "0.8 0.9 0.95 1"
        try await scene.write(Ledger(1_000), Paths.root)
        _ = try await reserve("a", 870, thresholds: list)
        for (id, isCommit) in [("b", true), ("c", false)] as [(ByteText, Bool)] {
            #expect(told(try await reserve(id, 50, thresholds: list)).map { $0[8] } == ["0.9"])
            var end = try await settle(id)
            end.telling = list + "\n" + Self.context
            end.actual = 0
            let seen = try await scene.observe(
                isCommit ? "budget/commit" : "budget/release", isCommit ? end.commit() : end.release())
            #expect(told(seen).map { $0[8] + $0[9] } == ["0.9f"], "\(id)")
        }
    }

    @Test("Of at most 36 budgets what is spent in a minute is counted, however many one charge names")
    func counted() async throws {
        for path in Paths.all { try await scene.write(Ledger(1_000), path) }
        let key = scene.key("br:" + ByteText(Scene.startMs / 60_000))
        for number in 0..<35 { try await scene.harness.command("HSET", key, "p\(number)", "1") }
        var call = ChargeCall()
        call.actual = 1
        call.telling = "b\n" + Self.context
        let seen = try await scene.observe("budget/charge", call.arguments())
        #expect(seen.answer.word == "CHARGED" && seen.after.hash(key).count == 36)
    }

    @Test("206: a refusal is told with scope, reason, amount and what is left")
    func denied() async throws {
        try await scene.write(Ledger(1_000), Paths.root)
        let refused = try await reserve("a", 1_001)
        #expect(refused.answer.word == "DENIED")
        let events = told(refused)
        #expect(events.count == 1)
        #expect(
            events[0].prefix(7) == [
                "reservation.denied", Self.context, "U", Paths.root, "BUDGET_EXCEEDED", "1001", "1000",
            ])
    }

    @Test("Beyond ten a second refusals are counted, and told together once the second is over")
    func coalesced() async throws {
        try await scene.write(Ledger(10), Paths.root)
        var events = 0
        for number in 0..<25 { events += told(try await reserve("d\(number)", 11)).count }
        #expect(events == 10)
        let due = try await scene.harness.snapshot().scores(scene.shardKey("due"))
        #expect(due["d" + scene.tenant] != nil)
        try await scene.setClock(Scene.startMs + 1_000)
        let flushed = try await scene.observe("budget/tell_denials", ["limit": "10"])
        let rest = told(flushed)
        #expect(flushed.answer.word == "EXPIRED" && rest.count == 1)
        #expect(rest[0][1] == "{\"metadata\":{\"suppressed\":14},\"request_id\":\"r1\"}")
        #expect(flushed.after.scores(scene.shardKey("due"))["d" + scene.tenant] == nil)
        let again = try await scene.observe("budget/tell_denials", ["limit": "10"])
        #expect(told(again) == [])
        #expect(told(try await reserve("later", 11)).count == 1)
    }

    @Test("The next refusal in a later second says how many were not told")
    func carried() async throws {
        try await scene.write(Ledger(10), Paths.root)
        for number in 0..<13 { _ = try await reserve("d\(number)", 11) }
        try await scene.setClock(Scene.startMs + 1_000)
        let events = told(try await reserve("next", 11))
        #expect(events.count == 1 && events[0][1] == "{\"metadata\":{\"suppressed\":3},\"request_id\":\"r1\"}")
    }

    @Test("208: overage, debt and the flag are told once each; a replay tells nothing")
    func overage() async throws {
        var ledger = Ledger(1_000)
        ledger.limit = 50
        try await scene.write(ledger, Paths.root)
        var call = ReserveCall()
        call.id = mark("o")
        call.amount = 1_000
        call.path = Paths.root
        call.policy = "O"
        let placed = try await scene.place(call)
        var commit = SettleCall(placed)
        commit.actual = 1_040
        commit.telling = "\n" + Self.context
        let seen = try await scene.observe("budget/commit", commit.commit())
        let events = told(seen)
        #expect(events.map { $0[0] } == ["reservation.commit_overage", "budget.debt_incurred"], "\(events)")
        #expect(events[0].dropFirst(3) == ["U", Paths.root, "1000", "1040", "O", "40"])
        #expect(events[1].dropFirst(3) == ["U", Paths.root, "40", "40", "50", "O"])
        #expect(events[0][2].bytes.count == 35)
        let replayed = try await scene.observe("budget/commit", commit.commit())
        #expect(replayed.answer.word == "REPLAYED" && told(replayed) == [])
    }

    @Test("208: a commit that pays what it can flags the scope, which is told of once")
    func overLimit() async throws {
        try await scene.write(Ledger(1_000), Paths.root)
        var call = ReserveCall()
        call.id = mark("i")
        call.amount = 1_000
        call.path = Paths.root
        call.policy = "I"
        let placed = try await scene.place(call)
        var commit = SettleCall(placed)
        commit.actual = 1_001
        commit.telling = "\n" + Self.context
        let events = told(try await scene.observe("budget/commit", commit.commit()))
        #expect(events.map { $0[0] } == ["reservation.commit_overage", "budget.over_limit_entered"])
        #expect(events[1].dropFirst(2) == ["U", Paths.root, "0", "0"])
    }

    @Test("A charge tells of debt, of thresholds and of a budget used up")
    func charge() async throws {
        try await scene.write(Ledger(1_000), Paths.root)
        var call = ChargeCall()
        call.path = Paths.root
        call.actual = 1_000
        call.telling = "b\n" + Self.context
        let seen = try await scene.observe("budget/charge", call.arguments())
        #expect(
            told(seen).map { $0[0] } == [
                "budget.threshold_crossed", "budget.threshold_crossed", "budget.threshold_crossed", "budget.exhausted",
            ])
        let counts = seen.after.entries.keys.filter { $0.bytes.starts(with: scene.key("br:").bytes) }
        #expect(counts.count == 1, "what is spent is counted where a subscription asks for it")
    }

    @Test("An expiry that frees much of a budget tells of the thresholds below it, once for all it freed")
    func expiry() async throws {
        try await scene.write(Ledger(1_000), Paths.root)
        for number in 0..<3 { _ = try await reserve("e\(number)", 320) }
        try await scene.setClock(Scene.startMs + 10_000_000)
        let swept = try await scene.observe("budget/expire", ["limit": "10", "keep_ms": "1000"])
        let events = told(swept)
        #expect(events.filter { $0[0] == "reservation.expired" }.count == 3)
        let crossed = events.filter { $0[0] == "budget.threshold_crossed" }
        #expect(crossed.map { $0[8] } == ["0.8", "0.95"] && crossed.allSatisfy { $0[9] == "f" && $0[5] == "0" })
    }

    private func settle(_ id: ByteText) async throws -> SettleCall {
        let text = try #require(try await scene.harness.snapshot().string(scene.shardKey("r:" + mark(id))))
        var call = ReserveCall()
        call.id = mark(id)
        let now = try #require(text[1..<14].number)
        let record = call.record(at: now, opening: "")
        return SettleCall(Placed(call: call, record: record, key: scene.shardKey("r:" + mark(id))))
    }
}
