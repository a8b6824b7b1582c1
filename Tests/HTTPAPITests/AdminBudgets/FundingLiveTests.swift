// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import SharedKernel
import StrictJSON
import Testing

@Suite("Funding over the admin plane", .serialized)
struct FundingLiveTests {
    private static let target = "/v1/admin/budgets/fund?scope=tenant:acme&unit=TOKENS&tenant_id=acme"

    /// One operation on a ledger of one state.
    struct Case: Sendable, CustomTestStringConvertible {
        let statement: String
        let operation: String
        let amount: Int64
        var spent: Int64?
        /// As stored: allocated, reserved, spent, debt, overdraft limit, flags.
        let before: String
        let after: String
        /// Remaining before and after.
        let remaining: (Int64, Int64)
        var events: [String]

        var testDescription: String { "\(statement): \(operation) \(amount) on \(before)" }
    }

    static let cases = [
        Case(
            statement: "37", operation: "CREDIT", amount: 500, before: "1000 0 0 0 0 0", after: "1500 0 0 0 0 0",
            remaining: (1_000, 1_500), events: ["budget.funded"]),
        Case(
            statement: "37 with debt", operation: "CREDIT", amount: 300, before: "1000 50 500 200 100 Or",
            after: "1300 50 700 0 100 r", remaining: (250, 550), events: ["budget.funded", "budget.over_limit_exited"]),
        Case(
            statement: "38 at the edge", operation: "DEBIT", amount: 250, before: "1000 50 500 200 300 r",
            after: "750 50 500 200 300 r", remaining: (250, 0), events: ["budget.debited", "budget.exhausted"]),
        Case(
            statement: "39", operation: "RESET", amount: 800, before: "1000 100 300 0 0 0",
            after: "800 100 300 0 0 0", remaining: (600, 400), events: ["budget.reset"]),
        Case(
            statement: "40", operation: "RESET", amount: 100, before: "1000 100 300 20 50 o",
            after: "100 100 300 20 50 o", remaining: (580, -320), events: ["budget.reset", "budget.exhausted"]),
        Case(
            statement: "41", operation: "RESET_SPENT", amount: 700, before: "1000 100 300 20 50 0",
            after: "700 100 0 20 50 0", remaining: (580, 580), events: ["budget.reset_spent"]),
        Case(
            statement: "42", operation: "RESET_SPENT", amount: 700, spent: 50, before: "1000 100 300 20 50 0",
            after: "700 100 50 20 50 0", remaining: (580, 530), events: ["budget.reset_spent"]),
        Case(
            statement: "42 beyond the allocation", operation: "RESET_SPENT", amount: 1, spent: .max,
            before: "1 0 0 0 0 0", after: "1 0 9223372036854775807 0 0 0", remaining: (1, 1 - .max),
            events: ["budget.reset_spent", "budget.exhausted"]),
        Case(
            statement: "43", operation: "REPAY_DEBT", amount: 30, before: "1000 100 300 80 100 0",
            after: "1000 100 300 50 100 0", remaining: (520, 550), events: ["budget.debt_repaid"]),
        Case(
            statement: "44", operation: "REPAY_DEBT", amount: 100, before: "1000 100 300 80 100 0",
            after: "1020 100 300 0 100 0", remaining: (520, 620), events: ["budget.debt_repaid"]),
        Case(
            statement: "46", operation: "REPAY_DEBT", amount: 30, before: "1000 100 300 80 60 O0",
            after: "1000 100 300 50 60 0", remaining: (520, 550),
            events: ["budget.debt_repaid", "budget.over_limit_exited"]),
        Case(
            statement: "55", operation: "DEBIT", amount: 9_007_199_254_740_993,
            before: "9223372036854775807 0 0 0 0 0", after: "9214364837600034814 0 0 0 0 0",
            remaining: (.max, 9_214_364_837_600_034_814), events: ["budget.debited"]),
        Case(
            statement: "55", operation: "RESET", amount: .max, before: "0 0 0 9007199254740993 0 O0",
            after: "9223372036854775807 0 0 9007199254740993 0 O0",
            remaining: (-9_007_199_254_740_993, 9_214_364_837_600_034_814), events: ["budget.reset"]),
        Case(
            statement: "55", operation: "REPAY_DEBT", amount: .max, before: "0 0 0 9007199254740993 0 O0",
            after: "9214364837600034814 0 0 0 0 0", remaining: (-9_007_199_254_740_993, 9_214_364_837_600_034_814),
            events: ["budget.debt_repaid", "budget.over_limit_exited"]),
    ]

    private static func body(_ operation: String, _ amount: Int64, spent: Int64? = nil, more: String = "") -> String {
        let spent = spent.map { #","spent":{"unit":"TOKENS","amount":\#($0)}"# } ?? ""
        return #"{"operation":"\#(operation)","amount":{"unit":"TOKENS","amount":\#(amount)}\#(spent)\#(more)}"#
    }

    @Test("37 39-44 46-48 55: before and after of each operation; a replay is the same and leaves no more")
    func table() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            try await stack.makeBudget("acme", "tenant:acme", allocated: 1)
            for (index, row) in Self.cases.enumerated() {
                try await stack.setLedger("acme", "tenant:acme", row.before)
                let eventsBefore = try await stack.log("el", of: "acme").count
                let body = Self.body(
                    row.operation, row.amount, spent: row.spent,
                    more: #","reason":"because","idempotency_key":"k\#(index)""#)
                let answer = try await stack.send(Self.target, body, as: .admin)
                #expect(answer.status == .ok, "\(row.testDescription): \(answer.body)")
                #expect(answer.text("operation") == row.operation)
                let (before, after) = (row.before.split(separator: " "), row.after.split(separator: " "))
                for (field, previous, new) in [
                    (0, "previous_allocated", "new_allocated"), (2, "previous_spent", "new_spent"),
                    (3, "previous_debt", "new_debt"),
                ] as [(Int, StaticString, StaticString)] {
                    #expect(answer.tokens(previous) == Int64(before[field]), "\(row.testDescription)")
                    #expect(answer.tokens(new) == Int64(after[field]), "\(row.testDescription)")
                }
                #expect(answer.tokens("previous_remaining") == row.remaining.0, "\(row.testDescription)")
                #expect(answer.tokens("new_remaining") == row.remaining.1, "\(row.testDescription)")
                #expect(try await stack.ledger("acme", "tenant:acme") == row.after, "\(row.testDescription)")
                let events = try await stack.log("el", of: "acme").dropFirst(eventsBefore)
                let kinds = events.map { $0[2] }.filter { $0 != "budget.threshold_crossed" }
                #expect(kinds == row.events, "\(row.testDescription)")
                try check(try AdminCall.json(try #require(events.first)[4]), row)

                let contents = try await stack.contents()
                let again = try await stack.send(Self.target, body, as: .admin)
                #expect(again.body == answer.body)
                let other = body.replacing("because", with: "why")
                #expect(try await stack.send(Self.target, other, as: .admin).error == "IDEMPOTENCY_MISMATCH")
                #expect(try await stack.contents() == contents)
            }
        }
    }

    /// Holds an event's data against its case (admin digest 4.3).
    private func check(_ data: JSONValue, _ row: Case) throws {
        #expect(data.member("ledger_id")?.stringBytes()?.starts(with: "ldg_".utf8) == true)
        #expect(data.member("scope")?.isString("tenant:acme") == true)
        #expect(data.member("unit")?.isString("TOKENS") == true)
        #expect(data.member("operation")?.isString(row.operation) == true)
        #expect(data.member("reason")?.isString("because") == true)
        let override = data.member("spent_override_provided")?.bool()
        #expect(override == (row.operation == "RESET_SPENT" ? row.spent != nil : nil))
        for (name, stored, remaining) in [
            ("previous_state", row.before, row.remaining.0), ("new_state", row.after, row.remaining.1),
        ] as [(StaticString, String, Int64)] {
            let state = try #require(data.member(name))
            let fields = stored.split(separator: " ").map { Int64($0) }
            let names: [StaticString] = ["allocated", "reserved", "spent", "debt"]
            for (index, name) in names.enumerated() {
                #expect(state.member(name)?.int64() == fields[index], "\(row.testDescription): \(name)")
            }
            #expect(state.member("remaining")?.int64() == remaining, "\(row.testDescription)")
            #expect(state.member("status")?.isString("ACTIVE") == true)
        }
    }

    @Test("38 55: too much is refused with nothing changed")
    func refusals() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            try await stack.makeBudget("acme", "tenant:acme", allocated: 1)
            for (operation, amount, spent, stored, status, code) in [
                ("DEBIT", 601, nil, "1000 100 300 0 0 0", HTTPResponse.Status.conflict, "BUDGET_EXCEEDED"),
                ("DEBIT", 0, nil, "0 0 1 0 0 0", .conflict, "BUDGET_EXCEEDED"),
                ("CREDIT", .max, nil, "1 0 0 0 0 0", .badRequest, "INVALID_REQUEST"),
                ("CREDIT", 1, nil, "1 0 9223372036854775807 1 0 0", .badRequest, "INVALID_REQUEST"),
                ("REPAY_DEBT", .max, nil, "1 0 0 0 0 0", .badRequest, "INVALID_REQUEST"),
                ("RESET", 0, nil, "1 2 9223372036854775807 0 0 0", .badRequest, "INVALID_REQUEST"),
                ("RESET_SPENT", 0, .max, "1 2 0 0 0 0", .badRequest, "INVALID_REQUEST"),
            ] as [(String, Int64, Int64?, String, HTTPResponse.Status, String)] {
                try await stack.setLedger("acme", "tenant:acme", stored)
                let contents = try await stack.contents()
                let answer = try await stack.send(
                    Self.target, Self.body(operation, amount, spent: spent), as: .admin)
                #expect(answer.status == status, "\(operation) \(amount)")
                #expect(answer.error == code)
                #expect(status == .conflict || answer.message.hasPrefix("amount:"))
                #expect(try await stack.contents() == contents)
            }
        }
    }

    @Test("45: once repayment brings debt within the limit, a reservation is no longer refused for the limit")
    func reservesAgain() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            try await stack.makeBudget("acme", "tenant:acme", allocated: 1)
            let secret = try #require(try await stack.makeKey("acme").text("key_secret"))
            try await stack.setLedger("acme", "tenant:acme", "1000 0 500 300 100 O0")
            func reserve(_ key: String) async throws -> String? {
                try await stack.send(
                    "/v1/reservations",
                    """
                    {"idempotency_key":"\(key)","subject":{"tenant":"acme"},"action":{"kind":"llm","name":"m"},
                     "estimate":{"unit":"TOKENS","amount":1}}
                    """, as: .key(secret)
                ).error
            }
            #expect(try await reserve("1") == "OVERDRAFT_LIMIT_EXCEEDED")
            let half = try await stack.send(Self.target, Self.body("REPAY_DEBT", 200), as: .admin)
            #expect(half.tokens("new_debt") == 100)
            #expect(try await reserve("2") == "DEBT_OUTSTANDING")
            _ = try await stack.send(Self.target, Self.body("REPAY_DEBT", 100), as: .admin)
            #expect(try await reserve("3") == nil)
            let kinds = try await stack.log("el", of: "acme").map { $0[2] }
            #expect(kinds.filter { $0 == "budget.over_limit_exited" }.count == 1)
        }
    }

    @Test("49 50: a key means something else on another budget or tenant, and units must agree")
    func keySpace() async throws {
        try await AdminStack.run { stack in
            for tenant in ["acme", "other"] {
                try await stack.makeTenant(tenant)
                try await stack.makeBudget(tenant, "tenant:\(tenant)", allocated: 1_000)
                try await stack.makeBudget(tenant, "tenant:\(tenant)/app:a", allocated: 1_000)
            }
            for (operation, ledger) in [
                ("CREDIT", "1005 0 0 0 0 0"), ("DEBIT", "1000 0 0 0 0 0"), ("RESET", "5 0 0 0 0 0"),
                ("REPAY_DEBT", "10 0 0 0 0 0"), ("RESET_SPENT", "5 0 0 0 0 0"),
            ] {
                for scope in ["tenant:acme", "tenant:acme/app:a", "tenant:other", "tenant:other/app:a"] {
                    let tenant = String(scope.dropFirst(7).prefix(while: { $0 != "/" }))
                    let target = "/v1/admin/budgets/fund?scope=\(scope)&unit=TOKENS&tenant_id=\(tenant)"
                    let body = Self.body(operation, 5, more: #","idempotency_key":"\#(operation)""#)
                    for _ in 0..<2 { #expect(try await stack.send(target, body, as: .admin).status == .ok) }
                    #expect(try await stack.ledger(tenant, scope) == ledger, "\(operation) \(scope)")
                    let wrong = body.replacing("TOKENS", with: "CREDITS")
                    #expect(try await stack.send(target, wrong, as: .admin).error == "UNIT_MISMATCH")
                }
            }
        }
    }

    @Test("51 56: frozen, closed, foreign and filtered ledgers take none of the five operations")
    func blocked() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            try await stack.makeTenant("other")
            try await stack.makeBudget("acme", "tenant:acme", allocated: 10)
            let foreign = try #require(try await stack.makeKey("other").text("key_secret"))
            let narrowKey = try await stack.makeKey("acme", #","scope_filter":["app:a"]"#)
            let narrow = try #require(narrowKey.text("key_secret"))
            for operation in ["CREDIT", "DEBIT", "RESET", "REPAY_DEBT", "RESET_SPENT"] {
                let body = Self.body(operation, 1)
                for key in [foreign, narrow] {
                    let answer = try await stack.send(Self.target, body, as: .key(key))
                    #expect(answer.status == .forbidden)
                    #expect(answer.error == "FORBIDDEN")
                }
                for (stored, code) in [("10 0 0 0 0 Fr", "BUDGET_FROZEN"), ("10 0 0 0 0 CFr", "BUDGET_CLOSED")] {
                    try await stack.setLedger("acme", "tenant:acme", stored)
                    let contents = try await stack.contents()
                    let answer = try await stack.send(Self.target, body, as: .admin)
                    #expect(answer.status == .conflict)
                    #expect(answer.error == code)
                    #expect(try await stack.contents() == contents)
                }
            }
        }
    }
}
