// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import SharedKernel
import StrictJSON
import Testing

/// Every type of event that Holdfast makes, held against `Event` and its `EventData…` in the OpenAPI file, as each
/// answer of the stack is.
@Suite("Events against their schemas", .serialized)
struct EventSchemaTests {
    /// Types of the protocol that nothing makes, and the test event, which is in no log.
    private static let unmade: Set<String> = [
        "budget.closed", "reservation.denial_rate_spike", "reservation.expiry_rate_spike",
        "api_key.auth_failure_rate_spike", "policy.deleted", "system.high_latency", "system.webhook_test",
    ]

    /// What workers and the runtime write, as it is stored, and what the data must say of it.
    private static let stored: [(type: String, context: String, data: String, member: StaticString)] = [
        (
            "reservation.expired", "",
            fields(
                "00000000000000000000000000000000", "T", "5", "tenant:acme", "1700000000000", "1700000060000", "60000",
                "2"),
            "extensions_used"
        ),
        (
            "budget.burn_rate_anomaly", #"{"source":"anomaly-detector","actor":{"type":"scheduler"}}"#,
            #"{"scope":"tenant:acme","unit":"TOKENS","current_rate":20,"baseline_rate":2.5,"multiplier":8,"#
                + #""window_seconds":300,"projected_exhaustion_minutes":1.25}"#, "baseline_rate"
        ),
        (
            "api_key.expired", #"{"source":"expiry-sweeper","actor":{"type":"scheduler"}}"#,
            #"{"key_id":"key_00AAAAAAAAAAAAAAAA","key_name":"n","previous_status":"ACTIVE","new_status":"EXPIRED"}"#,
            "new_status"
        ),
        (
            "webhook.disabled", #"{"source":"cycles-events","actor":{"type":"system"}}"#,
            #"{"subscription_id":"whsub_00AAAAAAAAAAAAAAAA","tenant_id":"acme","previous_status":"ACTIVE","#
                + #""new_status":"DISABLED","changed_fields":["status"],"disable_reason":"endpoint_gone"}"#,
            "disable_reason"
        ),
        (
            "system.webhook_delivery_failed", #"{"source":"cycles-events","actor":{"type":"system"}}"#,
            #"{"component":"webhook_dispatcher","message":"m","severity":"warning","details":{"attempts":6}}"#,
            "details"
        ),
        ("system.store_connection_lost", "", system, "component"),
        ("system.store_connection_restored", "", system, "component"),
    ]

    private static let system = #"{"component":"store","message":"m","severity":"critical","details":{}}"#

    private static func fields(_ texts: String...) -> String { texts.joined(separator: "\0") }

    /// Sends something that must succeed.
    private func ask(
        _ stack: AdminStack, _ method: HTTPRequest.Method, _ path: String, _ body: String = "",
        as credentials: AdminStack.Credentials = .admin
    ) async throws -> AdminAnswer {
        let answer = try await stack.send(path, body, method: method, as: credentials)
        try #require((200..<300).contains(answer.status.code), "\(method) \(path): \(answer.body)")
        return answer
    }

    /// The life of a budget: every funding operation, use to the last, debt and the way out of it.
    private func spend(_ stack: AdminStack, _ key: AdminStack.Credentials) async throws {
        let place = "scope=tenant:acme/app:a&unit=TOKENS"
        _ = try await ask(
            stack, .post, "/v1/admin/budgets",
            #"{"tenant_id":"acme","scope":"tenant:acme/app:a","unit":"TOKENS","#
                + #""allocated":{"unit":"TOKENS","amount":100},"overdraft_limit":{"unit":"TOKENS","amount":5}}"#)
        func fund(_ operation: String, _ amount: Int) async throws {
            _ = try await ask(
                stack, .post, "/v1/admin/budgets/fund?tenant_id=acme&" + place,
                #"{"operation":"\#(operation)","amount":{"unit":"TOKENS","amount":\#(amount)},"reason":"r"}"#)
        }
        for (operation, amount) in [("CREDIT", 5), ("DEBIT", 5), ("RESET", 90), ("RESET_SPENT", 100)] {
            try await fund(operation, amount)
        }
        for verb in ["freeze", "unfreeze"] { _ = try await ask(stack, .post, "/v1/admin/budgets/\(verb)?" + place) }
        let subject = #""subject":{"tenant":"acme","app":"a"},"action":{"kind":"k","name":"n"}"#
        let made = try await ask(
            stack, .post, "/v1/reservations",
            #"{"idempotency_key":"r",\#(subject),"estimate":{"unit":"TOKENS","amount":100},"#
                + #""overage_policy":"ALLOW_WITH_OVERDRAFT"}"#, as: key)
        let id = try #require(made.text("reservation_id"))
        let refused = try await stack.send(
            "/v1/reservations",
            #"{"idempotency_key":"d",\#(subject),"estimate":{"unit":"TOKENS","amount":1}}"#, as: key)
        #expect(refused.status == .conflict)
        _ = try await ask(
            stack, .post, "/v1/reservations/\(id)/commit",
            #"{"idempotency_key":"c","actual":{"unit":"TOKENS","amount":105}}"#, as: key)
        _ = try await ask(
            stack, .patch, "/v1/admin/budgets?" + place, #"{"overdraft_limit":{"unit":"TOKENS","amount":2}}"#)
        try await fund("REPAY_DEBT", 4)
        // What its tenant's end gives back.
        try await fund("CREDIT", 50)
        _ = try await ask(
            stack, .post, "/v1/reservations",
            #"{"idempotency_key":"r2",\#(subject),"estimate":{"unit":"TOKENS","amount":1},"overage_policy":"REJECT"}"#,
            as: key)
    }

    private func administrate(_ stack: AdminStack) async throws {
        for body in [#"{"metadata":{"a":"b"}}"#, #"{"status":"SUSPENDED"}"#, #"{"status":"ACTIVE"}"#] {
            _ = try await ask(stack, .patch, "/v1/admin/tenants/acme", body)
        }
        _ = try await ask(
            stack, .put, "/v1/admin/x-holdfast/tenants/acme/limits", #"{"concurrent_reservations":5}"#)
        let second = try #require(try await stack.makeKey("acme").text("key_id"))
        _ = try await ask(stack, .patch, "/v1/admin/api-keys/\(second)", #"{"permissions":["balances:read"]}"#)
        _ = try await ask(stack, .delete, "/v1/admin/api-keys/\(second)?reason=r")
        #expect(try await stack.send("/v1/balances", method: .get, as: .key("nobody's")).status == .unauthorized)
        let policy = try await ask(
            stack, .post, "/v1/admin/policies", #"{"tenant_id":"acme","name":"p","scope_pattern":"tenant:acme/*"}"#)
        _ = try await ask(
            stack, .patch, "/v1/admin/policies/\(try #require(policy.text("policy_id")))", #"{"priority":2}"#)
        for isDeleted in [true, false] {
            let hook = try await ask(
                stack, .post, "/v1/admin/webhooks?tenant_id=acme",
                #"{"url":"https://hooks.example.com/a","event_types":["tenant.updated"]}"#)
            let id = hook.root.member("subscription")?.member("subscription_id")?.stringBytes() ?? []
            let path = "/v1/admin/webhooks/" + String(decoding: id, as: UTF8.self)
            guard isDeleted else { continue }
            for body in [#"{"name":"n"}"#, #"{"status":"PAUSED"}"#, #"{"status":"ACTIVE"}"#] {
                _ = try await ask(stack, .patch, path, body)
            }
            _ = try await ask(stack, .delete, path)
        }
    }

    @Test("59, 60: every type that is made fits Event and the data of its type, with the category of its name")
    func everyType() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let key = AdminStack.Credentials.key(try #require(try await stack.makeKey("acme").text("key_secret")))
            try await administrate(stack)
            try await spend(stack, key)
            _ = try await ask(stack, .patch, "/v1/admin/tenants/acme", #"{"status":"CLOSED"}"#)
            for (index, event) in Self.stored.enumerated() {
                let tenant = event.type.hasPrefix("system.") ? "__system__" : "acme"
                let shard = tenant == "acme" ? try stack.shard("acme") : stack.installation.keyspace.shard(of: .system)
                try await stack.writeEvent(
                    tenant, in: shard, sequence: Int64(1_700_000_000_000_000 + index), event.type,
                    context: event.context, data: event.data)
            }
            try await ReservationAPIStack.eventually {
                try await stack.events("event_type=api_key.auth_failed").rows.count == 1
            }
            let events = try await stack.allEvents("limit=100")
            for event in events {
                #expect(event.type.hasPrefix(event.category + "."), "\(event)")
            }
            let types = Set(events.map(\.type))
            #expect(types.isDisjoint(with: Self.unmade))
            #expect(Self.protocolTypes.count == 51)
            for type in Self.protocolTypes where !Self.unmade.contains(type) {
                #expect(types.contains(type), "nothing has made \(type)")
            }
            for event in Self.stored {
                let answer = try await stack.send(
                    "/v1/admin/events?event_type=\(event.type)", method: .get, as: .admin)
                let row = try #require(answer.root.member("events")?.elements.first { _ in true })
                #expect(row.member("data")?.member(event.member) != nil, "\(event.type)")
            }
        }
    }

    /// The 51 types of the protocol (admin digest 4.2).
    private static let protocolTypes: [String] = [
        (
            "budget",
            "created updated funded debited reset reset_spent debt_repaid frozen unfrozen closed "
                + "closed_via_tenant_cascade threshold_crossed exhausted over_limit_entered over_limit_exited "
                + "debt_incurred burn_rate_anomaly"
        ),
        (
            "reservation",
            "denied denial_rate_spike expired expiry_rate_spike commit_overage released_via_tenant_cascade"
        ),
        ("tenant", "created updated suspended reactivated closed settings_changed"),
        ("webhook", "created updated paused resumed disabled deleted disabled_via_tenant_cascade"),
        (
            "api_key",
            "created revoked revoked_via_tenant_cascade expired permissions_changed auth_failed "
                + "auth_failure_rate_spike"
        ),
        ("policy", "created updated deleted"),
        (
            "system",
            "store_connection_lost store_connection_restored high_latency webhook_delivery_failed webhook_test"
        ),
    ].flatMap { group, names in names.split(separator: " ").map { "\(group).\($0)" } }
}
