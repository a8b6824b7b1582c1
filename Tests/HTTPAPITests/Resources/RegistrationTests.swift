// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import StrictJSON
import Testing

@Suite("Registering and deleting resources")
struct RegistrationTests {
    @Test("Rows 9, 10: what is registered is answered, in order, and listed with its defaults; again, it overwrites")
    func overwriting() async throws {
        let t = try await ResourceStack.tenant("overwriting")
        #expect(try await t.definitions().body == "[]")
        let answer = try await t.define(
            #"""
            [{"Name":"Printer","CAPACITY":3,"blocks":["Ink"],"treepath":"Equipment>Office","colour":"grey"},
             {"name":"Bare","capacity":null,"blocks":null,"treePath":null}]
            """#)
        let printer =
            #"{"name":"Printer","capacity":3,"blocks":["Ink"],"treePath":"Equipment>Office"}"#
        let bare = #"{"name":"Bare","capacity":1,"blocks":[],"treePath":null}"#
        #expect(answer.body == "[\(printer),\(bare)]")
        let all = try await t.definitions()
        #expect(all.root.kind == .array)
        #expect(Set(all.items.map { String(decoding: $0.raw, as: UTF8.self) }).isSuperset(of: [printer, bare]))
        #expect(Set(all.items.compactMap { $0.string("name") }) == ["Printer", "Bare", "Equipment", "Office"])

        let one = try await t.define(#"{"name":"Printer"}"#)
        #expect(one.body == #"[{"name":"Printer","capacity":1,"blocks":[],"treePath":null}]"#)
        #expect(try await t.definition("Printer")?.int("capacity") == 1)
        #expect(try await t.definitions().items.count == 4)
        let twice = try await t.define(#"[{"name":"P","capacity":2},{"name":"P","capacity":5}]"#)
        #expect(twice.items.last?.int("capacity") == 5)
        #expect(try await t.definition("P")?.int("capacity") == 5)
    }

    @Test("Q21: a path registers its ancestors with one unit, and leaves those that are registered as they are")
    func ancestors() async throws {
        let t = try await ResourceStack.tenant("ancestors", #"[{"name":"Office","capacity":5,"blocks":["Key"]}]"#)
        try await t.define(
            #"[{"name":"Printer","treePath":"Site>Office>Corner"},{"name":"Corner","capacity":4},{"name":"Desk"}]"#)
        let office = try #require(try await t.definition("Office"))
        #expect(office.int("capacity") == 5 && office.strings("blocks") == ["Key"])
        #expect(office.string("treePath") == "Site", "it had no parent, and has one now")
        #expect(try await t.definition("Site")?.int("capacity") == 1)
        #expect(try await t.definition("Corner")?.int("capacity") == 4)
        #expect(try await t.definition("Corner")?.string("treePath") == "Site>Office")
        #expect(try await t.definition("Printer")?.string("treePath") == "Site>Office>Corner")
        #expect(try await t.definition("Desk")?.isNull("treePath") == true)
        // The lowest part of a path says enough about what is above it.
        try await t.define(#"[{"name":"Chair","treePath":"Corner"}]"#)
        #expect(try await t.definition("Chair")?.string("treePath") == "Site>Office>Corner")
    }

    @Test(
        "Q21: a name in two places or below itself is refused, with all that came with it",
        arguments: [
            (#"[{"name":"X"},{"name":"Y","treePath":"Elsewhere>Office"}]"#, "[1].treePath"),
            (#"[{"name":"Site","treePath":"Printer"}]"#, "[0].treePath"),
            (#"{"name":"Site","treePath":"Office"}"#, "treePath"),
            (#"[{"name":"New","treePath":"Office>Site"}]"#, "[0].treePath"),
            (#"[{"name":"New","treePath":"A>B>New"}]"#, "[0].treePath"),
            (#"[{"name":"New","treePath":"A>B>A"}]"#, "[0].treePath"),
            (#"[{"name":"a","treePath":"b"},{"name":"b","treePath":"a"}]"#, "[1].treePath"),
            (#"[{"name":"a","treePath":"b"},{"name":"c","treePath":"a"},{"name":"b","treePath":"c"}]"#, "[2].treePath"),
            (#"[{"name":"a","treePath":"P>Q"},{"name":"b","treePath":"R>Q"}]"#, "[1].treePath"),
        ])
    func contradictions(body: String, place: String) async throws {
        let t = try await ResourceStack.tenant("contradictions", #"[{"name":"Printer","treePath":"Site>Office"}]"#)
        let before = try await t.contents()
        let answer = try await t.register(body)
        #expect(answer.status == 400)
        #expect(answer.error.hasPrefix(place + ":"), "\(answer.error)")
        try await t.expectUnchanged(since: before)
    }

    @Test("Q20: row 13: what has children goes with them or not at all; its ancestors stay")
    func deleting() async throws {
        let t = try await ResourceStack.tenant(
            "deleting",
            #"[{"name":"a","treePath":"Site>Hall>Row"},{"name":"b","treePath":"Site>Hall"},{"name":"c","capacity":2}]"#)
        let before = try await t.contents()
        for query in ["", "?cascade=false"] {
            let refused = try await t.delete("Hall", query)
            #expect(refused.status == 400 && refused.error.contains("children"), "\(refused.body)")
        }
        for query in ["?cascade=maybe", "?cascade=1", "?cascade=yes"] {
            let refused = try await t.delete("c", query)
            #expect(refused.status == 400 && refused.error.contains("cascade"), "\(query): \(refused.body)")
        }
        for name in ["nothing", "c_0", "C"] {
            let unknown = try await t.delete(name, "?cascade=true")
            #expect(unknown.status == 404 && !unknown.error.isEmpty, "\(name)")
        }
        try await t.expectUnchanged(since: before)
        let gone = try await t.delete("Hall", "?cascade=true")
        #expect(gone.status == 200)
        #expect(gone.item.strings("deleted").map { $0.sorted() } == ["Hall", "Row", "a", "b"])
        #expect(try await t.definitions().items.compactMap { $0.string("name") } == ["Site", "c"])
        #expect(try await t.delete("Hall").status == 404)
        #expect(try await t.delete("c").item.strings("deleted") == ["c"])
        #expect(try await t.free() == ["Site": 1])
        #expect(try await t.reserve("w", "a").item.isNull("reservedAtPath"), "a plain name")
        #expect(try await t.free() == ["Site": 1])
    }

    @Test("Q20: nothing is deleted of which anything is held: itself, a slot, something below, as blocker or ancestor")
    func deletingWhatIsHeld() async throws {
        let t = try await ResourceStack.tenant(
            "deleting-held",
            #"""
            [{"name":"Printer","capacity":2,"blocks":["Ink"],"treePath":"Site>Hall"},{"name":"Ink"},
             {"name":"Free","treePath":"Site"}]
            """#)
        let token = try await t.take("w1", "Printer_1")
        let before = try await t.contents()
        for (name, query) in [
            ("Printer", ""), ("Printer", "?cascade=true"), ("Ink", ""), ("Hall", "?cascade=true"),
            ("Site", "?cascade=true"), ("Ink", "?cascade=true"),
        ] {
            let refused = try await t.delete(name, query)
            #expect(refused.status == 400, "\(name)\(query)")
            #expect(refused.error.contains("active reservations"), "\(name)\(query): \(refused.error)")
        }
        try await t.expectUnchanged(since: before)
        #expect(try await t.delete("Free").status == 200)
        try await t.release("w1", "Printer", token)
        for name in ["Ink", "Site"] { #expect(try await t.delete(name, "?cascade=true").status == 200, "\(name)") }
        #expect(try await t.definitions().body == "[]")
    }

    @Test("Q15 Q20: what is past its time is not in the way of a deletion")
    func deletingWhatExpired() async throws {
        let t = try await ResourceStack.tenant(
            "deleting-expired", #"[{"name":"Printer","blocks":["Ink"],"treePath":"Hall"},{"name":"Ink"}]"#)
        try await t.take("w1", "Printer", #","ttlSeconds":1"#)
        try await t.eventually { try await t.delete("Printer").status == 200 }
        #expect(try await t.delete("Ink").status == 200)
        #expect(try await t.delete("Hall").status == 200)
        #expect(try await t.keysOfHolds() == [])
    }

    @Test("Row 13: resources may have the names of the API's own paths, and names that a path has to spell out")
    func oddNames() async throws {
        let t = try await ResourceStack.tenant("odd-names")
        for name in ["tree", "definitions", "register", "available", "a/b", "100 %", "caf\u{E9}?x#y", "..", "%2F"] {
            try await t.define(#"[{"name":"\#(name)","capacity":2}]"#)
            #expect(try await t.isAvailable(name) == true, "\(name)")
            #expect(try await t.reserve("w", name).item.slots == [name: name + "_0"], "\(name)")
            #expect(try await t.delete(name).status == 400, "\(name)")
            #expect(try await t.releaseAll(of: "w").item.int("released") == 1)
            #expect(try await t.delete(name).status == 200, "\(name)")
        }
        #expect(try await t.definitions().body == "[]")
    }

    @Test("More definitions than one call writes or reads are registered, listed, moved and deleted as a whole")
    func many() async throws {
        let t = try await ResourceStack.tenant("many-definitions")
        let items = (0..<1_000).map { #"{"name":"r\#($0)","capacity":\#(1 + $0 % 3),"treePath":"Root>Node"}"# }
        let answer = try await t.define("[\(items.joined(separator: ","))]")
        #expect(answer.items.map { $0.string("name") } == (0..<1_000).map { "r\($0)" })
        #expect(try await t.definitions().items.count == 1_002)
        #expect(try await t.free().count == 1_002)
        let before = try await t.contents()
        try await t.take("w", "r999")
        #expect(try await t.delete("Node", "?cascade=true").status == 400)
        #expect(try await t.releaseAll(of: "w").status == 200)
        try await t.expectUnchanged(since: before)
        let gone = try await t.delete("Root", "?cascade=true")
        #expect(gone.item.strings("deleted")?.count == 1_002)
        #expect(try await t.definitions().body == "[]")
    }
}
