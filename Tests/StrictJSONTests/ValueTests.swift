// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import StrictJSON
import Testing

@Suite("A value")
struct ValueTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONDocument.parse(Array(text.utf8)).root }

    @Test("is an integer only as a literal without fraction and exponent, within Int64")
    func integers() throws {
        let exact: [(String, Int64)] = [
            ("0", 0), ("7", 7), ("-7", -7), ("9007199254740993", 9_007_199_254_740_993),
            ("9223372036854775807", .max), ("-9223372036854775808", .min),
        ]
        for (text, value) in exact { #expect(try parse(text).int64() == value) }
        let others = [
            "1.0", "1e3", "1E0", "0.0", "-0", "9007199254740993.0", "9223372036854775808", "-9223372036854775809",
            "99999999999999999999", "18446744073709551617", "100000000000000000000000000000000", "\"1\"", "true",
            "null",
            "[1]",
        ]
        for text in others { #expect(try parse(text).int64() == nil, "\(text)") }
    }

    @Test("gives doubles, except beyond their range")
    func doubles() throws {
        #expect(try parse("0.8").double() == 0.8)
        #expect(try parse("-12").double() == -12)
        #expect(try parse("1e3").double() == 1000)
        #expect(try parse("1e400").double() == nil)
        #expect(try parse("\"1\"").double() == nil)
    }

    @Test("keeps its text and gives its decoded bytes")
    func textAndBytes() throws {
        let root = try parse(#" { "k" : "a\u00e9\ud83d\ude00\n\/" , "n" : [ 1.50 , {} ] } "#)
        #expect(Array(root.raw) == Array(#"{ "k" : "a\u00e9\ud83d\ude00\n\/" , "n" : [ 1.50 , {} ] }"#.utf8))
        #expect(root.member("k")?.stringBytes() == Array("aé😀\n/".utf8))
        #expect(root.member("k")?.stringSlice().map { Array($0) } == Array("aé😀\n/".utf8))
        #expect(root.member("n").map { Array($0.raw) } == Array("[ 1.50 , {} ]".utf8))
        #expect(root.member("n")?.elements.map { Array($0.raw) } == [Array("1.50".utf8), Array("{}".utf8)])
        #expect(root.member("n")?.stringBytes() == nil)
        #expect(root.member("x") == nil)
    }

    @Test("goes through elements and members in order, over nested ones")
    func iteration() throws {
        let root = try parse(#"{"a":[[1,2],{"x":[3]},4],"b":{},"c":[]}"#)
        #expect(root.count == 3)
        #expect(root.members.map { $0.key.stringBytes() } == ["a", "b", "c"].map { Array($0.utf8) })
        #expect(root.members.map(\.value.kind) == [.array, .object, .array])
        #expect(root.members.map(\.value.count) == [3, 0, 0])
        #expect(root.member("a")?.elements.map(\.kind) == [.array, .object, .number])
        #expect(Array(root.elements).isEmpty)
        #expect(Array(try parse("[1]").members).isEmpty)
        #expect(Array(try parse("\"ab\"").elements).isEmpty)
        #expect(try parse("1").count == 0)
        #expect(try parse("[true,false,null]").elements.map { $0.bool() } == [true, false, nil])
        #expect(try parse("[true,null]").elements.map(\.isNull) == [false, true])
    }

    @Test("compares strings by their bytes, never by Unicode equivalence")
    func comparison() throws {
        #expect(try parse("\"TOKENS\"").isString("TOKENS" as StaticString))
        #expect(try parse("\"\\u0054OKENS\"").isString("TOKENS" as StaticString))
        // The Kelvin sign equals the letter K for Swift's String.
        #expect(try parse("\"TO\u{212A}ENS\"").isString("TOKENS" as String) == false)
        #expect(try parse("\"e\u{301}\"").isString("é" as String) == false)
        #expect(try parse("\"tokens\"").isString("TOKENS") == false)
        #expect(try parse("\"tokens\"").isString("TOKENS", folding: true))
        #expect(try parse("\"a@\"").isString("a`", folding: true) == false)
        #expect(try parse("\"[\"").isString("{", folding: true) == false)
        #expect(try parse("1").isString("1" as StaticString) == false)
    }

    @Test("names its own path")
    func paths() throws {
        let root = try parse(#"[1,{"a":{"b":[0,[5]]},"c":"x"}]"#)
        #expect(root.path == "")
        let object = try #require(root.elements.dropFirst().first { _ in true })
        #expect(object.path == "[1]")
        #expect(object.member("c")?.path == "[1].c")
        let b = try #require(object.member("a")?.member("b"))
        #expect(b.path == "[1].a.b")
        #expect(b.elements.flatMap { $0.elements.map(\.path) } == ["[1].a.b[1][0]"])
        #expect(object.members.map(\.key.path) == ["[1].a", "[1].c"])
    }
}
