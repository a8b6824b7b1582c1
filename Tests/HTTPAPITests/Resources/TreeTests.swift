// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import StrictJSON
import Testing

@Suite("Trees over the Reservation API")
struct TreeTests {
    private static let printers = #"""
        [{"name":"Printer-A","treePath":"Equipment>IT"},{"name":"Printer-B","treePath":"Equipment>IT"},
         {"name":"Desk","treePath":"Equipment>HR"}]
        """#

    @Test("Q12 Q14: a requester takes one unit of each ancestor, whatever it holds below; the last one stops others")
    func oneUnitEach() async throws {
        let t = try await ResourceStack.tenant("one-unit-each", Self.printers)
        let first = try await t.reserve("w1", "Printer-A")
        #expect(first.item.string("reservedAtPath") == "Equipment>IT>Printer-A")
        let second = try await t.take("w1", "Printer-B")
        #expect(
            try await t.free() == [
                "Equipment": 0, "Equipment>IT": 0, "Equipment>IT>Printer-A": 0, "Equipment>IT>Printer-B": 0,
                "Equipment>HR": 1, "Equipment>HR>Desk": 1,
            ])
        let before = try await t.contents()
        let refused = try await t.reserve("w2", "Desk")
        #expect(refused.statuses == ["NOT_AVAILABLE"])
        #expect(refused.item.string("explanation")?.contains("Equipment") == true)
        #expect(refused.item.isNull("reservedAtPath"))
        try await t.expectUnchanged(since: before, "nothing of the path below is kept")

        let token = try #require(first.item.string("releaseToken"))
        #expect(try await t.release("w1", "Printer-A", token) == ["Printer-A"])
        #expect(try await t.status("w2", "Printer-A") == "NOT_AVAILABLE", "w1 still has a printer")
        let freed = try await t.release("w1", "Printer-B", second)
        #expect(freed.first == "Printer-B" && Set(freed) == ["Printer-B", "Equipment", "IT"])
        #expect(try await t.status("w2", "Printer-A") == "ACQUIRED")
    }

    @Test("Q12: an ancestor that was registered has as many units as it says, one for each requester")
    func registeredAncestor() async throws {
        let t = try await ResourceStack.tenant(
            "registered-ancestor",
            #"""
            [{"name":"Hall","capacity":2},{"name":"a","treePath":"Hall"},{"name":"b","treePath":"Hall"},
             {"name":"c","treePath":"Hall"},{"name":"d","treePath":"Hall"}]
            """#)
        var tokens: [String] = []
        for name in ["a", "b"] { tokens.append(try await t.take("w1", name)) }
        #expect(try await t.free()["Hall"] == 1)
        let other = try await t.take("w2", "c")
        #expect(try await t.free()["Hall"] == 0)
        #expect(try await t.status("w3", "d") == "NOT_AVAILABLE")
        #expect(try await t.status("w3", "Hall") == "NOT_AVAILABLE", "a unit of it is not there either")
        try await t.release("w1", "a", tokens[0])
        #expect(try await t.status("w3", "d") == "NOT_AVAILABLE")
        #expect(try await t.release("w2", "c", other) == ["c", "Hall"])
        #expect(try await t.status("w3", "d") == "ACQUIRED")
    }

    @Test("Q12: who holds an inner node closes what is below to others, and is not in its own way, in either order")
    func innerNode() async throws {
        let t = try await ResourceStack.tenant("inner-node", Self.printers)
        let empty = try await t.contents()
        for order in [["IT", "Printer-A"], ["Printer-A", "IT"]] {
            for releasesFirst in [0, 1] {
                var tokens: [String: String] = [:]
                for name in order { tokens[name] = try await t.take("w1", name) }
                for (name, status) in [("Printer-B", "NOT_AVAILABLE"), ("IT", "ALREADY_HELD")] {
                    #expect(try await t.status("w2", name) == status)
                }
                #expect(try await t.free()["Equipment>IT"] == 0)
                let names = [order[releasesFirst], order[1 - releasesFirst]]
                let kept = try await t.release("w1", names[0], try #require(tokens[names[0]]))
                #expect(kept.first == names[0] && !kept.contains("Equipment"))
                #expect(try await t.status("w2", "Printer-B") == "NOT_AVAILABLE", "\(names)")
                #expect(try await t.free()["Equipment>IT"] == 0)
                let freed = try await t.release("w1", names[1], try #require(tokens[names[1]]))
                #expect(freed.first == names[1] && freed.contains("Equipment"))
                try await t.expectUnchanged(since: empty, "\(order) \(names)")
            }
        }
    }

    @Test("Q12 Q14: somebody below keeps others from the inner node, and a direct holder of it from its children")
    func innerNodeOfOthers() async throws {
        let t = try await ResourceStack.tenant("inner-node-of-others", Self.printers)
        let leaf = try await t.take("w1", "Printer-A")
        #expect(try await ["ALREADY_HELD", "NOT_AVAILABLE"].contains(t.status("w2", "IT")))
        try await t.release("w1", "Printer-A", leaf)
        let node = try await t.take("w2", "Equipment")
        let refused = try await t.reserve("w1", "Printer-A")
        #expect(refused.statuses == ["NOT_AVAILABLE"])
        #expect(refused.item.string("explanation")?.contains("Equipment") == true)
        #expect(try await t.release("w2", "Equipment", node) == ["Equipment"])
        #expect(try await t.status("w1", "Printer-A") == "ACQUIRED")
    }

    @Test("Q12: a pool in a tree: an ancestor counts requesters, not slots")
    func poolInTree() async throws {
        let t = try await ResourceStack.tenant(
            "pool-in-tree",
            #"[{"name":"Printer","capacity":3,"treePath":"Hall"},{"name":"Hall","capacity":2}]"#)
        var tokens: [String] = []
        for name in ["Printer_0", "Printer_1"] { tokens.append(try await t.take("w1", name)) }
        #expect(try await t.free() == ["Hall": 1, "Hall>Printer": 1])
        let other = try await t.take("w2", "Hall")
        #expect(try await t.free() == ["Hall": 0, "Hall>Printer": 1])
        let refused = try await t.reserve("w3", "Printer")
        #expect(refused.statuses == ["NOT_AVAILABLE"])
        #expect(refused.item.string("explanation")?.contains("Hall") == true)
        #expect(try await t.reserve("w2", "Printer").item.slots == ["Printer": "Printer_2"])
        #expect(try await t.free() == ["Hall": 0, "Hall>Printer": 0])
        try await t.release("w2", "Hall", other)
        #expect(try await t.free()["Hall"] == 0, "w2 has a slot below")
        for (name, token) in zip(["Printer_0", "Printer_1"], tokens) { try await t.release("w1", name, token) }
        #expect(try await t.free() == ["Hall": 1, "Hall>Printer": 2])
    }

    @Test("Q10: what comes along brings nothing along: not the blockers of an ancestor, nor the ancestors of a blocker")
    func nothingFurther() async throws {
        let t = try await ResourceStack.tenant(
            "nothing-further",
            #"""
            [{"name":"Leaf","treePath":"Root","blocks":["Tool"]},{"name":"Root","blocks":["Key"]},
             {"name":"Tool","treePath":"Shed","blocks":["Oil"]}]
            """#)
        let answer = try await t.reserve("w1", "Leaf")
        #expect(answer.item.strings("acquiredBlockers") == ["Tool"])
        for name in ["Key", "Shed", "Oil"] { #expect(try await t.isReserved(name) == false, "\(name)") }
        let token = try #require(answer.item.string("releaseToken"))
        #expect(try await t.release("w1", "Leaf", token) == ["Leaf", "Tool", "Root"])
    }

    @Test("Q13: the tree is an array of roots, each node with its path, its units and how many are free")
    func shape() async throws {
        let t = try await ResourceStack.tenant("tree-shape")
        #expect(try await t.tree().body == "[]")
        try await t.define(
            #"[{"name":"Printer","capacity":3,"treePath":"Equipment>Office"},{"name":"Alone","capacity":2}]"#)
        try await t.take("w1", "Printer")
        let tree = try await t.tree()
        #expect(tree.root.kind == .array)
        #expect(tree.items.map { $0.string("name") } == ["Alone", "Equipment"])
        let alone = try #require(tree.items.first)
        #expect(alone.int("capacity") == 2 && alone.int("available") == 2 && alone.string("path") == "Alone")
        #expect(alone.member("children")?.kind == .array && alone.member("children")?.count == 0)
        let office = try #require(tree.items.last?.member("children")?.elements.first { _ in true })
        #expect(office.string("path") == "Equipment>Office" && office.int("capacity") == 1)
        #expect(office.int("available") == 0)
        let printer = try #require(office.member("children")?.elements.first { _ in true })
        #expect(printer.string("name") == "Printer" && printer.string("path") == "Equipment>Office>Printer")
        #expect(printer.int("capacity") == 3 && printer.int("available") == 2)
    }

    @Test("Q13: a tree of the greatest depth is shown and held whole")
    func deepest() async throws {
        let names = (1...31).map { "n\($0)" }
        let t = try await ResourceStack.tenant(
            "deepest", #"[{"name":"leaf","treePath":"\#(names.joined(separator: ">"))"}]"#)
        let answer = try await t.reserve("w1", "leaf")
        #expect(answer.item.string("reservedAtPath") == (names + ["leaf"]).joined(separator: ">"))
        #expect(try await t.status("w2", "n31") != "ACQUIRED")
        #expect(try await t.free().count == 32)
        #expect(try await t.free().values.allSatisfy { $0 == 0 })
        let token = try #require(answer.item.string("releaseToken"))
        #expect(try await Set(t.release("w1", "leaf", token)) == Set(names + ["leaf"]))
        #expect(try await t.keysOfHolds() == [])
    }
}
