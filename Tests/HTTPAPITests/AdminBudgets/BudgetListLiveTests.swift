// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import RedisClient
import SharedKernel
import StrictJSON
import Testing

/// A ledger as a list shows it.
struct ListedBudget: Equatable {
    let tenant: String
    let scope: String
    let unit: String
    let status: String
    let policy: String
    let spent: Int64
    let allocated: Int64
    let debt: Int64
    let isOverLimit: Bool

    /// What no other ledger has.
    var name: String { "\(scope) \(unit)" }

    init(_ row: JSONValue) throws {
        func text(_ name: StaticString) -> String? {
            row.member(name)?.stringBytes().map { String(decoding: $0, as: UTF8.self) }
        }
        func amount(_ name: StaticString) throws -> Int64 {
            try #require(row.member(name)?.member("amount")?.int64())
        }
        tenant = try #require(text("tenant_id"))
        scope = try #require(text("scope"))
        unit = try #require(text("unit"))
        status = try #require(text("status"))
        policy = text("commit_overage_policy") ?? ""
        spent = try amount("spent")
        allocated = try amount("allocated")
        debt = try amount("debt")
        isOverLimit = row.member("is_over_limit")?.bool() == true
    }
}

extension AdminStack {
    /// One page: its rows and the cursor of the next.
    func page(
        _ target: String, _ name: StaticString = "ledgers", as credentials: Credentials = .admin
    ) async throws -> (rows: [ListedBudget], cursor: String?) {
        let answer = try await send(target, method: .get, as: credentials)
        try #require(answer.status == .ok, "\(target): \(answer.body)")
        let rows = try (answer.root.member(name)?.elements).map { try $0.map(ListedBudget.init) } ?? []
        let hasMore = answer.root.member("has_more")?.bool() == true
        #expect(hasMore == (answer.text("next_cursor") != nil))
        return (rows, answer.text("next_cursor"))
    }

    /// All pages of a list.
    func list(
        _ target: String, _ name: StaticString = "ledgers", as credentials: Credentials = .admin
    ) async throws -> [ListedBudget] {
        var rows: [ListedBudget] = []
        var cursor: String?
        repeat {
            let page = try await page(target + (cursor.map { "&cursor=\($0)" } ?? ""), name, as: credentials)
            #expect(!page.rows.isEmpty || page.cursor == nil)
            rows += page.rows
            cursor = page.cursor
        } while cursor != nil
        return rows
    }
}

@Suite("Lists of budgets", .serialized)
struct BudgetListLiveTests {
    private static let budgets = "/v1/admin/budgets?"

    /// Two tenants, with ledgers of many states; some beyond 2^53, and some alike but for their scope.
    private static func prepare(_ stack: AdminStack) async throws {
        let states = [
            "0 0 0 0 0 0", "10 0 5 0 0 r", "10 1 5 2 3 i", "1000 0 999 7 3 Oo", "9223372036854775807 0 1 0 0 F0",
            "9223372036854775807 0 9223372036854775806 0 0 0", "9223372036854775806 0 9223372036854775805 0 0 0",
            "0 0 9 9223372036854775807 0 OCr", "1 0 3 0 0 Co", "9007199254740993 0 9007199254740992 0 0 Fi",
        ]
        for tenant in ["acme", "zeta"] {
            try await stack.makeTenant(tenant)
            for index in 0..<(tenant == "acme" ? 24 : 8) {
                let scope = "tenant:\(tenant)" + (index == 0 ? "" : "/workspace:W\(index % 5)/agent:a\(index)")
                try await stack.makeBudget(tenant, scope, allocated: 1)
                try await stack.setLedger(tenant, scope, states[index % states.count])
            }
        }
        let body = """
            {"tenant_id":"acme","scope":"tenant:acme","unit":"CREDITS","allocated":{"unit":"CREDITS","amount":3}}
            """
        #expect(try await stack.send("/v1/admin/budgets", body, as: .admin).status == .created)
    }

    /// Whether a row must not come after another one, of the same sort key or not; nil when they are alike.
    private func precedes(_ one: ListedBudget, _ other: ListedBudget, by key: String) -> Bool? {
        func less<Value: Comparable>(_ a: Value, _ b: Value) -> Bool? { a == b ? nil : a < b }
        switch key {
        case "tenant_id": return less(one.tenant, other.tenant)
        case "scope": return less("\(one.scope)\0\(one.unit)", "\(other.scope)\0\(other.unit)")
        case "unit": return less(one.unit, other.unit)
        case "status": return less(one.status, other.status)
        case "commit_overage_policy": return less(one.policy, other.policy)
        case "debt": return less(one.debt, other.debt)
        default:
            func share(_ row: ListedBudget) -> (Int128, Int128) {
                row.allocated == 0 ? (0, 1) : (Int128(row.spent), Int128(row.allocated))
            }
            let (a, b) = (share(one), share(other))
            return less(a.0 * b.1, b.0 * a.1)
        }
    }

    @Test("Every sort, in both directions, of one tenant and of all: all rows once, in order, page by page")
    func sorts() async throws {
        try await AdminStack.run { stack in
            try await Self.prepare(stack)
            let secret = try #require(try await stack.makeKey("acme").text("key_secret"))
            let sources = [
                ("tenant_id=acme", AdminStack.Credentials.admin, 25), ("", .admin, 33),
                // A tenant's key lists its own, whatever tenant_id says.
                ("tenant_id=zeta", .key(secret), 25),
            ]
            for (source, credentials, count) in sources {
                for key in ["tenant_id", "scope", "unit", "status", "commit_overage_policy", "utilization", "debt"] {
                    for direction in ["asc", "desc"] {
                        let target = "\(Self.budgets)\(source)&sort_by=\(key)&sort_dir=\(direction)&limit=7"
                        let rows = try await stack.list(target, as: credentials)
                        #expect(rows.count == count && Set(rows.map(\.name)).count == count, "\(target)")
                        for (one, other) in zip(rows, rows.dropFirst()) {
                            let order = precedes(one, other, by: key) ?? precedes(one, other, by: "scope")
                            let isAlike = precedes(one, other, by: key) == nil
                            #expect(order == (isAlike || direction == "asc"), "\(target): \(one) \(other)")
                        }
                    }
                }
                let plain = try await stack.list(Self.budgets + source + "&limit=100", as: credentials)
                let usual = try await stack.list(
                    Self.budgets + source + "&sort_by=utilization&sort_dir=desc&limit=100", as: credentials)
                #expect(plain == usual)
            }
        }
    }

    @Test("Every filter, alone and together, before the pages are cut")
    func filters() async throws {
        try await AdminStack.run { stack in
            try await Self.prepare(stack)
            let all = try await stack.list(Self.budgets + "limit=100")
            func share(_ row: ListedBudget) -> Double {
                row.allocated == 0 ? 0 : Double(row.spent) / Double(row.allocated)
            }
            let filters: [(String, (ListedBudget) -> Bool)] = [
                ("scope_prefix=tenant:acme/workspace:W1", { $0.scope.hasPrefix("tenant:acme/workspace:W1") }),
                ("scope_prefix=tenant:", { _ in true }), ("scope_prefix=nothing", { _ in false }),
                ("unit=CREDITS", { $0.unit == "CREDITS" }), ("unit=TOKENS", { $0.unit == "TOKENS" }),
                ("status=FROZEN", { $0.status == "FROZEN" }), ("status=CLOSED", { $0.status == "CLOSED" }),
                ("over_limit=true", { $0.isOverLimit }), ("over_limit=false", { !$0.isOverLimit }),
                ("has_debt=true", { $0.debt > 0 }), ("has_debt=false", { $0.debt == 0 }),
                ("utilization_min=0.5", { share($0) >= 0.5 }), ("utilization_max=0.5", { share($0) <= 0.5 }),
                ("utilization_min=0.5&utilization_max=0.5", { share($0) == 0.5 }),
                ("search=WORKSPACE:w3", { $0.scope.contains("workspace:W3") }),
                ("search=ZETA", { $0.tenant == "zeta" }),
                ("search=", { _ in true }), ("tenant_id=zeta", { $0.tenant == "zeta" }),
                ("tenant_id=nobody", { _ in false }), ("tenant_id=NO", { _ in false }), ("colour=red", { _ in true }),
            ]
            for (one, isIn) in filters {
                for sort in ["", "&sort_by=scope&sort_dir=asc"] {
                    let rows = try await stack.list("\(Self.budgets)\(one)\(sort)&limit=3")
                    #expect(Set(rows.map(\.name)) == Set(all.filter(isIn).map(\.name)), "\(one)\(sort)")
                }
                for (other, isInToo) in filters where one.prefix(4) != other.prefix(4) {
                    let rows = try await stack.page("\(Self.budgets)\(one)&\(other)&limit=100").rows
                    let expected = all.filter { isIn($0) && isInToo($0) }
                    #expect(Set(rows.map(\.name)) == Set(expected.map(\.name)), "\(one) \(other)")
                }
            }
        }
    }

    @Test("Bounds of the utilization are exact: what doubles cannot tell from them is told")
    func utilization() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            for (name, stored) in [
                ("half", "1000000000000000000 0 500000000000000000 0 0 0"),
                ("more", "1000000000000000000 0 500000000000000001 0 0 0"),
                ("less", "9223372036854775807 0 4611686018427387903 0 0 0"),
                ("nearly", "9223372036854775807 0 9223372036854775806 0 0 0"), ("all", "3 0 3 0 0 0"),
                ("over", "1 0 2 0 0 0"), ("nothing", "0 0 5 0 0 0"),
            ] {
                try await stack.makeBudget("acme", "tenant:acme/agent:\(name)", allocated: 1)
                try await stack.setLedger("acme", "tenant:acme/agent:\(name)", stored)
            }
            for (query, names) in [
                ("utilization_min=0.5&utilization_max=.500", ["half"]),
                ("utilization_min=0.500000000000000001&utilization_max=0.500000000000000001", ["more"]),
                ("utilization_min=0.500000000000000002&utilization_max=1.0", ["all", "nearly"]),
                ("utilization_min=0.499999999999999999&utilization_max=00.5", ["half", "less"]),
                ("utilization_max=0.999999999999999999", ["half", "less", "more", "nothing"]),
                ("utilization_min=1", ["all", "over"]), ("utilization_max=0.", ["nothing"]),
                ("utilization_min=0.00000000000000000000000000&utilization_max=0", ["nothing"]),
            ] {
                for sort in ["", "&sort_by=scope"] {
                    let rows = try await stack.list("\(Self.budgets)tenant_id=acme&\(query)\(sort)")
                    #expect(Set(rows.map(\.scope)) == Set(names.map { "tenant:acme/agent:\($0)" }), "\(query)\(sort)")
                }
            }
        }
    }

    @Test("Limits are cut to 1 to 100; other bad parameters and cursors of other queries are refused")
    func parameters() async throws {
        try await AdminStack.run { stack in
            try await Self.prepare(stack)
            for (limit, count) in [
                ("0", 1), ("-5", 1), ("1", 1), ("101", 25), ("9223372036854775807", 25), ("9223372036854775808", 25),
                ("-9223372036854775809", 1), ("100000000000000000000000000000", 25),
            ] {
                #expect(try await stack.page("\(Self.budgets)tenant_id=acme&limit=\(limit)").rows.count == count)
            }
            let bad = try await stack.send(Self.budgets + "limit=1e3", method: .get, as: .admin)
            #expect(bad.message == "limit: must be an integer")
            // Names may be percent-encoded as values may; what has a bad escape names nothing.
            let encoded = try await stack.page(Self.budgets + "t%65nant%5Fid=zeta&limit=100")
            #expect(encoded.rows.count == 8 && encoded.rows.allSatisfy { $0.tenant == "zeta" })
            #expect(try await stack.page(Self.budgets + "tenant_i%6=zeta&limit=100").rows.count == 33)
            for (query, field) in [
                ("limit=x", "limit"), ("limit=1.5", "limit"), ("limit=-", "limit"), ("sort_by=spent", "sort_by"),
                ("sort_dir=up", "sort_dir"), ("unit=tokens", "unit"), ("status=OPEN", "status"),
                ("over_limit=1", "over_limit"), ("has_debt=yes", "has_debt"),
                ("utilization_min=-1", "utilization_min"), ("utilization_max=1.1", "utilization_max"),
                ("utilization_min=0x1", "utilization_min"), ("utilization_min=nan", "utilization_min"),
                ("utilization_min=.", "utilization_min"), ("utilization_max=0.1.1", "utilization_max"),
                ("utilization_max=0.1234567890123456789", "utilization_max"),
                ("utilization_max=1e0", "utilization_max"),
                ("utilization_min=0.6&utilization_max=0.5", "utilization_min"), ("search=%00", "search"),
                ("search=\(String(repeating: "s", count: 129))", "search"), ("scope_prefix=a%00", "scope_prefix"),
                ("cursor=AAAA", "cursor"), ("cursor=%21", "cursor"),
            ] {
                for source in ["", "&tenant_id=acme"] {
                    let answer = try await stack.send(Self.budgets + query + source, method: .get, as: .admin)
                    #expect(answer.status == .badRequest, "\(query)")
                    #expect(answer.message.hasPrefix(field + ":"), "\(answer.message)")
                }
            }
            let secret = try #require(try await stack.makeKey("acme").text("key_secret"))
            let page = try await stack.page(Self.budgets + "tenant_id=acme&limit=3&sort_by=debt")
            let cursor = try #require(page.cursor)
            for (query, credentials) in [
                ("tenant_id=acme&sort_by=scope", AdminStack.Credentials.admin), ("sort_by=debt", .admin),
                ("tenant_id=zeta&sort_by=debt", .admin), ("tenant_id=acme&sort_by=debt&sort_dir=asc", .admin),
                ("tenant_id=acme&sort_by=debt&unit=TOKENS", .admin), ("tenant_id=acme&sort_by=debt&search=a", .admin),
            ] {
                let answer = try await stack.send(
                    "\(Self.budgets)\(query)&cursor=\(cursor)", method: .get, as: credentials)
                #expect(answer.status == .badRequest, "\(query)")
            }
            // The same list is the same list, whoever asks for it.
            let next = try await stack.page("\(Self.budgets)sort_by=debt&limit=9&cursor=\(cursor)", as: .key(secret))
            #expect(next.rows.count == 9)
        }
    }

    @Test("53 54: a key lists its own tenant's ledgers within its scope filter, in both views")
    func scopeFilter() async throws {
        try await AdminStack.run { stack in
            try await Self.prepare(stack)
            let key = try await stack.makeKey("acme", #","scope_filter":["workspace:W1","agent:a2"]"#)
            let narrow = AdminStack.Credentials.key(try #require(key.text("key_secret")))
            let all = try await stack.list(Self.budgets + "tenant_id=acme&limit=100")
            let expected = Set(
                all.filter { $0.scope.contains("workspace:W1/") || $0.scope.hasSuffix("agent:a2") }.map(\.name))
            #expect(expected.count == 6)
            for sort in ["", "&sort_by=scope", "&sort_by=scope&sort_dir=asc", "&sort_by=debt"] {
                let rows = try await stack.list("\(Self.budgets)limit=2\(sort)", as: narrow)
                #expect(Set(rows.map(\.name)) == expected, "\(sort)")
            }
            let balances = try await stack.list("/v1/balances?tenant_id=acme&limit=2", "balances", as: narrow)
            #expect(Set(balances.map(\.name)) == expected)
            let foreign = Self.budgets + "scope_prefix=tenant:zeta/"
            #expect(try await stack.send(foreign, method: .get, as: narrow).status == .forbidden)
            let readerKey = try await stack.makeKey("acme", #","permissions":["balances:read"]"#)
            let reader = AdminStack.Credentials.key(try #require(readerKey.text("key_secret")))
            #expect(
                try await stack.send(Self.budgets, method: .get, as: reader).error == "INSUFFICIENT_PERMISSIONS")
            #expect(try await stack.send(Self.budgets, method: .get, as: .none).status == .unauthorized)
        }
    }

    @Test(
        "Balances by tenant_id or scope_prefix are ledgers in full; a subject filter always means the other view")
    func balances() async throws {
        try await AdminStack.run { stack in
            try await Self.prepare(stack)
            let key = AdminStack.Credentials.key(try #require(try await stack.makeKey("acme").text("key_secret")))
            let all = try await stack.list(Self.budgets + "tenant_id=acme&limit=100&sort_by=scope&sort_dir=asc")
            for (query, isIn) in [
                ("tenant_id=acme", { _ in true }), ("tenant_id=acme&unit=CREDITS", { $0.unit == "CREDITS" }),
                ("scope_prefix=tenant:acme/workspace:W2", { $0.scope.hasPrefix("tenant:acme/workspace:W2") }),
                ("scope_prefix=tenant:ac&unit=TOKENS", { $0.unit == "TOKENS" }),
                ("scope_prefix=tenant:acme/x", { _ in false }),
            ] as [(String, (ListedBudget) -> Bool)] {
                let rows = try await stack.list("/v1/balances?\(query)&limit=4", "balances", as: key)
                #expect(rows == all.filter(isIn), "\(query)")
            }
            for (query, status) in [
                ("", HTTPResponse.Status.badRequest), ("limit=5", .badRequest), ("tenant_id=zeta", .forbidden),
                ("unit=TOKENS", .badRequest), ("unit=TOKENS&scope_prefix=", .badRequest),
                ("tenant_id=zeta&scope_prefix=tenant:acme", .forbidden), ("scope_prefix=tenant:zeta", .forbidden),
                ("tenant_id=acme&limit=0", .badRequest), ("tenant_id=acme&limit=101", .badRequest),
                ("tenant_id=acme&unit=x", .badRequest), ("tenant_id=acme&cursor=AAAA", .badRequest),
                ("tenant_id=acme&limit=100", .ok), ("tenant=acme&limit=200&tenant_id=zeta", .ok),
            ] {
                let answer = try await stack.send("/v1/balances?\(query)", method: .get, as: key)
                #expect(answer.status == status, "\(query)")
            }
            for (query, message) in [
                (
                    "unit=TOKENS",
                    "one of tenant, workspace, app, workflow, agent, toolset, tenant_id or scope_prefix is required"
                ),
                ("tenant_id=acme&limit=0", "limit: must be an integer from 1 to 100"),
                ("tenant=acme&limit=0", "limit: must be an integer from 1 to 200"),
            ] {
                #expect(try await stack.send("/v1/balances?\(query)", method: .get, as: key).message == message)
            }
            let subject = try await stack.send("/v1/balances?tenant=acme&tenant_id=acme", method: .get, as: key)
            let row = try #require(subject.root.member("balances")?.elements.first { _ in true })
            #expect(row.member("ledger_id") == nil)
            #expect(
                try await stack.send("/v1/balances?tenant_id=acme", method: .get, as: .admin).status == .unauthorized)
        }
    }
}
