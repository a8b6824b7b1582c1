// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Foundation
internal import Synchronization

/// The texts that schemas ask for by pattern or format.
enum SchemaPatterns {
    private static let compiled = Mutex<[String: NSRegularExpression?]>([:])

    /// Whether a pattern, read as ECMAScript has it, is found in a text; false for a pattern that is none.
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let expression = compiled.withLock { known in
            if let expression = known[pattern] { return expression }
            // The dollar of ICU also stands before a line feed at the end.
            let exact = pattern.hasSuffix("$") && !pattern.hasSuffix("\\$") ? pattern.dropLast() + "\\z" : pattern[...]
            let expression = try? NSRegularExpression(pattern: String(exact))
            known[pattern] = .some(expression)
            return expression
        }
        let whole = NSRange(text.startIndex..., in: text)
        return expression?.firstMatch(in: text, range: whole) != nil
    }

    private static let formats = [
        "date-time": "^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d+)?"
            + "(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)$",
        "uuid": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
    ]

    /// Whether texts of this format can be told.
    static func knows(format: String) -> Bool { formats[format] != nil }

    /// Whether a text is of a format; false for a format that is not known here.
    static func fits(format: String, _ text: String) -> Bool { formats[format].map { matches($0, text) } ?? false }
}
