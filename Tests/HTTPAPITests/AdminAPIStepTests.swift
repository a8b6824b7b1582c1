// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import LuaCatalog
import SharedKernel
import StrictJSON
import Testing

@Suite("Steps of the admin plane")
struct AdminAPIStepTests {
    private let fundTarget = "/v1/admin/budgets/fund?scope=tenant:acme&unit=TOKENS&tenant_id=acme"
    private let credit = #"{"operation":"CREDIT","amount":{"unit":"TOKENS","amount":5},"idempotency_key":"k"}"#
    private let ledger = """
        {"tenant_id":"acme","scope":"tenant:acme","unit":"TOKENS","allocated":{"unit":"TOKENS","amount":5}}
        """

    @Test("A key takes three calls: provisional entry, row, entry for good; only then is it shown")
    func keyChain() throws {
        let enter = try AdminCall.plan("/v1/admin/api-keys", #"{"tenant_id":"acme","name":"A"}"#, as: .admin)
        #expect(try AdminCall.call(enter).call.script.name == "admin/enter_key")
        let entered = try AdminCall.words(enter)
        #expect(entered[0].hasPrefix("hf:key:"))
        #expect(entered[1].hasPrefix("acme:key_"))
        #expect(entered[2...] == ["300", ""])

        let create = try AdminCall.next(enter, ["ENTERED", "1000"])
        #expect(try AdminCall.call(create).call.script.name == "admin/create_key")
        let created = try AdminCall.words(create)
        #expect("acme:" + created[2] == entered[1])
        #expect("hf:key:" + created[3] == entered[0])
        #expect(created[4] == "7776001000")
        #expect(created[6].contains(#""scope_filter":[],"expires_at":"1970-04-01T00:00:01.000Z""#))

        let confirm = try AdminCall.next(create, ["CREATED", "1000", "7776001000"])
        #expect(try AdminCall.call(confirm).call.script.name == "admin/confirm_key")
        #expect(try AdminCall.words(confirm) == Array(entered[0...1]))

        let answer = try AdminCall.answer(try AdminCall.next(confirm, ["CONFIRMED"]))
        #expect(answer.status == .created)
        #expect(answer.headers[.cacheControl] == "no-store")
        #expect(answer.text("created_at") == "1970-01-01T00:00:01.000Z")
        #expect(answer.text("expires_at") == "1970-04-01T00:00:01.000Z")
        let secret = try #require(answer.text("key_secret"))
        #expect("hf:key:" + String(decoding: APIKeyHash(of: [UInt8](secret.utf8)).hex, as: UTF8.self) == entered[0])
        for text in entered + created { #expect(!text.contains(secret)) }
    }

    @Test("A key with an expiry hands it to the scripts as milliseconds, and one in the past is refused")
    func keyExpiry() throws {
        let enter = try AdminCall.plan(
            "/v1/admin/api-keys", #"{"tenant_id":"acme","name":"A","expires_at":"2026-05-13T14:01:00.25+02:00"}"#,
            as: .admin)
        #expect(try AdminCall.words(enter)[3] == "1778673660250")
        let create = try AdminCall.words(try AdminCall.next(enter, ["ENTERED", "1000"]))
        #expect(create[4] == "1778673660250")
        #expect(create[6].contains(#""expires_at":"2026-05-13T12:01:00.250Z""#))
        let refusal = try AdminCall.refusal(try AdminCall.next(enter, ["PAST"]))
        #expect(refusal.status == .badRequest)
        #expect(refusal.message.hasPrefix("expires_at:"))
    }

    @Test("Refusals of a new key leave the entry to end by itself")
    func keyRefusals() throws {
        let enter = try AdminCall.plan("/v1/admin/api-keys", #"{"tenant_id":"acme","name":"A"}"#, as: .admin)
        let create = try AdminCall.next(enter, ["ENTERED", "1000"])
        for (words, status, code) in [
            (["NO_TENANT"], HTTPResponse.Status.notFound, "TENANT_NOT_FOUND"),
            (["INACTIVE", "S"], .badRequest, "INVALID_REQUEST"), (["INACTIVE", "C"], .conflict, "TENANT_CLOSED"),
        ] {
            let refusal = try AdminCall.refusal(try AdminCall.next(create, words))
            #expect(refusal.status == status)
            #expect(refusal.code == code)
        }
    }

    @Test("A tenant that exists is shown as it is stored, in whatever status, if it has this name")
    func existingTenant() throws {
        let step = try AdminCall.plan(
            "/v1/admin/tenants", #"{"tenant_id":"acme","name":"\u0041","default_reservation_ttl_ms":5000}"#, as: .admin)
        #expect(try AdminCall.words(step)[2] == #""A""#)
        let terms = String(decoding: TenantTerms().json, as: UTF8.self)
        let answer = try AdminCall.answer(
            try AdminCall.next(step, ["EXISTS", "S", #""A""#, terms, "1000", "2000", "1500", ""]))
        #expect(answer.status == .ok)
        #expect(answer.text("status") == "SUSPENDED")
        #expect(answer.root.member("default_reservation_ttl_ms")?.int64() == 60_000)
        #expect(answer.text("created_at") == "1970-01-01T00:00:01.000Z")
        #expect(answer.text("updated_at") == "1970-01-01T00:00:02.000Z")
        let refusal = try AdminCall.refusal(
            try AdminCall.next(step, ["EXISTS", "A", #""B""#, terms, "1000", "1000", "", ""]))
        #expect(refusal.status == .conflict)
        #expect(refusal.code == "DUPLICATE_RESOURCE")
    }

    @Test("Names are compared as bytes: two spellings of one accent are two names")
    func tenantNameBytes() throws {
        let step = try AdminCall.plan(
            "/v1/admin/tenants", #"{"tenant_id":"acme","name":"caf\u00e9"}"#, as: .admin)
        let terms = String(decoding: TenantTerms().json, as: UTF8.self)
        let other = try AdminCall.next(step, ["EXISTS", "A", "\"cafe\u{301}\"", terms, "1", "1", "", ""])
        #expect(try AdminCall.refusal(other).code == "DUPLICATE_RESOURCE")
    }

    @Test("Refusals of a new budget")
    func budgetRefusals() throws {
        let step = try AdminCall.plan("/v1/admin/budgets", ledger, as: .admin)
        for (words, status, code) in [
            (["DUPLICATE"], HTTPResponse.Status.conflict, "DUPLICATE_RESOURCE"),
            (["NO_TENANT"], .notFound, "TENANT_NOT_FOUND"), (["INACTIVE", "S"], .badRequest, "INVALID_REQUEST"),
            (["INACTIVE", "C"], .conflict, "TENANT_CLOSED"),
        ] {
            let refusal = try AdminCall.refusal(try AdminCall.next(step, words))
            #expect(refusal.status == status)
            #expect(refusal.code == code)
        }
    }

    @Test("Refusals of a credit")
    func fundRefusals() throws {
        let step = try AdminCall.plan(fundTarget, credit, as: .admin)
        for (words, status, code) in [
            (["MISMATCH"], HTTPResponse.Status.conflict, "IDEMPOTENCY_MISMATCH"),
            (["NO_TENANT"], .notFound, "TENANT_NOT_FOUND"), (["CLOSED"], .conflict, "TENANT_CLOSED"),
            (["NO_BUDGET"], .notFound, "BUDGET_NOT_FOUND"), (["UNIT", "UC"], .badRequest, "UNIT_MISMATCH"),
            (["DENIED", "FROZEN"], .conflict, "BUDGET_FROZEN"), (["DENIED", "CLOSED"], .conflict, "BUDGET_CLOSED"),
            (["SHORT"], .conflict, "BUDGET_EXCEEDED"), (["OVERFLOW"], .badRequest, "INVALID_REQUEST"),
        ] {
            let refusal = try AdminCall.refusal(try AdminCall.next(step, words))
            #expect(refusal.status == status)
            #expect(refusal.code == code)
        }
        let unit = try AdminCall.refusal(try AdminCall.next(step, ["UNIT", "UC"]))
        let details = try AdminCall.json(String(decoding: unit.details ?? [], as: UTF8.self))
        #expect(details.member("expected_units")?.raw.elementsEqual(#"["USD_MICROCENTS","CREDITS"]"#.utf8) == true)
        let overflow = try AdminCall.refusal(try AdminCall.next(step, ["OVERFLOW"]))
        #expect(overflow.message.hasPrefix("amount:"))
    }

    @Test("A reply of another shape than the script's header says is a fault")
    func malformedReplies() throws {
        let tenant = try AdminCall.plan("/v1/admin/tenants", #"{"tenant_id":"acme","name":"A"}"#, as: .admin)
        let key = try AdminCall.plan("/v1/admin/api-keys", #"{"tenant_id":"acme","name":"A"}"#, as: .admin)
        let budget = try AdminCall.plan("/v1/admin/budgets", ledger, as: .admin)
        let fund = try AdminCall.plan(fundTarget, credit, as: .admin)
        for (step, words) in [
            (tenant, ["OK"]), (tenant, ["CREATED"]), (tenant, ["EXISTS", "Q", "\"A\"", "{}", "1", "1"]), (key, ["OK"]),
            (key, []), (budget, ["OK"]), (budget, ["INACTIVE", "?"]), (fund, ["FUNDED", "1 2 3"]), (fund, ["OK"]),
        ] {
            #expect(throws: ScriptFault.self) { try AdminCall.next(step, words) }
        }
    }

    @Test("All five operations are known by their words, others are not; spent counts for RESET_SPENT alone")
    func operations() throws {
        for (word, letter) in [
            ("CREDIT", "C"), ("DEBIT", "D"), ("RESET", "R"), ("REPAY_DEBT", "P"), ("RESET_SPENT", "S"),
        ] {
            let plain = #"{"operation":"\#(word)","amount":{"unit":"TOKENS","amount":5}"#
            let words = try AdminCall.words(try AdminCall.plan(fundTarget, plain + "}", as: .admin))
            #expect(words[10...11] == [letter, "0"])
            #expect(words[13].contains("spent_override_provided") == (letter == "S"))
            let spent = plain + #","spent":{"unit":"TOKENS","amount":50}}"#
            let given = try AdminCall.words(try AdminCall.plan(fundTarget, spent, as: .admin))
            #expect(given[10...11] == [letter, letter == "S" ? "50" : "0"])
            #expect(given[13].contains(#""spent_override_provided":true"#) == (letter == "S"))
            let other = try AdminCall.plan(
                fundTarget, spent.replacing(#"TOKENS","amount":50"#, with: #"CREDITS","amount":50"#), as: .admin)
            if letter == "S" {
                #expect(try AdminCall.refusal(other).code == "UNIT_MISMATCH")
            } else {
                _ = try AdminCall.call(other)
            }
            for bad in ["-1", "1.5", "null", #""5""#] {
                let body = plain + #","spent":{"unit":"TOKENS","amount":\#(bad)}}"#
                let refusal = try AdminCall.refusal(try AdminCall.plan(fundTarget, body, as: .admin))
                #expect(refusal.message.hasPrefix("spent.amount:"))
            }
        }
        for word in [#""credit""#, #""STEAL""#, "null", "1"] {
            let body = #"{"operation":\#(word),"amount":{"unit":"TOKENS","amount":5}}"#
            let refusal = try AdminCall.refusal(try AdminCall.plan(fundTarget, body, as: .admin))
            #expect(refusal.message.hasPrefix("operation: must be one of CREDIT"))
        }
    }

    @Test(
        "The query of a credit must name scope and unit, and the tenant with the admin key",
        arguments: [
            ("unit=TOKENS&tenant_id=acme", "scope: is required"),
            ("scope=&unit=TOKENS&tenant_id=acme", "scope: is required"),
            ("scope=tenant:acme&tenant_id=acme", "unit: is required"),
            ("scope=tenant:acme&unit=tokens&tenant_id=acme", "unit: must be one of"),
            ("scope=tenant:acme&unit=TO%E2%84%AAENS&tenant_id=acme", "unit: must be one of"),
            ("scope=tenant:acme&unit=TOKENS", "tenant_id: is required"),
            ("scope=tenant:acme&unit=TOKENS&tenant_id=other", "scope: belongs to another tenant"),
            ("scope=%ff&unit=TOKENS&tenant_id=acme", "scope: is not percent-encoded UTF-8"),
            ("scope=workspace:eng&unit=TOKENS&tenant_id=acme", "scope: must begin with tenant:"),
        ])
    func fundQuery(query: String, message: String) throws {
        let refusal = try AdminCall.refusal(try AdminCall.plan("/v1/admin/budgets/fund?\(query)", credit, as: .admin))
        #expect(refusal.status == .badRequest)
        #expect(refusal.message.hasPrefix(message), "\(refusal.message)")
    }

    @Test("A tenant's key funds its own tenant whatever tenant_id says; unknown parameters are ignored")
    func fundByTenant() throws {
        let step = try AdminCall.plan(
            "/v1/admin/budgets/fund?scope=tenant%3Aacme&unit=TOKENS&tenant_id=%ff&colour=red", credit,
            as: .tenant(try AdminCall.principal()))
        let words = try AdminCall.words(step)
        #expect(words[1].hasSuffix(":t:acme"))
        #expect(words[2...5] == ["A7", "tenant:acme", "T", "5"])
    }

    @Test("An idempotency key may come in body, header or both; then they must be the same")
    func idempotencyHeader() throws {
        let plain = #"{"operation":"CREDIT","amount":{"unit":"TOKENS","amount":5}}"#
        func hash(_ body: String, _ headers: HTTPFields) throws -> String {
            try AdminCall.words(try AdminCall.plan(fundTarget, body, as: .admin, headers: headers))[6]
        }
        let fromBody = try hash(credit, [:])
        #expect(fromBody.count == 22)
        #expect(try hash(credit, [.idempotencyKey: "k"]) == fromBody)
        #expect(try hash(plain, [.idempotencyKey: "k"]) == fromBody)
        // Without a key every request is one of its own, and a call sent again for it still finds its own record.
        #expect(try hash(plain, [:]).count == 22)
        #expect(try hash(plain, [:]) != hash(plain, [:]))
        let long = String(repeating: "k", count: 257)
        for (body, header) in [(credit, "other"), (credit, ""), (plain, ""), (plain, long)] {
            let step = try AdminCall.plan(fundTarget, body, as: .admin, headers: [.idempotencyKey: header])
            #expect(try AdminCall.refusal(step).message.hasPrefix("X-Idempotency-Key:"))
        }
        for key in [#""""#, "null", "1", "\"\(long)\""] {
            let body = #"{"operation":"CREDIT","amount":{"unit":"TOKENS","amount":5},"idempotency_key":\#(key)}"#
            let refusal = try AdminCall.refusal(try AdminCall.plan(fundTarget, body, as: .admin))
            #expect(refusal.message.hasPrefix("idempotency_key:"))
        }
    }

    @Test("The same key on another scope, unit or tenant is another request")
    func idempotencySpace() throws {
        let hashes = try [
            "scope=tenant:acme&unit=TOKENS&tenant_id=acme", "scope=tenant:acme/agent:a&unit=TOKENS&tenant_id=acme",
            "scope=tenant:acme&unit=CREDITS&tenant_id=acme", "scope=tenant:other&unit=TOKENS&tenant_id=other",
        ].map { query in
            let unit = query.contains("CREDITS") ? "CREDITS" : "TOKENS"
            let body = #"{"operation":"CREDIT","amount":{"unit":"\#(unit)","amount":5},"idempotency_key":"k"}"#
            return try AdminCall.words(try AdminCall.plan("/v1/admin/budgets/fund?\(query)", body, as: .admin))[6]
        }
        #expect(Set(hashes).count == 4)
    }

    @Test("An audit entry keeps a bounded User-Agent and no other header")
    func auditEntry() throws {
        let agent = String(repeating: "ü", count: 300)
        let headers: HTTPFields = [
            .userAgent: agent, .authorization: "Bearer s3cret", .adminAPIKey: "s3cret", .cookie: "s3cret",
        ]
        let step = try AdminCall.plan(fundTarget, credit, as: .admin, headers: headers)
        let words = try AdminCall.words(step)
        let entry = try AdminCall.json(words[8])
        #expect(entry.member("user_agent")?.isString(String(repeating: "ü", count: 256)) == true)
        #expect(entry.member("actor_type")?.isString("admin_on_behalf_of") == true)
        #expect(words.allSatisfy { !$0.contains("s3cret") })
    }

    @Test("The event's context carries the trace of the request and whether it came in a traceparent")
    func eventContext() throws {
        let trace = "0af7651916cd43dd8448eb211c80319c"
        for (headers, flags, isInbound) in [
            ([.traceparent: "00-\(trace)-b7ad6b7169203331-00"], "00", true), ([.cyclesTraceID: trace], "01", false),
        ] as [(HTTPFields, String, Bool)] {
            let step = try AdminCall.plan(
                fundTarget, credit, as: .tenant(try AdminCall.principal()), headers: headers)
            let context = try AdminCall.json(try AdminCall.words(step)[9])
            #expect(context.member("trace_id")?.isString(trace) == true)
            #expect(context.member("trace_flags")?.isString(flags) == true)
            #expect(context.member("traceparent_inbound_valid")?.bool() == isInbound)
            #expect(context.member("actor")?.member("type")?.isString("api_key") == true)
            #expect(context.member("actor")?.member("key_id")?.isString("key_1") == true)
        }
    }
}
