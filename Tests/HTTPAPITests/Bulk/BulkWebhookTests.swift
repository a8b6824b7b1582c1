// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import RedisClient
import SharedKernel
import StrictJSON
import Testing

@Suite("Bulk actions over subscriptions", .serialized)
struct BulkWebhookTests {
    /// A subscription as scripts store it; gives its id.
    private func add(
        _ stack: AdminStack, _ owner: TenantID, _ number: Int, status: String = "A", types: String = #""budget.funded""#
    ) async throws -> String {
        let shard = stack.installation.keyspace.shard(of: owner)
        let prefix = String(decoding: shard.prefix, as: UTF8.self)
        let tenant = String(decoding: Keyspace.tenant(owner, in: shard), as: UTF8.self)
        let id = "whsub_" + String(decoding: shard.hex, as: UTF8.self) + "AAAAAAAAAAAAAAA\(number)"
        let document =
            #"{"url":"https://example.com/\#(number)","event_types":[\#(types)],"event_categories":[],"#
            + #""header_names":[],"retry_policy":{"max_retries":5,"initial_delay_ms":1000,"backoff_multiplier":2,"#
            + #""max_delay_ms":60000},"disable_after_failures":10}"#
        let row = [status, "1700000000000", "1700000000000", "sealed", document].joined(separator: "\0")
        try await stack.redis("SET", tenant, "A1")
        try await stack.redis("HSET", tenant + ":wh", id, row)
        try await stack.redis("ZADD", tenant + ":whl", "\(number)", id)
        try await stack.redis("ZADD", prefix + "whl", "\(number)", id + ":" + owner.description)
        try await stack.redis("HSET", prefix + "ids", id, owner.description)
        return id
    }

    private func letter(_ stack: AdminStack, _ id: String) async throws -> String? {
        let row = try await stack.redis("HGET", try stack.key("acme") + ":wh", id).text
        return row.map { String($0.prefix(1)) }
    }

    @Test("132, 134: pausing, resuming and deleting change what they can, skip what is there, and say what failed")
    func outcomes() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let acme = try #require(TenantID("acme"))
            var ids: [String] = []
            for (number, status) in ["A", "P", "D"].enumerated() {
                ids.append(try await add(stack, acme, number, status: status))
            }
            let own = try await add(stack, .system, 3)
            let filter = #"{"tenant_id":"acme"}"#
            let paused = try await stack.bulk("webhooks", filter, "PAUSE", more: #","expected_count":3"#)
            let first = try BulkAnswer(paused)
            #expect(first.succeeded == [ids[0]])
            #expect(first.skipped == [ids[1]: "ALREADY_IN_TARGET_STATE", ids[2]: "ALREADY_IN_TARGET_STATE"])
            let request = try #require(paused.headers[.requestID])
            let events = try await stack.allEvents("correlation_id=webhook_bulk_action:pause:\(request)")
            #expect(events.map(\.type) == ["webhook.paused"])
            try await stack.redis("HSET", try stack.key("acme") + ":wf:" + ids[1], "failures", "3")
            let resumed = try BulkAnswer(try await stack.bulk("webhooks", filter, "RESUME", key: "k2"))
            #expect(resumed.succeeded == [ids[0], ids[1]] && resumed.failed == [ids[2]: "INVALID_TRANSITION"])
            #expect(try await letter(stack, ids[1]) == "A")
            #expect(try await stack.redis("HGET", try stack.key("acme") + ":wf:" + ids[1], "failures").text == "0")
            let every = #"{"event_type":"budget.funded","search":"EXAMPLE.com/"}"#
            let all = try BulkAnswer(try await stack.bulk("webhooks", every, "DELETE", key: "k4"))
            #expect(Set(all.succeeded) == Set(ids + [own]))
            #expect(try await letter(stack, ids[0]) == nil)
            let none = try BulkAnswer(try await stack.bulk("webhooks", #"{"status":"ACTIVE"}"#, "DELETE", key: "k3"))
            #expect(none.total == 0)
            let audit = try await stack.send(
                "/v1/admin/audit/logs?resource_type=webhook&limit=100", method: .get, as: .admin)
            #expect(audit.root.member("logs")?.count == 4)
        }
    }

    @Test("132: an empty filter, an unknown type or action is 400 and changes nothing; an owner without any has none")
    func refusals() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            _ = try await add(stack, try #require(TenantID("acme")), 0)
            let before = try await stack.contents()
            for (filter, action) in [
                ("{}", "PAUSE"), (#"{"search":""}"#, "PAUSE"), (#"{"event_type":"budget.nothing"}"#, "PAUSE"),
                (#"{"status":"GONE"}"#, "PAUSE"), (#"{"tenant_id":"acme"}"#, "DISABLE"),
                (#"{"tenant_id":"acme","url":"x"}"#, "PAUSE"),
            ] {
                let answer = try await stack.bulk("webhooks", filter, action)
                #expect(answer.status == .badRequest && answer.error == "INVALID_REQUEST", "\(filter)")
            }
            let wrong = try await stack.bulk(
                "webhooks", #"{"tenant_id":"acme"}"#, "PAUSE", more: #","expected_count":2"#)
            #expect(wrong.error == "COUNT_MISMATCH")
            #expect(try await stack.contents() == before)
            for owner in ["nobody", "No One", "__system__"] {
                let none = try await stack.bulk("webhooks", #"{"tenant_id":"\#(owner)"}"#, "PAUSE", key: owner)
                #expect(try BulkAnswer(none).total == 0)
            }
        }
    }

    @Test("132: more than 500 subscriptions are 400 LIMIT_EXCEEDED with their number, none is changed; 500 are done")
    func tooMany() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let acme = try #require(TenantID("acme"))
            var ids: [String] = []
            for number in 100...600 { ids.append(try await add(stack, acme, number)) }
            let before = try await stack.contents()
            let filter = #"{"tenant_id":"acme"}"#
            let refused = try await stack.bulk("webhooks", filter, "PAUSE")
            #expect(refused.status == .badRequest && refused.error == "LIMIT_EXCEEDED")
            #expect(refused.root.member("details")?.member("total_matched")?.int64() == 501)
            #expect(try await stack.contents() == before)
            _ = try await add(stack, acme, 600, status: "P")
            let done = try BulkAnswer(
                try await stack.bulk("webhooks", #"{"tenant_id":"acme","status":"ACTIVE"}"#, "PAUSE"))
            #expect(done.total == 500 && Set(done.succeeded) == Set(ids.dropLast()))
        }
    }

    @Test("133: a request that goes on after a crash counts what was deleted; the same again gives the same bytes")
    func crash() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let acme = try #require(TenantID("acme"))
            let ids = [try await add(stack, acme, 0), try await add(stack, acme, 1)]
            let filter = #"{"tenant_id":"acme"}"#
            let first = try await stack.bulk("webhooks", filter, "DELETE")
            let (key, done) = try #require(try await stack.bulkRecord())
            // As if it had ended after the first of two.
            _ = try await add(stack, acme, 1)
            let places = ids.map { "\"\($0) acme\"" }.joined(separator: ",")
            let plan = #"{"id":"abcdefghijklmnopqrstuv","request_id":"r","marks":"AA","places":[\#(places)]}"#
            let open =
                [UInt8(ascii: "P")] + done[1..<23] + [UInt8](repeating: 97, count: 22)
                + [UInt8]("9999999999999".utf8) + [UInt8](plan.utf8)
            try await stack.abandonBulk(open, at: key)
            let resumed = try await stack.bulk("webhooks", filter, "DELETE")
            #expect(try BulkAnswer(resumed).succeeded == ids && resumed.body == first.body)
            #expect(try await stack.bulk("webhooks", filter, "DELETE").body == first.body)
            #expect(try await letter(stack, ids[1]) == nil)
        }
    }
}
