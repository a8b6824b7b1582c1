// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Writes the Swift file with one member of `LuaScript` per script.
package enum CatalogueRenderer {
    /// The text of the file, the same for the same scripts.
    package static func render(_ scripts: [BundledScript]) -> String {
        let members = scripts.map(member).joined(separator: "\n")
        let names = scripts.map { "        .\($0.memberName),\n" }.joined()
        return """
            // SPDX-License-Identifier: Apache-2.0
            // SPDX-FileCopyrightText: 2026 The Holdfast authors

            // Made from the files in lua/ by luabundle; changes here are lost on the next build.

            extension LuaScript {
            \(members)
                /// Every script, sorted by name.
                package static let all: [LuaScript] = [
            \(names)    ]
            }

            """
    }

    private static func member(_ script: BundledScript) -> String {
        let replies = script.replies.map { reply in
            let fields = list(reply.fields)
            return "            LuaReply(word: \(literal(reply.word)), fields: \(fields), "
                + "isVariadic: \(reply.isVariadic)),\n"
        }.joined()
        return """
                /// `\(script.name)`: \(script.summary)
                package static let \(script.memberName) = LuaScript(
                    name: \(literal(script.name)),
                    summary: \(literal(script.summary)),
                    source: \(multilineLiteral(script.source)),
                    sha1: \(literal(script.sha1)),
                    retry: .\(script.retry.rawValue),
                    keyNames: \(list(script.keyNames)),
                    hasVariadicKeys: \(script.hasVariadicKeys),
                    argumentNames: \(list(script.argumentNames)),
                    isVariadic: \(script.isVariadic),
                    replies: [
            \(replies)        ],
                    flags: \(list(script.flags)),
                    lineMap: \(literal(script.lineMap)))

            """
    }

    private static func list(_ strings: [String]) -> String {
        "[" + strings.map(literal).joined(separator: ", ") + "]"
    }

    /// A literal on one line, for text without control characters other than tabs.
    private static func literal(_ text: String) -> String {
        let hashes = delimiter(for: text)
        return "\(hashes)\"\(text)\"\(hashes)"
    }

    /// A literal whose closing quotes stand at column 0, so that no indentation is taken off the text.
    private static func multilineLiteral(_ text: String) -> String {
        let hashes = delimiter(for: text)
        return "\(hashes)\"\"\"\n\(text)\n\"\"\"\(hashes)"
    }

    /// One `#` more than any that follows a quote or a backslash in the text, so that nothing in it has a meaning.
    private static func delimiter(for text: String) -> String {
        var longest = 0
        var run: Int?
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): run = 0
            case UInt8(ascii: "#"): run = run.map { $0 + 1 }
            default: run = nil
            }
            longest = max(longest, run ?? 0)
        }
        return String(repeating: "#", count: longest + 1)
    }
}
