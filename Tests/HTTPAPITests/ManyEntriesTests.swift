// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import Observability
import RedisClient
import SharedKernel
import StrictJSON
import Testing

@Suite("Lists over shards with many rows", .serialized)
struct ManyEntriesTests {
    /// When the entries begin, µs: a month ago.
    private static let beginUs = (UTCTimestamp.now_ms() - 30 * 86_400_000) * 1_000

    /// Adds entries to a tenant's audit log, of which hardly any has a body, as if it had ended; those that have one
    /// are copies of the entry of its creation under another operation.
    private static func fill(_ stack: AdminStack, _ tenant: String, _ count: Int, everyUs step: Int) async throws {
        try await stack.makeTenant(tenant)
        let source = """
            local made = redis.call('ZRANGE', KEYS[2] .. ':al', -1, -1)[1]
            local body = redis.call('GET', KEYS[1] .. 'a:' .. made)
            body = string.gsub(body, '"operation":"createTenant"', '"operation":"copied"')
            for i = ARGV[5], ARGV[2] + 0 do
                local seq = string.format('%.0f', ARGV[4] + i * ARGV[3])
                redis.call('ZADD', KEYS[2] .. ':al', seq, seq)
                redis.call('ZADD', KEYS[1] .. 'al', seq, seq .. ':' .. ARGV[1])
                if i % 11003 == 7 then redis.call('SET', KEYS[1] .. 'a:' .. seq, body) end
            end
            """
        let prefix = stack.installation.keyspace.shard(of: try #require(TenantID(tenant))).prefix
        for start in stride(from: 1, through: count, by: 1_000) {
            try await stack.redis(
                "EVAL", source, "2", String(decoding: prefix, as: UTF8.self), try stack.key(tenant), tenant,
                String(min(count, start + 999)), String(step), String(beginUs), String(start))
        }
    }

    private static func calls(_ stack: AdminStack) async throws -> Int {
        let info = try await stack.redis("INFO", "commandstats").text ?? ""
        guard let range = info.firstRange(of: "cmdstat_evalsha:calls=") else { return 0 }
        return Int(info[range.upperBound...].prefix { $0.isNumber }) ?? 0
    }

    /// Every page of the audit log: the sequence numbers shown, and the most calls that a page took.
    private static func pages(_ stack: AdminStack, _ query: String) async throws -> (pages: [[String]], calls: Int) {
        var pages: [[String]] = []
        var (calls, cursor) = (0, "")
        repeat {
            try await stack.redis("CONFIG", "RESETSTAT")
            let page = try await stack.send("/v1/admin/audit/logs?\(query)\(cursor)", method: .get, as: .admin)
            try #require(page.status == .ok, "\(page.body)")
            calls = max(calls, try await Self.calls(stack))
            let rows = Array(try #require(page.root.member("logs")).elements)
            // log_, two digits of the shard, the number.
            pages.append(
                rows.map { String(decoding: $0.member("log_id")?.stringBytes()?.dropFirst(6) ?? [], as: UTF8.self) })
            #expect(page.root.member("has_more")?.bool() == (page.text("next_cursor") != nil))
            cursor = page.text("next_cursor").map { "&cursor=" + $0 } ?? ""
        } while !cursor.isEmpty && pages.count < 100
        return (pages, calls)
    }

    @Test("A page that hardly anything matches ends early, in both directions, and all pages have every row once")
    func endedEarly() async throws {
        try await AdminStack.run { stack in
            try await Self.fill(stack, "acme", 60_000, everyUs: 10)
            // The same numbers in another shard, too.
            try await Self.fill(stack, "beta", 30_000, everyUs: 20)
            func numbers(_ count: Int, _ step: Int) -> [String] {
                stride(from: 7, through: count, by: 11_003).map { String(Self.beginUs + Int64($0 * step)) }
            }
            let own = numbers(60_000, 10)
            let all = (own + numbers(30_000, 20)).sorted()
            #expect(own.count == 6 && all.count == 9)
            for (query, rows, callsMax) in [
                ("operation=copied&limit=3", all, 64 + 44), ("tenant_id=acme&operation=copied&limit=3", own, 44),
            ] {
                for (direction, expected) in [("asc", rows), ("desc", rows.reversed())] {
                    let (pages, calls) = try await Self.pages(stack, "\(query)&sort_dir=\(direction)")
                    #expect(pages.flatMap { $0 } == expected, "\(query) \(direction)")
                    #expect(pages.dropLast().contains { $0.count < 3 }, "no page ended early: \(query) \(direction)")
                    #expect(calls <= callsMax, "\(query) \(direction)")
                }
            }
            // A page that finds enough does not look further than it must.
            let (_, calls) = try await Self.pages(stack, "operation=createTenant&limit=2")
            #expect(calls <= 64 + 44)
        }
    }

    @Test("Too many rows to sort are refused with the order that always works, as it is called in that list")
    func tooMany() async throws {
        try await AdminStack.run { stack in
            try await Self.fill(stack, "acme", 52_000, everyUs: 10)
            for query in ["sort_by=status", "sort_by=operation&operation=nothing&sort_dir=asc"] {
                let answer = try await stack.send("/v1/admin/audit/logs?\(query)", method: .get, as: .admin)
                #expect(answer.status == .badRequest && answer.error == "LIMIT_EXCEEDED", "\(answer.body)")
                #expect(answer.message.hasPrefix("sort_by: ") && answer.message.hasSuffix("sort by timestamp"))
            }
            try await stack.makeTenant("beta")
            let sorted = try await stack.send(
                "/v1/admin/audit/logs?sort_by=status&tenant_id=beta", method: .get, as: .admin)
            #expect(sorted.root.member("logs")?.count == 1)
        }
    }
}
