// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import SharedKernel
import StrictJSON
import Testing

@Suite("Admin API, lists of tenants and API keys")
struct AdminAPIListTests {
    /// Every page of a list; the ids in the order shown.
    private func ids(
        _ stack: AdminStack, _ list: StaticString, _ id: StaticString, _ target: String, limit: Int
    ) async throws -> [String] {
        var ids: [String] = []
        var cursor = ""
        for _ in 0..<100 {
            let separator = target.contains("?") ? "&" : "?"
            let answer = try await stack.send(
                "\(target)\(separator)limit=\(limit)\(cursor)", method: .get, as: .admin)
            try #require(answer.status == .ok, "\(answer.body)")
            let rows = Array(try #require(answer.root.member(list)).elements)
            #expect(rows.count <= limit)
            for row in rows { ids.append(String(decoding: row.member(id)?.stringBytes() ?? [], as: UTF8.self)) }
            let next = answer.text("next_cursor")
            #expect(answer.root.member("has_more")?.bool() == (next != nil))
            #expect(next == nil || rows.count == limit)
            guard let next else { return ids }
            cursor = "&cursor=\(next)"
        }
        Issue.record("the list does not end")
        return ids
    }

    private func makeTenants(_ stack: AdminStack, _ count: Int) async throws -> [String] {
        var ids: [String] = []
        for number in 0..<count {
            let id = "tenant-\(number)"
            let parent = number % 2 == 1 ? #","parent_tenant_id":"tenant-0""# : ""
            let body = #"{"tenant_id":"\#(id)","name":"Name \#((number * 7) % count)"\#(parent)}"#
            #expect(try await stack.send("/v1/admin/tenants", body, as: .admin).status == .created)
            ids.append(id)
        }
        return ids
    }

    @Test("Tenants of all shards in every order, in pages of every size: each once, in order")
    func tenants() async throws {
        try await AdminStack.run { stack in
            let made = try await makeTenants(stack, 12)
            for suspended in [3, 4] {
                _ = try await stack.send(
                    "/v1/admin/tenants/tenant-\(suspended)", #"{"status":"SUSPENDED"}"#, method: .patch, as: .admin)
            }
            func list(_ query: String, limit: Int) async throws -> [String] {
                try await ids(stack, "tenants", "tenant_id", "/v1/admin/tenants" + query, limit: limit)
            }
            let newest = try await list("", limit: 100)
            #expect(Set(newest) == Set(made) && newest.count == 12)
            let byName = made.sorted { left, right in
                let (a, b) = (Int(left.dropFirst(7)) ?? 0, Int(right.dropFirst(7)) ?? 0)
                return "Name \((a * 7) % 12)".utf8.lexicographicallyPrecedes("Name \((b * 7) % 12)".utf8)
            }
            for limit in [1, 2, 5, 12] {
                #expect(try await list("", limit: limit) == newest)
                #expect(try await list("?sort_dir=asc", limit: limit) == newest.reversed())
                #expect(try await list("?sort_by=tenant_id&sort_dir=asc", limit: limit) == made.sorted())
                #expect(try await list("?sort_by=name&sort_dir=asc", limit: limit) == byName)
                #expect(try await list("?sort_by=name", limit: limit) == byName.reversed())
                let byStatus = try await list("?sort_by=status", limit: limit)
                #expect(byStatus.prefix(2) == ["tenant-4", "tenant-3"] && Set(byStatus).count == 12)
                #expect(Set(try await list("?status=SUSPENDED", limit: limit)) == ["tenant-3", "tenant-4"])
                #expect(try await list("?parent_tenant_id=tenant-0", limit: limit).count == 6)
                #expect(Set(try await list("?search=NAME%201", limit: limit)) == ["tenant-7", "tenant-10", "tenant-5"])
                #expect(try await list("?search=ANT-11&observe_mode=x&search2=y", limit: limit) == ["tenant-11"])
            }
            #expect(try await list("?search=none", limit: 5) == [])
        }
    }

    @Test("26: keys of a tenant or of all, in every order, never with secret or hash")
    func keys() async throws {
        try await AdminStack.run { stack in
            var made: [String: String] = [:]
            var order: [String] = []
            for tenant in ["acme", "beta", "gamma"] {
                try await stack.makeTenant(tenant)
                for number in 0..<3 {
                    let body = """
                        {"tenant_id":"\(tenant)","name":"\(tenant) \(number)",
                         "expires_at":"20\(40 - number)-01-01T00:00:00Z"}
                        """
                    let key = try await stack.send("/v1/admin/api-keys", body, as: .admin)
                    try #require(key.status == .created)
                    order.append(try #require(key.text("key_id")))
                    made[order[order.count - 1]] = tenant
                    let page = try await stack.send("/v1/admin/api-keys?limit=100", method: .get, as: .admin)
                    #expect(!page.body.contains(try #require(key.text("key_secret"))) && !page.body.contains("hash"))
                    #expect(page.body.contains(try #require(key.text("key_prefix"))))
                }
            }
            func list(_ query: String, limit: Int) async throws -> [String] {
                try await ids(stack, "keys", "key_id", "/v1/admin/api-keys" + query, limit: limit)
            }
            let newest = try await list("", limit: 100)
            #expect(Set(newest) == Set(made.keys) && newest.count == 9)
            for limit in [1, 4, 9] {
                #expect(try await list("?sort_dir=asc", limit: limit) == newest.reversed())
                #expect(try await list("?sort_by=key_id&sort_dir=asc", limit: limit) == made.keys.sorted())
                let byTenant = try await list("?sort_by=tenant_id&sort_dir=asc", limit: limit)
                #expect(byTenant.map { made[$0] ?? "" } == made.values.sorted())
                let own = try await list("?tenant_id=beta", limit: limit)
                #expect(own.count == 3 && own.allSatisfy { made[$0] == "beta" })
                #expect(try await list("?tenant_id=beta&sort_by=expires_at", limit: limit) == Array(order[3..<6]))
                #expect(try await list("?search=GAMMA%202", limit: limit).count == 1)
                #expect(try await list("?status=ACTIVE", limit: limit) == newest)
                #expect(try await list("?sort_by=name", limit: limit).count == 9)
                #expect(try await list("?sort_by=status", limit: limit).count == 9)
            }
            for tenant in ["other", "A"] { #expect(try await list("?tenant_id=\(tenant)", limit: 5) == []) }
        }
    }

    @Test("Bad parameters are 400 and name the field; limits out of range are cut; a cursor is its own query's")
    func parameters() async throws {
        try await AdminStack.run { stack in
            _ = try await makeTenants(stack, 3)
            for tenant in 0..<3 { _ = try await stack.makeKey("tenant-\(tenant)") }
            for list in ["tenants", "api-keys"] {
                func get(_ query: String) async throws -> AdminAnswer {
                    try await stack.send("/v1/admin/\(list)?\(query)", method: .get, as: .admin)
                }
                for (query, field) in [
                    ("sort_by=size", "sort_by"), ("sort_dir=up", "sort_dir"), ("status=OPEN", "status"),
                    ("search=" + String(repeating: "x", count: 129), "search"), ("limit=x", "limit"),
                    ("cursor=abc", "cursor"), ("cursor=%FF", "cursor"),
                ] {
                    let answer = try await get(query)
                    #expect(answer.status == .badRequest && answer.error == "INVALID_REQUEST", "\(list) \(query)")
                    #expect(answer.message.hasPrefix(field), "\(answer.message)")
                }
                let rows = list == "tenants" ? "tenants" : "keys"
                let shown = [("limit=0", 1), ("limit=-5", 1), ("limit=101", 3), ("limit=", 3), ("search=", 3)]
                for (query, count) in shown {
                    let answer = try await get(query)
                    #expect(answer.body.components(of: #""created_at""#) == count, "\(rows) \(query)")
                }
                let cursor = try #require(try await get("limit=1").text("next_cursor"))
                #expect(try await get("limit=2&cursor=\(cursor)").status == .ok, "the limit may change")
                for query in ["sort_dir=asc", "sort_by=name", "status=ACTIVE", "search=t"] {
                    #expect(try await get("\(query)&cursor=\(cursor)").status == .badRequest, "\(query)")
                }
                #expect(try await get("cursor=\(cursor.dropLast())").status == .badRequest)
            }
        }
    }
}

extension String {
    /// How many times a text is in this one.
    fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
