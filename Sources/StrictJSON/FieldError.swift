// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What is wrong with one field of a body, fit to show to the client that sent it.
package struct FieldError: Error, Equatable, Sendable {
    /// Where: `subject.tenant`, `[2].ttlSeconds`, or empty for the body as a whole. Keys the client chose are
    /// escaped to printable ASCII and cut.
    package let path: String

    /// What: `must be a string of 1 to 128 characters`.
    package let problem: String

    /// Both in one line: `subject.tenant: must be a string of 1 to 128 characters`.
    package var message: String { "\(path.isEmpty ? "body" : path): \(problem)" }

    /// An error at a path.
    package init(path: String, problem: String) {
        self.path = path
        self.problem = problem
    }
}

extension JSONValue {
    /// Where this value stands in its document, such as `[2].ttlSeconds`; empty for the root.
    ///
    /// Found by searching the tape, so a path costs nothing until there is an error to report.
    package var path: String {
        var path = ""
        var container = document.root
        descent: while container.index != index {
            var position = 0
            for element in container.elements {
                if element.contains(index) {
                    path += "[\(position)]"
                    container = element
                    continue descent
                }
                position += 1
            }
            for member in container.members where member.keyIndex == index || member.value.contains(index) {
                path = FieldPath.joined(path, FieldPath.printable(member.key.stringSlice() ?? []))
                if member.keyIndex == index { return path }
                container = member.value
                continue descent
            }
            return path
        }
        return path
    }

    private func contains(_ other: Int) -> Bool { index <= other && other < Int(node.next) }

    /// An error about this value.
    package func fieldError(_ problem: String) -> FieldError { FieldError(path: path, problem: problem) }
}

/// The spelling of paths in errors.
enum FieldPath {
    /// The most characters of a client's key that an error repeats.
    private static let keyCharactersMax = 64

    /// The path of a member.
    static func joined(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// A client's key as printable ASCII: everything else is written as `\u{hex}`, what is too long ends in `...`, and
    /// the empty key is a pair of quotes.
    static func printable(_ key: ArraySlice<UInt8>) -> String {
        if key.isEmpty { return "\"\"" }
        var text = ""
        // No more bytes are looked at than can be shown; a sequence cut by that is cut from the text as well.
        for scalar in String(decoding: key.prefix(4 * keyCharactersMax + 4), as: UTF8.self).unicodeScalars {
            let isPrintable = (0x20..<0x7F).contains(scalar.value) && scalar != "\\"
            let piece = isPrintable ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
            if text.utf8.count + piece.utf8.count > keyCharactersMax {
                return text + "..."
            }
            text += piece
        }
        return text
    }
}
