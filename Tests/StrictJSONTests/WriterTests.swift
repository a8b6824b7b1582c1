// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import StrictJSON
import Testing

@Suite("The writer")
struct WriterTests {
    private func written(_ write: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        write(&writer)
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    @Test("puts commas between members and elements and nowhere else")
    func structure() {
        let text = written { writer in
            writer.beginObject()
            writer.key("a")
            writer.beginArray()
            writer.int(1)
            writer.beginObject()
            writer.endObject()
            writer.beginArray()
            writer.endArray()
            writer.null()
            writer.endArray()
            writer.key(Array("b\"".utf8))
            writer.bool(true)
            writer.key("c")
            writer.raw(Array("[ 1 ]".utf8))
            writer.key("d")
            writer.string("x" as StaticString)
            writer.key("e")
            writer.bool(false)
            writer.endObject()
        }
        #expect(text == #"{"a":[1,{},[],null],"b\"":true,"c":[ 1 ],"d":"x","e":false}"#)
    }

    @Test("escapes quotes, backslashes and control characters")
    func escapes() {
        let bytes = Array("a\"\\/\u{8}\u{9}\u{a}\u{c}\u{d}\u{0}\u{1}\u{1f}\u{7f}é😀".utf8)
        let expected = "\"a\\\"\\\\/\\b\\t\\n\\f\\r\\u0000\\u0001\\u001f\u{7f}é😀\""
        #expect(written { $0.string(bytes) } == expected)
        #expect(written { $0.string(bytes[...]) } == expected)
        #expect(written { $0.string(String(decoding: bytes, as: UTF8.self)) } == expected)
    }

    @Test("never writes bytes that are not UTF-8")
    func malformed() throws {
        let cases: [([UInt8], String)] = [
            ([0xFF], "\u{fffd}"), ([0x61, 0xC3], "a\u{fffd}"), ([0xC0, 0x80, 0x62], "\u{fffd}\u{fffd}b"),
            ([0xED, 0xA0, 0x80], "\u{fffd}\u{fffd}\u{fffd}"), ([0xC3, 0xA9, 0x80], "é\u{fffd}"),
        ]
        for (bytes, expected) in cases { #expect(written { $0.string(bytes) } == "\"\(expected)\"") }
        var random = SeededGenerator(seed: 11)
        for _ in 0..<500 {
            let count = Int.random(in: 0...40, using: &random)
            let bytes = (0..<count).map { _ in UInt8.random(in: 1...255, using: &random) }
            var writer = JSONWriter()
            writer.string(bytes)
            let root = try JSONDocument.parse(writer.finish()).root
            let isWellFormed = String(validating: bytes, as: UTF8.self) != nil
            #expect(isWellFormed == (root.stringBytes() == bytes))
        }
    }

    @Test("writes strings that the parser reads back")
    func roundTrip() throws {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<500 {
            var text = ""
            for _ in 0..<Int.random(in: 0...30, using: &random) {
                let limits: [UInt32] = [0x80, 0x800, 0x110000]
                let limit = limits.randomElement(using: &random) ?? 0x80
                text.unicodeScalars.append(Unicode.Scalar(UInt32.random(in: 1..<limit, using: &random)) ?? "x")
            }
            let bytes = Array(text.utf8)
            var writer = JSONWriter()
            writer.beginObject()
            writer.key(bytes)
            writer.string(bytes)
            writer.endObject()
            let member = try #require(JSONDocument.parse(writer.finish()).root.members.first { _ in true })
            #expect(member.key.stringBytes() == bytes)
            #expect(member.value.stringBytes() == bytes)
        }
    }

    @Test("writes doubles that read back as the same, and null for what is no number")
    func doubles() throws {
        #expect(written { $0.double(0.8) } == "0.8")
        #expect(written { $0.double(-3) } == "-3")
        #expect(written { $0.double(.nan) } == "null")
        #expect(written { $0.double(-.infinity) } == "null")
        var random = SeededGenerator(seed: 3)
        for _ in 0..<2_000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            var writer = JSONWriter()
            writer.double(value)
            #expect(try JSONDocument.parse(writer.finish()).root.double() == value)
        }
    }
}

@Suite("Decimal integers")
struct DecimalIntegerTests {
    private func decimal(_ value: Int64) -> String {
        var out: [UInt8] = []
        JSONWriter.appendDecimal(value, to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    @Test("are written and read back")
    func roundTrip() {
        var random = SeededGenerator(seed: 9)
        let edges: [Int64] = [0, 1, 9, 10, 11, 99, 100, -1, -9, -10, .max, .min, .max - 1, .min + 1]
        let random64 = (0..<500).map { _ in Int64.random(in: .min ... .max, using: &random) >> Int64.random(in: 0..<64)
        }
        for value in edges + random64 {
            #expect(decimal(value) == String(value))
            #expect(parseDecimalInt64(Array(String(value).utf8)) == value)
        }
    }

    @Test(
        "are refused in any other form",
        arguments: [
            "", "-", "+1", "01", "-01", "00", "-0", " 1", "1 ", "1.0", "1e3", "0x1", "1_0", "--1",
            "9223372036854775808",
            "-9223372036854775809", "9999999999999999999", "10000000000000000000",
            "18446744073709551616", "１", "1\u{0}",
        ]
    )
    func refused(_ text: String) {
        #expect(parseDecimalInt64(Array(text.utf8)) == nil)
        #expect(parseDecimalInt64(Array(("x" + text + "x").utf8).dropFirst().dropLast()) == nil)
    }
}
