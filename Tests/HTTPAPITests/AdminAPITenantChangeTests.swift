// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import RedisClient
import SharedKernel
import StrictJSON
import Testing

@Suite("Admin API, tenants that change")
struct AdminAPITenantChangeTests {
    /// A request that would change something of `acme`.
    private struct Mutation: Sendable {
        let method: HTTPRequest.Method
        let target: String
        let body: String

        static func all(_ keyID: String) -> [Mutation] {
            let ledger = #""scope":"tenant:acme/app:a","unit":"TOKENS","allocated":{"unit":"TOKENS","amount":7}"#
            let funding = "/v1/admin/budgets/fund?scope=tenant:acme&unit=TOKENS&tenant_id=acme"
            return [
                Mutation(method: .patch, target: "/v1/admin/tenants/acme", body: #"{"name":"Other"}"#),
                Mutation(
                    method: .patch, target: "/v1/admin/tenants/acme", body: #"{"name":"Other","status":"CLOSED"}"#),
                Mutation(method: .post, target: "/v1/admin/api-keys", body: #"{"tenant_id":"acme","name":"k"}"#),
                Mutation(method: .patch, target: "/v1/admin/api-keys/\(keyID)", body: #"{"name":"Other"}"#),
                Mutation(method: .patch, target: "/v1/admin/api-keys/\(keyID)", body: "{}"),
                Mutation(method: .delete, target: "/v1/admin/api-keys/\(keyID)", body: ""),
                Mutation(method: .post, target: "/v1/admin/budgets", body: #"{"tenant_id":"acme",\#(ledger)}"#),
                Mutation(
                    method: .post, target: funding,
                    body: #"{"operation":"CREDIT","amount":{"unit":"TOKENS","amount":1}}"#),
            ]
        }
    }

    private func patch(_ stack: AdminStack, _ tenant: String, _ body: String) async throws -> AdminAnswer {
        try await stack.send("/v1/admin/tenants/\(tenant)", body, method: .patch, as: .admin)
    }

    private func get(_ stack: AdminStack, _ tenant: String) async throws -> AdminAnswer {
        try await stack.send("/v1/admin/tenants/\(tenant)", method: .get, as: .admin)
    }

    /// A reservation of 10 tokens in the tenant's scope.
    private func reserve(_ stack: AdminStack, _ key: String, _ idempotencyKey: String) async throws -> AdminAnswer {
        try await stack.send(
            "/v1/reservations",
            """
            {"idempotency_key":"\(idempotencyKey)","subject":{"tenant":"acme"},
             "action":{"kind":"llm","name":"chat"},"estimate":{"unit":"TOKENS","amount":10}}
            """, as: .key(key))
    }

    private func commit(_ stack: AdminStack, _ key: String, _ id: String) async throws -> AdminAnswer {
        try await stack.send(
            "/v1/reservations/\(id)/commit",
            #"{"idempotency_key":"c1","actual":{"unit":"TOKENS","amount":7}}"#, as: .key(key))
    }

    @Test("A tenant is shown as stored; an unknown one, or what cannot be an id, is 404 TENANT_NOT_FOUND")
    func gets() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let answer = try await get(stack, "acme")
            #expect(answer.status == .ok)
            #expect(answer.text("tenant_id") == "acme" && answer.text("status") == "ACTIVE")
            #expect(answer.text("suspended_at") == nil && answer.text("closed_at") == nil)
            for tenant in ["other", "Acme", "a", "x%2Fy"] {
                for answer in [try await get(stack, tenant), try await patch(stack, tenant, #"{"name":"B"}"#)] {
                    #expect(answer.status == .notFound && answer.error == "TENANT_NOT_FOUND", "\(tenant)")
                }
            }
        }
    }

    @Test("A change is stored, says what it changed, and counts for the very next request")
    func updates() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let secret = try #require(try await stack.makeKey("acme").text("key_secret"))
            try await stack.makeBudget("acme", "tenant:acme", allocated: 1_000)
            #expect(try await reserve(stack, secret, "before").status == .ok)
            let answer = try await patch(
                stack, "acme",
                #"{"name":"Acme","max_reservation_ttl_ms":2000,"metadata":{"a":"b"},"max_reservation_extensions":10}"#)
            #expect(answer.status == .ok)
            #expect(answer.text("name") == "Acme")
            #expect(answer.root.member("max_reservation_ttl_ms")?.int64() == 2_000)
            #expect(try await get(stack, "acme").body == answer.body)
            let reservation = try await reserve(stack, secret, "after")
            let expires = try #require(reservation.root.member("expires_at_ms")?.int64())
            let record = try #require(try await stack.log("al", of: "acme").last)
            #expect(expires <= (Int64(record[0]) ?? 0) + 60_000, "25: the new longest TTL")
            let entry = try AdminCall.json(record[2])
            #expect(entry.member("operation")?.isString("updateTenant") == true)
            let event = try #require(try await stack.log("el", of: "acme").last)
            #expect(event[2] == "tenant.updated")
            let data = try AdminCall.json(event[4])
            let changed = data.member("changed_fields")?.elements.map { String(decoding: $0.raw, as: UTF8.self) }
            #expect(changed == [#""name""#, #""max_reservation_ttl_ms""#, #""metadata""#])
            #expect(data.member("previous_status")?.isString("ACTIVE") == true)
        }
    }

    @Test("A change that changes nothing writes nothing, however spelled; 24: a bad one is 400 and writes nothing")
    func nothing() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            _ = try await patch(stack, "acme", #"{"metadata":{"a":"1","b":"2"}}"#)
            let before = try await stack.contents()
            for body in [
                "{}", #"{"name":"acme"}"#, #"{"status":"ACTIVE"}"#, #"{"metadata":{ "b":"2", "a":"1" }}"#,
                #"{"default_reservation_ttl_ms":60000,"default_commit_overage_policy":"ALLOW_IF_AVAILABLE"}"#,
            ] {
                #expect(try await patch(stack, "acme", body).status == .ok, "\(body)")
            }
            for (body, field) in [
                (#"{"name":""}"#, "name"), (#"{"name":null}"#, "name"), (#"{"status":"OPEN"}"#, "status"),
                (#"{"default_reservation_ttl_ms":999}"#, "default_reservation_ttl_ms"),
                (#"{"max_reservation_ttl_ms":86400001}"#, "max_reservation_ttl_ms"),
                (#"{"max_reservation_extensions":-1}"#, "max_reservation_extensions"),
                (#"{"metadata":{"a":1}}"#, "metadata.a"), (#"{"metadata":[]}"#, "metadata"),
                (#"{"reservation_expiry_policy":"GRACE_ONLY"}"#, "reservation_expiry_policy"),
                (#"{"tenant_id":"acme"}"#, "tenant_id"), ("[]", "body"), ("{", "JSON"),
            ] {
                let answer = try await patch(stack, "acme", body)
                #expect(answer.status == .badRequest && answer.error == "INVALID_REQUEST", "\(body)")
                #expect(answer.message.contains(field), "\(answer.message)")
            }
            #expect(try await stack.contents() == before)
        }
    }

    @Test("58: a suspended tenant gets no reservations, settles what it has, and may be reactivated")
    func suspends() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let secret = try #require(try await stack.makeKey("acme").text("key_secret"))
            try await stack.makeBudget("acme", "tenant:acme", allocated: 1_000)
            let id = try #require(try await reserve(stack, secret, "r1").text("reservation_id"))
            let suspended = try await patch(stack, "acme", #"{"status":"SUSPENDED"}"#)
            #expect(suspended.text("status") == "SUSPENDED" && suspended.text("suspended_at") != nil)
            #expect(try await reserve(stack, secret, "r2").status == .forbidden)
            #expect(try await commit(stack, secret, id).status == .ok)
            let balances = try await stack.send("/v1/balances?tenant=acme", method: .get, as: .key(secret))
            #expect(balances.status == .ok)
            let active = try await patch(stack, "acme", #"{"status":"ACTIVE","name":"A"}"#)
            #expect(active.text("status") == "ACTIVE" && active.text("suspended_at") == nil)
            #expect(try await reserve(stack, secret, "r2").status == .ok)
            let events = try await stack.log("el", of: "acme").map { $0[2] }.filter { $0.hasPrefix("tenant.") }
            #expect(events == ["tenant.created", "tenant.suspended", "tenant.reactivated"])
        }
    }

    @Test("57: closing ends all that a tenant has; 56: nothing of it changes any more, and it can still be read")
    func closes() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let key = try await stack.makeKey("acme")
            let secret = try #require(key.text("key_secret"))
            let keyID = try #require(key.text("key_id"))
            try await stack.makeBudget("acme", "tenant:acme", allocated: 1_000)
            #expect(try await reserve(stack, secret, "r1").status == .ok)
            let closed = try await patch(stack, "acme", #"{"status":"CLOSED"}"#)
            #expect(closed.status == .ok && closed.text("status") == "CLOSED" && closed.text("closed_at") != nil)
            #expect(closed.headers[.cascadeStatus] == nil)
            #expect(try await stack.ledger("acme", "tenant:acme") == "1000 0 0 0 0 C0")
            #expect(try await reserve(stack, secret, "r2").status == .unauthorized, "its keys are revoked")

            let before = try await stack.contents()
            for mutation in Mutation.all(keyID) {
                let answer = try await stack.send(
                    mutation.target, mutation.body, method: mutation.method, as: .admin)
                #expect(answer.status == .conflict && answer.error == "TENANT_CLOSED", "\(mutation)")
            }
            for status in ["ACTIVE", "SUSPENDED"] {
                let answer = try await patch(stack, "acme", #"{"status":"\#(status)"}"#)
                #expect(answer.status == .badRequest && answer.message.contains("Cannot transition from CLOSED"))
            }
            let again = try await patch(stack, "acme", #"{"status":"CLOSED"}"#)
            #expect(again.status == .ok && again.body == closed.body)
            // A key that was never confirmed leaves its provisional entry, which ends by itself.
            let after = try await stack.contents().filter { !$0.key.hasPrefix("hf:key:") || before[$0.key] != nil }
            #expect(after == before, "57: closing again adds nothing")

            #expect(try await get(stack, "acme").body == closed.body)
            let keys = try await stack.send("/v1/admin/api-keys?tenant_id=acme", method: .get, as: .admin)
            #expect(keys.body.contains(#""status":"REVOKED""#) && keys.body.contains("tenant_closed"))
        }
    }

    @Test("57: each child of a closing leaves one audit entry and one event that lead back to the request")
    func cascadeTrail() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let secret = try #require(try await stack.makeKey("acme").text("key_secret"))
            try await stack.makeBudget("acme", "tenant:acme", allocated: 1_000)
            #expect(try await reserve(stack, secret, "r1").status == .ok)
            let closed = try await patch(stack, "acme", #"{"status":"CLOSED"}"#)
            let request = try #require(closed.headers[.requestID])
            let events = try await stack.log("el", of: "acme").suffix(4)
            #expect(
                events.map { $0[2] } == [
                    "tenant.closed", "reservation.released_via_tenant_cascade", "budget.closed_via_tenant_cascade",
                    "api_key.revoked_via_tenant_cascade",
                ])
            for event in events.dropFirst() {
                let context = try AdminCall.json(event[3])
                #expect(context.member("request_id")?.isString(request) == true)
                #expect(context.member("correlation_id")?.isString("tenant_close_cascade:acme:\(request)") == true)
                #expect(context.member("actor")?.member("type")?.isString("admin") == true)
                #expect(try AdminCall.json(event[4]).member("cascade_reason")?.isString("tenant_closed") == true)
            }
            let entries = try await stack.log("al", of: "acme").suffix(4).map { try AdminCall.json($0[2]) }
            let kinds = entries.map { String(decoding: $0.member("resource_type")?.raw ?? [], as: UTF8.self) }
            #expect(kinds == [#""tenant""#, #""reservation""#, #""budget""#, #""api_key""#])
            #expect(entries.allSatisfy { $0.member("request_id")?.isString(request) == true })
            for (entry, event) in zip(entries, events).dropFirst() {
                #expect(entry.member("metadata")?.member("event_kind")?.isString(event[2]) == true)
            }
            for entry in entries {
                let correlation = entry.member("metadata")?.member("correlation_id")
                #expect(correlation?.isString("tenant_close_cascade:acme:\(request)") == true)
            }
        }
    }

    @Test("A closing with much to end answers that it goes on, and closing again drives it on")
    func closesMuch() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let shard = stack.installation.keyspace.shard(of: try #require(TenantID("acme")))
            let prefix = String(decoding: shard.prefix, as: UTF8.self)
            // Closed ledgers are looked at as well, and these are more than one request does.
            let key = try stack.key("acme")
            let count = 2_100
            var members: [String] = []
            var values: [String] = []
            for number in 0..<count {
                let path = "tenant:acme/agent:a\(number)"
                members += ["0", "\(path)\0T"]
                values += ["\(key):l:T:\(path)", "1 0 0 0 0 C0"]
                values += ["\(key):lt:T:\(path)", "1\0" + "1\0" + #"{"ledger_id":"ldg_\#(number)"}"#]
            }
            for chunk in [["ZADD", key + ":bud"] + members, ["MSET"] + values] {
                _ = try await stack.pool.send(.init(chunk.map { [UInt8]($0.utf8) }))
            }
            let first = try await patch(stack, "acme", #"{"status":"CLOSED"}"#)
            #expect(first.status == .ok && first.headers[.cascadeStatus] == "in_progress")
            #expect(first.headers[.retryAfter] == "1")
            #expect(try await stack.redis("ZSCORE", prefix + "due", "cacme").bytes != nil)
            let second = try await patch(stack, "acme", #"{"status":"CLOSED"}"#)
            #expect(second.status == .ok && second.headers[.cascadeStatus] == nil)
            #expect(try await stack.redis("ZSCORE", prefix + "due", "cacme").bytes == nil)
        }
    }

    @Test("Corrupt children are named in a 500; the tenant is closed nevertheless")
    func closesCorrupt() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            try await stack.makeBudget("acme", "tenant:acme", allocated: 1_000)
            try await stack.setLedger("acme", "tenant:acme", "nonsense")
            let answer = try await patch(stack, "acme", #"{"status":"CLOSED"}"#)
            #expect(answer.status == .internalServerError)
            let failed = answer.root.member("details")?.member("failed_resources")?.raw ?? []
            #expect(String(decoding: failed, as: UTF8.self) == #"["tenant:acme TOKENS"]"#)
            #expect(try await get(stack, "acme").text("status") == "CLOSED")
        }
    }

    @Test("7, 8, 14: only the operator's key opens tenants and keys")
    func access() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let words = Permission.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ",")
            let key = try await stack.makeKey("acme", #","permissions":[\#(words)]"#)
            let (secret, id) = (try #require(key.text("key_secret")), try #require(key.text("key_id")))
            let before = try await stack.contents()
            for (target, method) in [
                ("/v1/admin/tenants", .get), ("/v1/admin/tenants/acme", .get), ("/v1/admin/tenants/acme", .patch),
                ("/v1/admin/api-keys", .get), ("/v1/admin/api-keys/\(id)", .patch),
                ("/v1/admin/api-keys/\(id)", .delete), ("/v1/auth/validate", .post),
            ] as [(String, HTTPRequest.Method)] {
                for credentials in [
                    .none, .key(secret), .init(admin: "wrong"), .init(admin: "wrong", tenant: secret),
                ] as [AdminStack.Credentials] {
                    let answer = try await stack.send(target, "{}", method: method, as: credentials)
                    #expect(answer.status == .unauthorized && answer.error == "UNAUTHORIZED", "\(method) \(target)")
                }
            }
            #expect(try await stack.contents() == before)
        }
    }
}
