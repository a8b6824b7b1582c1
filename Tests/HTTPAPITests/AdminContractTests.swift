// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import HTTPAPI
import HTTPTypes
import RedisClient
import SharedKernel
import StrictJSON
import Testing

@Suite("The admin plane's contract", .serialized)
struct AdminContractTests {
    private static let trace = "0af7651916cd43dd8448eb211c80319c"
    private static let other = "11111111111111111111111111111111"

    /// Headers of a request, and the trace id that the answer must carry; nil for a new one.
    private static let traces: [(headers: [HTTPField.Name: String], expected: String?)] = {
        let parent = "00-\(trace)-b7ad6b7169203331-01"
        let zero = String(repeating: "0", count: 32)
        return [
            ([:], nil), ([.traceparent: parent], trace), ([.cyclesTraceID: other], other),
            ([.traceparent: parent, .cyclesTraceID: other], trace),
            ([.traceparent: "00-xyz", .cyclesTraceID: other], other),
            ([.traceparent: "00-\(zero)-b7ad6b7169203331-01", .cyclesTraceID: other], other),
            ([.traceparent: "00-\(zero)-b7ad6b7169203331-01"], nil), ([.cyclesTraceID: zero], nil),
            ([.cyclesTraceID: "xyz"], nil),
        ]
    }()

    private struct Call {
        let method: HTTPRequest.Method
        let target: String
        var body = ""
        var credentials = AdminStack.Credentials.admin
    }

    /// Sends a call with every combination of trace headers and checks ids and error body; gives the statuses.
    @discardableResult
    private func check(_ stack: AdminStack, _ call: Call, times: Int = .max) async throws -> Set<Int> {
        var statuses: Set<Int> = []
        var requests: Set<String> = []
        var fresh: Set<String> = []
        let cases = Self.traces.prefix(times)
        for (headers, expected) in cases {
            let answer = try await stack.send(
                call.target, call.body, method: call.method, as: call.credentials, headers: headers)
            let comment: Comment = "\(call.method) \(call.target) \(headers): \(answer.status) \(answer.body)"
            statuses.insert(answer.status.code)
            let trace = try #require(answer.headers[.cyclesTraceID], comment)
            let request = try #require(answer.headers[.requestID], comment)
            #expect(trace.wholeMatch(of: /[0-9a-f]{32}/) != nil, comment)
            if let expected { #expect(trace == expected, comment) } else { fresh.insert(trace) }
            requests.insert(request)
            guard answer.status.code >= 400 else { continue }
            #expect(answer.error?.isEmpty == false && !answer.message.isEmpty, comment)
            #expect(answer.text("request_id") == request && answer.text("trace_id") == trace, comment)
            for member in answer.root.members {
                let name = String(decoding: member.key.stringBytes() ?? [], as: UTF8.self)
                #expect(["error", "message", "request_id", "trace_id", "details"].contains(name), comment)
            }
        }
        #expect(requests.count == cases.count)
        #expect(fresh.count == cases.count { $0.expected == nil })
        return statuses
    }

    /// One good call of every operation, in an order in which they work.
    private func goodCalls(_ opened: Opened) -> [Call] {
        let (keyID, secret, policyID) = (opened.keyID, opened.secret, opened.policyID)
        let place = "scope=tenant:acme&unit=TOKENS"
        let amount = #"{"unit":"TOKENS","amount":5}"#
        let setting = "/v1/admin/x-holdfast/tenants/acme"
        return [
            Call(method: .post, target: "/v1/admin/tenants", body: #"{"tenant_id":"other","name":"Other"}"#),
            Call(method: .get, target: "/v1/admin/tenants"), Call(method: .get, target: "/v1/admin/tenants/acme"),
            Call(method: .patch, target: "/v1/admin/tenants/acme", body: #"{"name":"A"}"#),
            Call(method: .post, target: "/v1/admin/api-keys", body: #"{"tenant_id":"acme","name":"k"}"#),
            Call(method: .get, target: "/v1/admin/api-keys"),
            Call(method: .patch, target: "/v1/admin/api-keys/\(keyID)", body: #"{"name":"k2"}"#),
            Call(method: .post, target: "/v1/auth/validate", body: #"{"key_secret":"\#(secret)"}"#),
            Call(method: .get, target: "/v1/auth/introspect"),
            Call(
                method: .post, target: "/v1/admin/budgets",
                body: #"{"tenant_id":"acme","scope":"tenant:acme","unit":"TOKENS","allocated":\#(amount)}"#),
            Call(method: .get, target: "/v1/admin/budgets"),
            Call(method: .get, target: "/v1/admin/budgets/lookup?\(place)"),
            Call(method: .patch, target: "/v1/admin/budgets?\(place)", body: #"{"overdraft_limit":\#(amount)}"#),
            Call(
                method: .post, target: "/v1/admin/budgets/fund?tenant_id=acme&\(place)",
                body: #"{"operation":"CREDIT","amount":\#(amount)}"#),
            Call(method: .post, target: "/v1/admin/budgets/freeze?\(place)"),
            Call(method: .post, target: "/v1/admin/budgets/unfreeze?\(place)"),
            Call(
                method: .post, target: "/v1/admin/policies",
                body: #"{"tenant_id":"acme","name":"p2","scope_pattern":"tenant:acme"}"#),
            Call(method: .get, target: "/v1/admin/policies?tenant_id=acme"),
            Call(method: .patch, target: "/v1/admin/policies/\(policyID)", body: #"{"priority":3}"#),
            Call(method: .get, target: setting + "/limits"),
            Call(method: .put, target: setting + "/limits", body: #"{"event_streams":3}"#),
            Call(method: .get, target: setting + "/jwt-keys"),
            Call(method: .put, target: setting + "/jwt-keys", body: #"{"keys":[]}"#),
            Call(method: .get, target: "/v1/admin/audit/logs"), Call(method: .get, target: "/v1/admin/events"),
            Call(method: .get, target: "/v1/admin/events/\(opened.eventID)"),
            Call(method: .get, target: "/v1/events", credentials: .key(opened.reader)),
            Call(method: .get, target: "/v1/admin/overview"),
            Call(
                method: .post, target: "/v1/admin/tenants/bulk-action",
                body: #"{"filter":{"search":"nobody"},"action":"SUSPEND","idempotency_key":"b1"}"#),
            Call(
                method: .post, target: "/v1/admin/budgets/bulk-action",
                body: #"{"filter":{"tenant_id":"acme"},"action":"CREDIT","amount":\#(amount),"idempotency_key":"b1"}"#),
            Call(
                method: .post, target: "/v1/admin/webhooks/bulk-action",
                body: #"{"filter":{"search":"nobody"},"action":"PAUSE","idempotency_key":"b1"}"#),
            Call(method: .delete, target: "/v1/admin/api-keys/\(keyID)"),
        ]
    }

    private func operation(_ call: Call) -> String? {
        let path = call.target.prefix { $0 != "?" }
        guard case .found(let endpoint, _) = RouteTable(AdminAPI.endpoints).match(call.method, path) else { return nil }
        return endpoint.name
    }

    /// A tenant with keys, one of them for events, a policy and an event.
    private struct Opened {
        let keyID: String
        let secret: String
        let policyID: String
        let reader: String
        let eventID: String
    }

    private func open(_ stack: AdminStack) async throws -> Opened {
        try await stack.makeTenant("acme")
        let key = try await stack.makeKey("acme")
        let policy = try await stack.send(
            "/v1/admin/policies", #"{"tenant_id":"acme","name":"p","scope_pattern":"tenant:acme"}"#, as: .admin)
        let reader = try await stack.makeKey("acme", #","permissions":["events:read"]"#)
        let events = try await stack.send("/v1/admin/events", method: .get, as: .admin)
        let event = try #require(events.root.member("events")?.elements.first { _ in true })
        return Opened(
            keyID: try #require(key.text("key_id")), secret: try #require(key.text("key_secret")),
            policyID: try #require(policy.text("policy_id")), reader: try #require(reader.text("key_secret")),
            eventID: String(decoding: try #require(event.member("event_id")?.stringBytes()), as: UTF8.self))
    }

    @Test("1, 2, 3, 4, 5: every operation's success carries request id and trace id, taken or made as specified")
    func successes() async throws {
        try await AdminStack.run { stack in
            let opened = try await open(stack)
            let calls = goodCalls(opened)
            #expect(Set(calls.compactMap(operation)) == Set(AdminAPI.endpoints.map(\.name)))
            for call in calls {
                // What works once: the other combinations follow, and are answered 200 or refused.
                let first = try await check(stack, call, times: 1)
                #expect(first.allSatisfy { (200..<300).contains($0) }, "\(call.method) \(call.target): \(first)")
                try await check(stack, call)
            }
        }
    }

    @Test("1, 2, 3, 4, 5, 6: so does every refusal of every operation, and its body says what, why and which")
    func refusals() async throws {
        try await AdminStack.run { stack in
            let opened = try await open(stack)
            let reader = try #require(
                try await stack.makeKey("acme", #","permissions":["balances:read"]"#).text("key_secret"))
            var seen: Set<Int> = []
            for call in goodCalls(opened) {
                for credentials in [.none, .key(reader), .key("cyc_live_unknown"), .init(admin: "wrong")]
                    as [AdminStack.Credentials]
                {
                    var refused = call
                    refused.credentials = credentials
                    seen.formUnion(try await check(stack, refused))
                }
                for target in [call.target + "/nowhere", "/v1/admin/nowhere"] {
                    seen.formUnion(try await check(stack, Call(method: call.method, target: target)))
                }
                seen.formUnion(try await check(stack, Call(method: .trace, target: call.target)))
                guard call.method != .get else { continue }
                for body in ["", "{", "[]", #"{"colour":"red"}"#] {
                    seen.formUnion(try await check(stack, Call(method: call.method, target: call.target, body: body)))
                }
            }
            // What is not there, and what is there already; then what is corrupt.
            for target in ["tenants/nobody", "api-keys/key_00abcdefghijklmnop", "policies/pol_00abcdefghijklmnop"] {
                let call = Call(method: .patch, target: "/v1/admin/" + target, body: "{}")
                seen.formUnion(try await check(stack, call))
            }
            let duplicate = Call(
                method: .post, target: "/v1/admin/tenants", body: #"{"tenant_id":"acme","name":"Another"}"#)
            seen.formUnion(try await check(stack, duplicate))
            try await stack.redis("HDEL", try stack.key("acme") + ":p", "terms")
            seen.formUnion(try await check(stack, Call(method: .get, target: "/v1/admin/tenants/acme")))
            #expect(seen.isSuperset(of: [400, 401, 403, 404, 405, 409, 500]), "\(seen)")
        }
    }

    @Test("13: unknown query parameters are ignored, on every operation")
    func unknownParameters() async throws {
        try await AdminStack.run { stack in
            let opened = try await open(stack)
            for call in goodCalls(opened) {
                let more = (call.target.contains("?") ? "&" : "?") + "colour=red&x=%00&y"
                let answer = try await stack.send(
                    call.target + more, call.body, method: call.method, as: call.credentials)
                #expect((200..<300).contains(answer.status.code), "\(call.method) \(call.target): \(answer.body)")
                // The audit log has the calls themselves, the overview the time.
                let changes = ["audit", "overview"].contains(where: call.target.contains)
                guard call.method == .get, !changes else { continue }
                let plain = try await stack.send(call.target, method: .get, as: call.credentials)
                #expect(plain.body == answer.body, "\(call.target)")
            }
        }
    }

    private func create(_ stack: AdminStack, _ body: String) async throws -> AdminAnswer {
        try await stack.send("/v1/admin/tenants", body, as: .admin)
    }

    @Test("20, 21, 22: a new tenant has the defaults; the same again is 200 and no second event; other name, 409")
    func tenants() async throws {
        try await AdminStack.run { stack in
            let first = try await create(stack, #"{"tenant_id":"acme","name":"Acme"}"#)
            #expect(first.status == .created && first.text("status") == "ACTIVE")
            #expect(first.root.member("default_reservation_ttl_ms")?.int64() == 60_000)
            #expect(first.root.member("max_reservation_ttl_ms")?.int64() == 3_600_000)
            #expect(first.root.member("max_reservation_extensions")?.int64() == 10)
            #expect(first.text("default_commit_overage_policy") == "ALLOW_IF_AVAILABLE")
            let before = try await stack.contents()
            let again = try await create(stack, #"{"tenant_id":"acme","name":"Acme"}"#)
            #expect(again.status == .ok && again.body == first.body)
            #expect(try await stack.contents() == before)
            #expect(try await stack.log("el", of: "acme").map { $0[2] } == ["tenant.created"])
            let other = try await create(stack, #"{"tenant_id":"acme","name":"Other"}"#)
            #expect(other.status == .conflict && other.error == "DUPLICATE_RESOURCE")
            #expect(try await stack.log("el", of: "acme").count == 1)
        }
    }

    @Test("23, 24: ids that cannot be a tenant's, and TTLs out of range, are 400 and make no tenant")
    func badTenants() async throws {
        try await AdminStack.run { stack in
            for id in ["Ab", "Abc", "a_b", "ab", String(repeating: "a", count: 65), "", "acmé", "a b"] {
                let answer = try await create(stack, #"{"tenant_id":"\#(id)","name":"A"}"#)
                #expect(answer.status == .badRequest && answer.error == "INVALID_REQUEST", "\(id)")
                #expect(answer.message.hasPrefix("tenant_id:"), "\(answer.message)")
            }
            for field in ["default_reservation_ttl_ms", "max_reservation_ttl_ms"] {
                for ttl in ["999", "86400001", "-1", "0", "9223372036854775808", "1000.0"] {
                    let answer = try await create(stack, #"{"tenant_id":"acme","name":"A","\#(field)":\#(ttl)}"#)
                    #expect(answer.status == .badRequest && answer.message.hasPrefix(field + ":"), "\(ttl)")
                }
                for (number, ttl) in ["1000", "86400000"].enumerated() {
                    let id = "ten-\(number)-\(field.first ?? "x")"
                    let answer = try await create(stack, #"{"tenant_id":"\#(id)","name":"A","\#(field)":\#(ttl)}"#)
                    #expect(answer.status == .created, "\(answer.body)")
                }
            }
            #expect(
                try await stack.send("/v1/admin/tenants/acme", method: .get, as: .admin).error == "TENANT_NOT_FOUND")
        }
    }

    @Test("27, 29: a key without permissions given creates and funds a budget, and lasts about 90 days")
    func defaultKey() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let before = UTCNow.ms
            let key = try await stack.makeKey("acme")
            let secret = try #require(key.text("key_secret"))
            let amount = #"{"unit":"TOKENS","amount":500}"#
            let budget = try await stack.send(
                "/v1/admin/budgets", #"{"scope":"tenant:acme","unit":"TOKENS","allocated":\#(amount)}"#,
                as: .key(secret))
            #expect(budget.status == .created)
            let funded = try await stack.send(
                "/v1/admin/budgets/fund?scope=tenant:acme&unit=TOKENS",
                #"{"operation":"CREDIT","amount":\#(amount),"idempotency_key":"f1"}"#, as: .key(secret))
            #expect(funded.status == .ok && funded.tokens("new_allocated") == 1_000)
            let ends = try #require(UTCNow.ms(of: key.text("expires_at") ?? ""))
            let days90: Int64 = 90 * 86_400_000
            #expect(abs(ends - (before + days90)) < 60_000)
            let made = try #require(UTCNow.ms(of: key.text("created_at") ?? ""))
            #expect(abs(ends - made - days90) < 60_000)
        }
    }
}

/// Times as tests compare them.
private enum UTCNow {
    static var ms: Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }

    static func ms(of text: String) -> Int64? {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return (try? Date(text, strategy: style)).map { Int64(($0.timeIntervalSince1970 * 1_000).rounded()) }
    }
}
