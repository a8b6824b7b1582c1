// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import RedisClient
import SharedKernel
import StrictJSON
import Testing

@Suite("What admin operations leave behind", .serialized)
struct AdminAPITrailLiveTests {
    /// One operation with what its trail must say.
    private struct Expectation {
        let operation: String
        let status: Int64
        let actor: String
        let keyID: String?
        let resource: String
        let event: String
        let answer: AdminAnswer
    }

    @Test("Every mutation leaves one audit entry and one event with the ids of its request")
    func trail() async throws {
        try await AdminStack.run { stack in
            let trace: [HTTPField.Name: String] = [
                .traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", .userAgent: "tests/1.0",
            ]
            let tenant = try await stack.send(
                "/v1/admin/tenants", #"{"tenant_id":"acme","name":"Acme"}"#, as: .admin, headers: trace)
            let key = try await stack.send(
                "/v1/admin/api-keys", #"{"tenant_id":"acme","name":"main"}"#, as: .admin, headers: trace)
            let keyID = try #require(key.text("key_id"))
            let secret = try #require(key.text("key_secret"))
            let ledger = #""scope":"tenant:acme","unit":"TOKENS","allocated":{"unit":"TOKENS","amount":7}"#
            let budget = try await stack.send("/v1/admin/budgets", "{\(ledger)}", as: .key(secret), headers: trace)
            let fund = try await stack.send(
                "/v1/admin/budgets/fund?scope=tenant:acme&unit=TOKENS&tenant_id=acme",
                """
                {"operation":"CREDIT","amount":{"unit":"TOKENS","amount":5},
                 "reason":"a \\"b\\"\\u000a","metadata":{"po":1}}
                """, as: .admin, headers: trace)
            let ledgerID = try #require(budget.text("ledger_id"))
            let expected = [
                Expectation(
                    operation: "createTenant", status: 201, actor: "admin", keyID: nil, resource: "acme",
                    event: "tenant.created", answer: tenant),
                Expectation(
                    operation: "createApiKey", status: 201, actor: "admin", keyID: nil, resource: keyID,
                    event: "api_key.created", answer: key),
                Expectation(
                    operation: "createBudget", status: 201, actor: "api_key", keyID: keyID, resource: ledgerID,
                    event: "budget.created", answer: budget),
                Expectation(
                    operation: "fundBudget", status: 200, actor: "admin_on_behalf_of", keyID: nil, resource: ledgerID,
                    event: "budget.funded", answer: fund),
            ]
            let audit = try await stack.log("al", of: "acme")
            let events = try await stack.log("el", of: "acme")
            try #require(audit.count == expected.count && events.count == expected.count)
            for (index, expectation) in expected.enumerated() {
                #expect(Int64(expectation.answer.status.code) == expectation.status)
                try check(audit[index], expectation)
                try check(event: events[index], expectation)
            }
            let entry = try AdminCall.json(audit[3][2])
            #expect(entry.member("amount")?.raw.elementsEqual(#"{"unit":"TOKENS","amount":5}"#.utf8) == true)
            #expect(entry.member("metadata")?.member("reason")?.isString("a \"b\"\n") == true)
            #expect(entry.member("metadata")?.member("metadata")?.member("po")?.int64() == 1)
            let funded = try AdminCall.json(events[3][4])
            for (name, text) in [
                ("ledger_id", ledgerID), ("scope", "tenant:acme"), ("unit", "TOKENS"), ("operation", "CREDIT"),
                ("reason", "a \"b\"\n"),
            ] as [(StaticString, String)] { #expect(funded.member(name)?.isString(text) == true) }
            #expect(funded.member("spent_override_provided") == nil)
            for (name, remaining) in [("previous_state", 7), ("new_state", 12)] as [(StaticString, Int64)] {
                let state = try #require(funded.member(name))
                #expect(state.member("allocated")?.int64() == remaining)
                #expect(state.member("remaining")?.int64() == remaining)
                for name in ["reserved", "spent", "debt"] as [StaticString] {
                    #expect(state.member(name)?.int64() == 0)
                }
                #expect(state.member("status")?.isString("ACTIVE") == true)
            }
            let data = try AdminCall.json(events[2][4])
            #expect(data.member("ledger_id")?.isString(ledgerID) == true)
            #expect(data.member("new_state")?.member("remaining")?.int64() == 7)
        }
    }

    private func check(_ row: [String], _ expectation: Expectation) throws {
        #expect(row[1] == "acme")
        let entry = try AdminCall.json(row[2])
        #expect(entry.member("operation")?.isString(expectation.operation) == true)
        #expect(entry.member("status")?.int64() == expectation.status)
        #expect(entry.member("actor_type")?.isString(expectation.actor) == true)
        #expect(entry.member("key_id").map { $0.isString(expectation.keyID ?? "") } ?? (expectation.keyID == nil))
        #expect(entry.member("resource_id")?.isString(expectation.resource) == true)
        #expect(entry.member("request_id")?.isString(expectation.answer.headers[.requestID] ?? "") == true)
        #expect(entry.member("trace_id")?.isString("0af7651916cd43dd8448eb211c80319c") == true)
        #expect(entry.member("user_agent")?.isString("tests/1.0") == true)
    }

    private func check(event row: [String], _ expectation: Expectation) throws {
        #expect(row[1] == "acme")
        #expect(row[2] == expectation.event)
        let context = try AdminCall.json(row[3])
        #expect(context.member("request_id")?.isString(expectation.answer.headers[.requestID] ?? "") == true)
        #expect(context.member("trace_id")?.isString("0af7651916cd43dd8448eb211c80319c") == true)
        #expect(context.member("trace_flags")?.isString("00") == true)
        #expect(context.member("traceparent_inbound_valid")?.bool() == true)
        #expect(context.member("actor")?.member("type")?.isString(expectation.actor) == true)
    }

    @Test("A refused operation leaves neither audit entry nor event")
    func refusals() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            try await stack.makeBudget("acme", "tenant:acme", allocated: 1)
            let before = try await stack.contents()
            let target = "/v1/admin/budgets/fund?scope=tenant:acme&unit=TOKENS&tenant_id=acme"
            let ledger = #""scope":"tenant:acme","unit":"TOKENS","allocated":{"unit":"TOKENS","amount":7}"#
            for (target, body) in [
                ("/v1/admin/tenants", #"{"tenant_id":"acme","name":"Other"}"#),
                ("/v1/admin/tenants", #"{"tenant_id":"acme","name":"acme"}"#),
                ("/v1/admin/budgets", #"{"tenant_id":"acme",\#(ledger)}"#), (target, #"{"operation":"CREDIT"}"#),
                (target, #"{"operation":"CREDIT","amount":{"unit":"TOKENS","amount":9223372036854775807}}"#),
            ] {
                #expect(try await stack.send(target, body, as: .admin).status != .created)
            }
            #expect(try await stack.contents() == before)
        }
    }
}
