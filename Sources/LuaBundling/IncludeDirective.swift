// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// A line `--include <name>` or `--include deferred <name>` in a Lua file.
struct IncludeDirective: Sendable {
    /// What stands between the angle brackets: `int64` or `budget/ledger`.
    let name: String
    /// Whether it becomes a function that makes the include's table when it is called, for what most calls do not need.
    let isDeferred: Bool
    let line: Int

    /// All directives of a file; lines that only resemble one are problems, for Lua itself would pass over them.
    static func all(in source: LuaSource, problems: inout [BundleProblem]) -> [IncludeDirective] {
        let firstCodeLine = source.code.first?.line ?? Int.max
        var directives: [IncludeDirective] = []
        for token in source.tokens where token.kind == .comment {
            let text = String(decoding: source.text(of: token), as: UTF8.self)
            guard resemblesDirective(text) else { continue }
            let isDeferred = text.hasPrefix(deferredHead)
            guard token.column == 0, let name = name(in: text, after: isDeferred ? deferredHead : head) else {
                problems.append(source.problem(token.line, "an include is written --include <name>, from column 0"))
                continue
            }
            if token.line > firstCodeLine {
                problems.append(source.problem(token.line, "includes come before the first line of code"))
            }
            if directives.contains(where: { $0.name == name }) {
                problems.append(source.problem(token.line, "<\(name)> is included twice"))
            } else {
                directives.append(IncludeDirective(name: name, isDeferred: isDeferred, line: token.line))
            }
        }
        return directives
    }

    private static func resemblesDirective(_ comment: String) -> Bool {
        let words = comment.dropFirst(2).drop { $0 == " " }
        guard words.hasPrefix("include") else { return false }
        let rest = words.dropFirst("include".count)
        // Prose may well start with "-- include the"; the tight form or an angle bracket means the directive.
        let isTight = comment.hasPrefix("--include") && rest.first?.isLetter != true
        let target = rest.drop { $0 == " " }
        return isTight || target.hasPrefix("<") || target.hasPrefix("deferred <")
    }

    private static let head = "--include <"
    private static let deferredHead = "--include deferred <"

    private static func name(in comment: String, after head: String) -> String? {
        let line = comment.reversed().drop { $0 == " " || $0 == "\t" }.reversed()
        let text = String(line)
        guard text.hasPrefix(head), text.hasSuffix(">") else { return nil }
        let name = String(text.dropFirst(head.count).dropLast())
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count <= 2 && parts.allSatisfy { String($0).isSnakeCaseName } ? name : nil
    }
}
