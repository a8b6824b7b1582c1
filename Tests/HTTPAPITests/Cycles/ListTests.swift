// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Budgets
import HTTPAPI
import HTTPTypes
import Observability
import SharedKernel
import StrictJSON
import Testing

/// Which rows there are, and what they show. Numbers in names are the statements of the runtime digest, section 11.
@Suite("GET /v1/reservations")
struct ListTests {
    /// A tenant with one reservation in each state; the last is past its grace, and nobody has swept.
    private func stage(_ name: String) async throws -> (tenant: TestTenant, ids: [String: String]) {
        let t = try await CyclesStack.shared().tenant(name)
        try await t.ledger(allocated: 1_000)
        var ids: [String: String] = [:]
        for state in ["ACTIVE", "COMMITTED", "RELEASED", "EXPIRED"] {
            // Time enough for a slow machine.
            let more = #","ttl_ms":3000000,"grace_period_ms":60000,"metadata":{"state":"\#(state)"}"#
            ids[state] = try await t.made(10, key: state, more: more)
        }
        let (committed, released) = (try #require(ids["COMMITTED"]), try #require(ids["RELEASED"]))
        #expect(try await t.commit(committed, 7, more: #","metadata":{"done":true}"#).status == 200)
        #expect(try await t.release(released).status == 200)
        try await t.setTimes(try #require(ids["EXPIRED"]), expiresMs: UTCTimestamp.now_ms() - 70_000)
        return (t, ids)
    }

    @Test("10 11 15: a key sees its tenant's rows only, the admin key those of the tenant it names")
    func tenancy() async throws {
        let (t, ids) = try await stage("list")
        let other = try await CyclesStack.shared().tenant("list-other")
        try await other.ledger(allocated: 10)
        let theirs = try await other.made(1)
        #expect(Set(try await t.list().rows.map(\.id)) == Set(ids.values))
        #expect(try await t.list("tenant=\(t.id)").rows.count == 4)
        let foreign = try await t.list("tenant=\(other.id)")
        #expect(foreign.status == 403 && foreign.error == "FORBIDDEN")
        #expect(try await other.list().rows.map(\.id) == [theirs])
        let answer = try await t.sendAsOperator(.get, "/v1/reservations?tenant=\(t.id)")
        #expect(Set(answer.rows.map(\.id)) == Set(ids.values))
        #expect(try await t.sendAsOperator(.get, "/v1/reservations?tenant=no-such-tenant").rows == [])
        #expect(try await t.sendAsOperator(.get, "/v1/reservations?tenant=No%2FName").rows == [])
        #expect(try await t.list().headers[.cyclesTenant] == t.id.description)
    }

    @Test("14: the admin key without tenant is 400 and says what is missing")
    func adminWithoutTenant() async throws {
        let t = try await CyclesStack.shared().tenant("list-admin")
        for query in ["", "?status=ACTIVE", "?tenant="] {
            let answer = try await t.sendAsOperator(.get, "/v1/reservations" + query)
            #expect(answer.status == 400 && answer.error == "INVALID_REQUEST")
            #expect(answer.message == "tenant query parameter is required when using admin key authentication")
        }
    }

    @Test("158 162: each status lists its own; what is past its grace is EXPIRED, swept or not, without an end")
    func status() async throws {
        let (t, ids) = try await stage("list-status")
        for pass in 1...2 {
            for (state, id) in ids {
                let rows = try await t.list("status=\(state)").rows
                #expect(rows.map(\.id) == [id], "\(state), pass \(pass)")
                #expect(rows.first?.status == state)
                let hasEnd = state == "COMMITTED" || state == "RELEASED"
                #expect((rows.first?.finalizedMs != nil) == hasEnd)
            }
            // The balance is read after a sweep: the second pass sees what that left.
            #expect(try await t.balance() == [1_000, 10, 7, 0, 983, 0])
        }
        #expect(try await t.get(try #require(ids["EXPIRED"])).status == 410)
    }

    @Test("161: a creation key finds its reservation, and no other filter is forgotten over it")
    func idempotencyKey() async throws {
        let (t, ids) = try await stage("list-key")
        for (state, id) in ids {
            #expect(try await t.list("idempotency_key=\(state)").rows.map(\.id) == [id])
            let active = try await t.list("idempotency_key=\(state)&status=ACTIVE").rows
            #expect(active.count == (state == "ACTIVE" ? 1 : 0))
        }
        #expect(try await t.list("idempotency_key=ACTIVE&agent=a").rows == [])
        #expect(try await t.list("idempotency_key=ACTIVE&from=\(instant(UTCTimestamp.now_ms() + 60_000))").rows == [])
        #expect(try await t.list("idempotency_key=none").rows == [])
        #expect(try await t.list("idempotency_key=\(String(repeating: "k", count: 257))").status == 400)
        // Neither a dry run nor an event is a reservation.
        _ = try await t.reserve(1, key: "dry", more: #","dry_run":true"#)
        _ = try await t.event(1, key: "ev")
        #expect(try await t.list("idempotency_key=dry").rows == [])
        #expect(try await t.list("idempotency_key=ev").rows == [])
        let other = try await CyclesStack.shared().tenant("list-key-other")
        #expect(try await other.list("idempotency_key=ACTIVE").rows == [])
    }

    @Test("163 164 168: a value outside its enum or range is 400; 50 rows are a page unless 1 to 200 are asked for")
    func malformed() async throws {
        let t = try await CyclesStack.shared().tenant("list-bad")
        try await t.ledger(allocated: 100)
        for query in [
            "status=FOO", "status=active", "limit=0", "limit=201", "limit=-1", "limit=x", "limit=1.5", "sort_by=bogus",
            "sort_by=CREATED_AT_MS", "sort_dir=up", "sort_dir=ASC", "cursor=garbage", "cursor=%ff", "workspace=%zz",
        ] {
            let answer = try await t.list(query)
            #expect(answer.status == 400 && answer.error == "INVALID_REQUEST", "\(query)")
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<51 { group.addTask { _ = try await t.made(1) } }
            try await group.waitForAll()
        }
        let page = try await t.list()
        #expect(page.rows.count == 50 && page.root.member("has_more")?.bool() == true)
        let all = try await t.list("limit=200")
        #expect(all.rows.count == 51 && all.root.member("next_cursor") == nil)
        #expect(try await t.list("limit=1").rows.count == 1)
    }

    @Test("172 173 174: windows are inclusive, an end before the beginning or no date is 400, an empty one is none")
    func windows() async throws {
        let (t, ids) = try await stage("list-window")
        let rows = try await t.list().rows
        let row = try #require(rows.first { $0.status == "COMMITTED" })
        let end = try #require(row.finalizedMs)
        for (name, ms) in [("", row.createdMs), ("expires_", row.expiresMs), ("finalized_", end)] {
            let (at, before, after) = (instant(ms), instant(ms - 1), instant(ms + 1))
            func isListed(_ query: String) async throws -> Bool {
                try await t.list(query).rows.contains { $0.id == row.id }
            }
            #expect(try await isListed("\(name)from=\(at)"))
            #expect(try await isListed("\(name)to=\(at)"))
            #expect(try await isListed("\(name)from=\(at)&\(name)to=\(at)"))
            #expect(try await !isListed("\(name)from=\(after)"))
            #expect(try await !isListed("\(name)to=\(before)"))
            for sort in ["reserved", "created_at_ms"] {
                #expect(try await isListed("\(name)from=\(before)&\(name)to=\(after)&sort_by=\(sort)&sort_dir=asc"))
            }
            #expect(try await t.list("\(name)from=\(after)&\(name)to=\(at)").status == 400)
            for bad in ["yesterday", "2026-13-01T00:00:00Z", "1700000000000", "2026-01-01"] {
                #expect(try await t.list("\(name)from=\(bad)").status == 400, "\(name)from=\(bad)")
                #expect(try await t.list("\(name)to=\(bad)").status == 400, "\(name)to=\(bad)")
            }
            #expect(try await t.list("\(name)from=&\(name)to=").rows.count == rows.count)
        }
        #expect(Set(rows.map(\.id)) == Set(ids.values))
    }

    @Test("175: who asks for a time of the end sees neither ACTIVE nor EXPIRED rows")
    func finalizedWindow() async throws {
        let (t, _) = try await stage("list-final")
        for query in ["finalized_from=2020-01-01T00:00:00Z", "finalized_to=2100-01-01T00:00:00Z"] {
            #expect(Set(try await t.list(query).rows.map(\.status)) == ["COMMITTED", "RELEASED"])
        }
    }

    @Test("176: expires_to finds what expired by then, whatever became of it")
    func expiresWindow() async throws {
        let (t, ids) = try await stage("list-expires")
        let now = UTCTimestamp.now_ms()
        #expect(try await t.list("expires_to=\(instant(now))").rows.map(\.status) == ["EXPIRED"])
        // Another, in its grace still, and the committed one.
        try await t.setTimes(try #require(ids["ACTIVE"]), expiresMs: now - 1_000)
        try await t.setTimes(try #require(ids["COMMITTED"]), expiresMs: now - 2_000)
        let found = try await t.list("expires_to=\(instant(now))").rows
        #expect(Set(found.map(\.status)) == ["EXPIRED", "ACTIVE", "COMMITTED"])
    }

    @Test("177 178: committed is always shown, metadata on request, and words that include does not know are ignored")
    func include() async throws {
        let (t, _) = try await stage("list-include")
        let cases: [(query: String, metadata: Bool, committed: Bool)] = [
            ("", false, false), ("include=metadata", true, false), ("include=committed_metadata", false, true),
            ("include=metadata,committed_metadata", true, true), ("include=,foo,%20metadata%20,", true, false),
            ("include=evidence", false, false), ("include=", false, false), ("include=METADATA", false, false),
        ]
        for each in cases {
            let rows = try await t.list(each.query).rows
            #expect(rows.count == 4)
            for row in rows {
                let isCommitted = row.status == "COMMITTED"
                #expect(row.committed == (isCommitted ? 7 : nil))
                #expect(row.members.contains("metadata") == each.metadata, "\(each.query)")
                #expect(row.members.contains("committed_metadata") == (each.committed && isCommitted), "\(each.query)")
                #expect(row.members.isSuperset(of: ["idempotency_key", "subject", "action", "affected_scopes"]))
            }
        }
    }

    @Test("179: query parameters that nobody knows are ignored")
    func unknownParameters() async throws {
        let (t, _) = try await stage("list-unknown")
        #expect(try await t.list("color=blue&dimensions=a&&=&x").rows.count == 4)
    }

    @Test("Subject filters match whole values and are joined by and; the levels not sent are not there")
    func subjects() async throws {
        let t = try await CyclesStack.shared().tenant("list-subject")
        try await t.ledger(allocated: 100)
        for (app, agent) in [("a", "x"), ("a", "y"), ("ab", "x"), ("", "x")] {
            let levels = (app.isEmpty ? "" : #","app":"\#(app)""#) + #","agent":"\#(agent)""#
            _ = try await t.made(1, key: "\(app)/\(agent)", subject: #"{"tenant":"\#(t.id)"\#(levels)}"#)
        }
        for (query, count) in [
            ("app=a", 2), ("agent=x", 3), ("app=a&agent=x", 1), ("app=ab", 1), ("app=b", 0), ("workspace=a", 0),
            ("app=", 4), ("app=a%2Fagent:x", 0), ("toolset=x&agent=x", 0),
        ] {
            for sort in ["", "&sort_by=reserved", "&sort_by=scope_path&sort_dir=asc"] {
                #expect(try await t.list(query + sort).rows.count == count, "\(query)\(sort)")
            }
        }
    }

    @Test("A key's scope filter hides the rows outside of it, by every way to a row")
    func scopeFilter() async throws {
        let t = try await CyclesStack.shared().tenant("list-scope")
        try await t.ledger(allocated: 100)
        for agent in ["mine", "yours"] {
            _ = try await t.made(1, key: agent, subject: #"{"tenant":"\#(t.id)","agent":"\#(agent)"}"#)
        }
        let key = try await t.newKey(scopeFilter: ["agent:mine"])
        for query in ["", "sort_by=status", "agent=mine", "idempotency_key=mine"] {
            let rows = try await t.list(query, key: key).rows
            #expect(rows.map(\.scopePath) == ["\(t.scope)/agent:mine"], "\(query)")
        }
        for query in ["agent=yours", "idempotency_key=yours"] {
            #expect(try await t.list(query, key: key).rows == [], "\(query)")
        }
    }

    @Test("A revoked key lists nothing from the next request on, by every way to a row")
    func revoked() async throws {
        let stack = try await CyclesStack.shared()
        for query in ["", "sort_by=reserved", "idempotency_key=k"] {
            let t = try await stack.tenant("list-revoked")
            try await t.ledger(allocated: 100)
            _ = try await t.made(1, key: "k")
            #expect(try await t.list(query).rows.count == 1)
            let tenantKey = stack.installation.keyspace.tenant(t.id)
            try await stack.redis([UInt8]("DEL".utf8), tenantKey + [UInt8](":keys".utf8))
            try await t.setTag("A99")
            #expect(try await t.list(query).status == 401, "\(query)")
        }
    }

    @Test("201: a closed tenant's reservations are listed, got and counted as ever")
    func closedTenant() async throws {
        let (t, ids) = try await stage("list-closed")
        try await t.setTag("C9")
        #expect(try await t.list().rows.count == 4)
        #expect(try await t.list("sort_by=reserved").rows.count == 4)
        #expect(try await t.get(try #require(ids["COMMITTED"])).status == 200)
        #expect(try await t.sendAsOperator(.get, "/v1/reservations?tenant=\(t.id)").rows.count == 4)
    }

    @Test("A tenant without reservations has an empty last page, in any order")
    func empty() async throws {
        let t = try await CyclesStack.shared().tenant("list-empty")
        for query in ["", "sort_by=reserved", "sort_dir=asc", "sort_by=tenant&agent=a"] {
            let answer = try await t.list(query)
            #expect(answer.rows == [] && answer.root.member("has_more")?.bool() == false, "\(query)")
        }
    }

    @Test("Large metadata ends a page early, and the walk still has every row once")
    func largeRows() async throws {
        let t = try await CyclesStack.shared().tenant("list-large")
        try await t.ledger(allocated: 100)
        let filler = String(repeating: "x", count: 900_000)
        for _ in 0..<7 { _ = try await t.made(1, more: #","metadata":{"filler":"\#(filler)"}"#) }
        for query in ["include=metadata", "include=metadata&sort_by=reserved&sort_dir=asc"] {
            let rows = try await t.walk(query, limit: 200)
            #expect(rows.count == 7 && Set(rows.map(\.id)).count == 7, "\(query)")
            #expect(try await t.list(query + "&limit=200").rows.count < 7, "\(query)")
        }
        #expect(try await t.list().rows.count == 7)
    }

    @Test("161: any key that a create takes finds its reservation; an empty one is 400 and not everything")
    func oddKeys() async throws {
        let (t, _) = try await stage("list-odd-keys")
        let id = try await t.made(1, key: "\\n\\t")
        #expect(try await t.list("idempotency_key=%0A%09").rows.map(\.id) == [id])
        for query in ["idempotency_key=", "idempotency_key", "idempotency_key=" + String(repeating: "a", count: 257)] {
            let answer = try await t.list(query)
            #expect(answer.status == 400 && answer.message.contains("idempotency_key"), "\(query)")
        }
    }

    @Test("A record or a row that cannot be read is left out of a list, and the others are there")
    func corrupt() async throws {
        let (t, ids) = try await stage("list-corrupt")
        let active = try #require(ids["ACTIVE"])
        let broken = try #require(BudgetReservationID([UInt8](active.utf8)))
        let key = Keyspace.budgetRecord(broken.shard, hash: broken.hash)
        let record = try await t.stack.redis([UInt8]("GET".utf8), key).bytes ?? []
        let rest = Set(ids.values).subtracting([active])
        for text in [[65], Array(record.prefix(40)), [UInt8]("garbage-record".utf8)] as [[UInt8]] {
            try await t.stack.redis([UInt8]("SET".utf8), key, text)
            for query in ["", "sort_by=reserved", "sort_dir=asc&limit=3"] {
                #expect(Set(try await t.list(query).rows.map(\.id)).isSubset(of: rest), "\(query)")
            }
            #expect(Set(try await t.list().rows.map(\.id)) == rest)
            #expect(try await t.list("idempotency_key=ACTIVE").rows == [])
        }
        try await t.stack.redis([UInt8]("SET".utf8), key, record)
        #expect(try await t.list().rows.count == 4)
        let rows = t.stack.installation.keyspace.rowChunk(t.id, number: 0)
        try await t.stack.redis([UInt8]("SETRANGE".utf8), rows, [UInt8]("64".utf8), [UInt8]("?".utf8))
        for query in ["", "sort_by=reserved", "sort_dir=asc"] {
            #expect(try await t.list(query).rows.count == 3, "\(query)")
        }
    }

    @Test("A reservation under the key of one that has ended is listed once")
    func reusedKey() async throws {
        let t = try await CyclesStack.shared().tenant("list-reused")
        try await t.ledger(allocated: 100)
        let id = try await t.made(7, key: "again")
        let first = try #require(BudgetReservationID([UInt8](id.utf8)))
        #expect(try await t.release(id).status == 200)
        try await t.stack.redis([UInt8]("DEL".utf8), Keyspace.budgetRecord(first.shard, hash: first.hash))
        let second = try await t.made(7, key: "again")
        #expect(try await t.list().rows.map(\.id) == [second])
    }
}
