// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import StrictJSON
import Testing

@Suite("Pools over the Reservation API")
struct PoolTests {
    @Test("Q5: a slot's name is that slot: it counts against the pool, and brings what the pool brings")
    func slotNames() async throws {
        let t = try await ResourceStack.tenant(
            "slots",
            #"""
            [{"name":"Printer","capacity":2,"blocks":["Ink"],"treePath":"Office"},{"name":"Office","capacity":9}]
            """#)
        let named = try await t.reserve("w1", "Printer_1")
        #expect(named.statuses == ["ACQUIRED"])
        #expect(named.item.string("resource") == "Printer_1")
        #expect(named.item.slots == ["Printer": "Printer_1"])
        #expect(named.item.strings("acquiredBlockers") == ["Ink"])
        #expect(named.item.string("reservedAtPath")?.hasPrefix("Office>Printer") == true)
        #expect(try await t.free() == ["Office": 8, "Office>Printer": 1])
        #expect(try await t.holder("Ink") == "__system__")

        #expect(try await t.status("w2", "Printer_1") == "ALREADY_HELD")
        let first = try await t.reserve("w2", "Printer")
        #expect(first.item.slots == ["Printer": "Printer_0"])
        #expect(try await t.holder("Printer_0") == "w2")
        #expect(try await t.isAvailable("Printer_1") == false)
        #expect(try await t.status("w3", "Printer") == "NOT_AVAILABLE")
        #expect(try await t.status("w3", "Printer_0") == "ALREADY_HELD")
    }

    @Test(
        "Q5 X9: a number beyond the pool is NOT_VALID, and what only looks like a slot is a name like any other",
        arguments: [
            ("Printer_2", "NOT_VALID"), ("Printer_10000", "NOT_VALID"), ("Printer_99999999999999999999", "NOT_VALID"),
            ("Printer_00", "ACQUIRED"), ("Printer_01", "ACQUIRED"), ("Printer_", "ACQUIRED"),
            ("Printer_-1", "ACQUIRED"), ("Printer_1 ", "ACQUIRED"), ("printer_1", "ACQUIRED"), ("Printer1", "ACQUIRED"),
            ("Printer_1_0", "ACQUIRED"), ("_1", "ACQUIRED"), ("Plotter_7", "ACQUIRED"), ("Printer_0", "ACQUIRED"),
        ])
    func slotLookalikes(name: String, status: String) async throws {
        let t = try await ResourceStack.tenant("lookalikes", #"[{"name":"Printer","capacity":2}]"#)
        let answer = try await t.reserve("w1", name)
        #expect(answer.status == 200 && answer.statuses == [status])
        #expect(answer.item.slots?.isEmpty == (name == "Printer_0" ? false : nil))
        #expect(try await t.free() == ["Printer": name == "Printer_0" ? 1 : 2])
        #expect(try await t.isReserved(name) == true, "nobody could have it now")
    }

    @Test(
        "Q5: what is a slot of a pool is not registered, nor a pool over a registered slot; nothing changes",
        arguments: [
            (#"[{"name":"Printer_2"}]"#, "[0].name"), (#"{"name":"Printer_0","capacity":5}"#, "name"),
            (#"[{"name":"Good"},{"name":"X","treePath":"Printer_1"}]"#, "[1].treePath"),
            (#"[{"name":"Printer","capacity":4}]"#, "[0].capacity"),
            (#"[{"name":"New_1"},{"name":"New","capacity":2}]"#, "New_1"),
            (#"[{"name":"New","capacity":2},{"name":"New_1"}]"#, "New_1"),
        ])
    func slotsAndNames(body: String, place: String) async throws {
        let t = try await ResourceStack.tenant(
            "registered-slots", #"[{"name":"Printer","capacity":3},{"name":"Printer_3"}]"#)
        let before = try await t.contents()
        let answer = try await t.register(body)
        #expect(answer.status == 400)
        #expect(answer.error.contains(place), "\(answer.error)")
        try await t.expectUnchanged(since: before)
        try await t.define(#"[{"name":"Printer_4"},{"name":"Printer","capacity":2}]"#)
    }

    @Test("Q6: the same requester has one slot by the pool's name, however often it asks; others by their names")
    func sameRequester() async throws {
        let t = try await ResourceStack.tenant("same-requester", #"[{"name":"Printer","capacity":3}]"#)
        let first = try await t.reserve("w1", "Printer", #","ttlSeconds":600"#)
        let again = try await t.reserve("w1", "Printer")
        #expect(again.statuses == ["ALREADY_HAD"])
        for name in ["releaseToken", "expiresAt"] as [StaticString] {
            #expect(again.item.string(name) == first.item.string(name) && again.item.string(name) != nil)
        }
        #expect(again.item.slots == ["Printer": "Printer_0"])
        #expect(try await t.reserve("w1", "Printer_0").statuses == ["ALREADY_HAD"])
        #expect(try await t.free() == ["Printer": 2])

        let second = try await t.reserve("w1", "Printer_2")
        #expect(second.statuses == ["ACQUIRED"])
        #expect(second.item.string("releaseToken") != first.item.string("releaseToken"))
        #expect(try await t.reserve("w1", "Printer").item.slots == ["Printer": "Printer_0"])
        #expect(try await t.reserve("w2", "Printer").item.slots == ["Printer": "Printer_1"])
        #expect(try await t.status("w3", "Printer") == "NOT_AVAILABLE")
    }

    @Test("Q7: a slot is released by the pool's name or its own, the token decides which; all that is freed is named")
    func releaseNames() async throws {
        let t = try await ResourceStack.tenant(
            "release-names", #"[{"name":"Printer","capacity":3,"blocks":["Ink"],"treePath":"Site>Hall"}]"#)
        let zero = try await t.take("w1", "Printer_0")
        let two = try await t.take("w1", "Printer_2")
        let one = try await t.take("w1", "Printer_1")
        #expect(try await t.release("w1", "Printer", two) == ["Printer_2"])
        #expect(try await t.isAvailable("Printer_2") == true)
        #expect(try await t.holder("Printer_0") == "w1")
        #expect(try await t.unreserve("w1", "Printer_0", one).status == 403)
        #expect(try await t.release("w1", "Printer_0", zero) == ["Printer_0"])
        #expect(try await t.unreserve("w1", "Printer", zero).status == 403, "it is somebody's, and not this one's")
        let last = try await t.release("w1", "Printer", one)
        #expect(last.prefix(2) == ["Printer_1", "Ink"])
        #expect(Set(last.dropFirst(2)) == ["Site", "Hall"])
        #expect(try await t.unreserve("w1", "Printer", one).statuses == ["NOT_RESERVED"])
    }

    @Test("Q25: a registered resource of one unit has no slot; it is held under its own name")
    func oneUnit() async throws {
        let t = try await ResourceStack.tenant("one-unit", #"[{"name":"Scanner","blocks":["Lamp"]}]"#)
        let answer = try await t.reserve("w1", "Scanner")
        #expect(answer.item.isNull("acquiredSlots") && answer.item.isNull("reservedAtPath"))
        #expect(try await t.status("w2", "Scanner") == "ALREADY_HELD")
        #expect(try await t.reserve("w2", "Scanner_0").statuses == ["ACQUIRED"], "no slot: a name like any other")
        let token = try #require(answer.item.string("releaseToken"))
        #expect(try await t.release("w1", "Scanner", token) == ["Scanner", "Lamp"])
    }

    @Test("Q18: a pool that shrinks leaves its holders alone, grants nothing while it is overfull, and no slot beyond")
    func shrink() async throws {
        let t = try await ResourceStack.tenant("shrinks", #"[{"name":"Printer","capacity":3}]"#)
        var tokens: [String] = []
        for number in 0..<3 { tokens.append(try await t.take("w\(number)", "Printer")) }
        try await t.define(#"[{"name":"Printer","capacity":2}]"#)
        for number in 0..<3 {
            #expect(try await t.holder("Printer_\(number)") == "w\(number)")
            let had = try await t.reserve("w\(number)", "Printer")
            #expect(had.statuses == ["ALREADY_HAD"] && had.item.slots == ["Printer": "Printer_\(number)"])
        }
        #expect(try await t.free() == ["Printer": 0])
        #expect(try await t.status("x", "Printer") == "NOT_AVAILABLE")
        try await t.release("w0", "Printer", tokens[0])
        #expect(try await t.status("x", "Printer") == "NOT_AVAILABLE", "two are held of two")
        #expect(try await t.status("x", "Printer_0") != "ACQUIRED", "by its name as little")
        #expect(try await t.isAvailable("Printer") == false)
        try await t.release("w1", "Printer_1", tokens[1])
        #expect(try await t.reserve("x", "Printer").item.slots == ["Printer": "Printer_0"])
        #expect(try await t.status("y", "Printer") == "NOT_AVAILABLE")
        #expect(try await t.release("w2", "Printer", tokens[2]) == ["Printer_2"])
        #expect(try await t.status("y", "Printer_2") == "NOT_VALID")
        #expect(try await t.reserve("y", "Printer").item.slots == ["Printer": "Printer_1"])
        #expect(try await t.status("z", "Printer") == "NOT_AVAILABLE")
    }

    @Test("Q18: a pool that shrinks to one unit is held under its own name from then on, and grows again")
    func shrinkToOne() async throws {
        let t = try await ResourceStack.tenant("shrinks-to-one", #"[{"name":"Printer","capacity":2}]"#)
        let empty = try await t.keysOfHolds()
        let token = try await t.take("w1", "Printer_1")
        try await t.define(#"[{"name":"Printer"}]"#)
        #expect(try await ["ALREADY_HELD", "NOT_AVAILABLE"].contains(t.status("w2", "Printer")))
        #expect(try await t.release("w1", "Printer", token) == ["Printer_1"])
        let bare = try await t.reserve("w2", "Printer")
        #expect(bare.statuses == ["ACQUIRED"] && bare.item.isNull("acquiredSlots"))
        #expect(try await t.status("w3", "Printer") == "ALREADY_HELD")
        try await t.define(#"[{"name":"Printer","capacity":3}]"#)
        for who in ["w3", "w4"] { #expect(try await t.status(who, "Printer") == "ACQUIRED") }
        #expect(try await t.status("w5", "Printer") == "NOT_AVAILABLE")
        for who in ["w2", "w3", "w4"] { #expect(try await t.releaseAll(of: who).item.int("released") == 1) }
        #expect(try await t.keysOfHolds() == empty)
    }

    @Test("A pool grants the lowest free slot, all of them once, and none beyond; the largest pool has 10000")
    func lowestFree() async throws {
        let t = try await ResourceStack.tenant(
            "lowest-free", #"[{"name":"Printer","capacity":300},{"name":"Large","capacity":10000}]"#)
        let items = (0..<300).map { #"{"requester":"w\#($0)","resource":"Printer"}"# }
        let answer = try await t.reserve("[\(items.joined(separator: ","))]")
        #expect(answer.items.map { $0.slots ?? [:] } == (0..<300).map { ["Printer": "Printer_\($0)"] })
        #expect(try await t.status("x", "Printer") == "NOT_AVAILABLE")
        #expect(try await t.status("x", "Printer_300") == "NOT_VALID")
        let tokens = answer.items.compactMap { $0.string("releaseToken") }
        for number in [299, 17, 64, 255] { try await t.release("w\(number)", "Printer", tokens[number]) }
        for number in [17, 64, 255, 299] {
            #expect(try await t.reserve("x\(number)", "Printer").item.slots == ["Printer": "Printer_\(number)"])
        }
        #expect(try await t.status("x", "Printer") == "NOT_AVAILABLE")

        for (name, status) in [("Large_9999", "ACQUIRED"), ("Large_10000", "NOT_VALID")] {
            #expect(try await t.status("w", name) == status)
        }
        #expect(try await t.reserve("x", "Large").item.slots == ["Large": "Large_0"])
        #expect(try await t.free() == ["Printer": 0, "Large": 9_998])
    }

    @Test("Q22: check of a pool says whether the next one would be refused, and who has it when that is one requester")
    func check() async throws {
        let t = try await ResourceStack.tenant(
            "checks", #"[{"name":"Printer","capacity":2},{"name":"Scanner"}]"#)
        for (who, isReserved) in [("w1", false), ("w2", true)] {
            try await t.take(who, "Printer")
            let answer = try await t.check("Printer")
            #expect(answer.item.member("isReserved")?.bool() == isReserved)
            #expect(answer.item.isNull("holder"))
        }
        #expect(try await t.holder("Printer_0") == "w1")
        try await t.take("w3", "Scanner")
        #expect(try await t.check("Scanner").item.member("isReserved")?.bool() == true)
        #expect(try await t.holder("Scanner") == "w3")
    }

    @Test("Q23: availability looks at the resource alone, registered or not, not at its blockers and ancestors")
    func available() async throws {
        let t = try await ResourceStack.tenant(
            "available", #"[{"name":"Printer","capacity":2,"blocks":["Ink"],"treePath":"Office"}]"#)
        #expect(try await t.isAvailable("plain") == true)
        try await t.take("w1", "plain")
        #expect(try await t.isAvailable("plain") == false)
        try await t.take("w1", "Ink")
        try await t.take("w1", "Office")
        #expect(try await t.isAvailable("Printer") == true)
        #expect(try await t.status("w2", "Printer") == "NOT_AVAILABLE")
        #expect(try await t.isAvailable("Office") == false)
    }
}
