// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import OpenAPIFiles
package import StrictJSON

/// An OpenAPI 3.1 document.
package struct OpenAPIDocument: Sendable {
    /// An operation of a document.
    package struct Operation: Sendable {
        /// Upper case.
        package let method: String
        /// The template, parameters in braces.
        package let path: String
        /// The operation object.
        package let value: JSONValue
    }

    /// A reference that leads nowhere.
    package struct DeadReference: Error, CustomStringConvertible {
        package let description: String
    }

    /// What messages call it.
    package let name: String
    /// The whole document.
    package let root: JSONValue

    private static let methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"]

    /// Reads a document written in YAML.
    package init(name: String, yaml: String) throws {
        self.name = name
        root = try YAMLText.json(yaml).root
    }

    /// Reads one of the project's own.
    package init(_ file: OpenAPIFile) throws {
        try self.init(name: "docs/api/" + file.name, yaml: String(decoding: file.bytes, as: UTF8.self))
    }

    /// Every operation, in the order of the document.
    package var operations: [Operation] {
        guard let paths = root.member("paths") else { return [] }
        return paths.members.flatMap { path in
            path.value.members.compactMap { member in
                guard let method = member.key.text, Self.methods.contains(method) else { return nil }
                return Operation(method: method.uppercased(), path: path.key.text ?? "", value: member.value)
            }
        }
    }

    /// The template that a path, with or without a query, is an instance of; the one with most literal segments.
    package func template(of target: String) -> String? {
        let path = target.prefix { $0 != "?" }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        // Paths of the Reservation API are the same in either case.
        let foldsCase = path.lowercased().hasPrefix("/api/")
        var best: (template: String, literals: Int)?
        guard let paths = root.member("paths") else { return nil }
        for template in paths.members.compactMap(\.key.text) {
            let parts = template.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == segments.count else { continue }
            var literals = 0
            let fits = zip(parts, segments).allSatisfy { part, segment in
                if part == segment || foldsCase && part.lowercased() == segment.lowercased() {
                    literals += 1
                    return true
                }
                return part.hasPrefix("{") && !segment.isEmpty
            }
            if fits, literals > best?.literals ?? -1 { best = (template, literals) }
        }
        return best?.template
    }

    /// What a `$ref` of this document leads to; `value` itself when it is none.
    package func resolved(_ value: JSONValue) throws(DeadReference) -> JSONValue {
        var value = value
        // A chain longer than this goes round in a circle.
        for _ in 0..<16 {
            guard let reference = value.member("$ref")?.text else { return value }
            value = try target(of: reference)
        }
        throw DeadReference(description: "a chain of references never ends")
    }

    /// The value at a reference `#/…`.
    package func target(of reference: String) throws(DeadReference) -> JSONValue {
        guard reference.hasPrefix("#/") else {
            throw DeadReference(description: "\(reference) is not in this document")
        }
        var value = root
        for step in reference.dropFirst(2).split(separator: "/") {
            let name = String(step).replacing("~1", with: "/").replacing("~0", with: "~")
            guard let next = value.member(named: name) else {
                throw DeadReference(description: "\(reference) leads nowhere")
            }
            value = next
        }
        return value
    }
}
