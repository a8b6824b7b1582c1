// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import StrictJSON
import Testing

@Suite("Fields of an object")
struct FieldsTests {
    private enum Unit: String, CaseIterable {
        case tokens = "TOKENS"
        case credits = "CREDITS"
    }

    private static func parse(_ text: String) throws -> JSONValue { try JSONDocument.parse(Array(text.utf8)).root }

    /// The message of the error a read ends in.
    private static func problem(
        _ text: String, caseInsensitiveKeys: Bool = false, nullIsAbsent: Bool = false,
        _ read: (inout JSONFields) throws(FieldError) -> Void
    ) throws -> String? {
        let root = try parse(text)
        do throws(FieldError) {
            var fields = try JSONFields(root, caseInsensitiveKeys: caseInsensitiveKeys, nullIsAbsent: nullIsAbsent)
            try read(&fields)
            return nil
        } catch {
            return error.message
        }
    }

    @Test("are read by type, in any order")
    func reading() throws {
        let text = #"{"s":"é\n","i":-5,"d":0.5,"b":true,"o":{"x":1},"a":[1,2],"u":"CREDITS"}"#
        var fields = try JSONFields(Self.parse(text))
        #expect(try fields.requiredEnum("u", Unit.self) == .credits)
        #expect(try fields.optionalArray("a", count: 0...2)?.map { $0.int64() } == [1, 2])
        var nested = try fields.requiredFields("o")
        #expect(try nested.requiredInt64("x", in: 1...1) == 1)
        try nested.finish()
        #expect(try fields.requiredBool("b"))
        #expect(try fields.optionalDouble("d", in: 0...1) == 0.5)
        #expect(try fields.requiredString("s", characters: 1...2) == Array("é\n".utf8))
        #expect(try fields.optionalInt64("i", in: -5...0) == -5)
        try fields.finish()
    }

    @Test("that are absent are nil")
    func absent() throws {
        var fields = try JSONFields(Self.parse("{}"))
        #expect(try fields.optional("x") == nil)
        #expect(try fields.optionalString("x", characters: 1...2) == nil)
        #expect(try fields.optionalInt64("x", in: 0...1) == nil)
        #expect(try fields.optionalDouble("x", in: 0...1) == nil)
        #expect(try fields.optionalBool("x") == nil)
        #expect(try fields.optionalObject("x") == nil)
        #expect(try fields.optionalFields("x") == nil)
        #expect(try fields.optionalArray("x", count: 0...1) == nil)
        #expect(try fields.optionalEnum("x", Unit.self) == nil)
        try fields.finish()
    }

    private typealias Read = @Sendable (inout JSONFields) throws(FieldError) -> Void

    private static let typeProblems: [(String, String, Read)] = [
        ("{}", "x: is required", { (f) throws(FieldError) in _ = try f.requiredString("x", characters: 1...5) }),
        ("[]", "body: must be an object", { (_) throws(FieldError) in }),
        (
            #"{"x":1}"#, "x: must be a string of 1 to 128 characters",
            { (f) throws(FieldError) in _ = try f.requiredString("x", characters: 1...128) }
        ),
        (
            #"{"x":null}"#, "x: must be a string of 1 to 128 characters",
            { (f) throws(FieldError) in _ = try f.optionalString("x", characters: 1...128) }
        ),
        (
            #"{"x":"ééé"}"#, "x: must be a string of at most 2 characters",
            { (f) throws(FieldError) in _ = try f.optionalString("x", characters: 0...2) }
        ),
        (
            #"{"x":""}"#, "x: must be a string of 1 character",
            { (f) throws(FieldError) in _ = try f.optionalString("x", characters: 1...1) }
        ),
        (
            #"{"x":1.0}"#, "x: must be an integer from 0 to 10",
            { (f) throws(FieldError) in _ = try f.requiredInt64("x", in: 0...10) }
        ),
        (
            #"{"x":11}"#, "x: must be an integer from 0 to 10",
            { (f) throws(FieldError) in _ = try f.optionalInt64("x", in: 0...10) }
        ),
        (
            #"{"x":"a"}"#, "x: must be a number from 0.0 to 1.0",
            { (f) throws(FieldError) in _ = try f.requiredDouble("x", in: 0...1) }
        ),
        (
            #"{"x":0}"#, "x: must be true or false",
            { (f) throws(FieldError) in _ = try f.optionalBool("x") }
        ),
        (
            #"{"x":[]}"#, "x: must be an object",
            { (f) throws(FieldError) in _ = try f.requiredObject("x") }
        ),
        (
            #"{"x":{}}"#, "x: must be an array of at most 3 elements",
            { (f) throws(FieldError) in _ = try f.requiredArray("x", count: 0...3) }
        ),
        (
            #"{"x":[]}"#, "x: must be an array of at least 1 element",
            { (f) throws(FieldError) in _ = try f.requiredArray("x", count: 1...Int.max) }
        ),
        (
            "{\"x\":\"TO\u{212A}ENS\"}", "x: must be one of TOKENS, CREDITS",
            { (f) throws(FieldError) in _ = try f.requiredEnum("x", Unit.self) }
        ),
        (
            #"{"x":"tokens"}"#, "x: must be one of TOKENS, CREDITS",
            { (f) throws(FieldError) in _ = try f.requiredEnum("x", Unit.self) }
        ),
    ]

    @Test("report what they must be")
    func typeMessages() throws {
        for (text, expected, read) in Self.typeProblems { #expect(try Self.problem(text, read) == expected) }
    }

    @Test("are named with the whole path")
    func nestedPaths() throws {
        let root = try Self.parse(#"[{},{},{"subject":{"tenant":7,"tags":["a",5]}}]"#)
        let item = try #require(root.elements.dropFirst(2).first { _ in true })
        var fields = try JSONFields(item)
        #expect(throws: FieldError(path: "[2].ttlSeconds", problem: "is required")) {
            try fields.required("ttlSeconds")
        }
        var subject = try fields.requiredFields("subject")
        #expect(throws: FieldError(path: "[2].subject.tenant", problem: "must be a string of 1 to 9 characters")) {
            try subject.optionalString("tenant", characters: 1...9)
        }
        #expect(throws: FieldError(path: "[2].subject.tags[1]", problem: "must be a string of at most 9 characters")) {
            for tag in try subject.requiredArray("tags", count: 0...9) { _ = try tag.checkedString(characters: 0...9) }
        }
        #expect(subject.fieldError("app", "is odd").message == "[2].subject.app: is odd")
        #expect(root.fieldError("is odd").message == "body: is odd")
    }

    @Test("not asked for are refused by name in a closed object")
    func unknown() throws {
        func known(_ fields: inout JSONFields) throws(FieldError) {
            _ = try fields.optional("a")
            _ = try fields.optional("b")
            try fields.finish()
        }
        #expect(try Self.problem("{}", known) == nil)
        #expect(try Self.problem(#"{"b":1,"a":1}"#, known) == nil)
        #expect(try Self.problem(#"{"b":1,"\u0061":null}"#, known) == nil)
        #expect(try Self.problem(#"{"a":1,"c":1,"b":1,"d":1}"#, known) == "c: is not a known field")
        #expect(try Self.problem(#"{"A":1}"#, known) == "A: is not a known field")
    }

    @Test("with odd names are shown as short printable ASCII")
    func sanitising() throws {
        let finish: (inout JSONFields) throws(FieldError) -> Void = { (f) throws(FieldError) in try f.finish() }
        let cases: [(String, String)] = [
            (#"é\n\\x"#, #"\u{e9}\u{a}\u{5c}x"#), ("😀", #"\u{1f600}"#), ("\u{7f}\u{202e}", #"\u{7f}\u{202e}"#),
            ("", "\"\""),
            (String(repeating: "k", count: 64), String(repeating: "k", count: 64)),
            (String(repeating: "k", count: 65), String(repeating: "k", count: 64) + "..."),
            (String(repeating: "é", count: 500), String(repeating: #"\u{e9}"#, count: 10) + "..."),
        ]
        for (key, shown) in cases {
            #expect(try Self.problem("{\"\(key)\":1}", finish) == "\(shown): is not a known field")
        }
    }

    @Test("may be many: 64 can be read in a closed object, the 65th is refused")
    func manyMembers() throws {
        func object(_ count: Int) -> String {
            "{\"x\":0," + (1..<count).map { "\"f\($0)\":0" }.joined(separator: ",") + "}"
        }
        var open = try JSONFields(Self.parse(object(100)))
        #expect(try open.requiredInt64("f99", in: 0...0) == 0)
        #expect(try open.requiredInt64("x", in: 0...0) == 0)
        #expect(throws: FieldError(path: "f1", problem: "is not a known field")) { try open.finish() }
        var full = try JSONFields(Self.parse(#"{"a":1}"#))
        #expect(try full.required("a").int64() == 1)
        try full.finish()
    }

    @Test("that are null count as absent only where that is asked for")
    func nulls() throws {
        let text = #"{"a":null,"b":1}"#
        var lenient = try JSONFields(Self.parse(text), nullIsAbsent: true)
        #expect(try lenient.optionalInt64("a", in: 0...9) == nil)
        #expect(try lenient.optionalInt64("b", in: 0...9) == 1)
        try lenient.finish()
        #expect(throws: FieldError(path: "a", problem: "is required")) { try lenient.required("a") }
        var strict = try JSONFields(Self.parse(text))
        #expect(try strict.optional("a")?.isNull == true)
        #expect(throws: FieldError(path: "a", problem: "must be true or false")) { try strict.optionalBool("a") }
    }

    @Test("match in either case where that is asked for, but not in two spellings")
    func caseInsensitive() throws {
        let read: (inout JSONFields) throws(FieldError) -> Void = { (f) throws(FieldError) in
            _ = try f.requiredInt64("ttlSeconds", in: 0...9)
            try f.finish()
        }
        for key in ["ttlSeconds", "TtlSeconds", "TTLSECONDS", "ttl\\u0053econds"] {
            #expect(try Self.problem("{\"\(key)\":1}", caseInsensitiveKeys: true, read) == nil)
        }
        let twice = #"{"ttlSeconds":1,"TTLSeconds":1}"#
        let expected = "ttlSeconds: is given twice in different spellings"
        #expect(try Self.problem(twice, caseInsensitiveKeys: true, read) == expected)
        #expect(try Self.problem(#"{"TtlSeconds":1}"#, read) == "ttlSeconds: is required")
        // The long s and the Kelvin sign fold to ASCII letters in Unicode, not here.
        let longS = "{\"ttl\u{17f}econds\":1}"
        #expect(try Self.problem(longS, caseInsensitiveKeys: true, read) == "ttlSeconds: is required")
    }
}
