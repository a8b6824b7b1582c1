// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import StrictJSON
import Testing

@Suite("Canonical JSON")
struct CanonicalJSONTests {
    private func canonical(_ text: String) throws -> String {
        String(decoding: CanonicalJSON.bytes(of: try JSONDocument.parse(Array(text.utf8)).root), as: UTF8.self)
    }

    @Test(
        "writes numbers as ECMAScript does, and integers of up to 19 digits as they are",
        arguments: [
            ("0", "0"), ("-0", "0"), ("-0.0", "0"), ("0e5", "0"), ("-0e-9", "0"), ("0.000", "0"),
            ("7", "7"), ("-7", "-7"),
            ("1.0", "1"), ("1E3", "1000"), ("5e6", "5000000"), ("5000000", "5000000"), ("-1.50", "-1.5"),
            ("0.1e1", "1"),
            ("2e-3", "0.002"), ("12345.678e-2", "123.45678"), ("0.000001", "0.000001"), ("0.0000012", "0.0000012"),
            ("0.0000001", "1e-7"), ("0.00000012", "1.2e-7"), ("-1.5e-9", "-1.5e-9"), ("123e-20", "1.23e-18"),
            ("1e20", "100000000000000000000"), ("1e21", "1e+21"), ("1.25e21", "1.25e+21"), ("12.5e20", "1.25e+21"),
            ("999999999999999900000.0", "999999999999999900000"), ("1000000000000000000000000", "1e+24"),
            ("5e-324", "5e-324"), ("2.4703282292062328e-324", "5e-324"), ("1e-400", "0"), ("-1e-400", "0"),
            ("2.2250738585072014e-308", "2.2250738585072014e-308"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("0.1", "0.1"), ("0.30000000000000004", "0.30000000000000004"), ("333333333.33333329", "333333333.3333333"),
            ("9007199254740993.0", "9007199254740992"), ("9007199254740993", "9007199254740993"),
            ("9223372036854775807", "9223372036854775807"), ("-9223372036854775808", "-9223372036854775808"),
            ("9999999999999999999", "9999999999999999999"), ("-9999999999999999999", "-9999999999999999999"),
            ("99999999999999999999", "100000000000000000000"), ("123456789012345678901", "123456789012345680000"),
            ("-123456789012345678901", "-123456789012345680000"), ("1234567890123456789012", "1.2345678901234568e+21"),
            ("1e400", "1e400"), ("-1E+400", "-1E+400"),
        ]
    )
    func numbers(_ text: String, _ expected: String) throws {
        #expect(try canonical(text) == expected)
        #expect(try canonical("[\(text) , \(text)]") == "[\(expected),\(expected)]")
    }

    @Test(
        "escapes only what must be escaped",
        arguments: [
            (#""""#, #""""#), (#""a\/b""#, #""a/b""#), (#""\u0041\u00e9""#, #""Aé""#),
            (#""\ud83d\ude00""#, #""😀""#),
            (#""\"\\""#, #""\"\\""#), (#""\u0008\u0009\u000A\u000c\u000D""#, #""\b\t\n\f\r""#),
            (#""\u0001\u001F\u007f""#, "\"\\u0001\\u001f\u{7f}\""), (#""\u2028<>&'""#, "\"\u{2028}<>&'\""),
            (#""plain é €""#, #""plain é €""#),
        ]
    )
    func strings(_ text: String, _ expected: String) throws {
        #expect(try canonical(text) == expected)
        #expect(try canonical("{\(text):\(text)}") == "{\(expected):\(expected)}")
    }

    @Test("drops white space and sorts members at every level")
    func structure() throws {
        #expect(try canonical(" [ ] ") == "[]")
        #expect(try canonical(" { } ") == "{}")
        #expect(try canonical("[ true , false,null ]") == "[true,false,null]")
        let text = #"{ "b" : [ {"z":1,"y":{"q":0,"p":[]}} , 2 ], "a\u0062":{}, "a":"x", "" : null }"#
        #expect(try canonical(text) == #"{"":null,"a":"x","ab":{},"b":[{"y":{"p":[],"q":0},"z":1},2]}"#)
    }

    @Test("sorts keys by their UTF-16 code units, escaped or not")
    func keyOrder() throws {
        // As UTF-8 or as scalars the emoji would come after the last two.
        let text = #"{"\uffee":7,"\#u{e000}":6,"😀":5,"\ud800\udc00":4,"é":3,"\r":1,"2":2,"\ud7ff":3.5}"#
        let expected =
            "{\"\\r\":1,\"2\":2,\"é\":3,\"\u{d7ff}\":3.5,\"\u{10000}\":4,\"😀\":5,\"\u{e000}\":6,\"\u{ffee}\":7}"
        #expect(try canonical(text) == expected)
    }

    @Test("sorts random keys as their UTF-16 arrays sort", arguments: [2, 16, 17, 200])
    func randomKeyOrder(_ count: Int) throws {
        var random = SeededGenerator(seed: UInt64(count))
        let pool: [Unicode.Scalar] = ["a", "b", "é", "\u{d7ff}", "\u{e000}", "\u{ffff}", "😀", "\u{10ffff}"]
        for _ in 0..<20 {
            var keys: Set<[UInt16]> = []
            while keys.count < count {
                let length = Int.random(in: 0...6, using: &random)
                let scalars = (0..<length).map { _ in pool.randomElement(using: &random) ?? "a" }
                keys.insert(scalars.flatMap { Array(String($0).utf16) })
            }
            let members = keys.map { key in
                let isEscaped = Bool.random(using: &random)
                let text =
                    isEscaped
                    ? key.map { "\\u" + String(UInt32($0) + 0x10000, radix: 16).suffix(4) }.joined()
                    : String(decoding: key, as: UTF16.self)
                return "\"\(text)\":{\"n\":\(key.count)}"
            }
            let sorted = keys.sorted { $0.lexicographicallyPrecedes($1) }
            let expected = sorted.map { "\"\(String(decoding: $0, as: UTF16.self))\":{\"n\":\($0.count)}" }
            let text = try canonical("{" + members.joined(separator: ",") + "}")
            #expect(Array(text.utf8) == Array(("{" + expected.joined(separator: ",") + "}").utf8))
        }
    }

    @Test("is the same for every order, spacing and spelling of a document")
    func sameMeaning() throws {
        let one = #"{"amount":5000000,"unit":"USD","tags":["a","b"],"meta":{"x":1.5,"y":null}}"#
        let other = #" {"meta":{"y":null,"\u0078":15e-1},"tags":[ "\u0061","b"],"unit":"US\u0044","amount":5e6}"#
        #expect(try canonical(one) == canonical(other))
        #expect(try canonical(one) != canonical(#"{"amount":5000000,"unit":"USD","tags":["b","a"]}"#))
    }

    @Test("of canonical text is that text, for random documents")
    func idempotence() throws {
        for seed in 0..<400 {
            var generator = RandomJSON(seed: UInt64(seed))
            let first = CanonicalJSON.bytes(of: try JSONDocument.parse(generator.document()).root)
            let second = CanonicalJSON.bytes(of: try JSONDocument.parse(first).root)
            #expect(first == second, "seed \(seed)")
        }
    }

    @Test("is appended after what is there, for any value of a document")
    func appending() throws {
        let root = try JSONDocument.parse(Array(#"{"b":{"d":1,"c":2},"a":0}"#.utf8)).root
        var out = Array("x=".utf8)
        CanonicalJSON.append(try #require(root.member("b")), to: &out)
        CanonicalJSON.append(try #require(root.member("a")), to: &out)
        #expect(out == Array(#"x={"c":2,"d":1}0"#.utf8))
    }
}
