// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import Observability
import SharedKernel
import StrictJSON
import Testing

/// Numbers in names are the statements of the runtime digest, section 11.
@Suite("POST /v1/decide")
struct DecideTests {
    @Test("84: enough budget is ALLOW; no balance moves and no reservation appears")
    func allow() async throws {
        let t = try await CyclesStack.shared().tenant("decide")
        try await t.ledger(allocated: 1_000)
        try await t.ledger("agent:a", allocated: 500)
        let answer = try await t.decide(500, subject: #"{"agent":"a","tenant":"\#(t.id)"}"#)
        #expect(answer.status == 200 && answer.text("decision") == "ALLOW")
        #expect(answer.strings("affected_scopes") == [t.scope, "\(t.scope)/agent:a"])
        #expect(answer.headers[.cyclesTenant] == t.id.description)
        #expect(try await t.balance() == [1_000, 0, 0, 0, 1_000, 0])
        #expect(try await t.list().rows == [])
    }

    @Test("85 86 87: what a budget would refuse is 200 DENY with the reason, never 409, one class after the other")
    func deny() async throws {
        let t = try await CyclesStack.shared().tenant("decide-deny")
        let cases: [(allocated: Int64, debt: Int64, flags: String, code: String)] = [
            (9, 0, "0", "BUDGET_EXCEEDED"), (1_000, 1, "0", "DEBT_OUTSTANDING"),
            (1_000, 0, "O0", "OVERDRAFT_LIMIT_EXCEEDED"), (1_000, 5, "O0", "OVERDRAFT_LIMIT_EXCEEDED"),
            (1_000, 0, "F0", "BUDGET_FROZEN"), (1_000, 0, "C0", "BUDGET_CLOSED"),
        ]
        for each in cases {
            try await t.ledger(allocated: 9)
            try await t.ledger("agent:a", allocated: each.allocated, debt: each.debt, limit: 3, flags: each.flags)
            let answer = try await t.decide(10, subject: #"{"tenant":"\#(t.id)","agent":"a"}"#)
            #expect(answer.status == 200 && answer.text("decision") == "DENY")
            #expect(answer.text("reason_code") == each.code)
            #expect(answer.strings("affected_scopes") == [t.scope, "\(t.scope)/agent:a"])
        }
    }

    @Test("88 89: a wrong unit is 400 with details, no budget at all 200 DENY BUDGET_NOT_FOUND")
    func units() async throws {
        let t = try await CyclesStack.shared().tenant("decide-units")
        let none = try await t.decide(1)
        #expect(none.status == 200 && none.text("decision") == "DENY")
        #expect(none.text("reason_code") == "BUDGET_NOT_FOUND" && none.strings("affected_scopes") == [t.scope])
        try await t.ledger(unit: .tokens, allocated: 10)
        let wrong = try await t.decide(1)
        #expect(wrong.status == 400 && wrong.error == "UNIT_MISMATCH")
        #expect(wrong.root.member("details")?.member("scope")?.isString(t.scope) == true)
        #expect(try await t.decide(1, unit: "TOKENS").text("decision") == "ALLOW")
    }

    @Test("90 91: the same key answers the same when the budget is drained or closed, another request is a mismatch")
    func replay() async throws {
        let t = try await CyclesStack.shared().tenant("decide-again")
        try await t.ledger(allocated: 100)
        let first = try await t.decide(100, key: "k")
        #expect(first.text("decision") == "ALLOW")
        _ = try await t.reserve(100)
        for flags in ["0", "C0", "O0"] {
            try await t.ledger(allocated: 100, reserved: 100, flags: flags)
            #expect(try await t.decide(100, key: "k").bytes == first.bytes)
        }
        #expect(try await t.decide(100).text("decision") == "DENY")
        let other = try await t.decide(99, key: "k")
        #expect(other.status == 409 && other.error == "IDEMPOTENCY_MISMATCH")
        // A denial is an answer as good as any: it is kept, too.
        try await t.ledger(allocated: 0)
        let denied = try await t.decide(1, key: "d")
        try await t.ledger(allocated: 1_000)
        #expect(try await t.decide(1, key: "d").bytes == denied.bytes)
    }

    @Test("71: caps come with ALLOW_WITH_CAPS and nothing else, on decide, a reserve and a dry run")
    func caps() async throws {
        let t = try await CyclesStack.shared().tenant("decide-caps")
        try await t.ledger(allocated: 100)
        #expect(try await t.decide(1).root.member("caps") == nil)
        try await t.setPolicy(#","caps":{"max_tokens":7,"tool_denylist":["rm"]}"#)
        for dry in ["", #","dry_run":true"#] {
            let allowed = try await dry.isEmpty ? t.decide(1) : t.reserve(1, more: dry)
            #expect(allowed.text("decision") == "ALLOW_WITH_CAPS")
            #expect(allowed.root.member("caps")?.member("max_tokens")?.int64() == 7)
            let denied = try await dry.isEmpty ? t.decide(101) : t.reserve(101, more: dry)
            #expect(denied.text("decision") == "DENY" && denied.root.member("caps") == nil)
        }
        let live = try await t.reserve(1)
        #expect(live.text("decision") == "ALLOW_WITH_CAPS" && live.root.member("caps") != nil)
    }

    @Test("139: a key of decide is not that of a reserve, an event or a commit")
    func keyScope() async throws {
        let t = try await CyclesStack.shared().tenant("decide-key")
        try await t.ledger(allocated: 100)
        #expect(try await t.decide(10, key: "k").status == 200)
        let id = try await t.made(10, key: "k")
        #expect(try await t.event(10, key: "k").status == 201)
        #expect(try await t.commit(id, 10, key: "k").status == 200)
        #expect(try await t.balance() == [100, 0, 20, 0, 80, 0])
    }

    @Test("What is due and not swept denies nobody; a suspended tenant is denied")
    func lazyExpiry() async throws {
        let t = try await CyclesStack.shared().tenant("decide-lazy")
        try await t.ledger(allocated: 100)
        let hung = try await t.made(100)
        #expect(try await t.decide(1).text("reason_code") == "BUDGET_EXCEEDED")
        try await t.setExpiry(hung, to: UTCTimestamp.now_ms() - 10_000)
        #expect(try await t.decide(100).text("decision") == "ALLOW")
        try await t.setTag("S7")
        #expect(try await t.decide(1).text("decision") == "DENY")
    }

    @Test("A malformed question is 400 and names the field")
    func malformed() async throws {
        let t = try await CyclesStack.shared().tenant("decide-bad")
        try await t.ledger(allocated: 100)
        let cases: [(String, String)] = [
            (t.body(1, more: #","ttl_ms":1000"#), "ttl_ms"), (t.body(1, more: #","dry_run":true"#), "dry_run"),
            (t.body(1, more: #","metadata":1"#), "metadata"), (t.body(-1), "estimate.amount"),
            (t.body(1, unit: "EUR"), "estimate.unit"), (t.body(1, subject: "{}"), "subject"),
            (t.eventBody(1), "estimate"), (t.body(1, key: ""), "idempotency_key"), ("{", "JSON"),
        ]
        for (body, names) in cases {
            let answer = try await t.send(.post, "/v1/decide", body)
            #expect(answer.status == 400 && answer.error == "INVALID_REQUEST", "\(body)")
            #expect(answer.message.contains(names), "\(answer.message)")
        }
    }
}
