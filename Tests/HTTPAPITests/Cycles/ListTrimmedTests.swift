// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Budgets
import HTTPAPI
import SharedKernel
import StrictJSON
import Testing

/// Lists whose oldest rows are deleted while somebody reads them page by page.
@Suite("GET /v1/reservations: rows that are gone")
struct ListTrimmedTests {
    /// A tenant whose next reservation gets row `next`; those before ended long ago.
    private func tenant(_ name: String, next: Int) async throws -> TestTenant {
        let t = try await CyclesStack.shared().tenant(name)
        try await t.ledger(allocated: 100_000)
        let keyspace = t.stack.installation.keyspace
        var row = [UInt8](repeating: 0, count: DirectoryRow.size)
        (row[0], row[6], row[57]) = (67, 1, 85)
        for begin in stride(from: 0, to: next, by: 1_000) {
            let rows = (0..<min(1_000, next - begin)).flatMap { _ in row }
            try await t.stack.redis([UInt8]("SET".utf8), keyspace.rowChunk(t.id, number: Int64(begin)), rows)
        }
        try await t.stack.redis([UInt8]("SET".utf8), keyspace.rowCount(t.id), [UInt8](String(next).utf8))
        return t
    }

    /// Deletes strings whose reservations have ended, as if nothing were kept; how many rows went.
    private func trim(_ t: TestTenant) async throws -> Int64 {
        var rows: Int64 = 0
        for _ in 0..<100_000 where rows == 0 {
            var trim = TrimRows(keys: t.stack.installation.keyspace.keys(of: t.id), keepMs: 0)
            while let call = trim.call { rows += try trim.outcome(try await t.stack.runner.run(call)).rows }
        }
        return rows
    }

    @Test("A cursor in a string that is deleted goes on with the rows that are left", arguments: ["asc", "desc"])
    func cursors(direction: String) async throws {
        let t = try await tenant("list-trim-\(direction)", next: 997)
        var ids: [String] = []
        for number in 0..<6 { ids.append(try await t.made(1, key: "k\(number)")) }
        for id in ids[..<3] { #expect(try await t.release(id).status == 200) }
        let query = "sort_by=created_at_ms&sort_dir=\(direction)"
        let all = try await t.list(query).rows.map(\.id)
        #expect(Set(all) == Set(ids))
        for taken in 1...5 {
            let page = try await t.list(query + "&limit=\(taken)")
            #expect(page.rows.map(\.id) == Array(all.prefix(taken)))
        }
        let first = try await t.list(query + "&limit=2")
        let cursor = try #require(first.text("next_cursor"))
        let late = try await t.list(query + "&limit=4")
        let lateCursor = try #require(late.text("next_cursor"))
        #expect(try await trim(t) == 1_000)
        let left = Set(ids[3...])
        for (seen, cursor) in [(2, cursor), (4, lateCursor)] {
            let rest = try await t.list(query + "&cursor=\(cursor)")
            #expect(rest.rows.map(\.id) == all.dropFirst(seen).filter(left.contains), "\(seen)")
            #expect(rest.root.member("has_more")?.bool() == false)
        }
        let byAmount = "sort_by=reserved&sort_dir=\(direction)"
        for query in [query, byAmount] {
            #expect(try await Set(t.walk(query, limit: 1).map(\.id)) == left, "\(query)")
        }
        let filtered = try await t.list(query + "&agent=nobody")
        #expect(filtered.status == 200 && filtered.rows.isEmpty)
    }

    @Test("Rows of one millisecond, sorted by id, are shown once when those in front are deleted between two pages")
    func oneMillisecond() async throws {
        let t = try await tenant("list-trim-run", next: 999)
        var ids: [String] = []
        for number in 0..<7 { ids.append(try await t.made(1, key: "k\(number)")) }
        #expect(try await t.release(ids[0]).status == 200)
        // All of the millisecond of the first.
        let keyspace = t.stack.installation.keyspace
        let parsed = try ids.map { try #require(BudgetReservationID([UInt8]($0.utf8))) }
        for (index, id) in parsed.enumerated() {
            let record = Keyspace.budgetRecord(id.shard, hash: id.hash)
            let created = parsed[0].createdMs
            try await t.stack.redis(
                [UInt8]("SETRANGE".utf8), record, [UInt8]("1".utf8), [UInt8](String(created).utf8))
            let number = 999 + index
            let bytes = (0..<6).map { UInt8(truncatingIfNeeded: created >> (40 - 8 * Int64($0))) }
            try await t.stack.redis(
                [UInt8]("SETRANGE".utf8), keyspace.rowChunk(t.id, number: Int64(number)),
                [UInt8](String(number % 1_000 * 64 + 23).utf8), bytes)
        }
        let query = "sort_by=created_at_ms&sort_dir=asc"
        let all = try await t.list(query).rows.map(\.id)
        #expect(all.count == 7 && all == all.sorted())
        let first = try await t.list(query + "&limit=4")
        let cursor = try #require(first.text("next_cursor"))
        #expect(try await trim(t) == 1_000)
        let rest = try await t.list(query + "&cursor=\(cursor)")
        let gone = try #require(all.first { id in parsed[0].hash.elementsEqual(id.utf8.suffix(22)) })
        #expect(rest.rows.map(\.id) == all.dropFirst(4).filter { $0 != gone })
    }
}
