// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import Reservations
import SharedKernel
import StrictJSON
import TestSupport
import Testing

@Suite("Answers that go on as event streams")
struct EventStreamAnswerTests {
    /// Holds the data of a frame against the document, and returns the frame as text.
    private static func frame(_ letter: String, _ value: String, number: Int64 = 1_778_673_660_000_123) throws -> String
    {
        let event = try #require(
            LockEvent(number: number, letter: [UInt8](letter.utf8), value: [UInt8](value.utf8)))
        let frame = EventFrame(event: event, tenant: try #require(TenantID("acme")))
        let text = String(decoding: frame.bytes, as: UTF8.self)
        let data = try #require(text.firstMatch(of: /\ndata: (.*)\n\n$/)?.1)
        let document = try OpenAPIDocument(.reservation)
        let schema = try document.target(of: "#/components/schemas/ResourceEvent")
        let problems = SchemaCheck.problems(
            of: try JSONDocument.parse([UInt8](data.utf8)).root, against: schema, in: document, at: "data")
        #expect(problems.isEmpty, "\(problems) in \(data)")
        return text
    }

    @Test("an event has its name, its number, and all that is known of it in one line")
    func frames() throws {
        let plain = try Self.frame("A", "a \"b\" é\nw\ngpu\nci\n1778673720000")
        let known = #""tenantId":"acme","resource":"a \"b\" é","requester":"w","resourceType":"gpu""#
        #expect(
            plain == "event: RESERVED\nid: 1778673660000123\ndata: "
                + #"{"eventId":"1778673660000123","eventType":"RESERVED","timestamp":"2026-05-13T12:01:00.000Z","#
                + known + #","apiKeyLabel":"ci","expiresAt":"2026-05-13T12:02:00.000Z","slot":null,"#
                + #""blockers":null,"released":null,"reason":null}"# + "\n\n")
        let pool = try Self.frame("A", "P\nw\ngpu\nci\n9999999999999\nP_0\nB\tC")
        #expect(
            pool.contains(
                #""expiresAt":null,"slot":"P_0","blockers":["B","C"],"released":null,"reason":null}"#))
        let kinds = [("R", "UNRESERVED", "release"), ("B", "UNRESERVED", "bulk"), ("F", "UNRESERVED", "forced")]
        for (letter, name, reason) in kinds + [("X", "RESERVATION_EXPIRED", "expired")] {
            let text = try Self.frame(letter, "P\nw\ngpu\nci\n9999999999999\nP_0\nP_0\tB")
            #expect(text.hasPrefix("event: \(name)\n"))
            #expect(text.contains(#""slot":"P_0","blockers":null,"released":["P_0","B"],"reason":"\#(reason)"}"#))
            #expect(try Self.frame(letter, "x\nw\ngpu\nci\n9999999999999").contains(#""released":["x"]"#))
            #expect(try Self.frame(letter, "x\nw\ngpu\nci\n9999999999999\n\nx\tN").contains(#""released":["x","N"]"#))
        }
    }

    @Test(
        "what is no event is none",
        arguments: [
            ("Q", "x\nw\nk\nl\n1"), ("", "x\nw\nk\nl\n1"), ("AA", "x\nw\nk\nl\n1"), ("A", ""), ("A", "x\nw\nk\nl"),
            ("A", "x\nw\nk\nl\nsoon"), ("A", "x\nw\nk\nl\n1\ns"), ("A", "x\nw\nk\nl\n1\ns\nn\nm"),
        ])
    func malformed(letter: String, value: String) {
        #expect(LockEvent(number: 1, letter: [UInt8](letter.utf8), value: [UInt8](value.utf8)) == nil)
    }

    @Test("the answer is as described, takes a place, and counts as an operation; beyond the quota there is none")
    func answer() async throws {
        let t = try await ResourceStack.tenant("event-stream")
        let first = try await t.send(.get, "/api/v1/events")
        #expect(first.status == 200 && first.body == ": connected\n\n")
        #expect(first.headers[.cacheControl] == "no-store" && first.headers[.contentLength] == nil)
        #expect(try await t.send(.get, "/API/V1/Events").status == 200)
        try await t.set("limits", #"{"event_streams":2}"#)
        let refused = try await t.send(.get, "/api/v1/events")
        #expect(refused.status == 429 && refused.root.string("limitType") == "SSE_CONNECTIONS")
        #expect(refused.root.int("limit") == 2 && refused.root.string("code") == "LIMIT_EXCEEDED")
        let wait = try #require(refused.root.int("retryAfter"))
        #expect((1...61).contains(wait) && refused.headers[.retryAfter] == "\(wait)")
        try await t.set("limits", #"{"operations_per_day":0}"#)
        #expect(try await t.send(.get, "/api/v1/events").root.string("limitType") == "OPS_PER_DAY")
        #expect(try await t.with(key: "nonsense").send(.get, "/api/v1/events").status == 401)
    }
}

@Suite("A tenant's tag")
struct TenantTagTests {
    @Test("it has a letter, a number, and marks in their order")
    func sound() {
        let tag = TenantTag([UInt8]("S1700000000000000hw".utf8))
        #expect(tag?.status == .suspended && tag?.epoch == 1_700_000_000_000_000)
        #expect(tag?.marks == [.resourceEvents, .liveStreams])
        #expect(TenantTag([UInt8]("A1".utf8))?.marks == [] && TenantTag([UInt8]("C1w".utf8))?.marks == [.liveStreams])
    }

    @Test(
        "everything else is none",
        arguments: ["", "A", "1", "X1", "A1wh", "A1ww", "A1x", "A1h2", "Ah", "a1", "A-1", "A99999999999999999999"])
    func unsound(text: String) { #expect(TenantTag([UInt8](text.utf8)) == nil) }
}
