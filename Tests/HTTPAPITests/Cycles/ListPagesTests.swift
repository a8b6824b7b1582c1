// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Budgets
import HTTPAPI
import HTTPTypes
import Observability
import SharedKernel
import Testing

/// Orders and pages of lists. Numbers in names are the statements of the runtime digest, section 11.
@Suite("Pages of GET /v1/reservations")
struct ListPagesTests {
    static let keys = [
        "reservation_id", "tenant", "scope_path", "status", "reserved", "created_at_ms", "expires_at_ms",
    ]

    /// A tenant with a hundred reservations, many of them of one millisecond: few amounts, times and paths, all states,
    /// and some without a tenant in their subject.
    private func hundred(_ name: String) async throws -> TestTenant {
        let t = try await CyclesStack.shared().tenant(name)
        try await t.ledger(allocated: 1_000_000)
        let keyspace = t.stack.installation.keyspace
        let solo = keyspace.ledger(
            t.id, unitLetter: BudgetUnit.usdMicrocents.letter, path: [UInt8]("agent:solo".utf8))
        try await t.stack.redis([UInt8]("SET".utf8), solo, [UInt8]("1000000 0 0 0 0 0".utf8))
        let ids = try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for n in 0..<100 {
                let subject =
                    n % 10 == 9
                    ? #"{"agent":"solo"}"# : #"{"tenant":"\#(t.id)","agent":"a\#(n % 4)"}"#
                let amount = [7, 100, 20, 9][n % 4 ^ n % 3]
                group.addTask {
                    (n, try await t.made(Int64(amount), subject: subject, more: #","ttl_ms":\#(3_000_000 + n % 3)"#))
                }
            }
            return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
        }
        for n in 0..<100 {
            let id = try #require(ids[n])
            switch n % 5 {
            case 0: #expect(try await t.commit(id, 5).status == 200)
            case 1: #expect(try await t.release(id).status == 200)
            case 2 where n % 2 == 0:
                try await t.setTimes(id, expiresMs: UTCTimestamp.now_ms() - 10_000 - Int64(n % 3))
            default: break
            }
        }
        return t
    }

    /// Whether a row stands before another: by the key, then by the id, both in the one direction.
    private func comes(
        _ one: ListedReservation, before other: ListedReservation, by key: String, _ dir: String
    ) -> Bool {
        func precedes<Value: Comparable>(_ a: Value, _ b: Value) -> Bool? { a == b ? nil : (a < b) == (dir == "asc") }
        let byKey: Bool? =
            switch key {
            case "tenant": precedes(one.tenant, other.tenant)
            case "scope_path": precedes(one.scopePath, other.scopePath)
            case "status": precedes(one.status, other.status)
            case "reserved": precedes(one.reserved, other.reserved)
            case "created_at_ms": precedes(one.createdMs, other.createdMs)
            case "expires_at_ms": precedes(one.expiresMs, other.expiresMs)
            default: nil
            }
        return byKey ?? precedes(one.id, other.id) ?? false
    }

    @Test("165 166 167: pages of 7 over 100 rows have each row once, in order, for every key, direction, filter")
    func walks() async throws {
        let t = try await hundred("pages")
        let all = try await t.list("limit=200").rows
        #expect(all.count == 100 && Set(all.map(\.id)).count == 100)
        #expect(Set(all.map(\.createdMs)).count < 90, "rows of one millisecond are wanted")
        #expect(Set(all.map(\.status)) == ["ACTIVE", "COMMITTED", "RELEASED", "EXPIRED"])
        let middle = all.map(\.createdMs).sorted()[50]
        let times = all.map(\.expiresMs).sorted()
        let filters: [(query: String, has: (ListedReservation) -> Bool)] = [
            ("", { _ in true }), ("&status=ACTIVE", { $0.status == "ACTIVE" }),
            ("&status=EXPIRED", { $0.status == "EXPIRED" }), ("&agent=a1", { $0.scopePath.hasSuffix("agent:a1") }),
            ("&from=\(instant(middle))", { $0.createdMs >= middle }),
            ("&to=\(instant(middle))", { $0.createdMs <= middle }),
            (
                "&expires_from=\(instant(times[30]))&expires_to=\(instant(times[70]))",
                { $0.expiresMs >= times[30] && $0.expiresMs <= times[70] }
            ), ("&finalized_from=2020-01-01T00:00:00Z&agent=solo", { $0.finalizedMs != nil && $0.tenant.isEmpty }),
        ]
        for key in Self.keys {
            for dir in ["asc", "desc"] {
                for filter in filters {
                    let expected = all.filter(filter.has).sorted { comes($0, before: $1, by: key, dir) }
                    let query = "sort_by=\(key)&sort_dir=\(dir)\(filter.query)"
                    let rows = try await t.walk(query, limit: 7)
                    #expect(rows.map(\.id) == expected.map(\.id), "\(query)")
                }
            }
            let descending = try await t.list("sort_by=\(key)&sort_dir=desc&limit=9").rows.map(\.id)
            #expect(try await t.list("sort_by=\(key)&limit=9").rows.map(\.id) == descending)
        }
        let newestFirst = try await t.walk("sort_by=created_at_ms&sort_dir=desc", limit: 7).map(\.id)
        #expect(try await t.walk("", limit: 7).map(\.id) == newestFirst)
        #expect(try await t.walk("sort_dir=asc", limit: 7).map(\.id) == newestFirst.reversed())
        #expect(try await t.walk("", limit: 1).map(\.id) == newestFirst)
    }

    @Test("169 170 171: a cursor holds for its order, direction and filters, whatever is included")
    func cursors() async throws {
        let t = try await hundred("cursors")
        let other = try await CyclesStack.shared().tenant("cursors-other")
        let now = instant(UTCTimestamp.now_ms())
        for base in ["sort_by=reserved&sort_dir=asc", "sort_by=created_at_ms&sort_dir=asc", ""] {
            let first = try await t.list(base + "&limit=5")
            let cursor = try #require(first.text("next_cursor"))
            let orders = ["sort_by=reserved&sort_dir=desc", "sort_by=expires_at_ms&sort_dir=asc", "sort_by=tenant"]
            let filters = ["status=ACTIVE", "agent=a1", "idempotency_key=k"]
            let windows = ["", "expires_", "finalized_"].flatMap {
                ["\($0)from=2020-01-01T00:00:00Z", "\($0)to=\(now)"]
            }
            for changed in orders + (filters + windows).map({ base + "&" + $0 }) {
                let answer = try await t.list(changed + "&limit=5&cursor=\(cursor)")
                #expect(answer.status == 400 && answer.error == "INVALID_REQUEST", "\(base) then \(changed)")
            }
            let plain = try await t.list(base + "&limit=5&cursor=\(cursor)")
            #expect(plain.status == 200)
            let included = try await t.list(base + "&limit=5&include=metadata&cursor=\(cursor)")
            #expect(included.status == 200 && included.rows.map(\.id) == plain.rows.map(\.id))
            let longer = try await t.list(base + "&limit=9&cursor=\(cursor)")
            #expect(longer.rows.prefix(5).map(\.id) == plain.rows.map(\.id) && longer.rows.count == 9)
            // Not another tenant's, nor one that was touched.
            #expect(try await other.list(base + "&limit=5&cursor=\(cursor)").status == 400)
            for index in [0, cursor.count / 2, cursor.count - 1] {
                var letters = Array(cursor)
                letters[index] = letters[index] == "A" ? "B" : "A"
                #expect(try await t.list(base + "&limit=5&cursor=\(String(letters))").status == 400)
            }
            #expect(try await t.list(base + "&limit=5&cursor=\(cursor.dropLast())").status == 400)
        }
    }

    @Test("169: a cursor of one direction is refused in the other, for every key", arguments: keys)
    func directions(key: String) async throws {
        let t = try await CyclesStack.shared().tenant("directions")
        try await t.ledger(allocated: 100)
        for _ in 0..<3 { _ = try await t.made(1) }
        for (dir, other) in [("asc", "desc"), ("desc", "asc")] {
            let cursor = try #require(try await t.list("sort_by=\(key)&sort_dir=\(dir)&limit=2").text("next_cursor"))
            #expect(try await t.list("sort_by=\(key)&sort_dir=\(other)&limit=2&cursor=\(cursor)").status == 400)
            #expect(try await t.list("sort_by=\(key)&sort_dir=\(dir)&limit=2&cursor=\(cursor)").rows.count == 1)
        }
    }

    @Test("A walk in the order of creation has each row once that was there all the time, though others come meanwhile")
    func walkUnderWrites() async throws {
        let t = try await hundred("growing")
        for dir in ["asc", "desc"] {
            let before = Set(try await t.list("limit=200").rows.map(\.id))
            var seen: [String] = []
            var cursor = ""
            repeat {
                let answer = try await t.list(
                    "sort_dir=\(dir)&limit=7" + (cursor.isEmpty ? "" : "&cursor=\(cursor)"))
                seen += answer.rows.map(\.id)
                cursor = answer.text("next_cursor") ?? ""
                if seen.count < 80 {
                    async let one = t.made(1)
                    async let other = t.made(1)
                    _ = try await (one, other)
                }
            } while !cursor.isEmpty
            #expect(Set(seen).count == seen.count)
            #expect(before.isSubset(of: seen), "\(dir)")
        }
    }
}
