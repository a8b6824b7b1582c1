// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import SharedKernel
import StrictJSON
import Testing

@Suite("The overview", .serialized)
struct OverviewTests {
    private func overview(_ stack: AdminStack) async throws -> AdminAnswer {
        let answer = try await stack.send("/v1/admin/overview", method: .get, as: .admin)
        try #require(answer.status == .ok, "\(answer.body)")
        return answer
    }

    private func counts(_ value: JSONValue?) -> [String: Int64] {
        var counts: [String: Int64] = [:]
        for member in value.map({ Array($0.members) }) ?? [] {
            counts[String(decoding: member.key.stringBytes() ?? [], as: UTF8.self)] = member.value.int64()
        }
        return counts
    }

    private func texts(_ rows: JSONValue?, _ name: StaticString) -> [String] {
        rows?.elements.map { String(decoding: $0.member(name)?.stringBytes() ?? [], as: UTF8.self) } ?? []
    }

    @Test("138: of an empty installation everything is there and nothing is counted")
    func empty() async throws {
        try await AdminStack.run { stack in
            let answer = try await overview(stack)
            let root = answer.root
            #expect(counts(root.member("tenant_counts")) == ["total": 0, "active": 0, "suspended": 0, "closed": 0])
            #expect(root.member("event_window_seconds")?.int64() == 3_600)
            #expect(root.member("truncated") == nil)
            for name in [
                "over_limit_scopes", "debt_scopes", "failing_webhooks", "recent_denials", "recent_expiries",
            ] as [StaticString] {
                #expect(root.member(name)?.kind == .array && root.member(name)?.count == 0, "\(name)")
            }
        }
    }

    /// Ledgers `tenant:<tenant>/agent:a00000` and on; every tenth in debt and over its limit.
    private func fill(_ stack: AdminStack, _ tenant: String, _ count: Int) async throws {
        let source = """
            for i = ARGV[2], ARGV[3] - 1 do
                local path = string.format('tenant:%s/agent:a%05d', ARGV[1], i)
                local rest = i % 10 == 0 and ' ' .. (i + 1) .. ' 0 O0' or ' 0 0 0'
                redis.call('SET', KEYS[1] .. ':l:T:' .. path, '10000 0 0' .. rest)
                redis.call('ZADD', KEYS[1] .. ':bud', 0, path .. '\\0T')
            end
            """
        for start in stride(from: 0, to: count, by: 1_000) {
            try await stack.redis(
                "EVAL", source, "1", try stack.key(tenant), tenant, String(start), String(min(count, start + 1_000)))
        }
    }

    @Test("138: with 10,000 budgets of one tenant counts are exact, lists have ten rows, and each script is short")
    func budgets() async throws {
        try await AdminStack.run { stack in
            for tenant in ["acme", "other", "third"] { try await stack.makeTenant(tenant) }
            try await stack.makeBudget("other", "tenant:other", allocated: 5)
            for (tenant, status) in [("other", "SUSPENDED"), ("third", "CLOSED")] {
                let body = #"{"status":"\#(status)"}"#
                let answer = try await stack.send("/v1/admin/tenants/\(tenant)", body, method: .patch, as: .admin)
                #expect(answer.status == .ok)
            }
            try await fill(stack, "acme", 10_000)
            let place = "scope=tenant:other&unit=TOKENS"
            #expect(try await stack.send("/v1/admin/budgets/freeze?\(place)", as: .admin).status == .ok)
            try await stack.redis("CONFIG", "RESETSTAT")
            let root = try await overview(stack).root
            let info = try await stack.redis("INFO", "commandstats").text ?? ""
            let calls = info.firstMatch(of: /cmdstat_evalsha:calls=(\d+)/).flatMap { Int($0.1) } ?? 0
            #expect(calls <= 4 * 64 + 11, "\(calls)")
            #expect(counts(root.member("tenant_counts")) == ["total": 3, "active": 1, "suspended": 1, "closed": 1])
            let budgets = root.member("budget_counts")
            #expect(
                counts(budgets).filter { $0.key != "by_unit" } == [
                    "total": 10_001, "active": 10_000, "frozen": 1, "closed": 0, "over_limit": 1_000,
                    "with_debt": 1_000,
                ])
            #expect(counts(budgets?.member("by_unit")) == ["TOKENS": 10_001])
            let expected = (0..<10).map { "tenant:acme/agent:a0\(9_990 - 10 * $0)" }
            #expect(texts(root.member("over_limit_scopes"), "scope") == expected)
            #expect(texts(root.member("debt_scopes"), "scope") == expected)
            #expect(root.member("truncated") == nil)
        }
    }

    @Test("138: the last hour's events are counted by category, refusals by reason, and the newest ten are shown")
    func events() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let shard = try stack.shard("acme")
            let now = try #require(try await stack.redis("TIME").array?.first?.text.flatMap { Int64($0) }) * 1_000_000
            let denied = ["T", "tenant:acme", "BUDGET_EXCEEDED", "5", "", "", "", ""].joined(separator: "\0")
            for index in Int64(0)..<12 {
                try await stack.writeEvent(
                    "acme", in: shard, sequence: now - 1_000 + index, "reservation.denied", data: denied)
            }
            try await stack.writeEvent(
                "acme", in: shard, sequence: now - 5_000, "reservation.denied",
                context: #"{"metadata":{"suppressed":7}}"#,
                data: #"{"scope":"tenant:acme","reason_code":"DEBT_OUTSTANDING"}"#)
            try await stack.writeEvent("acme", in: shard, sequence: now - 6_000, "reservation.expired")
            try await stack.writeEvent("acme", in: shard, sequence: now - 3_700_000_000, "reservation.expired")
            try await stack.writeEvent("__system__", in: Shard(number: 9), sequence: now - 7_000, "system.high_latency")
            let root = try await overview(stack).root
            let events = root.member("event_counts")
            #expect(events?.member("total_recent")?.int64() == 16)
            #expect(counts(events?.member("by_category")) == ["reservation": 14, "tenant": 1, "system": 1])
            #expect(root.member("recent_denials")?.count == 10 && root.member("recent_expiries")?.count == 1)
            #expect(
                counts(root.member("recent_denials_by_reason")) == ["BUDGET_EXCEEDED": 12, "DEBT_OUTSTANDING": 8])
        }
    }

    @Test("With more events than it counts the answer says so, and still shows the newest of every shard")
    func truncated() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let now = try #require(try await stack.redis("TIME").array?.first?.text.flatMap { Int64($0) }) * 1_000_000
            let source = """
                for i = ARGV[1], ARGV[2] do
                    local seq = string.format('%.0f', ARGV[3] - i)
                    redis.call('ZADD', KEYS[1] .. 'el', seq, seq .. ':budget.funded:acme')
                end
                """
            for start in stride(from: 0, to: 25_000, by: 5_000) {
                try await stack.redis(
                    "EVAL", source, "1", "hf:{00}:", String(start), String(start + 4_999), String(now - 1_000))
            }
            let last = Shard(number: 63)
            try await stack.writeEvent("acme", in: last, sequence: now - 900_000_000, "reservation.expired")
            let root = try await overview(stack).root
            #expect(root.member("truncated")?.bool() == true)
            #expect(root.member("recent_expiries")?.count == 1)
            let total = root.member("event_counts")?.member("total_recent")?.int64() ?? 0
            #expect(total >= 20_000 && total < 21_000, "\(total)")
        }
    }

    @Test("138: subscriptions are counted by status, and those that fail most are shown")
    func webhooks() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let source = """
                for i = 1, 1000 do
                    local id = string.format('whsub_%s%016d', ARGV[1], i)
                    local letter = i % 10 == 0 and 'D' or 'A'
                    local row = letter .. '\\0001\\0002\\0003\\0{"url":"https://example.com/' .. i .. '"}'
                    redis.call('ZADD', KEYS[1] .. 'whl', 1, id .. ':acme')
                    redis.call('HSET', KEYS[1] .. 't:acme:wh', id, row)
                    local facts = KEYS[1] .. 't:acme:wf:' .. id
                    if i <= 20 then redis.call('HSET', facts, 'failures', i, 'failure_ms', 5) end
                end
                """
            let shard = try stack.shard("acme")
            let prefix = String(decoding: shard.prefix, as: UTF8.self)
            try await stack.redis("EVAL", source, "1", prefix, String(decoding: shard.hex, as: UTF8.self))
            let root = try await overview(stack).root
            #expect(
                counts(root.member("webhook_counts")) == [
                    "total": 1_000, "active": 900, "disabled": 100, "with_failures": 20,
                ])
            #expect(
                texts(root.member("failing_webhooks"), "url")
                    == (0..<10).map { "https://example.com/\(20 - $0)" })
        }
    }
}
