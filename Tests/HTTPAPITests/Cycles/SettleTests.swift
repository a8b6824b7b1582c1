// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Budgets
import HTTPAPI
import HTTPTypes
import Observability
import SharedKernel
import Testing

/// Numbers in names are the statements of the runtime digest, section 11.
@Suite("commit, release, extend, get")
struct SettleTests {
    /// A tenant with one ledger and one reservation on it.
    private func stage(
        _ name: String, allocated: Int64 = 1_000, reserve: Int64 = 500, limit: Int64 = 0, policy: OveragePolicy? = nil,
        more: String = ""
    ) async throws -> (TestTenant, String) {
        let t = try await CyclesStack.shared().tenant(name)
        try await t.ledger(allocated: allocated, limit: limit)
        let policy = policy.map { #","overage_policy":"\#($0.rawValue)""# } ?? ""
        let id = try #require(try await t.reserve(reserve, more: policy + more).text("reservation_id"))
        return (t, id)
    }

    @Test(
        "92-94: committing less releases the rest", arguments: [(300, 200), (500, nil), (0, 500)] as [(Int64, Int64?)])
    func commitUnder(_ actual: Int64, _ released: Int64?) async throws {
        let (t, id) = try await stage("under")
        let answer = try await t.commit(id, actual)
        #expect(answer.status == 200)
        #expect(answer.text("status") == "COMMITTED")
        #expect(answer.amount("charged") == actual)
        #expect(answer.amount("released") == released)
        #expect(answer.balances[t.scope] == [1_000, 0, actual, 0, 1_000 - actual, 0])
        #expect(try await t.balance() == [1_000, 0, actual, 0, 1_000 - actual, 0])
    }

    /// Policy, actual; then status or error, charged, spent, debt, remaining, over limit.
    struct Trace: Sendable {
        var policy: OveragePolicy
        var actual: Int64
        var error: String?
        var charged: Int64?
        var after: [Int64]
    }

    @Test(
        "95, 97-99, 102-106: 1000 allocated, limit 500, 900 reserved: each policy, and what it leaves behind",
        arguments: [
            Trace(policy: .reject, actual: 900, charged: 900, after: [1_000, 0, 900, 0, 100, 0]),
            Trace(policy: .reject, actual: 901, error: "BUDGET_EXCEEDED", after: [1_000, 900, 0, 0, 100, 0]),
            Trace(policy: .allowIfAvailable, actual: 950, charged: 950, after: [1_000, 0, 950, 0, 50, 0]),
            Trace(policy: .allowIfAvailable, actual: 1_200, charged: 1_000, after: [1_000, 0, 1_000, 0, 0, 1]),
            Trace(policy: .allowWithOverdraft, actual: 1_000, charged: 1_000, after: [1_000, 0, 1_000, 0, 0, 0]),
            Trace(policy: .allowWithOverdraft, actual: 1_100, charged: 1_100, after: [1_000, 0, 900, 200, -100, 0]),
            Trace(policy: .allowWithOverdraft, actual: 1_400, charged: 1_400, after: [1_000, 0, 900, 500, -400, 0]),
            Trace(
                policy: .allowWithOverdraft, actual: 1_401, error: "OVERDRAFT_LIMIT_EXCEEDED",
                after: [1_000, 900, 0, 0, 100, 0]),
        ])
    func traces(_ trace: Trace) async throws {
        let (t, id) = try await stage("trace", reserve: 900, limit: 500, policy: trace.policy)
        let answer = try await t.commit(id, trace.actual)
        #expect(answer.error == trace.error)
        #expect(answer.amount("charged") == trace.charged)
        #expect(try await t.balance() == trace.after)
        if trace.error != nil {
            // A refused commit leaves the reservation active.
            #expect(try await t.get(id).text("status") == "ACTIVE")
            #expect(try await t.commit(id, 900, key: "c2").status == 200)
        } else if trace.after[3] > 0 {
            #expect(try await t.reserve(0).error == "DEBT_OUTSTANDING")
        } else if trace.after[5] == 1 {
            #expect(try await t.reserve(0).error == "OVERDRAFT_LIMIT_EXCEEDED")
        }
    }

    @Test("100: a capped charge is the least that any scope has, and only short scopes are flagged")
    func cappedOverScopes() async throws {
        let t = try await CyclesStack.shared().tenant("capped")
        try await t.ledger(allocated: 150)
        try await t.ledger("agent:a", allocated: 110)
        let subject = #"{"tenant":"\#(t.id)","agent":"a"}"#
        let id = try #require(try await t.reserve(100, subject: subject).text("reservation_id"))
        let answer = try await t.commit(id, 130)
        #expect(answer.amount("charged") == 110)
        #expect(answer.balances[t.scope] == [150, 0, 110, 0, 40, 0])
        #expect(answer.balances["\(t.scope)/agent:a"] == [110, 0, 110, 0, 0, 1])
        #expect(try await t.balance("agent:a") == [110, 0, 110, 0, 0, 1])
    }

    @Test("the overage policy comes from request, else deepest ledger, else tenant")
    func policySource() async throws {
        var terms = TenantTerms()
        terms.overagePolicy = [UInt8]("REJECT".utf8)
        let t = try await CyclesStack.shared().tenant("source", terms: terms)
        try await t.ledger(allocated: 1_000, limit: 50, flags: "i")
        let fromLedger = try #require(try await t.reserve(10).text("reservation_id"))
        #expect(try await t.commit(fromLedger, 11).status == 200)
        try await t.ledger(allocated: 1_000)
        let fromTenant = try #require(try await t.reserve(10).text("reservation_id"))
        #expect(try await t.commit(fromTenant, 11).error == "BUDGET_EXCEEDED")
        let fromRequest = try #require(
            try await t.reserve(10, more: #","overage_policy":"ALLOW_IF_AVAILABLE""#).text("reservation_id"))
        #expect(try await t.commit(fromRequest, 11).status == 200)
    }

    @Test("107, A22, A23: frozen lets a commit through, closed does not; release goes through both")
    func ledgerStates() async throws {
        let (t, id) = try await stage("states")
        let other = try #require(try await t.reserve(100).text("reservation_id"))
        try await t.ledger(allocated: 1_000, reserved: 600, flags: "C0")
        #expect(try await t.commit(id, 10).error == "BUDGET_CLOSED")
        #expect(try await t.release(other).status == 200)
        try await t.ledger(allocated: 1_000, reserved: 500, flags: "FO0")
        #expect(try await t.commit(id, 10).status == 200)
        #expect(try await t.balance() == [1_000, 0, 10, 0, 990, 1])
    }

    @Test("47, 108, 109, 119, 126, 159: a wrong unit is 400, an unknown id 404, an id too long 400")
    func badTargets() async throws {
        let (t, id) = try await stage("targets")
        #expect(try await t.commit(id, 1, unit: "TOKENS").error == "UNIT_MISMATCH")
        #expect(try await t.get(id).text("status") == "ACTIVE")
        let unknown = String(id.dropLast(4)) + "AAAA"
        for target in [unknown, "nonsense", String(repeating: "a", count: 128)] {
            #expect(try await t.commit(target, 1).status == 404)
            #expect(try await t.release(target).status == 404)
            #expect(try await t.extend(target, by: 1).status == 404)
            #expect(try await t.get(target).error == "NOT_FOUND")
        }
        #expect(try await t.get(String(repeating: "a", count: 129)).status == 400)
        // The same record under an id with another creation time, or another shard, is not the same reservation.
        let created = id.index(id.startIndex, offsetBy: 12)
        let shifted = id.replacingCharacters(in: created...created, with: id[created] == "0" ? "1" : "0")
        #expect(try await t.get(shifted).status == 404)
        let shard = id.prefix(2) == "00" ? "01" : "00"
        #expect(try await t.get(shard + id.dropFirst(2)).status == 404)
    }

    @Test("6-9: another tenant's reservation is 403, in the same shard and in another, and stays as it is")
    func foreign() async throws {
        let (t, id) = try await stage("owner")
        for _ in 0..<8 {
            let other = try await CyclesStack.shared().tenant("thief")
            #expect(try await other.get(id).status == 403)
            #expect(try await other.commit(id, 1).error == "FORBIDDEN")
            #expect(try await other.release(id).status == 403)
            #expect(try await other.extend(id, by: 1).status == 403)
        }
        #expect(try await t.get(id).text("status") == "ACTIVE")
        #expect(try await t.balance() == [1_000, 500, 0, 0, 500, 0])
    }

    @Test("110, 111, 116, 117, 125: what is finished stays finished")
    func finalized() async throws {
        let (t, committed) = try await stage("final")
        let released = try #require(try await t.reserve(10).text("reservation_id"))
        #expect(try await t.commit(committed, 10).status == 200)
        #expect(try await t.release(released).status == 200)
        for id in [committed, released] {
            #expect(try await t.commit(id, 10, key: "new").error == "RESERVATION_FINALIZED")
            #expect(try await t.release(id, key: "new").error == "RESERVATION_FINALIZED")
            #expect(try await t.extend(id, by: 10, key: "new").error == "RESERVATION_FINALIZED")
            #expect(try await t.get(id).status == 200)
        }
    }

    @Test("112, 113, 124, 157: in grace a commit passes and an extend does not; after it everything is 410")
    func grace() async throws {
        let (t, id) = try await stage("grace", more: #","grace_period_ms":60000"#)
        let (second, third) = (
            try #require(try await t.reserve(10).text("reservation_id")),
            try #require(try await t.reserve(10).text("reservation_id"))
        )
        let now = UTCTimestamp.now_ms()
        try await t.setExpiry(id, to: now - 10_000)
        #expect(try await t.extend(id, by: 1_000).error == "RESERVATION_EXPIRED")
        #expect(try await t.get(id).text("status") == "ACTIVE")
        #expect(try await t.commit(id, 10).status == 200)
        for id in [second, third] { try await t.setExpiry(id, to: now - 10_000) }
        #expect(try await t.commit(second, 10).status == 410)
        #expect(try await t.release(second).error == "RESERVATION_EXPIRED")
        #expect(try await t.extend(second, by: 10).status == 410)
        #expect(try await t.get(second).error == "RESERVATION_EXPIRED")
    }

    @Test("186: what is due no longer denies others nor shows in balances, swept or not")
    func lazyExpiry() async throws {
        let (t, id) = try await stage("lazy", reserve: 1_000)
        #expect(try await t.reserve(1).error == "BUDGET_EXCEEDED")
        try await t.setExpiry(id, to: UTCTimestamp.now_ms() - 10_000)
        #expect(try await t.reserve(400).status == 200)
        #expect(try await t.balance() == [1_000, 400, 0, 0, 600, 0])
        let (u, other) = try await stage("lazy-read", reserve: 1_000)
        try await u.setExpiry(other, to: UTCTimestamp.now_ms() - 10_000)
        #expect(try await u.balance() == [1_000, 0, 0, 0, 1_000, 0])
        #expect(try await u.get(other).status == 410)
    }

    @Test("a commit is not short for amounts that only unswept reservations hold")
    func lazyExpiryOfCommit() async throws {
        for policy in [OveragePolicy.allowIfAvailable, .allowWithOverdraft] {
            let (t, id) = try await stage("lazy-commit", reserve: 100, policy: policy)
            let hung = try #require(try await t.reserve(900).text("reservation_id"))
            try await t.setExpiry(hung, to: UTCTimestamp.now_ms() - 10_000)
            let answer = try await t.commit(id, 300)
            #expect(answer.error == nil && answer.amount("charged") == 300)
            #expect(try await t.balance() == [1_000, 0, 300, 0, 700, 0])
            #expect(try await t.get(hung).status == 410)
        }
        // One that is really short is so after the sweep too.
        let (t, id) = try await stage("short-commit", reserve: 100, policy: .allowWithOverdraft)
        let hung = try #require(try await t.reserve(100).text("reservation_id"))
        _ = try await t.reserve(800)
        try await t.setExpiry(hung, to: UTCTimestamp.now_ms() - 10_000)
        #expect(try await t.commit(id, 300).error == "OVERDRAFT_LIMIT_EXCEEDED")
        #expect(try await t.balance() == [1_000, 900, 0, 0, 100, 0])
    }

    @Test("a key's scope filter counts for commit, release and extend as for reserve")
    func scopeFilter() async throws {
        let t = try await CyclesStack.shared().tenant("settle-scope")
        try await t.ledger(allocated: 100)
        let subject = #"{"tenant":"\#(t.id)","app":"chat","agent":"mine"}"#
        let id = try #require(try await t.reserve(10, subject: subject).text("reservation_id"))
        let calls = [
            ("commit", #"{"idempotency_key":"s","actual":{"unit":"USD_MICROCENTS","amount":1}}"#),
            ("release", #"{"idempotency_key":"s"}"#), ("extend", #"{"idempotency_key":"s","extend_by_ms":1000}"#),
        ]
        for filter in [["agent:other"], ["agent:min"], ["app:.*", "workspace:*"], ["tool:*"]] {
            let key = try await t.newKey(scopeFilter: filter)
            for (verb, body) in calls {
                let answer = try await t.send(.post, "/v1/reservations/\(id)/\(verb)", body, key: key)
                #expect(answer.status == 403 && answer.error == "FORBIDDEN", "\(filter) \(verb)")
            }
            #expect(try await t.send(.get, "/v1/reservations/\(id)", key: key).status == 403)
        }
        #expect(try await t.balance() == [100, 10, 0, 0, 90, 0])
        for (filter, (verb, body)) in zip([["agent:*"], ["tool:x", "app:chat"]], [calls[2], calls[0]]) {
            let key = try await t.newKey(scopeFilter: filter)
            #expect(try await t.send(.post, "/v1/reservations/\(id)/\(verb)", body, key: key).status == 200)
        }
    }

    @Test("114, 120: of commits and releases at once exactly one settles")
    func race() async throws {
        for _ in 0..<20 {
            let (t, id) = try await stage("race")
            let statuses = try await withThrowingTaskGroup(of: (String, Int).self) { group in
                for n in 0..<4 {
                    group.addTask { ("commit", try await t.commit(id, 300, key: "c\(n)").status) }
                    group.addTask { ("release", try await t.release(id, key: "r\(n)").status) }
                }
                return try await group.reduce(into: [(String, Int)]()) { $0.append($1) }
            }
            let winners = statuses.filter { $0.1 == 200 }
            #expect(winners.count == 1)
            let spent: Int64 = winners.first?.0 == "commit" ? 300 : 0
            #expect(try await t.balance() == [1_000, 0, spent, 0, 1_000 - spent, 0])
        }
    }

    @Test("115, 137: release gives everything back and says so")
    func release() async throws {
        let (t, id) = try await stage("release")
        let answer = try await t.release(id)
        #expect(answer.text("status") == "RELEASED")
        #expect(answer.amount("released") == 500)
        #expect(answer.balances[t.scope] == [1_000, 0, 0, 0, 1_000, 0])
        #expect(try await t.release(id).bytes == answer.bytes)
    }

    @Test("121, 122, 127, 128, 134: extend counts from the old expiry, once per key, up to the limit")
    func extend() async throws {
        var terms = TenantTerms()
        terms.maxExtensions = 2
        let t = try await CyclesStack.shared().tenant("extend", terms: terms)
        try await t.ledger(allocated: 10)
        let id = try #require(try await t.reserve(1, key: "k").text("reservation_id"))
        let before = try await t.get(id)
        let old = try #require(before.int("expires_at_ms"))
        let first = try await t.extend(id, by: 10_000)
        #expect(first.text("status") == "ACTIVE")
        #expect(first.int("expires_at_ms") == old + 10_000)
        #expect((60_001...70_000).contains(first.int("remaining_ttl_ms") ?? 0))
        #expect(try await t.extend(id, by: 10_000).int("expires_at_ms") == old + 10_000)
        #expect(try await t.extend(id, by: 9_999).error == "IDEMPOTENCY_MISMATCH")
        #expect(try await t.extend(id, by: 5_000, key: "e2").int("expires_at_ms") == old + 15_000)
        #expect(try await t.extend(id, by: 1, key: "e3").error == "MAX_EXTENSIONS_EXCEEDED")
        let after = try await t.get(id)
        #expect(after.int("expires_at_ms") == old + 15_000)
        #expect(after.amount("reserved") == before.amount("reserved"))
        // 134: the creation's replay keeps the first expiry.
        #expect(try await t.reserve(1, key: "k").int("expires_at_ms") == old)
        #expect(try await t.commit(id, 1).status == 200)
        // A replay after the end still answers, with nothing left to live.
        let late = try await t.extend(id, by: 10_000)
        #expect(late.int("expires_at_ms") == old + 10_000)
        #expect(late.int("remaining_ttl_ms") == 0)
        #expect(try await t.reserve(1, key: "k").int("remaining_ttl_ms") == 0)
    }

    @Test("129: ten extensions at once all count")
    func extendConcurrently() async throws {
        let (t, id) = try await stage("ten")
        let old = try #require(try await t.get(id).int("expires_at_ms"))
        try await withThrowingTaskGroup(of: Int.self) { group in
            for n in 0..<10 { group.addTask { try await t.extend(id, by: 1_000, key: "e\(n)").status } }
            for try await status in group { #expect(status == 200) }
        }
        #expect(try await t.get(id).int("expires_at_ms") == old + 10_000)
    }

    @Test("135, A9: a commit's replay is byte equal, for ever, and its key belongs to that reservation")
    func commitReplay() async throws {
        let (t, id) = try await stage("again", more: #","grace_period_ms":0"#)
        let other = try #require(try await t.reserve(10).text("reservation_id"))
        let first = try await t.commit(id, 300, key: "k")
        try await t.ledger(allocated: 5, flags: "C0")
        #expect(try await t.commit(id, 300, key: "k").bytes == first.bytes)
        #expect(try await t.commit(id, 301, key: "k").error == "IDEMPOTENCY_MISMATCH")
        try await t.ledger(allocated: 1_000, reserved: 10, spent: 300)
        #expect(try await t.commit(other, 10, key: "k").status == 200)
    }

    @Test("32, 45, 155, 156, 160: GET shows what was sent and what was booked")
    func get() async throws {
        let t = try await CyclesStack.shared().tenant("get")
        try await t.ledger(allocated: 100)
        let subject = #"{"tenant":"\#(t.id)","dimensions":{"run_id":"r-1","ü":"é"}}"#
        let id = try #require(
            try await t.reserve(10, key: "k\\u00e9y", subject: subject, more: #","metadata":{"a":[1,2.50]}"#)
                .text("reservation_id"))
        let active = try await t.get(id)
        #expect(active.text("reservation_id") == id)
        #expect(active.text("status") == "ACTIVE")
        #expect(active.text("idempotency_key") == "k\u{e9}y")
        #expect(active.root.member("subject").map { String(decoding: $0.raw, as: UTF8.self) } == subject)
        #expect(active.root.member("metadata").map { String(decoding: $0.raw, as: UTF8.self) } == #"{"a":[1,2.50]}"#)
        #expect(active.root.member("action")?.member("kind")?.isString("llm.completion") == true)
        #expect(active.int("finalized_at_ms") == nil)
        _ = try await t.commit(id, 7, more: #","metadata":{"done":true},"metrics":{"tokens_input":3,"custom":{"x":1}}"#)
        let done = try await t.get(id)
        #expect(done.text("status") == "COMMITTED")
        #expect(done.amount("committed") == 7)
        #expect(done.amount("reserved") == 10)
        #expect(done.int("finalized_at_ms") != nil)
        #expect(
            done.root.member("committed_metadata").map { String(decoding: $0.raw, as: UTF8.self) } == #"{"done":true}"#)
    }
}
