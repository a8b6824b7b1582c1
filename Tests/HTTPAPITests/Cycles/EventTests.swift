// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Budgets
import HTTPAPI
import HTTPTypes
import Observability
import SharedKernel
import StrictJSON
import Testing

/// Numbers in names are the statements of the runtime digest, section 11.
@Suite("POST /v1/events")
struct EventTests {
    private func policy(_ policy: OveragePolicy) -> String { #","overage_policy":"\#(policy.rawValue)""# }

    @Test("146 147: 201 APPLIED with an id; the amount is spent in all budgeted scopes before the answer")
    func applied() async throws {
        let t = try await CyclesStack.shared().tenant("event")
        try await t.ledger(allocated: 1_000)
        try await t.ledger("app:web/agent:bot", allocated: 100)
        let answer = try await t.event(60, subject: #"{"agent":"bot","app":"web","tenant":"\#(t.id)"}"#)
        #expect(answer.status == 201 && answer.text("status") == "APPLIED")
        #expect(answer.text("event_id")?.hasPrefix("evt_") == true)
        #expect(answer.root.member("charged") == nil)
        #expect(answer.headers[.cyclesTenant] == t.id.description)
        let leaf = "\(t.scope)/app:web/agent:bot"
        #expect(answer.balances == [t.scope: [1_000, 0, 60, 0, 940, 0], leaf: [100, 0, 60, 0, 40, 0]])
        #expect(try await t.balance() == [1_000, 0, 60, 0, 940, 0])
        #expect(try await t.balance("app:web/agent:bot") == [100, 0, 60, 0, 40, 0])
        #expect(try await t.list().rows == [])
    }

    @Test("148: with REJECT all that remains may be charged, one more in any scope is 409 and books nothing")
    func reject() async throws {
        let t = try await CyclesStack.shared().tenant("event-reject")
        try await t.ledger(allocated: 1_000, reserved: 100)
        try await t.ledger("agent:a", allocated: 50, limit: 500)
        let subject = #"{"tenant":"\#(t.id)","agent":"a"}"#
        let over = try await t.event(51, subject: subject, more: policy(.reject))
        #expect(over.status == 409 && over.error == "BUDGET_EXCEEDED")
        #expect(over.message.hasSuffix("agent:a"))
        #expect(try await t.event(901, more: policy(.reject)).error == "BUDGET_EXCEEDED")
        #expect(try await t.balance() == [1_000, 100, 0, 0, 900, 0])
        #expect(try await t.event(50, subject: subject, more: policy(.reject)).status == 201)
        #expect(try await t.event(850, more: policy(.reject)).status == 201)
        #expect(try await t.balance() == [1_000, 100, 900, 0, 0, 0])
        #expect(try await t.balance("agent:a") == [50, 0, 50, 0, 0, 0])
    }

    @Test("149: with ALLOW_IF_AVAILABLE, the default, the least that remains is charged and short scopes are flagged")
    func capped() async throws {
        let t = try await CyclesStack.shared().tenant("event-capped")
        for more in ["", policy(.allowIfAvailable)] {
            try await t.ledger(allocated: 150)
            try await t.ledger("agent:a", allocated: 110)
            let answer = try await t.event(130, subject: #"{"tenant":"\#(t.id)","agent":"a"}"#, more: more)
            #expect(answer.status == 201 && answer.amount("charged") == 110)
            #expect(answer.balances[t.scope] == [150, 0, 110, 0, 40, 0])
            #expect(try await t.balance() == [150, 0, 110, 0, 40, 0])
            #expect(try await t.balance("agent:a") == [110, 0, 110, 0, 0, 1])
        }
        try await t.ledger(allocated: 10, spent: 20)
        let nothing = try await t.event(5)
        #expect(nothing.status == 201 && nothing.amount("charged") == 0)
        #expect(try await t.balance() == [10, 0, 20, 0, -10, 1])
    }

    @Test("150: with ALLOW_WITH_OVERDRAFT debt grows up to the limit; beyond it 409 and nothing is booked")
    func overdraft() async throws {
        let t = try await CyclesStack.shared().tenant("event-overdraft")
        try await t.ledger(allocated: 100, limit: 500)
        let first = try await t.event(101, more: policy(.allowWithOverdraft))
        #expect(first.status == 201 && first.root.member("charged") == nil)
        #expect(try await t.balance() == [100, 0, 0, 101, -1, 0])
        let beyond = try await t.event(400, more: policy(.allowWithOverdraft))
        #expect(beyond.status == 409 && beyond.error == "OVERDRAFT_LIMIT_EXCEEDED")
        #expect(try await t.balance() == [100, 0, 0, 101, -1, 0])
        #expect(try await t.event(399, more: policy(.allowWithOverdraft)).status == 201)
        #expect(try await t.balance() == [100, 0, 0, 500, -400, 0])
        #expect(try await t.reserve(0).error == "DEBT_OUTSTANDING")
        // Without a limit there is nothing to lend (decision A2).
        try await t.ledger(allocated: 100)
        #expect(try await t.event(101, more: policy(.allowWithOverdraft)).error == "OVERDRAFT_LIMIT_EXCEEDED")
    }

    @Test("151: no budget is 404, a wrong unit 400 with details, a closed or frozen one 409")
    func refusals() async throws {
        let t = try await CyclesStack.shared().tenant("event-refused")
        let none = try await t.event(1)
        #expect(none.status == 404 && none.error == "NOT_FOUND")
        try await t.ledger(unit: .tokens, allocated: 10)
        let wrong = try await t.event(1)
        #expect(wrong.status == 400 && wrong.error == "UNIT_MISMATCH")
        #expect(wrong.root.member("details")?.member("requested_unit")?.isString("USD_MICROCENTS") == true)
        for (flags, code) in [("C0", "BUDGET_CLOSED"), ("F0", "BUDGET_FROZEN"), ("CFO0", "BUDGET_CLOSED")] {
            try await t.ledger(allocated: 100, flags: flags)
            let answer = try await t.event(1)
            #expect(answer.status == 409 && answer.error == code)
        }
        try await t.ledger(allocated: 100)
        try await t.setTag("S8")
        #expect(try await t.event(1).error == "FORBIDDEN")
        try await t.setTag("A9")
        #expect(try await t.balance() == [100, 0, 0, 0, 100, 0])
    }

    @Test("152: debt and a passed limit do not stop it where enough remains")
    func indebted() async throws {
        let t = try await CyclesStack.shared().tenant("event-debt")
        try await t.ledger(allocated: 100, debt: 50, limit: 60)
        #expect(try await t.event(50).status == 201)
        #expect(try await t.balance() == [100, 0, 50, 50, 0, 0])
        try await t.ledger(allocated: 100, debt: 5, limit: 1, flags: "O0")
        #expect(try await t.event(95, more: policy(.reject)).status == 201)
        #expect(try await t.balance() == [100, 0, 95, 5, 0, 1])
    }

    @Test("153 154: the client's clock changes nothing, and must not be negative")
    func clientTime() async throws {
        let t = try await CyclesStack.shared().tenant("event-clock")
        try await t.ledger(allocated: 100)
        for time in ["0", "1", "9223372036854775807"] {
            #expect(try await t.event(1, more: #","client_time_ms":\#(time)"#).status == 201)
        }
        #expect(try await t.balance() == [100, 0, 3, 0, 97, 0])
        for time in ["-1", "1.5", #""1""#, "9223372036854775808"] {
            let answer = try await t.event(1, more: #","client_time_ms":\#(time)"#)
            #expect(answer.status == 400 && answer.message.contains("client_time_ms"))
        }
    }

    @Test("138: one key has one effect and one body, also after the budget changed, and however many at once")
    func replay() async throws {
        let t = try await CyclesStack.shared().tenant("event-again")
        try await t.ledger(allocated: 100)
        let first = try await t.event(70, key: "k")
        try await t.ledger(allocated: 5, flags: "C0")
        #expect(try await t.event(70, key: "k").bytes == first.bytes)
        #expect(try await t.event(71, key: "k").error == "IDEMPOTENCY_MISMATCH")
        try await t.ledger(allocated: 1_000)
        let bodies = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<50 { group.addTask { try await t.event(30, key: "many").bytes } }
            return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
        }
        #expect(bodies.count == 1)
        #expect(try await t.balance() == [1_000, 0, 30, 0, 970, 0])
        let other = try await t.event(30, key: "other")
        #expect(other.text("event_id") != first.text("event_id"))
    }

    @Test("141: a commit that came too late is charged as an event under the same key")
    func lateCommit() async throws {
        let t = try await CyclesStack.shared().tenant("event-late")
        try await t.ledger(allocated: 100)
        let id = try await t.made(50)
        try await t.setExpiry(id, to: UTCTimestamp.now_ms() - 10_000)
        #expect(try await t.commit(id, 50, key: "late").error == "RESERVATION_EXPIRED")
        #expect(try await t.event(50, key: "late").status == 201)
        #expect(try await t.balance() == [100, 0, 50, 0, 50, 0])
        #expect(try await t.get(id).status == 410)
    }

    @Test("An event is not short for amounts that only unswept reservations hold")
    func lazyExpiry() async throws {
        for each in OveragePolicy.allCases {
            let t = try await CyclesStack.shared().tenant("event-lazy")
            try await t.ledger(allocated: 100)
            let hung = try await t.made(100)
            try await t.setExpiry(hung, to: UTCTimestamp.now_ms() - 10_000)
            let answer = try await t.event(100, more: policy(each))
            #expect(answer.status == 201 && answer.root.member("charged") == nil)
            #expect(try await t.balance() == [100, 0, 100, 0, 0, 0])
        }
    }

    @Test("35 36: amounts are exact up to int64, zero is an amount, and what leaves int64 is never booked")
    func exactness() async throws {
        let t = try await CyclesStack.shared().tenant("event-exact")
        try await t.ledger(allocated: Int64.max, spent: Int64.max - 9_007_199_254_740_993)
        #expect(try await t.event(0).status == 201)
        #expect(try await t.event(9_007_199_254_740_994, more: policy(.reject)).error == "BUDGET_EXCEEDED")
        #expect(try await t.event(9_007_199_254_740_993, more: policy(.reject)).status == 201)
        #expect(try await t.balance() == [Int64.max, 0, Int64.max, 0, 0, 0])
        try await t.ledger(allocated: 0, spent: 0, debt: Int64.max - 1, limit: Int64.max)
        #expect(try await t.event(1, more: policy(.allowWithOverdraft)).status == 201)
        #expect(try await t.balance() == [0, 0, 0, Int64.max, -Int64.max, 0])
        let beyond = try await t.event(1, more: policy(.allowWithOverdraft))
        #expect(beyond.status == 409 && beyond.error == "OVERDRAFT_LIMIT_EXCEEDED")
    }

    @Test("The overage policy comes from the request, else a policy, else the deepest ledger, else the tenant")
    func policySource() async throws {
        var terms = TenantTerms()
        terms.overagePolicy = [UInt8]("REJECT".utf8)
        let t = try await CyclesStack.shared().tenant("event-source", terms: terms)
        try await t.ledger(allocated: 10)
        #expect(try await t.event(11).error == "BUDGET_EXCEEDED")
        try await t.ledger(allocated: 10, flags: "i")
        #expect(try await t.event(11).amount("charged") == 10)
        try await t.setPolicy(#","commit_overage_policy":"ALLOW_WITH_OVERDRAFT""#)
        try await t.ledger(allocated: 10, limit: 11, flags: "i")
        #expect(try await t.event(11).status == 201)
        #expect(try await t.balance() == [10, 0, 0, 11, -1, 0])
    }

    @Test("40 45 46: a malformed event is 400, names the field and books nothing")
    func malformed() async throws {
        let t = try await CyclesStack.shared().tenant("event-bad")
        try await t.ledger(allocated: 100)
        let cases: [(String, String)] = [
            (t.eventBody(1, more: #","ttl_ms":1000"#), "ttl_ms"),
            (t.eventBody(1, more: #","dry_run":true"#), "dry_run"),
            (t.eventBody(1, more: #","overage_policy":"reject""#), "overage_policy"),
            (t.eventBody(1, more: #","metrics":{"tokens":1}"#), "metrics.tokens"),
            (t.eventBody(1, more: #","metrics":{"tokens_input":-1}"#), "metrics.tokens_input"),
            (
                t.eventBody(1, more: #","metrics":{"model_version":"\#(String(repeating: "x", count: 129))"}"#),
                "metrics.model_version"
            ), (t.eventBody(1, more: #","metadata":[]"#), "metadata"), (t.eventBody(-1), "actual.amount"),
            (t.eventBody(1, subject: #"{"dimensions":{}}"#), "subject"), (t.body(1), "actual"), ("[]", "body"),
        ]
        for (body, names) in cases {
            let answer = try await t.send(.post, "/v1/events", body)
            #expect(answer.status == 400 && answer.error == "INVALID_REQUEST", "\(body)")
            #expect(answer.message.contains(names), "\(answer.message)")
        }
        #expect(try await t.balance() == [100, 0, 0, 0, 100, 0])
        let metrics = #","metrics":{"tokens_input":3,"custom":{"any":1}},"metadata":{"a":[1]}"#
        #expect(try await t.event(1, more: metrics).status == 201)
    }
}
