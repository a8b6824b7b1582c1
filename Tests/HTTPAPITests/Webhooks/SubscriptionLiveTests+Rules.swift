// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import StrictJSON
import Testing
import Webhooks

/// Keys of secrets, rules for URLs, lists.
extension SubscriptionLiveTests {
    @Test("Without HOLDFAST_SECRET_KEY secrets cannot be written, and everything else works")
    func noSecretKey() async throws {
        try await run(target: WebhookTarget(keys: [])) { stack, key in
            let mine = AdminStack.Credentials.key(key)
            let created = try await stack.send(own, body(), as: mine)
            #expect(
                created.status == .serviceUnavailable && created.message.hasPrefix("HOLDFAST_SECRET_KEY is not set"))
            // One that was made while there was a key.
            let rows = try stack.key("acme")
            let id =
                "whsub_"
                + String(
                    decoding: stack.installation.keyspace.shard(of: try #require(.init("acme"))).hex, as: UTF8.self)
                + "AAAAAAAAAAAAAAAA"
            let document =
                #"{"url":"https://x.example","event_types":["budget.funded"],"event_categories":[],"retry_policy":{},"#
                + #""disable_after_failures":10,"header_names":[]}"#
            try await stack.redis(
                "HSET", rows + ":wh", id, ["A", "1", "1", "v1.00000000.AAAA", document].joined(separator: "\0"))
            for change in [#"{"signing_secret":"x"}"#, #"{"headers":{}}"#] {
                #expect(try await patch(stack, id, change, as: mine).status == .serviceUnavailable)
            }
            #expect(try await stack.send("\(own)/\(id)/test", as: mine).status == .serviceUnavailable)
            #expect(try await patch(stack, id, #"{"status":"PAUSED"}"#, as: mine).text("status") == "PAUSED")
            #expect(try await stack.send("\(own)/\(id)", method: .delete, as: mine).status == .noContent)
        }
    }

    @Test("The operator's rules for URLs have defaults, are replaced whole, checked and audited")
    func security() async throws {
        let path = "/v1/admin/config/webhook-security"
        try await run { stack, key in
            let usual = try await stack.send(path, method: .get, as: .admin)
            #expect(usual.body.contains(#""allow_http":false"#) && usual.body.contains("169.254.0.0/16"))
            for bad in [
                #"{"blocked_cidr_ranges":["10.0.0.0"]}"#, #"{"allow_http":"yes"}"#, #"{"more":1}"#,
                #"{"allowed_url_patterns":[""]}"#,
            ] {
                #expect(try await stack.send(path, bad, method: .put, as: .admin).status == .badRequest, "\(bad)")
            }
            let rules =
                #"{"blocked_cidr_ranges":["9.0.0.0/8"],"allowed_url_patterns":["https://*.example.com/*"],"#
                + #""allow_http":true}"#
            let set = try await stack.send(path, rules, method: .put, as: .admin)
            #expect(set.status == .ok && set.body == rules)
            #expect(try await stack.send(path, method: .get, as: .admin).body == rules)
            _ = try await create(stack, body(), as: .key(key))
            let used = try #require(stack.target.checked.last).security
            #expect(used.allowsHTTP && used.blockedRanges == ["9.0.0.0/8"])
            #expect(used.allowedURLPatterns == ["https://*.example.com/*"])
            let log = try await stack.send("/v1/admin/audit/logs?tenant_id=__admin__", method: .get, as: .admin)
            #expect(log.body.contains("updateWebhookSecurityConfig"))
            #expect(try await stack.send(path, method: .get, as: .key(key)).status == .unauthorized)
        }
    }

    @Test("Lists: filters, search, order and pages; the operator sees all owners, a tenant its own, newest first")
    func lists() async throws {
        try await run { stack, key in
            try await stack.makeTenant("other")
            var ids: [String] = []
            for (index, tenant) in ["acme", "acme", "other", nil].enumerated() {
                let types = index == 1 ? #"["tenant.updated"]"# : #"["budget.funded"]"#
                let text = #"{"url":"https://h\#(index).example","event_types":\#(types)}"#
                ids.append(try await create(stack, text, tenant: tenant).id)
            }
            try await stack.redis("HSET", try stack.key("acme") + ":wf:\(ids[1])", "failures", "4")
            func list(_ query: String, _ path: String, as credentials: AdminStack.Credentials = .admin) async throws
                -> [String]
            {
                let answer = try await stack.send(path + query, method: .get, as: credentials)
                try #require(answer.status == .ok, "\(answer.body)")
                return answer.root.member("subscriptions")?.elements.map {
                    String(decoding: $0.member("subscription_id")?.stringBytes() ?? [], as: UTF8.self)
                } ?? []
            }
            #expect(try await Set(list("", admin)) == Set(ids))
            #expect(try await list("", admin).first == ids[1], "most failures first")
            #expect(try await list("?sort_by=url&sort_dir=asc", admin) == ids)
            #expect(try await Set(list("?tenant_id=acme", admin)) == Set(ids[...1]))
            #expect(try await list("?tenant_id=__system__", admin) == [ids[3]])
            #expect(try await list("?tenant_id=no%20tenant", admin).isEmpty)
            #expect(try await list("?event_type=tenant.updated", admin) == [ids[1]])
            #expect(try await list("?search=H2.EXAMPLE", admin) == [ids[2]])
            #expect(try await list("?status=PAUSED", admin).isEmpty)
            #expect(try await Set(list("", own, as: .key(key))) == Set(ids[...1]))
            var pages: [String] = []
            var cursor = ""
            repeat {
                let answer = try await stack.send(
                    admin + "?sort_by=url&sort_dir=asc&limit=1" + cursor, method: .get, as: .admin)
                pages +=
                    answer.root.member("subscriptions")?.elements.map {
                        String(decoding: $0.member("subscription_id")?.stringBytes() ?? [], as: UTF8.self)
                    } ?? []
                cursor = answer.text("next_cursor").map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty && pages.count < 9
            #expect(pages == ids)
            for bad in ["?sort_by=name", "?status=GONE", "?event_type=no.such", "?cursor=x"] {
                #expect(try await stack.send(admin + bad, method: .get, as: .admin).status == .badRequest, "\(bad)")
            }
        }
    }

    @Test("113: secrets sealed under an old key are used, and sealed under the new one when they change")
    func keyRotation() async throws {
        try await run(target: WebhookTarget(keys: [2, 1])) { stack, key in
            let (id, _) = try await create(stack, body(#","signing_secret":"one""#), as: .key(key))
            let old = try #require(SecretBox(keys: [.init([UInt8](repeating: 1, count: 32))]))
            let both = try #require(
                SecretBox(keys: [2, 1].map { .init([UInt8](repeating: $0, count: 32)) }))
            let rows = try stack.key("acme") + ":wh"
            func stored() async throws -> StoredSubscription {
                let row = try #require(try await stack.redis("HGET", rows, id).bytes)
                return try #require(StoredSubscription(id: [UInt8](id.utf8), row: row))
            }
            let first = try await stored()
            let secret = WebhookSecret(secret: .init([UInt8]("one".utf8)))
            let row = StoredSubscription.row(
                .active, createdMs: first.createdMs, updatedMs: first.updatedMs,
                sealed: try secret.sealed(for: first.id, in: old), first.terms)
            try await stack.redis("HSET", rows, id, String(decoding: row, as: UTF8.self))
            #expect(try await patch(stack, id, #"{"signing_secret":"one"}"#, as: .key(key)).status == .ok)
            #expect(try await stored().row == row, "the same secret is no change")
            #expect(try await patch(stack, id, #"{"name":"n"}"#, as: .key(key)).status == .ok)
            #expect(both.isCurrent(try await stored().sealed), "whatever is written is under the new key")
            #expect(try await patch(stack, id, #"{"signing_secret":"two"}"#, as: .key(key)).status == .ok)
            let second = try await stored()
            #expect(both.isCurrent(second.sealed))
            let opened = try WebhookSecret(sealed: second.sealed, for: second.id, in: both)
            #expect(opened.signing(atMs: 1_700_000_000_000).count == 2)
            #expect(opened.signing(atMs: 1_700_086_400_000).count == 1)
        }
    }
}
