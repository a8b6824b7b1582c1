// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import StrictJSON

/// Holds values against JSON schemas: the part of the 2020-12 vocabulary that the project's documents use. A keyword
/// beyond it is reported as a problem, so that nothing passes because nobody looked.
package struct SchemaCheck {
    private let document: OpenAPIDocument
    /// What does not fit, each with the path to it.
    package private(set) var problems: [String] = []

    /// A check of schemas of this document.
    private init(_ document: OpenAPIDocument) { self.document = document }

    /// What of a value does not fit a schema; `path` names the value.
    package static func problems(
        of value: JSONValue, against schema: JSONValue, in document: OpenAPIDocument, at path: String
    ) -> [String] {
        var check = SchemaCheck(document)
        check.hold(value, against: schema, at: path)
        return check.problems
    }

    private mutating func hold(_ value: JSONValue, against schema: JSONValue, at path: String) {
        switch schema.kind {
        case .true: return
        case .false: return report(path, "must not be there")
        case .object: break
        default: return report(path, "the schema is not a schema")
        }
        for keyword in schema.members {
            guard let name = keyword.key.text else { continue }
            let isKnown =
                Self.annotations.contains(name) || assertValue(name, keyword.value, value, path)
                || assertString(name, keyword.value, value, path) || assertNumber(name, keyword.value, value, path)
                || assertArray(name, keyword.value, value, path)
                || assertObject(name, keyword.value, value, path, schema)
                || applyOthers(name, keyword.value, value, path, schema)
            if !isKnown { report(path, "the schema has the keyword \(name), which this check does not know") }
        }
    }

    private mutating func report(_ path: String, _ problem: String) { problems.append("\(path): \(problem)") }

    private static let annotations: Set<String> = [
        "title", "description", "default", "example", "examples", "deprecated", "readOnly", "writeOnly", "$comment",
    ]

    // MARK: Any value

    private mutating func assertValue(
        _ name: String, _ argument: JSONValue, _ value: JSONValue, _ path: String
    ) -> Bool {
        switch name {
        case "type":
            let types = argument.kind == .array ? argument.elements.compactMap(\.text) : [argument.text ?? ""]
            if !types.contains(where: { Self.isOfType(value, $0) }) {
                report(path, "must be \(types.joined(separator: " or ")), is \(Self.shown(value))")
            }
        case "enum":
            if !argument.elements.contains(where: { $0.equals(value) }) {
                report(path, "must be one of \(argument.rawText), is \(Self.shown(value))")
            }
        case "const":
            if !argument.equals(value) { report(path, "must be \(argument.rawText), is \(Self.shown(value))") }
        default: return false
        }
        return true
    }

    private static func isOfType(_ value: JSONValue, _ type: String) -> Bool {
        switch type {
        case "object": value.kind == .object
        case "array": value.kind == .array
        case "string": value.kind == .string
        case "number": value.kind == .number
        // Stricter than JSON Schema: 1.0 is not what a client of int64 expects.
        case "integer": value.int64() != nil
        case "boolean": value.bool() != nil
        case "null": value.isNull
        default: false
        }
    }

    private static func shown(_ value: JSONValue) -> String {
        let text = value.rawText
        return text.count > 80 ? text.prefix(80) + "…" : text
    }

    // MARK: Strings

    private mutating func assertString(
        _ name: String, _ argument: JSONValue, _ value: JSONValue, _ path: String
    ) -> Bool {
        guard ["minLength", "maxLength", "pattern", "format"].contains(name) else { return false }
        if name == "format", !SchemaPatterns.knows(format: argument.text ?? "") { return false }
        guard let text = value.text else { return true }
        let length = Int64(text.unicodeScalars.count)
        switch name {
        case "minLength":
            if length < argument.int64() ?? .max { report(path, "has fewer than \(argument.rawText) characters") }
        case "maxLength":
            if length > argument.int64() ?? -1 { report(path, "has more than \(argument.rawText) characters") }
        case "pattern":
            if !SchemaPatterns.matches(argument.text ?? "", text) {
                report(path, "does not match \(argument.rawText), is \(Self.shown(value))")
            }
        default:
            let format = argument.text ?? ""
            if !SchemaPatterns.fits(format: format, text) {
                report(path, "is not a \(format), is \(Self.shown(value))")
            }
        }
        return true
    }

    // MARK: Numbers

    private mutating func assertNumber(
        _ name: String, _ argument: JSONValue, _ value: JSONValue, _ path: String
    ) -> Bool {
        guard ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "format"].contains(name) else {
            return false
        }
        if name == "format", !["int32", "int64", "double"].contains(argument.text) { return false }
        guard value.kind == .number else { return true }
        let fits: Bool
        switch name {
        case "minimum": fits = Self.order(value, argument).map { $0 >= 0 } ?? false
        case "maximum": fits = Self.order(value, argument).map { $0 <= 0 } ?? false
        case "exclusiveMinimum": fits = Self.order(value, argument).map { $0 > 0 } ?? false
        case "exclusiveMaximum": fits = Self.order(value, argument).map { $0 < 0 } ?? false
        default:
            let isInt32 = argument.isString("int32")
            fits = argument.isString("double") || value.int64().map { !isInt32 || Int32(exactly: $0) != nil } ?? false
        }
        if !fits { report(path, "breaks \(name) \(argument.rawText), is \(Self.shown(value))") }
        return true
    }

    /// Below zero, zero or above it, as one number is less than the other, equal, or more; exact for integers.
    private static func order(_ one: JSONValue, _ other: JSONValue) -> Int? {
        if let one = one.int64(), let other = other.int64() { return one < other ? -1 : one > other ? 1 : 0 }
        guard let one = one.double(), let other = other.double() else { return nil }
        return one < other ? -1 : one > other ? 1 : 0
    }

    // MARK: Arrays

    private mutating func assertArray(
        _ name: String, _ argument: JSONValue, _ value: JSONValue, _ path: String
    ) -> Bool {
        guard ["items", "minItems", "maxItems", "uniqueItems"].contains(name) else { return false }
        guard value.kind == .array else { return true }
        switch name {
        case "items":
            for (index, element) in value.elements.enumerated() {
                hold(element, against: argument, at: "\(path)[\(index)]")
            }
        case "minItems":
            if Int64(value.count) < argument.int64() ?? .max {
                report(path, "has fewer than \(argument.rawText) items")
            }
        case "maxItems":
            if Int64(value.count) > argument.int64() ?? -1 { report(path, "has more than \(argument.rawText) items") }
        default:
            let elements = Array(value.elements)
            let repeats = elements.indices.contains { index in
                elements[..<index].contains { $0.equals(elements[index]) }
            }
            if argument.bool() == true, repeats { report(path, "has an item twice") }
        }
        return true
    }

    // MARK: Objects

    private mutating func assertObject(
        _ name: String, _ argument: JSONValue, _ value: JSONValue, _ path: String, _ schema: JSONValue
    ) -> Bool {
        guard
            ["properties", "required", "additionalProperties", "propertyNames", "minProperties", "maxProperties"]
                .contains(name)
        else { return false }
        guard value.kind == .object else { return true }
        switch name {
        case "properties":
            for member in value.members {
                guard let key = member.key.text, let schema = argument.member(named: key) else { continue }
                hold(member.value, against: schema, at: "\(path).\(key)")
            }
        case "required":
            for key in argument.elements.compactMap(\.text) where value.member(named: key) == nil {
                report(path, "lacks \(key)")
            }
        case "additionalProperties":
            for member in value.members {
                guard let key = member.key.text, schema.member("properties")?.member(named: key) == nil else {
                    continue
                }
                if argument.kind == .false {
                    report("\(path).\(key)", "is not described")
                } else {
                    hold(member.value, against: argument, at: "\(path).\(key)")
                }
            }
        case "propertyNames":
            for member in value.members {
                hold(member.key, against: argument, at: "\(path), name \(member.key.text ?? "")")
            }
        case "minProperties":
            if Int64(value.count) < argument.int64() ?? .max {
                report(path, "has fewer than \(argument.rawText) members")
            }
        default:
            if Int64(value.count) > argument.int64() ?? -1 { report(path, "has more than \(argument.rawText) members") }
        }
        return true
    }

    // MARK: Other schemas

    private mutating func applyOthers(
        _ name: String, _ argument: JSONValue, _ value: JSONValue, _ path: String, _ schema: JSONValue
    ) -> Bool {
        switch name {
        case "$ref":
            do throws(OpenAPIDocument.DeadReference) {
                hold(value, against: try document.target(of: argument.text ?? ""), at: path)
            } catch {
                report(path, error.description)
            }
        case "allOf":
            for part in argument.elements { hold(value, against: part, at: path) }
        case "anyOf", "oneOf":
            let found = argument.elements.map { Self.problems(of: value, against: $0, in: document, at: path) }
            let fitting = found.count { $0.isEmpty }
            if fitting == 0 {
                report(path, "fits none of the \(found.count) alternatives; the nearest:")
                problems += found.min { $0.count < $1.count } ?? []
            } else if name == "oneOf", fitting > 1 {
                report(path, "fits \(fitting) alternatives, must fit one")
            }
        case "not":
            if Self.problems(of: value, against: argument, in: document, at: path).isEmpty {
                report(path, "must not be \(Self.shown(value))")
            }
        default: return false
        }
        return true
    }
}
