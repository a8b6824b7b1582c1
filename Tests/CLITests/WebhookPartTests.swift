// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import ArgumentParser
import Foundation
import StrictJSON
import Testing

@testable import HoldfastCLI

@Suite("Parts of the commands for events and webhooks")
struct WebhookPartTests {
    private func json(_ text: String) throws -> JSONValue { try JSONDocument.parse([UInt8](text.utf8)).root }

    private func text(_ body: RequestBody) -> String { String(decoding: body.bytes, as: UTF8.self) }

    @Test("a subscription is created with what was given and nothing else, numbers as they were written")
    func create() throws {
        let short = try WebhookCreate.parse(["https://a.example/x", "--type", "budget.reset", "--category", "tenant"])
        #expect(
            text(try short.body())
                == #"{"url":"https://a.example/x","event_types":["budget.reset"],"event_categories":["tenant"]}"#)
        let long = try WebhookCreate.parse([
            "https://a.example/x", "--tenant", "acme", "--type", "budget.exhausted", "--type", "tenant.closed",
            "--scope-filter", "tenant:acme/*", "--name", "n", "--header", "Authorization=Bearer a=b", "--ordering",
            "strict", "--threshold", "0.8", "--threshold", "0.95", "--burn-rate-multiplier", "1.5",
            "--burn-rate-window", "60", "--max-retries", "0", "--initial-delay-ms", "100", "--backoff-multiplier",
            "2.5", "--max-delay-ms", "1000", "--disable-after", "3", "--metadata", "team=core",
        ])
        #expect(
            text(try long.body())
                == #"{"url":"https://a.example/x","event_types":["budget.exhausted","tenant.closed"],"#
                + #""scope_filter":"tenant:acme/*","name":"n","headers":{"Authorization":"Bearer a=b"},"#
                + #""ordering":"strict","thresholds":{"budget_utilization":[0.8,0.95],"burn_rate_multiplier":1.5,"#
                + #""burn_rate_window_seconds":60},"retry_policy":{"max_retries":0,"initial_delay_ms":100,"#
                + #""backoff_multiplier":2.5,"max_delay_ms":1000},"disable_after_failures":3,"#
                + #""metadata":{"team":"core"}}"#)
        #expect(throws: (any Error).self) { try WebhookCreate.parse(["https://a.example/x", "--category", "tenant"]) }
    }

    @Test("a signing secret comes from a file, without the line's end")
    func secrets() async throws {
        try await RunningProgram.inTemporaryFolder { folder in
            let file = folder.appending(path: "secret").path
            try Data("whsec_abc\n".utf8).write(to: URL(filePath: file))
            let update = try WebhookUpdate.parse(["whsub_1", "--signing-secret-file", file])
            #expect(text(try update.body()) == #"{"signing_secret":"whsec_abc"}"#)
            let missing = try WebhookUpdate.parse(["whsub_1", "--signing-secret-file", file + "x"])
            #expect(throws: Unusable.self) { try missing.body() }
        }
    }

    @Test("a change has what was given, empty lists where they are to be cleared, and not both")
    func update() throws {
        let cleared = try WebhookUpdate.parse(["whsub_1", "--clear-types", "--category", "budget"])
        #expect(text(try cleared.body()) == #"{"event_types":[],"event_categories":["budget"]}"#)
        let moved = try WebhookUpdate.parse(["whsub_1", "--to-url", "https://b.example/", "--clear-categories"])
        #expect(text(try moved.body()) == #"{"url":"https://b.example/","event_categories":[]}"#)
        let idle = try WebhookUpdate.parse(["whsub_1"])
        #expect(throws: ValidationError.self) { try idle.body() }
        #expect(throws: (any Error).self) { try WebhookUpdate.parse(["whsub_1", "--clear-types", "--type", "a.b"]) }
        #expect(throws: (any Error).self) {
            try WebhookUpdate.parse(["whsub_1", "--clear-categories", "--category", "budget"])
        }
    }

    @Test("rules for webhooks are set as given; no ranges is not the same as the usual ones")
    func security() throws {
        #expect(text(try WebhookSecuritySet.parse([]).body) == "{}")
        let open = try WebhookSecuritySet.parse(["--no-blocked-ranges", "--allow-http"])
        #expect(text(open.body) == #"{"blocked_cidr_ranges":[],"allow_http":true}"#)
        let narrow = try WebhookSecuritySet.parse(["--blocked-range", "10.0.0.0/8", "--allowed-url", "https://*"])
        #expect(
            text(narrow.body) == #"{"blocked_cidr_ranges":["10.0.0.0/8"],"allowed_url_patterns":["https://*"]}"#)
        #expect(throws: (any Error).self) {
            try WebhookSecuritySet.parse(["--no-blocked-ranges", "--blocked-range", "10.0.0.0/8"])
        }
    }

    @Test("bulk actions are said in words, and what cannot be undone takes a yes")
    func bulk() throws {
        #expect(throws: (any Error).self) { try TenantBulk.parse(["close", "--search", "x"]) }
        #expect(try TenantBulk.parse(["close", "--search", "x", "--yes"]).action == .close)
        #expect(throws: (any Error).self) { try TenantBulk.parse(["suspend"]) }
        #expect(throws: (any Error).self) { try WebhookBulk.parse(["pause"]) }
        #expect(throws: (any Error).self) { try WebhookBulk.parse(["delete", "--tenant", "acme"]) }
        #expect(try WebhookBulk.parse(["pause", "--tenant", "acme"]).action == .pause)
        let words = ["--tenant", "acme", "--unit", "tokens", "--amount", "5"]
        let actions = try BudgetBulkWord.allValueStrings.map { try BudgetBulk.parse([$0] + words).action.rawValue }
        #expect(actions == ["CREDIT", "DEBIT", "RESET", "RESET_SPENT", "REPAY_DEBT"])
        #expect(throws: (any Error).self) { try BudgetBulk.parse(["fund", "--spent", "1"] + words) }
        let few = try BudgetBulk.parse(["debit", "--has-debt", "--utilization-min", "0.25"] + words)
        #expect(text(few.filter) == #"{"tenant_id":"acme","unit":"TOKENS","has_debt":true,"utilization_min":0.25}"#)
    }

    @Test("of a bulk action the counts are shown, and every row that was not simply done")
    func bulkText() throws {
        let done = #"{"total_matched":2,"succeeded":[{"id":"a"},{"id":"b"}],"failed":[],"skipped":[]}"#
        #expect(BulkText.text(try json(done)) == "2 matched: 2 done, 0 failed, 0 skipped")
        let mixed =
            #"{"total_matched":3,"succeeded":[{"id":"a"}],"failed":[{"id":"b","error_code":"INVALID_TRANSITION","#
            + #""message":"is closed"}],"skipped":[{"id":"c","reason":"ALREADY_IN_TARGET_STATE"}]}"#
        #expect(
            BulkText.text(try json(mixed)) == """
                3 matched: 1 done, 1 failed, 1 skipped

                ID  OUTCOME  WHY                      MESSAGE
                b   failed   INVALID_TRANSITION       is closed
                c   skipped  ALREADY_IN_TARGET_STATE
                """)
    }

    @Test("the overview has a line for each count, and a table for each list that has rows")
    func overview() throws {
        let root = try json(
            #"{"as_of":"2027-01-01T00:00:00.000Z","tenant_counts":{"total":2,"active":2},"#
                + #""budget_counts":{"total":3,"over_limit":1,"by_unit":{"TOKENS":3}},"#
                + #""over_limit_scopes":[{"scope":"tenant:acme","unit":"TOKENS","allocated":10,"remaining":-5,"#
                + #""debt":7}],"#
                + #""debt_scopes":[],"webhook_counts":{"total":0},"failing_webhooks":[],"#
                + #""event_counts":{"total_recent":4,"by_category":{"budget":4}},"recent_denials":[],"#
                + #""recent_denials_by_reason":{"BUDGET_EXCEEDED":9},"recent_expiries":[]}"#)
        #expect(
            OverviewCommand.text(root) == """
                as of     2027-01-01T00:00:00.000Z
                tenants   2 total, 2 active
                budgets   3 total, 1 over limit, by unit (3 TOKENS)
                webhooks  0 total
                events    4 total recent, by category (4 budget)
                denials   9 BUDGET_EXCEEDED

                Over their limit:
                SCOPE        UNIT    ALLOCATED  REMAINING  DEBT
                tenant:acme  TOKENS         10         -5     7
                """)
    }

    @Test("deliveries are a table, with the subscription where there are several")
    func deliveries() throws {
        let root = try json(
            #"{"deliveries":[{"delivery_id":"del_1","subscription_id":"whsub_1","event_id":"evt_1","#
                + #""event_type":"budget.exhausted","status":"FAILED","attempted_at":"T","attempts":6,"#
                + #""response_status":500,"error_message":"HTTP 500"}],"has_more":false}"#)
        #expect(
            DeliveryCommand.text(root, withSubscription: true) == """
                TIME  SUBSCRIPTION  DELIVERY  EVENT  TYPE              STATUS  ATTEMPTS  ANSWER  ERROR
                T     whsub_1       del_1     evt_1  budget.exhausted  FAILED         6     500  HTTP 500
                """)
        #expect(!DeliveryCommand.text(root, withSubscription: false).contains("whsub_1"))
        let none = DeliveryCommand.text(try json(#"{"deliveries":[],"has_more":false}"#), withSubscription: true)
        #expect(none == "There is no such delivery.")
    }
}
