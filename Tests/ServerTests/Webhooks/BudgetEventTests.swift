// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import StrictJSON
import Testing

/// Events of budgets as tenants find them in their log.
@Suite("Events of budgets over HTTP")
struct BudgetEventTests {
    /// The events of a type in the tenant's log, oldest first.
    private func events(_ type: String, in world: WebhookWorld) async throws -> [JSONValue] {
        let answer = try await world.ask("GET", "/v1/events?sort_dir=asc&event_type=\(type)", expecting: 200)
        return answer.member("events").map { Array($0.elements) } ?? []
    }

    private func reserve(
        _ world: WebhookWorld, _ key: String, _ amount: Int, more: String = ""
    ) async throws -> (id: String, body: String) {
        let body =
            "{\"idempotency_key\":\"\(key)\",\"subject\":{\"tenant\":\"acme\",\"workspace\":\"w\"},"
            + "\"action\":{\"kind\":\"llm\",\"name\":\"m\"},"
            + "\"estimate\":{\"unit\":\"CREDITS\",\"amount\":\(amount)}\(more)}"
        let answer = try await world.ask("POST", "/v1/reservations", body, expecting: 200)
        return (answer.member("reservation_id").map(WebhookWorld.string) ?? "", body)
    }

    private func openBudget(_ world: WebhookWorld, limit: Int) async throws {
        _ = try await world.ask(
            "POST", "/v1/admin/budgets",
            "{\"scope\":\"tenant:acme/workspace:w\",\"unit\":\"CREDITS\","
                + "\"allocated\":{\"unit\":\"CREDITS\",\"amount\":100},"
                + "\"overdraft_limit\":{\"unit\":\"CREDITS\",\"amount\":\(limit)}}",
            expecting: 201)
    }

    private func commit(_ world: WebhookWorld, _ id: String, _ amount: Int) async throws {
        for _ in 0..<2 {
            _ = try await world.ask(
                "POST", "/v1/reservations/\(id)/commit",
                "{\"idempotency_key\":\"c\",\"actual\":{\"unit\":\"CREDITS\",\"amount\":\(amount)}}", expecting: 200)
        }
    }

    @Test("68, 70, 71, 73, 74: thresholds, a budget used up, overage and debt are told once each, replays tell nothing")
    func overdraft() async throws {
        try await WebhookWorld.run(workers: 0) { world in
            try await openBudget(world, limit: 50)
            let (id, body) = try await reserve(
                world, "r", 100, more: ",\"overage_policy\":\"ALLOW_WITH_OVERDRAFT\"")
            _ = try await world.ask("POST", "/v1/reservations", body, expecting: 200)
            let crossed = try await events("budget.threshold_crossed", in: world)
            #expect(crossed.compactMap { $0.member("data")?.member("threshold")?.double() } == [0.8, 0.95, 1])
            let exhausted = try await events("budget.exhausted", in: world)
            #expect(exhausted.count == 1 && exhausted[0].member("data")?.member("remaining")?.int64() == 0)
            #expect(exhausted[0].member("scope").map(WebhookWorld.string) == "tenant:acme/workspace:w")
            try await commit(world, id, 120)
            let overage = try await events("reservation.commit_overage", in: world)
            #expect(overage.compactMap { $0.member("data")?.member("overage")?.int64() } == [20])
            #expect(overage.first?.member("data")?.member("debt_incurred")?.int64() == 20)
            let debt = try await events("budget.debt_incurred", in: world)
            #expect(debt.compactMap { $0.member("data")?.member("total_debt")?.int64() } == [20])
            #expect(debt.first?.member("data")?.member("reservation_id").map(WebhookWorld.string) == id)
            #expect(debt.first?.member("actor")?.member("type").map(WebhookWorld.string) == "api_key")
        }
    }

    @Test("46, 71: a scope that cannot pay goes over its limit once, and comes back once by funding")
    func overLimit() async throws {
        try await WebhookWorld.run(workers: 0) { world in
            try await openBudget(world, limit: 0)
            let (id, _) = try await reserve(world, "r", 100, more: ",\"overage_policy\":\"ALLOW_IF_AVAILABLE\"")
            try await commit(world, id, 130)
            #expect(try await events("budget.over_limit_entered", in: world).count == 1)
            for key in ["a", "b"] {
                _ = try await world.ask(
                    "POST", "/v1/admin/budgets/fund?scope=tenant:acme/workspace:w&unit=CREDITS",
                    "{\"operation\":\"CREDIT\",\"amount\":{\"unit\":\"CREDITS\",\"amount\":50},"
                        + "\"idempotency_key\":\"\(key)\"}",
                    expecting: 200)
            }
            #expect(try await events("budget.over_limit_exited", in: world).count == 1)
        }
    }

    @Test("69: a reservation that runs out is told of once, with its times and extensions")
    func expired() async throws {
        try await WebhookWorld.run { world in
            try await openBudget(world, limit: 0)
            let (id, _) = try await reserve(world, "r", 10, more: ",\"ttl_ms\":1000,\"grace_period_ms\":0")
            try await eventually("it is told of") { try await events("reservation.expired", in: world).count == 1 }
            let event = try #require(try await events("reservation.expired", in: world).first)
            let data = try #require(event.member("data"))
            #expect(data.member("reservation_id").map(WebhookWorld.string) == id)
            #expect(data.member("extensions_used")?.int64() == 0 && data.member("ttl_ms")?.int64() == 1_000)
            #expect(data.member("created_at") != nil && data.member("expired_at") != nil)
            #expect(event.member("source").map(WebhookWorld.string) == "expiry-sweeper")
        }
    }

    @Test("72: a dry run and a decision that are DENY are told once each, with the reason; asked again they are not")
    func denials() async throws {
        try await WebhookWorld.run(workers: 0) { world in
            let common =
                "\"subject\":{\"tenant\":\"acme\"},\"action\":{\"kind\":\"llm\",\"name\":\"m\"},"
                + "\"estimate\":{\"unit\":\"TOKENS\",\"amount\":100000}"
            for (count, path, more) in [(1, "/v1/reservations", ",\"dry_run\":true"), (2, "/v1/decide", "")] {
                for _ in 0..<2 {
                    let answer = try await world.ask(
                        "POST", path, "{\"idempotency_key\":\"d\(count)\",\(common)\(more)}", expecting: 200)
                    #expect(answer.member("decision").map(WebhookWorld.string) == "DENY")
                    #expect(answer.member("reason_code").map(WebhookWorld.string) == "BUDGET_EXCEEDED")
                }
                let told = try await events("reservation.denied", in: world)
                #expect(told.count == count, "\(path)")
                let data = told.last?.member("data")
                #expect(data?.member("reason_code").map(WebhookWorld.string) == "BUDGET_EXCEEDED")
                #expect(data?.member("requested_amount")?.int64() == 100_000)
                #expect(data?.member("remaining")?.int64() == 1_000)
            }
        }
    }

    @Test("79, 80: what is the operator's business cannot be subscribed to by or for a tenant, on create and on change")
    func boundary() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run(workers: 0) { world in
            let url = "\"url\":\"http://127.0.0.1:\(receiver.port)/\""
            for selector in [
                "\"event_types\":[\"api_key.created\"]", "\"event_types\":[\"policy.created\"]",
                "\"event_types\":[\"webhook.created\"]",
                "\"event_types\":[\"budget.funded\"],\"event_categories\":[\"system\"]",
            ] {
                let body = "{\(url),\(selector)}"
                _ = try await world.ask("POST", "/v1/webhooks", body, expecting: 400)
                _ = try await world.ask("POST", "/v1/admin/webhooks?tenant_id=acme", body, key: .admin, expecting: 400)
                _ = try await world.ask("POST", "/v1/admin/webhooks", body, key: .admin, expecting: 201)
            }
            let (id, _) = try await world.subscribe(receiver)
            _ = try await world.ask(
                "PATCH", "/v1/webhooks/\(id)", "{\"event_categories\":[\"webhook\"]}", expecting: 400)
            _ = try await world.ask(
                "PATCH", "/v1/admin/webhooks/\(id)", "{\"event_types\":[\"system.webhook_test\"]}", key: .admin,
                expecting: 400)
        }
        try await receiver.close()
    }
}
