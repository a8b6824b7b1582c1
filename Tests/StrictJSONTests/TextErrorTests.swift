// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import StrictJSON
import Testing

@Suite("What is wrong inside of a text")
struct TextErrorTests {
    private func message(_ body: String) -> String {
        let bytes = [UInt8](body.utf8)
        do {
            _ = try JSONDocument.parse(bytes)
            return "accepted"
        } catch {
            return error.message(of: bytes)
        }
    }

    @Test(
        "names its field, however deep it is and whatever comes before",
        arguments: [
            (#"{"a":"\ud800"}"#, "a: lone surrogate at byte 6"),
            (#"[{"a":1},{"b":["x,]}","\ud800"]}]"#, "[1].b[1]: lone surrogate at byte 23"),
            (#"{"a":{"b\"c":"\q"}}"#, "a.b\\u{5c}\"c: invalid escape at byte 15"),
            (#"["\udc00"]"#, "[0]: lone surrogate at byte 2"),
        ])
    func namesTheField(body: String, expected: String) {
        #expect(message(body) == expected)
    }

    @Test("has no field in a key, nor at the root", arguments: [#"{"\ud800":1}"#, #""\ud800""#])
    func hasNone(body: String) {
        #expect(message(body).hasPrefix("invalid JSON at byte "))
    }
}
