// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import StrictJSON
internal import Yams

/// YAML that says what JSON can say, read as JSON, so that schemas and what they describe are of one type.
package enum YAMLText {
    /// A text that is not YAML, or says more than JSON can.
    package struct Problem: Error, CustomStringConvertible {
        package let description: String
    }

    /// The document of a text. Scalars count as the core schema of YAML 1.2 has them: `no` and `12:30` are strings.
    package static func json(_ text: String) throws -> JSONDocument {
        guard let root = try Yams.compose(yaml: text) else { throw Problem(description: "there is no document") }
        var writer = JSONWriter(capacity: text.utf8.count * 2)
        try write(root, to: &writer)
        return try JSONDocument.parse(writer.finish(), maxDepth: 64)
    }

    private static func write(_ node: Node, to writer: inout JSONWriter) throws {
        switch node {
        case .mapping(let mapping):
            writer.beginObject()
            for (key, value) in mapping {
                guard let name = key.scalar else { throw Problem(description: "a key is not a scalar") }
                writer.key([UInt8](name.string.utf8))
                try write(value, to: &writer)
            }
            writer.endObject()
        case .sequence(let sequence):
            writer.beginArray()
            for element in sequence { try write(element, to: &writer) }
            writer.endArray()
        case .scalar(let scalar): write(scalar, to: &writer)
        case .alias: throw Problem(description: "an alias has no anchor")
        }
    }

    private static func write(_ scalar: Node.Scalar, to writer: inout JSONWriter) {
        let text = [UInt8](scalar.string.utf8)
        guard scalar.style == .plain || scalar.style == .any else { return writer.string(text) }
        if text.isEmpty || scalar.string == "~" { return writer.null() }
        if let value = try? JSONDocument.parse(text, maxDepth: 0).root, value.kind != .string {
            return writer.raw(text)
        }
        writer.string(text)
    }
}
