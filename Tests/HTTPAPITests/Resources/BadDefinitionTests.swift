// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import StrictJSON
import Testing

@Suite("Bounds of definitions and lists")
struct BadDefinitionTests {
    /// A good definition before the one in question, so that a place in the list can be told.
    private static let good = #"{"name":"Good","capacity":2}"#

    /// Every registration of these is refused at its place, and nothing of it is done.
    private func expectRefusals(_ cases: [(item: String, field: String)]) async throws {
        let t = try await ResourceStack.tenant("bad-definitions", #"[{"name":"Printer","treePath":"Office"}]"#)
        let before = try await t.contents()
        for (item, field) in cases {
            let answer = try await t.register("[\(Self.good),\(item)]")
            #expect(answer.status == 400, "\(item.prefix(200))")
            #expect(answer.error.hasPrefix("[1].\(field):"), "\(item.prefix(200)): \(answer.error)")
            try await t.expectUnchanged(since: before, "\(item.prefix(200))")
        }
    }

    private func names(_ count: Int) -> String {
        (0..<count).map { #""b\#($0)""# }.joined(separator: ",")
    }

    private func path(_ count: Int) -> String { (0..<count).map { "n\($0)" }.joined(separator: ">") }

    @Test("Q26: a capacity is an integer from 1 to 10000")
    func capacity() async throws {
        let bad = ["0", "-1", "10001", "99999999999999999999", "1.5", "1.0", "1e3", #""3""#, "true", "[1]", "{}"]
        try await expectRefusals(bad.map { (#"{"name":"P","capacity":\#($0)}"#, "capacity") })
        let t = try await ResourceStack.tenant("good-capacities")
        for capacity in [1, 2, 10_000] {
            try await t.define(#"{"name":"P\#(capacity)","capacity":\#(capacity)}"#)
            #expect(try await t.free()["P\(capacity)"] == Int64(capacity))
        }
        #expect(try await t.reserve("w", "P10000_9999").statuses == ["ACQUIRED"])
        #expect(try await t.reserve("w", "P10000_10000").statuses == ["NOT_VALID"])
    }

    @Test("Q26: at most 64 blockers, all of them names")
    func blockers() async throws {
        try await expectRefusals([
            (#"{"name":"P","blocks":[\#(names(65))]}"#, "blocks"), (#"{"name":"P","blocks":"b"}"#, "blocks"),
            (#"{"name":"P","blocks":{"b":1}}"#, "blocks"), (#"{"name":"P","blocks":["a",7]}"#, "blocks[1]"),
            (#"{"name":"P","blocks":[null]}"#, "blocks[0]"), (#"{"name":"P","blocks":["a","b",""]}"#, "blocks[2]"),
        ])
        let t = try await ResourceStack.tenant("many-blockers", #"[{"name":"P","blocks":[\#(names(64))]}]"#)
        let empty = try await t.contents()
        let answer = try await t.reserve("w", "P")
        #expect(answer.item.strings("acquiredBlockers")?.count == 64)
        #expect(try await t.release("w", "P", try #require(answer.item.string("releaseToken"))).count == 65)
        try await t.expectUnchanged(since: empty)
    }

    @Test("Q26: a registered name has no > in it, and a path no empty name")
    func dividers() async throws {
        try await expectRefusals([
            (#"{"name":"a>b"}"#, "name"), (#"{"name":">"}"#, "name"), (#"{"name":"a\u003e"}"#, "name"),
            (#"{"name":"P","treePath":">a"}"#, "treePath"), (#"{"name":"P","treePath":"a>"}"#, "treePath"),
            (#"{"name":"P","treePath":"a>>b"}"#, "treePath"), (#"{"name":"P","treePath":"a> >b"}"#, "treePath"),
            (#"{"name":"P","treePath":">"}"#, "treePath"), (#"{"name":"P","treePath":" "}"#, "treePath"),
            (#"{"name":"P","treePath":7}"#, "treePath"), (#"{"name":"P","treePath":["a"]}"#, "treePath"),
            (#"{"name":"P","treePath":"a>P"}"#, "treePath"), (#"{"name":"P","treePath":"a>b>a"}"#, "treePath"),
        ])
        let t = try await ResourceStack.tenant("dividers")
        #expect(try await t.reserve("w", "a>b").statuses == ["ACQUIRED"], "any string may be reserved")
        #expect(try await t.reserve("w>v", ">").statuses == ["ACQUIRED"])
        try await t.define(#"{"name":"P","blocks":["x>y"]}"#)
        #expect(try await t.reserve("w", "P").item.strings("acquiredBlockers") == ["x>y"])
    }

    @Test("Q26: a tree is at most 32 deep, however it came to be so deep")
    func depth() async throws {
        try await expectRefusals([
            (#"{"name":"leaf","treePath":"\#(path(32))"}"#, "treePath"),
            (#"{"name":"leaf","treePath":"\#(path(400))"}"#, "treePath"),
        ])
        let t = try await ResourceStack.tenant("deep-trees", #"[{"name":"leaf","treePath":"\#(path(31))"}]"#)
        try await t.define(#"[{"name":"low","treePath":"n30"},{"name":"a","treePath":"b>c"}]"#)
        let before = try await t.contents()
        for (item, place) in [
            (#"{"name":"x","treePath":"leaf"}"#, "treePath"),
            (#"{"name":"x","treePath":"\#(path(31))>leaf"}"#, "treePath"),
            (#"{"name":"n0","treePath":"top"}"#, "treePath"), (#"{"name":"x","treePath":"top>n0"}"#, "treePath"),
            (#"{"name":"b","treePath":"n30"}"#, "treePath"), (#"{"name":"b","treePath":"n29"}"#, "treePath"),
        ] {
            let answer = try await t.register("[\(Self.good),\(item)]")
            #expect(answer.status == 400 && answer.error.hasPrefix("[1].\(place):"), "\(item): \(answer.error)")
            try await t.expectUnchanged(since: before, "\(item)")
        }
        try await t.define(#"{"name":"b","treePath":"n28"}"#)
        #expect(try await t.definition("a")?.string("treePath") == path(29) + ">b>c")
    }

    @Test(
        "Q26: lists of at most 1000 items, transactions of at most 100",
        arguments: [
            ("Reservation/reserve", "[", #"{"requester":"w","resource":"#, "}", "]", 1_000, "body"),
            ("Reservation/unreserve", "[", #"{"requester":"w","resource":"#, "}", "]", 1_000, "body"),
            ("Reservation/renew", "[", #"{"requester":"w","ttlSeconds":9,"resource":"#, "}", "]", 1_000, "body"),
            (
                "Reservation/transactions", #"{"method":"ALL_OR_NONE","requests":["#,
                #"{"requester":"w","resource":"#, "}", "]}", 100, "requests"
            ),
            (
                "Reservation/transactions", #"[{"method":"FIRST","requestType":"UNRESERVE","requests":["#,
                #"{"requester":"w","resource":"#, "}", "]}]", 100, "[0].requests"
            ),
            (
                "Reservation/transactions", "[", #"{"method":"FIRST","requests":[{"requester":"w","resource":"#, "}]}",
                "]", 1_000, "body"
            ),
            ("Reservation/check", #"{"resources":["#, "", "", "]}", 1_000, "resources"),
            ("Resource/register", "[", #"{"name":"#, "}", "]", 1_000, "body"),
        ])
    func lists(
        path: String, before: String, head: String, tail: String, after: String, most: Int, place: String
    ) async throws {
        let t = try await ResourceStack.tenant("lists")
        let body = { (count: Int) in
            before + (0..<count).map { #"\#(head)"r\#($0)"\#(tail)"# }.joined(separator: ",") + after
        }
        let contents = try await t.contents()
        let refused = try await t.send(.post, "/api/v1/" + path, body(most + 1))
        #expect(refused.status == 400 && refused.error.hasPrefix(place + ":"), "\(refused.error)")
        #expect(refused.error.contains("\(most)"))
        let none = try await t.send(.post, "/api/v1/" + path, body(0))
        #expect(none.status == 400 && none.error.hasPrefix(place + ":"), "\(none.error)")
        try await t.expectUnchanged(since: contents)
        let full = try await t.send(.post, "/api/v1/" + path, body(most))
        #expect(full.status == 200, "\(full.body.prefix(300))")
    }

    @Test(
        "Q26: a time to live is a whole number of seconds from 1 to a hundred years; a type is a name, and optional",
        arguments: [
            (
                "ttlSeconds", ["0", "-1", "1.0", "1e2", "3153600001", #""5""#, "true", "[]"],
                ["1", "3153600000", "null"]
            ),
            (
                "resourceType", ["7", "[]", #""a\n""#, #""\#(String(repeating: "x", count: 257))""#],
                [#""""#, #"" ""#, #""Machine""#, #""\#(String(repeating: "x", count: 256))""#, "null"]
            ),
            ("dryRun", ["1", #""true""#, "{}"], ["true", "false", "null"]),
            ("waitSeconds", ["5"], ["null"]),
        ])
    func fields(field: String, bad: [String], good: [String]) async throws {
        let t = try await ResourceStack.tenant("fields")
        let before = try await t.contents()
        let item = { (value: String) in #"{"requester":"w","resource":"a","\#(field)":\#(value)}"# }
        for value in bad {
            let answer = try await t.reserve(#"[{"requester":"w","resource":"b"},\#(item(value))]"#)
            #expect(answer.status == 400 && answer.error.hasPrefix("[1].\(field):"), "\(value): \(answer.error)")
            let inside = try await t.transact("FIRST", "RESERVE", item(value))
            #expect(inside.status == 400 && inside.error.hasPrefix("[0].requests[0].\(field):"), "\(inside.error)")
            try await t.expectUnchanged(since: before, "\(value)")
        }
        for value in good { #expect(try await t.reserve(item(value)).status == 200, "\(value)") }
    }
}
