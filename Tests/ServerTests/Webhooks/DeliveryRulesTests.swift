// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import LocalStack
import Observability
import StrictJSON
import Testing
import Webhooks

/// What becomes of a delivery by what its endpoint does.
@Suite("Webhook deliveries: answers")
struct DeliveryRulesTests {
    private static let once = ",\"retry_policy\":{\"max_retries\":0}"
    private static let failed = "system.webhook_delivery_failed"

    private static func messages(_ receiver: HookReceiver, at path: String = "/operator") throws -> [String] {
        try receiver.hooks(at: path).filter { $0.type == failed }.map {
            try JSONDocument.parse($0.body).root.member("data")?.member("message").map(WebhookWorld.string) ?? ""
        }
    }

    @Test("99, 102: an endpoint that always fails gets the same bytes six times, then the operator is told")
    func sixAttempts() async throws {
        let receiver = try await HookReceiver { hook, _ in .init(status: hook.path == "/bad" ? 500 : 200) }
        try await WebhookWorld.run { world in
            _ = try await world.subscribe(receiver, path: "/operator", types: [Self.failed], key: .admin)
            _ = try await world.subscribe(
                receiver, path: "/bad", more: ",\"retry_policy\":{\"initial_delay_ms\":100}")
            try await world.fund("one")
            try await eventually("the operator is told") { !receiver.hooks(at: "/operator").isEmpty }
            let hooks = receiver.hooks(at: "/bad")
            #expect(hooks.count == 6 && Set(hooks.map(\.eventID)).count == 1 && Set(hooks.map(\.body)).count == 1)
            for (index, least) in [100, 200, 400, 800, 1_600].enumerated() where index + 1 < hooks.count {
                #expect(hooks[index + 1].at - hooks[index].at >= .milliseconds(least - 10), "\(index)")
            }
            #expect(try Self.messages(receiver) == ["a delivery has failed for good: HTTP 500"])
            let data = try JSONDocument.parse(receiver.hooks(at: "/operator")[0].body).root.member("data")
            let details = try #require(data?.member("details"))
            #expect(details.member("attempts")?.int64() == 6 && details.member("response_status")?.int64() == 500)
            #expect(details.member("event_id").map(WebhookWorld.string) == hooks[0].eventID)
        }
        try await receiver.close()
    }

    @Test("101: a redirect is a failure and is not followed; 204 is a success")
    func redirects() async throws {
        let receiver = try await HookReceiver { hook, _ in
            hook.path == "/fine" ? .init(status: 204) : .init(status: 302, headers: [("Location", "/other")])
        }
        try await WebhookWorld.run { world in
            let (moved, _) = try await world.subscribe(receiver, path: "/moved", more: Self.once)
            let (fine, _) = try await world.subscribe(receiver, path: "/fine", more: Self.once)
            try await world.fund("one")
            try await eventually("it has failed") { try await world.subscription(moved).failures == 1 }
            try await world.settle()
            #expect(try await world.subscription(fine).failures == 0)
            #expect(receiver.hooks(at: "/moved").count == 1 && receiver.hooks(at: "/fine").count == 1)
            #expect(receiver.hooks(at: "/other").isEmpty)
        }
        try await receiver.close()
    }

    @Test("W-07, 119: endpoints that break off, talk nonsense, say nothing or never end have failed when time is over")
    func rawEndpoints() async throws {
        let operators = try await HookReceiver()
        var receivers: [RawReceiver] = []
        for manner in RawReceiver.Manner.allCases { receivers.append(try await RawReceiver(manner)) }
        let ports = receivers.map(\.port)
        try await WebhookWorld.run(leaseMs: 4_000) { world in
            _ = try await world.subscribe(operators, path: "/operator", types: [Self.failed], key: .admin)
            var ids: [String] = []
            for port in ports {
                let made = try await world.ask(
                    "POST", "/v1/webhooks",
                    "{\"url\":\"http://127.0.0.1:\(port)/\",\"event_types\":[\"budget.funded\"]\(Self.once)}",
                    expecting: 201)
                ids.append(
                    made.member("subscription")?.member("subscription_id").map(WebhookWorld.string) ?? "")
            }
            try await world.fund("one")
            for id in ids {
                try await eventually("\(id) has failed") { try await world.subscription(id).failures == 1 }
            }
            try await eventually("the operator is told of each") { try Self.messages(operators).count == 4 }
            let messages = try Self.messages(operators)
            #expect(messages.filter { $0.contains("did not answer in full in time") }.count == 2, "\(messages)")
        }
        for receiver in receivers {
            #expect(receiver.requests == 1)
            try await receiver.close()
        }
        try await operators.close()
    }

    @Test("W-07: 410 disables the subscription at once, and the event says why")
    func gone() async throws {
        let receiver = try await HookReceiver { hook, _ in .init(status: hook.path == "/gone" ? 410 : 200) }
        try await WebhookWorld.run { world in
            _ = try await world.subscribe(receiver, path: "/operator", types: ["webhook.disabled"], key: .admin)
            let (id, _) = try await world.subscribe(receiver, path: "/gone")
            for number in 0..<3 { try await world.fund("n\(number)") }
            try await eventually("the operator is told") { !receiver.hooks(at: "/operator").isEmpty }
            #expect(try await world.subscription(id).status == "DISABLED")
            try await world.settle()
            #expect(receiver.hooks(at: "/gone").count == 1 && receiver.hooks(at: "/operator").count == 1)
            let event = try JSONDocument.parse(receiver.hooks(at: "/operator")[0].body).root
            let data = try #require(event.member("data"))
            #expect(data.member("disable_reason").map(WebhookWorld.string) == "endpoint_gone")
            #expect(
                event.member("correlation_id").map(WebhookWorld.string)?.hasPrefix("webhook_auto_disable:\(id):")
                    == true)
        }
        try await receiver.close()
    }

    @Test("W-07: Retry-After is kept to, and nothing of the same subscription waits for it")
    func retryAfter() async throws {
        let receiver = try await HookReceiver { _, index in
            index == 0 ? .init(status: 503, headers: [("Retry-After", "3")]) : .init()
        }
        try await WebhookWorld.run { world in
            _ = try await world.subscribe(receiver, more: ",\"retry_policy\":{\"initial_delay_ms\":100}")
            try await world.fund("one")
            try await eventually("the first attempt") { receiver.hooks.count >= 1 }
            try await world.fund("two")
            try await eventually("the second attempt") { receiver.hooks.count >= 3 }
            let hooks = receiver.hooks
            #expect(hooks[0].eventID == hooks[2].eventID && hooks[1].eventID > hooks[0].eventID)
            #expect(hooks[2].at - hooks[0].at >= .milliseconds(2_990))
        }
        try await receiver.close()
    }

    @Test("an endpoint in strict order waits for the event that is tried again")
    func strict() async throws {
        let receiver = try await HookReceiver { _, index in .init(status: index < 2 ? 500 : 200) }
        try await WebhookWorld.run(workers: 2) { world in
            _ = try await world.subscribe(
                receiver, more: ",\"ordering\":\"strict\",\"retry_policy\":{\"initial_delay_ms\":200}")
            for number in 0..<5 { try await world.fund("n\(number)") }
            try await eventually("all are delivered") { receiver.hooks.count >= 7 }
            let ids = receiver.hooks.map(\.eventID)
            #expect(ids.count == 7 && Set(ids).count == 5 && ids == ids.sorted())
            #expect(Set(ids.prefix(3)).count == 1)
        }
        try await receiver.close()
    }

    @Test("118, 121: one endpoint of twenty hangs: the others get everything once and in order meanwhile")
    func isolation() async throws {
        let receiver = try await HookReceiver { hook, _ in .init(delay: hook.path == "/hook0" ? nil : .zero) }
        try await WebhookWorld.run(workers: 2) { world in
            for number in 0..<20 { _ = try await world.subscribe(receiver, path: "/hook\(number)") }
            for number in 0..<20 { try await world.fund("n\(number)") }
            try await eventually("nineteen have all") {
                receiver.hooks.filter { $0.path != "/hook0" }.count >= 19 * 20
            }
            for number in 1..<20 {
                let ids = receiver.hooks(at: "/hook\(number)").map(\.eventID)
                #expect(ids.count == 20 && Set(ids).count == 20 && ids == ids.sorted(), "\(number)")
            }
            // Each attempt there takes its whole deadline, one after the other.
            #expect(receiver.hooks(at: "/hook0").count < 20)
        }
        try await receiver.close()
    }

    @Test("120: what is allowed is asked again when it is sent: an address that is closed by then is not connected to")
    func closedMeanwhile() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run { world in
            let (id, _) = try await world.subscribe(receiver, more: Self.once)
            try await world.fund("one")
            try await eventually("the first is delivered") { receiver.hooks.count == 1 }
            _ = try await world.ask(
                "PUT", "/v1/admin/config/webhook-security",
                "{\"allow_http\":true,\"blocked_cidr_ranges\":[\"127.0.0.0/8\"]}", key: .admin, expecting: 200)
            // Workers know within a second: after the first one that fails none arrives.
            var sent = 1
            try await eventually("it is closed", every: .milliseconds(200)) {
                try await world.fund("n\(sent)")
                sent += 1
                try await world.settle()
                return try await world.subscription(id).failures > 0
            }
            let count = receiver.hooks.count
            try await world.fund("last")
            try await world.settle()
            #expect(receiver.hooks.count == count && count < sent)
        }
        try await receiver.close()
    }
}
