// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import StrictJSON
import Testing
import Webhooks

/// Numbers in names are statements of the admin digest, section 8.
@Suite("Webhook subscriptions", .serialized)
struct SubscriptionLiveTests {
    let admin = "/v1/admin/webhooks"
    let own = "/v1/webhooks"

    /// A body with types, and further members with a comma before them.
    func body(_ more: String = "", types: String = #"["budget.funded"]"#) -> String {
        #"{"url":"https://hooks.example.com/a","event_types":\#(types)\#(more)}"#
    }

    /// A tenant with a key that may do everything with webhooks.
    func run(
        target: WebhookTarget = WebhookTarget(), clock: @escaping @Sendable () -> Int64 = { 1_700_000_000_000 },
        _ body: (AdminStack, String) async throws -> Void
    ) async throws {
        try await AdminStack.run(clock: clock, target: target) { stack in
            try await stack.makeTenant("acme")
            let key = try await stack.makeKey("acme", #","permissions":["webhooks:read","webhooks:write"]"#)
            try await body(stack, try #require(key.text("key_secret")))
        }
    }

    func create(
        _ stack: AdminStack, _ body: String, as credentials: AdminStack.Credentials = .admin, tenant: String? = nil
    ) async throws -> (id: String, answer: AdminAnswer) {
        let path = credentials.admin == nil ? own : admin + (tenant.map { "?tenant_id=\($0)" } ?? "")
        let answer = try await stack.send(path, body, as: credentials)
        try #require(answer.status == .created, "\(answer.body)")
        let id = answer.root.member("subscription")?.member("subscription_id")?.stringBytes() ?? []
        return (String(decoding: id, as: UTF8.self), answer)
    }

    func patch(
        _ stack: AdminStack, _ id: String, _ body: String, as credentials: AdminStack.Credentials = .admin
    ) async throws -> AdminAnswer {
        let path = credentials.admin == nil ? own : admin
        return try await stack.send("\(path)/\(id)", body, method: .patch, as: credentials)
    }

    func get(
        _ stack: AdminStack, _ id: String, as credentials: AdminStack.Credentials = .admin
    ) async throws -> AdminAnswer {
        let path = credentials.admin == nil ? own : admin
        return try await stack.send("\(path)/\(id)", method: .get, as: credentials)
    }

    /// Types and data of a tenant's webhook events.
    func events(_ stack: AdminStack, _ tenant: String = "acme") async throws -> [[String]] {
        try await stack.log("el", of: tenant).filter { $0[2].hasPrefix("webhook.") }
    }

    @Test("82, 83, 89: secret once, header values masked, and neither is readable in Redis")
    func secrets() async throws {
        try await run { stack, key in
            let more = #","headers":{"Authorization":"Bearer clear-header"},"signing_secret":"clear-secret-1""#
            let (id, created) = try await create(stack, body(more), as: .key(key))
            #expect(created.text("signing_secret") == "clear-secret-1")
            #expect(created.headers[.cacheControl] == "no-store")
            let (_, generated) = try await create(stack, body(), tenant: "acme")
            #expect(generated.text("signing_secret")?.hasPrefix("whsec_") == true)
            let patched = try await patch(
                stack, id, #"{"signing_secret":"clear-secret-2","headers":{"X-Token":"clear-header"}}"#, as: .key(key))
            #expect(patched.status == .ok && patched.body.contains(#""headers":{"X-Token":"********"}"#))
            var seen = [patched.body]
            for credentials in [AdminStack.Credentials.admin, .key(key)] {
                seen.append(try await get(stack, id, as: credentials).body)
                let path = credentials.admin == nil ? own : admin
                seen.append(try await stack.send(path, method: .get, as: credentials).body)
            }
            seen.append(try await stack.send(own + "?tenant=acme", method: .get, as: .admin).body)
            for text in seen {
                #expect(text.contains("********") && !text.contains("clear-"), "\(text)")
            }
            for (name, values) in try await stack.contents() {
                for value in [[UInt8](name.utf8)] + values {
                    let text = String(decoding: value, as: UTF8.self)
                    #expect(!text.contains("clear-") && !text.contains("whsec_"), "\(name)")
                }
            }
            #expect(!stack.log.lines.joined().contains("clear-"))
        }
    }

    @Test("78, 88: selectors may be emptied where categories are left; no change leaves no trace")
    func changes() async throws {
        try await run { stack, key in
            let (id, _) = try await create(stack, body(#","metadata":{"a":1}"#), as: .key(key))
            let refused = try await patch(stack, id, #"{"event_types":[]}"#, as: .key(key))
            #expect(refused.status == .badRequest && refused.error == "INVALID_REQUEST")
            #expect(try await patch(stack, id, #"{"event_categories":["budget"]}"#, as: .key(key)).status == .ok)
            #expect(try await patch(stack, id, #"{"event_types":[]}"#, as: .key(key)).status == .ok)
            let again = try await patch(stack, id, #"{"event_categories":[]}"#, as: .key(key))
            #expect(again.status == .badRequest)
            let before = try await stack.contents()
            let same = #"""
                {"event_types":[],"event_categories":["budget"],"metadata":{ "a" : 1 },"disable_after_failures":10,
                 "url":"https://hooks.example.com/a","retry_policy":{},"ordering":"default","status":"ACTIVE"}
                """#
            for body in ["{}", same] {
                #expect(try await patch(stack, id, body, as: .key(key)).status == .ok)
                #expect(try await stack.contents() == before)
            }
            #expect(try await patch(stack, id, #"{"status":"PAUSED","name":"n"}"#, as: .key(key)).status == .ok)
            let resumed = try await patch(stack, id, #"{"status":"ACTIVE","ordering":"strict"}"#, as: .key(key))
            #expect(resumed.text("status") == "ACTIVE" && resumed.text("ordering") == "strict")
            let events = try await events(stack)
            #expect(
                events.map { $0[2] } == [
                    "webhook.created", "webhook.updated", "webhook.updated", "webhook.paused", "webhook.resumed",
                ])
            let head = #"{"subscription_id":"\#(id)","tenant_id":"acme""#
            #expect(events.first?[4] == head + #","new_status":"ACTIVE","changed_fields":[]}"#)
            #expect(
                events[3][4]
                    == head + #","previous_status":"ACTIVE","new_status":"PAUSED","changed_fields":["name"]}"#)
            #expect(
                events[4][4]
                    == head + #","previous_status":"PAUSED","new_status":"ACTIVE","changed_fields":["ordering"]}"#)
            #expect(events[0][3].contains(#""correlation_id":"webhook_create:\#(id)""#))
            #expect(events[4][3].contains(#""correlation_id":"webhook_update:\#(id):"#))
        }
    }

    @Test("86, 105: DISABLED cannot be asked for; ACTIVE ends it and counts failures anew")
    func statuses() async throws {
        try await run { stack, key in
            let (id, _) = try await create(stack, body(), tenant: "acme")
            #expect(try await patch(stack, id, #"{"status":"DISABLED"}"#).status == .badRequest)
            // As a worker leaves it.
            let rows = try stack.key("acme") + ":wh"
            let row = try #require(try await stack.redis("HGET", rows, id).text)
            try await stack.redis("HSET", rows, id, "D" + row.dropFirst())
            try await stack.redis("HSET", try stack.key("acme") + ":wf:\(id)", "failures", "10", "failure_ms", "5")
            let disabled = try await get(stack, id)
            #expect(disabled.text("status") == "DISABLED")
            #expect(disabled.root.member("consecutive_failures")?.int64() == 10)
            #expect(disabled.text("last_failure_at") == "1970-01-01T00:00:00.005Z")
            let active = try await patch(stack, id, #"{"status":"ACTIVE"}"#)
            #expect(active.text("status") == "ACTIVE")
            #expect(active.root.member("consecutive_failures")?.int64() == 0)
            #expect(try await events(stack).last?[2] == "webhook.resumed")
            #expect(try await events(stack).last?[4].contains(#""previous_status":"DISABLED""#) == true)
        }
    }

    @Test("79, 80, S-43: no tenant's subscription gets hold of the operator's events, on any path")
    func ownership() async throws {
        try await run { stack, key in
            let mine = AdminStack.Credentials.key(key)
            let words = ["api_key.created", "policy.created", "webhook.created", "system.webhook_test"]
            for word in words {
                for (path, credentials) in [(own, mine), (admin + "?tenant_id=acme", .admin)] {
                    let answer = try await stack.send(path, body(types: #"["\#(word)"]"#), as: credentials)
                    #expect(answer.status == .badRequest && answer.error == "INVALID_REQUEST", "\(word)")
                    let category = word.prefix { $0 != "." }
                    let more = try await stack.send(
                        path, body(#","event_categories":["\#(category)"]"#), as: credentials)
                    #expect(more.status == .badRequest, "\(category)")
                }
            }
            let (id, _) = try await create(stack, body(), as: mine)
            for credentials in [mine, .admin] {
                for change in [#"{"event_types":["system.high_latency"]}"#, #"{"event_categories":["policy"]}"#] {
                    #expect(try await patch(stack, id, change, as: credentials).status == .badRequest)
                }
            }
            let operators = try await stack.send(
                "\(own)/\(id)", #"{"event_categories":["system"]}"#, method: .patch, as: .admin)
            #expect(operators.status == .badRequest)
            // A row that should not be there is not put to use by a change of something else.
            let rows = try stack.key("acme") + ":wh"
            let row = try #require(try await stack.redis("HGET", rows, id).bytes)
            let bad = String(decoding: row, as: UTF8.self).replacing("budget.funded", with: "policy.created")
            try await stack.redis("HSET", rows, id, bad)
            #expect(try await patch(stack, id, #"{"status":"PAUSED"}"#).status == .badRequest)
            #expect(try await patch(stack, id, #"{"status":"ACTIVE"}"#, as: mine).status == .badRequest)
            let system = try await create(stack, body(#","event_categories":["system","policy"]"#))
            let shown = system.answer.root.member("subscription")
            #expect(shown?.member("tenant_id")?.isString("__system__") == true)
            #expect(try await get(stack, system.id).text("tenant_id") == "__system__")
        }
    }

    @Test(
        "77, 84, 85: bad subscriptions are 400 and nothing is stored",
        arguments: [
            #"{"url":"https://x.example","event_types":[]}"#, #"{"url":"https://x.example"}"#,
            #"{"url":"https://x.example","event_types":[],"event_categories":[]}"#,
            #"{"event_types":["budget.funded"]}"#,
            #"{"url":"https://x.example","event_types":["budget.nothing"]}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"event_categories":["money"]}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"retry_policy":{"max_retries":11}}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"retry_policy":{"initial_delay_ms":99}}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"retry_policy":{"backoff_multiplier":10.5}}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"retry_policy":{"max_delay_ms":999}}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"disable_after_failures":0}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"status":"PAUSED"}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"thresholds":{"budget_utilization":[2]}}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"signing_secret":""}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"ordering":"any"}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"more":1}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"headers":{"Host":"x"}}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"headers":{"content-LENGTH":"1"}}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"headers":{"x-cycles-signature":"x"}}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"headers":{"Webhook-Id":"x"}}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"headers":{"traceparent":"x"}}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"headers":{"a b":"x"}}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"headers":{"":"x"}}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"headers":{"A":"x\r\ny: z"}}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"headers":{"A":"x","a":"y"}}"#,
            #"{"url":"https://x.example","event_types":["budget.funded"],"headers":{"A":1}}"#,
        ])
    func bad(body: String) async throws {
        try await run { stack, key in
            let before = try await stack.contents()
            for (path, credentials) in [(own, AdminStack.Credentials.key(key)), (admin, .admin)] {
                let answer = try await stack.send(path, body, as: credentials)
                #expect(answer.status == .badRequest && answer.error == "INVALID_REQUEST", "\(answer.body)")
            }
            #expect(try await stack.contents() == before)
            #expect(stack.target.checked.isEmpty)
        }
    }

    @Test("81: a URL that is not allowed is 400 WEBHOOK_URL_INVALID at create, at a change of the URL and at a test")
    func urls() async throws {
        try await run { stack, key in
            let mine = AdminStack.Credentials.key(key)
            let (id, _) = try await create(stack, body(), as: mine)
            let before = try await stack.contents()
            stack.target.objection = "the URL must begin with https://"
            for (method, path, text) in [
                (.post, own, body()), (.patch, "\(own)/\(id)", #"{"url":"http://10.0.0.1"}"#),
                (.patch, "\(own)/\(id)", #"{"url":"https://hooks.example.com/a"}"#), (.post, "\(own)/\(id)/test", ""),
            ] as [(HTTPRequest.Method, String, String)] {
                let answer = try await stack.send(path, text, method: method, as: mine)
                #expect(answer.status == .badRequest && answer.error == "WEBHOOK_URL_INVALID", "\(path)")
                #expect(answer.message == "url: the URL must begin with https://")
            }
            #expect(stack.target.probes.isEmpty)
            #expect(try await stack.contents() == before)
            // What is stored already is not looked at again for a change of something else.
            #expect(try await patch(stack, id, #"{"name":"n"}"#, as: mine).status == .ok)
        }
    }

    @Test("87, 90: a foreign subscription looks like none; the operator names a tenant, a tenant does not")
    func foreign() async throws {
        try await run { stack, key in
            try await stack.makeTenant("other")
            let (id, _) = try await create(stack, body(), tenant: "other")
            let before = try await stack.contents()
            for (method, path) in [
                (.get, "\(own)/\(id)"), (.patch, "\(own)/\(id)"), (.delete, "\(own)/\(id)"),
                (.post, "\(own)/\(id)/test"), (.get, "\(own)/\(id)/deliveries"),
                (.get, "\(own)/nothing"), (.delete, "\(own)/whsub_000000000000000000"),
            ] as [(HTTPRequest.Method, String)] {
                let answer = try await stack.send(path, "{}", method: method, as: .key(key))
                #expect(answer.status == .notFound && answer.error == "WEBHOOK_NOT_FOUND", "\(method) \(path)")
            }
            #expect(try await stack.contents() == before)
            let bare = try await stack.send(own, method: .get, as: .admin)
            #expect(bare.status == .badRequest)
            #expect(bare.message == "tenant query parameter is required when using admin key authentication")
            let named = try await stack.send(own + "?tenant=acme", method: .get, as: .key(key))
            #expect(named.status == .badRequest)
            let list = try await stack.send(own + "?tenant=other", method: .get, as: .admin)
            #expect(list.status == .ok && list.body.contains(id))
            let empty = try await stack.send(own, method: .get, as: .key(key))
            #expect(empty.status == .ok && !empty.body.contains(id))
            #expect(try await stack.send(own, body(), as: .admin).status == .unauthorized)
            #expect(try await stack.send(admin + "?tenant_id=nobody", body(), as: .admin).error == "TENANT_NOT_FOUND")
        }
    }

    @Test("135: what the operator does in a tenant's place is audited so, on the admin plane as the operator's own")
    func audit() async throws {
        try await run { stack, key in
            let (id, _) = try await create(stack, body(), as: .key(key))
            let path = "\(own)/\(id)"
            #expect(try await stack.send(path, #"{"name":"n"}"#, method: .patch, as: .admin).status == .ok)
            #expect(try await stack.send(path, method: .get, as: .admin).status == .ok)
            #expect(try await stack.send(path + "/deliveries", method: .get, as: .admin).status == .ok)
            // What the operator looks at on its own plane, and a tenant at its own, is nobody's news.
            #expect(try await stack.send("\(admin)/\(id)/deliveries", method: .get, as: .admin).status == .ok)
            #expect(try await stack.send(path + "/deliveries", method: .get, as: .key(key)).status == .ok)
            #expect(try await patch(stack, id, #"{"name":"m"}"#).status == .ok)
            #expect(try await stack.send(path, method: .delete, as: .admin).status == .noContent)
            let entries = try await stack.log("al", of: "acme").map { $0[2] }.filter {
                $0.contains(/"operation":"\w*Webhook/)
            }
            let actors = [
                "api_key", "admin_on_behalf_of", "admin_on_behalf_of", "admin_on_behalf_of", "admin",
                "admin_on_behalf_of",
            ]
            let operations = [
                "createTenantWebhook", "updateTenantWebhook", "getTenantWebhook", "listTenantWebhookDeliveries",
                "updateWebhookSubscription", "deleteTenantWebhook",
            ]
            #expect(entries.count == actors.count)
            for (entry, (actor, operation)) in zip(entries, zip(actors, operations)) {
                #expect(entry.contains(#""actor_type":"\#(actor)""#) && entry.contains(#""operation":"\#(operation)""#))
            }
            #expect(try await events(stack).last?[2] == "webhook.deleted")
            #expect(
                try await events(stack).last?[4]
                    == #"{"subscription_id":"\#(id)","tenant_id":"acme","previous_status":"ACTIVE","#
                    + #""changed_fields":[]}"#)
            #expect(try await get(stack, id).status == .notFound)
        }
    }

    @Test("56, 57: a closed tenant's subscriptions are disabled, can be seen, and nothing else")
    func closed() async throws {
        try await run { stack, key in
            let (id, _) = try await create(stack, body(), tenant: "acme")
            let closed = try await stack.send(
                "/v1/admin/tenants/acme", #"{"status":"CLOSED"}"#, method: .patch, as: .admin)
            #expect(closed.status == .ok)
            let shown = try await get(stack, id)
            #expect(shown.status == .ok && shown.text("status") == "DISABLED")
            #expect(try await events(stack).last?[2] == "webhook.disabled_via_tenant_cascade")
            for plane in [admin, own] {
                for (method, path, text) in [
                    (.patch, "\(plane)/\(id)", #"{"status":"ACTIVE"}"#), (.patch, "\(plane)/\(id)", "{}"),
                    (.delete, "\(plane)/\(id)", ""), (.post, "\(plane)/\(id)/test", ""),
                ] as [(HTTPRequest.Method, String, String)] {
                    let answer = try await stack.send(path, text, method: method, as: .admin)
                    #expect(answer.status == .conflict && answer.error == "TENANT_CLOSED", "\(method) \(path)")
                }
            }
            let new = try await stack.send(admin + "?tenant_id=acme", body(), as: .admin)
            #expect(new.status == .conflict && new.error == "TENANT_CLOSED")
        }
    }

    @Test("129, 130, 131: a test goes out at once with headers and secrets, and tells how it went; nothing is counted")
    func probing() async throws {
        try await run { stack, key in
            let (id, _) = try await create(
                stack, body(#","headers":{"X-Token":"t"},"signing_secret":"one""#), as: .key(key))
            _ = try await patch(stack, id, #"{"signing_secret":"two"}"#, as: .key(key))
            _ = try await patch(stack, id, #"{"status":"PAUSED"}"#, as: .key(key))
            let before = try await stack.contents()
            let good = try await stack.send("\(own)/\(id)/test", as: .key(key))
            #expect(good.status == .ok && good.root.member("success")?.bool() == true)
            #expect(good.root.member("response_status")?.int64() == 204)
            #expect(good.root.member("response_time_ms")?.int64() == 7)
            let probe = try #require(stack.target.probes.first)
            #expect(probe.url.elementsEqual("https://hooks.example.com/a".utf8))
            #expect(probe.secrets.map { String(decoding: $0.reveal(), as: UTF8.self) } == ["two", "one"])
            #expect(probe.headers.map { String(decoding: $0.name, as: UTF8.self) } == ["X-Token"])
            let event = try JSONDocument.parse(probe.body).root
            #expect(event.member("event_id")?.stringBytes() == probe.eventID)
            #expect(good.text("event_id").map { [UInt8]($0.utf8) } == probe.eventID && probe.eventID.count == 21)
            #expect(event.member("event_type")?.isString("system.webhook_test") == true)
            #expect(event.member("tenant_id")?.isString("acme") == true)
            #expect(event.member("data")?.member("subscription_id")?.isString(id) == true)
            #expect(event.member("data")?.member("test")?.bool() == true)
            #expect(event.member("trace_id")?.stringBytes() == probe.traceID)
            stack.target.result = ProbeResult(isSuccess: false, status: nil, tookMs: 3, problem: "connection refused")
            let refused = try await stack.send("\(own)/\(id)/test", as: .key(key))
            #expect(refused.status == .ok && refused.text("error_message") == "connection refused")
            #expect(refused.root.member("success")?.bool() == false)
            // Both are among the deliveries; nothing else has changed.
            let after = try await stack.contents()
            let places = ["}:dv:", "}:wd:", "}:we:"]
            #expect(after.filter { entry in !places.contains { entry.key.contains($0) } } == before)
            let listed = try await stack.send("\(own)/\(id)/deliveries", method: .get, as: .key(key))
            let rows = try Array(#require(listed.root.member("deliveries")).elements)
            #expect(rows.count == 2)
            for (row, answer, state) in [(rows.last, good, "SUCCESS"), (rows.first, refused, "FAILED")] {
                #expect(row?.member("status")?.isString(state) == true && row?.member("attempts")?.int64() == 1)
                #expect(row?.member("event_id")?.stringBytes() == answer.text("event_id").map { [UInt8]($0.utf8) })
                #expect(row?.member("event_type")?.isString("system.webhook_test") == true)
            }
            #expect(rows.first?.member("error_message")?.isString("connection refused") == true)
            #expect(rows.last?.member("response_status")?.int64() == 204 && rows.last?.member("error_message") == nil)
            let failed = String(decoding: rows.first?.member("delivery_id")?.stringBytes() ?? [], as: UTF8.self)
            let letters = try await stack.send("/v1/admin/x-holdfast/dead-letters", method: .get, as: .admin)
            #expect(letters.root.member("deliveries")?.count == 0)
            let resent = try await stack.send("/v1/admin/x-holdfast/deliveries/\(failed)/resend", as: .admin)
            #expect(resent.status == .notFound && resent.error == "EVENT_NOT_FOUND")
        }
    }

    @Test("54: a key with a scope filter subscribes within it alone, and nothing beyond it is there for that key")
    func scopeFilters() async throws {
        try await run { stack, key in
            let mine = try await scoped(stack, #"["workspace:prod"]"#)
            for beyond in [
                "", "*", "tenant:acme", "tenant:acme/*", "tenant:acme/workspace:prod*", "tenant:acme/workspace:test",
                "tenant:acme/workspace:production/*", "tenant:acme/w*",
            ] {
                let refused = try await stack.send(own, filtered(beyond), as: mine)
                #expect(refused.status == .forbidden && refused.error == "FORBIDDEN", "\(beyond)")
            }
            #expect(try await stack.send(own, body(), as: mine).status == .forbidden)
            var inside: [String] = []
            for within in [
                "tenant:acme/workspace:prod", "tenant:acme/workspace:prod/*", "tenant:acme/workspace:prod/ag*",
            ] {
                inside.append(try await create(stack, filtered(within), as: mine).id)
            }
            let (other, _) = try await create(stack, body(), as: .key(key))
            let before = try await stack.contents()
            for (method, path) in [
                (.get, ""), (.patch, ""), (.delete, ""), (.post, "/test"), (.get, "/deliveries"),
            ] as [(HTTPRequest.Method, String)] {
                let answer = try await stack.send("\(own)/\(other)\(path)", "{}", method: method, as: mine)
                #expect(answer.status == .notFound && answer.error == "WEBHOOK_NOT_FOUND", "\(method) \(path)")
            }
            let widened = try await patch(stack, inside[0], #"{"scope_filter":""}"#, as: mine)
            #expect(widened.status == .forbidden && widened.error == "FORBIDDEN")
            #expect(try await stack.contents() == before && stack.target.probes.isEmpty)
            #expect(ids(try await stack.send(own + "?limit=1", method: .get, as: mine)).isSubset(of: inside))
            #expect(ids(try await stack.send(own, method: .get, as: mine)) == Set(inside))
            #expect(ids(try await stack.send(own, method: .get, as: .key(key))) == Set(inside + [other]))
            let named = try await patch(stack, inside[0], #"{"name":"n"}"#, as: mine)
            #expect(named.status == .ok && named.text("name") == "n")
            #expect(try await stack.send("\(own)/\(inside[0])/deliveries", method: .get, as: mine).status == .ok)
            #expect(try await stack.send("\(own)/\(inside[0])", method: .delete, as: mine).status == .noContent)
        }
    }
}
