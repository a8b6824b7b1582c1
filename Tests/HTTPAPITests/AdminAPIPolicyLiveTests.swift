// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import SharedKernel
import StrictJSON
import Testing

/// Numbers in names are statements of the admin digest, section 8.
@Suite("Policies", .serialized)
struct AdminAPIPolicyLiveTests {
    private let path = "/v1/admin/policies"

    /// A policy's body.
    private func body(_ name: String, _ pattern: String, _ more: String = "") -> String {
        #"{"tenant_id":"acme","name":"\#(name)","scope_pattern":"\#(pattern)"\#(more)}"#
    }

    private func reserve(
        _ stack: AdminStack, _ key: String, _ amount: Int = 1, subject: String = #"{"tenant":"acme"}"#,
        more: String = "", idempotencyKey: String? = nil
    ) async throws -> AdminAnswer {
        let id = idempotencyKey ?? "k\(UInt64.random(in: 0...UInt64.max))"
        return try await stack.send(
            "/v1/reservations",
            """
            {"idempotency_key":"\(id)","subject":\(subject),"action":{"kind":"a","name":"b"},
             "estimate":{"unit":"TOKENS","amount":\(amount)}\(more)}
            """, as: .key(key))
    }

    /// A tenant with a key and a budget.
    private func run(_ body: (AdminStack, String) async throws -> Void) async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let key = try #require(try await stack.makeKey("acme").text("key_secret"))
            try await stack.makeBudget("acme", "tenant:acme", allocated: 1_000_000)
            try await body(stack, key)
        }
    }

    @Test("A policy is stored, listed, changed, and shown in the reference shape")
    func lifecycle() async throws {
        try await run { stack, key in
            let more =
                #","priority":7,"description":"d","caps":{"max_tokens":4096},"effective_from":"2020-01-01T00:00:00Z""#
            let created = try await stack.send(path, body("one", "tenant:acme/*", more), as: .admin)
            #expect(created.status == .created)
            let id = try #require(created.text("policy_id"))
            #expect(created.text("status") == "ACTIVE" && created.text("effective_from") == "2020-01-01T00:00:00.000Z")
            #expect(created.root.member("effective_from_ms") == nil)
            for credentials in [AdminStack.Credentials.admin, .key(key)] {
                let list = try await stack.send(path + "?tenant_id=acme", method: .get, as: credentials)
                #expect(list.status == .ok && list.body.contains(created.body))
            }
            let patched = try await stack.send(
                "\(path)/\(id)", #"{"priority":9,"status":"DISABLED"}"#, method: .patch, as: .key(key))
            #expect(patched.status == .ok && patched.root.member("priority")?.int64() == 9)
            #expect(patched.text("status") == "DISABLED" && patched.text("description") == "d")
            let again = try await stack.send(
                "\(path)/\(id)", #"{"priority":9}"#, method: .patch, as: .admin)
            #expect(again.body == patched.body)
            let events = try await stack.log("el", of: "acme").map { $0[2] }.filter { $0.hasPrefix("policy.") }
            #expect(events == ["policy.created", "policy.updated"])
            let updated = try await stack.log("el", of: "acme").first { $0[2] == "policy.updated" }
            #expect(updated?[4].contains(#""changed_fields":["status","priority"]"#) == true)
            let active = try await stack.send(path + "?tenant_id=acme&status=ACTIVE", method: .get, as: .admin)
            #expect(!active.body.contains(id))
        }
    }

    @Test(
        "Bad policies are 400 and name the field",
        arguments: [
            (#"{"tenant_id":"acme","scope_pattern":"tenant:acme"}"#, "name"),
            (#"{"tenant_id":"acme","name":"n"}"#, "scope_pattern"),
            (#"{"tenant_id":"acme","name":"n","scope_pattern":"agent:*"}"#, "scope_pattern"),
            (#"{"tenant_id":"acme","name":"n","scope_pattern":"*"}"#, "scope_pattern"),
            (#"{"tenant_id":"acme","name":"n","scope_pattern":"tenant:*"}"#, "scope_pattern"),
            (#"{"tenant_id":"acme","name":"n","scope_pattern":"tenant:acme/*/agent:a"}"#, "scope_pattern"),
            (#"{"tenant_id":"acme","name":"n","scope_pattern":"tenant:acme/agent:a*"}"#, "scope_pattern"),
            (#"{"tenant_id":"acme","name":"n","scope_pattern":"tenant:other/*"}"#, "scope_pattern"),
            (#"{"tenant_id":"acme","name":"n","scope_pattern":"tenant:acme/agent:a/app:*"}"#, "scope_pattern"),
            (#"{"tenant_id":"acme","name":"n","scope_pattern":"tenant:acme","priority":-1}"#, "priority"),
            (#"{"tenant_id":"acme","name":"n","scope_pattern":"tenant:acme","caps":{"max":1}}"#, "caps.max"),
            (
                #"{"tenant_id":"acme","name":"n","scope_pattern":"tenant:acme","caps":{"max_tokens":-1}}"#,
                "caps.max_tokens"
            ),
            (
                #"{"tenant_id":"acme","name":"n","scope_pattern":"tenant:acme","#
                    + #""rate_limits":{"max_commits_per_minute":0}}"#,
                "rate_limits.max_commits_per_minute"
            ),
            (
                #"{"tenant_id":"acme","name":"n","scope_pattern":"tenant:acme","#
                    + #""reservation_ttl_override":{"max_ttl_ms":999}}"#,
                "reservation_ttl_override.max_ttl_ms"
            ),
            (
                #"{"tenant_id":"acme","name":"n","scope_pattern":"tenant:acme","#
                    + #""effective_until":"2020-01-01T00:00:00Z","effective_from":"2020-01-02T00:00:00Z"}"#,
                "effective_until"
            ),
            (#"{"tenant_id":"acme","name":"n","scope_pattern":"tenant:acme","x":1}"#, "x"),
            (#"{"name":"n","scope_pattern":"tenant:acme"}"#, "tenant_id"),
        ])
    func badBodies(body: String, field: String) throws {
        let error = try AdminCall.refusal(try AdminCall.plan(path, body, as: .admin))
        #expect(error.status == .badRequest && error.message.hasPrefix("\(field):"), "\(error.message)")
    }

    @Test("The highest priority that matches counts, then the narrowest pattern; caps come back as ALLOW_WITH_CAPS")
    func precedence() async throws {
        try await run { stack, key in
            for (name, pattern, priority, tokens) in [
                ("any", "tenant:acme/*", 1, 1), ("kind", "tenant:acme/agent:*", 1, 2),
                ("exact", "tenant:acme/agent:a", 1, 3), ("high", "tenant:acme/agent:b", 5, 4),
            ] {
                let more = #","priority":\#(priority),"caps":{"max_tokens":\#(tokens)}"#
                #expect(try await stack.send(path, body(name, pattern, more), as: .admin).status == .created)
            }
            let cases: [(String, Int64?)] = [
                (#"{"tenant":"acme"}"#, nil), (#"{"tenant":"acme","agent":"a"}"#, 3),
                (#"{"tenant":"acme","agent":"b"}"#, 4), (#"{"tenant":"acme","agent":"c"}"#, 2),
                (#"{"tenant":"acme","agent":"c","toolset":"t"}"#, 1), (#"{"tenant":"acme","app":"x"}"#, 1),
            ]
            for (subject, tokens) in cases {
                for more in ["", #","dry_run":true"#] {
                    let answer = try await reserve(stack, key, subject: subject, more: more)
                    #expect(answer.text("decision") == (tokens == nil ? "ALLOW" : "ALLOW_WITH_CAPS"), "\(subject)")
                    #expect(answer.root.member("caps")?.member("max_tokens")?.int64() == tokens, "\(subject)")
                }
            }
        }
    }

    @Test("25: TTL default and maximum, extensions and overage policy of a policy stand before the tenant's")
    func terms() async throws {
        try await run { stack, key in
            let more =
                #","reservation_ttl_override":{"default_ttl_ms":5000,"max_ttl_ms":7000,"max_extensions":0},"#
                + #""commit_overage_policy":"REJECT""#
            #expect(try await stack.send(path, body("t", "tenant:acme", more), as: .admin).status == .created)
            let usual = try await reserve(stack, key)
            #expect((4_000...5_000).contains(usual.root.member("remaining_ttl_ms")?.int64() ?? 0))
            let long = try await reserve(stack, key, more: #","ttl_ms":86400000"#)
            #expect((6_000...7_000).contains(long.root.member("remaining_ttl_ms")?.int64() ?? 0))
            let id = try #require(long.text("reservation_id"))
            let extend = try await stack.send(
                "/v1/reservations/\(id)/extend", #"{"idempotency_key":"e","extend_by_ms":1}"#, as: .key(key))
            #expect(extend.error == "MAX_EXTENSIONS_EXCEEDED")
            let commit = try await stack.send(
                "/v1/reservations/\(id)/commit",
                #"{"idempotency_key":"c","actual":{"unit":"TOKENS","amount":2}}"#, as: .key(key))
            #expect(commit.error == "BUDGET_EXCEEDED")
            let own = try await reserve(stack, key, more: #","overage_policy":"ALLOW_IF_AVAILABLE""#)
            let over = try await stack.send(
                "/v1/reservations/\(try #require(own.text("reservation_id")))/commit",
                #"{"idempotency_key":"c","actual":{"unit":"TOKENS","amount":2}}"#, as: .key(key))
            #expect(over.status == .ok)
        }
    }

    @Test("A change counts from the next request on; replays keep what they were answered; time bounds are kept")
    func changes() async throws {
        try await run { stack, key in
            #expect(try await reserve(stack, key, idempotencyKey: "first").text("decision") == "ALLOW")
            let created = try await stack.send(
                path, body("c", "tenant:acme", #","caps":{"max_tokens":1}"#), as: .admin)
            let id = try #require(created.text("policy_id"))
            #expect(try await reserve(stack, key, idempotencyKey: "second").text("decision") == "ALLOW_WITH_CAPS")
            #expect(try await reserve(stack, key, idempotencyKey: "first").text("decision") == "ALLOW")
            for (patch, decision) in [
                (#"{"status":"DISABLED"}"#, "ALLOW"), (#"{"status":"ACTIVE"}"#, "ALLOW_WITH_CAPS"),
                (#"{"effective_until":"2020-01-01T00:00:00Z"}"#, "ALLOW"),
                (#"{"effective_until":"2999-01-01T00:00:00Z"}"#, "ALLOW_WITH_CAPS"),
                (#"{"effective_from":"2998-01-01T00:00:00Z"}"#, "ALLOW"),
                (#"{"effective_from":"2020-01-01T00:00:00Z"}"#, "ALLOW_WITH_CAPS"),
                (#"{"caps":{}}"#, "ALLOW"),
            ] {
                let changed = try await stack.send("\(path)/\(id)", patch, method: .patch, as: .admin)
                #expect(changed.status == .ok)
                #expect(try await reserve(stack, key).text("decision") == decision, "\(patch)")
            }
            #expect(try await reserve(stack, key, idempotencyKey: "second").text("decision") == "ALLOW_WITH_CAPS")
        }
    }

    @Test("Rate limits: 429 with Retry-After for what is beyond them, replays and other scopes are free")
    func rateLimits() async throws {
        try await run { stack, key in
            let limits = #","rate_limits":{"max_reservations_per_minute":3,"max_commits_per_minute":1}"#
            #expect(try await stack.send(path, body("r", "tenant:acme", limits), as: .admin).status == .created)
            // The minute may end in the middle: then as many go through again.
            var ids: [String] = []
            var refused: AdminAnswer?
            for number in 0..<8 where refused == nil {
                let answer = try await reserve(stack, key, idempotencyKey: "k\(number)")
                if answer.status == .tooManyRequests {
                    refused = answer
                } else {
                    ids.append(answer.text("reservation_id") ?? "")
                }
            }
            let limited = try #require(refused)
            #expect(limited.error == "LIMIT_EXCEEDED" && (3...7).contains(ids.count))
            let wait = Int(limited.headers[.retryAfter] ?? "") ?? 0
            #expect((1...60).contains(wait))
            #expect(try await reserve(stack, key, idempotencyKey: "k0").text("reservation_id") == ids[0])
            let elsewhere = try await reserve(stack, key, subject: #"{"tenant":"acme","agent":"x"}"#)
            #expect(elsewhere.status == .ok)
            var statuses: [Int] = []
            for id in ids {
                let answer = try await stack.send(
                    "/v1/reservations/\(id)/commit",
                    #"{"idempotency_key":"c","actual":{"unit":"TOKENS","amount":1}}"#, as: .key(key))
                statuses.append(answer.status.code)
            }
            #expect(statuses.contains(200) && statuses.contains(429))
            let free = try await stack.send(
                "/v1/reservations/\(try #require(elsewhere.text("reservation_id")))/commit",
                #"{"idempotency_key":"c","actual":{"unit":"TOKENS","amount":1}}"#, as: .key(key))
            #expect(free.status == .ok)
        }
    }

    @Test("12, 36, 56: names are unique, foreign tenants see nothing, filters hold, closed tenants change nothing")
    func refusals() async throws {
        try await run { stack, key in
            let created = try await stack.send(path, body("one", "tenant:acme/agent:a"), as: .admin)
            let id = try #require(created.text("policy_id"))
            #expect(try await stack.send(path, body("one", "tenant:acme"), as: .admin).error == "DUPLICATE_RESOURCE")
            let withTenant = try await stack.send(path, body("two", "tenant:acme"), as: .key(key))
            #expect(withTenant.status == .badRequest && withTenant.message.contains("tenant_id"))
            try await stack.makeTenant("other")
            let foreign = try #require(try await stack.makeKey("other").text("key_secret"))
            let before = try await stack.contents()
            #expect(
                try await stack.send("\(path)/\(id)", #"{"priority":1}"#, method: .patch, as: .key(foreign)).status
                    == .notFound)
            let list = try await stack.send(path + "?tenant_id=acme", method: .get, as: .key(foreign))
            #expect(list.status == .ok && !list.body.contains(id))
            #expect(try await stack.send(path, method: .get, as: .admin).status == .badRequest)
            #expect(
                try await stack.send(path + "?tenant_id=nobody", method: .get, as: .admin).error == "TENANT_NOT_FOUND")
            for unknown in ["pol_1", "pol_00AAAAAAAAAAAAAAAA", "key_" + id.dropFirst(4)] {
                let answer = try await stack.send("\(path)/\(unknown)", #"{"priority":1}"#, method: .patch, as: .admin)
                #expect(answer.status == .notFound && answer.error == "NOT_FOUND", "\(unknown)")
            }
            #expect(try await stack.contents() == before)
            let narrow = try #require(
                try await stack.makeKey("acme", #","scope_filter":["agent:b"]"#).text("key_secret"))
            #expect(
                try await stack.send("\(path)/\(id)", #"{"priority":1}"#, method: .patch, as: .key(narrow)).error
                    == "FORBIDDEN")
            #expect(try await !stack.send(path, method: .get, as: .key(narrow)).body.contains(id))
            let own = #"{"name":"b","scope_pattern":"tenant:acme/agent:b"}"#
            #expect(try await stack.send(path, own, as: .key(narrow)).status == .created)
            #expect(
                try await stack.send(path, #"{"name":"c","scope_pattern":"tenant:acme/*"}"#, as: .key(narrow)).error
                    == "FORBIDDEN")
            _ = try await stack.redis("SET", try stack.key("acme"), "C9")
            #expect(try await stack.send(path, body("late", "tenant:acme"), as: .admin).error == "TENANT_CLOSED")
            #expect(
                try await stack.send("\(path)/\(id)", #"{"priority":3}"#, method: .patch, as: .admin).error
                    == "TENANT_CLOSED")
        }
    }

    @Test("Quotas and JWT keys of a tenant are replaced whole and read back; what is private is refused")
    func settings() async throws {
        try await run { stack, key in
            let base = "/v1/admin/x-holdfast/tenants/acme"
            #expect(try await stack.send(base + "/limits", method: .get, as: .admin).body == "{}")
            let limits = #"{"operations_per_minute":100,"event_streams":null,"concurrent_reservations":0}"#
            let put = try await stack.send(base + "/limits", limits, method: .put, as: .admin)
            #expect(put.status == .ok && put.body == #"{"operations_per_minute":100,"concurrent_reservations":0}"#)
            #expect(try await stack.send(base + "/limits", method: .get, as: .admin).body == put.body)
            for (bad, field) in [
                (#"{"operations_per_minute":-1}"#, "operations_per_minute"), (#"{"x":1}"#, "x"),
                (#"{"event_streams":1.5}"#, "event_streams"),
            ] {
                let answer = try await stack.send(base + "/limits", bad, method: .put, as: .admin)
                #expect(answer.status == .badRequest && answer.message.hasPrefix(field))
            }
            #expect(try await stack.send(base + "/jwt-keys", method: .get, as: .admin).body == #"{"keys":[]}"#)
            let jwk = #"{"kty":"EC","crv":"P-256","kid":"k1","alg":"ES256","x":"AQ","y":"AQ"}"#
            let keys = try await stack.send(base + "/jwt-keys", #"{"keys":[\#(jwk)]}"#, method: .put, as: .admin)
            #expect(keys.status == .ok)
            #expect(try await stack.send(base + "/jwt-keys", method: .get, as: .admin).body == keys.body)
            for (bad, field) in [
                (#"{"keys":[{"kty":"oct","kid":"a","alg":"HS256","k":"AQ"}]}"#, "keys[0].kty"),
                (#"{"keys":[\#(jwk),\#(jwk)]}"#, "keys[1]"),
                (#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","alg":"EdDSA","x":"AQ","d":"AQ"}]}"#, "keys[0].d"),
                (#"{"keys":[{"kty":"OKP","crv":"X25519","kid":"a","alg":"EdDSA","x":"AQ"}]}"#, "keys[0].crv"),
                (
                    #"{"keys":[{"kty":"EC","crv":"P-384","kid":"a","alg":"ES256","x":"AQ","y":"AQ"}]}"#, "keys[0].crv"
                ),
                (#"{"keys":[{"kty":"RSA","kid":"a","alg":"ES256","n":"AQ","e":"AQ"}]}"#, "keys[0].alg"),
                (#"{"keys":[{"kty":"RSA","kid":"a","alg":"RS256","n":"A=","e":"AQ"}]}"#, "keys[0].n"),
                ("{}", "keys"),
            ] {
                let answer = try await stack.send(base + "/jwt-keys", bad, method: .put, as: .admin)
                #expect(answer.status == .badRequest && answer.message.hasPrefix(field), "\(answer.message)")
            }
            #expect(try await stack.send(base + "/limits", method: .get, as: .key(key)).status == .unauthorized)
            let nobody = "/v1/admin/x-holdfast/tenants/nobody/limits"
            #expect(try await stack.send(nobody, method: .get, as: .admin).error == "TENANT_NOT_FOUND")
            #expect(try await stack.send(nobody, "{}", method: .put, as: .admin).error == "TENANT_NOT_FOUND")
            let entries = try await stack.log("al", of: "acme").map { $0[2] }
            #expect(entries.filter { $0.contains("setTenantLimits") }.count == 1)
        }
    }

    @Test("135, 137: the audit log has every mutation, newest first, by every filter, over all tenants")
    func audit() async throws {
        try await run { stack, key in
            try await stack.makeTenant("other")
            let own = #"{"name":"one","scope_pattern":"tenant:acme"}"#
            #expect(try await stack.send(path, own, as: .key(key)).status == .created)
            func list(_ query: String) async throws -> AdminAnswer {
                try await stack.send("/v1/admin/audit/logs?" + query, method: .get, as: .admin)
            }
            func operations(_ answer: AdminAnswer) -> [String] {
                (answer.root.member("logs")?.elements).map { rows in
                    rows.compactMap {
                        $0.member("operation")?.stringBytes().map { String(decoding: $0, as: UTF8.self) }
                    }
                } ?? []
            }
            let all = try await list("")
            #expect(
                operations(all) == ["createPolicy", "createTenant", "createBudget", "createApiKey", "createTenant"])
            let ofTenant = try await list("tenant_id=acme")
            #expect(operations(ofTenant) == ["createPolicy", "createBudget", "createApiKey", "createTenant"])
            #expect(operations(try await list("tenant_id=nobody")).isEmpty)
            #expect(
                operations(try await list("operation=createPolicy,createBudget")) == ["createPolicy", "createBudget"])
            #expect(operations(try await list("resource_type=tenant")).count == 2)
            #expect(operations(try await list("status=201&search=POLICY")) == ["createPolicy"])
            #expect(operations(try await list("status_min=400")).isEmpty)
            #expect(operations(try await list("error_code=X")).isEmpty)
            #expect(operations(try await list("error_code_exclude=X")).count == 5)
            #expect(operations(try await list("from=2999-01-01T00:00:00Z")).isEmpty)
            #expect(operations(try await list("to=2999-01-01T00:00:00Z")).count == 5)
            #expect(operations(try await list("sort_by=operation&sort_dir=asc")).first == "createApiKey")
            let row = try #require(all.root.member("logs")?.elements.first { _ in true })
            #expect(row.member("metadata")?.member("actor_type")?.isString("api_key") == true)
            let request = try #require(row.member("request_id")?.stringBytes())
            let found = try await list("request_id=" + String(decoding: request, as: UTF8.self))
            #expect(operations(found) == ["createPolicy"])
            for bad in [
                "status=200&status_min=100", "status=99", "sort_by=x", "from=yesterday", "cursor=AAAA",
                "operation=" + (0..<26).map { "o\($0)" }.joined(separator: ","),
                "search=" + String(repeating: "x", count: 129),
            ] { #expect(try await list(bad).status == .badRequest, "\(bad)") }
            var pages: [String] = []
            var query = "limit=1"
            for _ in 0..<9 {
                let page = try await list(query)
                pages += operations(page)
                guard let cursor = page.text("next_cursor") else { break }
                query = "limit=1&cursor=" + cursor
            }
            #expect(pages == operations(all))
            #expect(try await stack.send("/v1/admin/audit/logs", method: .get, as: .key(key)).status == .unauthorized)
        }
    }
}
