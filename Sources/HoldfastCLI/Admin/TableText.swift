// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import StrictJSON

/// Answers as people read them.
enum TableText {
    /// A column: its head, and the member it shows.
    struct Column {
        let head: String
        let cell: (JSONValue) -> String

        init(_ head: String, _ member: StaticString) {
            self.head = head
            cell = { $0.member(member).map(TableText.text) ?? "" }
        }

        init(_ head: String, _ cell: @escaping (JSONValue) -> String) {
            self.head = head
            self.cell = cell
        }
    }

    /// A page of rows, with how to go on, or a sentence when there is none.
    static func page(_ root: JSONValue, _ member: StaticString, _ columns: [Column], none: String) -> String {
        let rows = root.member(member).map { Array($0.elements) } ?? []
        guard !rows.isEmpty else { return none }
        var lines = table(head: columns.map(\.head), rows.map { row in columns.map { $0.cell(row) } })
        if let cursor = root.member("next_cursor").map(text) { lines += ["", "There is more: --cursor '\(cursor)'"] }
        return lines.joined(separator: "\n")
    }

    /// An object, one member a line.
    static func object(_ root: JSONValue) -> String {
        table(root.members.map { [text($0.key), text($0.value)] }).joined(separator: "\n")
    }

    /// Columns as wide as their widest cell; those of numbers to the right, where they have a head.
    static func table(head: [String]? = nil, _ rows: [[String]]) -> [String] {
        let all = (head.map { [$0] } ?? []) + rows
        guard let first = all.first else { return [] }
        let widths = first.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        let isRight = first.indices.map { column in head != nil && rows.allSatisfy { isNumber($0[column]) } }
        return all.map { row in
            let cells = row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return isRight[column] ? space + row[column] : row[column] + space
            }
            var line = cells.joined(separator: "  ")
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
    }

    private static func isNumber(_ text: String) -> Bool {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        return !digits.isEmpty && digits.utf8.allSatisfy { (48...57).contains($0) }
    }

    /// A value on one line: amounts with their unit, lists with commas, everything else as JSON.
    static func text(_ value: JSONValue) -> String {
        switch value.kind {
        case .string: printable(String(decoding: value.stringBytes() ?? [], as: UTF8.self))
        case .array: value.elements.map(text).joined(separator: ", ")
        case .object:
            if let amount = value.member("amount"), let unit = value.member("unit"), value.count == 2 {
                "\(text(amount)) \(text(unit))"
            } else {
                printable(String(decoding: value.raw, as: UTF8.self))
            }
        default: String(decoding: value.raw, as: UTF8.self)
        }
    }

    /// The amount of a member, without its unit.
    static func amount(_ name: StaticString) -> (JSONValue) -> String {
        { row in row.member(name)?.member("amount").map(text) ?? "" }
    }

    /// A text without what a terminal would act upon: names come from whoever may create things.
    static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { out.append(isControl(scalar) ? "\u{FFFD}" : scalar) }
        return String(out)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
