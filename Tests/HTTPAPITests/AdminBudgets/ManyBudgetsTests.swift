// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import RedisClient
import SharedKernel
import Testing

@Suite("Lists of many budgets", .serialized)
struct ManyBudgetsTests {
    private static let count = 10_000

    /// Ledgers `tenant:<tenant>/agent:a00000` and on, as the scripts store them.
    private static func fill(_ stack: AdminStack, _ tenant: String, _ count: Int) async throws {
        try await stack.makeTenant(tenant)
        let source = """
            for i = ARGV[2], ARGV[3] - 1 do
                local path = string.format('tenant:%s/agent:a%05d', ARGV[1], i)
                redis.call('SET', KEYS[1] .. ':l:T:' .. path, '10000 0 ' .. (i * 7919) % 10000 .. ' 0 0 0')
                redis.call('SET', KEYS[1] .. ':lt:T:' .. path, '1700000000000\\0001700000000000\\0{"ledger_id":"ldg_'
                    .. string.format('%022d', i) .. '","rollover_policy":"NONE"}\\0')
                redis.call('ZADD', KEYS[1] .. ':bud', 0, path .. '\\0T')
            end
            """
        for start in stride(from: 0, to: count, by: 1_000) {
            try await stack.redis(
                "EVAL", source, "1", try stack.key(tenant), tenant, String(start), String(min(count, start + 1_000)))
        }
    }

    /// What was asked of Redis while `body` ran.
    private struct Cost {
        var calls = 0
        var bytes = 0
    }

    private static func cost(_ stack: AdminStack, _ body: () async throws -> Void) async throws -> Cost {
        try await stack.redis("CONFIG", "RESETSTAT")
        try await body()
        let info = try await stack.redis("INFO", "everything").text ?? ""
        func number(after mark: String) -> Int {
            guard let range = info.firstRange(of: mark) else { return 0 }
            return Int(info[range.upperBound...].prefix { $0.isNumber }) ?? 0
        }
        return Cost(
            calls: number(after: "cmdstat_evalsha:calls="),
            bytes: number(after: "total_net_output_bytes:"))
    }

    @Test("With 10,000 budgets a page by scope takes two calls, any other order one per thousand and two")
    func oneTenant() async throws {
        try await AdminStack.run { stack in
            try await Self.fill(stack, "acme", Self.count)
            for (query, calls) in [
                ("sort_by=scope", 2), ("sort_by=scope&sort_dir=asc", 2), ("sort_by=tenant_id", 2),
                ("sort_by=utilization", 12), ("sort_by=debt&sort_dir=asc", 12), ("status=ACTIVE", 12),
                ("sort_by=scope&sort_dir=asc&search=a09999", 12), ("sort_by=scope&status=FROZEN", 11),
                ("sort_by=scope&scope_prefix=tenant:acme/agent:a0500", 2),
            ] {
                var rows: [ListedBudget] = []
                let cost = try await Self.cost(stack) {
                    rows = try await stack.page("/v1/admin/budgets?tenant_id=acme&limit=100&\(query)").rows
                }
                #expect(cost.calls == calls, "\(query)")
                #expect(cost.calls <= Self.count / 500)
                #expect(cost.bytes < 1_500_000, "\(query): \(cost.bytes)")
                if query == "sort_by=utilization" {
                    #expect(rows.map(\.spent) == (9_900..<10_000).reversed().map { Int64($0) })
                }
            }
        }
    }

    @Test("All pages together have every budget once, by scope in two calls a page")
    func everyPage() async throws {
        try await AdminStack.run { stack in
            try await Self.fill(stack, "acme", 3_000)
            let key = AdminStack.Credentials.key(try #require(try await stack.makeKey("acme").text("key_secret")))
            for (target, name, credentials) in [
                ("/v1/admin/budgets?tenant_id=acme&sort_by=scope&limit=100", "ledgers", .admin),
                ("/v1/balances?tenant_id=acme&limit=100", "balances", key),
            ] as [(String, StaticString, AdminStack.Credentials)] {
                var rows: [ListedBudget] = []
                let cost = try await Self.cost(stack) { rows = try await stack.list(target, name, as: credentials) }
                #expect(Set(rows.map(\.name)).count == 3_000)
                #expect(cost.calls <= 62, "\(cost)")
                #expect(cost.bytes < 2_000_000, "\(cost)")
            }
        }
    }

    /// Every page of a list, and the most calls that one took. Pages may end early, without a row.
    private static func pages(
        _ stack: AdminStack, _ target: String, _ name: StaticString, as credentials: AdminStack.Credentials
    ) async throws -> (pages: [[ListedBudget]], calls: Int) {
        var pages: [[ListedBudget]] = []
        var (calls, cursor) = (0, String?.none)
        repeat {
            var page: (rows: [ListedBudget], cursor: String?) = ([], nil)
            let next = target + (cursor.map { "&cursor=\($0)" } ?? "")
            let cost = try await Self.cost(stack) { page = try await stack.page(next, name, as: credentials) }
            pages.append(page.rows)
            (calls, cursor) = (max(calls, cost.calls), page.cursor)
        } while cursor != nil && pages.count < 100
        return (pages, calls)
    }

    @Test("A page that hardly anything matches ends early, and the next one goes on, whichever way and by what order")
    func endedEarly() async throws {
        try await AdminStack.run { stack in
            try await Self.fill(stack, "acme", 45_000)
            let numbers = [3, 4, 19_999, 20_000, 20_001, 24_999, 25_000, 44_999]
            let scopes = numbers.map { number in
                let digits = String(number)
                return "tenant:acme/agent:a" + String(repeating: "0", count: 5 - digits.count) + digits
            }
            for scope in scopes { try await stack.setLedger("acme", scope, "10 0 1 0 0 F0") }
            let filter = scopes.map { "\"" + $0.dropFirst("tenant:acme/".count) + "\"" }.joined(separator: ",")
            let key = AdminStack.Credentials.key(
                try #require(try await stack.makeKey("acme", #","scope_filter":[\#(filter)]"#).text("key_secret")))
            let budgets = "/v1/admin/budgets?tenant_id=acme&limit=3&status=FROZEN&sort_by="
            for (target, name, credentials, isDescending) in [
                (budgets + "scope&sort_dir=asc", "ledgers", .admin, false),
                (budgets + "scope", "ledgers", .admin, true),
                // All rows are of one tenant: the order is that of scopes, either way.
                (budgets + "tenant_id&sort_dir=asc", "ledgers", .admin, false),
                (budgets + "tenant_id&sort_dir=desc", "ledgers", .admin, false),
                ("/v1/balances?tenant_id=acme&limit=3", "balances", key, false),
            ] as [(String, StaticString, AdminStack.Credentials, Bool)] {
                let (pages, calls) = try await Self.pages(stack, target, name, as: credentials)
                #expect(pages.flatMap { $0 }.map(\.scope) == (isDescending ? scopes.reversed() : scopes), "\(target)")
                #expect(pages.dropLast().contains { $0.count < 3 }, "\(target): no page ended early")
                #expect(calls <= 22, "\(target)")
            }
        }
    }

    @Test("Over all tenants a page takes a call per shard and thousand budgets, and one per shard it shows")
    func everyTenant() async throws {
        try await AdminStack.run { stack in
            for index in 0..<5 { try await Self.fill(stack, "tenant-\(index)", 2_000) }
            var rows: [ListedBudget] = []
            let cost = try await Self.cost(stack) {
                rows = try await stack.page("/v1/admin/budgets?limit=100&sort_by=utilization").rows
            }
            #expect(rows.count == 100)
            #expect(rows.allSatisfy { $0.spent >= 9_800 })
            // 64 shards, of which five have two pieces more; at most five shards are shown.
            #expect(cost.calls <= 64 + 5 * 2 + 5, "\(cost)")
        }
    }
}
