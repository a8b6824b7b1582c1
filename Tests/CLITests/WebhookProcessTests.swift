// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import LocalStack
import Testing

@testable import HoldfastCLI

@Suite("holdfast and the events of a server", .serialized)
struct WebhookProcessTests {
    /// Lets webhooks go to this machine, and gives a URL of it where nobody listens.
    private func deadURL(_ server: AdminServer) async throws -> String {
        let rules = try await server.json("webhook security set --allow-http --no-blocked-ranges")
        #expect(rules["allow_http"] as? Bool == true && rules["blocked_cidr_ranges"] as? [String] == [])
        return "http://127.0.0.1:\(try #require(try LoopbackSocket.freePort(0)))/hook"
    }

    /// Subscribes a URL to a tenant's used-up budgets and gives the subscription's id.
    private func subscribe(_ server: AdminServer, _ url: String, _ more: String = "") async throws -> String {
        let created = try await server.json(
            "webhook create \(url) --tenant acme --type budget.exhausted \(more)")
        let subscription = try #require(created["subscription"] as? [String: Any])
        return try #require(subscription["subscription_id"] as? String)
    }

    @Test("a subscription is created with its secret shown once, shown without, changed, paused, resumed and deleted")
    func subscriptions() async throws {
        try await AdminServer.run { server in
            _ = try await server.lines("tenant create acme")
            #expect(try await server.lines("webhook list") == ["There is no such subscription."])
            let usual = try await server.json("webhook security get")
            #expect((usual["blocked_cidr_ranges"] as? [String])?.contains("127.0.0.0/8") == true)
            let refused = try await server.holdfast("webhook create http://127.0.0.1/ --type budget.exhausted")
            #expect(refused.code == 1 && refused.errors.hasPrefix("holdfast: WEBHOOK_URL_INVALID: "), "\(refused)")

            let url = try await deadURL(server)
            let told = try await server.lines(
                "webhook create \(url) --tenant acme --type budget.exhausted --header 'Authorization=Bearer s3cret' "
                    + "--threshold 0.5 --max-retries 0 --disable-after 3 --ordering strict")
            #expect(told.last == "Keep signing_secret: it is not shown again.")
            let secret = try #require(told.first { $0.hasPrefix("signing_secret ") }?.split(separator: " ").last)
            #expect(!told.joined().contains("s3cret"))
            let line = try #require(told.first { $0.hasPrefix("subscription_id ") })
            let id = try #require(line.split(separator: " ").last)

            let list = try await server.lines("webhook list --tenant acme --type budget.exhausted")
            #expect(list.count == 2 && list[1].hasPrefix(id) && list[1].contains(url), "\(list)")
            let shown = try await server.holdfast("webhook get \(id)")
            #expect(shown.code == 0 && !shown.output.contains(secret) && !shown.output.contains("s3cret"), "\(shown)")

            let changed = try await server.json("webhook update \(id) --clear-types --category tenant --name n")
            #expect(changed["event_types"] as? [String] == [] && changed["name"] as? String == "n")
            #expect((changed["thresholds"] as? [String: Any])?["budget_utilization"] as? [Double] == [0.5])
            #expect(try await server.json("webhook pause \(id)")["status"] as? String == "PAUSED")
            #expect(try await server.lines("webhook list --status PAUSED").count == 2)
            #expect(try await server.json("webhook resume \(id)")["status"] as? String == "ACTIVE")
            #expect(
                try await server.lines("webhook bulk pause --tenant acme --expected-count 1")
                    == ["1 matched: 1 done, 0 failed, 0 skipped"])
            #expect(try await server.lines("webhook delete \(id)") == ["The subscription \(id) is no more."])
            let gone = try await server.holdfast("webhook get \(id)")
            #expect(gone.code == 1 && gone.errors.hasPrefix("holdfast: WEBHOOK_NOT_FOUND: "), "\(gone)")
        }
    }

    @Test("130: a test event that nobody takes is shown as such, with exit code 1; one that is refused says why")
    func probe() async throws {
        try await AdminServer.run { server in
            _ = try await server.lines("tenant create acme")
            let id = try await subscribe(server, try await deadURL(server))
            let failed = try await server.holdfast("webhook test \(id) --json")
            #expect(failed.code == 1 && failed.errors.isEmpty, "\(failed)")
            let object = try JSONSerialization.jsonObject(with: Data(failed.output.utf8)) as? [String: Any]
            #expect(object?["success"] as? Bool == false && object?["error_message"] is String, "\(failed.output)")
            let unknown = try await server.holdfast("webhook test whsub_00nobody")
            #expect(unknown.code == 1 && unknown.errors.hasPrefix("holdfast: WEBHOOK_NOT_FOUND: "), "\(unknown)")
        }
    }

    @Test("events are listed and shown, and the overview counts what is there")
    func eventsAndOverview() async throws {
        try await AdminServer.run { server in
            _ = try await server.lines("tenant create acme")
            _ = try await server.lines("budget create tenant:acme --unit TOKENS --allocated 10")
            let list = try await server.lines("event list --tenant acme --category budget")
            #expect(list.count == 2 && list[0].hasPrefix("TIME ") && list[1].contains("budget.created"), "\(list)")
            let page = try await server.json("event list --tenant acme --sort-dir asc --limit 1")
            let event = try #require((page["events"] as? [[String: Any]])?.first)
            #expect(event["event_type"] as? String == "tenant.created" && page["has_more"] as? Bool == true)
            let id = try #require(event["event_id"] as? String)
            let shown = try await server.json("event get \(id)")
            let (request, listed) = (shown["request_id"] as? String, event["request_id"] as? String)
            #expect(request != nil && request == listed)
            #expect(
                try await server.lines("event list --tenant acme --type budget.closed") == ["There is no such event."])

            let overview = try await server.lines("overview")
            #expect(overview[0].hasPrefix("as of "), "\(overview)")
            #expect(overview.contains { $0.hasPrefix("tenants   1 total, 1 active") }, "\(overview)")
            #expect(overview.contains { $0.hasPrefix("budgets   1 total") && $0.contains("(1 TOKENS)") }, "\(overview)")
        }
    }

    @Test("bulk actions say what became of each row, and end with exit code 1 when one failed")
    func bulk() async throws {
        try await AdminServer.run { server in
            for id in ["trial-1", "trial-2"] { _ = try await server.lines("tenant create \(id)") }
            let wrong = try await server.holdfast("tenant bulk suspend --search trial- --expected-count 3")
            #expect(wrong.code == 1 && wrong.errors.hasPrefix("holdfast: COUNT_MISMATCH: "), "\(wrong)")
            let all = try await server.holdfast("tenant bulk suspend")
            #expect(all.code == 64 && all.errors.contains("by one filter at least"), "\(all)")
            _ = try await server.lines("tenant suspend trial-1")
            #expect(
                try await server.lines("tenant bulk suspend --search trial- --expected-count 2") == [
                    "2 matched: 1 done, 0 failed, 1 skipped", "",
                    "ID       OUTCOME  WHY                      MESSAGE", "trial-1  skipped  ALREADY_IN_TARGET_STATE",
                ])
            _ = try await server.lines("tenant create acme")
            for (place, amount) in [("tenant:acme", 100), ("tenant:acme/app:a", 5)] {
                _ = try await server.lines("budget create \(place) --unit TOKENS --allocated \(amount)")
            }
            let debit = "budget bulk debit --tenant acme --unit TOKENS --amount 10 --idempotency-key k"
            for _ in 0..<2 {
                let some = try await server.holdfast(debit)
                #expect(some.code == 1 && some.output.hasPrefix("2 matched: 1 done, 1 failed, 0 skipped"), "\(some)")
                #expect(some.output.contains("failed   BUDGET_EXCEEDED"), "\(some)")
            }
            let left = try await server.json("budget lookup tenant:acme --unit TOKENS")
            #expect((left["remaining"] as? [String: Any])?["amount"] as? Int == 90)
        }
    }
}
