// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import StrictJSON
import Testing

/// Deliveries as clients see them: lists, replay, dead letters, sending again.
@Suite("Deliveries over HTTP")
struct DeliveryListTests {
    private static func texts(_ answer: JSONValue, _ list: StaticString, _ member: StaticString) -> [String] {
        (answer.member(list).map { Array($0.elements) } ?? []).compactMap { $0.member(member).map(WebhookWorld.string) }
    }

    @Test("122, 123: a subscription's deliveries, newest first, by state and time, page by page, on both planes")
    func lists() async throws {
        let receiver = try await HookReceiver { _, index in .init(status: index == 1 ? 500 : 200) }
        try await WebhookWorld.run { world in
            let (id, _) = try await world.subscribe(receiver, more: ",\"retry_policy\":{\"max_retries\":0}")
            for number in 0..<3 { try await world.fund("n\(number)") }
            let path = "/v1/webhooks/\(id)/deliveries"
            try await eventually("all are over") {
                let answer = try await world.ask("GET", path, expecting: 200)
                return Self.texts(answer, "deliveries", "status").sorted() == ["FAILED", "SUCCESS", "SUCCESS"]
            }
            let all = try await world.ask("GET", path, expecting: 200)
            let rows = all.member("deliveries").map { Array($0.elements) } ?? []
            #expect(rows.allSatisfy { $0.member("attempted_at") != nil && $0.member("attempts")?.int64() == 1 })
            #expect(rows.allSatisfy { $0.member("completed_at") != nil && $0.member("trace_id") != nil })
            #expect(rows.compactMap { $0.member("response_status")?.int64() }.sorted() == [200, 200, 500])
            let events = Self.texts(all, "deliveries", "event_id")
            let times = Self.texts(all, "deliveries", "attempted_at")
            #expect(times == times.sorted().reversed() && Set(events) == Set(receiver.hooks.map(\.eventID)))
            let failed = try await world.ask("GET", path + "?status=FAILED", expecting: 200)
            #expect(Self.texts(failed, "deliveries", "error_message") == ["HTTP 500"])
            let first = try await world.ask("GET", path + "?limit=2", expecting: 200)
            let cursor = try #require(first.member("next_cursor").map(WebhookWorld.string))
            let second = try await world.ask("GET", path + "?limit=2&cursor=" + cursor, expecting: 200)
            #expect(
                Self.texts(first, "deliveries", "delivery_id") + Self.texts(second, "deliveries", "delivery_id")
                    == Self.texts(all, "deliveries", "delivery_id"))
            let none = try await world.ask("GET", path + "?to=2020-01-01T00:00:00Z", expecting: 200)
            #expect(none.member("deliveries")?.count == 0)
            let admin = try await world.ask("GET", "/v1/admin/webhooks/\(id)/deliveries", key: .admin, expecting: 200)
            #expect(Self.texts(admin, "deliveries", "delivery_id") == Self.texts(all, "deliveries", "delivery_id"))
            _ = try await world.ask("GET", path + "?status=LOST", expecting: 400)
            _ = try await world.ask("GET", "/v1/webhooks/whsub_00aaaaaaaaaaaaaaaa/deliveries", expecting: 404)
        }
        try await receiver.close()
    }

    @Test(
        "124, 125, 127, 128: a replay sends the window's events again in order, all or none, and only what is selected")
    func replay() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run { world in
            for number in 0..<5 { try await world.fund("n\(number)") }
            let (id, _) = try await world.subscribe(receiver)
            let path = "/v1/admin/webhooks/\(id)/replay"
            let few = try await world.ask("POST", path, "{\"max_events\":4}", key: .admin, expecting: 400)
            #expect(few.member("error").map(WebhookWorld.string) == "INVALID_REQUEST")
            for body in ["{\"max_events\":0}", "{\"max_events\":1001}", "{\"more\":1}", "{\"from\":\"now\"}"] {
                _ = try await world.ask("POST", path, body, key: .admin, expecting: 400)
            }
            let answer = try await world.ask("POST", path, "{}", key: .admin, expecting: 202)
            #expect(answer.member("events_queued")?.int64() == 5 && answer.member("replay_id") != nil)
            try await eventually("all are delivered") { receiver.hooks.count >= 5 }
            let ids = receiver.hooks.map(\.eventID)
            #expect(ids == ids.sorted() && Set(receiver.hooks.map(\.type)) == ["budget.funded"])
            let again = try await world.ask(
                "POST", path, "{\"event_types\":[\"budget.funded\"]}", key: .admin, expecting: 202)
            #expect(again.member("events_queued")?.int64() == 5)
            try await eventually("once more") { receiver.hooks.count >= 10 }
            #expect(Array(receiver.hooks.map(\.eventID).suffix(5)) == ids)
            let listed = try await world.ask("GET", "/v1/webhooks/\(id)/deliveries", expecting: 200)
            #expect(Set(Self.texts(listed, "deliveries", "delivery_id")).count == 10)
            let other = try await world.ask(
                "POST", path, "{\"event_types\":[\"budget.created\"]}", key: .admin, expecting: 202)
            #expect(other.member("events_queued")?.int64() == 0)
            _ = try await world.ask("PATCH", "/v1/webhooks/\(id)", "{\"status\":\"PAUSED\"}", expecting: 200)
            let paused = try await world.ask("POST", path, "{}", key: .admin, expecting: 202)
            #expect(paused.member("events_queued")?.int64() == 0)
            _ = try await world.ask("POST", path, "{}", expecting: 401)
        }
        try await receiver.close()
    }

    @Test("126: of two replays of a subscription at once one is refused, and none is half done")
    func replaysAtOnce() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run(workers: 0) { world in
            for number in 0..<3 { try await world.fund("n\(number)") }
            let (id, _) = try await world.subscribe(receiver)
            let shard = try await world.shard(of: "acme")
            // As if another server were in the middle of one.
            try await world.redis("SET", "hf:{\(shard)}:rp:\(id)", "rpl_other", "PX", "60000")
            let refused = try await world.ask(
                "POST", "/v1/admin/webhooks/\(id)/replay", "{}", key: .admin, expecting: 409)
            #expect(refused.member("error").map(WebhookWorld.string) == "REPLAY_IN_PROGRESS")
            try await world.redis("DEL", "hf:{\(shard)}:rp:\(id)")
            _ = try await world.ask("POST", "/v1/admin/webhooks/\(id)/replay", "{}", key: .admin, expecting: 202)
            // The one before has ended, so the next may begin.
            _ = try await world.ask("POST", "/v1/admin/webhooks/\(id)/replay", "{}", key: .admin, expecting: 202)
        }
        try await receiver.close()
    }

    @Test("dead letters are listed over all subscriptions and sent again, as often as the last attempt has ended")
    func deadLetters() async throws {
        let receiver = try await HookReceiver { _, index in .init(status: index < 2 ? 400 : 200) }
        try await WebhookWorld.run { world in
            _ = try await world.subscribe(receiver, more: ",\"retry_policy\":{\"max_retries\":0}")
            try await world.fund("one")
            let path = "/v1/admin/x-holdfast/dead-letters"
            try await eventually("it is a dead letter") {
                try await world.ask("GET", path, key: .admin, expecting: 200).member("deliveries")?.count == 1
            }
            let letters = try await world.ask("GET", path + "?tenant_id=acme", key: .admin, expecting: 200)
            let dead = try #require(Self.texts(letters, "deliveries", "delivery_id").first)
            let elsewhere = try await world.ask("GET", path + "?tenant_id=other", key: .admin, expecting: 200)
            #expect(elsewhere.member("deliveries")?.count == 0)
            let resend = "/v1/admin/x-holdfast/deliveries/\(dead)/resend"
            let sent = try await world.ask("POST", resend, key: .admin, expecting: 202)
            try await eventually("it is sent again") { receiver.hooks.count >= 2 }
            #expect(
                receiver.hooks[0].eventID == receiver.hooks[1].eventID
                    && receiver.hooks[0].body == receiver.hooks[1].body)
            let letterAgain = sent.member("delivery_id").map(WebhookWorld.string)
            try await eventually("that has failed, too") {
                try await world.ask("GET", path, key: .admin, expecting: 200).member("deliveries")?.count == 2
            }
            // The endpoint is mended by now.
            let again = try await world.ask("POST", resend, key: .admin, expecting: 202)
            #expect(again.member("delivery_id").map(WebhookWorld.string) != letterAgain)
            try await eventually("it is sent once more") { receiver.hooks.count >= 3 }
            #expect(receiver.hooks[2].eventID == receiver.hooks[0].eventID)
            _ = try await world.ask(
                "POST", "/v1/admin/x-holdfast/deliveries/del_00aaaaaaaaaaaaaaaaaaaaaa/resend", key: .admin,
                expecting: 404)
            _ = try await world.ask("POST", resend, expecting: 401)
            try await world.settle()
            #expect(receiver.hooks.count == 3)
        }
        try await receiver.close()
    }

    @Test("72, 61: a refused reservation is an event of its request, in the log and at the endpoint alike")
    func denied() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run { world in
            _ = try await world.subscribe(receiver, types: ["reservation.denied"])
            let body =
                "{\"idempotency_key\":\"d1\",\"subject\":{\"tenant\":\"acme\"},"
                + "\"action\":{\"kind\":\"llm\",\"name\":\"m\"},"
                + "\"estimate\":{\"unit\":\"TOKENS\",\"amount\":100000}}"
            let refused = try await world.ask("POST", "/v1/reservations", body, expecting: 409)
            try await eventually("it is told") { receiver.hooks.count >= 1 }
            let event = try JSONDocument.parse(receiver.hooks[0].body).root
            #expect(
                event.member("request_id").map(WebhookWorld.string)
                    == refused.member("request_id").map(WebhookWorld.string))
            #expect(event.member("data")?.member("reason_code").map(WebhookWorld.string) == "BUDGET_EXCEEDED")
            #expect(event.member("data")?.member("remaining")?.int64() == 1_000)
            let id = receiver.hooks[0].eventID
            let logged = try await world.ask("GET", "/v1/admin/events/\(id)", key: .admin, expecting: 200)
            #expect(Array(logged.raw) == receiver.hooks[0].body)
        }
        try await receiver.close()
    }

    @Test("a store that was away is told of once it is back")
    func outage() async throws {
        try await WebhookWorld.run(workers: 0, persistence: .everySecond) { world in
            try await world.redis.kill()
            try await eventually("it is noticed") {
                world.server.store.readiness.unreadiness.contains(.redisUnreachable)
            }
            try await world.redis.restart()
            try await eventually("it is told of in Redis") {
                (try? await world.keys("hf:{*}:t:__system__:el")) == 1
                    && world.server.store.readiness.unreadiness.isEmpty
            }
            try await eventually("it is told") {
                let answer = try await world.ask(
                    "GET", "/v1/admin/events?tenant_id=__system__", key: .admin, expecting: 200)
                let types = Set(Self.texts(answer, "events", "event_type"))
                return types.contains("system.store_connection_lost")
                    && types.contains("system.store_connection_restored")
            }
        }
    }
}
