// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import StrictJSON
import Testing

/// What was decided where the documentation contradicts itself (digest section 5), and names (Q26).
@Suite("Decisions on contradictions")
struct DecisionTests {
    @Test("X1, X2: bare arrays, and the reference's words alone for what came of each item")
    func words() async throws {
        let t = try await ResourceStack.tenant("words")
        let reserved = try await t.reserve("w", "a")
        #expect(reserved.body.hasPrefix("[{") && reserved.statuses == ["ACQUIRED"])
        let token = try #require(reserved.item.string("releaseToken"))
        let released = try await t.unreserve("w", "a", token)
        #expect(released.body.hasPrefix("[{") && released.statuses == ["RELINQUISHED"])
        for answer in [reserved, released] {
            for word in ["\"results\"", "\"RESERVED\"", "\"UNRESERVED\"", "\"SUCCESS\""] {
                #expect(!answer.body.contains(word))
            }
        }
    }

    @Test("X3: the list of reservations is at two addresses, and the same at both")
    func twoLists() async throws {
        let t = try await ResourceStack.tenant("two-lists")
        for name in ["a", "b"] { try await t.take("w", name) }
        let (one, two) = (
            try await t.send(.get, "/api/v1/Reservation"),
            try await t.send(.get, "/api/v1/reservation/ACTIVEreservations")
        )
        #expect(one.body == two.body && one.body.hasPrefix(#"{"reservations":[{"#))
    }

    @Test("X5: what is not 200 is an object with an error; only what is 403 for a token is a list")
    func errorBodies() async throws {
        let t = try await ResourceStack.tenant("error-bodies")
        try await t.take("w", "a")
        try await t.set("limits", #"{"concurrent_reservations":1}"#)
        let answers = [
            400: try await t.reserve("w", " "), 401: try await t.with(key: "none").list(),
            404: try await t.delete("nothing"), 429: try await t.reserve("w", "b"),
        ]
        for (status, answer) in answers {
            #expect(answer.status == status && answer.root.kind == .object, "\(status)")
            #expect(!answer.error.isEmpty && answer.headers[.requestID] != nil, "\(status)")
            #expect(answer.root.string("requestId") == answer.headers[.requestID], "\(status)")
        }
        #expect(answers[400]?.error.contains("resource") == true)
        let forbidden = try await t.unreserve("w", "a", nil)
        #expect(forbidden.status == 403 && forbidden.root.kind == .array)
    }

    @Test(
        "X6: of a free resource any token, and none, is NOT_RESERVED and 200; of a held one it is looked at",
        arguments: [nil, "", "nonsense", "00000000-0000-4000-8000-000000000000"])
    func tokenOfFree(token: String?) async throws {
        let t = try await ResourceStack.tenant(
            "token-of-free", #"[{"name":"Printer","capacity":2,"blocks":["Ink"],"treePath":"Hall"}]"#)
        for name in ["a", "Printer", "Printer_1", "Printer_9", "Ink", "Hall"] {
            let free = try await t.unreserve("w", name, token)
            #expect(free.status == 200 && free.statuses == ["NOT_RESERVED"], "\(name)")
        }
        try await t.take("w", "a")
        try await t.take("w", "Printer")
        let before = try await t.contents()
        for name in ["a", "Printer", "Printer_0", "Ink", "Hall"] {
            let held = try await t.unreserve("w", name, token)
            #expect(held.status == 403 && held.statuses == ["DOESNT_OWN_RESERVATION"], "\(name)")
        }
        #expect(try await t.unreserve("w", "Printer_1", token).statuses == ["NOT_RESERVED"])
        try await t.expectUnchanged(since: before)
    }

    @Test("X7, X8: the right token of another requester is 200, any other 403; neither releases, both say why")
    func whose() async throws {
        let t = try await ResourceStack.tenant("whose", #"[{"name":"Printer","capacity":2,"blocks":["Ink"]}]"#)
        let wrong = "00000000-0000-4000-8000-000000000000"
        for name in ["a", "Printer"] {
            let token = try await t.take("w1", name)
            let before = try await t.contents()
            for (who, sent, status) in [
                ("w2", token, 200), ("W1", token, 200), ("w1", wrong, 403), ("w2", wrong, 403), ("w1", "", 403),
                ("w1", token + "0", 403), ("w1", String(token.dropLast()), 403),
            ] {
                let answer = try await t.unreserve(who, name, sent)
                #expect(answer.status == status && answer.statuses == ["DOESNT_OWN_RESERVATION"], "\(name) \(who)")
                #expect(answer.item.isNull("released"))
                let explanation = answer.item.string("explanation") ?? ""
                #expect(explanation.lowercased().contains(status == 403 ? "token" : "requester"), "\(explanation)")
            }
            try await t.expectUnchanged(since: before)
            #expect(try await t.release("w1", name, token.uppercased()).isEmpty == false)
        }
    }

    @Test("X9: a plain name is never NOT_VALID, not even one that looks like a slot")
    func plainNames() async throws {
        let t = try await ResourceStack.tenant("plain-is-valid")
        for registered in [false, true] {
            if registered { try await t.define(#"[{"name":"Pool","capacity":2},{"name":"One"}]"#) }
            for name in ["Printer_0", "Printer_99", "One_0", "One_1", "Pool_", "Pool_x", "x"] {
                #expect(try await t.status("w", name) == (registered ? "ALREADY_HAD" : "ACQUIRED"), "\(name)")
            }
        }
    }

    @Test("X10: at the limit of concurrent reservations only new ones are refused")
    func concurrency() async throws {
        let t = try await ResourceStack.tenant("at-the-limit", #"[{"name":"Printer","capacity":3}]"#)
        var tokens: [String] = []
        for name in ["a", "Printer", "b"] { tokens.append(try await t.take("w", name)) }
        try await t.set("limits", #"{"concurrent_reservations":2}"#)
        #expect(try await t.reserve("w", "c").status == 429)
        #expect(try await t.status("w", "a") == "ALREADY_HAD")
        #expect(try await t.status("x", "a") == "ALREADY_HELD")
        #expect(try await t.renew("w", "a", tokens[0], ttlSeconds: 600).statuses == ["RENEWED"])
        #expect(try await t.list().status == 200)
        for (name, token) in zip(["a", "Printer"], tokens) { try await t.release("w", name, token) }
        #expect(try await t.status("w", "c") == "ACQUIRED")
        #expect(try await t.reserve("w", "d").status == 429)
        #expect(try await t.releaseAll(of: "w").item.int("released") == 2)
    }

    @Test("X11: a success repeats its status; a refusal says in words what is in the way")
    func explanations() async throws {
        let t = try await ResourceStack.tenant(
            "explanations",
            #"""
            [{"name":"Printer","capacity":2,"blocks":["Ink"],"treePath":"Office"},{"name":"Office","capacity":2},
             {"name":"Pool","capacity":2},{"name":"Leaf","treePath":"Root"}]
            """#)
        for (who, name) in [("w1", "Pool"), ("w2", "Pool"), ("w1", "Ink"), ("w1", "Root"), ("w1", "plain")] {
            let answer = try await t.reserve(who, name)
            #expect(answer.item.string("explanation") == "ACQUIRED")
        }
        #expect(try await t.reserve("w1", "plain").item.string("explanation") == "ALREADY_HAD")
        for (name, words) in [
            ("Pool", ["Pool"]), ("Printer", ["Ink", "w1"]), ("Leaf", ["Root", "w1"]), ("plain", ["plain", "w1"]),
            ("Pool_0", ["Pool_0", "w1"]), ("Pool_5", ["Pool_5"]),
        ] {
            let explanation = try await t.reserve("w3", name).item.string("explanation") ?? ""
            for word in words { #expect(explanation.contains(word), "\(name): \(explanation)") }
            #expect(explanation.contains(" "), "\(name): \(explanation)")
        }
        let free = try await t.unreserve("w1", "nobody's", nil)
        #expect(free.item.string("explanation") == "NOT_RESERVED")
    }

    @Test("Q14: a resource of one unit that another holds is ALREADY_HELD; whatever else is in the way, NOT_AVAILABLE")
    func refusals() async throws {
        let t = try await ResourceStack.tenant(
            "refusals",
            #"""
            [{"name":"One"},{"name":"Pool","capacity":2},{"name":"Blocked","blocks":["One"]},
             {"name":"Leaf","treePath":"Root"}]
            """#)
        for (who, name) in [("w1", "One"), ("w1", "Pool"), ("w2", "Pool"), ("w1", "Root"), ("w1", "plain")] {
            try await t.take(who, name)
        }
        for (name, status, obstacles) in [
            ("One", "ALREADY_HELD", [["One", "RESOURCE", "w1"]]),
            ("plain", "ALREADY_HELD", [["plain", "RESOURCE", "w1"]]),
            ("Pool_1", "ALREADY_HELD", [["Pool_1", "RESOURCE", "w2"]]),
            ("Pool", "NOT_AVAILABLE", [["Pool", "RESOURCE", nil]]),
            ("Blocked", "NOT_AVAILABLE", [["One", "BLOCKER", "w1"]]),
            ("Leaf", "NOT_AVAILABLE", [["Root", "ANCESTOR", "w1"]]),
        ] as [(String, String, [[String?]])] {
            let answer = try await t.reserve("w3", name)
            #expect(answer.statuses == [status], "\(name)")
            let found = answer.item.member("blockedBy").map { Array($0.elements) } ?? []
            #expect(
                found.map { [$0.string("name"), $0.string("kind"), $0.string("holder")] } == obstacles, "\(name)")
        }
    }
}
