// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import RedisClient
import SharedKernel
import StrictJSON
import Testing

@Suite("Changes and look-ups of budgets over the admin plane", .serialized)
struct BudgetChangeLiveTests {
    private static let query = "?scope=tenant:acme&unit=TOKENS"
    private static let budgets = "/v1/admin/budgets"

    private static func prepare(_ stack: AdminStack) async throws {
        try await stack.makeTenant("acme")
        try await stack.makeBudget("acme", "tenant:acme", allocated: 1_000)
    }

    private func patch(_ stack: AdminStack, _ body: String) async throws -> AdminAnswer {
        try await stack.send(Self.budgets + Self.query, body, method: .patch, as: .admin)
    }

    private func post(_ stack: AdminStack, _ verb: String, _ body: String = "") async throws -> AdminAnswer {
        try await stack.send("\(Self.budgets)/\(verb)\(Self.query)", body, as: .admin)
    }

    private func look(
        _ stack: AdminStack, _ query: String = query, as credentials: AdminStack.Credentials = .admin
    ) async throws -> AdminAnswer {
        try await stack.send("\(Self.budgets)/lookup\(query)", method: .get, as: credentials)
    }

    @Test("A changed limit, policy or metadata is stored and shown, and the over-limit flag follows the limit")
    func updates() async throws {
        try await AdminStack.run { stack in
            try await Self.prepare(stack)
            try await stack.setLedger("acme", "tenant:acme", "1000 1 2 300 300 r")
            let changed = try await patch(
                stack,
                """
                {"overdraft_limit":{"unit":"TOKENS","amount":100},"commit_overage_policy":"ALLOW_WITH_OVERDRAFT",
                 "metadata":{"a":"b"}}
                """)
            #expect(changed.status == .ok)
            #expect(changed.tokens("overdraft_limit") == 100)
            #expect(changed.tokens("remaining") == 697)
            #expect(changed.root.member("is_over_limit")?.bool() == true)
            #expect(changed.text("commit_overage_policy") == "ALLOW_WITH_OVERDRAFT")
            #expect(changed.text("status") == "ACTIVE")
            #expect(changed.root.member("metadata") == nil)
            #expect(try await stack.ledger("acme", "tenant:acme") == "1000 1 2 300 100 Oo")
            let terms = try await stack.redis("GET", try stack.key("acme") + ":lt:T:tenant:acme").text ?? ""
            #expect(terms.hasSuffix("\0{\"a\":\"b\"}"))
            #expect(try await look(stack).body == changed.body)

            let back = try await patch(stack, #"{"overdraft_limit":{"unit":"TOKENS","amount":9223372036854775807}}"#)
            #expect(back.tokens("overdraft_limit") == .max)
            #expect(back.root.member("is_over_limit")?.bool() == false)
            #expect(back.text("commit_overage_policy") == "ALLOW_WITH_OVERDRAFT")
            let contents = try await stack.contents()
            for body in ["{}", #"{"metadata":{"a":"b"}}"#, #"{"commit_overage_policy":"ALLOW_WITH_OVERDRAFT"}"#] {
                #expect(try await patch(stack, body).body == back.body)
            }
            #expect(try await stack.contents() == contents, "nothing changed, nothing is noted")
            let kinds = try await stack.log("el", of: "acme").map { $0[2] }
            #expect(
                kinds.suffix(4) == [
                    "budget.updated", "budget.over_limit_entered", "budget.updated", "budget.over_limit_exited",
                ])
            let rows = try await stack.log("el", of: "acme")
            let entered = try AdminCall.json(try #require(rows.first { $0[2] == "budget.over_limit_entered" })[4])
            #expect(entered.member("debt")?.int64() == 300)
            #expect(entered.member("overdraft_limit")?.int64() == 100)
            #expect(entered.member("is_over_limit")?.bool() == true)
            #expect(entered.member("debt_utilization")?.double() == 3)
            let audit = try await stack.log("al", of: "acme").filter { $0[2].contains("updateBudget") }
            #expect(audit.count == 2)
            let entry = try AdminCall.json(audit[0][2])
            #expect(entry.member("actor_type")?.isString("admin") == true)
            #expect(entry.member("resource_id")?.isString(changed.text("ledger_id") ?? "") == true)
        }
    }

    @Test("51: a frozen budget refuses funding and reservations, takes changes of its settings, and thaws")
    func freezes() async throws {
        try await AdminStack.run { stack in
            try await Self.prepare(stack)
            let secret = try #require(try await stack.makeKey("acme").text("key_secret"))
            let frozen = try await post(stack, "freeze", #"{"reason":"audit","metadata":{"t":1}}"#)
            #expect(frozen.status == .ok)
            #expect(frozen.text("status") == "FROZEN")
            let twice = try await post(stack, "freeze")
            #expect(twice.status == .conflict)
            #expect(twice.error == "INVALID_REQUEST")
            let credit = #"{"operation":"CREDIT","amount":{"unit":"TOKENS","amount":5}}"#
            let fund = try await stack.send(
                "\(Self.budgets)/fund\(Self.query)", credit, as: .key(secret))
            #expect(fund.error == "BUDGET_FROZEN")
            let reservation = """
                {"idempotency_key":"k","subject":{"tenant":"acme"},"action":{"kind":"llm","name":"m"},
                 "estimate":{"unit":"TOKENS","amount":1}}
                """
            #expect(try await stack.send("/v1/reservations", reservation, as: .key(secret)).error == "BUDGET_FROZEN")
            let changed = try await patch(stack, #"{"overdraft_limit":{"unit":"TOKENS","amount":7}}"#)
            #expect(changed.status == .ok)
            #expect(changed.text("status") == "FROZEN")
            let thawed = try await post(stack, "unfreeze")
            #expect(thawed.text("status") == "ACTIVE")
            #expect(thawed.tokens("overdraft_limit") == 7)
            #expect(try await post(stack, "unfreeze").error == "INVALID_REQUEST")
            #expect(try await stack.send("/v1/reservations", reservation, as: .key(secret)).status == .ok)
            let events = try await stack.log("el", of: "acme").filter { $0[2].contains("frozen") }
            #expect(events.map { $0[2] } == ["budget.frozen", "budget.unfrozen"])
            let data = try AdminCall.json(events[0][4])
            #expect(data.member("operation")?.isString("STATUS_CHANGE") == true)
            #expect(data.member("reason")?.isString("audit") == true)
            #expect(data.member("previous_state")?.member("status")?.isString("ACTIVE") == true)
            #expect(data.member("new_state")?.member("status")?.isString("FROZEN") == true)
            let audit = try await stack.log("al", of: "acme").map { $0[2] }
            #expect(audit.filter { $0.contains("freezeBudget") && $0.contains("audit") }.count == 1)
            #expect(audit.filter { $0.contains("unfreezeBudget") }.count == 1)
        }
    }

    @Test("56: closed budgets and closed tenants refuse every change; look-ups go on")
    func closed() async throws {
        try await AdminStack.run { stack in
            try await Self.prepare(stack)
            for (stored, tag, code) in [
                ("10 0 0 0 0 C0", "A1", "BUDGET_CLOSED"), ("10 0 0 0 0 0", "C2", "TENANT_CLOSED"),
                ("10 0 0 0 0 C0", "C3", "TENANT_CLOSED"),
            ] {
                try await stack.setLedger("acme", "tenant:acme", stored)
                try await stack.redis("SET", try stack.key("acme"), tag)
                let contents = try await stack.contents()
                for answer in [
                    try await patch(stack, #"{"overdraft_limit":{"unit":"TOKENS","amount":7}}"#),
                    try await post(stack, "freeze"), try await post(stack, "unfreeze"),
                ] {
                    #expect(answer.status == .conflict)
                    #expect(answer.error == code)
                }
                #expect(try await look(stack).status == .ok)
                #expect(try await stack.contents() == contents)
            }
            #expect(try await look(stack).text("status") == "CLOSED")
        }
    }

    @Test("52: a look-up shows one ledger, and to no other tenant's key")
    func lookup() async throws {
        try await AdminStack.run { stack in
            try await Self.prepare(stack)
            try await stack.makeTenant("other")
            try await stack.makeBudget("acme", "tenant:acme/app:a", allocated: 5)
            let own = try #require(try await stack.makeKey("acme").text("key_secret"))
            let foreign = try #require(try await stack.makeKey("other").text("key_secret"))
            let narrowKey = try await stack.makeKey("acme", #","scope_filter":["app:a"]"#)
            let narrow = try #require(narrowKey.text("key_secret"))
            let writerKey = try await stack.makeKey("acme", #","permissions":["budgets:write"]"#)
            let writer = try #require(writerKey.text("key_secret"))
            let shown = try await look(stack, as: .key(own))
            #expect(shown.status == .ok)
            #expect(shown.text("tenant_id") == "acme")
            #expect(shown.text("scope") == "tenant:acme")
            #expect(try await look(stack).body == shown.body)
            for (query, credentials, status, code) in [
                (Self.query, .key(foreign), .forbidden, "FORBIDDEN"),
                (Self.query, .key(narrow), .forbidden, "FORBIDDEN"),
                (Self.query, .key(writer), .forbidden, "INSUFFICIENT_PERMISSIONS"),
                (Self.query, .none, .unauthorized, "UNAUTHORIZED"),
                ("?scope=tenant:acme/app:a&unit=TOKENS", .key(narrow), .ok, nil),
                ("?scope=tenant:acme&unit=CREDITS", .key(own), .notFound, "BUDGET_NOT_FOUND"),
                ("?scope=tenant:acme/app:b&unit=TOKENS", .admin, .notFound, "BUDGET_NOT_FOUND"),
                ("?scope=tenant:nobody&unit=TOKENS", .admin, .notFound, "BUDGET_NOT_FOUND"),
                ("?scope=tenant:NO&unit=TOKENS", .admin, .notFound, "BUDGET_NOT_FOUND"),
                ("?scope=app:a&unit=TOKENS", .admin, .badRequest, "INVALID_REQUEST"),
                ("?unit=TOKENS", .admin, .badRequest, "INVALID_REQUEST"),
                ("?scope=tenant:acme", .admin, .badRequest, "INVALID_REQUEST"),
                ("?scope=tenant:acme&unit=tokens", .admin, .badRequest, "INVALID_REQUEST"),
            ] as [(String, AdminStack.Credentials, HTTPResponse.Status, String?)] {
                let answer = try await look(stack, query, as: credentials)
                #expect(answer.status == status, "\(query)")
                #expect(answer.error == code, "\(query)")
            }
        }
    }

    @Test("Bad requests name the field and change nothing; changes are the operator's alone")
    func refusals() async throws {
        try await AdminStack.run { stack in
            try await Self.prepare(stack)
            let secret = try #require(try await stack.makeKey("acme").text("key_secret"))
            let contents = try await stack.contents()
            for (body, message) in [
                (#"{"overdraft_limit":{"unit":"CREDITS","amount":1}}"#, "overdraft_limit.unit:"),
                (#"{"overdraft_limit":{"unit":"TOKENS","amount":-1}}"#, "overdraft_limit.amount:"),
                (#"{"overdraft_limit":1}"#, "overdraft_limit:"), (#"{"overdraft_limit":null}"#, "overdraft_limit:"),
                (#"{"commit_overage_policy":"NONE"}"#, "commit_overage_policy:"), (#"{"metadata":1}"#, "metadata:"),
                (#"{"status":"CLOSED"}"#, "status: is not a known field"), ("[]", ""), ("", ""),
            ] {
                let answer = try await patch(stack, body)
                #expect(answer.status == .badRequest, "\(body)")
                #expect(answer.message.hasPrefix(message), "\(answer.message)")
            }
            for body in [
                #"{"reason":"\#(String(repeating: "r", count: 513))"}"#, #"{"why":1}"#, "[]", #"{"reason":1}"#,
            ] {
                #expect(try await post(stack, "freeze", body).status == .badRequest)
                #expect(try await post(stack, "unfreeze", body).status == .badRequest)
            }
            for (method, path) in [
                (HTTPRequest.Method.patch, ""), (.post, "/freeze"), (.post, "/unfreeze"),
            ] {
                let target = Self.budgets + path
                let answer = try await stack.send(target + Self.query, "{}", method: method, as: .key(secret))
                #expect(answer.status == .unauthorized)
                for (query, status) in [
                    ("?scope=tenant:acme/app:z&unit=TOKENS", HTTPResponse.Status.notFound),
                    ("?scope=tenant:nobody&unit=TOKENS", .notFound), ("?scope=tenant:acme", .badRequest),
                ] {
                    let answer = try await stack.send(target + query, "{}", method: method, as: .admin)
                    #expect(answer.status == status)
                }
            }
            #expect(try await stack.contents() == contents)
        }
    }

    @Test("Unswept reservations neither show in a look-up or list nor deny a debit")
    func expired() async throws {
        try await AdminStack.run { stack in
            try await Self.prepare(stack)
            let secret = try #require(try await stack.makeKey("acme").text("key_secret"))
            func hold(_ key: String) async throws {
                let answer = try await stack.send(
                    "/v1/reservations",
                    """
                    {"idempotency_key":"\(key)","subject":{"tenant":"acme"},"action":{"kind":"llm","name":"m"},
                     "estimate":{"unit":"TOKENS","amount":900},"ttl_ms":1000,"grace_period_ms":0}
                    """, as: .key(secret))
                try #require(answer.status == .ok, "\(answer.body)")
                let id = try #require(answer.text("reservation_id"))
                // As if it had been made long ago: its expiry is in the record, its deadline in the index.
                let record = try stack.key("acme").replacing("t:acme", with: "r:") + String(id.suffix(22))
                try await stack.redis("SETRANGE", record, "14", "1700000000000")
                try await stack.redis("ZADD", try stack.key("acme") + ":due", "1700000000000", String(id.suffix(22)))
            }
            try await hold("1")
            #expect(try await look(stack).tokens("reserved") == 0)
            try await hold("2")
            let list = try await stack.send("\(Self.budgets)?tenant_id=acme", method: .get, as: .admin)
            let row = try #require(list.root.member("ledgers")?.elements.first { _ in true })
            #expect(row.member("reserved")?.member("amount")?.int64() == 0)
            try await hold("3")
            let debit = try await stack.send(
                "\(Self.budgets)/fund\(Self.query)", #"{"operation":"DEBIT","amount":{"unit":"TOKENS","amount":1000}}"#,
                as: .key(secret))
            #expect(debit.tokens("new_remaining") == 0)
        }
    }
}
