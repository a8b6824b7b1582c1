// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import SharedKernel
import StrictJSON
import Testing

@Suite("Policies that change", .serialized)
struct AdminAPIPolicyChangeTests {
    private let path = "/v1/admin/policies"

    private func make(_ stack: AdminStack, _ name: String, _ more: String = "") async throws -> AdminAnswer {
        let answer = try await stack.send(
            path, #"{"tenant_id":"acme","name":"\#(name)","scope_pattern":"tenant:acme"\#(more)}"#, as: .admin)
        try #require(answer.status == .created, "\(answer.body)")
        return answer
    }

    private func patch(_ stack: AdminStack, _ id: String, _ body: String) async throws -> AdminAnswer {
        try await stack.send("\(path)/\(id)", body, method: .patch, as: .admin)
    }

    private func list(_ stack: AdminStack) async throws -> AdminAnswer {
        try await stack.send(path + "?tenant_id=acme", method: .get, as: .admin)
    }

    /// What the tenant has, but for its audit log: that has refusals, too.
    private func state(_ stack: AdminStack) async throws -> [String: [[UInt8]]] {
        let tenant = try stack.key("acme")
        return try await stack.contents().filter { $0.key.hasPrefix(tenant) && !$0.key.hasSuffix(":al") }
    }

    @Test("Null takes a term back, alone or with others, and the event names it; a term that must be there stays")
    func nulls() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let terms: [(PolicyMember, String)] = [
                ("description", #""d""#), ("caps", #"{"max_tokens":1}"#), ("commit_overage_policy", #""REJECT""#),
                ("reservation_ttl_override", #"{"max_ttl_ms":5000}"#),
                ("rate_limits", #"{"max_commits_per_minute":1}"#), ("effective_from", #""2020-01-01T00:00:00Z""#),
                ("effective_until", #""2999-01-01T00:00:00Z""#),
            ]
            let members = terms.map { #","\#($0.0)":\#($0.1)"# }.joined()
            let id = try #require(try await make(stack, "one", members).text("policy_id"))
            for (index, (name, value)) in terms.enumerated() {
                let answer = try await patch(stack, id, #"{"\#(name)":null}"#)
                #expect(answer.status == .ok && answer.root.member(name) == nil, "\(answer.body)")
                for (other, _) in terms where other.description != name.description {
                    #expect(answer.root.member(other) != nil, "\(answer.body)")
                }
                let event = try #require(try await stack.log("el", of: "acme").last)
                #expect(event[2] == "policy.updated" && event[4].contains(#""changed_fields":["\#(name)"]"#))
                // A null for what is not there changes nothing.
                let contents = try await state(stack)
                #expect(try await patch(stack, id, #"{"\#(name)":null}"#).body == answer.body)
                #expect(try await state(stack) == contents)
                #expect(try await patch(stack, id, #"{"\#(name)":\#(value)}"#).status == .ok, "\(index)")
            }
            // The end may be before the beginning that goes.
            let swapped = try await patch(
                stack, id, #"{"effective_until":"2019-01-01T00:00:00Z","effective_from":null,"priority":4}"#)
            #expect(swapped.status == .ok && swapped.text("effective_until") == "2019-01-01T00:00:00.000Z")
            let all = "{" + terms.map { #""\#($0.0)":null"# }.joined(separator: ",") + "}"
            let bare = try await patch(stack, id, all)
            for (name, _) in terms { #expect(bare.root.member(name) == nil) }
            #expect(bare.root.member("priority")?.int64() == 4)
            let contents = try await state(stack)
            for (body, message) in [
                (#"{"name":null}"#, "name: must not be null"), (#"{"status":null}"#, "status: must not be null"),
                (#"{"priority":null}"#, "priority: must not be null"), (#"{"caps":{"max_tokens":null}}"#, "caps."),
                (#"{"scope_pattern":null}"#, "scope_pattern: "), (#"{"x":null}"#, "x: is not a known field"),
                (#"{"effective_from_ms":null}"#, "effective_from_ms: is not a known field"),
            ] {
                let answer = try await patch(stack, id, body)
                #expect(answer.status == .badRequest && answer.message.hasPrefix(message), "\(answer.message)")
            }
            let created = try await stack.send(
                path, #"{"tenant_id":"acme","name":"n","scope_pattern":"tenant:acme","caps":null}"#, as: .admin)
            #expect(created.status == .badRequest && created.message.hasPrefix("caps: "))
            #expect(try await state(stack) == contents)
        }
    }

    private typealias PolicyMember = StaticString

    @Test("56: a change that changes nothing is 409 for a closed tenant's policy, and leaves no trace of any other's")
    func unchanged() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let made = try await make(stack, "one", #","priority":3,"caps":{"max_tokens":1}"#)
            let id = try #require(made.text("policy_id"))
            let bodies = [
                "{}", #"{"priority":3}"#, #"{"caps":{"max_tokens":1},"name":"one"}"#, #"{"rate_limits":null}"#,
            ]
            let contents = try await state(stack)
            for body in bodies { #expect(try await patch(stack, id, body).body == made.body) }
            #expect(try await state(stack) == contents)
            try await stack.redis("SET", try stack.key("acme"), "C9")
            let closed = try await state(stack)
            for body in bodies {
                let answer = try await patch(stack, id, body)
                #expect(answer.status == .conflict && answer.error == "TENANT_CLOSED", "\(body)")
            }
            #expect(try await state(stack) == closed)
            #expect(try await list(stack).body.contains(made.body))
        }
    }

    @Test("A policy's row that cannot be read is left out of the list, which shows the others and tells the log")
    func malformed() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let made = try await make(stack, "one")
            for (index, row) in [
                "", "x", "1\01\0\"n\"\0{", "1\01\0\"n\"\0[]", "1\01\0\"n\"\0{}", "a\01\0\"n\"\0{}",
                "1\01\0\"n\"\0{\"scope_pattern\":7}",
            ].enumerated() {
                try await stack.redis("HSET", try stack.key("acme") + ":pol", "pol_broken\(index)", row)
            }
            let page = try await list(stack)
            #expect(page.status == .ok && page.body.contains(made.body), "\(page.body)")
            #expect(page.root.member("policies")?.count == 1 && !page.body.contains("broken"))
            let lines = stack.log.lines
            for index in 0..<7 { #expect(lines.filter { $0.contains(":t:acme:pol pol_broken\(index)\"") }.count == 1) }
            let id = try #require(made.text("policy_id"))
            #expect(try await patch(stack, id, #"{"priority":8}"#).root.member("priority")?.int64() == 8)
            #expect(try await make(stack, "two").status == .created)
        }
    }
}
