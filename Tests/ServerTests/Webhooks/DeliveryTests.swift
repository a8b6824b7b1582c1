// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Observability
import StrictJSON
import Testing
import Webhooks

/// Events on their way to endpoints, through a server and workers as they run in production.
@Suite("Webhook deliveries")
struct DeliveryTests {
    @Test("91-96: an event is one signed POST with the bytes of the envelope, in both families of headers")
    func delivered() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run { world in
            let (_, secret) = try await world.subscribe(
                receiver, more: ",\"headers\":{\"Authorization\":\"Bearer own\"}")
            let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
            try await world.fund("one", headers: ["traceparent: 00-\(trace)-00f067aa0ba902b7-00"])
            try await eventually("the event is delivered") { receiver.hooks.count >= 1 }
            let hook = try #require(receiver.hooks.first)
            let event = try JSONDocument.parse(hook.body).root
            #expect(event.member("event_type").map(WebhookWorld.string) == "budget.funded")
            #expect(event.member("event_id").map(WebhookWorld.string) == hook.eventID)
            #expect(event.member("trace_id").map(WebhookWorld.string) == trace)
            #expect(hook["Content-Type"] == "application/json" && hook["Authorization"] == "Bearer own")
            #expect(hook["X-Cycles-Trace-Id"] == trace && hook["User-Agent"]?.contains("/") == true)
            let parent = hook["traceparent"] ?? ""
            #expect(parent.hasPrefix("00-\(trace)-") && parent.hasSuffix("-00") && !parent.contains("00f067aa0ba902b7"))
            let key = SecretBytes([UInt8](secret.utf8))
            #expect(hook["X-Cycles-Signature"] == WebhookHeaders.signature(key, hook.body))
            let seconds = hook["webhook-timestamp"] ?? ""
            #expect(
                hook["webhook-signature"]
                    == WebhookHeaders.standardSignature(key, id: hook["webhook-id"] ?? "", seconds: seconds, hook.body))
        }
        try await receiver.close()
    }

    @Test("98: two failures and a success are three POSTs of the same bytes, a second and then two apart")
    func retried() async throws {
        let receiver = try await HookReceiver { _, index in .init(status: index < 2 ? 500 : 204) }
        try await WebhookWorld.run { world in
            _ = try await world.subscribe(receiver)
            try await world.fund("one")
            try await eventually("three attempts") { receiver.hooks.count >= 3 }
            let hooks = receiver.hooks
            #expect(Set(hooks.map(\.eventID)).count == 1 && Set(hooks.map(\.body)).count == 1)
            #expect(Set(hooks.map { $0["traceparent"] ?? "" }).count == 3)
            #expect(hooks[1].at - hooks[0].at >= .milliseconds(990))
            #expect(hooks[2].at - hooks[1].at >= .milliseconds(1_990))
        }
        try await receiver.close()
    }

    @Test("111: events of a tenant arrive in order at an endpoint that answers")
    func ordered() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run(workers: 2) { world in
            _ = try await world.subscribe(receiver)
            for number in 0..<60 { try await world.fund("n\(number)") }
            try await eventually("all are delivered") { receiver.hooks.count >= 60 }
            let ids = receiver.hooks.map(\.eventID)
            #expect(ids == ids.sorted() && Set(ids).count == 60 && ids.count == 60)
        }
        try await receiver.close()
    }

    @Test(
        "103, 105: after failures enough the subscription is disabled, told of once; an active one is sent events again"
    )
    func disabled() async throws {
        let receiver = try await HookReceiver { hook, _ in .init(status: hook.path == "/bad" ? 500 : 200) }
        try await WebhookWorld.run { world in
            _ = try await world.subscribe(
                receiver, path: "/operator", types: ["webhook.disabled", "system.webhook_delivery_failed"], key: .admin)
            let (id, _) = try await world.subscribe(
                receiver, path: "/bad",
                more: ",\"retry_policy\":{\"max_retries\":0},\"disable_after_failures\":2")
            for number in 0..<4 { try await world.fund("n\(number)") }
            try await eventually("it is disabled") {
                try await world.ask("GET", "/v1/webhooks/\(id)", expecting: 200).member("status")
                    .map(WebhookWorld.string) == "DISABLED"
            }
            try await eventually("the operator is told") {
                receiver.hooks(at: "/operator").contains { $0.type == "webhook.disabled" }
                    && receiver.hooks(at: "/operator").filter { $0.type == "system.webhook_delivery_failed" }.count >= 2
            }
            #expect(receiver.hooks(at: "/bad").count == 2)
            #expect(receiver.hooks(at: "/operator").filter { $0.type == "webhook.disabled" }.count == 1)
        }
        try await receiver.close()
    }
}
