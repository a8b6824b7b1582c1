// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import StrictJSON
import TestSupport
import Testing

@Suite("Values against schemas")
struct SchemaCheckTests {
    /// A schema in YAML, with a value that fits and values that do not.
    struct Sample: Sendable, CustomTestStringConvertible {
        let schema: String
        let good: [String]
        let bad: [String]

        var testDescription: String { schema }

        init(_ schema: String, good: [String], bad: [String]) {
            self.schema = schema
            self.good = good
            self.bad = bad
        }
    }

    private static let samples = [
        Sample("{type: string}", good: [#""""#, #""a""#], bad: ["1", "null", "[]", "{}", "true"]),
        Sample("{type: integer}", good: ["0", "-1", "9223372036854775807"], bad: ["1.0", "1e3", #""1""#]),
        Sample("{type: number}", good: ["0", "1.5", "1e3"], bad: [#""1""#, "null"]),
        Sample("{type: boolean}", good: ["true", "false"], bad: ["0", "null"]),
        Sample("{type: [string, 'null']}", good: [#""a""#, "null"], bad: ["1", "[]"]),
        Sample("{enum: [a, 1, null]}", good: [#""a""#, "1", "null"], bad: [#""A""#, "2", "false"]),
        Sample("{const: {a: 1, b: [2]}}", good: [#"{"b":[2],"a":1}"#], bad: [#"{"a":1}"#, #"{"a":1,"b":[2],"c":3}"#]),
        Sample("{minLength: 2, maxLength: 3}", good: [#""äö""#, #""abc""#, "1"], bad: [#""a""#, #""abcd""#]),
        Sample("{pattern: '^[a-z]+$'}", good: [#""abc""#, "1"], bad: [#""""#, #""aB""#, #""a\n""#]),
        Sample("{pattern: b}", good: [#""abc""#], bad: [#""ac""#]),
        Sample("{minimum: 1, maximum: 3}", good: ["1", "2.5", "3", #""x""#], bad: ["0", "0.9", "4"]),
        Sample("{exclusiveMinimum: 1, exclusiveMaximum: 3}", good: ["2"], bad: ["1", "3"]),
        Sample("{maximum: 9223372036854775806}", good: ["9223372036854775806"], bad: ["9223372036854775807"]),
        Sample(
            "{format: date-time}", good: [#""2026-01-31T08:05:00.123Z""#, #""2026-01-31T08:05:00+01:00""#],
            bad: [#""2026-01-31""#, #""2026-13-31T08:05:00Z""#, #""2026-01-31T24:05:00Z""#, #""""#]),
        Sample("{format: int32}", good: ["2147483647"], bad: ["2147483648", "1.5"]),
        Sample(
            "{items: {type: string}, minItems: 1, maxItems: 2}", good: [#"["a"]"#], bad: ["[]", "[1]", #"["","",""]"#]),
        Sample("{uniqueItems: true}", good: ["[1,2]"], bad: [#"[{"a":1},{"a":1}]"#]),
        Sample("{required: [a]}", good: [#"{"a":null}"#, "[]"], bad: ["{}"]),
        Sample("{properties: {a: {type: string}}}", good: ["{}", #"{"a":"","b":1}"#], bad: [#"{"a":1}"#]),
        Sample(
            "{properties: {a: {}}, additionalProperties: false}", good: ["{}", #"{"a":1}"#],
            bad: [#"{"b":1}"#, #"{"a":1,"b":1}"#]),
        Sample("{additionalProperties: {type: string}}", good: [#"{"x":"y"}"#], bad: [#"{"x":1}"#]),
        Sample("{propertyNames: {pattern: '^x'}}", good: [#"{"xa":1}"#], bad: [#"{"a":1}"#]),
        Sample("{minProperties: 1, maxProperties: 1}", good: [#"{"a":1}"#], bad: ["{}", #"{"a":1,"b":2}"#]),
        Sample("{allOf: [{type: string}, {minLength: 2}]}", good: [#""ab""#], bad: [#""a""#, "1"]),
        Sample("{anyOf: [{type: string}, {minimum: 2}]}", good: [#""a""#, "2"], bad: ["1"]),
        Sample("{oneOf: [{minimum: 1}, {minimum: 3}]}", good: ["1", "2"], bad: ["0", "3"]),
        Sample("{not: {required: [a]}}", good: ["{}"], bad: [#"{"a":1}"#]),
        Sample("{$ref: '#/components/schemas/Positive'}", good: ["1"], bad: ["0", #""a""#]),
        Sample("{$ref: '#/components/schemas/Positive', maximum: 2}", good: ["2"], bad: ["3", "0"]),
        Sample("true", good: ["1", "null"], bad: []),
        Sample("false", good: [], bad: ["1", "null"]),
        Sample("{description: x, default: 1, examples: [2]}", good: ["1", #""a""#], bad: []),
    ]

    private func problems(_ schema: String, _ value: String) throws -> [String] {
        let components = "{schemas: {Positive: {type: integer, minimum: 1}, Loop: {$ref: '#/x'}}}"
        let document = try OpenAPIDocument(name: "sample", yaml: "schema: \(schema)\ncomponents: \(components)\n")
        return SchemaCheck.problems(
            of: try JSONDocument.parse([UInt8](value.utf8)).root, against: try document.target(of: "#/schema"),
            in: document, at: "body")
    }

    @Test("every keyword lets pass what it should and holds back what it should not", arguments: samples)
    func keywords(sample: Sample) throws {
        for value in sample.good { #expect(try problems(sample.schema, value).isEmpty, "\(value)") }
        for value in sample.bad { #expect(try !problems(sample.schema, value).isEmpty, "\(value)") }
    }

    @Test("a problem names the path to it, the rule and the value")
    func paths() throws {
        let schema = "{properties: {rows: {items: {properties: {unit: {enum: [A, B]}}, additionalProperties: false}}}}"
        #expect(
            try problems(schema, #"{"rows":[{"unit":"A"},{"unit":"C","more":1}]}"#) == [
                #"body.rows[1].unit: must be one of ["A","B"], is "C""#, "body.rows[1].more: is not described",
            ])
        #expect(try problems("{anyOf: [{type: string}, {type: integer, minimum: 5}]}", "3").count == 2)
    }

    @Test("a keyword, format or reference that is not known is a problem, not a pass")
    func unknownKeywords() throws {
        #expect(try problems("{if: {type: string}}", "1").count == 1)
        #expect(try problems("{format: colour}", #""red""#).count == 1)
        #expect(
            try problems("{$ref: '#/components/schemas/None'}", "1") == [
                "body: #/components/schemas/None leads nowhere"
            ])
        #expect(try problems("{$ref: 'other.yaml#/a'}", "1").count == 1)
        #expect(try problems("{pattern: '['}", #""a""#).count == 1)
        #expect(try problems("12", "1") == ["body: the schema is not a schema"])
    }

    @Test("YAML is read as its core schema has it: only what JSON would call so is a number, a truth value or null")
    func yaml() throws {
        let text =
            "a: no\nb: 12:30\nc: '1'\nd: 1\ne: ~\nf:\ng: 0x1F\nh: true\ni: 2026-01-01\n"
            + "j: |\n  x\n  y\nk: &z [1]\nl: *z\n"
        let root = try YAMLText.json(text).root
        let expected =
            #"{"a":"no","b":"12:30","c":"1","d":1,"e":null,"f":null,"g":"0x1F","h":true,"i":"2026-01-01","#
            + #""j":"x\ny\n","k":[1],"l":[1]}"#
        #expect(root.rawText == expected)
        for bad in ["", "a: [", "a: 1\na: 2", "? [x]\n: 1"] {
            #expect(throws: (any Error).self) { try YAMLText.json(bad) }
        }
    }
}
