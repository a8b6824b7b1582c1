// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import LocalStack
import StrictJSON
import TestSupport
import Testing

@Suite("Reservations of any resource, over time")
struct HoldTests {
    private static let printers = #"""
        [{"name":"Printer","capacity":2,"blocks":["Tray","Ink"],"treePath":"Office>Corner"},
         {"name":"Tray","capacity":2},{"name":"Corner","capacity":2},{"name":"Office","capacity":2}]
        """#

    /// Ways to look at what one hold is all that there is of.
    enum Look: String, CaseIterable, Sendable {
        case reserving, checking, checkingBlocker, checkingSeveral, availability, listing, tree, transaction

        /// Whether it is all free.
        func findsFree(_ t: ResourceTenant) async throws -> Bool {
            switch self {
            case .reserving: return try await t.status("w2", "Printer") == "ACQUIRED"
            case .checking: return try await t.isReserved("Printer") == false
            case .checkingBlocker: return try await t.isReserved("Tray_0") == false
            case .checkingSeveral: return try await t.holders("Printer", "Office", "Tray_0") == [nil, nil, nil]
            case .availability: return try await t.isAvailable("Office") == true
            case .listing: return try await t.reserved() == []
            case .tree: return try await t.free() == ["Office": 1, "Office>Printer": 1, "Tray": 2]
            case .transaction:
                let items = TransactionTests.items("w2:Office", "w2:Tray_0", "w2:Printer")
                return try await t.transact("ALL_OR_NONE", "RESERVE", items).statuses == ["SUCCESS"]
            }
        }
    }

    @Test(
        "Q15: what is past its time stops nobody and is shown nowhere, whoever is the first to look, swept or not",
        arguments: Look.allCases)
    func expiry(look: Look) async throws {
        let t = try await ResourceStack.tenant(
            "expiry", #"[{"name":"Printer","blocks":["Tray"],"treePath":"Office"},{"name":"Tray","capacity":2}]"#)
        let lasting = try await t.take("w1", "Printer")
        #expect(try await !look.findsFree(t), "before its time")
        try await t.release("w1", "Printer", lasting)
        try await t.take("w1", "Printer", #","ttlSeconds":1"#)
        try await t.eventually { try await look.findsFree(t) }
    }

    @Test("Q15: a reservation ends once, with all that it took along, and one event says so")
    func end() async throws {
        let t = try await ResourceStack.tenant("end", Self.printers)
        let empty = try await t.contents()
        try await t.take("w1", "Printer", #","ttlSeconds":1"#)
        try await t.eventually { try await t.free().values.allSatisfy { $0 == 2 } }
        try await t.expectUnchanged(since: empty)
        #expect(try await t.events().map { $0[0] } == ["A", "X"])
    }

    @Test("Q15: however many end at once, who asks next finds all of it free")
    func manyEnd() async throws {
        let t = try await ResourceStack.tenant(
            "many-end",
            #"""
            [{"name":"Printer","capacity":150,"blocks":["Ink"],"treePath":"Hall"},{"name":"Hall","capacity":150},
             {"name":"Plotter","blocks":["Ink"],"treePath":"Hall"}]
            """#)
        let empty = try await t.keysOfHolds()
        let items = (0..<150).map { #"{"requester":"w\#($0)","resource":"Printer","ttlSeconds":2}"# }
        #expect(try await t.reserve("[\(items.joined(separator: ","))]").status == 200)
        try await t.eventually { try await t.status("x", "Plotter") == "ACQUIRED" }
        #expect(try await t.free() == ["Hall": 149, "Hall>Printer": 150, "Hall>Plotter": 0])
        #expect(try await t.releaseAll(of: "x").item.int("released") == 1)
        #expect(try await t.keysOfHolds() == empty)
        #expect(try await t.events().filter { $0[0] == "X" }.count == 150)
    }

    @Test("Q15: what holds share has no time of its own: it ends with the last of them")
    func sharedExpiry() async throws {
        let t = try await ResourceStack.tenant("shared-expiry", Self.printers)
        let ending = try await t.take("w1", "Printer")
        let lasting = try await t.take("w2", "Printer")
        #expect(try await t.renew("w1", "Printer", ending, ttlSeconds: 1).statuses == ["RENEWED"])
        try await t.eventually { try await t.isReserved("Printer_0") == false }
        #expect(try await t.holders("Ink", "Tray_0") == ["__system__", "__system__"])
        #expect(try await t.free()["Office"] == 1)
        #expect(
            try await t.release("w2", "Printer", lasting).prefix(3) == ["Printer_1", "Tray_0", "Ink"])
        #expect(try await t.keysOfHolds() == [])
    }

    @Test("Q16: asked for again, a reservation keeps its end, or its having none, whatever time is asked for")
    func sameEnd() async throws {
        let t = try await ResourceStack.tenant("same-end", Self.printers)
        for (name, first, again) in [
            ("Printer", #","ttlSeconds":600"#, #","ttlSeconds":9000"#), ("plain", #","ttlSeconds":600"#, ""),
            ("Tray", "", #","ttlSeconds":1"#), ("other", "", #","ttlSeconds":1"#),
        ] {
            let made = try await t.reserve("w1", name, first)
            let had = try await t.reserve("w1", name, again)
            #expect(had.statuses == ["ALREADY_HAD"])
            for field in ["expiresAt", "releaseToken"] as [StaticString] {
                #expect(had.item.string(field) == made.item.string(field))
            }
            #expect(had.item.isNull("expiresAt") == first.isEmpty)
        }
    }

    @Test(
        "Q17: after its end a token finds nothing, or is not the one of who has it since",
        arguments: ["Printer", "plain"])
    func lateRelease(name: String) async throws {
        let t = try await ResourceStack.tenant("late-release", #"[{"name":"Printer","capacity":2,"blocks":["Ink"]}]"#)
        let old = try await t.take("w1", name, #","ttlSeconds":1"#)
        try await t.eventually { try await t.reserved() == [] }
        #expect(try await t.unreserve("w1", name, old).statuses == ["NOT_RESERVED"])
        for who in ["w1", "w2"] {
            let new = try await t.take(who, name)
            let late = try await t.unreserve("w1", name, old)
            #expect(late.status == 403 && late.statuses == ["DOESNT_OWN_RESERVATION"], "\(who)")
            #expect(try await t.reserved() == [[name, who]])
            try await t.release(who, name, new)
        }
    }

    @Test("Q24: row 6: a requester gives everything back at once, without tokens; direct reservations are counted")
    func bulk() async throws {
        let t = try await ResourceStack.tenant("bulk", Self.printers)
        let empty = try await t.contents()
        for name in ["Printer", "Printer_1", "Tray", "plain", "Office"] { try await t.take("w1", name) }
        try await t.take("w2", "other")
        let answer = try await t.releaseAll(of: "w1")
        #expect(answer.status == 200)
        #expect(answer.body == #"{"requester":"w1","released":5}"#)
        #expect(try await t.reserved() == [["other", "w2"]])
        #expect(try await t.free().values.sorted() == [2, 2, 2, 2])
        for who in ["w1", "nobody", "W2"] {
            let none = try await t.releaseAll(of: who)
            #expect(none.status == 200 && none.item.int("released") == 0)
        }
        #expect(try await t.releaseAll(of: "w2").item.int("released") == 1)
        try await t.expectUnchanged(since: empty)
    }

    @Test("Q24: more than one call releases is released all the same, also with names that a path has to spell out")
    func largeBulk() async throws {
        let t = try await ResourceStack.tenant("large-bulk", #"[{"name":"Printer","capacity":300,"treePath":"Hall"}]"#)
        let empty = try await t.contents()
        let items = (0..<250).map { #"{"requester":"a/b c%é","resource":"Printer_\#($0)"}"# }
        let made = try await t.reserve("[\(items.joined(separator: ","))]")
        #expect(Set(made.statuses) == ["ACQUIRED"])
        #expect(try await t.reserved().count == 250)
        #expect(try await t.releaseAll(of: "a/b c%é").item.int("released") == 250)
        try await t.expectUnchanged(since: empty)
    }

    @Test("X3: more reservations than one call lists are listed, each once, in the order in which they were made")
    func longList() async throws {
        let t = try await ResourceStack.tenant("long-list", #"[{"name":"Pool","capacity":2000}]"#)
        for start in [0, 600] {
            let items = (start..<start + 600).map { number in
                let ttl = number.isMultiple(of: 3) ? #","ttlSeconds":\#(9_000 - number)"# : ""
                let name = number.isMultiple(of: 2) ? "Pool" : "r\(number)"
                return #"{"requester":"w\#(number)","resource":"\#(name)"\#(ttl)}"#
            }
            #expect(try await t.reserve("[\(items.joined(separator: ","))]").status == 200)
        }
        let reserved = try await t.reserved()
        #expect(reserved.map { $0[1] } == (0..<1_200).map { "w\($0)" })
        #expect(
            reserved.allSatisfy {
                $0[0] == ($0[1].last?.wholeNumberValue?.isMultiple(of: 2) == true ? "Pool" : "r" + $0[1].dropFirst())
            })
    }

    @Test(
        "Q27: one object in place of a list is one item, and the answer is a list",
        arguments: [
            ("Reservation/reserve", #"{"requester":"w","resource":"a"}"#),
            ("Reservation/unreserve", #"{"requester":"w","resource":"a"}"#),
            ("Reservation/renew", #"{"requester":"w","resource":"a","ttlSeconds":5}"#),
            ("Reservation/transactions", #"{"method":"FIRST","requests":[{"requester":"w","resource":"a"}]}"#),
            ("Resource/register", #"{"name":"a"}"#),
        ])
    func oneObject(path: String, body: String) async throws {
        let t = try await ResourceStack.tenant("one-object")
        let single = try await t.send(.post, "/api/v1/" + path, body)
        #expect(single.status == 200 && single.root.kind == .array && single.items.count == 1)
        let list = try await t.send(.post, "/api/v1/" + path, "[\(body),\(body)]")
        #expect(list.status == 200 && list.items.count == 2)
    }

    @Test("Q28: reservations and definitions are there after the death of Redis, with tokens and ends")
    func restart() async throws {
        try await TestGate.stacks.run {
            var options = PrivateRedisOptions()
            options.persistence = .always
            let redis = try await PrivateRedis.start(options)
            let server = try await ResourceServer(on: redis)
            let t = try await ResourceTenant("restart", on: server, beside: server)
            try await t.define(Self.printers)
            let tokens = (try await t.take("w1", "Printer"), try await t.take("w1", "plain"))
            let ending = try await t.take("w2", "Printer", #","ttlSeconds":3600"#)
            let (list, definitions) = (try await t.list().body, try await t.definitions().body)
            try await redis.kill()
            try await redis.restart()
            try await server.pool.waitUntilReady(within: .seconds(60))
            try await t.eventually { try await t.list().status == 200 }
            #expect(try await t.list().body == list)
            #expect(try await t.definitions().body == definitions)
            #expect(try await t.renew("w2", "Printer_1", ending, ttlSeconds: 1).statuses == ["RENEWED"])
            try await t.eventually { try await t.reserved().count == 2 }
            #expect(try await t.release("w1", "Printer", tokens.0).first == "Printer_0")
            #expect(try await t.release("w1", "plain", tokens.1) == ["plain"])
            #expect(try await t.keysOfHolds() == [])
            try await server.shutDown()
            await redis.remove()
        }
    }
}
