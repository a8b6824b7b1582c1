// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import LocalStack
import Observability
import StrictJSON
import Testing
import Webhooks

/// Which events go to which endpoint, and what changes of a subscription mean for them.
@Suite("Webhook deliveries: subscriptions")
struct SubscriptionLifeTests {
    private static let once = ",\"retry_policy\":{\"max_retries\":0}"

    private static func patch(_ world: WebhookWorld, _ id: String, _ body: String) async throws {
        _ = try await world.ask("PATCH", "/v1/webhooks/\(id)", body, expecting: 200)
    }

    @Test("104, 105: a success in between counts failures anew, and so does taking a disabled one back into use")
    func counting() async throws {
        let statuses = [500, 500, 200, 500, 500, 500, 200]
        let receiver = try await HookReceiver { _, index in .init(status: index < 7 ? statuses[index] : 200) }
        try await WebhookWorld.run { world in
            let (id, _) = try await world.subscribe(receiver, more: ",\"disable_after_failures\":3" + Self.once)
            for number in 0..<5 { try await world.fund("n\(number)") }
            try await eventually("two have failed since") {
                guard receiver.hooks.count == 5 else { return false }
                return try await world.subscription(id).failures == 2
            }
            #expect(try await world.subscription(id).status == "ACTIVE")
            try await world.fund("n5")
            try await eventually("it is disabled") { try await world.subscription(id).status == "DISABLED" }
            try await world.fund("n6")
            try await world.settle()
            #expect(receiver.hooks.count == 6)
            try await Self.patch(world, id, "{\"status\":\"ACTIVE\"}")
            #expect(try await world.subscription(id) == ("ACTIVE", 0))
            try await world.fund("n7")
            try await eventually("it is delivered") { receiver.hooks.count == 7 }
        }
        try await receiver.close()
    }

    @Test("106: events of the time when a subscription was paused are not delivered afterwards")
    func paused() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run { world in
            let (id, _) = try await world.subscribe(receiver)
            try await Self.patch(world, id, "{\"status\":\"PAUSED\"}")
            for number in 0..<3 { try await world.fund("paused\(number)") }
            try await world.settle()
            try await Self.patch(world, id, "{\"status\":\"ACTIVE\"}")
            for number in 0..<2 { try await world.fund("active\(number)") }
            try await eventually("two are delivered") { receiver.hooks.count >= 2 }
            try await world.settle()
            #expect(receiver.hooks.count == 2)
        }
        try await receiver.close()
    }

    @Test("114: deleting a subscription ends what was to be tried again")
    func deleted() async throws {
        let receiver = try await HookReceiver { _, _ in .init(status: 500) }
        try await WebhookWorld.run { world in
            let (id, _) = try await world.subscribe(receiver, more: ",\"retry_policy\":{\"initial_delay_ms\":3000}")
            try await world.fund("one")
            try await eventually("the first attempt") { receiver.hooks.count == 1 }
            _ = try await world.ask("DELETE", "/v1/webhooks/\(id)", expecting: 204)
            try await world.settle()
            #expect(receiver.hooks.count == 1)
            #expect(try await world.keys("hf:{*}:wf:*", "hf:{*}:wh") == 0)
        }
        try await receiver.close()
    }

    @Test("113: the attempt after a change of secrets is signed with the new one, and by Standard Webhooks with both")
    func rotated() async throws {
        let receiver = try await HookReceiver { _, index in .init(status: index == 0 ? 500 : 200) }
        try await WebhookWorld.run { world in
            let (id, old) = try await world.subscribe(receiver, more: ",\"retry_policy\":{\"initial_delay_ms\":5000}")
            try await world.fund("one")
            try await eventually("the first attempt") { receiver.hooks.count == 1 }
            let new = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
            try await Self.patch(world, id, "{\"signing_secret\":\"\(new)\"}")
            try await eventually("the second attempt") { receiver.hooks.count == 2 }
            for (index, secrets) in [[old], [new, old]].enumerated() {
                let hook = receiver.hooks[index]
                let keys = secrets.map { SecretBytes([UInt8]($0.utf8)) }
                #expect(hook["X-Cycles-Signature"] == WebhookHeaders.signature(keys[0], hook.body))
                let seconds = hook["webhook-timestamp"] ?? ""
                let signatures = keys.map {
                    WebhookHeaders.standardSignature($0, id: hook.eventID, seconds: seconds, hook.body)
                }
                #expect(hook["webhook-signature"] == signatures.joined(separator: " "), "\(index)")
            }
        }
        try await receiver.close()
    }

    @Test("107: a scope filter with a star takes what is below a scope, not the scope itself")
    func scopes() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run { world in
            _ = try await world.subscribe(
                receiver, path: "/below", more: ",\"scope_filter\":\"tenant:acme/*\"")
            try await world.budget("tenant:acme/workspace:x")
            try await world.fund("own")
            try await world.fund("below", scope: "tenant:acme/workspace:x")
            try await world.settle()
            let scopes = try receiver.hooks(at: "/below").map {
                try JSONDocument.parse($0.body).root.member("scope").map(WebhookWorld.string) ?? ""
            }
            #expect(scopes == ["tenant:acme/workspace:x"])
        }
        try await receiver.close()
    }

    @Test("108: categories add to types")
    func categories() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run { world in
            _ = try await world.subscribe(
                receiver, types: ["budget.created"], more: ",\"event_categories\":[\"reservation\"]")
            try await world.budget("tenant:acme/workspace:x")
            try await world.fund("one")
            _ = try await world.ask(
                "POST", "/v1/reservations",
                "{\"idempotency_key\":\"k\",\"subject\":{\"tenant\":\"acme\"},"
                    + "\"action\":{\"kind\":\"k\",\"name\":\"n\"},"
                    + "\"estimate\":{\"unit\":\"TOKENS\",\"amount\":100000}}", expecting: 409)
            try await eventually("two are delivered") { receiver.hooks.count >= 2 }
            try await world.settle()
            #expect(receiver.hooks.map(\.type) == ["budget.created", "reservation.denied"])
        }
        try await receiver.close()
    }

    @Test("109: the operator's subscription gets events of all tenants, a tenant's its own only")
    func owners() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run { world in
            _ = try await world.ask(
                "POST", "/v1/admin/tenants", "{\"tenant_id\":\"beta\",\"name\":\"Beta\"}", key: .admin, expecting: 201)
            _ = try await world.subscribe(receiver, path: "/operator", types: ["budget.created"], key: .admin)
            _ = try await world.subscribe(receiver, path: "/acme", types: ["budget.created"])
            try await world.budget("tenant:beta", tenant: "beta")
            try await world.budget("tenant:acme/workspace:x")
            try await eventually("three are delivered") { receiver.hooks.count >= 3 }
            try await world.settle()
            func tenants(_ path: String) throws -> [String] {
                try receiver.hooks(at: path).map {
                    try JSONDocument.parse($0.body).root.member("tenant_id").map(WebhookWorld.string) ?? ""
                }.sorted()
            }
            #expect(try tenants("/operator") == ["acme", "beta"])
            #expect(try tenants("/acme") == ["acme"])
        }
        try await receiver.close()
    }

    @Test("110: events of keys, policies, webhooks and the system never reach a tenant's endpoint")
    func confidential() async throws {
        let receiver = try await HookReceiver { hook, _ in .init(status: hook.path == "/bad" ? 500 : 200) }
        try await WebhookWorld.run { world in
            _ = try await world.subscribe(
                receiver, path: "/operator", types: ["api_key.created", "webhook.created"],
                more: ",\"event_categories\":[\"system\"]", key: .admin)
            _ = try await world.subscribe(
                receiver, path: "/acme", more: ",\"event_categories\":[\"budget\",\"reservation\",\"tenant\"]")
            _ = try await world.subscribe(receiver, path: "/bad", more: Self.once)
            _ = try await world.ask(
                "POST", "/v1/admin/api-keys", "{\"tenant_id\":\"acme\",\"name\":\"other\"}", key: .admin,
                expecting: 201)
            try await world.fund("one")
            try await eventually("the operator has them") {
                let types = Set(receiver.hooks(at: "/operator").map(\.type))
                return types == ["api_key.created", "webhook.created", "system.webhook_delivery_failed"]
            }
            try await world.settle()
            #expect(receiver.hooks(at: "/acme").map(\.type) == ["budget.funded"])
        }
        try await receiver.close()
    }
}
