// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import StrictJSON
import Testing

@Suite("The limit of concurrent reservations")
struct ConcurrencyQuotaTests {
    private func limit(_ t: ResourceTenant, _ count: Int) async throws {
        try await t.set("limits", #"{"concurrent_reservations":\#(count)}"#)
    }

    /// A call is refused for the limit, and nothing is done.
    private func expectRefusal(_ t: ResourceTenant, _ call: () async throws -> ResourceAnswer) async throws {
        let (before, events) = (try await t.contents(), try await t.events())
        let answer = try await call()
        #expect(answer.status == 429, "\(answer.body.prefix(400))")
        #expect(answer.root.string("limitType") == "CONCURRENT_RESERVATIONS")
        #expect((1...).contains(answer.root.int("retryAfter") ?? 0))
        try await t.expectUnchanged(since: before)
        #expect(try await t.events() == events)
    }

    /// Items of one requester, by the numbers of their resources.
    private func items(_ numbers: some Sequence<Int>) -> String {
        "[" + numbers.map { #"{"requester":"w","resource":"r\#($0)"}"# }.joined(separator: ",") + "]"
    }

    @Test(
        "X10: a call that would exceed the limit takes nothing; one that just meets it, everything",
        arguments: [1, 3, 64, 65, 70, 200])
    func wholeCalls(count: Int) async throws {
        let t = try await ResourceStack.tenant("whole-calls")
        try await limit(t, count - 1)
        try await expectRefusal(t) { try await t.reserve(items(0..<count)) }
        try await limit(t, count)
        let all = try await t.reserve(items(0..<count))
        #expect(all.statuses == Array(repeating: "ACQUIRED", count: count), "\(all.body.prefix(200))")
        #expect(try await t.reserve(items(0..<count)).statuses == Array(repeating: "ALREADY_HAD", count: count))
        try await expectRefusal(t) { try await t.reserve(items(0...count)) }
        #expect(try await t.releaseAll(of: "w").item.int("released") == Int64(count))
        #expect(try await t.reserve(items(1...count)).status == 200)
    }

    @Test("X10: only what a call would newly take counts: not what is had, refused, asked about or named twice")
    func onlyNew() async throws {
        let t = try await ResourceStack.tenant("only-new")
        try await t.take("other", "r0")
        try await t.take("w", "r1")
        try await limit(t, 3)
        let list = #"{"requester":"w","resource":"r3","dryRun":true}"#
        let answer = try await t.reserve("[" + items([0, 1, 2, 2, 2]).dropFirst().dropLast() + "," + list + "]")
        #expect(
            answer.statuses == ["ALREADY_HELD", "ALREADY_HAD", "ACQUIRED", "ALREADY_HAD", "ALREADY_HAD", "AVAILABLE"])
        try await expectRefusal(t) { try await t.reserve(items([0, 3, 4])) }
        #expect(try await t.reserve(items([0, 1, 2])).status == 200)
    }

    @Test("X10: so it is with a list of more than one call: 70 items, of which 65 would be taken")
    func onlyNewOfMany() async throws {
        let t = try await ResourceStack.tenant("only-new-of-many", #"[{"name":"Pool","capacity":65}]"#)
        try await limit(t, 65)
        let twice = try await t.reserve(items(Array(0..<65) + Array(0..<5)))
        #expect(twice.status == 200, "five are named twice: \(twice.body.prefix(200))")
        #expect(try await t.releaseAll(of: "w").item.int("released") == 65)
        let requests = (0..<70).map { #"{"requester":"w\#($0)","resource":"Pool"}"# }
        let full = try await t.reserve("[\(requests.joined(separator: ","))]")
        #expect(full.status == 200, "the pool has 65: \(full.body.prefix(200))")
        #expect(full.statuses.filter { $0 == "ACQUIRED" }.count == 65)
    }

    @Test("X10: reservations count, not what they take along, nor what is past its time")
    func whatCounts() async throws {
        let t = try await ResourceStack.tenant(
            "what-counts",
            #"[{"name":"Printer","capacity":5,"blocks":["a","b","c"],"treePath":"x>y>z"}]"#)
        try await limit(t, 2)
        try await t.take("w", "Printer_0")
        try await t.take("w", "Printer_1", #","ttlSeconds":1"#)
        try await t.eventually { try await t.reserve("w", "Printer_2").status == 200 }
        try await expectRefusal(t) { try await t.reserve("w", "Printer_3") }
        try await expectRefusal(t) { try await t.reserve("v", "plain") }
    }

    @Test("X10: transactions are within the limit or take nothing, with every method; what fails is none")
    func transactions() async throws {
        let t = try await ResourceStack.tenant("limited-transactions")
        try await t.take("other", "theirs")
        try await limit(t, 3)
        let three = TransactionTests.items("w:a", "w:b", "w:c")
        for method in ["ALL_OR_NONE", "AS_MANY_AS_POSSIBLE"] {
            try await expectRefusal(t) { try await t.transact(method, "RESERVE", three) }
        }
        let failed = try await t.transact("ALL_OR_NONE", "RESERVE", three + "," + TransactionTests.items("w:theirs"))
        #expect(failed.status == 200 && failed.statuses == ["FAILED"])
        let two = TransactionTests.items("w:a", "w:theirs", "w:b")
        #expect(try await t.transact("AS_MANY_AS_POSSIBLE", "RESERVE", two).statuses == ["SUCCESS"])
        let first = TransactionTests.items("w:theirs", "w:c")
        try await expectRefusal(t) { try await t.transact("FIRST", "RESERVE", first) }
        let had = try await t.transact("FIRST", "RESERVE", TransactionTests.items("w:theirs", "w:a", "w:c"))
        #expect(had.statuses == ["SUCCESS"], "it has one")
    }

    @Test("X10: a call of several transactions is within the limit as a whole, or nothing of it is done")
    func severalTransactions() async throws {
        let t = try await ResourceStack.tenant("limited-calls")
        try await limit(t, 2)
        let one = { (name: String) in
            #"{"method":"ALL_OR_NONE","requests":[{"requester":"w","resource":"\#(name)"}]}"#
        }
        try await expectRefusal(t) { try await t.transact("[\(one("a")),\(one("b")),\(one("c"))]") }
        let good = try await t.transact("[\(one("a")),\(one("b")),\(one("a"))]")
        #expect(good.statuses == ["SUCCESS", "SUCCESS", "SUCCESS"])
    }

    @Test("X10: giving back is never refused, however far the limit is below what is held")
    func releases() async throws {
        let t = try await ResourceStack.tenant(
            "limited-releases", #"[{"name":"Printer","capacity":9,"blocks":["Ink"]}]"#)
        var tokens: [String: String] = [:]
        for name in ["a", "b", "Printer_1", "Printer_2", "c"] { tokens[name] = try await t.take("w", name) }
        try await t.take("v", "d")
        try await limit(t, 0)
        try await t.release("w", "a", try #require(tokens["a"]))
        try await t.release("w", "Printer", try #require(tokens["Printer_2"]))
        let item = #"{"requester":"w","resource":"b","releaseToken":"\#(try #require(tokens["b"]))"}"#
        #expect(try await t.transact("ALL_OR_NONE", "UNRESERVE", item).statuses == ["SUCCESS"])
        #expect(try await t.renew("w", "c", try #require(tokens["c"]), ttlSeconds: 60).statuses == ["RENEWED"])
        #expect(try await t.releaseAll(of: "w").item.int("released") == 2)
        #expect(try await t.force("d").statuses == ["RELINQUISHED"])
        try await expectRefusal(t) { try await t.reserve("w", "a") }
    }
}
