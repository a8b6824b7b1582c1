// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import StrictJSON
import Testing

@Suite("Blockers over the Reservation API")
struct BlockerTests {
    @Test("Q8: the holds of one resource share its blocker, and the last of them frees it; another resource is refused")
    func sharing() async throws {
        let t = try await ResourceStack.tenant(
            "sharing",
            #"[{"name":"Printer","capacity":2,"blocks":["Ink"]},{"name":"Plotter","blocks":["Ink"]}]"#)
        let first = try await t.take("w1", "Printer")
        let second = try await t.take("w2", "Printer")
        let refused = try await t.reserve("w3", "Plotter")
        #expect(refused.statuses == ["NOT_AVAILABLE"])
        #expect(refused.item.string("explanation")?.contains("Ink") == true)
        #expect(try await t.status("w1", "Plotter") == "NOT_AVAILABLE", "to its own requester as well")
        #expect(try await ["ALREADY_HELD", "NOT_AVAILABLE"].contains(t.status("w3", "Ink")))
        #expect(try await t.status("w1", "Ink") != "ACQUIRED")

        #expect(try await t.release("w1", "Printer", first) == ["Printer_0"])
        #expect(try await t.holder("Ink") == "__system__")
        #expect(try await t.status("w3", "Plotter") == "NOT_AVAILABLE")
        #expect(try await t.release("w2", "Printer", second) == ["Printer_1", "Ink"])
        #expect(try await t.isReserved("Ink") == false)
        #expect(try await t.status("w3", "Plotter") == "ACQUIRED")
        #expect(try await t.status("w1", "Printer") == "NOT_AVAILABLE")
    }

    @Test("Q8 Q14: a blocker that somebody holds, even who asks, is in the way; nothing else is taken then")
    func heldDirectly() async throws {
        let t = try await ResourceStack.tenant(
            "held-directly", #"[{"name":"Printer","capacity":2,"blocks":["Paper","Ink"],"treePath":"Office"}]"#)
        for who in ["w1", "w2"] {
            let token = try await t.take("w1", "Ink")
            let before = try await t.contents()
            let refused = try await t.reserve(who, "Printer")
            #expect(refused.statuses == ["NOT_AVAILABLE"])
            #expect(refused.item.string("explanation")?.contains("Ink") == true)
            #expect(refused.item.isNull("releaseToken") && refused.item.isNull("acquiredSlots"))
            try await t.expectUnchanged(since: before)
            try await t.release("w1", "Ink", token)
        }
        #expect(try await t.status("w2", "Printer") == "ACQUIRED")
    }

    @Test("Q9: blockers are named every time; one that is a pool gives a slot, the same to all holds of the resource")
    func poolBlocker() async throws {
        let t = try await ResourceStack.tenant(
            "pool-blocker",
            #"""
            [{"name":"Printer","capacity":2,"blocks":["Tray","Ink"]},{"name":"Tray","capacity":2},
             {"name":"Plotter","blocks":["Tray"]},{"name":"Copier","blocks":["Tray"]}]
            """#)
        var tokens: [String] = []
        for (number, who) in ["w1", "w2"].enumerated() {
            let answer = try await t.reserve(who, "Printer")
            #expect(answer.item.strings("acquiredBlockers") == ["Tray", "Ink"])
            #expect(answer.item.slots == ["Printer": "Printer_\(number)", "Tray": "Tray_0"])
            tokens.append(try #require(answer.item.string("releaseToken")))
        }
        let had = try await t.reserve("w2", "Printer")
        #expect(had.statuses == ["ALREADY_HAD"])
        #expect(had.item.strings("acquiredBlockers") == ["Tray", "Ink"])
        #expect(had.item.slots == ["Printer": "Printer_1", "Tray": "Tray_0"])

        let plotter = try await t.reserve("w3", "Plotter")
        #expect(plotter.item.slots == ["Tray": "Tray_1"])
        let refused = try await t.reserve("w4", "Copier")
        #expect(refused.statuses == ["NOT_AVAILABLE"])
        #expect(refused.item.string("explanation")?.contains("Tray") == true)
        #expect(try await t.holder("Tray_0") == "__system__")
        #expect(try await t.release("w1", "Printer", tokens[0]) == ["Printer_0"])
        #expect(try await t.release("w2", "Printer", tokens[1]) == ["Printer_1", "Tray_0", "Ink"])
        #expect(try await t.reserve("w4", "Copier").item.slots == ["Tray": "Tray_0"])
    }

    @Test("Q9: one slot of a pool may be a blocker, and a pool's own slot with it")
    func slotBlocker() async throws {
        let t = try await ResourceStack.tenant(
            "slot-blocker",
            #"[{"name":"Printer","blocks":["Tray_1","Tray_9"]},{"name":"Tray","capacity":2}]"#)
        #expect(try await t.status("w1", "Printer") == "NOT_AVAILABLE", "there is no Tray_9")
        #expect(try await t.free() == ["Printer": 1, "Tray": 2])
        try await t.define(#"[{"name":"Printer","blocks":["Tray_1"]}]"#)
        let token = try await t.take("w1", "Printer")
        #expect(try await t.free() == ["Printer": 0, "Tray": 1])
        #expect(try await t.reserve("w2", "Tray").item.slots == ["Tray": "Tray_0"])
        #expect(try await t.status("w3", "Tray") == "NOT_AVAILABLE")
        #expect(try await t.release("w1", "Printer", token) == ["Printer", "Tray_1"])
        #expect(try await t.reserve("w3", "Tray").item.slots == ["Tray": "Tray_1"])
    }

    @Test("Q10: two resources may block each other, which keeps one of them free of the other")
    func mutual() async throws {
        let t = try await ResourceStack.tenant(
            "mutual", #"[{"name":"a","blocks":["b"]},{"name":"b","blocks":["a"]}]"#)
        let empty = try await t.contents()
        for (one, other) in [("a", "b"), ("b", "a")] {
            let answer = try await t.reserve("w1", one)
            #expect(answer.statuses == ["ACQUIRED"] && answer.item.strings("acquiredBlockers") == [other])
            #expect(try await t.holder(other) == "__system__")
            for who in ["w1", "w2"] { #expect(try await t.status(who, other) != "ACQUIRED") }
            let token = try #require(answer.item.string("releaseToken"))
            #expect(try await t.release("w1", one, token) == [one, other])
        }
        try await t.expectUnchanged(since: empty)
    }

    @Test("Q10: one level only, itself ignored, names that nobody registered allowed, names twice count once")
    func oneLevel() async throws {
        let t = try await ResourceStack.tenant(
            "one-level",
            #"""
            [{"name":"a","blocks":["a","b","nobody's","b"]},{"name":"b","blocks":["c"]},
             {"name":"self","blocks":["self"]}]
            """#)
        let answer = try await t.reserve("w1", "a")
        #expect(answer.item.strings("acquiredBlockers") == ["b", "nobody's"])
        #expect(try await t.isReserved("c") == false)
        #expect(try await t.status("w2", "c") == "ACQUIRED")
        let token = try #require(answer.item.string("releaseToken"))
        #expect(try await t.release("w1", "a", token) == ["a", "b", "nobody's"])
        let alone = try await t.reserve("w1", "self")
        #expect(alone.statuses == ["ACQUIRED"] && alone.item.isNull("acquiredBlockers"))
    }

    @Test("Q10: a pool with a slot of its own for a blocker gives out the others; an ancestor as blocker is none")
    func ownParts() async throws {
        let t = try await ResourceStack.tenant(
            "own-parts",
            #"""
            [{"name":"Printer","capacity":2,"blocks":["Printer_0"]},{"name":"Leaf","blocks":["Root"],"treePath":"Root"}]
            """#)
        let empty = try await t.contents()
        let answer = try await t.reserve("w1", "Printer")
        #expect(answer.statuses == ["ACQUIRED"])
        #expect(answer.item.slots?["Printer"] == "Printer_1", "the other one is its blocker")
        let leaf = try await t.reserve("w1", "Leaf")
        #expect(leaf.statuses == ["ACQUIRED"] && leaf.item.isNull("acquiredBlockers"))
        #expect(try await t.releaseAll(of: "w1").item.int("released") == 2)
        try await t.expectUnchanged(since: empty)
    }

    @Test("Q8 Q12: an inner node that is a blocker closes what is below it, and is taken as long as anything there is")
    func innerNode() async throws {
        let t = try await ResourceStack.tenant(
            "inner-node-blocks",
            #"[{"name":"Alarm","blocks":["Hall"]},{"name":"a","treePath":"Hall"},{"name":"b","treePath":"Hall"}]"#)
        let empty = try await t.contents()
        let alarm = try await t.take("w1", "Alarm")
        for who in ["w1", "w2"] { #expect(try await t.status(who, "a") == "NOT_AVAILABLE") }
        #expect(try await t.free()["Hall"] == 0)
        #expect(try await t.release("w1", "Alarm", alarm) == ["Alarm", "Hall"])
        let leaf = try await t.take("w1", "a")
        for who in ["w1", "w2"] { #expect(try await t.status(who, "Alarm") == "NOT_AVAILABLE") }
        #expect(try await t.release("w1", "a", leaf) == ["a", "Hall"])
        #expect(try await t.status("w2", "Alarm") == "ACQUIRED")
        #expect(try await t.releaseAll(of: "w2").item.int("released") == 1)
        try await t.expectUnchanged(since: empty)
    }

    @Test("Q11: a blocker is held by __system__, and nobody can release it, force it, or list it")
    func system() async throws {
        let t = try await ResourceStack.tenant(
            "system", #"[{"name":"Printer","blocks":["Ink","Tray"]},{"name":"Tray","capacity":2}]"#)
        let token = try await t.take("w1", "Printer")
        let before = try await t.contents()
        let zeros = [String(repeating: "0", count: 36), "00000000-0000-0000-0000-000000000000"]
        for name in ["Ink", "Tray_0", "Tray"] {
            for secret in [nil, "", token] + zeros {
                let answer = try await t.unreserve("w1", name, secret)
                #expect(answer.statuses == ["DOESNT_OWN_RESERVATION"], "\(name)")
                #expect([200, 403].contains(answer.status) && answer.item.isNull("released"))
            }
            let forced = try await t.force(name)
            #expect(forced.status == 400 && forced.error.hasPrefix("resource"), "\(name): \(forced.body)")
        }
        for name in ["Ink", "Tray_0"] { #expect(try await t.holder(name) == "__system__") }
        #expect(try await t.reserved() == [["Printer", "w1"]])
        try await t.expectUnchanged(since: before)
        let bulk = try await t.releaseAll(of: "nobody")
        #expect(bulk.status == 200 && bulk.item.int("released") == 0)
    }

    @Test(
        "Q11: no request may come in the name of __system__",
        arguments: [
            ("reserve", #"[{"requester":"w","resource":"a"},{"requester":"__system__","resource":"b"}]"#, "[1]."),
            ("unreserve", #"{"requester":"__system__","resource":"b","releaseToken":"t"}"#, ""),
            ("renew", #"{"requester":"__system__","resource":"b","releaseToken":"t","ttlSeconds":1}"#, ""),
            (
                "transactions",
                #"[{"method":"FIRST","requests":[{"requester":"__system__","resource":"b"}]}]"#, "[0].requests[0]."
            ),
            (
                "transactions",
                #"{"method":"FIRST","requests":[{"requester":"\u005f_system__","resource":"b"}],"requestType":"#
                    + #""UNRESERVE"}"#, "requests[0]."
            ),
        ])
    func reserved(action: String, body: String, place: String) async throws {
        let t = try await ResourceStack.tenant("reserved-name")
        let before = try await t.contents()
        let answer = try await t.send(.post, "/api/v1/Reservation/" + action, body)
        #expect(answer.status == 400)
        #expect(answer.error.hasPrefix(place + "requester"), "\(answer.error)")
        #expect(try await t.releaseAll(of: "__system__").status == 400)
        try await t.expectUnchanged(since: before)
        #expect(try await t.status("__System__", "__system__") == "ACQUIRED", "one spelling of the requester alone")
    }
}
