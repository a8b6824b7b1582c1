// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import RedisClient
import SharedKernel
import StrictJSON
import Testing

@Suite("Tenants and keys over the admin plane", .serialized)
struct AdminAPITenantLiveTests {
    @Test("A tenant is created once, shown again for the same name, and refused for another")
    func tenant() async throws {
        try await AdminStack.run { stack in
            let body = #"{"tenant_id":"acme-1","name":"Acme \"One\" é"}"#
            let first = try await stack.send("/v1/admin/tenants", body, as: .admin)
            #expect(first.status == .created)
            #expect(first.text("tenant_id") == "acme-1")
            #expect(first.text("name") == #"Acme "One" é"#)
            #expect(first.text("status") == "ACTIVE")
            #expect(first.root.member("default_reservation_ttl_ms")?.int64() == 60_000)
            #expect(first.root.member("max_reservation_ttl_ms")?.int64() == 3_600_000)
            #expect(first.root.member("max_reservation_extensions")?.int64() == 10)
            #expect(first.text("default_commit_overage_policy") == "ALLOW_IF_AVAILABLE")
            #expect(first.text("reservation_expiry_policy") == "AUTO_RELEASE")
            #expect(first.root.member("metadata") == nil)
            #expect(first.text("created_at")?.count == 24)
            #expect(first.text("created_at") == first.text("updated_at"))

            let again = try await stack.send("/v1/admin/tenants", body, as: .admin)
            #expect(again.status == .ok)
            #expect(again.body == first.body)
            let other = try await stack.send("/v1/admin/tenants", #"{"tenant_id":"acme-1","name":"Acme"}"#, as: .admin)
            #expect(other.status == .conflict)
            #expect(other.error == "DUPLICATE_RESOURCE")
            #expect(try await stack.log("el", of: "acme-1").count == 1)
            #expect(try await stack.log("al", of: "acme-1").count == 1)
        }
    }

    @Test("Every setting of a tenant comes back, and again from the store")
    func tenantSettings() async throws {
        try await AdminStack.run { stack in
            let body = """
                {"tenant_id":"t-1","name":"T","parent_tenant_id":"root","metadata":{"team":"a\\u0062","empty":""},
                 "default_commit_overage_policy":"REJECT","default_reservation_ttl_ms":1000,
                 "max_reservation_ttl_ms":86400000,"max_reservation_extensions":9223372036854775807,
                 "reservation_expiry_policy":"GRACE_ONLY"}
                """
            for status in [HTTPResponse.Status.created, .ok] {
                let answer = try await stack.send("/v1/admin/tenants", body, as: .admin)
                #expect(answer.status == status)
                #expect(answer.text("parent_tenant_id") == "root")
                #expect(answer.root.member("metadata")?.member("team")?.isString("ab") == true)
                #expect(answer.text("default_commit_overage_policy") == "REJECT")
                #expect(answer.root.member("default_reservation_ttl_ms")?.int64() == 1_000)
                #expect(answer.root.member("max_reservation_ttl_ms")?.int64() == 86_400_000)
                #expect(answer.root.member("max_reservation_extensions")?.int64() == .max)
                #expect(answer.text("reservation_expiry_policy") == "GRACE_ONLY")
            }
        }
    }

    @Test("The words that guides of clients use beyond the protocol's stand for reservations:create")
    func guideWords() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let key = try await stack.makeKey(
                "acme", #","permissions":["balances:read","decide","events:create","reservations:create"]"#)
            let permissions = key.root.member("permissions")?.raw ?? []
            #expect(String(decoding: permissions, as: UTF8.self) == #"["balances:read","reservations:create"]"#)
        }
    }

    @Test("A new key works at once, and two keys have nothing in common")
    func newKey() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let key = try await stack.makeKey("acme")
            let secret = try #require(key.text("key_secret"))
            #expect(secret.hasPrefix("cyc_live_"))
            #expect(secret.utf8.count == 41)
            #expect(key.text("key_prefix") == String(secret.prefix(14)))
            #expect(key.text("key_id")?.hasPrefix("key_") == true)
            #expect(key.text("key_id")?.utf8.count == 22)
            #expect(key.text("tenant_id") == "acme")
            #expect(key.texts("permissions") == Permission.defaults.map(\.rawValue))
            let created = try #require(key.text("created_at").flatMap { DateTime.milliseconds([UInt8]($0.utf8)[...]) })
            let expires = try #require(key.text("expires_at").flatMap { DateTime.milliseconds([UInt8]($0.utf8)[...]) })
            // The end is counted from when the key was entered, its creation from when its row was written.
            #expect((0...60_000).contains(Limits.keyLifetimeMs - (expires - created)))

            let budget = try await stack.send(
                "/v1/admin/budgets",
                #"{"scope":"tenant:acme","unit":"TOKENS","allocated":{"unit":"TOKENS","amount":5}}"#, as: .key(secret))
            #expect(budget.status == .created)

            let other = try await stack.makeKey("acme")
            for name in ["key_id", "key_secret"] as [StaticString] { #expect(other.text(name) != key.text(name)) }
            let rows = try await stack.redis("HGETALL", try stack.key("acme") + ":keys").array ?? []
            #expect(rows.count == 4)
            #expect(Set(rows).count == 4)
            // What is cached about the first key is out of date; the request reloads and goes on.
            let changed = try await stack.send(
                "/v1/admin/tenants/acme", #"{"name":"New"}"#, method: .patch, as: .admin)
            #expect(changed.status == .ok)
            let next = try await stack.send(
                "/v1/admin/budgets",
                #"{"scope":"tenant:acme","unit":"CREDITS","allocated":{"unit":"CREDITS","amount":5}}"#,
                as: .key(secret))
            #expect(next.status == .created)
        }
    }

    @Test("The clear key is nowhere in Redis; its entry lasts, its row holds the hash")
    func secretsStayOut() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let key = try await stack.makeKey(
                "acme", #","metadata":{"a":1},"description":"d","scope_filter":["agent:*"]"#)
            let secret = try #require(key.text("key_secret"))
            let tail = [UInt8](secret.dropFirst(14).utf8)
            let contents = try await stack.contents()
            #expect(contents.count >= 10)
            for (name, values) in contents {
                #expect(!name.contains(secret.dropFirst(14)), "\(name)")
                for value in values { #expect(value.firstRange(of: tail) == nil, "\(name)") }
            }
            for (name, values) in contents {
                for value in values {
                    #expect(value.firstRange(of: [UInt8](AdminStack.adminKey.utf8)) == nil, "\(name)")
                }
            }
            let hash = String(decoding: APIKeyHash(of: [UInt8](secret.utf8)).hex, as: UTF8.self)
            #expect(contents["hf:key:" + hash] == [[UInt8]("acme:\(key.text("key_id") ?? "")".utf8)])
            #expect(try await stack.redis("TTL", "hf:key:" + hash).integer == -1)
            let row = try #require(contents[try stack.key("acme") + ":keys"]?.last)
            #expect(row.starts(with: hash.utf8))
        }
    }

    @Test("A key for a tenant that is missing, suspended or closed is refused and leaves only an entry that ends")
    func refusedKeys() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            for (tag, status, code) in [
                ("S2", HTTPResponse.Status.badRequest, "INVALID_REQUEST"), ("C3", .conflict, "TENANT_CLOSED"),
                ("", .notFound, "TENANT_NOT_FOUND"),
            ] {
                if tag.isEmpty {
                    try await stack.redis("DEL", try stack.key("acme"))
                } else {
                    try await stack.redis("SET", try stack.key("acme"), tag)
                }
                let answer = try await stack.send("/v1/admin/api-keys", #"{"tenant_id":"acme","name":"A"}"#, as: .admin)
                #expect(answer.status == status)
                #expect(answer.error == code)
            }
            let entries = try await stack.contents().keys.filter { $0.hasPrefix("hf:key:") }
            #expect(entries.count == 3)
            for entry in entries {
                let seconds = try #require(try await stack.redis("TTL", entry).integer)
                #expect((1...300).contains(seconds))
            }
            #expect(try await stack.redis("EXISTS", try stack.key("acme") + ":keys").integer == 0)
        }
    }

    @Test("A key whose creation stopped after any of its calls does not work")
    func brokenChains() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let runner = ScriptRunner(pool: stack.pool, group: stack.group)
            let enter = try AdminCall.plan("/v1/admin/api-keys", #"{"tenant_id":"acme","name":"A"}"#, as: .admin)
            let entry = try AdminCall.words(enter)[0]
            let create = try AdminCall.call(enter).next(try await runner.run(try AdminCall.call(enter).call))
            #expect((1...300).contains(try await stack.redis("TTL", entry).integer ?? 0))
            #expect(try await stack.redis("EXISTS", try stack.key("acme") + ":keys").integer == 0)

            let confirm = try AdminCall.call(create).next(try await runner.run(try AdminCall.call(create).call))
            #expect((1...300).contains(try await stack.redis("TTL", entry).integer ?? 0))
            // Had the server died here, the entry would end, and the row be out of reach. The last call makes the entry
            // last, even when it had ended.
            try await stack.redis("DEL", entry)
            let done = try AdminCall.call(confirm).next(try await runner.run(try AdminCall.call(confirm).call))
            #expect(try await stack.redis("TTL", entry).integer == -1)
            // A repetition of the first call that was under way for long changes nothing any more.
            _ = try await runner.run(try AdminCall.call(enter).call)
            #expect(try await stack.redis("TTL", entry).integer == -1)

            let secret = try #require(try AdminCall.answer(done).text("key_secret"))
            let target = "/v1/balances?tenant=acme"
            #expect(try await stack.send(target, method: .get, as: .key(secret)).status == .ok)
            try await stack.redis("HDEL", try stack.key("acme") + ":keys", String(try AdminCall.words(create)[2]))
            try await stack.redis("SET", try stack.key("acme"), "A99")
            #expect(try await stack.send(target, method: .get, as: .key(secret)).status == .unauthorized)
        }
    }

    @Test("expires_at must be in the future by the clock of Redis, and is kept to the millisecond")
    func expiry() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            for past in ["2001-01-01T00:00:00Z", "1970-01-01T00:00:00.001Z", "0000-01-01T00:00:00Z"] {
                let answer = try await stack.send(
                    "/v1/admin/api-keys", #"{"tenant_id":"acme","name":"A","expires_at":"\#(past)"}"#, as: .admin)
                #expect(answer.status == .badRequest)
                #expect(answer.message == "expires_at: must be in the future")
            }
            #expect(try await stack.contents().keys.allSatisfy { !$0.hasPrefix("hf:key:") })
            let key = try await stack.makeKey("acme", #","expires_at":"9999-12-31T23:59:59.123+00:00""#)
            #expect(key.text("expires_at") == "9999-12-31T23:59:59.123Z")
            let answer = try await stack.send(
                "/v1/balances?tenant=acme", method: .get, as: .key(key.text("key_secret") ?? ""))
            #expect(answer.status == .ok)
        }
    }

    @Test("A key has the permissions it was given, each once, and an empty list gives none")
    func permissions() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let some = try await stack.makeKey(
                "acme", #","permissions":["balances:read","webhooks:read","balances:read"]"#)
            #expect(some.texts("permissions") == ["balances:read", "webhooks:read"])
            let none = try await stack.makeKey("acme", #","permissions":[]"#)
            #expect(none.root.member("permissions")?.count == 0)
            let target = "/v1/balances?tenant=acme"
            #expect(try await stack.send(target, method: .get, as: .key(some.text("key_secret") ?? "")).status == .ok)
            #expect(
                try await stack.send(target, method: .get, as: .key(none.text("key_secret") ?? "")).status == .forbidden
            )
        }
    }
}
