// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// One Lua file, read and split into tokens.
struct LuaSource: Sendable {
    /// Relative to the Lua root, such as `budget/include/ledger.lua`.
    let path: String
    let bytes: [UInt8]
    let tokens: [LuaToken]

    /// The tokens without comments.
    let code: [LuaToken]

    /// Refuses text that Lua or the Swift literal around the bundle would read differently from what an editor shows.
    init(path: String, text: String) throws(BundleProblem) {
        let bytes = Array(text.utf8)
        var line = 1
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                line += 1
            } else if byte == 0x7F || (byte < 0x20 && byte != UInt8(ascii: "\t")) {
                throw BundleProblem(path: path, line: line, message: "control character \(byte); lines end in LF alone")
            }
        }
        self.path = path
        self.bytes = bytes
        tokens = try LuaLexer.tokens(of: bytes, path: path)
        code = tokens.filter { $0.kind != .comment }
    }

    /// The name of the file without folders and suffix, which is also the name of an include's table.
    var baseName: String {
        let file = path.split(separator: "/").last ?? ""
        return String(file.prefix { $0 != "." })
    }

    /// The bytes of a token.
    func text(of token: LuaToken) -> ArraySlice<UInt8> {
        bytes[token.range]
    }

    /// Whether `code[index]` exists and reads `expected`.
    func code(at index: Int, is expected: StaticString) -> Bool {
        guard code.indices.contains(index) else { return false }
        return expected.withUTF8Buffer { text(of: code[index]).elementsEqual($0) }
    }

    /// A mistake in this file.
    func problem(_ line: Int, _ message: String) -> BundleProblem {
        BundleProblem(path: path, line: line, message: message)
    }
}

/// A line of code that goes into a bundle.
struct StrippedLine: Sendable {
    let text: [UInt8]
    /// The line it stands on in its file.
    let line: Int
}

extension LuaSource {
    /// The code without comments, blank lines, and indentation; strings are untouched and no two lines are joined.
    func strippedLines() -> [StrippedLine] {
        var lines: [StrippedLine] = []
        var current: [UInt8] = []
        var currentLine = 0
        var previous: LuaToken?
        for token in code {
            if let previous, previous.endLine == token.line {
                if previous.range.upperBound < token.range.lowerBound {
                    current.append(UInt8(ascii: " "))
                }
            } else {
                if previous != nil {
                    lines.append(StrippedLine(text: current, line: currentLine))
                }
                current = []
                currentLine = token.line
            }
            for byte in text(of: token) {
                guard byte == UInt8(ascii: "\n") else {
                    current.append(byte)
                    continue
                }
                // Only strings contain line feeds; each stays a line of its own, blank or not.
                lines.append(StrippedLine(text: current, line: currentLine))
                current = []
                currentLine += 1
            }
            previous = token
        }
        if previous != nil {
            lines.append(StrippedLine(text: current, line: currentLine))
        }
        return lines
    }
}
