// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import SharedKernel
import Testing

@Suite("Requests of the Reservation API")
struct ReservationAPIRequestTests {
    @Test(
        "A bad reserve body is refused as a whole, with the item and the field",
        arguments: [
            ("", "invalid JSON at byte 0: empty body"),
            ("null", "body: must be an array of items, or one item"),
            ("\"job\"", "body: must be an array of items, or one item"),
            ("[]", "body: must be an array of 1 to 1000 items"),
            ("[1]", "[0]: must be an object"),
            ("{}", "requester: is required"),
            (#"[{"requester":"w"}]"#, "[0].resource: is required"),
            (#"[{"resource":"a"}]"#, "[0].requester: is required"),
            (#"[{"requester":null,"resource":"a"}]"#, "[0].requester: is required"),
            (#"[{"requester":7,"resource":"a"}]"#, "[0].requester: must be a string"),
            (#"[{"requester":" ","resource":"a"}]"#, "[0].requester: is required and must not be blank"),
            (#"[{"requester":"w","resource":""}]"#, "[0].resource: is required and must not be blank"),
            (#"[{"requester":"w","resource":"a\n"}]"#, "[0].resource: must not contain control characters"),
            (#"[{"requester":"w","resource":"a\u0085b"}]"#, "[0].resource: must not contain control characters"),
            (
                #"[{"requester":"__system__","resource":"a"}]"#,
                "[0].requester: must not be the reserved requester __system__"
            ),
            (ok + #",{"requester":"w","resource":"a","ttlSeconds":0}]"#, ttlProblem),
            (ok + #",{"requester":"w","resource":"a","ttlSeconds":-1}]"#, ttlProblem),
            (ok + #",{"requester":"w","resource":"a","ttlSeconds":1.5}]"#, ttlProblem),
            (ok + #",{"requester":"w","resource":"a","ttlSeconds":"60"}]"#, ttlProblem),
            (ok + #",{"requester":"w","resource":"a","ttlSeconds":3153600001}]"#, ttlProblem),
            (ok + #",{"requester":"w","resource":"a","ttlSeconds":9223372036854775808}]"#, ttlProblem),
            (ok + #",{"requester":"w","resource":"a","resourceType":[]}]"#, "[1].resourceType: must be a string"),
            (
                ok + #",{"requester":"w","resource":"a","Resource":"b"}]"#,
                "[1].resource: is given twice in different spellings"
            ),
        ])
    func badReserve(body: String, message: String) throws {
        let error = try ReservationAPICall.refusal(try ReservationAPICall.reserve(body))
        #expect(error.status == .badRequest)
        #expect(error.message == message)
    }

    private static let ok = #"[{"requester":"w","resource":"a"}"#
    private static let ttlProblem = "[1].ttlSeconds: must be an integer from 1 to 3153600000"

    @Test("Names of 257 bytes are refused, of 256 taken")
    func longNames() throws {
        for (length, isTaken) in [(256, true), (257, false)] {
            let name = String(repeating: "x", count: length)
            for body in [#"{"requester":"\#(name)","resource":"a"}"#, #"{"requester":"w","resource":"\#(name)"}"#] {
                if case .call = try ReservationAPICall.reserve(body) {
                    #expect(isTaken)
                } else {
                    #expect(!isTaken)
                }
            }
        }
    }

    @Test(
        "A bad unreserve body is refused as a whole, with the item and the field",
        arguments: [
            ("", "invalid JSON at byte 0: empty body"),
            ("[]", "body: must be an array of 1 to 1000 items"),
            (#"[{"resource":"a","releaseToken":"t"}]"#, "[0].requester: is required"),
            (#"[{"requester":"w","releaseToken":"t"}]"#, "[0].resource: is required"),
            (#"[{"requester":"w","resource":"a","releaseToken":5}]"#, "[0].releaseToken: must be a string"),
            (#"{"requester":"__system__","resource":"a"}"#, "requester: must not be the reserved requester __system__"),
        ])
    func badUnreserve(body: String, message: String) throws {
        let error = try ReservationAPICall.refusal(try ReservationAPICall.unreserve(body))
        #expect(error.status == .badRequest)
        #expect(error.message == message)
    }

    @Test("A batch of 1000 items is taken, of 1001 refused")
    func batchLimit() throws {
        let item = #"{"requester":"w","resource":"a"}"#
        let full = "[" + Array(repeating: item, count: Limits.lockItemsMax).joined(separator: ",") + "]"
        let tooMany = "[" + Array(repeating: item, count: Limits.lockItemsMax + 1).joined(separator: ",") + "]"
        #expect(throws: Never.self) { _ = try ReservationAPICall.arguments(try ReservationAPICall.reserve(full)) }
        let error = try ReservationAPICall.refusal(try ReservationAPICall.reserve(tooMany))
        #expect(error.message == "body: must be an array of 1 to 1000 items")
    }

    @Test("A name in a path is checked like one in a body", arguments: ["%20", "a%0Ab", "%C2%85x"])
    func badCheck(name: String) throws {
        let step = try ReservationAPICall.plan(.get, "/api/v1/Reservation/check/" + name)
        #expect(try ReservationAPICall.refusal(step).message.hasPrefix("resource: "))
    }

    @Test("Keys match in any case, unknown ones are ignored, null is absent, one object is an array of one")
    func tolerance() throws {
        let step = try ReservationAPICall.reserve(
            #"{"REQUESTER":"w","Resource":"a","TtlSeconds":null,"resourcetype":null,"color":{"x":[1]}}"#)
        let words = try ReservationAPICall.arguments(step)
        #expect(words.dropLast() == ["A1", "main key", "w", "a", "0", "UserDefined"])
    }

    @Test("TTL goes to the script in milliseconds, the type as sent, a blank type as the default")
    func fields() throws {
        let step = try ReservationAPICall.reserve(
            """
            [{"requester":"w","resource":"a","ttlSeconds":3153600000,"resourceType":"Machine"},
             {"requester":"w","resource":"b","ttlSeconds":1,"resourceType":" "}]
            """)
        let words = try ReservationAPICall.arguments(step)
        #expect(words.count == 12)
        #expect(words[2...5] == ["w", "a", "3153600000000", "Machine"])
        #expect(words[7...10] == ["w", "b", "1000", "UserDefined"])
        #expect(words[6] != words[11])
    }

    @Test("A token is sent in lower case; a text that cannot be one is sent as none")
    func tokens() throws {
        let step = try ReservationAPICall.unreserve(
            """
            [{"requester":"w","resource":"a","releaseToken":"A3F8C2D1-4B5E-4C6D-8E7F-0123456789AB"},
             {"requester":"w","resource":"a","releaseToken":"\(String(repeating: "x", count: 5_000))"},
             {"requester":"w","resource":"a","releaseToken":null},{"requester":"w","resource":"a"}]
            """)
        let words = try ReservationAPICall.arguments(step)
        #expect(
            words == [
                "A1", "0", "w", "a", "a3f8c2d1-4b5e-4c6d-8e7f-0123456789ab", "w", "a", "", "w", "a", "", "w", "a", "",
            ])
    }

    @Test("Paths match in any case and a name may have an escaped slash")
    func paths() throws {
        let step = try ReservationAPICall.plan(.get, "/API/v1/reservation/CHECK/a%2Fb%20caf%C3%A9")
        #expect(try ReservationAPICall.arguments(step) == ["A1", "0", "0", "a/b café"])
    }
}
