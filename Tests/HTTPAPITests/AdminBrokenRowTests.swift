// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import RedisClient
import SharedKernel
import StrictJSON
import Testing

@Suite("Rows that cannot be read", .serialized)
struct AdminBrokenRowTests {
    /// Three tenants in order of creation, each with a key and a budget; gives the key ids.
    private func open(_ stack: AdminStack) async throws -> [String] {
        var keys: [String] = []
        for tenant in ["aaa", "bbb", "ccc"] {
            try await stack.makeTenant(tenant)
            try await stack.makeBudget(tenant, "tenant:\(tenant)", allocated: 5)
            keys.append(try #require(try await stack.makeKey(tenant).text("key_id")))
        }
        return keys
    }

    /// Every page of a list, `limit` rows each: the tenants of its rows.
    private func tenants(
        _ stack: AdminStack, _ target: String, _ list: StaticString, limit: Int
    ) async throws -> [String] {
        var tenants: [String] = []
        var cursor = ""
        for _ in 0..<20 {
            let answer = try await stack.send(
                "\(target)limit=\(limit)\(cursor)", method: .get, as: .admin)
            try #require(answer.status == .ok, "\(target): \(answer.body)")
            for row in try #require(answer.root.member(list)).elements {
                tenants.append(String(decoding: row.member("tenant_id")?.stringBytes() ?? [], as: UTF8.self))
            }
            guard let next = answer.text("next_cursor") else { break }
            cursor = "&cursor=" + next
        }
        return tenants
    }

    /// How often the metric counted rows of a kind.
    private func count(_ stack: AdminStack, _ kind: String) -> Int {
        let text = String(decoding: stack.registry.render(), as: UTF8.self)
        let line = text.split(separator: "\n").first {
            $0.hasPrefix("holdfast_unreadable_rows_total{kind=\"\(kind)\"}")
        }
        return line.flatMap { $0.split(separator: " ").last }.flatMap { Int($0) } ?? 0
    }

    /// Expects that the list has the first and the last tenant's rows, in every order and size of page, and that the
    /// log names this key, once.
    private func expect(
        _ stack: AdminStack, _ target: String, _ list: StaticString, kind: String, key: String, sorts: [String]
    ) async throws {
        let before = count(stack, kind)
        for sort in sorts {
            for limit in [1, 2, 50] {
                for direction in ["asc", "desc"] {
                    let rows = try await tenants(
                        stack, "\(target)sort_by=\(sort)&sort_dir=\(direction)&", list, limit: limit)
                    let expected = direction == "asc" ? ["aaa", "ccc"] : ["ccc", "aaa"]
                    #expect(Set(rows) == ["aaa", "ccc"] && rows.count == 2, "\(kind) \(key): \(rows)")
                    if sort == "created_at" { #expect(rows == expected) }
                }
            }
        }
        #expect(count(stack, kind) > before)
        let lines = stack.log.lines.filter { $0.contains("\"\(key)\"") }
        #expect(lines.count == 1, "\(key): \(stack.log.lines)")
    }

    @Test("A missing or broken key row is left out of every list of keys, logged once, and counted")
    func keys() async throws {
        for row in [nil, "", "nonsense", "ab\0A\0" + "1\0" + "2\0" + "{}\0" + "3\0", "ab\0A\0" + "1\0" + "2\0" + "no"] {
            try await AdminStack.run { stack in
                let ids = try await open(stack)
                let key = try stack.key("bbb") + ":keys"
                if let row {
                    try await stack.redis("HSET", key, ids[1], row)
                } else {
                    try await stack.redis("HDEL", key, ids[1])
                }
                try await expect(
                    stack, "/v1/admin/api-keys?", "keys", kind: "api_key", key: "\(key) \(ids[1])",
                    sorts: ["created_at", "name", "expires_at"])
                #expect(try await tenants(stack, "/v1/admin/api-keys?tenant_id=bbb&", "keys", limit: 5).isEmpty)
            }
        }
    }

    @Test("A tenant without status, profile or terms is left out of the list of tenants, logged once, and counted")
    func tenants() async throws {
        let breaks: [(AdminStack, String) async throws -> Void] = [
            { stack, key in try await stack.redis("DEL", key) },
            { stack, key in try await stack.redis("DEL", key + ":p") },
            { stack, key in try await stack.redis("HDEL", key + ":p", "terms") },
            { stack, key in try await stack.redis("HSET", key + ":p", "terms", "{}") },
            { stack, key in try await stack.redis("HSET", key + ":p", "name", "nonsense") },
            { stack, key in try await stack.redis("HSET", key + ":p", "created_ms", "") },
        ]
        for harm in breaks {
            try await AdminStack.run { stack in
                _ = try await open(stack)
                let key = try stack.key("bbb")
                try await harm(stack, key)
                try await expect(
                    stack, "/v1/admin/tenants?", "tenants", kind: "tenant", key: key + ":p",
                    sorts: ["created_at", "name", "tenant_id"])
            }
        }
    }

    @Test("A budget without ledger or terms, or with broken ones, is left out of the list over all tenants")
    func budgets() async throws {
        let place = "T:tenant:bbb"
        for (name, text) in [("l", nil), ("l", "nonsense"), ("lt", nil), ("lt", "nonsense"), ("lt", "1\0" + "2\0{}")] {
            try await AdminStack.run { stack in
                _ = try await open(stack)
                let key = try stack.key("bbb") + ":\(name):\(place)"
                if let text {
                    try await stack.redis("SET", key, text)
                } else {
                    try await stack.redis("DEL", key)
                }
                try await expect(
                    stack, "/v1/admin/budgets?", "ledgers", kind: "budget", key: key,
                    sorts: ["scope", "tenant_id", "debt"])
                #expect(
                    try await stack.send("/v1/admin/budgets?tenant_id=aaa", method: .get, as: .admin).status == .ok)
            }
        }
    }

    @Test("A directory entry that is none is left out, too")
    func directory() async throws {
        try await AdminStack.run { stack in
            _ = try await open(stack)
            try await stack.redis("ZADD", try stack.key("bbb") + ":bud", "0", "tenant:bbb")
            let rows = try await tenants(stack, "/v1/admin/budgets?", "ledgers", limit: 5)
            #expect(rows.sorted() == ["aaa", "bbb", "ccc"])
            #expect(count(stack, "budget") == 1)
        }
    }

    @Test("Lists go on through whole calls of broken rows")
    func many() async throws {
        try await AdminStack.run { stack in
            _ = try await open(stack)
            let shard = stack.installation.keyspace.shard(of: try #require(TenantID("bbb")))
            let list = String(decoding: shard.prefix, as: UTF8.self) + "kl"
            for number in 0..<60 {
                try await stack.redis("ZADD", list, String(number / 7), "key_\(number):bbb")
            }
            for direction in ["asc", "desc"] {
                for limit in [1, 2, 7] {
                    let rows = try await tenants(
                        stack, "/v1/admin/api-keys?sort_dir=\(direction)&", "keys", limit: limit)
                    #expect(rows.sorted() == ["aaa", "bbb", "ccc"], "\(limit) \(direction)")
                }
            }
        }
    }
}
