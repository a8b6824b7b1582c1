// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import StrictJSON
import Testing

@Suite("Transactions that reserve")
struct TransactionTests {
    /// Items for one requester each, written `requester:resource`.
    static func items(_ words: String...) -> String {
        words.map { word in
            let parts = word.split(separator: ":")
            return #"{"requester":"\#(parts[0])","resource":"\#(parts[1])"}"#
        }.joined(separator: ",")
    }

    @Test("Q1: row 3: a bare array, one object for each transaction, with the items' own results and their tokens")
    func shape() async throws {
        let t = try await ResourceStack.tenant("tx-shape", #"[{"name":"Printer","capacity":2}]"#)
        let answer = try await t.transact("ALL_OR_NONE", "RESERVE", Self.items("w:Printer", "w:plain"))
        #expect(answer.status == 200 && answer.root.kind == .array && answer.items.count == 1)
        let one = answer.item
        #expect(one.string("method") == "ALL_OR_NONE" && one.string("requestType") == "RESERVE")
        #expect(one.member("success")?.bool() == true && one.string("status") == "SUCCESS")
        #expect(one.string("explanation")?.isEmpty == false)
        #expect(one.strings("reserved")?.count == 2 && one.strings("unavailable") == [])
        let results = try #require(one.member("results").map { Array($0.elements) })
        #expect(results.map { $0.string("status") } == ["ACQUIRED", "ACQUIRED"])
        #expect(results.map { $0.string("resource") } == ["Printer", "plain"])
        #expect(results.first?.slots == ["Printer": "Printer_0"])
        let fences = results.compactMap { $0.int("fencingToken") }
        #expect(fences.count == 2 && one.int("fencingToken") == fences.max())
        for (name, result) in zip(["Printer", "plain"], results) {
            try await t.release("w", name, try #require(result.string("releaseToken")))
        }
    }

    @Test("Q2: of all or none, one refused item undoes the others and leaves no trace; what was held before stays held")
    func allOrNone() async throws {
        let t = try await ResourceStack.tenant(
            "all-or-none",
            #"[{"name":"Printer","capacity":2,"blocks":["Ink"],"treePath":"Office"},{"name":"Office","capacity":9}]"#)
        let held = try await t.take("w", "mine")
        try await t.take("other", "theirs")
        let (before, events) = (try await t.contents(), try await t.events())
        let answer = try await t.transact(
            "ALL_OR_NONE", "RESERVE", Self.items("w:free", "w:Printer", "w:mine", "w:theirs", "w:free2"))
        #expect(answer.status == 200)
        let one = answer.item
        #expect(one.member("success")?.bool() == false && one.string("status") == "FAILED")
        #expect(one.strings("reserved") == [] && one.strings("unavailable")?.contains("theirs") == true)
        let results = try #require(one.member("results").map { Array($0.elements) })
        #expect(
            results.map { $0.string("status") } == [
                "NOT_AVAILABLE", "NOT_AVAILABLE", "ALREADY_HAD", "ALREADY_HELD", "NOT_AVAILABLE",
            ])
        for index in [0, 1, 4] {
            #expect(results[index].isNull("releaseToken") && results[index].isNull("acquiredSlots"))
            #expect(results[index].string("explanation")?.contains("rolled back") == true, "\(results[index].raw)")
        }
        #expect(results[2].string("releaseToken") == held)
        try await t.expectUnchanged(since: before)
        #expect(try await t.events() == events, "no event escapes")
    }

    @Test("Q2: what comes along counts inside of a transaction: slots, blockers and ancestors of its other items")
    func itemsMeet() async throws {
        let t = try await ResourceStack.tenant(
            "items-meet",
            #"""
            [{"name":"Printer","capacity":2,"blocks":["Ink"]},{"name":"Plotter","blocks":["Ink"]},
             {"name":"a","treePath":"Hall"},{"name":"b","treePath":"Hall"}]
            """#)
        let empty = try await t.contents()
        for items in [
            Self.items("w1:Printer", "w2:Printer", "w3:Printer"), Self.items("w1:Printer", "w1:Plotter"),
            Self.items("w1:Ink", "w1:Printer"), Self.items("w1:Printer", "w1:Ink"), Self.items("w1:a", "w2:b"),
            Self.items("w1:Hall", "w2:a"), Self.items("w1:x", "w2:x"), Self.items("w1:Printer", "w1:Printer_7"),
        ] {
            let answer = try await t.transact("ALL_OR_NONE", "RESERVE", items)
            #expect(answer.statuses == ["FAILED"], "\(items)")
            try await t.expectUnchanged(since: empty, "\(items)")
        }
        let good = try await t.transact(
            "ALL_OR_NONE", "RESERVE", Self.items("w1:Printer", "w2:Printer", "w1:a", "w1:b", "w1:Hall", "w1:a"))
        #expect(good.statuses == ["SUCCESS"])
        let results = try #require(good.item.member("results").map { Array($0.elements) })
        #expect(results.map { $0.string("status") }.last == "ALREADY_HAD")
        #expect(results.prefix(2).map { $0.slots?["Printer"] } == ["Printer_0", "Printer_1"])
    }

    @Test("Q3: as many as possible passes over what is refused, and succeeds with one")
    func asMany() async throws {
        let t = try await ResourceStack.tenant("as-many", #"[{"name":"Printer","capacity":1}]"#)
        try await t.take("other", "b")
        try await t.take("w", "c")
        let answer = try await t.transact(
            "AS_MANY_AS_POSSIBLE", "RESERVE", Self.items("w:a", "w:b", "w:c", "w:Printer", "x:Printer"))
        let one = answer.item
        #expect(one.member("success")?.bool() == true && one.string("status") == "SUCCESS")
        #expect(one.strings("reserved") == ["a", "c", "Printer"] && one.strings("unavailable") == ["b", "Printer"])
        let results = try #require(one.member("results").map { Array($0.elements) })
        #expect(
            results.map { $0.string("status") } == [
                "ACQUIRED", "ALREADY_HELD", "ALREADY_HAD", "ACQUIRED", "ALREADY_HELD",
            ])
        #expect(try await t.holders("a", "Printer") == ["w", "w"])
        let none = try await t.transact("AS_MANY_AS_POSSIBLE", "", Self.items("w:b", "x:a"))
        #expect(none.item.member("success")?.bool() == false && none.statuses == ["FAILED"])
        #expect(none.item.strings("reserved") == [])
        let had = try await t.transact("AS_MANY_AS_POSSIBLE", "RESERVE", Self.items("w:b", "w:c"))
        #expect(had.statuses == ["SUCCESS"], "what is had counts")
    }

    @Test("Q3: first stops at the first that is free or had; later items are not tried and have no result")
    func first() async throws {
        let t = try await ResourceStack.tenant("first")
        try await t.take("other", "a")
        let won = try await t.transact("FIRST", "RESERVE", Self.items("w:a", "w:b", "w:c"))
        #expect(won.statuses == ["SUCCESS"] && won.item.strings("reserved") == ["b"])
        #expect(won.item.strings("unavailable") == ["a"])
        let results = try #require(won.item.member("results").map { Array($0.elements) })
        #expect(results.map { $0.string("status") } == ["ALREADY_HELD", "ACQUIRED"])
        #expect(try await t.isReserved("c") == false)
        let again = try await t.transact("FIRST", "RESERVE", Self.items("w:a", "w:b", "w:c"))
        let repeated = try #require(again.item.member("results").map { Array($0.elements) })
        #expect(again.statuses == ["SUCCESS"])
        #expect(repeated.map { $0.string("status") } == ["ALREADY_HELD", "ALREADY_HAD"])
        #expect(repeated.last?.string("releaseToken") == results.last?.string("releaseToken"))
        let before = try await t.contents()
        let none = try await t.transact("FIRST", "RESERVE", Self.items("x:a", "x:b"))
        #expect(none.statuses == ["FAILED"] && none.item.member("success")?.bool() == false)
        #expect(none.item.member("results")?.count == 2)
        try await t.expectUnchanged(since: before)
    }

    @Test("Q3: transactions of a call run in order and do not depend on each other; a failed one stops none")
    func several() async throws {
        let t = try await ResourceStack.tenant("several")
        try await t.take("other", "x")
        let answer = try await t.transact(
            """
            [{"method":"ALL_OR_NONE","requests":[\(Self.items("w:a", "w:x"))]},
             {"method":"FIRST","requestType":"RESERVE","requests":[\(Self.items("v:a", "v:b"))]},
             {"method":"ALL_OR_NONE","requestType":"RESERVE","requests":[\(Self.items("w:b", "w:a"))]},
             {"method":"AS_MANY_AS_POSSIBLE","requestType":"RESERVE","requests":[\(Self.items("w:a", "w:c"))]}]
            """)
        #expect(answer.status == 200)
        #expect(answer.statuses == ["FAILED", "SUCCESS", "FAILED", "SUCCESS"])
        #expect(try await t.holders("a", "c") == ["v", "w"])
        #expect(try await t.isReserved("b") == false)
    }

    @Test("A transaction of 100 items is one, and its reservations are as good as others")
    func large() async throws {
        let t = try await ResourceStack.tenant("large-transaction", #"[{"name":"Printer","capacity":99}]"#)
        let empty = try await t.contents()
        let items = (0..<100).map { #"{"requester":"w\#($0)","resource":"Printer"}"# }
        let failed = try await t.transact("ALL_OR_NONE", "RESERVE", items.joined(separator: ","))
        #expect(failed.statuses == ["FAILED"])
        try await t.expectUnchanged(since: empty)
        let most = try await t.transact("AS_MANY_AS_POSSIBLE", "RESERVE", items.joined(separator: ","))
        #expect(most.statuses == ["SUCCESS"] && most.item.strings("reserved")?.count == 99)
        #expect(try await t.free() == ["Printer": 0])
        for number in 0..<99 { #expect(try await t.releaseAll(of: "w\(number)").item.int("released") == 1) }
        try await t.expectUnchanged(since: empty)
    }
}
