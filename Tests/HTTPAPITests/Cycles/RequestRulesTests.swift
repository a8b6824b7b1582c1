// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import SharedKernel
import StrictJSON
import Testing

/// Authentication, validation, correlation and balances of the runtime plane; numbers are statements of the digest.
@Suite("Rules of every request")
struct RequestRulesTests {
    @Test("1, 2, A1: no key, a wrong key, two different keys: 401 with the envelope and both ids")
    func unauthorized() async throws {
        let stack = try await CyclesStack.shared()
        let t = try await stack.tenant("auth")
        let headerSets: [HTTPFields] = [
            [:], [.cyclesAPIKey: "cyc_live_unknown"], [.cyclesAPIKey: ""],
            [.cyclesAPIKey: t.key, .apiKey: "cyc_live_other"],
        ]
        for headers in headerSets {
            let answer = try await stack.send(.get, "/v1/balances?tenant=\(t.id)", [], headers: headers)
            #expect(answer.status == 401)
            #expect(answer.error == "UNAUTHORIZED")
            #expect(answer.text("request_id") == answer.headers[.requestID])
            #expect(answer.text("trace_id") == answer.headers[.cyclesTraceID])
        }
        let alias = try await stack.send(.get, "/v1/balances?tenant=\(t.id)", [], headers: [.apiKey: t.key])
        #expect(alias.status == 200)
    }

    @Test("a missing permission is 403 FORBIDDEN on each route, and the route works with it alone")
    func permissions() async throws {
        let stack = try await CyclesStack.shared()
        let t = try await stack.tenant("perm")
        try await t.ledger(allocated: 100)
        let id = try #require(try await t.reserve(1).text("reservation_id"))
        let routes: [(HTTPRequest.Method, String, String, Permission)] = [
            (.post, "/v1/reservations", t.body(1), .reservationsCreate),
            (.post, "/v1/reservations/\(id)/extend", #"{"idempotency_key":"e","extend_by_ms":1}"#, .reservationsExtend),
            (.get, "/v1/reservations/\(id)", "", .reservationsList),
            (.get, "/v1/balances?tenant=\(t.id)", "", .balancesRead),
            (.get, "/v1/reservations", "", .reservationsList), (.post, "/v1/decide", t.body(1), .reservationsCreate),
            (.post, "/v1/events", t.eventBody(1), .reservationsCreate),
            (
                .post, "/v1/reservations/\(id)/commit",
                #"{"idempotency_key":"c","actual":{"unit":"USD_MICROCENTS","amount":1}}"#, .reservationsCommit
            ),
        ]
        for (method, path, body, permission) in routes {
            let without = try await t.newKey(
                permissions: Permission.allCases.filter { $0 != permission && $0 != .adminRead })
            let refused = try await t.send(method, path, body, key: without)
            #expect(refused.status == 403)
            #expect(refused.error == "FORBIDDEN")
            let with = try await t.newKey(permissions: [permission])
            #expect([200, 201].contains(try await t.send(method, path, body, key: with).status))
        }
    }

    @Test("a key that ends, or whose row is gone, stops at once although it is cached")
    func revocation() async throws {
        let stack = try await CyclesStack.shared()
        let t = try await stack.tenant("revoked")
        try await t.ledger(allocated: 100)
        #expect(try await t.reserve(1).status == 200)
        let tenantKey = stack.installation.keyspace.tenant(t.id)
        try await stack.redis([UInt8]("DEL".utf8), tenantKey + [UInt8](":keys".utf8))
        try await stack.redis([UInt8]("SET".utf8), tenantKey, [UInt8]("A99".utf8))
        #expect(try await t.reserve(1).status == 401)
    }

    @Test("a suspended tenant may settle but not reserve; the change counts from the next request on")
    func suspended() async throws {
        let stack = try await CyclesStack.shared()
        let t = try await stack.tenant("paused")
        try await t.ledger(allocated: 100)
        let id = try #require(try await t.reserve(1).text("reservation_id"))
        try await stack.redis(
            [UInt8]("SET".utf8), stack.installation.keyspace.tenant(t.id), [UInt8]("S7".utf8))
        #expect(try await t.reserve(1).error == "FORBIDDEN")
        #expect(try await t.reserve(1, more: #","dry_run":true"#).text("decision") == "DENY")
        #expect(try await t.commit(id, 1).status == 200)
    }

    @Test("3-5, 10, 12: a foreign tenant in subject or filter is 403 on each route and changes nothing")
    func foreignTenant() async throws {
        let t = try await CyclesStack.shared().tenant("self")
        try await t.ledger(allocated: 100)
        let foreign = #"{"tenant":"other-tenant"}"#
        #expect(try await t.reserve(1, subject: foreign).error == "FORBIDDEN")
        for answer in [try await t.decide(1, subject: foreign), try await t.event(1, subject: foreign)] {
            #expect(answer.status == 403 && answer.error == "FORBIDDEN")
        }
        #expect(try await t.list("tenant=other-tenant").status == 403)
        #expect(try await t.send(.get, "/v1/balances?tenant=other-tenant").status == 403)
        #expect(try await t.balance() == [100, 0, 0, 0, 100, 0])
    }

    @Test("a scope filter keeps a key to its scopes: other reserves are 403, other rows not listed")
    func scopeFilter() async throws {
        let t = try await CyclesStack.shared().tenant("filter", scopeFilter: ["agent:mine", "app:*"])
        try await t.ledger(allocated: 100)
        try await t.ledger("agent:mine", allocated: 100)
        try await t.ledger("agent:other", allocated: 100)
        try await t.ledger("app:x", allocated: 100)
        #expect(try await t.reserve(1, subject: #"{"tenant":"\#(t.id)","agent":"mine"}"#).status == 200)
        #expect(try await t.reserve(1, subject: #"{"tenant":"\#(t.id)","agent":"other"}"#).error == "FORBIDDEN")
        let rows = try await t.send(.get, "/v1/balances?tenant=\(t.id)").balances.keys.sorted()
        #expect(rows == ["\(t.scope)/agent:mine", "\(t.scope)/app:x"])
    }

    /// A body and the field its refusal must name.
    struct Bad: Sendable, CustomStringConvertible {
        var body: String
        var names: String
        var description: String { "\(names): \(body.prefix(120))" }
    }

    private static func bad(_ replacing: String, _ with: String, _ names: String) -> Bad {
        let good =
            #"{"idempotency_key":"k","subject":{"tenant":"T"},"action":{"kind":"a","name":"b"},"#
            + #""estimate":{"unit":"TOKENS","amount":1}}"#
        return Bad(body: good.replacing(replacing, with: with), names: names)
    }

    private static func long(_ n: Int) -> String { String(repeating: "x", count: n) }

    @Test(
        "21 22, 26-31, 33-35, 37-42, 48: every malformed create is 400 INVALID_REQUEST and names the field",
        arguments: [
            bad(#""idempotency_key":"k","#, "", "idempotency_key"), bad(#":"k""#, #":"""#, "idempotency_key"),
            bad(#":"k""#, #":"\#(long(257))""#, "idempotency_key"), bad(#":"k""#, ":7", "idempotency_key"),
            bad(#":"k""#, #":"\u0000""#, "NUL"), bad(#":"k""#, #":"\ud800""#, "idempotency_key: lone surrogate"),
            bad(#"{"tenant":"T"}"#, "{}", "subject"), bad(#"{"tenant":"T"}"#, #"{"dimensions":{"a":"b"}}"#, "subject"),
            bad(#""T""#, #""\#(long(129))""#, "subject.tenant"), bad(#""T""#, #""a/b""#, "subject.tenant"),
            bad(#""T""#, #""a:b""#, "subject.tenant"), bad(#""T""#, #""a b""#, "subject.tenant"),
            bad(#""T""#, #""""#, "subject.tenant"), bad(#""T""#, #""é""#, "subject.tenant"),
            bad(#""T""#, "null", "subject.tenant"),
            bad(#""T""#, #""T","team":"x""#, "subject.team"), bad(#""T""#, #""T","tenant":"T""#, "duplicate"),
            bad(#""T""#, #""T","dimensions":{"a":"\#(long(257))"}"#, "subject.dimensions.a"),
            bad(
                #""T""#,
                #""T","dimensions":{"# + (0..<17).map { #""d\#($0)":"v""# }.joined(separator: ",") + "}",
                "subject.dimensions"),
            bad(#""kind":"a","#, "", "action.kind"), bad(#","name":"b""#, "", "action.name"),
            bad(#""kind":"a""#, #""kind":"\#(long(65))""#, "action.kind"),
            bad(#""name":"b""#, #""name":"\#(long(257))""#, "action.name"),
            bad(#""name":"b""#, #""name":"b","tags":["\#(long(65))"]"#, "action.tags"),
            bad(
                #""name":"b""#, #""name":"b","tags":["# + (0..<11).map { _ in #""t""# }.joined(separator: ",") + "]",
                "action.tags"),
            bad(#""amount":1"#, #""amount":-1"#, "estimate.amount"),
            bad(#""amount":1"#, #""amount":1.0"#, "estimate.amount"),
            bad(#""amount":1"#, #""amount":1e3"#, "estimate.amount"),
            bad(#""amount":1"#, #""amount":"1""#, "estimate.amount"),
            bad(#""amount":1"#, #""amount":9223372036854775808"#, "estimate.amount"),
            bad(#""amount":1"#, #""amount":null"#, "estimate.amount"),
            bad(#""amount":1"#, #""amount":1,"x":1"#, "estimate.x"),
            bad(#""TOKENS""#, #""EUR""#, "estimate.unit"), bad(#""TOKENS""#, #""tokens""#, "estimate.unit"),
            bad("}}", #"},"ttl_ms":999}"#, "ttl_ms"), bad("}}", #"},"ttl_ms":86400001}"#, "ttl_ms"),
            bad("}}", #"},"ttl_ms":"60000"}"#, "ttl_ms"), bad("}}", #"},"grace_period_ms":-1}"#, "grace_period_ms"),
            bad("}}", #"},"grace_period_ms":60001}"#, "grace_period_ms"),
            bad("}}", #"},"overage_policy":"ALLOW"}"#, "overage_policy"), bad("}}", #"},"dry_run":"yes"}"#, "dry_run"),
            bad("}}", #"},"metadata":[]}"#, "metadata"), bad("}}", #"},"observe_mode":"OBSERVE"}"#, "observe_mode"),
            bad("}}", #"},"extra":1}"#, "extra"), bad("}}", "}", "JSON"), bad("}}", "}} x", "JSON"),
            Bad(body: "", names: "JSON"), Bad(body: "[]", names: "body"), Bad(body: "null", names: "body"),
            Bad(body: "\u{FEFF}{}", names: "JSON"),
            Bad(body: String(repeating: "[", count: 33) + String(repeating: "]", count: 33), names: "deep"),
        ])
    func malformed(_ bad: Bad) async throws {
        let t = try await CyclesStack.shared().tenant("bad")
        try await t.ledger(unit: .tokens, allocated: 100)
        let answer = try await t.send(.post, "/v1/reservations", bad.body.replacing(#""T""#, with: #""\#(t.id)""#))
        #expect(answer.status == 400)
        #expect(answer.error == "INVALID_REQUEST")
        #expect(answer.message.contains(bad.names))
        let known: Set = ["error", "message", "request_id", "trace_id", "details"]
        for member in answer.root.members {
            #expect(known.contains(String(decoding: member.key.stringBytes() ?? [], as: UTF8.self)))
        }
        #expect(try await t.balance() == [100, 0, 0, 0, 100, 0])
    }

    @Test("22 36 38 39: invalid UTF-8 is 400, and the bounds that are inside pass")
    func bounds() async throws {
        let t = try await CyclesStack.shared().tenant("bounds")
        try await t.ledger(allocated: 100)
        let headers: HTTPFields = [.cyclesAPIKey: t.key]
        let broken = [UInt8](t.body(1, key: "X").utf8).flatMap { $0 == UInt8(ascii: "X") ? [0xC3, 0x28] : [$0] }
        #expect(try await t.stack.send(.post, "/v1/reservations", broken, headers: headers).status == 400)
        #expect(try await t.reserve(1, key: String(repeating: "k", count: 256)).status == 200)
        #expect(try await t.reserve(0, more: #","ttl_ms":1000,"grace_period_ms":60000"#).status == 200)
        #expect(try await t.reserve(0, more: #","ttl_ms":86400000,"grace_period_ms":0"#).status == 200)
        #expect(try await t.send(.get, "/v1/balances?tenant=\(t.id)&agent=%zz").status == 400)
    }

    @Test("23-25: the idempotency header must be 1 to 256 characters and equal the body's key")
    func idempotencyHeader() async throws {
        let t = try await CyclesStack.shared().tenant("header")
        try await t.ledger(allocated: 100)
        let body = t.body(1, key: "k")
        #expect(try await t.send(.post, "/v1/reservations", body, headers: [.idempotencyKey: "k"]).status == 200)
        for value in ["other", "", String(repeating: "k", count: 257)] {
            let answer = try await t.send(.post, "/v1/reservations", body, headers: [.idempotencyKey: value])
            #expect(answer.status == 400)
            #expect(answer.message.contains("X-Idempotency-Key"))
        }
    }

    @Test("43-46: malformed commits, releases and extends name the field and change nothing")
    func malformedSettle() async throws {
        let t = try await CyclesStack.shared().tenant("settle")
        try await t.ledger(allocated: 100)
        let id = try #require(try await t.reserve(10).text("reservation_id"))
        let amount = #""actual":{"unit":"USD_MICROCENTS","amount":1}"#
        let cases: [(String, String, String)] = [
            ("commit", #"{"idempotency_key":"k"}"#, "actual"), ("commit", "{\(amount)}", "idempotency_key"),
            ("commit", #"{"idempotency_key":"k",\#(amount),"metrics":{"tokens":1}}"#, "metrics.tokens"),
            ("commit", #"{"idempotency_key":"k",\#(amount),"metrics":{"tokens_input":-1}}"#, "metrics.tokens_input"),
            (
                "commit", #"{"idempotency_key":"k",\#(amount),"metrics":{"model_version":"\#(Self.long(129))"}}"#,
                "metrics.model_version"
            ), ("commit", #"{"idempotency_key":"k",\#(amount),"note":1}"#, "note"),
            ("release", #"{"idempotency_key":"k","reason":"\#(Self.long(257))"}"#, "reason"),
            ("release", #"{"reason":"x"}"#, "idempotency_key"),
            ("extend", #"{"idempotency_key":"k","extend_by_ms":0}"#, "extend_by_ms"),
            ("extend", #"{"idempotency_key":"k","extend_by_ms":86400001}"#, "extend_by_ms"),
            ("extend", #"{"idempotency_key":"k"}"#, "extend_by_ms"),
        ]
        for (verb, body, names) in cases {
            let answer = try await t.send(.post, "/v1/reservations/\(id)/\(verb)", body)
            #expect(answer.status == 400)
            #expect(answer.message.contains(names))
        }
        #expect(try await t.get(id).text("status") == "ACTIVE")
    }

    @Test("180-185: balances need a subject filter, page exactly, and match whole segments")
    func balances() async throws {
        let t = try await CyclesStack.shared().tenant("rows")
        for agent in ["a", "ab", "b"] { try await t.ledger("agent:\(agent)", allocated: 1) }
        try await t.ledger(allocated: 5, debt: 7, limit: 9)
        try await t.ledger(unit: .tokens, allocated: 2)
        #expect(try await t.send(.get, "/v1/balances").error == "INVALID_REQUEST")
        #expect(try await t.send(.get, "/v1/balances?limit=5").status == 400)
        for bad in ["limit=0", "limit=201", "limit=x", "cursor=abc", "include_children=maybe"] {
            #expect(try await t.send(.get, "/v1/balances?tenant=\(t.id)&\(bad)").status == 400)
        }
        #expect(try await t.send(.get, "/v1/balances?agent=a").balances.keys.sorted() == ["\(t.scope)/agent:a"])
        #expect(try await t.send(.get, "/v1/balances?agent=none").root.member("balances")?.count == 0)
        let own = try await t.send(.get, "/v1/balances?tenant=\(t.id)&include_children=false")
        let amounts = own.root.member("balances")?.elements
            .compactMap { $0.member("remaining")?.member("amount")?.int64() }
        #expect(amounts?.sorted() == [-2, 2], "two units of one scope, one below zero")
        #expect(own.root.member("balances")?.count == 2)
        #expect(try await t.balance() != nil)
        var seen = 0
        var cursor = ""
        for page in 1...5 {
            let answer = try await t.send(.get, "/v1/balances?tenant=\(t.id)&limit=1&cursor=\(cursor)")
            #expect(answer.root.member("balances")?.count == 1)
            #expect(answer.root.member("has_more")?.bool() == (page < 5))
            seen += 1
            cursor = answer.text("next_cursor") ?? ""
            #expect(cursor.isEmpty == (page == 5))
            if page == 1 {
                #expect(try await t.send(.get, "/v1/balances?agent=a&cursor=\(cursor)").status == 400)
                #expect(try await t.send(.get, "/v1/balances?tenant=\(t.id)&cursor=\(cursor)A").status == 400)
            }
        }
        #expect(seen == 5)
    }

    @Test("189-194, 196: trace ids are taken, preferred and made as the contract says")
    func correlation() async throws {
        let t = try await CyclesStack.shared().tenant("trace")
        let trace = "0af7651916cd43dd8448eb211c80319c"
        let other = "11111111111111111111111111111111"
        let parent = "00-\(trace)-b7ad6b7169203331-01"
        let zero = String(repeating: "0", count: 32)
        let badVersion = "ff" + String(parent.dropFirst(2))
        let cases: [(parent: String?, trace: String?, expected: String?)] = [
            (parent, nil, trace), (nil, other, other), (parent, other, trace), (badVersion, other, other),
            ("00-\(trace)-0000000000000000-01", other, other), ("00-\(zero)-b7ad6b7169203331-01", nil, nil),
            (nil, other + "A", nil), (nil, zero, nil), (nil, trace.uppercased(), nil), (nil, nil, nil),
        ]
        var fresh: Set<String> = []
        for (parent, trace, expected) in cases {
            var headers: [HTTPField.Name: String] = [:]
            headers[.traceparent] = parent
            headers[.cyclesTraceID] = trace
            let answer = try await t.send(.get, "/v1/nowhere", headers: headers)
            #expect(answer.status == 404)
            let got = try #require(answer.headers[.cyclesTraceID])
            #expect(answer.text("trace_id") == got)
            #expect(answer.text("request_id") == answer.headers[.requestID])
            if let expected { #expect(got == expected) } else { fresh.insert(got) }
            #expect(got.wholeMatch(of: /[0-9a-f]{32}/) != nil)
        }
        #expect(fresh.count == 5)
        let wrongMethod = try await t.send(.delete, "/v1/reservations")
        #expect(wrongMethod.status == 405)
        #expect(wrongMethod.headers[.allow]?.contains("POST") == true)
    }
}
