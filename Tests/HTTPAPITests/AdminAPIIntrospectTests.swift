// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import SharedKernel
import StrictJSON
import Testing

@Suite("Admin API, introspection")
struct AdminAPIIntrospectTests {
    private static let operatorsOwn: Set = [
        "view_overview", "view_tenants", "view_api_keys", "view_audit", "manage_tenants", "manage_api_keys",
    ]

    private func flags(_ answer: AdminAnswer) -> [String: Bool] {
        var flags: [String: Bool] = [:]
        for member in answer.root.member("capabilities")?.members ?? answer.root.members {
            flags[String(decoding: member.key.stringBytes() ?? [], as: UTF8.self)] = member.value.bool()
        }
        return flags
    }

    private func introspect(
        _ stack: AdminStack, _ credentials: AdminStack.Credentials
    ) async throws -> AdminAnswer {
        try await stack.send("/v1/auth/introspect", method: .get, as: credentials)
    }

    @Test("15: the operator may do everything and has no tenant")
    func admin() async throws {
        try await AdminStack.run { stack in
            let answer = try await introspect(stack, .admin)
            #expect(answer.status == .ok && answer.text("auth_type") == "admin")
            #expect(answer.root.member("authenticated")?.bool() == true)
            #expect(answer.texts("permissions") == ["*"])
            #expect(flags(answer).count == 15 && flags(answer).values.allSatisfy { $0 })
            #expect(answer.root.member("tenant_id") == nil && answer.root.member("scope_filter") == nil)
        }
    }

    @Test("16, 17, 18: a tenant's flags follow the frozen table, one permission at a time")
    func flagTable() async throws {
        let view: [String: [String]] = [
            "view_budgets": ["budgets:read", "admin:read", "admin:budgets:read"],
            "view_policies": ["policies:read", "admin:read", "admin:policies:read"],
            "view_webhooks": ["webhooks:read", "admin:read", "admin:webhooks:read"],
            "view_events": ["events:read", "admin:read", "admin:events:read"],
            "view_reservations": [
                "reservations:list", "reservations:create", "reservations:commit", "reservations:release",
                "reservations:extend", "admin:read",
            ],
            "manage_budgets": ["budgets:write", "admin:write", "admin:budgets:write"],
            "manage_policies": ["policies:write", "admin:write", "admin:policies:write"],
            "manage_webhooks": ["webhooks:write", "admin:write", "admin:webhooks:write"],
            "manage_reservations": [
                "reservations:create", "reservations:commit", "reservations:release", "reservations:extend",
                "admin:write",
            ],
        ]
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            for permission in Permission.allCases {
                let key = try await stack.makeKey("acme", #","permissions":["\#(permission.rawValue)"]"#)
                let answer = try await introspect(stack, .key(try #require(key.text("key_secret"))))
                #expect(answer.status == .ok && answer.text("auth_type") == "tenant")
                #expect(answer.text("tenant_id") == "acme" && answer.texts("permissions") == [permission.rawValue])
                var expected = view.mapValues { $0.contains(permission.rawValue) }
                for name in Self.operatorsOwn { expected[name] = false }
                #expect(flags(answer) == expected, "\(permission)")
            }
        }
    }

    @Test("19: the scope filter is there when the key has one")
    func scopeFilter() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let free = try #require(try await stack.makeKey("acme").text("key_secret"))
            #expect(try await introspect(stack, .key(free)).root.member("scope_filter") == nil)
            let bound = try await stack.makeKey("acme", #","scope_filter":["app:a","agent:*"]"#)
            let answer = try await introspect(stack, .key(try #require(bound.text("key_secret"))))
            #expect(answer.texts("scope_filter") == ["app:a", "agent:*"])
        }
    }

    @Test("8, 9: bad keys are 401, a wrong admin key beside a good one too; a revoked key from the next request on")
    func unauthorized() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let key = try await stack.makeKey("acme", #","permissions":[]"#)
            let secret = try #require(key.text("key_secret"))
            #expect(try await introspect(stack, .key(secret)).status == .ok, "no permission is needed")
            for credentials in [
                .none, .key("cyc_live_x"), .init(admin: "wrong"), .init(admin: "wrong", tenant: secret),
            ] as [AdminStack.Credentials] {
                let answer = try await introspect(stack, credentials)
                #expect(answer.status == .unauthorized && answer.error == "UNAUTHORIZED")
            }
            let both = try await introspect(stack, .init(admin: AdminStack.adminKey, tenant: secret))
            #expect(both.text("auth_type") == "admin")
            let id = try #require(key.text("key_id"))
            #expect(try await stack.send("/v1/admin/api-keys/\(id)", method: .delete, as: .admin).status == .ok)
            #expect(try await introspect(stack, .key(secret)).status == .unauthorized)
        }
    }
}
