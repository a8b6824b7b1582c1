// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import RedisClient
import SharedKernel
import StrictJSON
import Testing

@Suite("Bulk actions over tenants", .serialized)
struct BulkTenantTests {
    /// Tenants `trial-0` and on, all of the same parent.
    private func open(_ stack: AdminStack, _ count: Int) async throws {
        for index in 0..<count {
            let body = #"{"tenant_id":"trial-\#(index)","name":"Trial","parent_tenant_id":"mother"}"#
            #expect(try await stack.send("/v1/admin/tenants", body, as: .admin).status == .created)
        }
    }

    private func status(_ stack: AdminStack, _ tenant: String) async throws -> String? {
        try await stack.send("/v1/admin/tenants/\(tenant)", method: .get, as: .admin).text("status")
    }

    @Test("132: a wrong count is 409, an empty filter 400, nothing changed; what is refused leaves its key free")
    func gates() async throws {
        try await AdminStack.run { stack in
            try await open(stack, 2)
            let before = try await stack.contents()
            let wrong = try await stack.bulk(
                "tenants", #"{"status":"ACTIVE"}"#, "SUSPEND", more: #","expected_count":1"#)
            #expect(wrong.status == .conflict && wrong.error == "COUNT_MISMATCH")
            #expect(wrong.root.member("details")?.member("total_matched")?.int64() == 2)
            for (filter, more) in [
                ("{}", ""), (#"{"search":""}"#, ""), (#"{"observe_mode":"LOUD"}"#, ""), ("[]", ""),
                (#"{"status":"GONE"}"#, ""), (#"{"status":"ACTIVE","colour":"red"}"#, ""),
                (#"{"status":"ACTIVE"}"#, #","colour":"red""#), (#"{"status":"ACTIVE"}"#, #","expected_count":-1"#),
                (#"{"search":"\#(String(repeating: "s", count: 129))"}"#, ""),
            ] {
                let answer = try await stack.bulk("tenants", filter, "SUSPEND", more: more)
                #expect(answer.status == .badRequest && answer.error == "INVALID_REQUEST", "\(filter) \(more)")
            }
            for (action, key) in [("DELETE", "k"), ("SUSPEND", ""), ("SUSPEND", String(repeating: "k", count: 129))] {
                let answer = try await stack.bulk("tenants", #"{"status":"ACTIVE"}"#, action, key: key)
                #expect(answer.status == .badRequest, "\(action) \(key)")
            }
            #expect(try await stack.contents() == before)
            let right = try await stack.bulk(
                "tenants", #"{"status":"ACTIVE"}"#, "SUSPEND", more: #","expected_count":2"#)
            #expect(try BulkAnswer(right).succeeded.sorted() == ["trial-0", "trial-1"])
        }
    }

    @Test("132: a filter's observe_mode narrows: every tenant is ENFORCE, and the other modes match nobody")
    func observeMode() async throws {
        try await AdminStack.run { stack in
            try await open(stack, 2)
            for mode in ["OBSERVE", "DISABLED"] {
                for more in ["", #""status":"ACTIVE","#] {
                    let filter = #"{\#(more)"observe_mode":"\#(mode)"}"#
                    let none = try await stack.bulk("tenants", filter, "CLOSE", key: "\(mode)\(more.count)")
                    #expect(try BulkAnswer(none).total == 0, "\(filter)")
                }
            }
            #expect(try await status(stack, "trial-0") == "ACTIVE")
            let all = try await stack.bulk("tenants", #"{"status":"ACTIVE","observe_mode":"ENFORCE"}"#, "SUSPEND")
            #expect(try BulkAnswer(all).succeeded.sorted() == ["trial-0", "trial-1"])
        }
    }

    @Test("134: some change, some are there already, some cannot: together they are what matched")
    func outcomes() async throws {
        try await AdminStack.run { stack in
            try await open(stack, 4)
            for (tenant, status) in [("trial-1", "SUSPENDED"), ("trial-2", "CLOSED")] {
                let body = #"{"status":"\#(status)"}"#
                _ = try await stack.send("/v1/admin/tenants/\(tenant)", body, method: .patch, as: .admin)
            }
            let filter = #"{"parent_tenant_id":"mother","search":"TRIAL"}"#
            let suspended = try await stack.bulk("tenants", filter, "SUSPEND")
            let first = try BulkAnswer(suspended)
            #expect(first.succeeded.sorted() == ["trial-0", "trial-3"])
            #expect(first.failed == ["trial-2": "INVALID_TRANSITION"])
            #expect(first.skipped == ["trial-1": "ALREADY_IN_TARGET_STATE"])
            let request = try #require(suspended.headers[.requestID])
            let events = try await stack.allEvents("correlation_id=tenant_bulk_action:suspend:\(request)")
            #expect(Set(events.map(\.tenant)) == ["trial-0", "trial-3"] && events.count == 2)
            #expect(events.allSatisfy { $0.type == "tenant.suspended" && $0.requestID == request })
            let second = try BulkAnswer(try await stack.bulk("tenants", filter, "REACTIVATE", key: "k2"))
            #expect(second.succeeded.sorted() == ["trial-0", "trial-1", "trial-3"])
            #expect(second.failed == ["trial-2": "INVALID_TRANSITION"])
            #expect(try await status(stack, "trial-1") == "ACTIVE")
        }
    }

    @Test("Closing many closes what they have, and the children's events keep the closing's own correlation id")
    func closing() async throws {
        try await AdminStack.run { stack in
            try await open(stack, 2)
            try await stack.makeBudget("trial-0", "tenant:trial-0", allocated: 5)
            let answer = try await stack.bulk("tenants", #"{"search":"trial-"}"#, "CLOSE")
            #expect(try BulkAnswer(answer).succeeded.count == 2)
            let request = try #require(answer.headers[.requestID])
            let parents = try await stack.allEvents("correlation_id=tenant_bulk_action:close:\(request)")
            #expect(parents.map(\.type) == ["tenant.closed", "tenant.closed"])
            let children = try await stack.allEvents("correlation_id=tenant_close_cascade:trial-0:\(request)")
            #expect(children.map(\.type) == ["budget.closed_via_tenant_cascade"])
            let again = try BulkAnswer(try await stack.bulk("tenants", #"{"search":"trial-"}"#, "CLOSE", key: "k2"))
            #expect(again.skipped.count == 2)
        }
    }

    @Test("133: the same request again gives the same bytes and changes nothing; another one with its key is 409")
    func replays() async throws {
        try await AdminStack.run { stack in
            try await open(stack, 2)
            let filter = #"{"status":"ACTIVE"}"#
            let first = try await stack.bulk("tenants", filter, "SUSPEND")
            let before = try await stack.contents()
            let second = try await stack.bulk("tenants", filter, "SUSPEND")
            #expect(second.status == .ok && second.body == first.body)
            #expect(try await stack.contents() == before)
            let other = try await stack.bulk("tenants", filter, "REACTIVATE")
            #expect(other.status == .conflict && other.error == "IDEMPOTENCY_MISMATCH")
            #expect(try await status(stack, "trial-0") == "SUSPENDED")
        }
    }

    @Test("135: one audit entry tells of the whole action, with what became of each row")
    func audit() async throws {
        try await AdminStack.run { stack in
            try await open(stack, 3)
            let answer = try await stack.bulk("tenants", #"{"search":"trial"}"#, "SUSPEND")
            let request = try #require(answer.headers[.requestID])
            let page = try await stack.send(
                "/v1/admin/audit/logs?request_id=\(request)", method: .get, as: .admin)
            let rows = try #require(page.root.member("logs"))
            let entry = try #require(rows.elements.first { _ in true })
            #expect(rows.count == 1 && entry.member("operation")?.isString("bulkActionTenants") == true)
            let metadata = try #require(entry.member("metadata"))
            #expect(metadata.member("actor_type")?.isString("admin_on_behalf_of") == true)
            #expect(metadata.member("succeeded")?.count == 3)
            #expect(metadata.member("correlation_id")?.isString("tenant_bulk_action:suspend:\(request)") == true)
        }
    }

    @Test("132: more than 500 are refused with their number and nothing changed; 500 are not")
    func limit() async throws {
        try await AdminStack.run { stack in
            let source = """
                for i = ARGV[1], ARGV[2] do
                    local name = string.format('many-%05d', i)
                    redis.call('ZADD', KEYS[1] .. 'tenants', i, name)
                    redis.call('SET', KEYS[1] .. 't:' .. name, 'A1')
                    redis.call('HSET', KEYS[1] .. 't:' .. name .. ':p', 'name', '"Many"', 'terms', ARGV[3],
                        'created_ms', i, 'updated_ms', i)
                end
                """
            try await open(stack, 1)
            let terms = try await stack.redis("HGET", try stack.key("trial-0") + ":p", "terms").text ?? ""
            // In whatever shard they are, the list has them; what is done to one finds it by its name.
            for index in 0...500 {
                let name = "many-" + String(repeating: "0", count: 5 - String(index).count) + String(index)
                let prefix = String(decoding: try stack.shard(name).prefix, as: UTF8.self)
                try await stack.redis("EVAL", source, "1", prefix, String(index), String(index), terms)
            }
            let refused = try await stack.bulk("tenants", #"{"search":"many-"}"#, "SUSPEND")
            #expect(refused.status == .badRequest && refused.error == "LIMIT_EXCEEDED")
            #expect(refused.root.member("details")?.member("total_matched")?.int64() == 501)
            #expect(try await stack.redis("GET", try stack.key("many-00000")).text == "A1")
            try await stack.redis("SET", try stack.key("many-00500"), "C1")
            let done = try BulkAnswer(
                try await stack.bulk("tenants", #"{"search":"many-","status":"ACTIVE"}"#, "SUSPEND"))
            #expect(done.total == 500 && done.succeeded.count == 500)
        }
    }

    @Test("A request that went on after a crash counts what the first one changed, and nothing blocks it for ever")
    func crash() async throws {
        try await AdminStack.run { stack in
            try await open(stack, 3)
            let filter = #"{"status":"ACTIVE"}"#
            // The action as it stood when its server died: rows kept, the first one changed.
            let other = try await stack.bulk("tenants", filter, "SUSPEND")
            let request = try #require(other.headers[.requestID])
            let (key, done) = try #require(try await stack.bulkRecord())
            let plan =
                #"{"id":"abcdefghijklmnopqrstuv","request_id":"\#(request)","marks":"AAA","#
                + #""places":["trial-0","trial-1","trial-2"]}"#
            let open =
                [UInt8(ascii: "P")] + done[1..<23] + [UInt8](repeating: 97, count: 22)
                + [UInt8]("9999999999999".utf8) + [UInt8](plan.utf8)
            _ = try await stack.pool.send(RedisCommand([[UInt8]("SET".utf8), [UInt8](key.utf8), open]))
            for tenant in ["trial-1", "trial-2"] {
                _ = try await stack.send(
                    "/v1/admin/tenants/\(tenant)", #"{"status":"ACTIVE"}"#, method: .patch, as: .admin)
            }
            let busy = try await stack.bulk("tenants", filter, "SUSPEND")
            #expect(busy.status == .serviceUnavailable && busy.headers[.retryAfter] != nil)
            try await stack.abandonBulk(open, at: key)
            let resumed = try await stack.bulk("tenants", filter, "SUSPEND", more: "")
            #expect(try BulkAnswer(resumed).succeeded == ["trial-0", "trial-1", "trial-2"])
            #expect(try await status(stack, "trial-2") == "SUSPENDED")
            let events = try await stack.allEvents(
                "correlation_id=tenant_bulk_action:suspend:\(request)&tenant_id=trial-0")
            #expect(events.count == 1)
        }
    }
}
