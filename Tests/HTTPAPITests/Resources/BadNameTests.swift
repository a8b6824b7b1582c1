// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import StrictJSON
import Testing

/// Every name that a request may have in it, and what is none.
@Suite("Names in requests")
struct BadNameTests {
    /// A place for a name: the path, the body with `NAME` in it, and how the error names it.
    struct Place: Sendable, CustomTestStringConvertible {
        let path: String
        let body: String
        let field: String

        var testDescription: String { "\(path) \(field)" }

        /// The body with a name, as it stands in JSON.
        func body(_ name: String) -> String {
            body.split(separator: "NAME", omittingEmptySubsequences: false).joined(separator: name)
        }
    }

    private static let ok = #"{"requester":"w","resource":"a"}"#

    static let places: [Place] = [
        Place(
            path: "Reservation/reserve", body: #"[\#(ok),{"requester":"NAME","resource":"b"}]"#,
            field: "[1].requester"),
        Place(
            path: "Reservation/reserve", body: #"[\#(ok),{"requester":"w","resource":"NAME"}]"#, field: "[1].resource"),
        Place(path: "Reservation/unreserve", body: #"{"requester":"NAME","resource":"b"}"#, field: "requester"),
        Place(
            path: "Reservation/unreserve", body: #"[\#(ok),{"requester":"w","resource":"NAME"}]"#, field: "[1].resource"
        ),
        Place(
            path: "Reservation/renew", body: #"[{"requester":"w","resource":"NAME","ttlSeconds":1}]"#,
            field: "[0].resource"),
        Place(
            path: "Reservation/transactions",
            body: #"[{"method":"FIRST","requests":[\#(ok),{"requester":"w","resource":"NAME"}]}]"#,
            field: "[0].requests[1].resource"),
        Place(
            path: "Reservation/transactions",
            body: #"{"method":"FIRST","requestType":"UNRESERVE","requests":[{"requester":"NAME","resource":"a"}]}"#,
            field: "requests[0].requester"),
        Place(path: "Reservation/check", body: #"{"resources":["a","NAME"]}"#, field: "resources[1]"),
        Place(path: "Resource/register", body: #"[{"name":"Good"},{"name":"NAME"}]"#, field: "[1].name"),
        Place(path: "Resource/register", body: #"[{"name":"Good","blocks":["a","NAME"]}]"#, field: "[0].blocks[1]"),
        Place(path: "Resource/register", body: #"{"name":"Good","treePath":"Root>NAME"}"#, field: "treePath"),
    ]

    /// What is no name, as it stands in JSON.
    private static let bad: [String] = [
        "", " ", "   ", #"\u2003\u3000"#, #"a\u0001"#, #"\n"#, #"a\tb"#, #"\u001f"#, #"a\u007f"#, #"a\u0080"#,
        #"\u009fb"#, String(repeating: "x", count: 257), String(repeating: "\u{E9}", count: 128) + "x",
        String(repeating: "\u{1F600}", count: 65),
    ]

    /// Names of every kind, as they stand in JSON.
    private static let good: [String] = [
        "x", " x ", "\u{E9}", "e\u{301}", #"\u00e9"#, "\u{1F600}", #"\ud83d\ude00"#, "-", "'", #"\""#, #"\\"#, "%",
        "*", "[a]", "{b}", ":", "a:k:b", "\u{A0}x", "\u{FEFF}x", "\u{200B}", "\u{202E}x", "\u{10FFFF}",
        String(repeating: "x", count: 256), String(repeating: "\u{E9}", count: 128),
        String(repeating: "\u{1F600}", count: 64),
    ]

    @Test(
        "Q26: a name is 1 to 256 bytes, not blank, without control characters: else 400 names it; nothing changes",
        arguments: places)
    func bad(place: Place) async throws {
        let t = try await ResourceStack.tenant("bad-names", #"[{"name":"Printer"}]"#)
        let before = try await t.contents()
        for name in Self.bad {
            let answer = try await t.send(.post, "/api/v1/" + place.path, place.body(name))
            #expect(answer.status == 400, "\(name)")
            #expect(answer.error.hasPrefix(place.field + ":"), "\(name): \(answer.error)")
            try await t.expectUnchanged(since: before, "\(name)")
        }
    }

    @Test(
        "Q26: half of a surrogate pair is no character, nor is NUL: 400 that names item and field; nothing changes",
        arguments: places)
    func surrogates(place: Place) async throws {
        let t = try await ResourceStack.tenant("surrogates")
        let before = try await t.contents()
        for name in [#"a\ud800"#, #"\udc00b"#, #"\ud800\ud800"#, #"\ude00\ud83d"#, #"\u0000"#] {
            let answer = try await t.send(.post, "/api/v1/" + place.path, place.body(name))
            #expect(answer.status == 400, "\(name)")
            #expect(answer.error.hasPrefix(place.field + ":"), "\(name): \(answer.error)")
            try await t.expectUnchanged(since: before, "\(name)")
        }
    }

    @Test("Q26: whatever else a name has in it, up to 256 bytes, is taken", arguments: places)
    func good(place: Place) async throws {
        let t = try await ResourceStack.tenant("good-names")
        for name in Self.good {
            let answer = try await t.send(.post, "/api/v1/" + place.path, place.body(name))
            #expect(answer.status == 200, "\(name): \(answer.body)")
        }
    }

    @Test(
        "Q26: names in paths are held to the same rules, and what is not percent-encoded UTF-8 is refused",
        arguments: [
            (HTTPRequest.Method.get, "/api/v1/Reservation/check/", "resource"),
            (.get, "/api/v1/Resource/available/", "resource"), (.delete, "/api/v1/Reservation/requester/", "requester"),
            (.delete, "/api/v1/Resource/", "name"),
        ])
    func paths(method: HTTPRequest.Method, path: String, field: String) async throws {
        let t = try await ResourceStack.tenant("names-in-paths")
        let x = String(repeating: "x", count: 256)
        for (segment, place) in [
            ("%20", field), ("%00", field), ("a%0A", field), ("%C2%85x", field), (x + "x", field), ("%E3%80%80", field),
            ("%", "path"), ("%4", "path"), ("%GG", "path"), ("%FF", "path"), ("%C3", "path"), ("%ED%A0%80", "path"),
        ] {
            let answer = try await t.send(method, path + segment)
            #expect(answer.status == 400 && answer.error.hasPrefix(place + ":"), "\(segment): \(answer.error)")
        }
        for segment in [x, "%C3%A9", "e%CC%81", "a%2Fb", "%20x%20", "a+b", "%25", "a%3Fb%23"] {
            let answer = try await t.send(method, path + segment, described: path + "x")
            #expect([200, 404].contains(answer.status), "\(segment): \(answer.body)")
        }
    }

    @Test("Q26: a pool with the longest name there may be has slots, though their names are longer than any may be")
    func longestPool() async throws {
        let name = String(repeating: "\u{E9}", count: 128)
        let t = try await ResourceStack.tenant("longest-pool", #"[{"name":"\#(name)","capacity":10000}]"#)
        let answer = try await t.reserve("w", name)
        #expect(answer.item.slots == [name: name + "_0"])
        #expect(try await t.reserve("w", name + "_1").status == 400)
        #expect(try await t.list().root.member("reservations")?.elements.first { _ in true }?.string("slot") != nil)
        let token = try #require(answer.item.string("releaseToken"))
        #expect(try await t.release("w", name, token) == [name + "_0"])
    }

    @Test("Q26: names are compared byte for byte, in every place: composed and decomposed spellings are two")
    func normalisation() async throws {
        let t = try await ResourceStack.tenant("normalisation")
        let (one, two) = ("Caf\u{E9}", "Cafe\u{301}")
        try await t.define(
            #"[{"name":"\#(one)","capacity":2,"blocks":["\#(two)"]},{"name":"Leaf","treePath":"\#(two)>Mid"}]"#)
        #expect(try await t.definitions().items.count == 4)
        #expect(try await t.reserve("w\u{E9}", one).statuses == ["ACQUIRED"])
        #expect(try await t.status("we\u{301}", "\(one)_0") == "ALREADY_HELD", "another requester")
        #expect(try await t.isReserved(two) == true, "its blocker")
        #expect(try await t.status("w", "Leaf") == "NOT_AVAILABLE", "and an ancestor of something")
        #expect(try await t.status("w", "\(two)_0") == "ACQUIRED", "no slot: that one is no pool")
        #expect(try await t.releaseAll(of: "we\u{301}").item.int("released") == 0)
        #expect(try await t.releaseAll(of: "w\u{E9}").item.int("released") == 1)
        #expect(try await t.status("w", "Leaf") == "ACQUIRED")
        #expect(try await t.isReserved(one) == false)
        for (name, status) in [("caf\u{E9}", 404), (one, 200), (two, 400)] {
            #expect(try await t.delete(name).status == status)
        }
        // Echoes have the bytes that were sent.
        for name in [one, two] {
            let answer = try await t.reserve("x", name + "!")
            #expect(answer.item.string("resource").map { Array($0.utf8) } == Array((name + "!").utf8))
            #expect(answer.item.string("status") == "ACQUIRED")
        }
    }
}
