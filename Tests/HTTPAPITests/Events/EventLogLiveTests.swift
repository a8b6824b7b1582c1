// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import RedisClient
import SharedKernel
import StrictJSON
import Testing

/// An event as a list shows it.
struct ListedEvent: Hashable {
    let id, type, category, tenant: String
    let scope, correlationID, requestID, traceID: String?

    init(_ value: JSONValue) {
        func text(_ name: StaticString) -> String? {
            value.member(name)?.stringBytes().map { String(decoding: $0, as: UTF8.self) }
        }
        id = text("event_id") ?? ""
        type = text("event_type") ?? ""
        category = text("category") ?? ""
        tenant = text("tenant_id") ?? ""
        scope = text("scope")
        correlationID = text("correlation_id")
        requestID = text("request_id")
        traceID = text("trace_id")
    }
}

extension AdminStack {
    /// One page of events.
    func events(
        _ query: String = "", path: String = "/v1/admin/events", as credentials: Credentials = .admin
    ) async throws -> (rows: [ListedEvent], cursor: String?) {
        let answer = try await send(path + "?" + query, method: .get, as: credentials)
        try #require(answer.status == .ok, "\(query): \(answer.body)")
        let rows = answer.root.member("events")?.elements.map(ListedEvent.init) ?? []
        let cursor = answer.text("next_cursor")
        #expect((cursor != nil) == (answer.root.member("has_more")?.bool() == true))
        return (rows, cursor)
    }

    /// All pages of events.
    func allEvents(
        _ query: String, path: String = "/v1/admin/events", as credentials: Credentials = .admin
    ) async throws -> [ListedEvent] {
        var (rows, cursor) = try await events(query, path: path, as: credentials)
        while let next = cursor {
            let page = try await events(query + "&cursor=" + next, path: path, as: credentials)
            rows += page.rows
            cursor = page.cursor
            try #require(rows.count < 10_000)
        }
        return rows
    }

    /// Writes an event into a log as scripts do.
    func writeEvent(
        _ tenant: String, in shard: Shard, sequence: Int64, _ type: String, context: String = "", data: String = "{}"
    ) async throws {
        let prefix = String(decoding: shard.prefix, as: UTF8.self)
        let body = ["1700000000000", tenant, type, context, data].joined(separator: "\0")
        try await redis("SET", "\(prefix)e:\(sequence)", body)
        try await redis("ZADD", "\(prefix)t:\(tenant):el", "\(sequence)", "\(sequence):\(type)")
        try await redis("ZADD", "\(prefix)el", "\(sequence)", "\(sequence):\(type):\(tenant)")
    }

    /// The shard of a tenant.
    func shard(_ tenant: String) throws -> Shard {
        installation.keyspace.shard(of: try #require(TenantID(tenant)))
    }

    func credit(_ tenant: String, _ scope: String, _ amount: Int = 5) async throws -> AdminAnswer {
        try await send(
            "/v1/admin/budgets/fund?tenant_id=\(tenant)&scope=\(scope)&unit=TOKENS",
            #"{"operation":"CREDIT","amount":{"unit":"TOKENS","amount":\#(amount)}}"#, as: .admin)
    }
}

@Suite("The event log", .serialized)
struct EventLogLiveTests {
    /// Two tenants with a few events each.
    private func fill(_ stack: AdminStack) async throws {
        for tenant in ["acme", "other"] {
            try await stack.makeTenant(tenant)
            _ = try await stack.makeKey(tenant)
            try await stack.makeBudget(tenant, "tenant:\(tenant)", allocated: 100)
            try await stack.makeBudget(tenant, "tenant:\(tenant)/app:x", allocated: 100)
            for _ in 0..<3 { #expect(try await stack.credit(tenant, "tenant:\(tenant)/app:x").status == .ok) }
        }
    }

    @Test("59, 60, 61: events are as described, and name the request that caused them")
    func envelopes() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            try await stack.makeBudget("acme", "tenant:acme", allocated: 100)
            let funded = try await stack.credit("acme", "tenant:acme")
            let (rows, _) = try await stack.events("event_type=budget.funded")
            let event = try #require(rows.first)
            #expect(rows.count == 1 && event.category == "budget" && event.tenant == "acme")
            #expect(event.scope == "tenant:acme")
            #expect(event.requestID == funded.headers[.requestID] && event.traceID == funded.headers[.cyclesTraceID])
            let one = try await stack.send("/v1/admin/events/\(event.id)", method: .get, as: .admin)
            let page = try await stack.send("/v1/admin/events?event_type=budget.funded", method: .get, as: .admin)
            #expect(one.status == .ok && page.body.contains(one.body))
        }
    }

    @Test("62: filters by tenant, type, category, scope prefix, ids, time and text are ANDed")
    func filters() async throws {
        try await AdminStack.run { stack in
            try await fill(stack)
            let all = try await stack.allEvents("limit=100")
            #expect(all.count == 14)
            let last = try #require(all.first)
            let cases: [(String, (ListedEvent) -> Bool)] = [
                ("tenant_id=acme", { $0.tenant == "acme" }),
                ("event_type=budget.funded", { $0.type == "budget.funded" }),
                ("category=budget", { $0.category == "budget" }), ("category=api_key", { $0.category == "api_key" }),
                ("category=budget&event_type=api_key.created", { _ in false }),
                ("scope=tenant:acme", { $0.scope?.hasPrefix("tenant:acme") == true }),
                ("scope=tenant:acme/app", { $0.scope?.hasPrefix("tenant:acme/app") == true }),
                ("trace_id=\(last.traceID ?? "")", { $0.traceID == last.traceID }),
                ("request_id=\(last.requestID ?? "")", { $0.requestID == last.requestID }),
                ("correlation_id=nothing", { _ in false }),
                ("search=OTHER/APP", { $0.scope == "tenant:other/app:x" }),
                (
                    "tenant_id=other&event_type=budget.created&scope=tenant:other/app:x",
                    { $0.tenant == "other" && $0.type == "budget.created" && $0.scope == "tenant:other/app:x" }
                ),
                ("tenant_id=nobody", { _ in false }), ("tenant_id=Not%20One", { _ in false }),
                ("from=2020-01-01T00:00:00Z", { _ in true }), ("to=2020-01-01T00:00:00Z", { _ in false }),
                ("from=2100-01-01T00:00:00Z", { _ in false }), ("to=2100-01-01T00:00:00Z&search=", { _ in true }),
            ]
            for (query, matches) in cases {
                let expected = all.filter(matches)
                #expect(try await stack.allEvents(query + "&limit=100") == expected, "\(query)")
            }
            for bad in [
                "event_type=budget.nothing", "event_type=custom.", "category=nothing", "trace_id=xyz", "from=yesterday",
                "sort_by=data", "sort_dir=up", "cursor=x", "search=" + String(repeating: "s", count: 129), "limit=x",
            ] {
                let answer = try await stack.send("/v1/admin/events?" + bad, method: .get, as: .admin)
                #expect(answer.status == .badRequest && answer.error == "INVALID_REQUEST", "\(bad)")
            }
        }
    }

    @Test("63: pages of any size have every event once, newest first, in any order asked for; cursors are one query's")
    func pages() async throws {
        try await AdminStack.run { stack in
            try await fill(stack)
            let all = try await stack.allEvents("limit=100")
            #expect(Set(all.map(\.id)).count == all.count)
            let times = all.map { $0.id.suffix(14) }
            #expect(times == times.sorted(by: >))
            for query in ["limit=1", "limit=3", "limit=3&tenant_id=acme", "limit=2&category=budget"] {
                let pages = try await stack.allEvents(query)
                let expected = all.filter {
                    (!query.contains("acme") || $0.tenant == "acme")
                        && (!query.contains("budget") || $0.category == "budget")
                }
                #expect(pages == expected, "\(query)")
            }
            #expect(try await stack.allEvents("limit=4&sort_dir=asc") == all.reversed())
            for (sort, key) in [
                ("event_type", { $0.type }), ("category", { $0.category }), ("tenant_id", { $0.tenant }),
                ("scope", { $0.scope ?? "" }),
            ] as [(String, (ListedEvent) -> String)] {
                let rows = try await stack.allEvents("limit=3&sort_dir=asc&sort_by=\(sort)")
                #expect(Set(rows) == Set(all) && rows.count == all.count, "\(sort)")
                #expect(rows.map(key) == rows.map(key).sorted(), "\(sort)")
            }
            let cursor = try #require(try await stack.events("limit=1").cursor)
            let foreign = try await stack.send(
                "/v1/admin/events?limit=1&tenant_id=acme&cursor=\(cursor)", method: .get, as: .admin)
            #expect(foreign.status == .badRequest)
        }
    }

    @Test("64: an unknown event is 404, whatever its id looks like; one that cannot be read is told to the log")
    func missing() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let shard = String(decoding: try stack.shard("acme").hex, as: UTF8.self)
            for id in ["evt_\(shard)00000000000001", "evt_ff00000000000001", "nothing", "evt_", "%00"] {
                let answer = try await stack.send("/v1/admin/events/\(id)", method: .get, as: .admin)
                #expect(answer.status == .notFound && answer.error == "EVENT_NOT_FOUND", "\(id)")
            }
            try await stack.writeEvent("acme", in: try stack.shard("acme"), sequence: 5, "budget.funded", data: "{")
            let (rows, _) = try await stack.events("tenant_id=acme")
            #expect(rows.map(\.type) == ["tenant.created"])
            #expect(stack.log.lines.contains { $0.contains("e:5") && $0.contains("row cannot be read") })
            let broken = try await stack.send("/v1/admin/events/evt_\(shard)00000000000005", method: .get, as: .admin)
            #expect(broken.status == .internalServerError)
        }
    }

    @Test("The log of what is no tenant's is put together from all shards, under either name")
    func system() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            for number in [3, 40] as [UInt8] {
                try await stack.writeEvent(
                    "__system__", in: Shard(number: number), sequence: 1_000 + Int64(number),
                    "system.store_connection_lost", data: #"{"component":"store"}"#)
            }
            for name in ["__system__", "system"] {
                let rows = try await stack.allEvents("limit=1&tenant_id=\(name)")
                #expect(rows.map(\.tenant) == ["__system__", "__system__"])
                #expect(rows.map { $0.id.dropFirst(4).prefix(2) } == ["28", "03"])
            }
            #expect(try await stack.allEvents("category=system").count == 2)
        }
    }

    @Test("A page that hardly anything matches ends early and goes on from there; other types cost no bodies")
    func bounds() async throws {
        try await AdminStack.run { stack in
            try await stack.makeTenant("acme")
            let shard = try stack.shard("acme")
            let prefix = String(decoding: shard.prefix, as: UTF8.self)
            let source = """
                for i = ARGV[1], ARGV[2] do
                    redis.call('ZADD', KEYS[1] .. 't:acme:el', i, i .. ':budget.funded')
                    redis.call('ZADD', KEYS[1] .. 'el', i, i .. ':budget.funded:acme')
                end
                """
            for start in stride(from: 100_000, to: 145_000, by: 5_000) {
                try await stack.redis("EVAL", source, "1", prefix, String(start), String(start + 4_999))
            }
            try await stack.writeEvent("acme", in: shard, sequence: 99_999, "reservation.expired", data: "{}")
            var cursor: String?
            var (pages, found) = (0, 0)
            repeat {
                try await stack.redis("CONFIG", "RESETSTAT")
                let page = try await stack.events(
                    "category=reservation&tenant_id=acme" + (cursor.map { "&cursor=" + $0 } ?? ""))
                let info = try await stack.redis("INFO", "commandstats").text ?? ""
                let calls = info.firstMatch(of: /cmdstat_evalsha:calls=(\d+)/).flatMap { Int($0.1) } ?? 0
                let gets = info.firstMatch(of: /cmdstat_get:calls=(\d+)/).flatMap { Int($0.1) } ?? 0
                #expect(calls <= 42 && gets <= 1, "\(calls) \(gets)")
                found += page.rows.count
                pages += 1
                cursor = page.cursor
            } while cursor != nil && pages < 10
            #expect(found == 1 && pages == 3)
        }
    }
}
