// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import StrictJSON
import Testing

@Suite("What Holdfast adds to the Reservation API")
struct AdditionTests {
    private static let printers = #"""
        [{"name":"Printer","capacity":2,"blocks":["Tray","Ink"],"treePath":"Hall"},{"name":"Tray","capacity":2},
         {"name":"Hall","capacity":2}]
        """#

    @Test(
        "RENEWED, NOT_RESERVED, DOESNT_OWN_RESERVATION: a renewal gives a new end, longer or shorter, and nothing else"
    )
    func renew() async throws {
        let t = try await ResourceStack.tenant("renewing", Self.printers)
        let made = try await t.reserve("w1", "Printer", #","ttlSeconds":600"#)
        let token = try #require(made.item.string("releaseToken"))
        var ends = [try #require(made.item.string("expiresAt"))]
        for (name, seconds) in [("Printer", 9_000), ("Printer_0", 300)] {
            let answer = try await t.renew("w1", name, token, ttlSeconds: seconds)
            #expect(answer.status == 200 && answer.statuses == ["RENEWED"])
            for field in ["releaseToken", "reservedAtPath"] as [StaticString] {
                #expect(answer.item.string(field) == made.item.string(field))
            }
            #expect(answer.item.int("fencingToken") == made.item.int("fencingToken"))
            #expect(answer.item.slots == made.item.slots)
            #expect(answer.item.strings("acquiredBlockers") == made.item.strings("acquiredBlockers"))
            ends.append(try #require(answer.item.string("expiresAt")))
        }
        #expect(ends[1] > ends[0] && ends[2] < ends[0])
        let before = try await t.contents()
        for (who, name, secret, code, status) in [
            ("w2", "Printer", token, 200, "DOESNT_OWN_RESERVATION"),
            ("w1", "Printer", "", 403, "DOESNT_OWN_RESERVATION"),
            ("w1", "Tray_0", token, 403, "DOESNT_OWN_RESERVATION"), ("w1", "free", token, 200, "NOT_RESERVED"),
            ("w1", "Printer_1", token, 200, "NOT_RESERVED"),
        ] {
            let answer = try await t.renew(who, name, secret, ttlSeconds: 5)
            #expect(answer.status == code && answer.statuses == [status], "\(who) \(name)")
        }
        try await t.expectUnchanged(since: before)
        let lasting = try await t.take("w1", "plain")
        #expect(try await t.renew("w1", "plain", lasting, ttlSeconds: 1).statuses == ["RENEWED"])
        try await t.eventually { try await t.isReserved("plain") == false }
        #expect(try await t.renew("w1", "plain", lasting, ttlSeconds: 5).statuses == ["NOT_RESERVED"])
    }

    @Test("One wrong token in a list of renewals makes it 403, and the good ones are renewed")
    func mixedRenewals() async throws {
        let t = try await ResourceStack.tenant("mixed-renewals")
        var items: [String] = []
        for number in 0..<70 {
            let token = try await t.take("w", "r\(number)")
            let sent = number == 3 ? "nonsense" : token
            items.append(#"{"requester":"w","resource":"r\#(number)","releaseToken":"\#(sent)","ttlSeconds":60}"#)
        }
        let answer = try await t.send(.post, "/api/v1/Reservation/renew", "[\(items.joined(separator: ","))]")
        #expect(answer.status == 403 && answer.statuses.count == 70)
        #expect(answer.statuses.enumerated().allSatisfy { ($0 == 3) == ($1 != "RENEWED") })
        let rows = try await t.list().root.member("reservations").map { Array($0.elements) } ?? []
        #expect(rows.filter { $0.isNull("expiresAt") }.map { $0.string("resource") } == ["r3"])
    }

    @Test("AVAILABLE: asked for, a reserve says what would be, and takes nothing; so does a transaction")
    func dryRun() async throws {
        let t = try await ResourceStack.tenant("dry-run", Self.printers)
        try await t.take("w1", "Printer")
        let (before, events) = (try await t.contents(), try await t.events())
        let answer = try await t.reserve(
            """
            [{"requester":"w2","resource":"Printer","dryRun":true},
             {"requester":"w1","resource":"Printer","dryRun":true},
             {"requester":"w2","resource":"Ink","dryRun":true},{"requester":"w2","resource":"Printer_7","dryRun":true}]
            """)
        #expect(answer.statuses == ["AVAILABLE", "ALREADY_HAD", "ALREADY_HELD", "NOT_VALID"])
        #expect(answer.items.allSatisfy { $0.member("dryRun")?.bool() == true })
        #expect(answer.item.isNull("releaseToken"))
        #expect(answer.item.slots == ["Printer": "Printer_1", "Tray": "Tray_0"])
        #expect(answer.item.strings("acquiredBlockers") == ["Tray", "Ink"])
        for (method, items, success) in [
            ("ALL_OR_NONE", TransactionTests.items("w2:Printer", "w2:Ink"), false),
            ("AS_MANY_AS_POSSIBLE", TransactionTests.items("w2:Printer", "w2:Ink"), true),
            ("FIRST", TransactionTests.items("w2:Ink", "w2:Printer"), true),
        ] {
            let asked = try await t.transact(#"{"method":"\#(method)","requests":[\#(items)],"dryRun":true}"#)
            #expect(asked.item.member("success")?.bool() == success, "\(method)")
        }
        try await t.expectUnchanged(since: before)
        #expect(try await t.events() == events)
        // What is asked about is not in the way of what is asked for after it.
        let mixed = try await t.reserve(
            #"[{"requester":"w2","resource":"a","dryRun":true},{"requester":"w3","resource":"a"}]"#)
        #expect(mixed.statuses == ["AVAILABLE", "ACQUIRED"])
    }

    @Test("A refusal names everything that is in the way, and when it ends")
    func obstacles() async throws {
        let t = try await ResourceStack.tenant(
            "obstacles", #"[{"name":"Printer","blocks":["Ink","Paper","Lamp"],"treePath":"Site>Hall"}]"#)
        let end = try #require(try await t.reserve("w1", "Ink", #","ttlSeconds":600"#).item.string("expiresAt"))
        for (who, name) in [("w2", "Lamp"), ("w3", "Site")] { try await t.take(who, name) }
        let answer = try await t.reserve("w4", "Printer")
        #expect(answer.statuses == ["NOT_AVAILABLE"])
        let found = try #require(answer.item.member("blockedBy").map { Array($0.elements) })
        #expect(
            found.map { [$0.string("name"), $0.string("kind"), $0.string("holder"), $0.string("until")] } == [
                ["Ink", "BLOCKER", "w1", end], ["Lamp", "BLOCKER", "w2", nil], ["Site", "ANCESTOR", "w3", nil],
            ])
        let explanation = answer.item.string("explanation") ?? ""
        #expect(explanation.contains("Ink") && explanation.contains("w1"))
    }

    @Test("Fencing tokens rise with every acquisition of the tenant, of whatever resource, by whatever call")
    func fencing() async throws {
        let t = try await ResourceStack.tenant("fencing", Self.printers)
        var fences: [Int64] = []
        for round in 0..<3 {
            let batch = try await t.reserve(
                #"[{"requester":"w\#(round)","resource":"p\#(round)"},{"requester":"w","resource":"Printer"}]"#)
            fences += batch.items.compactMap { $0.int("fencingToken") }
            let transaction = try await t.elsewhere.transact(
                "ALL_OR_NONE", "RESERVE", TransactionTests.items("v:q\(round)", "v:Printer"))
            fences += transaction.item.member("results")?.elements.compactMap { $0.int("fencingToken") } ?? []
            for who in ["w", "v"] { #expect(try await t.releaseAll(of: who).status == 200) }
        }
        #expect(fences.count == 12 && zip(fences, fences.dropFirst()).allSatisfy { $0 < $1 }, "\(fences)")
    }

    @Test("What takes much along takes several calls, and is answered as a whole; a transaction of too much is refused")
    func longCalls() async throws {
        let t = try await ResourceStack.tenant("long-calls")
        let definitions = (0..<12).map { number in
            let blockers = (0..<64).map { #""b\#(number)-\#($0)""# }.joined(separator: ",")
            return #"{"name":"r\#(number)","blocks":[\#(blockers)],"treePath":"t\#(number)>u\#(number)"}"#
        }
        try await t.define("[\(definitions.joined(separator: ","))]")
        let empty = try await t.contents()
        let items = (0..<12).map { #"{"requester":"w","resource":"r\#($0)"}"# }
        let refused = try await t.transact("ALL_OR_NONE", "RESERVE", items.joined(separator: ","))
        #expect(refused.status == 400 && refused.error.contains("400"), "\(refused.body.prefix(300))")
        try await t.expectUnchanged(since: empty)
        try await t.set("limits", #"{"concurrent_reservations":12}"#)
        let answer = try await t.reserve("[\(items.joined(separator: ","))]")
        #expect(answer.statuses == Array(repeating: "ACQUIRED", count: 12))
        #expect(answer.items.map { $0.strings("acquiredBlockers")?.count } == Array(repeating: 64, count: 12))
        let releases = answer.items.map {
            #"{"requester":"w","resource":"\#($0.string("resource") ?? "")","releaseToken":"#
                + #""\#($0.string("releaseToken") ?? "")"}"#
        }
        let released = try await t.unreserve("[\(releases.joined(separator: ","))]")
        #expect(released.items.map { $0.strings("released")?.count } == Array(repeating: 67, count: 12))
        #expect(try await t.keysOfHolds() == [])
        #expect(try await t.reserve("[\(items.joined(separator: ","))]").status == 200)
        #expect(try await t.releaseAll(of: "w").item.int("released") == 12)
        #expect(try await t.keysOfHolds() == [])
    }

    @Test("A suspended tenant gives back and looks, and takes, renews and registers nothing; a closed one does nothing")
    func suspended() async throws {
        let t = try await ResourceStack.tenant("suspended", Self.printers)
        let tokens = (try await t.take("w", "Printer"), try await t.take("w", "a"))
        let status = { (word: String) in
            let answer = try await t.sendAsOperator(
                .patch, "/v1/admin/tenants/\(t.id)", #"{"status":"\#(word)"}"#)
            try #require(answer.status == 200)
        }
        try await status("SUSPENDED")
        let before = try await t.contents()
        #expect(try await t.reserve("w", "b").status == 403)
        #expect(try await t.reserve("w", "b", #","dryRun":true"#).status == 403)
        #expect(try await t.transact("FIRST", "RESERVE", TransactionTests.items("w:b")).status == 403)
        #expect(try await t.renew("w", "a", tokens.1, ttlSeconds: 5).status == 403)
        #expect(try await t.register(#"{"name":"X"}"#).status == 403)
        try await t.expectUnchanged(since: before)
        #expect(try await t.reserved().count == 2)
        #expect(try await t.release("w", "Printer", tokens.0) == ["Printer_0", "Tray_0", "Ink", "Hall"])
        #expect(try await t.releaseAll(of: "w").item.int("released") == 1)
        try await status("ACTIVE")
        try await t.take("w", "b")
        try await status("CLOSED")
        for one in [t, t.elsewhere] { #expect(try await one.list().status == 401) }
        #expect(try await t.keysOfHolds() == [])
        #expect(try await t.force("b").status == 403)
    }
}
