// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import StrictJSON
import Synchronization
import Testing

/// From what a client does to what an endpoint gets.
@Suite("Webhook deliveries: end to end")
struct EndToEndTests {
    private final class Health: Sendable {
        let isWell = Atomic(false)
    }

    @Test("W-14: an endpoint that was down and disabled gets everything by a replay, in order and with the same ids")
    func replayAfterOutage() async throws {
        let health = Health()
        let receiver = try await HookReceiver { _, _ in
            .init(status: health.isWell.load(ordering: .relaxed) ? 200 : 503)
        }
        try await WebhookWorld.run(workers: 2) { world in
            let (id, _) = try await world.subscribe(
                receiver, more: ",\"disable_after_failures\":5,\"retry_policy\":{\"max_retries\":0}")
            for number in 0..<150 { try await world.fund("n\(number)") }
            try await eventually("it is disabled") { try await world.subscription(id).status == "DISABLED" }
            try await world.settle()
            #expect(receiver.hooks.count == 5)
            health.isWell.store(true, ordering: .relaxed)
            _ = try await world.ask("PATCH", "/v1/webhooks/\(id)", "{\"status\":\"ACTIVE\"}", expecting: 200)
            let answer = try await world.ask(
                "POST", "/v1/admin/webhooks/\(id)/replay", "{\"from\":\"2020-01-01T00:00:00Z\",\"max_events\":1000}",
                key: .admin, expecting: 202)
            #expect(answer.member("events_queued")?.int64() == 150)
            try await eventually("all are delivered") { receiver.hooks.count >= 155 }
            try await world.settle()
            let ids = receiver.hooks.dropFirst(5).map(\.eventID)
            #expect(ids.count == 150 && Set(ids).count == 150 && ids == ids.sorted())
            #expect(Set(receiver.hooks.prefix(5).map(\.eventID)).isSubset(of: ids))
            #expect(try await world.subscription(id) == ("ACTIVE", 0))
        }
        try await receiver.close()
    }

    @Test("A threshold that only the operator's subscription asks for is told of a tenant's budget, and to it alone")
    func operatorsThreshold() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run { world in
            let type = "budget.threshold_crossed"
            _ = try await world.subscribe(
                receiver, path: "/operator", types: [type], more: ",\"thresholds\":{\"budget_utilization\":[0.42]}",
                key: .admin)
            _ = try await world.subscribe(receiver, path: "/acme", types: [type])
            let profile = try await world.prefix("t:acme:p")
            try await eventually("the tenant is told to look out for it") {
                try await world.redis("HGET", profile, "hooks").bytes.map {
                    String(decoding: $0, as: UTF8.self).contains("0.42")
                } ?? false
            }
            for (key, amount) in [("a", 500), ("b", 400)] {
                _ = try await world.ask(
                    "POST", "/v1/reservations",
                    "{\"idempotency_key\":\"\(key)\",\"subject\":{\"tenant\":\"acme\"},"
                        + "\"action\":{\"kind\":\"k\",\"name\":\"n\"},"
                        + "\"estimate\":{\"unit\":\"TOKENS\",\"amount\":\(amount)}}", expecting: 200)
            }
            try await eventually("both are told") {
                !receiver.hooks(at: "/operator").isEmpty && !receiver.hooks(at: "/acme").isEmpty
            }
            try await world.settle()
            for (path, share) in [("/operator", 0.42), ("/acme", 0.8)] {
                let events = try receiver.hooks(at: path).map { try JSONDocument.parse($0.body).root }
                #expect(events.compactMap { $0.member("data")?.member("threshold")?.double() } == [share])
                #expect(events.first?.member("tenant_id").map(WebhookWorld.string) == "acme")
            }
        }
        try await receiver.close()
    }

    @Test("A resource that is reserved is told to subscriptions that name the event, once for each resource")
    func resources() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run { world in
            _ = try await world.subscribe(
                receiver, types: ["custom.resource.reserved", "custom.resource.released"])
            _ = try await world.subscribe(
                receiver, path: "/category", types: ["budget.created"], more: ",\"event_categories\":[\"reservation\"]")
            func ask(_ verb: String, _ body: String) async throws -> JSONValue {
                try await world.ask(
                    "POST", "/api/v1/Reservation/" + verb, body, key: .none, expecting: 200,
                    headers: ["X-Api-Key: \(world.tenantKey)"])
            }
            let held = try await ask(
                "reserve", "[{\"requester\":\"w\",\"resource\":\"a\"},{\"requester\":\"w\",\"resource\":\"b\"}]")
            // Refused: somebody has it.
            _ = try await ask("reserve", "[{\"requester\":\"v\",\"resource\":\"a\"}]")
            let token = try #require(
                held.elements.first { $0.member("resource").map(WebhookWorld.string) == "a" }?
                    .member("releaseToken").map(WebhookWorld.string))
            _ = try await ask(
                "unreserve", "[{\"requester\":\"w\",\"resource\":\"a\",\"releaseToken\":\"\(token)\"}]")
            try await eventually("three are told") { receiver.hooks.count >= 3 }
            try await world.settle()
            #expect(
                receiver.hooks.map(\.type) == [
                    "custom.resource.reserved", "custom.resource.reserved", "custom.resource.released",
                ])
            #expect(receiver.hooks.map(\.path) == ["/hook", "/hook", "/hook"])
            let names = try receiver.hooks.map {
                try JSONDocument.parse($0.body).root.member("data")?.member("resource").map(WebhookWorld.string)
            }
            #expect(names == ["a", "b", "a"])
        }
        try await receiver.close()
    }
}
