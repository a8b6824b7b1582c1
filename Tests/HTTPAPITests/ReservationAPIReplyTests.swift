// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import SharedKernel
import Testing

@Suite("Answers of the Reservation API")
struct ReservationAPIReplyTests {
    private let token = "a3f8c2d1-4b5e-4c6d-8e7f-0123456789ab"
    /// The items of a reply of 64 releases.
    private static let relinquished = (0..<64).flatMap { _ in ["RELINQUISHED", ""] }

    private func body(_ step: Step) throws -> String {
        String(decoding: try ReservationAPICall.response(step).body, as: UTF8.self)
    }

    private func reserve(_ words: [String]) throws -> Step {
        try ReservationAPICall.next(try ReservationAPICall.reserve(#"{"requester":"w1","resource":"a"}"#), words)
    }

    private func unreserve(_ words: [String]) throws -> Step {
        try ReservationAPICall.next(try ReservationAPICall.unreserve(#"{"requester":"w1","resource":"a"}"#), words)
    }

    @Test("An acquired resource: every documented field, the token, the instant in UTC")
    func acquired() throws {
        let step = try reserve(
            ["ITEMS", "1778673600000", "ACQUIRED", "1778673660250", "1778673600000000", token, "w1"])
        #expect(
            try body(step) == """
                [{"resource":"a","requester":"w1","status":"ACQUIRED","explanation":"ACQUIRED",\
                "releaseToken":"\(token)","expiresAt":"2026-05-13T12:01:00.250Z","acquiredSlots":null,\
                "acquiredBlockers":null,"reservedAtPath":null,"fencingToken":1778673600000000}]
                """)
    }

    @Test("A resource the requester has already: its token, no instant when it never ends")
    func alreadyHad() throws {
        let step = try reserve(
            ["ITEMS", "1778673600000", "ALREADY_HAD", "9999999999999", "1778673600000000", token, "w1"])
        #expect(
            try body(step) == """
                [{"resource":"a","requester":"w1","status":"ALREADY_HAD","explanation":"ALREADY_HAD",\
                "releaseToken":"\(token)","expiresAt":null,"acquiredSlots":null,\
                "acquiredBlockers":null,"reservedAtPath":null,"fencingToken":1778673600000000}]
                """)
    }

    @Test("A resource of somebody else: who holds it and until when, and no token even if the script gave one")
    func alreadyHeld() throws {
        for (expires, until) in [("1778673660000", #""2026-05-13T12:01:00.000Z""#), ("9999999999999", "null")] {
            let step = try reserve(
                ["ITEMS", "1778673600000", "ALREADY_HELD", expires, "1778673600000000", token, "w\"2"])
            #expect(try ReservationAPICall.response(step).status == .ok)
            #expect(
                try body(step) == """
                    [{"resource":"a","requester":"w1","status":"ALREADY_HELD",\
                    "explanation":"'a' is held by 'w\\"2'","releaseToken":null,"expiresAt":null,\
                    "acquiredSlots":null,"acquiredBlockers":null,"reservedAtPath":null,"fencingToken":null,\
                    "blockedBy":[{"name":"a","kind":"RESOURCE","holder":"w\\"2","until":\(until)}]}]
                    """)
        }
    }

    @Test("A suspended or closed tenant is forbidden to reserve, a closed one to release")
    func tenantRefusals() throws {
        let refusals = [try reserve(["SUSPENDED"]), try reserve(["CLOSED"]), try unreserve(["CLOSED"])]
        for step in refusals {
            let error = try ReservationAPICall.refusal(step)
            #expect(error.status == .forbidden)
            #expect(error.code == "FORBIDDEN")
        }
    }

    @Test("A released resource is listed, one that was free is a success without a list")
    func released() throws {
        let relinquished = try unreserve(["ITEMS", "RELINQUISHED", ""])
        #expect(try ReservationAPICall.response(relinquished).status == .ok)
        #expect(
            try body(relinquished) == """
                [{"resource":"a","requester":"w1","status":"RELINQUISHED",\
                "explanation":"RELINQUISHED","released":["a"]}]
                """)
        let free = try unreserve(["ITEMS", "NOT_RESERVED", ""])
        #expect(try ReservationAPICall.response(free).status == .ok)
        #expect(
            try body(free) == """
                [{"resource":"a","requester":"w1","status":"NOT_RESERVED","explanation":"NOT_RESERVED","released":null}]
                """)
    }

    @Test("What was taken along and became free is listed after the name that was held")
    func releasedAlong() throws {
        let step = try unreserve(["ITEMS", "RELINQUISHED", "a_1\tInk\tEquipment"])
        #expect(
            try body(step) == """
                [{"resource":"a","requester":"w1","status":"RELINQUISHED",\
                "explanation":"RELINQUISHED","released":["a_1","Ink","Equipment"]}]
                """)
    }

    @Test("A wrong token is 403 with the items in the body; a right one of another requester is 200")
    func notReleased() throws {
        let badToken = try unreserve(["ITEMS", "BAD_TOKEN", ""])
        #expect(try ReservationAPICall.response(badToken).status == .forbidden)
        #expect(
            try body(badToken) == """
                [{"resource":"a","requester":"w1","status":"DOESNT_OWN_RESERVATION",\
                "explanation":"releaseToken is missing or malformed: 'a' stays reserved","released":null}]
                """)
        let notOwner = try unreserve(["ITEMS", "NOT_OWNER", ""])
        #expect(try ReservationAPICall.response(notOwner).status == .ok)
        #expect(
            try body(notOwner) == """
                [{"resource":"a","requester":"w1","status":"DOESNT_OWN_RESERVATION",\
                "explanation":"'a' is held by another requester","released":null}]
                """)
    }

    @Test(
        "Check names the one holder, or null",
        arguments: [
            (["ITEMS", "HELD", "w1"], #"{"resource":"a","isReserved":true,"holder":"w1"}"#),
            (["ITEMS", "HELD", ""], #"{"resource":"a","isReserved":true,"holder":null}"#),
            (["ITEMS", "FREE", ""], #"{"resource":"a","isReserved":false,"holder":null}"#),
        ])
    func check(words: [String], expected: String) throws {
        let step = try ReservationAPICall.plan(.get, "/api/v1/Reservation/check/a")
        #expect(try body(try ReservationAPICall.next(step, words)) == expected)
    }

    @Test("Availability is a bare true or false")
    func available() throws {
        let step = try ReservationAPICall.plan(.get, "/api/v1/Resource/available/a")
        #expect(try body(try ReservationAPICall.next(step, ["ITEMS", "HELD", "w1"])) == "false")
        #expect(try body(try ReservationAPICall.next(step, ["ITEMS", "FREE", ""])) == "true")
    }

    @Test("65 items take two calls, and one refused token in the second makes the whole 403")
    func twoCalls() throws {
        let items = (0..<65).map { #"{"requester":"w1","resource":"r\#($0)"}"# }.joined(separator: ",")
        let first = try ReservationAPICall.unreserve("[\(items)]")
        #expect(try ReservationAPICall.arguments(first).count == 2 + 3 * 64)
        let second = try ReservationAPICall.next(first, ["ITEMS"] + Self.relinquished)
        #expect(try ReservationAPICall.arguments(second) == ["A1", "0", "w1", "r64", ""])
        let response = try ReservationAPICall.response(try ReservationAPICall.next(second, ["ITEMS", "BAD_TOKEN", ""]))
        #expect(response.status == .forbidden)
        #expect(String(decoding: response.body, as: UTF8.self).contains(#""released":["r63"]"#))
    }

    @Test("A change of the tenant between two calls loses neither outcomes nor tokens")
    func resumed() throws {
        let items = (0..<65).map { #"{"requester":"w1","resource":"r\#($0)"}"# }.joined(separator: ",")
        let first = try ReservationAPICall.reserve("[\(items)]")
        let token = try ReservationAPICall.arguments(first)[6]
        let held = (0..<64).flatMap { ["ACQUIRED", "9999999999999", String(1 + $0), $0 == 0 ? token : "t", "w1"] }
        let second = try ReservationAPICall.next(first, ["ITEMS", "1"] + held)
        let sent = try ReservationAPICall.arguments(second)
        let again = try ReservationAPICall.resume(second, tag: "A2")
        #expect(try ReservationAPICall.arguments(again) == ["A2"] + sent[1...])
        let last = ["ITEMS", "1", "ACQUIRED", "9999999999999", "65", sent[6], "w1"]
        let body = try body(try ReservationAPICall.next(again, last))
        #expect(body.contains(token) && body.contains(#""fencingToken":1}"#) && body.contains(#""fencingToken":65"#))

        let release = try ReservationAPICall.unreserve("[\(items)]")
        let rest = try ReservationAPICall.next(release, ["ITEMS"] + Self.relinquished)
        let resumed = try ReservationAPICall.resume(rest, tag: "A2")
        #expect(try ReservationAPICall.arguments(resumed) == ["A2", "0", "w1", "r64", ""])
        let answer = try ReservationAPICall.response(
            try ReservationAPICall.next(resumed, ["ITEMS", "RELINQUISHED", ""]))
        #expect(String(decoding: answer.body, as: UTF8.self).contains(#""released":["r0"]"#))
    }

    @Test("A reply of another shape is a fault, not an answer")
    func malformed() throws {
        let check = try ReservationAPICall.plan(.get, "/api/v1/Reservation/check/a")
        for words in [
            ["STALE", "A2"], ["ITEMS", "1"], ["ITEMS"], ["ITEMS", "HELD"], ["ITEMS", "RELINQUISHED"],
            ["ITEMS", "1", ""],
        ] {
            #expect(throws: ScriptFault.self) { _ = try reserve(words) }
            #expect(throws: ScriptFault.self) { _ = try unreserve(words) }
            #expect(throws: ScriptFault.self) { _ = try ReservationAPICall.next(check, words) }
        }
    }
}
