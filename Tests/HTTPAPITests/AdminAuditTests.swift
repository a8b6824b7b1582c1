// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import RedisClient
import SharedKernel
import StrictJSON
import TestSupport
import Testing

@Suite("The audit log can always be read", .serialized)
struct AdminAuditTests {
    private func logs(_ stack: AdminStack, _ query: String) async throws -> [JSONValue] {
        let answer = try await stack.send("/v1/admin/audit/logs?" + query, method: .get, as: .admin)
        try #require(answer.status == .ok, "\(query): \(answer.body)")
        return (answer.root.member("logs")?.elements).map { Array($0) } ?? []
    }

    private func text(_ row: JSONValue, _ name: StaticString) -> String {
        String(decoding: row.member(name)?.stringBytes() ?? [], as: UTF8.self)
    }

    /// A tenant with a key and two budgets, one of them frozen; gives the key's id.
    private func open(_ stack: AdminStack) async throws -> String {
        try await stack.makeTenant("acme")
        try await stack.makeBudget("acme", "tenant:acme", allocated: 1_000_000)
        return try #require(try await stack.makeKey("acme").text("key_id"))
    }

    /// Metadata in so many levels, with strings that need escapes.
    private static func metadata(_ random: inout SeededGenerator, depth: Int) -> String {
        let texts = [#""a""#, #""\"\\\/\u0001\u00e9\ud83d\ude00""#, #""é\u007f""#, "1", "-0.5e3", "true", "null", "[]"]
        func leaf() -> String { texts.randomElement(using: &random) ?? "1" }
        var value = depth > 1 ? "{}" : ""
        for level in 1..<max(1, depth) {
            value =
                Bool.random(using: &random) && level < depth - 1 ? "[\(leaf()),\(value)]" : #"{"k\#(level)":\#(value)}"#
        }
        return #"{"é\n":\#(leaf()),"x":\#(depth > 1 ? value : leaf())}"#
    }

    @Test("Whatever a change says of itself, as deep as bodies may be, its entry reads back as it was sent")
    func roundTrip() async throws {
        var random = SeededGenerator()
        let seed = random.seed
        try await AdminStack.run { stack in
            _ = try await open(stack)
            let place = "scope=tenant:acme&unit=TOKENS"
            for depth in [1, 2, 29, 30] + (0..<8).map({ _ in Int.random(in: 1...30, using: &random) }) {
                let metadata = Self.metadata(&random, depth: depth)
                let reason = ["plain", #"\"\\\u0001\u000a"#, "\u{1F600} ü", ""].randomElement(using: &random) ?? ""
                let more = #""reason":"\#(reason)","metadata":\#(metadata)"#
                let requests: [(HTTPRequest.Method, String, String)] = [
                    (
                        .post, "fund?tenant_id=acme&\(place)",
                        #"{"operation":"CREDIT","amount":{"unit":"TOKENS","amount":1},\#(more)}"#
                    ), (.patch, "?\(place)", #"{"metadata":\#(metadata)}"#), (.post, "freeze?\(place)", "{\(more)}"),
                    (.post, "unfreeze?\(place)", "{\(more)}"),
                ]
                for (method, path, body) in requests {
                    let target = "/v1/admin/budgets" + (path.hasPrefix("?") ? path : "/" + path)
                    let answer = try await stack.send(target, body, method: method, as: .admin)
                    try #require(answer.status == .ok, "seed \(seed), depth \(depth): \(answer.body)")
                    let request = try #require(answer.headers[.requestID])
                    for query in ["request_id=\(request)", "request_id=\(request)&tenant_id=acme&sort_by=operation"] {
                        let rows = try await logs(stack, query)
                        try #require(rows.count == 1, "seed \(seed), depth \(depth), \(target)")
                        let found = rows[0].member("metadata")?.member("metadata")?.raw ?? []
                        #expect(String(decoding: found, as: UTF8.self) == metadata, "seed \(seed)")
                    }
                }
            }
            let deep = Self.metadata(&random, depth: 40)
            let refused = try await stack.send(
                "/v1/admin/budgets?\(place)", #"{"metadata":\#(deep)}"#, method: .patch, as: .admin)
            #expect(refused.status == .badRequest)
        }
    }

    @Test("A reason has no control characters and is bounded; key_ops are words: what is refused leaves no entry")
    func refused() async throws {
        try await AdminStack.run { stack in
            let id = try await open(stack)
            let key = #""kty":"OKP","kid":"k","alg":"EdDSA","crv":"Ed25519","x":"abc""#
            var nested = "1"
            for _ in 0..<26 { nested = "[\(nested)]" }
            let bad: [(HTTPRequest.Method, String, String, String)] =
                [
                    (.delete, "/v1/admin/api-keys/\(id)?reason=%00", "", "reason"),
                    (.delete, "/v1/admin/api-keys/\(id)?reason=a%0Ab", "", "reason"),
                    (.delete, "/v1/admin/api-keys/\(id)?reason=" + String(repeating: "r", count: 513), "", "reason"),
                ]
                + ["1", "{}", "null", nested, #""""#].map { value in
                    let body = #"{"keys":[{\#(key),"key_ops":[\#(value)]}]}"#
                    return (.put, "/v1/admin/x-holdfast/tenants/acme/jwt-keys", body, "key_ops")
                }
            let before = try await stack.log("al", of: "acme").count
            for (method, target, body, field) in bad {
                let answer = try await stack.send(target, body, method: method, as: .admin)
                #expect(answer.status == .badRequest && answer.message.contains(field), "\(target) \(body)")
            }
            #expect(try await stack.log("al", of: "acme").count == before)
            let good = try await stack.send(
                "/v1/admin/x-holdfast/tenants/acme/jwt-keys", #"{"keys":[{\#(key),"key_ops":["verify"]}]}"#,
                method: .put, as: .admin)
            #expect(good.status == .ok)
            let reason = String(repeating: "%C3%BC", count: 512)
            let revoked = try await stack.send(
                "/v1/admin/api-keys/\(id)?reason=\(reason)", method: .delete, as: .admin)
            #expect(revoked.text("revoked_reason") == String(repeating: "ü", count: 512))
            let row = try #require(try await logs(stack, "operation=revokeApiKey").first)
            #expect(row.member("metadata")?.member("reason")?.isString(String(repeating: "ü", count: 512)) == true)
        }
    }

    @Test("An entry that cannot be read is shown with what is known of it, and hides no other")
    func stubs() async throws {
        let deep = String(repeating: "[", count: 70) + String(repeating: "]", count: 70)
        let head = "1700000000000\0acme\0"
        for body in [
            "nonsense", head, head + "[]", head + "{}", head + #"{"reason":"\u0000"}"#, head + deep, "x\0acme\0{}",
            "1\0\0{}",
        ] {
            try await AdminStack.run { stack in
                _ = try await open(stack)
                try await stack.makeTenant("other")
                let all = try await logs(stack, "")
                #expect(all.count == 4)
                let broken = try #require(all.first { text($0, "operation") == "createBudget" })
                let id = text(broken, "log_id")
                let sequence = String(id.dropFirst("log_".count + 2))
                let shard = stack.installation.keyspace.shard(of: try #require(TenantID("acme")))
                let key = String(decoding: shard.prefix, as: UTF8.self) + "a:" + sequence
                try await stack.redis("SET", key, body)
                for query in [
                    "", "sort_by=operation", "sort_by=status&sort_dir=asc", "limit=100&sort_dir=asc",
                    "sort_by=tenant_id",
                ] {
                    let rows = try await logs(stack, query)
                    #expect(rows.count == 4, "\(query)")
                    let stub = try #require(rows.first { text($0, "log_id") == id }, "\(query)")
                    #expect(text(stub, "operation") == "unreadable" && text(stub, "tenant_id") == "acme")
                    #expect(text(stub, "timestamp") == text(broken, "timestamp"))
                    #expect(stub.member("status")?.int64() == 0)
                }
                #expect(try await logs(stack, "tenant_id=acme").count == 3)
                #expect(try await logs(stack, "operation=unreadable").count == 1)
                #expect(try await logs(stack, "status_min=100").count == 3)
                #expect(try await logs(stack, "resource_type=budget").isEmpty)
                #expect(stack.log.lines.filter { $0.contains("\"\(key)\"") }.count == 1)
            }
        }
    }

    @Test("An empty list of words counts as absent")
    func emptyLists() async throws {
        try await AdminStack.run { stack in
            _ = try await open(stack)
            for name in ["operation", "resource_type", "error_code", "error_code_exclude"] {
                #expect(try await logs(stack, "\(name)=,").count == 3, "\(name)")
                #expect(try await logs(stack, "\(name)=%2C,").count == 3, "\(name)")
            }
            #expect(try await logs(stack, "operation=,createTenant,").count == 1)
        }
    }

    @Test("Entries of a key's creation and change name permissions, scope filter and end")
    func keyEntries() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let key = try await stack.makeKey("acme", #","scope_filter":["agent:a"],"permissions":["budgets:read"]"#)
            let id = try #require(key.text("key_id"))
            let end = try #require(key.text("expires_at"))
            let changed = try await stack.send(
                "/v1/admin/api-keys/\(id)", #"{"scope_filter":["app:*"]}"#, method: .patch, as: .admin)
            #expect(changed.status == .ok)
            for (operation, filter) in [("createApiKey", #"["agent:a"]"#), ("updateApiKey", #"["app:*"]"#)] {
                let metadata = try #require(try await logs(stack, "operation=\(operation)").first?.member("metadata"))
                #expect(metadata.member("permissions")?.raw.elementsEqual(#"["budgets:read"]"#.utf8) == true)
                #expect(metadata.member("scope_filter")?.raw.elementsEqual(filter.utf8) == true)
                #expect(metadata.member("expires_at")?.isString(end) == true)
            }
        }
    }
}
