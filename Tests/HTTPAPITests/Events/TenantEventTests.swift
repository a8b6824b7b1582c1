// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import SharedKernel
import StrictJSON
import Testing

@Suite("The event log as tenants see it", .serialized)
struct TenantEventTests {
    private static let path = "/v1/events"

    private func key(_ stack: AdminStack, _ more: String = #","permissions":["events:read"]"#) async throws
        -> AdminStack.Credentials
    {
        .key(try #require(try await stack.makeKey("acme", more).text("key_secret")))
    }

    /// Two tenants, with events of all categories in the log of the first.
    private func fill(_ stack: AdminStack) async throws {
        for tenant in ["acme", "other"] {
            try await stack.makeTenant(tenant)
            try await stack.makeBudget(tenant, "tenant:\(tenant)/app:x", allocated: 100)
            try await stack.makeBudget(tenant, "tenant:\(tenant)/app:y", allocated: 100)
        }
        _ = try await stack.send(
            "/v1/admin/policies", #"{"tenant_id":"acme","name":"p","scope_pattern":"tenant:acme"}"#, as: .admin)
        let shard = try stack.shard("acme")
        for (index, type) in [
            "reservation.expired", "custom.resource.reserved", "webhook.created", "system.webhook_test",
            "policy.deleted",
        ].enumerated() {
            try await stack.writeEvent("acme", in: shard, sequence: 2_000_000_000_000_000 + Int64(index), type)
        }
    }

    @Test("65: a tenant sees its own events of the categories budget, reservation and tenant, and no others")
    func own() async throws {
        try await AdminStack.run { stack in
            try await fill(stack)
            let key = try await key(stack)
            let rows = try await stack.allEvents("limit=2", path: Self.path, as: key)
            #expect(
                rows.map(\.type) == [
                    "custom.resource.reserved", "reservation.expired", "budget.created", "budget.created",
                    "tenant.created",
                ])
            #expect(rows.allSatisfy { $0.tenant == "acme" })
            // Whom else it names makes no difference.
            #expect(try await stack.allEvents("tenant_id=other", path: Self.path, as: key) == rows)
            let kinds = ["category=reservation": 2, "category=budget": 2, "event_type=tenant.created": 1]
            for (query, count) in kinds {
                #expect(try await stack.allEvents(query, path: Self.path, as: key).count == count, "\(query)")
            }
            #expect(try await stack.allEvents("scope=tenant:acme/app:y", path: Self.path, as: key).count == 1)
        }
    }

    @Test("66: asking for a category or type that is the operator's, or for none at all, is 400")
    func foreign() async throws {
        try await AdminStack.run { stack in
            try await fill(stack)
            let key = try await key(stack)
            for query in [
                "category=api_key", "category=policy", "category=webhook", "category=system", "category=x",
                "event_type=policy.created", "event_type=budget.nothing", "event_type=nothing",
            ] {
                let answer = try await stack.send("/v1/events?" + query, method: .get, as: key)
                #expect(answer.status == .badRequest && answer.error == "INVALID_REQUEST", "\(query)")
            }
        }
    }

    @Test("67: without events:read it is 403, with the operator's key alone 401, with a revoked key 401")
    func access() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let without = try await stack.send("/v1/events", method: .get, as: try await key(stack, ""))
            #expect(without.status == .forbidden && without.error == "INSUFFICIENT_PERMISSIONS")
            #expect(try await stack.send("/v1/events", method: .get, as: .admin).status == .unauthorized)
            let made = try await stack.makeKey("acme", #","permissions":["events:read"]"#)
            let credentials = AdminStack.Credentials.key(try #require(made.text("key_secret")))
            #expect(try await stack.send("/v1/events", method: .get, as: credentials).status == .ok)
            let id = try #require(made.text("key_id"))
            #expect(try await stack.send("/v1/admin/api-keys/\(id)", method: .delete, as: .admin).status == .ok)
            #expect(try await stack.send("/v1/events", method: .get, as: credentials).status == .unauthorized)
        }
    }

    @Test("What is outside of a key's scope filter is left out")
    func scopes() async throws {
        try await AdminStack.run { stack in
            try await fill(stack)
            let key = try await key(stack, #","permissions":["events:read"],"scope_filter":["app:x"]"#)
            let rows = try await stack.allEvents("limit=1", path: Self.path, as: key)
            #expect(rows.map(\.scope) == ["tenant:acme/app:x"])
            let all = try await self.key(stack, #","permissions":["events:read"],"scope_filter":["tenant:acme"]"#)
            #expect(try await stack.allEvents("", path: Self.path, as: all).count == 5)
        }
    }
}
