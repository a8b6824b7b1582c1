// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import RedisClient
import Reservations
import SharedKernel
import Testing

/// Definitions in memory, asked and written as Redis is.
private struct Definitions {
    struct Endless: Error {}

    private(set) var rows: [String: StoredDefinition] = [:]

    /// Works a registration out to its end; what it writes counts from then on.
    mutating func register(_ items: ResourceDefinition...) throws -> [Registration.Row] {
        let registration = Registration(items)
        var facts = DefinitionFacts()
        for _ in 0..<200 {
            switch registration.outcome(facts) {
            case .refuse(let refusal): throw refusal
            case .write(let written):
                for row in written { rows[String(decoding: row.name, as: UTF8.self)] = row.definition }
                return written
            case .ask(let questions): try answer(questions, &facts)
            }
        }
        throw Endless()
    }

    /// The outcome of a deletion, and its names.
    func remove(_ name: String, cascades: Bool) throws -> Removal.Outcome {
        let removal = Removal([UInt8](name.utf8), cascades: cascades)
        var facts = DefinitionFacts()
        for _ in 0..<200 {
            let outcome = removal.outcome(facts)
            guard case .ask(let questions) = outcome else { return outcome }
            try answer(questions, &facts)
        }
        throw Endless()
    }

    private func answer(_ questions: [DefinitionFacts.Question], _ facts: inout DefinitionFacts) throws {
        let find = FindDefinitions(questions[...])
        let words = ["FOUND", "7"] + find.questions.map(answer)
        let reply = try ScriptReply(.array(words.map { .bulk([UInt8]($0.utf8)) }), of: "reservation/find_definitions")
        #expect(try find.learn(reply, into: &facts))
    }

    private func answer(_ question: DefinitionFacts.Question) -> String {
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        switch question {
        case .definition(let name):
            guard let row = rows[text(name)] else { return "" }
            let marks = (row.isAncestor ? "a" : "") + (row.hasOwnPlace ? "o" : "")
            let blockers = row.blockers.map(text).joined(separator: "\t")
            // As after a registration: every slot was looked at.
            return "\(row.capacity)\n\(row.peak)\n\(row.capacity)\n\(marks)\n\(text(row.parent))\n\(blockers)"
        case .firstSlotName(let pool):
            let numbers = rows.keys.compactMap { name -> Int? in
                guard name.hasPrefix(text(pool) + "_") else { return nil }
                return Int(name.dropFirst(pool.count + 1))
            }
            return numbers.min().map { "\($0)" } ?? ""
        case .children(let name):
            return rows.filter { $0.value.parent == name }.keys.sorted().joined(separator: "\t")
        }
    }
}

private func item(
    _ name: String, capacity: Int64 = 1, blocks: [String] = [], path: String? = nil
) -> ResourceDefinition {
    ResourceDefinition(
        name: [UInt8](name.utf8), capacity: capacity, blockers: blocks.map { [UInt8]($0.utf8) },
        ancestors: path.map { $0.split(separator: ">").map { [UInt8]($0.utf8) } })
}

@Suite("What a registration comes to")
struct RegistrationTests {
    private func names(_ rows: [Registration.Row]) -> [String] { rows.map { String(decoding: $0.name, as: UTF8.self) } }

    @Test("Ancestors are written before what is below them, and with one unit")
    func order() throws {
        var definitions = Definitions()
        let rows = try definitions.register(item("leaf", capacity: 3, blocks: ["ink"], path: "root>hall"))
        #expect(names(rows) == ["root", "hall", "leaf"])
        #expect(rows.map(\.definition.capacity) == [1, 1, 3])
        #expect(rows.map { String(decoding: $0.definition.parent, as: UTF8.self) } == ["", "root", "hall"])
        #expect(rows.map(\.definition.isAncestor) == [true, true, false])
    }

    @Test("What is stored just so is not written again")
    func repetition() throws {
        var definitions = Definitions()
        let all = [item("root", capacity: 2), item("leaf", capacity: 3, blocks: ["ink"], path: "root")]
        #expect(names(try definitions.register(all[0], all[1])) == ["root", "leaf"])
        #expect(try definitions.register(all[0], all[1]).isEmpty)
        #expect(names(try definitions.register(all[0], item("leaf", capacity: 4, path: "root"))) == ["leaf"])
    }

    @Test("A place that another's path gave is kept by a registration without a path; an own one is given up")
    func places() throws {
        var definitions = Definitions()
        _ = try definitions.register(item("leaf", path: "root>hall"))
        _ = try definitions.register(item("hall", capacity: 2))
        #expect(definitions.rows["hall"]?.parent == [UInt8]("root".utf8))
        _ = try definitions.register(item("leaf"))
        #expect(definitions.rows["leaf"]?.parent == [])
        _ = try definitions.register(item("leaf", path: "other"))
        #expect(definitions.rows["leaf"]?.parent == [UInt8]("other".utf8))
    }

    @Test("A later path above a root stands for what is below it, too")
    func raised() throws {
        var definitions = Definitions()
        _ = try definitions.register(item("leaf", path: "hall"))
        _ = try definitions.register(item("hall", path: "root"))
        #expect(try definitions.register(item("leaf", path: "hall")).isEmpty)
    }

    @Test(
        "Contradictions are refused, naming item and field",
        arguments: [
            ([item("a", path: "x"), item("b", path: "y>x"), item("c", path: "z>x")], 2, "treePath"),
            ([item("a", path: "b"), item("b", path: "a")], 1, "treePath"),
            ([item("a", path: "b"), item("b", path: "c"), item("c", path: "a")], 2, "treePath"),
            ([item("p", capacity: 3), item("p_2")], 1, "name"),
            ([item("p", capacity: 3), item("leaf", path: "p_0")], 1, "treePath"),
        ])
    func contradictions(items: [ResourceDefinition], index: Int, field: String) throws {
        // At once, and one after the other.
        var definitions = Definitions()
        let atOnce = #expect(throws: Registration.Refusal.self) {
            let outcome = try outcomeOfAll(items, definitions)
            throw outcome
        }
        #expect(atOnce?.item == index && atOnce?.field == field)
        for item in items.dropLast() { _ = try definitions.register(item) }
        let alone = #expect(throws: Registration.Refusal.self) { try definitions.register(items[items.count - 1]) }
        #expect(alone?.item == 0 && alone?.field == field)
    }

    private func outcomeOfAll(_ items: [ResourceDefinition], _ definitions: Definitions) throws -> any Error {
        var definitions = definitions
        do {
            switch items.count {
            case 2: _ = try definitions.register(items[0], items[1])
            default: _ = try definitions.register(items[0], items[1], items[2])
            }
        } catch {
            return error
        }
        return Definitions.Endless()
    }

    @Test("A pool is not registered over a name that would be its slot")
    func overSlots() throws {
        var definitions = Definitions()
        _ = try definitions.register(item("p_2"))
        let refusal = #expect(throws: Registration.Refusal.self) { try definitions.register(item("p", capacity: 3)) }
        #expect(refusal?.item == 0 && refusal?.field == "capacity")
        #expect(throws: Registration.Refusal.self) { try definitions.register(item("q_1"), item("q", capacity: 2)) }
    }

    @Test("What only looks like a slot may be registered, and a number beyond the pool")
    func notSlots() throws {
        var definitions = Definitions()
        _ = try definitions.register(item("p", capacity: 3), item("p_3"), item("p_02"), item("p_x"), item("q_0"))
        _ = try definitions.register(item("q"))
        #expect(throws: Registration.Refusal.self) { try definitions.register(item("p", capacity: 4)) }
    }

    @Test("Trees are 32 deep and not 33, by one path or by raising what is there")
    func depth() throws {
        let names = (1...31).map { "n\($0)" }
        var definitions = Definitions()
        _ = try definitions.register(item("leaf", path: names.joined(separator: ">")))
        let deeper = #expect(throws: Registration.Refusal.self) {
            try definitions.register(item("below", path: "leaf"))
        }
        #expect(deeper?.field == "treePath")
        let raised = #expect(throws: Registration.Refusal.self) { try definitions.register(item("n1", path: "above")) }
        #expect(raised?.field == "treePath")
        var shorter = Definitions()
        _ = try shorter.register(item("leaf", path: names.dropLast().joined(separator: ">")))
        _ = try shorter.register(item("n1", path: "above"))
        #expect(throws: Registration.Refusal.self) { try shorter.register(item("above", path: "higher")) }
    }

    @Test("A deletion takes what is below first, or is refused")
    func removal() throws {
        var definitions = Definitions()
        _ = try definitions.register(
            item("a", path: "root>hall"), item("b", path: "root>hall"), item("c", path: "root"))
        guard case .delete(let names) = try definitions.remove("root", cascades: true) else {
            Issue.record("not deleted")
            return
        }
        let order = names.map { String(decoding: $0, as: UTF8.self) }
        #expect(Set(order) == ["a", "b", "c", "hall", "root"] && order.last == "root")
        #expect(order.firstIndex(of: "a") ?? .max < order.firstIndex(of: "hall") ?? .min)
        guard case .hasChildren = try definitions.remove("root", cascades: false),
            case .notRegistered = try definitions.remove("nobody", cascades: true),
            case .delete = try definitions.remove("a", cascades: false)
        else {
            Issue.record("another outcome")
            return
        }
    }
}
