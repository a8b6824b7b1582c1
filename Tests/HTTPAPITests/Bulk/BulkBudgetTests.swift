// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import RedisClient
import SharedKernel
import StrictJSON
import Testing

@Suite("Bulk actions over budgets", .serialized)
struct BulkBudgetTests {
    private static let filter = #"{"tenant_id":"acme"}"#

    private func amount(_ amount: Int, _ unit: String = "TOKENS") -> String {
        #","amount":{"unit":"\#(unit)","amount":\#(amount)}"#
    }

    /// Ledgers of three apps, 100 tokens each.
    private func open(_ stack: AdminStack) async throws {
        try await stack.makeTenant("acme")
        for app in ["a", "b", "c"] { try await stack.makeBudget("acme", "tenant:acme/app:\(app)", allocated: 100) }
    }

    private func ledgers(_ stack: AdminStack) async throws -> [String] {
        var texts: [String] = []
        for app in ["a", "b", "c"] { texts.append(try await stack.ledger("acme", "tenant:acme/app:\(app)") ?? "") }
        return texts
    }

    private func id(_ stack: AdminStack, _ app: String) async throws -> String {
        let query = "scope=tenant:acme/app:\(app)&unit=TOKENS"
        let answer = try await stack.send("/v1/admin/budgets/lookup?\(query)", method: .get, as: .admin)
        return try #require(answer.text("ledger_id"))
    }

    @Test("132: more than 500 budgets are 400 LIMIT_EXCEEDED with their number, and none is changed; 500 are done")
    func tooMany() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            for number in 100...600 { try await stack.makeBudget("acme", "tenant:acme/app:n\(number)", allocated: 1) }
            let before = try await stack.contents()
            let refused = try await stack.bulk("budgets", Self.filter, "CREDIT", more: amount(7))
            #expect(refused.status == .badRequest && refused.error == "LIMIT_EXCEEDED")
            #expect(refused.root.member("details")?.member("total_matched")?.int64() == 501)
            #expect(try await stack.contents() == before)
            let freeze = "/v1/admin/budgets/freeze?scope=tenant:acme/app:n600&unit=TOKENS"
            #expect(try await stack.send(freeze, as: .admin).status == .ok)
            let active = #"{"tenant_id":"acme","status":"ACTIVE"}"#
            let done = try BulkAnswer(try await stack.bulk("budgets", active, "CREDIT", more: amount(7)))
            #expect(done.total == 500 && done.succeeded.count == 500)
            #expect(try await stack.ledger("acme", "tenant:acme/app:n100") == "8 0 0 0 0 0")
        }
    }

    @Test("75, 133: a bulk credit books each ledger once, under one correlation id, and again not at all")
    func credit() async throws {
        try await AdminStack.run { stack in
            try await open(stack)
            let first = try await stack.bulk("budgets", Self.filter, "CREDIT", more: amount(7))
            let answer = try BulkAnswer(first)
            let ids = [try await id(stack, "a"), try await id(stack, "b"), try await id(stack, "c")]
            #expect(answer.total == 3 && answer.succeeded == ids)
            #expect(try await ledgers(stack) == ["107 0 0 0 0 0", "107 0 0 0 0 0", "107 0 0 0 0 0"])
            let request = try #require(first.headers[.requestID])
            let events = try await stack.allEvents("correlation_id=budget_bulk_action:credit:\(request)")
            #expect(events.map(\.type) == ["budget.funded", "budget.funded", "budget.funded"])
            #expect(Set(events.map(\.scope)).count == 3)
            let before = try await stack.contents()
            let second = try await stack.bulk("budgets", Self.filter, "CREDIT", more: amount(7))
            #expect(second.body == first.body)
            #expect(try await stack.contents() == before)
            let other = try await stack.bulk("budgets", Self.filter, "CREDIT", more: amount(8))
            #expect(other.status == .conflict && other.error == "IDEMPOTENCY_MISMATCH")
            let audit = try await stack.send(
                "/v1/admin/audit/logs?tenant_id=acme&operation=bulkActionBudgets,fundBudget", method: .get, as: .admin)
            #expect(audit.root.member("logs")?.count == 1)
        }
    }

    @Test("134: a ledger that is frozen, of another unit or short fails, without debt it is skipped; the rest go on")
    func outcomes() async throws {
        try await AdminStack.run { stack in
            try await open(stack)
            let place = "scope=tenant:acme/app:b&unit=TOKENS"
            #expect(try await stack.send("/v1/admin/budgets/freeze?\(place)", as: .admin).status == .ok)
            try await stack.setLedger("acme", "tenant:acme/app:c", "100 0 90 10 20 0")
            let ids = (try await id(stack, "a"), try await id(stack, "b"), try await id(stack, "c"))
            let debit = try BulkAnswer(try await stack.bulk("budgets", Self.filter, "DEBIT", more: amount(50)))
            #expect(debit.succeeded == [ids.0])
            #expect(debit.failed == [ids.1: "INVALID_TRANSITION", ids.2: "BUDGET_EXCEEDED"])
            let repaid = try BulkAnswer(
                try await stack.bulk("budgets", Self.filter, "REPAY_DEBT", key: "k2", more: amount(4)))
            #expect(repaid.succeeded == [ids.2])
            #expect(repaid.skipped == [ids.0: "ALREADY_IN_TARGET_STATE", ids.1: "ALREADY_IN_TARGET_STATE"])
            let foreign = try BulkAnswer(
                try await stack.bulk("budgets", Self.filter, "RESET", key: "k3", more: amount(4, "CREDITS")))
            #expect(Set(foreign.failed.values) == ["INVALID_TRANSITION"] && foreign.failed.count == 3)
            #expect(try await ledgers(stack) == ["50 0 0 0 0 0", "100 0 0 0 0 F0", "100 0 90 6 20 0"])
        }
    }

    @Test(
        "132: filters are those of the list, the count is a gate, and what is not in order is 400 before anything else")
    func filters() async throws {
        try await AdminStack.run { stack in
            try await open(stack)
            try await stack.setLedger("acme", "tenant:acme/app:b", "100 0 50 1 0 O0")
            let before = try await stack.contents()
            for (criteria, count) in [
                (#""scope_prefix":"tenant:acme/app:a""#, 1), (#""unit":"CREDITS""#, 0), (#""status":"ACTIVE""#, 3),
                (#""over_limit":true"#, 1), (#""over_limit":false"#, 2), (#""has_debt":true"#, 1),
                (#""utilization_min":0.5"#, 1), (#""utilization_max":0.49"#, 2), (#""search":"APP:C""#, 1),
                (#""search":"" "#, 3), (#""utilization_min":0,"utilization_max":1"#, 3),
            ] {
                let filter = #"{"tenant_id":"acme",\#(criteria)}"#
                let more = amount(1) + #","expected_count":99"#
                let answer = try await stack.bulk("budgets", filter, "CREDIT", more: more)
                #expect(answer.error == "COUNT_MISMATCH", "\(criteria)")
                #expect(
                    answer.root.member("details")?.member("total_matched")?.int64() == Int64(count), "\(criteria)")
            }
            for (filter, action, more) in [
                ("{}", "CREDIT", amount(1)), (#"{"scope_prefix":"tenant:acme"}"#, "CREDIT", amount(1)),
                (Self.filter, "CREDIT", ""), (Self.filter, "CREDIT", amount(-1)), (Self.filter, "FREEZE", amount(1)),
                (#"{"tenant_id":"acme","utilization_min":0.6,"utilization_max":0.5}"#, "CREDIT", amount(1)),
                (#"{"tenant_id":"acme","utilization_min":2}"#, "CREDIT", amount(1)),
                (#"{"tenant_id":"acme","utilization_min":"0"}"#, "CREDIT", amount(1)),
                (Self.filter, "RESET_SPENT", amount(1) + #","spent":{"unit":"TOKENS","amount":-1}"#),
                (Self.filter, "RESET_SPENT", amount(1) + #","spent":{"unit":"CREDITS","amount":1}"#),
                (Self.filter, "CREDIT", amount(1) + #","reason":"\#(String(repeating: "r", count: 513))""#),
            ] {
                let answer = try await stack.bulk("budgets", filter, action, more: more)
                #expect(answer.status == .badRequest, "\(filter) \(action) \(more): \(answer.body)")
            }
            for name in ["nobody", "No One"] {
                let missing = try await stack.bulk("budgets", #"{"tenant_id":"\#(name)"}"#, "CREDIT", more: amount(1))
                #expect(missing.status == .notFound && missing.error == "TENANT_NOT_FOUND")
            }
            #expect(try await stack.contents() == before)
        }
    }

    @Test("All five operations do what the single one does, RESET_SPENT with what is spent; nothing of a closed tenant")
    func operations() async throws {
        try await AdminStack.run { stack in
            try await open(stack)
            let spent = #","spent":{"unit":"TOKENS","amount":30},"reason":"new \u00e9 period""#
            for (action, more, ledger) in [
                ("RESET", "", "50 0 0 0 0 0"), ("RESET_SPENT", spent, "50 0 30 0 0 0"),
                ("CREDIT", "", "100 0 30 0 0 0"),
                ("RESET_SPENT", "", "50 0 0 0 0 0"), ("DEBIT", "", "0 0 0 0 0 0"),
            ] {
                let answer = try await stack.bulk(
                    "budgets", Self.filter, action, key: "\(action)-\(more.count)", more: amount(50) + more)
                #expect(try BulkAnswer(answer).succeeded.count == 3, "\(action)")
                #expect(try await ledgers(stack) == [ledger, ledger, ledger], "\(action)")
            }
            _ = try await stack.send("/v1/admin/tenants/acme", #"{"status":"CLOSED"}"#, method: .patch, as: .admin)
            let closed = try await stack.bulk("budgets", Self.filter, "CREDIT", key: "last", more: amount(1))
            #expect(closed.status == .conflict && closed.error == "TENANT_CLOSED")
        }
    }

    @Test("A request that goes on after a crash books what the first one had not, and no ledger twice")
    func crash() async throws {
        try await AdminStack.run { stack in
            try await open(stack)
            let first = try await stack.bulk("budgets", Self.filter, "CREDIT", more: amount(7))
            let request = try #require(first.headers[.requestID])
            let (key, done) = try #require(try await stack.bulkRecord())
            // As if it had ended after two of three ledgers: the rows that were found, by what the entry says of them.
            let audit = try await stack.send(
                "/v1/admin/audit/logs?operation=bulkActionBudgets", method: .get, as: .admin)
            let entry = try #require(audit.root.member("logs")?.elements.first { _ in true })
            let id = try #require(entry.member("resource_id")?.stringBytes())
            let places = ["a", "b", "c"].map { "tenant:acme/app:\($0) T" }
            let plan =
                #"{"id":"\#(String(decoding: id, as: UTF8.self))","request_id":"\#(request)","marks":"nnn","#
                + #""places":[\#(places.map { "\"\($0)\"" }.joined(separator: ","))]}"#
            let open =
                [UInt8(ascii: "P")] + done[1..<23] + [UInt8](repeating: 97, count: 22)
                + [UInt8]("9999999999999".utf8) + [UInt8](plan.utf8)
            try await stack.abandonBulk(open, at: key)
            let booked = stack.installation.salt.identity(
                tenant: try #require(TenantID("acme")), endpoint: [UInt8]("bulk-fund/\(places[2])".utf8), key: id)
            let mark = try stack.key("acme") + ":i:" + String(decoding: booked.text, as: UTF8.self)
            try #require(try await stack.redis("DEL", mark).integer == 1)
            try await stack.setLedger("acme", "tenant:acme/app:c", "100 0 0 0 0 0")
            let resumed = try await stack.bulk("budgets", Self.filter, "CREDIT", more: amount(7))
            #expect(resumed.body == first.body)
            #expect(try await ledgers(stack) == ["107 0 0 0 0 0", "107 0 0 0 0 0", "107 0 0 0 0 0"])
            // One more for the third, with the correlation id of the request that found it.
            let events = try await stack.allEvents("correlation_id=budget_bulk_action:credit:\(request)")
            #expect(events.map(\.scope).filter { $0?.hasSuffix("a") == true }.count == 1 && events.count == 4)
        }
    }
}
