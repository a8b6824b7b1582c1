// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import SharedKernel
import StrictJSON
import Testing

@Suite("Admin API, API keys that change")
struct AdminAPIKeyChangeTests {
    private func patch(_ stack: AdminStack, _ id: String, _ body: String) async throws -> AdminAnswer {
        try await stack.send("/v1/admin/api-keys/\(id)", body, method: .patch, as: .admin)
    }

    private func delete(_ stack: AdminStack, _ id: String, _ query: String = "") async throws -> AdminAnswer {
        try await stack.send("/v1/admin/api-keys/\(id)\(query)", method: .delete, as: .admin)
    }

    private func validate(_ stack: AdminStack, _ secret: String) async throws -> AdminAnswer {
        try await stack.send("/v1/auth/validate", #"{"key_secret":"\#(secret)"}"#, as: .admin)
    }

    private func balances(_ stack: AdminStack, _ secret: String) async throws -> HTTPResponse.Status {
        try await stack.send("/v1/balances?tenant=acme", method: .get, as: .key(secret)).status
    }

    /// A tenant's key: id and secret.
    private func makeKey(_ stack: AdminStack, _ more: String = "") async throws -> (id: String, secret: String) {
        let key = try await stack.makeKey("acme", more)
        return (try #require(key.text("key_id")), try #require(key.text("key_secret")))
    }

    @Test("30: a revoked key fails from the next request on; the second DELETE is 409; nothing is ever undone")
    func revokes() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let key = try await makeKey(stack)
            let other = try await makeKey(stack)
            #expect(try await balances(stack, key.secret) == .ok)
            let revoked = try await delete(stack, key.id, "?reason=lost%20%22it%22")
            #expect(revoked.status == .ok && revoked.text("status") == "REVOKED")
            #expect(revoked.text("revoked_reason") == #"lost "it""# && revoked.text("revoked_at") != nil)
            #expect(try await balances(stack, key.secret) == .unauthorized)
            #expect(try await balances(stack, other.secret) == .ok, "rotation: the new key goes on")
            let before = try await stack.contents()
            for answer in [try await delete(stack, key.id), try await patch(stack, key.id, #"{"name":"x"}"#)] {
                #expect(answer.status == .conflict && answer.error == "KEY_REVOKED")
            }
            #expect(try await stack.contents() == before)
            let events = try await stack.log("el", of: "acme")
            #expect(events.contains { $0[2] == "api_key.auth_failed" }, "the revoked key was tried")
            let event = try #require(events.last { $0[2] != "api_key.auth_failed" })
            #expect(event[2] == "api_key.revoked")
            let data = try AdminCall.json(event[4])
            #expect(data.member("previous_status")?.isString("ACTIVE") == true)
            #expect(data.member("new_status")?.isString("REVOKED") == true)
            let listed = try await stack.send("/v1/admin/api-keys?status=REVOKED", method: .get, as: .admin)
            #expect(listed.root.member("keys")?.elements.map { Array($0.raw) } == [[UInt8](revoked.body.utf8)])
        }
    }

    @Test("An id that is none of ours, or names nothing, is 404 NOT_FOUND; a reason too long is 400")
    func unknown() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let key = try await makeKey(stack)
            let stem = String(key.id.dropLast())
            let ids = [
                "key_1", "pol_" + String(key.id.dropFirst(4)), stem, stem + (key.id.hasSuffix("A") ? "B" : "A"),
                "key_ff" + String(key.id.dropFirst(6)), key.id + "A", "%00",
            ]
            for id in ids {
                for answer in [try await delete(stack, id), try await patch(stack, id, "{}")] {
                    #expect(answer.status == .notFound && answer.error == "NOT_FOUND", "\(id)")
                }
            }
            let long = try await delete(stack, key.id, "?reason=" + String(repeating: "x", count: 513))
            #expect(long.status == .badRequest && long.message.contains("reason"))
            #expect(try await balances(stack, key.secret) == .ok)
        }
    }

    @Test("Permissions and scope filter count for the very next request; only their change is an event")
    func updates() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let key = try await makeKey(stack, #","description":"first","metadata":{"a":1}"#)
            #expect(try await balances(stack, key.secret) == .ok)
            let eventsBefore = try await stack.log("el", of: "acme").count
            let named = try await patch(stack, key.id, #"{"name":"second","description":"","metadata":{"b":2}}"#)
            #expect(named.status == .ok && named.text("name") == "second" && named.text("description") == "")
            #expect(named.root.member("metadata")?.raw.elementsEqual(#"{"b":2}"#.utf8) == true)
            #expect(named.texts("permissions").count == 10)
            #expect(try await stack.log("el", of: "acme").count == eventsBefore)
            let limited = try await patch(stack, key.id, #"{"permissions":["budgets:read"],"scope_filter":["app:a"]}"#)
            #expect(limited.texts("permissions") == ["budgets:read"] && limited.texts("scope_filter") == ["app:a"])
            #expect(try await balances(stack, key.secret) == .forbidden)
            let event = try #require(try await stack.log("el", of: "acme").last)
            #expect(event[2] == "api_key.permissions_changed")
            let permissions = try AdminCall.json(event[4]).member("permissions")?.raw ?? []
            #expect(String(decoding: permissions, as: UTF8.self) == #"["budgets:read"]"#)
            let entry = try AdminCall.json(try #require(try await stack.log("al", of: "acme").last)[2])
            let changed = entry.member("metadata")?.member("changed_fields")?.raw ?? []
            #expect(String(decoding: changed, as: UTF8.self) == #"["permissions","scope_filter"]"#)
        }
    }

    @Test("12, 28: a change that changes nothing writes nothing; a bad one is 400 naming the field and writes nothing")
    func nothing() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let key = try await makeKey(
                stack, #","permissions":["budgets:read","budgets:write"],"metadata":{"a":1,"b":2}"#)
            let before = try await stack.contents()
            for body in [
                "{}", #"{"name":"main"}"#, #"{"permissions":["budgets:write","budgets:read","budgets:read"]}"#,
                #"{"scope_filter":[]}"#, #"{"metadata":{"b": 2, "a": 1}}"#,
            ] {
                #expect(try await patch(stack, key.id, body).status == .ok, "\(body)")
            }
            for (body, field) in [
                (#"{"permissions":["budgets:eat"]}"#, "budgets:eat"), (#"{"permissions":"x"}"#, "permissions"),
                (#"{"scope_filter":["x"]}"#, "scope_filter"), (#"{"name":""}"#, "name"),
                (#"{"expires_at":"2030-01-01T00:00:00Z"}"#, "expires_at"), (#"{"status":"ACTIVE"}"#, "status"),
                (#"{"tenant_id":"acme"}"#, "tenant_id"), (#"{"metadata":1}"#, "metadata"), ("x", "JSON"),
            ] {
                let answer = try await patch(stack, key.id, body)
                #expect(answer.status == .badRequest && answer.error == "INVALID_REQUEST", "\(body)")
                #expect(answer.message.contains(field), "\(answer.message)")
            }
            #expect(try await stack.contents() == before)
        }
    }

    @Test("31: validate says what a key is, and why it would not be let in")
    func validates() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let key = try await makeKey(stack, #","permissions":["budgets:read"],"scope_filter":["app:a"]"#)
            let good = try await validate(stack, key.secret)
            #expect(good.status == .ok && good.root.member("valid")?.bool() == true)
            #expect(good.text("tenant_id") == "acme" && good.text("key_id") == key.id)
            #expect(good.texts("permissions") == ["budgets:read"] && good.texts("scope_filter") == ["app:a"])
            #expect(good.text("expires_at") != nil && good.text("reason") == nil)
            func reason(_ secret: String) async throws -> String? {
                let answer = try await validate(stack, secret)
                #expect(answer.status == .ok && answer.root.member("valid")?.bool() == false)
                return answer.text("reason")
            }
            #expect(try await reason("cyc_live_unknown") == "KEY_NOT_FOUND")
            #expect(try await validate(stack, "").text("tenant_id") == "")
            let suspend = try await stack.send(
                "/v1/admin/tenants/acme", #"{"status":"SUSPENDED"}"#, method: .patch, as: .admin)
            #expect(suspend.status == .ok)
            #expect(try await reason(key.secret) == "TENANT_SUSPENDED")
            _ = try await delete(stack, key.id)
            #expect(try await reason(key.secret) == "KEY_REVOKED")
            #expect(try await validate(stack, key.secret).text("tenant_id") == "acme")
            for body in ["{}", #"{"key_secret":1}"#, "x"] {
                #expect(try await stack.send("/v1/auth/validate", body, as: .admin).status == .badRequest)
            }
        }
    }

    @Test("An expired key is listed as EXPIRED, fails validation, cannot be changed, and can still be revoked")
    func expires() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let key = try await makeKey(stack)
            let row = try #require(try await stack.redis("HGET", stack.key("acme") + ":keys", key.id).text)
            var parts = row.split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
            parts[3] = "1000"
            try await stack.redis("HSET", stack.key("acme") + ":keys", key.id, parts.joined(separator: "\0"))
            let listed = try await stack.send("/v1/admin/api-keys?status=EXPIRED", method: .get, as: .admin)
            #expect(listed.root.member("keys")?.count == 1)
            #expect(try await validate(stack, key.secret).text("reason") == "KEY_EXPIRED")
            let changed = try await patch(stack, key.id, #"{"name":"x"}"#)
            #expect(changed.status == .conflict && changed.error == "KEY_EXPIRED")
            #expect(try await balances(stack, key.secret) == .unauthorized)
            #expect(try await delete(stack, key.id).text("status") == "REVOKED")
        }
    }
}
