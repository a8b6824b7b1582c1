// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import StrictJSON
import Testing

@Suite("Definitions that change while something is held")
struct ChangeTests {
    @Test("Q19: a name that was held before it became a pool is one unit of it until it is released")
    func bareNameBecomesPool() async throws {
        for first in ["[]", #"[{"name":"Desk"}]"#] {
            let t = try await ResourceStack.tenant("bare-name")
            if first != "[]" { try await t.define(first) }
            let empty = try await t.keysOfHolds()
            let token = try await t.take("w0", "Desk")
            try await t.define(#"[{"name":"Desk","capacity":2}]"#)
            #expect(try await t.free() == ["Desk": 1])
            let had = try await t.reserve("w0", "Desk")
            #expect(had.statuses == ["ALREADY_HAD"] && had.item.string("releaseToken") == token)
            let other = try await t.take("w1", "Desk")
            #expect(try await t.status("w2", "Desk") == "NOT_AVAILABLE")
            #expect(try await t.isReserved("Desk") == true)
            #expect(try await t.release("w0", "Desk", token) == ["Desk"])
            #expect(try await t.free() == ["Desk": 1])
            #expect(try await t.status("w2", "Desk") == "ACQUIRED")
            #expect(try await t.status("w3", "Desk") == "NOT_AVAILABLE")
            try await t.release("w1", "Desk", other)
            #expect(try await t.releaseAll(of: "w2").item.int("released") == 1)
            #expect(try await t.keysOfHolds() == empty)
        }
    }

    @Test("Q5 Q19: names that were held before they became slots are these slots, and are not given out again")
    func plainNamesBecomeSlots() async throws {
        let t = try await ResourceStack.tenant("plain-names")
        let token = try await t.take("w0", "Desk_1")
        try await t.take("w9", "Desk_9")
        try await t.define(#"[{"name":"Desk","capacity":3}]"#)
        #expect(try await t.free() == ["Desk": 2])
        #expect(try await t.status("x", "Desk_1") == "ALREADY_HELD")
        #expect(try await t.reserve("w0", "Desk").statuses == ["ALREADY_HAD"], "it has a unit")
        #expect(try await t.reserve("w1", "Desk").item.slots == ["Desk": "Desk_0"])
        #expect(try await t.reserve("w2", "Desk").item.slots == ["Desk": "Desk_2"])
        #expect(try await t.status("w3", "Desk") == "NOT_AVAILABLE")
        #expect(try await t.release("w0", "Desk", token) == ["Desk_1"])
        #expect(try await t.reserve("w3", "Desk").item.slots == ["Desk": "Desk_1"])
        try await t.define(#"[{"name":"Desk","capacity":12}]"#)
        #expect(try await t.free() == ["Desk": 8])
        #expect(try await t.status("x", "Desk_9") == "ALREADY_HELD")
        #expect(try await t.reserve("x", "Desk_11").statuses == ["ACQUIRED"])
    }

    @Test("Q19: other blockers count for what is taken from then on; a hold gives back what it took")
    func blockers() async throws {
        let t = try await ResourceStack.tenant(
            "blockers-change", #"[{"name":"Printer","capacity":3,"blocks":["Ink","Lamp"]}]"#)
        let old = try await t.take("w1", "Printer")
        try await t.define(#"[{"name":"Printer","capacity":3,"blocks":["Lamp","Paper"]}]"#)
        let had = try await t.reserve("w1", "Printer")
        #expect(had.item.strings("acquiredBlockers") == ["Ink", "Lamp"])
        let new = try await t.reserve("w2", "Printer")
        #expect(new.item.strings("acquiredBlockers") == ["Lamp", "Paper"])
        for name in ["Ink", "Lamp", "Paper"] { #expect(try await t.holder(name) == "__system__") }
        #expect(try await t.release("w1", "Printer", old) == ["Printer_0", "Ink"])
        #expect(try await t.isReserved("Ink") == false)
        let token = try #require(new.item.string("releaseToken"))
        #expect(try await t.release("w2", "Printer", token) == ["Printer_1", "Lamp", "Paper"])
        #expect(try await t.keysOfHolds() == [])
    }

    @Test("Q19: a blocker that becomes a pool, or stops to be one, is given back as it was taken")
    func blockerBecomesPool() async throws {
        let t = try await ResourceStack.tenant("blocker-becomes-pool", #"[{"name":"Printer","blocks":["Tray"]}]"#)
        let token = try await t.take("w1", "Printer")
        try await t.define(#"[{"name":"Tray","capacity":2}]"#)
        #expect(try await t.free() == ["Printer": 0, "Tray": 1])
        #expect(try await t.status("w2", "Tray") == "ACQUIRED")
        #expect(try await t.status("w3", "Tray") == "NOT_AVAILABLE")
        #expect(try await t.release("w1", "Printer", token) == ["Printer", "Tray"])
        #expect(try await t.free() == ["Printer": 1, "Tray": 1])
        let again = try await t.take("w1", "Printer")
        try await t.define(#"[{"name":"Tray"}]"#)
        #expect(try await t.release("w1", "Printer", again).count == 2)
        #expect(try await t.releaseAll(of: "w2").item.int("released") == 1)
        #expect(try await t.keysOfHolds() == [])
    }

    @Test("Q19: another place in the tree counts for what is taken from then on; a hold gives back what it took")
    func place() async throws {
        let t = try await ResourceStack.tenant(
            "place-changes", #"[{"name":"Printer","capacity":2,"treePath":"Office"}]"#)
        let old = try await t.take("w1", "Printer")
        try await t.define(#"[{"name":"Printer","capacity":2,"treePath":"Lab>Bench"}]"#)
        #expect(try await t.reserve("w1", "Printer").item.string("reservedAtPath") == "Office>Printer")
        let new = try await t.reserve("w2", "Printer")
        #expect(new.item.string("reservedAtPath") == "Lab>Bench>Printer")
        #expect(
            try await t.free() == ["Office": 0, "Lab": 0, "Lab>Bench": 0, "Lab>Bench>Printer": 0])
        #expect(try await t.release("w1", "Printer", old) == ["Printer_0", "Office"])
        #expect(try await t.free()["Office"] == 1)
        #expect(try await t.status("w3", "Printer") == "NOT_AVAILABLE", "w2 has the only unit of Lab")
        let token = try #require(new.item.string("releaseToken"))
        #expect(try await Set(t.release("w2", "Printer", token)) == ["Printer_1", "Bench", "Lab"])
        #expect(try await t.keysOfHolds() == [])
    }

    @Test("Q19: a resource that becomes an ancestor or a blocker while it is held stands in the way as it is")
    func heldBecomesAncestor() async throws {
        let t = try await ResourceStack.tenant("held-becomes-ancestor", #"[{"name":"Hall"}]"#)
        let hall = try await t.take("w1", "Hall")
        let ink = try await t.take("w1", "Ink")
        try await t.define(
            #"[{"name":"Printer","treePath":"Hall","blocks":["Ink"]},{"name":"Desk","treePath":"Hall"}]"#)
        #expect(try await t.status("w2", "Desk") == "NOT_AVAILABLE")
        #expect(try await t.status("w1", "Desk") == "ACQUIRED", "the hall is its own")
        #expect(try await t.status("w1", "Printer") == "NOT_AVAILABLE", "Ink is held, were it by itself")
        try await t.release("w1", "Ink", ink)
        #expect(try await t.status("w1", "Printer") == "ACQUIRED")
        #expect(try await t.release("w1", "Hall", hall).first == "Hall")
        #expect(try await t.status("w2", "Hall") != "ACQUIRED", "w1 holds what is below")
        #expect(try await t.releaseAll(of: "w1").item.int("released") == 2)
        #expect(try await t.keysOfHolds() == [])
    }

    @Test("A plain name is another resource once it is registered, for its holder and for everybody else")
    func plainBecomesRegistered() async throws {
        let t = try await ResourceStack.tenant("plain-becomes-registered")
        let token = try await t.take("w1", "Scanner", #","ttlSeconds":3600"#)
        try await t.define(#"[{"name":"Scanner","blocks":["Lamp"],"treePath":"Lab"}]"#)
        let had = try await t.reserve("w1", "Scanner")
        #expect(had.statuses == ["ALREADY_HAD"] && had.item.string("releaseToken") == token)
        #expect(had.item.isNull("acquiredBlockers"), "it took none")
        #expect(had.item.string("expiresAt") != nil)
        #expect(try await t.isReserved("Lamp") == false)
        #expect(try await t.status("w2", "Scanner") == "ALREADY_HELD")
        #expect(try await t.release("w1", "Scanner", token) == ["Scanner"])
        #expect(try await t.reserve("w2", "Scanner").item.strings("acquiredBlockers") == ["Lamp"])
    }

    @Test("A deleted pool's name is plain again, and what was its slot as well")
    func poolBecomesPlain() async throws {
        let t = try await ResourceStack.tenant("pool-becomes-plain", #"[{"name":"Desk","capacity":2}]"#)
        #expect(try await t.delete("Desk").status == 200)
        let bare = try await t.reserve("w1", "Desk")
        #expect(bare.statuses == ["ACQUIRED"] && bare.item.isNull("acquiredSlots"))
        #expect(try await t.status("w2", "Desk") == "ALREADY_HELD")
        #expect(try await t.status("w2", "Desk_0") == "ACQUIRED")
        #expect(try await t.status("w2", "Desk_7") == "ACQUIRED")
    }
}
