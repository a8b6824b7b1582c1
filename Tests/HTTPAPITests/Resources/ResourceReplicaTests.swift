// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import StrictJSON
import TestSupport
import Testing

/// What one server does counts at the others from their next request on.
@Suite("Resources on several servers")
struct ResourceReplicaTests {
    @Test("The very first definition of a tenant turns a plain name into a pool at both servers, and the last one back")
    func firstDefinition() async throws {
        for round in 0..<5 {
            let here = try await ResourceStack.tenant("first-definition")
            let there = here.elsewhere
            // Both know the tenant as one without registered resources.
            for t in [here, there] { #expect(try await t.definitions().body == "[]") }
            let old = try await there.take("w0", "Desk_1")
            try await here.define(#"[{"name":"Desk","capacity":2,"blocks":["Lamp"],"treePath":"Room"}]"#)
            switch round {
            case 0:
                let answer = try await there.reserve("w1", "Desk")
                #expect(answer.item.slots == ["Desk": "Desk_0"])
                #expect(answer.item.strings("acquiredBlockers") == ["Lamp"])
                #expect(answer.item.string("reservedAtPath") == "Room>Desk")
            case 1: #expect(try await there.free() == ["Room": 1, "Room>Desk": 1])
            case 2: #expect(try await there.status("w1", "Desk_2") == "NOT_VALID")
            case 3: #expect(try await there.release("w0", "Desk", old) == ["Desk_1"])
            default:
                let items = TransactionTests.items("w1:Desk", "w2:Desk")
                #expect(try await there.transact("ALL_OR_NONE", "RESERVE", items).statuses == ["FAILED"])
            }
            for who in ["w0", "w1"] { #expect(try await here.releaseAll(of: who).status == 200) }
            #expect(try await there.delete("Room", "?cascade=true").status == 200)
            #expect(try await here.reserve("w1", "Desk").item.isNull("acquiredSlots"))
            #expect(try await there.status("w2", "Desk") == "ALREADY_HELD")
            #expect(try await here.status("w2", "Desk_7") == "ACQUIRED")
        }
    }

    @Test("Every further definition, change and deletion counts at the other server at once")
    func furtherDefinitions() async throws {
        let here = try await ResourceStack.tenant("further-definitions", #"[{"name":"Desk","capacity":2}]"#)
        let there = here.elsewhere
        for who in ["w1", "w2"] { try await there.take(who, "Desk") }
        #expect(try await there.status("w3", "Desk") == "NOT_AVAILABLE")
        try await here.define(#"[{"name":"Desk","capacity":3,"blocks":["Lamp"]},{"name":"Lamp","capacity":2}]"#)
        #expect(
            try await there.reserve("w3", "Desk").item.slots == ["Desk": "Desk_2", "Lamp": "Lamp_0"])
        try await there.define(#"[{"name":"Desk","capacity":1}]"#)
        #expect(try await here.status("w4", "Desk") != "ACQUIRED")
        for who in ["w1", "w2", "w3"] { #expect(try await here.releaseAll(of: who).item.int("released") == 1) }
        #expect(try await there.delete("Lamp").status == 200)
        #expect(try await here.free() == ["Desk": 1])
        #expect(try await here.delete("Lamp").status == 404)
    }

    @Test("Q28: definitions and reservations are there for a server that starts later")
    func newServer() async throws {
        try await TestGate.stacks.run {
            let t = try await ResourceStack.tenant(
                "new-server", #"[{"name":"Desk","capacity":2,"blocks":["Lamp"],"treePath":"Room"}]"#)
            let token = try await t.take("w1", "Desk")
            try await t.take("w1", "plain", #","ttlSeconds":3600"#)
            let server = try await ResourceServer(on: try await ResourceStack.shared().redis)
            let later = t.through(server)
            #expect(try await later.definitions().body == t.definitions().body)
            #expect(try await later.tree().body == t.tree().body)
            #expect(try await later.list().body == t.list().body)
            #expect(try await later.reserve("w1", "Desk").item.string("releaseToken") == token)
            #expect(try await later.status("w2", "plain") == "ALREADY_HELD")
            #expect(try await later.release("w1", "Desk", token) == ["Desk_0", "Lamp", "Room"])
            #expect(try await t.free() == ["Room": 1, "Room>Desk": 2])
            try await server.shutDown()
        }
    }

    @Test("Many requests at once on both servers: each slot once, a blocker once, none beyond the pool, and none lost")
    func race() async throws {
        let here = try await ResourceStack.tenant(
            "race", #"[{"name":"Desk","capacity":10,"blocks":["L"],"treePath":"Room"},{"name":"Room","capacity":9}]"#)
        let empty = try await here.contents()
        let there = here.elsewhere
        let answers = try await withThrowingTaskGroup(of: (String, ResourceAnswer).self) { group in
            for number in 0..<40 {
                group.addTask {
                    let t = number.isMultiple(of: 2) ? here : there
                    return ("w\(number)", try await t.reserve("w\(number)", "Desk"))
                }
            }
            var answers: [(String, ResourceAnswer)] = []
            for try await answer in group { answers.append(answer) }
            return answers
        }
        let won = answers.filter { $0.1.statuses == ["ACQUIRED"] }
        #expect(won.count == 9, "one room for nine")
        #expect(Set(won.compactMap { $0.1.item.slots?["Desk"] }) == Set((0..<9).map { "Desk_\($0)" }))
        #expect(answers.allSatisfy { ["ACQUIRED", "NOT_AVAILABLE"].contains($0.1.statuses.first) })
        #expect(Set(won.compactMap { $0.1.item.int("fencingToken") }).count == 9)
        #expect(try await here.free() == ["Room": 0, "Room>Desk": 1])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, (who, answer)) in won.enumerated() {
                let token = try #require(answer.item.string("releaseToken"))
                let t = index.isMultiple(of: 2) ? there : here
                group.addTask { try await t.release(who, "Desk", token) }
            }
            try await group.waitForAll()
        }
        try await here.expectUnchanged(since: empty)
    }

    @Test("Registrations at once on both servers: each is made whole or is refused, and no two contradict each other")
    func registrationRace() async throws {
        let here = try await ResourceStack.tenant("registration-race")
        let there = here.elsewhere
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<16 {
                group.addTask {
                    let t = number.isMultiple(of: 2) ? here : there
                    // All want to have the middle below a root of their own.
                    return try await t.register(#"[{"name":"leaf\#(number)","treePath":"root\#(number)>middle"}]"#)
                        .status
                }
            }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(statuses.filter { $0 == 200 }.count == 1)
        #expect(statuses.allSatisfy { [200, 400, 503].contains($0) })
        let names = try await here.definitions().items.compactMap { $0.string("name") }
        #expect(names.count == 3, "\(names)")
        #expect(try await here.free().keys.filter { $0.hasSuffix(">middle") }.count == 1)
    }
}
