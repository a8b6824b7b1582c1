// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import SharedKernel
import StrictJSON
import Testing

/// Who may do what, generated from the endpoints themselves: every permission on every route, and one tenant's key on
/// everything of another.
@Suite("Access, route by route", .serialized)
struct AccessMatrixTests {
    private static let endpoints =
        AdminAPI.endpoints + AdminAPI.webhookEndpoints(WebhookTarget().services) + CyclesAPI.endpoints
        + ReservationAPI.endpoints

    /// The path of an endpoint with something in place of its parameters.
    private static func path(_ endpoint: Endpoint) -> String {
        "/" + endpoint.pattern.map { $0 ?? "nothing" }.joined(separator: "/")
    }

    private static func needed(_ endpoint: Endpoint) -> Permission? {
        switch endpoint.access {
        case .tenant(let permission), .tenantOrAdmin(let permission): permission
        default: nil
        }
    }

    @Test("10, 11: a key with one permission gets 403 on exactly the routes that its permission does not open")
    func permissions() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let routes = Self.endpoints.filter { Self.needed($0) != nil }
            #expect(routes.count >= 15)
            for permission in Permission.allCases {
                let key = try #require(
                    try await stack.makeKey("acme", #","permissions":["\#(permission.rawValue)"]"#).text("key_secret"))
                for endpoint in routes {
                    guard let needed = Self.needed(endpoint) else { continue }
                    let answer = try await stack.send(
                        Self.path(endpoint), "{}", method: endpoint.method, as: .key(key))
                    let isOpen = PermissionSet([permission]).allows(needed)
                    let code = endpoint.surface == .admin ? "INSUFFICIENT_PERMISSIONS" : "FORBIDDEN"
                    let lacks = answer.status == .forbidden && answer.body.contains("lacks the permission")
                    #expect(lacks == !isOpen, "\(permission.rawValue) on \(endpoint.name): \(answer.body)")
                    if lacks, endpoint.surface != .reservation { #expect(answer.error == code, "\(endpoint.name)") }
                }
            }
        }
    }

    @Test("9, 14: without a key, with a wrong or revoked one, and with a tenant's on the operator's routes: 401")
    func keys() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let all = try #require(try await stack.makeKey("acme", Self.everything).text("key_secret"))
            let revoked = try await stack.makeKey("acme")
            let id = try #require(revoked.text("key_id"))
            let gone = try await stack.send("/v1/admin/api-keys/\(id)", method: .delete, as: .admin)
            #expect(gone.status == .ok)
            let secret = try #require(revoked.text("key_secret"))
            let before = try await stack.contents()
            for endpoint in Self.endpoints {
                let path = Self.path(endpoint)
                if case .open = endpoint.access { continue }
                let bad: [AdminStack.Credentials] = [
                    .none, .key("cyc_live_unknown"), .key(secret), .init(admin: "wrong", tenant: nil),
                ]
                var bodies: Set<String> = []
                for credentials in bad {
                    let answer = try await stack.send(path, "{}", method: endpoint.method, as: credentials)
                    #expect(answer.status == .unauthorized, "\(endpoint.name)")
                    bodies.insert(answer.message + (answer.text("error") ?? ""))
                }
                #expect(bodies.count <= 1, "one answer for every bad key: \(bodies)")
                if case .admin = endpoint.access {
                    let answer = try await stack.send(path, "{}", method: endpoint.method, as: .key(all))
                    #expect(answer.status == .unauthorized, "\(endpoint.name)")
                }
            }
            // What is told of failed logins is written a moment later, perhaps between two of the reads.
            var after = try await stack.contents()
            for _ in 0..<100 where after != before {
                try await Task.sleep(for: .milliseconds(100))
                after = try await stack.contents()
            }
            #expect(after == before)
        }
    }

    private static let everything =
        #","permissions":[\#(Permission.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ","))]"#

    @Test("35, 52, 53: one tenant's key on everything of another: 403 or 404, nothing shown, nothing changed")
    func otherTenants() async throws {
        try await AdminStack.run { stack in
            for tenant in ["acme", "other"] { try await stack.makeTenant(tenant) }
            let mine = try #require(try await stack.makeKey("other", Self.everything).text("key_secret"))
            let theirs = try await stack.makeKey("acme", Self.everything)
            let key = try #require(theirs.text("key_secret"))
            try await stack.makeBudget("acme", "tenant:acme", allocated: 777_777)
            let policy = try await stack.send(
                "/v1/admin/policies", #"{"name":"secret-policy","scope_pattern":"tenant:acme"}"#, as: .key(key))
            let policyID = try #require(policy.text("policy_id"))
            let reservation = try await stack.send(
                "/v1/reservations",
                """
                {"idempotency_key":"k","subject":{"tenant":"acme"},"action":{"kind":"a","name":"b"},
                 "estimate":{"unit":"TOKENS","amount":7}}
                """, as: .key(key))
            let id = try #require(reservation.text("reservation_id"))
            let before = try await stack.contents()
            let amount = #"{"unit":"TOKENS","amount":1}"#
            let requests: [(HTTPRequest.Method, String, String)] = [
                (.get, "/v1/reservations/\(id)", ""),
                (.post, "/v1/reservations/\(id)/commit", #"{"idempotency_key":"c","actual":\#(amount)}"#),
                (.post, "/v1/reservations/\(id)/release", #"{"idempotency_key":"c"}"#),
                (.post, "/v1/reservations/\(id)/extend", #"{"idempotency_key":"c","extend_by_ms":1}"#),
                (
                    .post, "/v1/reservations",
                    #"{"idempotency_key":"k","subject":{"tenant":"acme"},"action":{"kind":"a","name":"b"},"#
                        + #""estimate":\#(amount)}"#
                ),
                (.get, "/v1/balances?tenant=acme", ""), (.get, "/v1/balances?tenant_id=acme", ""),
                (.get, "/v1/admin/budgets/lookup?scope=tenant:acme&unit=TOKENS", ""),
                (
                    .post, "/v1/admin/budgets/fund?scope=tenant:acme&unit=TOKENS",
                    #"{"operation":"CREDIT","amount":\#(amount)}"#
                ),
                (.post, "/v1/admin/budgets", #"{"scope":"tenant:acme/app:x","unit":"TOKENS","allocated":\#(amount)}"#),
                (.patch, "/v1/admin/policies/\(policyID)", #"{"priority":3}"#),
            ]
            for (method, path, body) in requests {
                let answer = try await stack.send(path, body, method: method, as: .key(mine))
                #expect([403, 404].contains(answer.status.code), "\(method) \(path): \(answer.body)")
                for secret in ["777777", "secret-policy", "777770"] {
                    #expect(!answer.body.contains(secret), "\(path)")
                }
            }
            for path in [
                "/v1/admin/budgets?tenant_id=acme", "/v1/admin/policies?tenant_id=acme",
                "/v1/balances?scope_prefix=tenant:a",
            ] {
                let answer = try await stack.send(path, method: .get, as: .key(mine))
                #expect(!answer.body.contains("777777") && !answer.body.contains("secret-policy"), "\(path)")
            }
            #expect(try await stack.contents() == before)
        }
    }
}
