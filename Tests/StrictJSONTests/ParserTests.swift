// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import StrictJSON
import Testing

@Suite("The parser")
struct ParserTests {
    private static func refusal(_ bytes: [UInt8], maxDepth: Int = 32) -> JSONSyntaxError? {
        do throws(JSONSyntaxError) {
            _ = try JSONDocument.parse(bytes, maxDepth: maxDepth)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "accepts every form RFC 8259 allows",
        arguments: [
            "{}", "[]", "null", "true", "false", "0", "-0", "12", "1.5", "-1.5E+10", "1e5", "0e0", "\"\"",
            " \t\r\n[ ] ",
            "[1,2 , 3]", "{\"a\":{\"b\":[{}]},\"c\":null}", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\"",
            "\"\u{7f}é€😀\u{10ffff}\"", "{\"a\":1,\"A\":2}", "{\"\":1}", "\"\\ud7ff\\ue000\"",
            "123456789012345678901234567890",
        ]
    )
    func accepts(_ text: String) {
        #expect(Self.refusal(Array(text.utf8)) == nil)
    }

    static let refused: [(String, Int, JSONSyntaxError.Reason)] = [
        ("", 0, .emptyInput), (" \n", 2, .emptyInput),
        ("\u{feff}{}", 0, .byteOrderMark),
        ("{", 1, .unexpectedEnd), ("[1", 2, .unexpectedEnd), ("{\"a\"", 4, .unexpectedEnd), ("\"a", 2, .unexpectedEnd),
        ("tru", 3, .unexpectedEnd), ("-", 1, .unexpectedEnd), ("1.", 2, .unexpectedEnd), ("1e", 2, .unexpectedEnd),
        ("1e+", 3, .unexpectedEnd), ("\"\\", 2, .unexpectedEnd), ("\"\\u12", 5, .unexpectedEnd),
        ("{}x", 2, .trailingContent), ("{} {}", 3, .trailingContent), ("1 2", 2, .trailingContent),
        ("null,", 4, .trailingContent), ("[]\u{0}", 2, .trailingContent), ("1//", 1, .trailingContent),
        ("[1,]", 3, .unexpectedCharacter), ("{\"a\":1,}", 7, .unexpectedCharacter), ("[,1]", 1, .unexpectedCharacter),
        ("{a:1}", 1, .unexpectedCharacter), ("{'a':1}", 1, .unexpectedCharacter), ("{1:1}", 1, .unexpectedCharacter),
        ("{\"a\" 1}", 5, .unexpectedCharacter), ("{\"a\":}", 5, .unexpectedCharacter), ("[1}", 2, .unexpectedCharacter),
        ("{\"a\":1]", 6, .unexpectedCharacter), ("[1 2]", 3, .unexpectedCharacter), ("]", 0, .unexpectedCharacter),
        ("NaN", 0, .unexpectedCharacter), ("Infinity", 0, .unexpectedCharacter), ("-Infinity", 1, .invalidNumber),
        ("nul1", 3, .unexpectedCharacter), ("TRUE", 0, .unexpectedCharacter), ("+1", 0, .unexpectedCharacter),
        (".5", 0, .unexpectedCharacter), ("/*a*/1", 0, .unexpectedCharacter), ("\u{b}1", 0, .unexpectedCharacter),
        ("\u{a0}1", 0, .unexpectedCharacter), ("\u{0}{}", 0, .unexpectedCharacter),
        ("01", 1, .invalidNumber), ("-01", 2, .invalidNumber), ("00", 1, .invalidNumber), ("1.x", 2, .invalidNumber),
        ("1ex", 2, .invalidNumber), ("1e+x", 3, .invalidNumber), ("-x", 1, .invalidNumber),
        ("0x10", 1, .trailingContent),
        ("1_000", 1, .trailingContent), ("[1.5.2]", 4, .unexpectedCharacter),
        ("\"\u{0}\"", 1, .controlCharacter), ("\"a\nb\"", 2, .controlCharacter),
        ("\"12345678\t\"", 9, .controlCharacter),
        ("\"\\x\"", 2, .invalidEscape), ("\"\\u12G4\"", 5, .invalidEscape), ("\"\\U0041\"", 2, .invalidEscape),
        ("\"a\\u0000b\"", 2, .nulCharacter),
        ("\"\\ud800\"", 1, .loneSurrogate), ("\"\\udc00\"", 1, .loneSurrogate), ("\"\\ud800x\"", 1, .loneSurrogate),
        ("\"\\ud800\\n\"", 1, .loneSurrogate), ("\"\\ud800\\ud800\"", 1, .loneSurrogate),
        ("\"\\udc00\\ud800\"", 1, .loneSurrogate), ("\"\\ud800\\u0041\"", 1, .loneSurrogate),
        ("{\"a\":1,\"a\":1}", 7, .duplicateKey), ("{\"a\":1,\"\\u0061\":1}", 7, .duplicateKey),
        ("[{\"\\/\":1,\"b\":2,\"\\u002f\":1}]", 15, .duplicateKey), ("{\"\":1,\"\":1}", 6, .duplicateKey),
        ("{\"é\":1,\"\\u00E9\":1}", 8, .duplicateKey), ("{\"😀\":1,\"\\ud83d\\ude00\":1}", 10, .duplicateKey),
        ("{\"a\":{\"b\":1,\"b\":1}}", 12, .duplicateKey), ("{\"a\":1,\"b\":{},\"a\":[]}", 14, .duplicateKey),
    ]

    @Test("refuses everything else and says where", arguments: refused)
    func refuses(_ text: String, _ offset: Int, _ reason: JSONSyntaxError.Reason) {
        #expect(Self.refusal(Array(text.utf8)) == JSONSyntaxError(offset: offset, reason: reason))
    }

    @Test(
        "refuses bytes that are not UTF-8",
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x41], [0xE0, 0x9F, 0xBF], [0xE2, 0x82],
            [0xE2, 0x82, 0x41], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98],
            [0xF0, 0x9F, 0x98, 0x41], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF],
        ] as [[UInt8]]
    )
    func refusesMalformedUTF8(_ bytes: [UInt8]) {
        let inValue = Self.refusal(Array("[\"ab".utf8) + bytes + Array("\"]".utf8))
        #expect(inValue == JSONSyntaxError(offset: 4, reason: .invalidUTF8))
        let inKey = Self.refusal(Array("{\"".utf8) + bytes + Array("\":1}".utf8))
        #expect(inKey == JSONSyntaxError(offset: 2, reason: .invalidUTF8))
        #expect(Self.refusal(Array("\"".utf8) + bytes) != nil)
        #expect(Self.refusal(bytes) != nil)
    }

    @Test("reads scalar values of every plane alike, raw and escaped")
    func scalars() throws {
        for value in stride(from: UInt32(0x20), through: 0x10FFFF, by: 61) {
            guard let scalar = Unicode.Scalar(value), scalar != "\"", scalar != "\\" else { continue }
            let bytes = Array(String(scalar).utf8)
            let escaped = String(scalar).utf16.map { "\\u" + String(UInt32($0) + 0x10000, radix: 16).suffixOfFour }
                .joined()
            let document = try JSONDocument.parse(Array("[\"".utf8) + bytes + Array("\",\"\(escaped)\"]".utf8))
            for element in document.root.elements { #expect(element.stringBytes() == bytes) }
        }
    }

    @Test("holds 32 containers in one another and not 33")
    func depth() {
        let arrays = { (depth: Int) in [UInt8](repeating: 0x5B, count: depth) + [UInt8](repeating: 0x5D, count: depth) }
        #expect(Self.refusal(arrays(32)) == nil)
        #expect(Self.refusal(arrays(33)) == JSONSyntaxError(offset: 32, reason: .nestedTooDeeply))
        #expect(Self.refusal([UInt8](repeating: 0x5B, count: 1_000_000))?.reason == .nestedTooDeeply)
        let object = String(repeating: "{\"a\":", count: 33) + "1" + String(repeating: "}", count: 33)
        #expect(Self.refusal(Array(object.utf8)) == JSONSyntaxError(offset: 160, reason: .nestedTooDeeply))
        #expect(Self.refusal(Array("[1]".utf8), maxDepth: 0) == JSONSyntaxError(offset: 0, reason: .nestedTooDeeply))
        #expect(Self.refusal(Array("1".utf8), maxDepth: 0) == nil)
        // Depth is of nesting, not of the number of containers.
        #expect(Self.refusal(Array(("[" + String(repeating: "[],", count: 100) + "[]]").utf8)) == nil)
    }

    @Test("finds a duplicate among many keys, however it is written", arguments: [15, 16, 17, 100, 5_000])
    func manyKeys(_ count: Int) {
        let keys = (0..<count).map { "\"key-\($0)\":0" }.joined(separator: ",")
        #expect(Self.refusal(Array("{\(keys)}".utf8)) == nil)
        let expected = JSONSyntaxError(offset: 1 + keys.utf8.count + 1, reason: .duplicateKey)
        #expect(Self.refusal(Array("{\(keys),\"key-7\":0}".utf8)) == expected)
        #expect(Self.refusal(Array("{\(keys),\"\\u006bey-7\":0,\"z\":1}".utf8)) == expected)
        #expect(Self.refusal(Array("{\(keys),\"key-7\":0,\"key-7\":0,\"key-3\":0}".utf8)) == expected)
        #expect(Self.refusal(Array("{\(keys),\"KEY-7\":0}".utf8)) == nil)
    }

    @Test("says what is wrong without repeating values; the key that came twice is named")
    func message() {
        let body = Array("{\"secret\":1,\"secret\":2}".utf8)
        let error = Self.refusal(body)
        #expect(error?.message == "invalid JSON at byte 12: duplicate key")
        #expect(error?.message(of: body) == "secret: duplicate key at byte 12")
        let escaped = Array(#"{"a\"\u0062":1,"a\"b":2}"#.utf8)
        #expect(Self.refusal(escaped)?.message(of: escaped) == #"a\u{5c}"b: duplicate key at byte 15"#)
        for reason in JSONSyntaxError.Reason.allCases { #expect(!reason.rawValue.isEmpty) }
    }

    @Test("refuses every proper beginning of an object")
    func beginnings() {
        let text = Array(#" {"a":[1,-2.5e3,true,null,"x\u00e9\ud83d\ude00é"],"b":{"c":false}}"#.utf8)
        #expect(Self.refusal(text) == nil)
        for length in 0..<text.count { #expect(Self.refusal(Array(text[..<length])) != nil) }
    }
}

extension String {
    fileprivate var suffixOfFour: String { String(suffix(4)) }
}
