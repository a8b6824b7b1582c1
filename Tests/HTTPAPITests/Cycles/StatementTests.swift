// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Budgets
import HTTPAPI
import HTTPTypes
import Observability
import SharedKernel
import StrictJSON
import Testing

/// What holds for several operations, or all of them. Numbers in names are the statements of the runtime digest,
/// section 11.
@Suite("The runtime plane as a whole")
struct StatementTests {
    /// A request of each operation: method, target, body, what it answers.
    private func routes(_ t: TestTenant) async throws -> [(HTTPRequest.Method, String, String, Int)] {
        let ids = [try await t.made(1), try await t.made(1), try await t.made(1)]
        let actual = #""actual":{"unit":"USD_MICROCENTS","amount":1}"#
        return [
            (.post, "/v1/decide", t.body(1), 200), (.post, "/v1/reservations", t.body(1), 200),
            (.get, "/v1/reservations", "", 200), (.get, "/v1/reservations/\(ids[0])", "", 200),
            (.post, "/v1/reservations/\(ids[0])/extend", #"{"idempotency_key":"e","extend_by_ms":1}"#, 200),
            (.post, "/v1/reservations/\(ids[1])/commit", #"{"idempotency_key":"c",\#(actual)}"#, 200),
            (.post, "/v1/reservations/\(ids[2])/release", #"{"idempotency_key":"r"}"#, 200),
            (.get, "/v1/balances?tenant=\(t.id)", "", 200), (.post, "/v1/events", t.eventBody(1), 201),
        ]
    }

    @Test("1 2 20 48 195 196: every operation: 401 without a good key; its tenant, ids and trace with one")
    func everyOperation() async throws {
        let t = try await CyclesStack.shared().tenant("every")
        try await t.ledger(allocated: 100)
        let routes = try await routes(t)
        #expect(routes.count == CyclesAPI.endpoints.count)
        for (method, target, body, status) in routes {
            for headers: HTTPFields in [[:], [.cyclesAPIKey: "cyc_live_nobody"]] {
                let answer = try await t.stack.send(method, target, [UInt8](body.utf8), headers: headers)
                #expect(answer.status == 401 && answer.error == "UNAUTHORIZED", "\(method) \(target)")
                expectIDs(answer)
            }
            let answer = try await t.send(method, target, body)
            #expect(answer.status == status, "\(method) \(target) \(answer.message)")
            #expect(answer.headers[.cyclesTenant] == t.id.description)
            #expect(answer.headers[.requestID]?.isEmpty == false && answer.headers[.cyclesTraceID]?.count == 32)
        }
    }

    private func expectIDs(_ answer: APIAnswer, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(answer.text("trace_id")?.wholeMatch(of: /[0-9a-f]{32}/) != nil, sourceLocation: sourceLocation)
        #expect(answer.text("trace_id") == answer.headers[.cyclesTraceID], sourceLocation: sourceLocation)
        #expect(answer.text("request_id")?.isEmpty == false, sourceLocation: sourceLocation)
        #expect(answer.text("request_id") == answer.headers[.requestID], sourceLocation: sourceLocation)
        let known = ["error", "message", "request_id", "trace_id", "details"]
        for member in answer.root.members {
            #expect(known.contains { member.key.isString($0) }, sourceLocation: sourceLocation)
        }
    }

    @Test("195 196: errors of every status carry the trace id of the request and the request's own id")
    func errorIDs() async throws {
        let t = try await CyclesStack.shared().tenant("ids")
        try await t.ledger(allocated: 100)
        let expired = try await t.made(1)
        try await t.setExpiry(expired, to: UTCTimestamp.now_ms() - 10_000)
        let trace = "0af7651916cd43dd8448eb211c80319c"
        func send(_ target: String, _ body: String = "", key: String? = nil) async throws -> APIAnswer {
            try await t.send(body.isEmpty ? .get : .post, target, body, headers: [.cyclesTraceID: trace], key: key)
        }
        var answers = [
            400: try await send("/v1/balances"), 401: try await send("/v1/balances?tenant=a", key: "cyc_live_no"),
            403: try await send("/v1/balances?tenant=other"), 404: try await send("/v1/reservations/unknown"),
            405: try await send("/v1/decide"), 409: try await send("/v1/reservations", t.body(101)),
            410: try await send("/v1/reservations/\(expired)"),
        ]
        try await t.setTag("Z1")
        answers[500] = try await send("/v1/reservations", t.body(1))
        for (status, answer) in answers {
            #expect(answer.status == status)
            #expect(answer.headers[.cyclesTraceID] == trace, "\(status)")
            expectIDs(answer)
        }
        #expect(Set(answers.values.map { $0.headers[.requestID] ?? "" }).count == answers.count)
    }

    @Test("13: a balance filter without tenant stays within the key's tenant")
    func foreignBalances() async throws {
        let (t, other) = (
            try await CyclesStack.shared().tenant("mine"), try await CyclesStack.shared().tenant("theirs")
        )
        try await t.ledger("agent:bot", allocated: 1)
        #expect(try await t.send(.get, "/v1/balances?agent=bot").balances.keys.sorted() == ["\(t.scope)/agent:bot"])
        #expect(try await other.send(.get, "/v1/balances?agent=bot").balances.isEmpty)
        try await other.ledger("agent:bot", allocated: 2)
        let rows = try await other.send(.get, "/v1/balances?agent=bot").balances
        #expect(rows.keys.sorted() == ["\(other.scope)/agent:bot"])
    }

    @Test("18: the operator's release stands in the audit log of the admin plane")
    func auditedRelease() async throws {
        let t = try await CyclesStack.shared().tenant("audited")
        try await t.ledger(allocated: 10)
        let id = try await t.made(1)
        let release = try await t.sendAsOperator(
            .post, "/v1/reservations/\(id)/release", #"{"idempotency_key":"r","reason":"[INCIDENT_FORCE_RELEASE]"}"#)
        #expect(release.status == 200 && release.text("status") == "RELEASED")
        let log = try await t.sendAsOperator(.get, "/v1/admin/audit/logs?tenant_id=\(t.id)&resource_id=\(id)")
        let entries = log.root.member("logs")?.elements.filter { $0.member("resource_id")?.isString(id) == true } ?? []
        #expect(entries.count == 1)
        let actor = entries.first?.member("metadata")?.member("actor_type")
        #expect(actor?.isString("admin_on_behalf_of") == true)
    }

    @Test("22 24 38 39 72: the ends of each range are accepted; a header key that equals the body's is, too")
    func bounds() async throws {
        let t = try await CyclesStack.shared().tenant("ends")
        try await t.ledger(allocated: 100)
        let long = String(repeating: "é", count: 256)
        #expect(try await t.reserve(1, key: "k").status == 200)
        #expect(try await t.reserve(1, key: long).status == 200)
        #expect(try await t.reserve(1, key: long + "x").status == 400)
        for (header, event, decision) in [("h", 201, 200), ("x", 400, 400)] {
            let headers: [HTTPField.Name: String] = [.idempotencyKey: header]
            let (charge, question) = (t.eventBody(1, key: "h"), t.body(1, key: "h"))
            #expect(try await t.send(.post, "/v1/events", charge, headers: headers).status == event)
            #expect(try await t.send(.post, "/v1/decide", question, headers: headers).status == decision)
        }
        let ends: [(String, Int64)] = [
            (#","ttl_ms":1000,"grace_period_ms":0"#, 1_000),
            (#","ttl_ms":86400000,"grace_period_ms":60000"#, 3_600_000),
        ]
        for (more, ttl) in ends {
            let answer = try await t.reserve(0, more: more)
            #expect(answer.status == 200)
            let left = try #require(answer.int("remaining_ttl_ms"))
            #expect(left <= ttl && left > 0)
        }
    }

    @Test("28 33 34: names of 128, 64 and 256 characters and ten tags are accepted")
    func longNames() async throws {
        let t = try await CyclesStack.shared().tenant("names")
        try await t.ledger(allocated: 100)
        func x(_ count: Int) -> String { String(repeating: "x", count: count) }
        let tags = Array(repeating: #""\#(x(64))""#, count: 10).joined(separator: ",")
        let action = #"{"kind":"\#(x(64))","name":"\#(x(256))","tags":[\#(tags)]}"#
        let subject = #"{"tenant":"\#(t.id)","agent":"\#(x(128))"}"#
        let body = t.body(1, subject: subject).replacing(#"{"kind":"llm.completion","name":"gpt"}"#, with: action)
        for target in ["/v1/decide", "/v1/reservations"] {
            #expect(try await t.send(.post, target, body).status == 200)
        }
    }

    @Test("36 47: zero may be reserved and committed; an id of 129 characters is refused by every verb")
    func oddities() async throws {
        let t = try await CyclesStack.shared().tenant("odd")
        try await t.ledger(allocated: 0)
        let id = try await t.made(0)
        let commit = try await t.commit(id, 0)
        #expect(commit.amount("charged") == 0 && commit.root.member("released") == nil)
        let long = String(repeating: "a", count: 129)
        #expect(try await t.get(long).status == 400)
        #expect(try await t.commit(long, 0).status == 400)
        #expect(try await t.release(long).status == 400)
        #expect(try await t.extend(long, by: 1).status == 400)
    }

    @Test("73 74: in every balance of every answer the units agree and the equation holds")
    func balanceRows() async throws {
        let t = try await CyclesStack.shared().tenant("equation")
        try await t.ledger(allocated: 1_000, limit: 500)
        try await t.ledger(unit: .tokens, allocated: 50)
        let overdraft = #","overage_policy":"ALLOW_WITH_OVERDRAFT""#
        let (a, b) = (try await t.reserve(600, more: overdraft), try await t.reserve(100))
        var answers = [a, b, try await t.reserve(1, more: #","dry_run":true"#)]
        answers.append(try await t.event(400, more: overdraft))
        answers.append(try await t.commit(try #require(a.text("reservation_id")), 700))
        answers.append(try await t.release(try #require(b.text("reservation_id"))))
        answers.append(try await t.send(.get, "/v1/balances?tenant=\(t.id)"))
        for answer in answers {
            let rows = answer.root.member("balances")?.elements.map { $0 } ?? []
            #expect(!rows.isEmpty)
            for row in rows {
                let amounts = ["allocated", "spent", "reserved", "debt", "remaining", "overdraft_limit"].map { name in
                    row.members.first { $0.key.isString(name) }?.value
                }
                let units = Set(amounts.map { $0?.member("unit")?.stringBytes() })
                #expect(units.count == 1 && !units.contains(nil))
                let n = amounts.map { $0?.member("amount")?.int64() ?? -1 }
                #expect(n[0] - n[1] - n[2] - n[3] == n[4])
            }
        }
    }

    @Test("76 83: a dry run leaves balances and list as they are, and its balances are those")
    func dryRunMovesNothing() async throws {
        let t = try await CyclesStack.shared().tenant("dry-list")
        try await t.ledger(allocated: 100)
        let id = try await t.made(10)
        for amount in [50, 91] as [Int64] {
            let dry = try await t.reserve(amount, more: #","dry_run":true"#)
            #expect(dry.text("decision") == (amount == 50 ? "ALLOW" : "DENY"))
            let now = try await t.send(.get, "/v1/balances?tenant=\(t.id)")
            #expect(dry.balances == now.balances && now.balances[t.scope] == [100, 10, 0, 0, 90, 0])
            #expect(try await t.list().rows.map(\.id) == [id])
        }
    }

    @Test("96: without an overage policy anywhere a commit is ALLOW_IF_AVAILABLE")
    func defaultPolicy() async throws {
        let t = try await CyclesStack.shared().tenant("default")
        try await t.ledger(allocated: 100, limit: 500)
        let id = try await t.made(50)
        #expect(try await t.commit(id, 200).amount("charged") == 100)
        #expect(try await t.balance() == [100, 0, 100, 0, 0, 1])
    }

    @Test("134 136 137 145: replays of create, commit and release are the first body, long after the end")
    func lateReplays() async throws {
        let t = try await CyclesStack.shared().tenant("late")
        try await t.ledger(allocated: 100)
        let created = try await t.reserve(50, key: "k")
        let id = try #require(created.text("reservation_id"))
        let committed = try await t.commit(id, 30)
        let other = try await t.made(5)
        let released = try await t.release(other)
        for each in [id, other] { try await t.setTimes(each, expiresMs: UTCTimestamp.now_ms() - 100_000) }
        try await t.ledger(allocated: 7, flags: "C0")
        let again = try await t.commit(id, 30)
        #expect(again.status == 200 && again.bytes == committed.bytes)
        #expect(again.headers[.requestID] != committed.headers[.requestID])
        #expect(try await t.release(other).bytes == released.bytes)
        #expect(try await t.commit(id, 30, key: "fresh").error == "RESERVATION_FINALIZED")
        let replay = try await t.reserve(50, key: "k")
        #expect(replay.status == 200 && replay.int("remaining_ttl_ms") == 0)
        #expect(replay.balances == created.balances && replay.text("reservation_id") == id)
    }

    @Test("114: of two commits at once, with keys of their own, one settles; charged once")
    func twoCommits() async throws {
        let t = try await CyclesStack.shared().tenant("two")
        try await t.ledger(allocated: 1_000)
        for round in 1...10 as ClosedRange<Int64> {
            let id = try await t.made(50)
            async let one = t.commit(id, 30, key: "a")
            async let two = t.commit(id, 30, key: "b")
            let answers = try await [one, two]
            #expect(answers.map(\.status).sorted() == [200, 409])
            #expect(answers.compactMap(\.error) == ["RESERVATION_FINALIZED"])
            #expect(try await t.balance() == [1_000, 0, 30 * round, 0, 1_000 - 30 * round, 0])
        }
    }

    @Test("123: an extension changes the expiry and nothing else that can be seen")
    func extendChangesNothingElse() async throws {
        let t = try await CyclesStack.shared().tenant("extend-only")
        try await t.ledger(allocated: 100)
        let id = try await t.made(10, more: #","metadata":{"a":1}"#)
        let before = try await t.get(id)
        #expect(try await t.extend(id, by: 5_000).status == 200)
        let after = try await t.get(id)
        let expiry = /"expires_at_ms":\d+/
        #expect(
            String(decoding: after.bytes, as: UTF8.self).replacing(expiry, with: "")
                == String(decoding: before.bytes, as: UTF8.self).replacing(expiry, with: ""))
        #expect(after.int("expires_at_ms") == before.int("expires_at_ms").map { $0 + 5_000 })
        #expect(try await t.balance() == [100, 10, 0, 0, 90, 0])
    }

    @Test("187: until the end of its grace a reservation holds its amount")
    func grace() async throws {
        let t = try await CyclesStack.shared().tenant("in-grace")
        try await t.ledger(allocated: 100)
        let id = try await t.made(100, more: #","grace_period_ms":60000"#)
        try await t.setTimes(id, expiresMs: UTCTimestamp.now_ms() - 1)
        #expect(try await t.extend(id, by: 1).error == "RESERVATION_EXPIRED")
        #expect(try await t.balance() == [100, 100, 0, 0, 0, 0])
        #expect(try await t.reserve(1).error == "BUDGET_EXCEEDED")
        #expect(try await t.list("status=ACTIVE").rows.map(\.id) == [id])
        #expect(try await t.release(id).status == 200)
    }

    @Test("203 205: 429 has its headers and no effect; the same key goes through in the next minute")
    func throttled() async throws {
        let t = try await CyclesStack.shared().tenant("throttled")
        try await t.ledger(allocated: 100)
        try await t.setPolicy(#","rate_limits":{"max_reservations_per_minute":2}"#)
        var granted: Int64 = 0
        var refused: APIAnswer?
        // A minute may end in the middle; then as many go through again.
        for number in 0..<9 where refused == nil {
            let answer = try await t.reserve(1, key: "k\(number)")
            if answer.status == 429 { refused = answer } else { granted += 1 }
        }
        let answer = try #require(refused)
        #expect(answer.error == "LIMIT_EXCEEDED" && (2...6).contains(granted))
        let wait = try #require(answer.headers[.retryAfter].flatMap { Int64($0) })
        let reset = try #require(answer.headers[.rateLimitReset].flatMap { Int64($0) })
        #expect((0...60).contains(wait))
        #expect((0...61).contains(reset - UTCTimestamp.now_ms() / 1_000))
        #expect(try await t.balance() == [100, granted, 0, 0, 100 - granted, 0])
        #expect(try await t.list().rows.count == Int(granted))
        // The next minute: the counters of this one no longer count.
        let counters = try await t.stack.redis(
            [UInt8]("KEYS".utf8), t.stack.installation.keyspace.tenant(t.id) + [UInt8](":rl:*".utf8))
        for key in counters.array ?? [] { try await t.stack.redis([UInt8]("DEL".utf8), key.bytes ?? []) }
        #expect(try await t.reserve(1, key: "k\(granted)").status == 200)
        #expect(try await t.balance() == [100, granted + 1, 0, 0, 99 - granted, 0])
    }

    @Test("204: an exhausted budget is never 429, however often it is asked")
    func exhaustion() async throws {
        let t = try await CyclesStack.shared().tenant("exhausted")
        try await t.ledger(allocated: 0)
        for _ in 0..<40 {
            #expect(try await t.reserve(1).status == 409)
            #expect(try await t.event(1, more: #","overage_policy":"REJECT""#).status == 409)
            #expect(try await t.decide(1).text("decision") == "DENY")
        }
    }
}
