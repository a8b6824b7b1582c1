// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import StrictJSON
import Testing

/// Keys with a scope filter, and bounds of what a subscription names.
extension SubscriptionLiveTests {
    func ids(_ answer: AdminAnswer) -> Set<String> {
        Set(
            answer.root.member("subscriptions")?.elements.map {
                String(decoding: $0.member("subscription_id")?.stringBytes() ?? [], as: UTF8.self)
            } ?? [])
    }

    func scoped(_ stack: AdminStack, _ filter: String) async throws -> AdminStack.Credentials {
        let made = try await stack.makeKey(
            "acme", #","permissions":["webhooks:read","webhooks:write"],"scope_filter":\#(filter)"#)
        return .key(try #require(made.text("key_secret")))
    }

    func filtered(_ filter: String) -> String { body(#","scope_filter":"\#(filter)""#) }

    @Test("54: wildcards of a key cover what begins like them; a key for the whole tenant needs no scope filter")
    func scopeWildcards() async throws {
        try await run { stack, _ in
            let anyAgent = try await scoped(stack, #"["agent:*"]"#)
            for (filter, isWithin) in [
                ("tenant:acme/agent:*", true), ("tenant:acme/agent:a", true), ("tenant:acme/agent:a*", true),
                ("tenant:acme/agent*", false), ("tenant:acme/*", false), ("tenant:acme/workspace:agent:*", false),
            ] {
                let answer = try await stack.send(own, filtered(filter), as: anyAgent)
                #expect((answer.status == .created) == isWithin, "\(filter)")
            }
            for whole in [#"["tenant:acme"]"#, #"["tenant:*"]"#] {
                let everything = try await scoped(stack, whole)
                for text in [body(), filtered("*"), filtered("tenant:acme/*")] {
                    #expect(try await stack.send(own, text, as: everything).status == .created, "\(whole) \(text)")
                }
            }
        }
    }

    @Test("5.1: what the document of the API allows of types, categories and thresholds is taken, and no more")
    func bounds() async throws {
        func list(_ word: String, _ count: Int) -> String {
            "[" + Array(repeating: #""\#(word)""#, count: count).joined(separator: ",") + "]"
        }
        func shares(_ list: String) -> String { body(#","thresholds":{"budget_utilization":[\#(list)]}"#) }
        let many = (1...64).map { "0.\(100 + $0)" }.joined(separator: ",")
        try await run { stack, key in
            let mine = AdminStack.Credentials.key(key)
            for (text, isTaken) in [
                (body(types: list("budget.funded", 256)), true), (body(types: list("budget.funded", 257)), false),
                (body(#","event_categories":"# + list("budget", 64)), true),
                (body(#","event_categories":"# + list("budget", 65)), false),
                (shares("0,0.0001,0.123456,1"), true), (shares("0.1234567"), false), (shares("0.00001"), false),
                (shares(many), true), (shares(many + ",0.9"), false),
            ] {
                let answer = try await stack.send(own, text, as: mine)
                #expect(answer.status == (isTaken ? .created : .badRequest), "\(text.prefix(120)): \(answer.body)")
            }
            let (id, _) = try await create(stack, body(), as: mine)
            let changed = try await patch(
                stack, id, #"{"event_types":\#(list("budget.created", 256))}"#, as: mine)
            #expect(changed.status == .ok && changed.texts("event_types") == ["budget.created"])
            for (count, status) in [(256, HTTPResponse.Status.accepted), (257, .badRequest)] {
                let replay = try await stack.send(
                    "\(admin)/\(id)/replay", #"{"event_types":\#(list("budget.created", count))}"#, as: .admin)
                #expect(replay.status == status, "\(count)")
            }
        }
    }

    @Test("W-13: ACTIVE on what is active leaves its failures, which only a success or a resumption forgets")
    func stillActive() async throws {
        try await run { stack, key in
            let (id, _) = try await create(stack, body(), as: .key(key))
            try await stack.redis("HSET", try stack.key("acme") + ":wf:\(id)", "failures", "3", "failure_ms", "5")
            let before = try await stack.contents()
            for text in [#"{"status":"ACTIVE"}"#, "{}"] {
                let answer = try await patch(stack, id, text, as: .key(key))
                #expect(answer.status == .ok && answer.root.member("consecutive_failures")?.int64() == 3)
            }
            #expect(try await stack.contents() == before)
            #expect(try await patch(stack, id, #"{"status":"PAUSED"}"#, as: .key(key)).status == .ok)
            let resumed = try await patch(stack, id, #"{"status":"ACTIVE"}"#, as: .key(key))
            #expect(resumed.root.member("consecutive_failures")?.int64() == 0)
        }
    }
}
