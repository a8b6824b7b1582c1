// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import LocalStack
import Observability
import StrictJSON
import Testing
import Webhooks

/// Test events, replays and events of servers that die, through programs as they run in production. Numbers in names
/// are statements of the admin digest, section 8.
@Suite("Test events, replays, servers that die")
struct ProbeTests {
    @Test("129, 131: a test is one signed POST with all headers of a delivery; it is listed, and counts for nothing")
    func probe() async throws {
        let receiver = try await HookReceiver { _, index in .init(status: index == 0 ? 204 : 500) }
        try await WebhookWorld.run { world in
            let (id, secret) = try await world.subscribe(
                receiver, more: ",\"headers\":{\"Authorization\":\"Bearer own\"}")
            let shard = try await world.shard(of: "acme")
            try await world.redis("HSET", "hf:{\(shard)}:t:acme:wf:\(id)", "failures", "3")
            let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
            let answer = try await world.ask(
                "POST", "/v1/webhooks/\(id)/test", expecting: 200,
                headers: ["traceparent: 00-\(trace)-00f067aa0ba902b7-00"])
            #expect(answer.member("success")?.bool() == true && answer.member("response_status")?.int64() == 204)
            #expect(answer.member("response_time_ms")?.int64() != nil && answer.member("error_message") == nil)
            let hook = try #require(receiver.hooks.first)
            #expect(hook.type == "system.webhook_test" && hook["Content-Type"] == "application/json")
            #expect(hook["Authorization"] == "Bearer own" && hook["X-Cycles-Trace-Id"] == trace)
            let parent = hook["traceparent"] ?? ""
            #expect(parent.hasPrefix("00-\(trace)-") && parent.hasSuffix("-00") && !parent.contains("00f067aa0ba902b7"))
            #expect(hook["User-Agent"]?.hasPrefix("holdfast/") == true && hook["X-Request-Id"] != nil)
            let key = SecretBytes([UInt8](secret.utf8))
            #expect(hook["X-Cycles-Signature"] == WebhookHeaders.signature(key, hook.body))
            let seconds = hook["webhook-timestamp"] ?? ""
            #expect(
                hook["webhook-signature"]
                    == WebhookHeaders.standardSignature(key, id: hook["webhook-id"] ?? "", seconds: seconds, hook.body))
            let event = try JSONDocument.parse(hook.body).root
            #expect(event.member("event_type").map(WebhookWorld.string) == "system.webhook_test")
            #expect(event.member("category").map(WebhookWorld.string) == "system")
            #expect(event.member("trace_id").map(WebhookWorld.string) == trace)
            #expect(event.member("event_id").map(WebhookWorld.string) == hook.eventID)
            #expect(answer.member("event_id").map(WebhookWorld.string) == hook.eventID)
            let failed = try await world.ask("POST", "/v1/webhooks/\(id)/test", expecting: 200)
            #expect(failed.member("success")?.bool() == false && failed.member("response_status")?.int64() == 500)
            #expect(failed.member("error_message").map(WebhookWorld.string) != nil)
            #expect(try await world.subscription(id) == (status: "ACTIVE", failures: 3))
            let listed = try await world.ask("GET", "/v1/webhooks/\(id)/deliveries", expecting: 200)
            let rows = listed.member("deliveries").map { Array($0.elements) } ?? []
            #expect(rows.compactMap { $0.member("status").map(WebhookWorld.string) } == ["FAILED", "SUCCESS"])
            #expect(rows.last?.member("event_id").map(WebhookWorld.string) == hook.eventID)
            let letters = try await world.ask("GET", "/v1/admin/x-holdfast/dead-letters", key: .admin, expecting: 200)
            #expect(letters.member("deliveries")?.count == 0)
            try await world.settle()
            #expect(receiver.hooks.count == 2, "a test is sent once")
        }
        try await receiver.close()
    }

    @Test("122: a delivery that waits to be tried again says when that is, and how the last attempt went")
    func retrying() async throws {
        let receiver = try await HookReceiver { _, _ in .init(status: 503) }
        try await WebhookWorld.run { world in
            let (id, _) = try await world.subscribe(
                receiver, more: ",\"retry_policy\":{\"initial_delay_ms\":60000}")
            try await world.fund("one")
            let path = "/v1/webhooks/\(id)/deliveries"
            try await eventually("it waits") {
                try await world.ask("GET", path + "?status=RETRYING", expecting: 200).member("deliveries")?.count == 1
            }
            let page = try await world.ask("GET", path, expecting: 200)
            let row = try #require(page.member("deliveries").flatMap { Array($0.elements).first })
            let (queued, next) = (row.member("attempted_at"), row.member("next_retry_at"))
            #expect(try #require(queued.map(WebhookWorld.string)) < #require(next.map(WebhookWorld.string)))
            #expect(row.member("attempts")?.int64() == 1 && row.member("response_status")?.int64() == 503)
            #expect(row.member("error_message").map(WebhookWorld.string) == "HTTP 503")
            #expect(row.member("completed_at") == nil)
        }
        try await receiver.close()
    }

    @Test("124, 127: a replay for the operator sends the events of tenants on many shards, each tenant's in order")
    func operatorsReplay() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run { world in
            var shards: Set<String> = []
            for number in 0..<12 {
                let tenant = "t-\(number)-x"
                shards.insert(try await world.shard(of: tenant))
                _ = try await world.ask(
                    "POST", "/v1/admin/tenants", "{\"tenant_id\":\"\(tenant)\",\"name\":\"T\"}", key: .admin,
                    expecting: 201)
            }
            #expect(shards.count > 2)
            for round in 0..<4 {
                for number in 0..<12 {
                    _ = try await world.ask(
                        "PATCH", "/v1/admin/tenants/t-\(number)-x", "{\"metadata\":{\"n\":\"\(round)\"}}", key: .admin,
                        expecting: 200)
                }
            }
            let (id, _) = try await world.subscribe(
                receiver, types: ["tenant.created", "tenant.updated"], key: .admin)
            let answer = try await world.ask(
                "POST", "/v1/admin/webhooks/\(id)/replay", "{\"max_events\":100}", key: .admin, expecting: 202)
            // Acme was made, too.
            #expect(answer.member("events_queued")?.int64() == 61)
            try await eventually("all are delivered") { receiver.hooks.count >= 61 }
            try await world.settle()
            #expect(receiver.hooks.count == 61 && Set(receiver.hooks.map(\.eventID)).count == 61)
            let events = try receiver.hooks.map { try JSONDocument.parse($0.body).root }
            let tenants = Dictionary(grouping: events) { $0.member("tenant_id").map(WebhookWorld.string) ?? "" }
            #expect(tenants.count == 13)
            for (tenant, events) in tenants where tenant != "acme" {
                let types = events.map { $0.member("event_type").map(WebhookWorld.string) }
                #expect(types == ["tenant.created"] + Array(repeating: "tenant.updated", count: 4), "\(tenant)")
                let times = events.compactMap { $0.member("timestamp").map(WebhookWorld.string) }
                #expect(times == times.sorted(), "\(tenant)")
            }
        }
        try await receiver.close()
    }

    @Test("76: a server that is killed right after it answered a funding has told of it")
    func killedAfterFunding() async throws {
        let redis = try await PrivateRedis.start()
        do {
            let first = try await ServerProgram(redis)
            #expect(try await first.ask("POST", "/v1/admin/tenants", #"{"tenant_id":"acme","name":"A"}"#).status == 201)
            let budget =
                #"{"tenant_id":"acme","scope":"tenant:acme","unit":"TOKENS","#
                + #""allocated":{"unit":"TOKENS","amount":10}}"#
            #expect(try await first.ask("POST", "/v1/admin/budgets", budget).status == 201)
            let funded = try await first.ask(
                "POST", "/v1/admin/budgets/fund?scope=tenant:acme&unit=TOKENS&tenant_id=acme",
                #"{"operation":"CREDIT","amount":{"unit":"TOKENS","amount":5},"idempotency_key":"k"}"#)
            try await first.kill()
            #expect(funded.status == 200)
            let second = try await ServerProgram(redis)
            let list = try await second.ask("GET", "/v1/admin/events?tenant_id=acme&event_type=budget.funded")
            let events = list.root.member("events").map { Array($0.elements) } ?? []
            #expect(list.status == 200 && events.count == 1)
            #expect(
                events.first?.member("data")?.member("new_state")?.member("allocated")?.int64() == 15, "\(list.root)")
            try await second.kill()
        } catch {
            await redis.remove()
            throw error
        }
        await redis.remove()
    }
}
