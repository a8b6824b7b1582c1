// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Budgets
import HTTPAPI
import HTTPTypes
import SharedKernel
import StrictJSON
import Testing

/// Numbers in names are the statements of the runtime digest, section 11.
@Suite("POST /v1/reservations")
struct ReserveTests {
    @Test("20 49 50 72: a reserve answers ALLOW with everything and locks the amount")
    func allow() async throws {
        let t = try await CyclesStack.shared().tenant("allow")
        try await t.ledger(allocated: 1_000)
        let answer = try await t.reserve(500)
        #expect(answer.status == 200)
        #expect(answer.text("decision") == "ALLOW")
        #expect(answer.text("reservation_id")?.utf8.count == 35)
        #expect(answer.amount("reserved") == 500)
        #expect(answer.text("scope_path") == t.scope)
        #expect(answer.strings("affected_scopes") == [t.scope])
        #expect(answer.int("expires_at_ms") != nil)
        #expect((1...60_000).contains(answer.int("remaining_ttl_ms") ?? 0))
        #expect(answer.balances[t.scope] == [1_000, 500, 0, 0, 500, 0])
        #expect(try await t.balance() == [1_000, 500, 0, 0, 500, 0])
        #expect(answer.headers[.cyclesTenant] == t.id.description)
    }

    @Test("51, 52: an estimate equal to remaining passes, one more is 409 BUDGET_EXCEEDED and changes nothing")
    func boundary() async throws {
        let t = try await CyclesStack.shared().tenant("edge")
        try await t.ledger(allocated: 1_000)
        let over = try await t.reserve(1_001)
        #expect(over.status == 409)
        #expect(over.error == "BUDGET_EXCEEDED")
        #expect(try await t.balance() == [1_000, 0, 0, 0, 1_000, 0])
        #expect(try await t.reserve(1_000).status == 200)
        #expect(try await t.balance() == [1_000, 1_000, 0, 0, 0, 0])
    }

    @Test("53, 58-60: every budgeted scope or none; unbudgeted scopes are skipped; order is canonical")
    func scopes() async throws {
        let t = try await CyclesStack.shared().tenant("scopes")
        try await t.ledger(allocated: 1_000)
        try await t.ledger("app:web/agent:bot", allocated: 100)
        try await t.ledger("agent:bot", allocated: 100)
        let subject = #"{"agent":"bot","tenant":"\#(t.id)","app":"web"}"#
        let answer = try await t.reserve(500, subject: subject)
        #expect(answer.error == "BUDGET_EXCEEDED")
        #expect(try await t.balance() == [1_000, 0, 0, 0, 1_000, 0])
        let allowed = try await t.reserve(60, subject: subject)
        #expect(allowed.strings("affected_scopes") == [t.scope, "\(t.scope)/app:web", "\(t.scope)/app:web/agent:bot"])
        #expect(allowed.balances.count == 2)
        #expect(try await t.balance("app:web/agent:bot") == [100, 60, 0, 0, 40, 0])
        // A subject with an app does not touch the ledger of the path without one.
        #expect(try await t.balance("agent:bot") == [100, 0, 0, 0, 100, 0])
    }

    @Test("54, 55: no policy lets a too large estimate through, and shortage is never a 200")
    func noOverdraftAtReserve() async throws {
        let t = try await CyclesStack.shared().tenant("policy")
        try await t.ledger(allocated: 100, limit: 1_000)
        for policy in OveragePolicy.allCases {
            let answer = try await t.reserve(101, more: #","overage_policy":"\#(policy.rawValue)""#)
            #expect(answer.status == 409)
            #expect(answer.error == "BUDGET_EXCEEDED")
        }
    }

    @Test("56: a hundred at once on room for fifty: exactly fifty succeed")
    func contention() async throws {
        let t = try await CyclesStack.shared().tenant("crowd")
        try await t.ledger(allocated: 500)
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<100 { group.addTask { try await t.reserve(10).status } }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(statuses.filter { $0 == 200 }.count == 50)
        #expect(statuses.filter { $0 == 409 }.count == 50)
        #expect(try await t.balance() == [500, 500, 0, 0, 0, 0])
    }

    @Test("57: default TTL is 60 s; a tenant's default and maximum apply, the maximum by cutting")
    func ttl() async throws {
        let stack = try await CyclesStack.shared()
        var terms = TenantTerms()
        let plain = try await stack.tenant("ttl")
        try await plain.ledger(allocated: 10)
        #expect(try await lifetime(plain, "") == 60_000)
        terms.defaultTTLMs = 5_000
        terms.maxTTLMs = 20_000
        let short = try await stack.tenant("ttl-short", terms: terms)
        try await short.ledger(allocated: 10)
        #expect(try await lifetime(short, "") == 5_000)
        #expect(try await lifetime(short, #","ttl_ms":86400000"#) == 20_000)
    }

    private func lifetime(_ t: TestTenant, _ more: String) async throws -> Int64? {
        let id = try #require(try await t.reserve(0, more: more).text("reservation_id"))
        let row = try await t.get(id)
        return row.int("expires_at_ms").flatMap { expires in row.int("created_at_ms").map { expires - $0 } }
    }

    @Test("61-64: no budget is 404, another unit only is 400 with details, the unit anywhere is enough")
    func units() async throws {
        let t = try await CyclesStack.shared().tenant("units")
        let none = try await t.reserve(1)
        #expect(none.status == 404)
        #expect(none.error == "NOT_FOUND")
        #expect(none.message == "Budget not found for provided scope: \(t.scope)")
        try await t.ledger(unit: .tokens, allocated: 10)
        try await t.ledger(unit: .credits, allocated: 10)
        let wrong = try await t.reserve(1)
        #expect(wrong.status == 400)
        #expect(wrong.error == "UNIT_MISMATCH")
        let details = try #require(wrong.root.member("details"))
        #expect(details.member("scope")?.isString(t.scope) == true)
        #expect(details.member("requested_unit")?.isString("USD_MICROCENTS") == true)
        #expect(
            details.member("expected_units")?.elements.map { $0.isString("TOKENS") || $0.isString("CREDITS") } == [
                true, true,
            ])
        try await t.ledger("agent:a", allocated: 10)
        let mixed = try await t.reserve(1, subject: #"{"tenant":"\#(t.id)","agent":"a"}"#)
        #expect(mixed.status == 200)
        #expect(mixed.balances.count == 1)
    }

    @Test("65-70: closed, frozen, over limit, debt, exceeded, in that order over all scopes")
    func refusals() async throws {
        let t = try await CyclesStack.shared().tenant("states")
        let subject = #"{"tenant":"\#(t.id)","agent":"a"}"#
        let cases: [(Int64, Int64, String, String)] = [
            (1_000, 0, "F0", "BUDGET_FROZEN"), (1_000, 0, "C0", "BUDGET_CLOSED"), (1_000, 1, "0", "DEBT_OUTSTANDING"),
            (1_000, 0, "O0", "OVERDRAFT_LIMIT_EXCEEDED"), (1_000, 5, "O0", "OVERDRAFT_LIMIT_EXCEEDED"),
            (1, 0, "0", "BUDGET_EXCEEDED"),
        ]
        for (allocated, debt, flags, code) in cases {
            try await t.ledger(allocated: 1)
            try await t.ledger("agent:a", allocated: allocated, debt: debt, limit: 100, flags: flags)
            let answer = try await t.reserve(10, subject: subject)
            #expect(answer.status == 409)
            #expect(answer.error == code)
            // The parent is short as well, but the graver reason wins, and names the child.
            if code != "BUDGET_EXCEEDED" { #expect(answer.message.hasSuffix("agent:a")) }
        }
    }

    @Test("35: a large debt-free ledger near int64 is exact; amounts above it are refused")
    func exactness() async throws {
        let t = try await CyclesStack.shared().tenant("exact")
        try await t.ledger(allocated: Int64.max, spent: Int64.max - 9_007_199_254_740_993)
        #expect(try await t.reserve(9_007_199_254_740_994).error == "BUDGET_EXCEEDED")
        let answer = try await t.reserve(9_007_199_254_740_993)
        #expect(answer.status == 200)
        #expect(answer.amount("reserved") == 9_007_199_254_740_993)
        #expect(try await t.balance()?[4] == 0)
        let id = try #require(answer.text("reservation_id"))
        let committed = try await t.commit(id, 9_007_199_254_740_993)
        #expect(committed.amount("charged") == 9_007_199_254_740_993)
        #expect(try await t.balance() == [Int64.max, 0, Int64.max, 0, 0, 0])
    }

    @Test("75, 77-82, 144: a dry run answers without moving anything, and denies with a reason")
    func dryRun() async throws {
        let t = try await CyclesStack.shared().tenant("dry")
        let missing = try await t.reserve(10, more: #","dry_run":true"#)
        #expect(missing.status == 200)
        #expect(missing.text("decision") == "DENY")
        #expect(missing.text("reason_code") == "BUDGET_NOT_FOUND")
        #expect(missing.strings("affected_scopes") == [t.scope])
        try await t.ledger(allocated: 100)
        let allowed = try await t.reserve(10, key: "same", more: #","dry_run":true"#)
        #expect(allowed.text("decision") == "ALLOW")
        #expect(allowed.text("reservation_id") == nil)
        #expect(allowed.int("expires_at_ms") == nil)
        #expect(allowed.int("remaining_ttl_ms") == nil)
        #expect(allowed.balances[t.scope] == [100, 0, 0, 0, 100, 0])
        #expect(try await t.balance() == [100, 0, 0, 0, 100, 0])
        #expect(try await t.reserve(10, key: "same", more: #","dry_run":true"#).bytes == allowed.bytes)
        // 144: the live call with the key of a dry run is another request.
        #expect(try await t.reserve(10, key: "same").error == "IDEMPOTENCY_MISMATCH")
        let codes: [(String, Int64, String)] = [
            ("0", 0, "BUDGET_EXCEEDED"), ("F0", 0, "BUDGET_FROZEN"), ("C0", 0, "BUDGET_CLOSED"),
            ("O0", 0, "OVERDRAFT_LIMIT_EXCEEDED"), ("0", 1, "DEBT_OUTSTANDING"),
        ]
        for (flags, debt, code) in codes {
            try await t.ledger(allocated: 100, debt: debt, limit: 5, flags: flags)
            let denied = try await t.reserve(101, more: #","dry_run":true"#)
            #expect(denied.status == 200)
            #expect(denied.text("decision") == "DENY")
            #expect(denied.text("reason_code") == code)
            #expect(denied.strings("affected_scopes") == [t.scope])
        }
        #expect(try await t.reserve(1, unit: "TOKENS", more: #","dry_run":true"#).error == "UNIT_MISMATCH")
    }

    @Test("131-133, 143, 145: one key has one effect and one body, however often, however spelled")
    func replay() async throws {
        let t = try await CyclesStack.shared().tenant("replay")
        try await t.ledger(allocated: 1_000)
        let first = try await t.reserve(100, key: "k1")
        let second = try await t.reserve(100, key: "k1")
        #expect(first.text("reservation_id") == second.text("reservation_id"))
        #expect(stripped(first) == stripped(second))
        #expect(first.headers[.requestID] != second.headers[.requestID])
        #expect(try await t.reserve(101, key: "k1").error == "IDEMPOTENCY_MISMATCH")
        let reordered =
            #" { "estimate" : {"amount":100, "unit":"USD_MICROCENTS"},"#
            + #" "action":{"name":"gpt","kind":"llm.completion"},"#
            + #" "subject":{"tenant":"\#(t.id)"}, "idempotency_key":"k1" } "#
        #expect(stripped(try await t.send(.post, "/v1/reservations", reordered)) == stripped(first))
        let ids = try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<50 { group.addTask { try await t.reserve(10, key: "many").text("reservation_id") } }
            return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
        #expect(try await t.balance()?[1] == 110)
    }

    /// A body without the one field that may differ between replays.
    private func stripped(_ answer: APIAnswer) -> String {
        String(decoding: answer.bytes, as: UTF8.self).replacing(/"remaining_ttl_ms":\d+/, with: "")
    }

    @Test("139, 140, 142: keys are per endpoint and tenant; a failure leaves its key free")
    func keyScope() async throws {
        let stack = try await CyclesStack.shared()
        let (a, b) = (try await stack.tenant("key-a"), try await stack.tenant("key-b"))
        try await a.ledger(allocated: 10)
        try await b.ledger(allocated: 10)
        #expect(try await a.reserve(11, key: "k").error == "BUDGET_EXCEEDED")
        try await a.ledger(allocated: 20)
        let mine = try await a.reserve(11, key: "k")
        #expect(mine.status == 200)
        #expect(try await b.reserve(1, key: "k").status == 200)
        let id = try #require(mine.text("reservation_id"))
        #expect(try await a.commit(id, 11, key: "k").status == 200)
    }
}
