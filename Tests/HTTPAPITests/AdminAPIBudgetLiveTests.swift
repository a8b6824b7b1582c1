// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import RedisClient
import SharedKernel
import StrictJSON
import Testing

@Suite("Budgets over the admin plane", .serialized)
struct AdminAPIBudgetLiveTests {
    private let fund = "/v1/admin/budgets/fund?scope=tenant:acme&unit=TOKENS"

    private func credit(_ amount: String, _ more: String = "") -> String {
        #"{"operation":"CREDIT","amount":{"unit":"TOKENS","amount":\#(amount)}\#(more)}"#
    }

    @Test("32, 33: A new ledger has every field, all of it is left; a scope has one a unit")
    func create() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let secret = try #require(try await stack.makeKey("acme").text("key_secret"))
            let body = """
                {"scope":"tenant:acme/workspace:Eng","unit":"TOKENS",
                 "allocated":{"unit":"TOKENS","amount":9223372036854775807},
                 "overdraft_limit":{"unit":"TOKENS","amount":9007199254740993},
                 "commit_overage_policy":"ALLOW_WITH_OVERDRAFT","rollover_policy":"CARRY_FORWARD",
                 "period_start":"2026-01-01T00:00:00Z",
                 "period_end":"2026-02-01T00:00:00+01:00","metadata":{"a":[1]}}
                """
            let answer = try await stack.send("/v1/admin/budgets", body, as: .key(secret))
            #expect(answer.status == .created)
            #expect(answer.text("ledger_id")?.hasPrefix("ldg_") == true)
            #expect(answer.text("tenant_id") == "acme")
            #expect(answer.text("scope") == "tenant:acme/workspace:Eng")
            #expect(answer.text("scope_path") == "tenant:acme/workspace:Eng")
            #expect(answer.text("unit") == "TOKENS")
            #expect(answer.tokens("allocated") == .max)
            #expect(answer.tokens("remaining") == .max)
            for name in ["reserved", "spent", "debt"] as [StaticString] { #expect(answer.tokens(name) == 0) }
            #expect(answer.tokens("overdraft_limit") == 9_007_199_254_740_993)
            #expect(answer.root.member("is_over_limit")?.bool() == false)
            #expect(answer.text("status") == "ACTIVE")
            #expect(answer.text("commit_overage_policy") == "ALLOW_WITH_OVERDRAFT")
            #expect(answer.text("rollover_policy") == "CARRY_FORWARD")
            #expect(answer.text("period_start") == "2026-01-01T00:00:00.000Z")
            #expect(answer.text("period_end") == "2026-01-31T23:00:00.000Z")
            #expect(answer.text("created_at")?.count == 24)
            #expect(answer.root.member("metadata") == nil)
            let stored = "9223372036854775807 0 0 0 9007199254740993 o"
            #expect(try await stack.ledger("acme", "tenant:acme/workspace:Eng") == stored)

            let duplicate = try await stack.send("/v1/admin/budgets", body, as: .key(secret))
            #expect(duplicate.status == .conflict)
            #expect(duplicate.error == "DUPLICATE_RESOURCE")
            let other = try await stack.send(
                "/v1/admin/budgets", body.replacing("TOKENS", with: "CREDITS"), as: .key(secret))
            #expect(other.status == .created)
            #expect(other.text("ledger_id") != answer.text("ledger_id"))
            // Another spelling of the same word is another scope.
            let lower = try await stack.send(
                "/v1/admin/budgets", body.replacing("workspace:Eng", with: "workspace:eng"), as: .key(secret))
            #expect(lower.status == .created)
        }
    }

    @Test("Omitted settings have their defaults or are left out")
    func defaults() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let answer = try await stack.send(
                "/v1/admin/budgets",
                #"{"tenant_id":"acme","scope":"tenant:acme","unit":"TOKENS","allocated":{"unit":"TOKENS","amount":0}}"#,
                as: .admin)
            #expect(answer.status == .created)
            #expect(answer.tokens("overdraft_limit") == 0)
            #expect(answer.text("rollover_policy") == "NONE")
            for name in ["commit_overage_policy", "period_start", "period_end"] as [StaticString] {
                #expect(answer.root.member(name) == nil)
            }
            #expect(try await stack.ledger("acme", "tenant:acme") == "0 0 0 0 0 0")
        }
    }

    @Test("A tenant that is missing, suspended or closed gets no ledger")
    func inactiveTenants() async throws {
        try await AdminStack.run { stack in
            let body = """
                {"tenant_id":"acme","scope":"tenant:acme","unit":"TOKENS","allocated":{"unit":"TOKENS","amount":1}}
                """
            let missing = try await stack.send("/v1/admin/budgets", body, as: .admin)
            #expect(missing.status == .notFound)
            #expect(missing.error == "TENANT_NOT_FOUND")
            try await stack.makeTenant("acme")
            for (tag, status, code) in [
                ("S2", HTTPResponse.Status.badRequest, "INVALID_REQUEST"), ("C3", .conflict, "TENANT_CLOSED"),
            ] {
                try await stack.redis("SET", try stack.key("acme"), tag)
                let answer = try await stack.send("/v1/admin/budgets", body, as: .admin)
                #expect(answer.status == status)
                #expect(answer.error == code)
            }
            #expect(try await stack.ledger("acme", "tenant:acme") == nil)
        }
    }

    @Test("A credit raises what is allocated and what is left")
    func creditAdds() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            try await stack.makeBudget("acme", "tenant:acme", allocated: 1_000)
            let secret = try #require(try await stack.makeKey("acme").text("key_secret"))
            for (credentials, target, before) in [
                (AdminStack.Credentials.key(secret), fund, Int64(1_000)), (.admin, fund + "&tenant_id=acme", 1_500),
            ] {
                let answer = try await stack.send(target, credit("500"), as: credentials)
                #expect(answer.status == .ok)
                #expect(answer.text("operation") == "CREDIT")
                #expect(answer.tokens("previous_allocated") == before)
                #expect(answer.tokens("new_allocated") == before + 500)
                #expect(answer.tokens("previous_remaining") == before)
                #expect(answer.tokens("new_remaining") == before + 500)
                for name in ["previous_debt", "new_debt", "previous_spent", "new_spent"] as [StaticString] {
                    #expect(answer.tokens(name) == 0)
                }
                #expect(answer.text("timestamp")?.count == 24)
            }
        }
    }

    @Test(
        "A credit repays debt first: what is left rises by all of it, debt falls, and the flag is set anew",
        arguments: [
            // Debt 300 over a limit of 100: part of it, to the limit, all of it, more than all.
            (Int64(100), "1100 50 600 200 100 Or", Int64(250)), (200, "1200 50 700 100 100 r", 350),
            (300, "1300 50 800 0 100 r", 450), (1_000, "2000 50 800 0 100 r", 1_150),
            (0, "1000 50 500 300 100 Or", 150),
        ])
    func repays(amount: Int64, stored: String, remaining: Int64) async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            try await stack.makeBudget("acme", "tenant:acme", allocated: 1)
            try await stack.setLedger("acme", "tenant:acme", "1000 50 500 300 100 Or")
            let answer = try await stack.send(fund + "&tenant_id=acme", credit("\(amount)"), as: .admin)
            #expect(answer.status == .ok)
            #expect(answer.tokens("previous_debt") == 300)
            #expect(answer.tokens("new_debt") == max(0, 300 - amount))
            #expect(answer.tokens("previous_spent") == 500)
            #expect(answer.tokens("new_spent") == 500 + min(amount, 300))
            #expect(answer.tokens("previous_remaining") == 150)
            #expect(answer.tokens("new_remaining") == remaining)
            #expect(answer.tokens("new_remaining") == 150 + amount)
            #expect(try await stack.ledger("acme", "tenant:acme") == stored)
        }
    }

    @Test("47, 48: A replay gives the first answer and changes nothing; another request under the key is a mismatch")
    func idempotency() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            try await stack.makeBudget("acme", "tenant:acme", allocated: 1_000)
            try await stack.makeBudget("acme", "tenant:acme/agent:a", allocated: 1_000)
            let secret = try #require(try await stack.makeKey("acme").text("key_secret"))
            let body = credit("500", #","idempotency_key":"k-1","reason":"top up""#)
            let first = try await stack.send(fund, body, as: .key(secret))
            #expect(first.status == .ok)
            let spaced = """
                { "reason":"top up", "idempotency_key":"k\\u002d1",
                "amount":{"amount":500,"unit":"TOKENS"},"operation":"CREDIT"}
                """
            for (body, credentials, target) in [
                (body, AdminStack.Credentials.key(secret), fund), (spaced, .key(secret), fund),
                (body, .admin, fund + "&tenant_id=acme"),
            ] {
                let again = try await stack.send(target, body, as: credentials)
                #expect(again.status == .ok)
                #expect(again.body == first.body)
            }
            #expect(try await stack.ledger("acme", "tenant:acme") == "1500 0 0 0 0 0")
            for other in [
                credit("501", #","idempotency_key":"k-1","reason":"top up""#),
                credit("500", #","idempotency_key":"k-1""#),
            ] {
                let answer = try await stack.send(fund, other, as: .key(secret))
                #expect(answer.status == .conflict)
                #expect(answer.error == "IDEMPOTENCY_MISMATCH")
            }
            let elsewhere = try await stack.send(
                "/v1/admin/budgets/fund?scope=tenant:acme/agent:a&unit=TOKENS", body, as: .key(secret))
            #expect(elsewhere.status == .ok)
            #expect(try await stack.ledger("acme", "tenant:acme") == "1500 0 0 0 0 0")
            #expect(try await stack.ledger("acme", "tenant:acme/agent:a") == "1500 0 0 0 0 0")
            let funded = try await stack.log("el", of: "acme").filter { $0[2] == "budget.funded" }
            #expect(funded.count == 2)
            #expect(try await stack.log("al", of: "acme").filter { $0[2].contains("fundBudget") }.count == 2)
        }
    }

    @Test("A credit without a key is booked once, also when the call is sent again after a lost reply")
    func resent() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            try await stack.makeBudget("acme", "tenant:acme", allocated: 1_000)
            let step = try AdminCall.plan(fund + "&tenant_id=acme", credit("500"), as: .admin)
            let call = RedisCommand(try AdminCall.call(step).call.words)
            let replies = [try await stack.pool.send(call), try await stack.pool.send(call)]
            let words = replies.map { $0.array?.first?.text }
            #expect(words == ["FUNDED", "REPLAYED"])
            #expect(try await stack.ledger("acme", "tenant:acme") == "1500 0 0 0 0 0")
            // Two requests are two credits.
            let other = try AdminCall.plan(fund + "&tenant_id=acme", credit("500"), as: .admin)
            _ = try await stack.pool.send(RedisCommand(try AdminCall.call(other).call.words))
            #expect(try await stack.ledger("acme", "tenant:acme") == "2000 0 0 0 0 0")
        }
    }

    @Test("A ledger that is missing, in another unit, frozen or closed takes no credit")
    func fundRefusals() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let target = fund + "&tenant_id=acme"
            #expect(try await stack.send(target, credit("1"), as: .admin).error == "BUDGET_NOT_FOUND")
            try await stack.makeBudget("acme", "tenant:acme", allocated: 10)
            let unit = try await stack.send(
                target.replacing("TOKENS", with: "CREDITS"), credit("1").replacing("TOKENS", with: "CREDITS"),
                as: .admin)
            #expect(unit.status == .badRequest)
            #expect(unit.error == "UNIT_MISMATCH")
            let details = try #require(unit.root.member("details"))
            #expect(details.member("scope")?.isString("tenant:acme") == true)
            #expect(details.member("requested_unit")?.isString("CREDITS") == true)
            #expect(details.member("expected_units")?.raw.elementsEqual(#"["TOKENS"]"#.utf8) == true)
            for (stored, code) in [("10 0 0 0 0 F0", "BUDGET_FROZEN"), ("10 0 0 0 0 C0", "BUDGET_CLOSED")] {
                try await stack.setLedger("acme", "tenant:acme", stored)
                let answer = try await stack.send(target, credit("1"), as: .admin)
                #expect(answer.status == .conflict)
                #expect(answer.error == code)
                #expect(try await stack.ledger("acme", "tenant:acme") == stored)
            }
            try await stack.redis("SET", try stack.key("acme"), "C9")
            #expect(try await stack.send(target, credit("1"), as: .admin).error == "TENANT_CLOSED")
            let missing = try await stack.send(
                "/v1/admin/budgets/fund?scope=tenant:nobody&unit=TOKENS&tenant_id=nobody", credit("1"), as: .admin)
            #expect(missing.status == .notFound)
            #expect(missing.error == "TENANT_NOT_FOUND")
        }
    }

    @Test("A credit is exact up to 2^63-1 and refused beyond, with nothing changed")
    func largeCredits() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            try await stack.makeBudget("acme", "tenant:acme", allocated: 9_007_199_254_740_993)
            let target = fund + "&tenant_id=acme"
            let answer = try await stack.send(target, credit("9214364837600034814"), as: .admin)
            #expect(answer.tokens("previous_allocated") == 9_007_199_254_740_993)
            #expect(answer.tokens("new_allocated") == .max)
            #expect(answer.tokens("new_remaining") == .max)
            let over = try await stack.send(target, credit("1"), as: .admin)
            #expect(over.status == .badRequest)
            #expect(over.message.hasPrefix("amount:"))
            #expect(try await stack.ledger("acme", "tenant:acme") == "9223372036854775807 0 0 0 0 0")
        }
    }

    @Test("Who may create and fund: either key, an admin key counts first, and each needs its permission")
    func authentication() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            try await stack.makeTenant("other")
            try await stack.makeBudget("acme", "tenant:acme", allocated: 10)
            let full = try #require(try await stack.makeKey("acme").text("key_secret"))
            let readerKey = try await stack.makeKey("acme", #","permissions":["admin:read"]"#)
            let reader = try #require(readerKey.text("key_secret"))
            let writerKey = try await stack.makeKey("acme", #","permissions":["admin:write"]"#)
            let writer = try #require(writerKey.text("key_secret"))
            let foreign = try #require(try await stack.makeKey("other").text("key_secret"))
            typealias Credentials = AdminStack.Credentials
            for (credentials, status, code) in [
                (Credentials.none, HTTPResponse.Status.unauthorized, "UNAUTHORIZED"),
                (.key("cyc_live_unknown"), .unauthorized, "UNAUTHORIZED"),
                (Credentials(admin: "wrong", tenant: full), .unauthorized, "UNAUTHORIZED"),
                (Credentials(admin: "wrong"), .unauthorized, "UNAUTHORIZED"),
                (.key(reader), .forbidden, "INSUFFICIENT_PERMISSIONS"), (.key(foreign), .forbidden, "FORBIDDEN"),
                (.key(full), .ok, nil), (.key(writer), .ok, nil), (Credentials(admin: " ", tenant: full), .ok, nil),
                (Credentials(admin: AdminStack.adminKey, tenant: foreign), .ok, nil), (.admin, .ok, nil),
            ] as [(Credentials, HTTPResponse.Status, String?)] {
                let answer = try await stack.send(fund + "&tenant_id=acme", credit("1"), as: credentials)
                #expect(answer.status == status)
                #expect(answer.error == code)
                #expect(answer.headers[.requestID]?.count == 32)
                #expect(answer.headers[.cyclesTraceID]?.count == 32)
                #expect(code == nil || answer.text("request_id") == answer.headers[.requestID])
            }
            #expect(try await stack.ledger("acme", "tenant:acme") == "15 0 0 0 0 0")
            // What is the operator's alone takes no tenant's key.
            for (target, body) in [
                ("/v1/admin/tenants", #"{"tenant_id":"new","name":"N"}"#),
                ("/v1/admin/api-keys", #"{"tenant_id":"acme","name":"N"}"#),
            ] {
                for credentials in [.none, .key(full), .key(writer), Credentials(admin: "wrong", tenant: full)] {
                    let answer = try await stack.send(target, body, as: credentials)
                    #expect(answer.status == .unauthorized)
                    #expect(answer.error == "UNAUTHORIZED")
                }
            }
            #expect(try await stack.redis("EXISTS", try stack.key("new")).integer == 0)
        }
    }
}
