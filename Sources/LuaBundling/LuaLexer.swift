// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// One lexical element of a Lua file: enough to tell code from comments and strings, no more.
struct LuaToken: Sendable {
    enum Kind: Sendable {
        case name
        case number
        case string
        /// One byte of punctuation; `==` is two tokens without a gap.
        case symbol
        case comment
    }

    let kind: Kind
    /// Where it stands in the file, quotes, brackets, and dashes included.
    let range: Range<Int>
    /// The line of its first byte, from 1.
    let line: Int
    /// The byte offset of its first byte in that line, from 0.
    let column: Int
    /// The line of its last byte: long brackets may span several.
    let endLine: Int
}

/// Splits Lua 5.1 text into tokens.
struct LuaLexer {
    private let path: String
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private var lineStart = 0

    /// All tokens of a file, comments included; throws at the first string or comment that never ends.
    static func tokens(of bytes: [UInt8], path: String) throws(BundleProblem) -> [LuaToken] {
        var lexer = LuaLexer(path: path, bytes: bytes)
        var tokens: [LuaToken] = []
        while let token = try lexer.next() {
            tokens.append(token)
        }
        return tokens
    }

    /// The level of the long bracket that opens at `position` (`[[` is 0, `[=[` is 1), nil when none does.
    static func longBracketLevel(in bytes: [UInt8], at position: Int) -> Int? {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "[") else { return nil }
        var end = position + 1
        while end < bytes.count, bytes[end] == UInt8(ascii: "=") {
            end += 1
        }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "[") else { return nil }
        return end - position - 1
    }

    private init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }

    private mutating func next() throws(BundleProblem) -> LuaToken? {
        skipWhitespace()
        guard position < bytes.count else { return nil }
        let (start, startLine, column) = (position, line, position - lineStart)
        let kind = try scan()
        return LuaToken(kind: kind, range: start..<position, line: startLine, column: column, endLine: line)
    }

    private mutating func scan() throws(BundleProblem) -> LuaToken.Kind {
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-"):
            position += 2
            if let level = Self.longBracketLevel(in: bytes, at: position) {
                try scanLongBracket(level: level, what: "comment")
            } else {
                skip { $0 != UInt8(ascii: "\n") }
            }
            return .comment
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            try scanQuoted(by: byte)
            return .string
        case UInt8(ascii: "["):
            guard let level = Self.longBracketLevel(in: bytes, at: position) else {
                position += 1
                return .symbol
            }
            try scanLongBracket(level: level, what: "string")
            return .string
        case _ where byte.isLuaDigit:
            // Greedy like Lua itself, which also rejects `1..2`; signs of exponents come out as symbols.
            skip { $0.isLuaDigit || $0.isLuaLetter || $0 == UInt8(ascii: ".") }
            return .number
        case _ where byte.isLuaLetter:
            skip { $0.isLuaLetter || $0.isLuaDigit }
            return .name
        case 0x21...0x7E:
            position += 1
            return .symbol
        default:
            throw problem("byte \(byte) outside of strings and comments")
        }
    }

    private mutating func scanQuoted(by quote: UInt8) throws(BundleProblem) {
        let start = line
        position += 1
        while position < bytes.count {
            switch bytes[position] {
            case quote:
                position += 1
                return
            case UInt8(ascii: "\\"):
                position += 1
                if peek(0) == UInt8(ascii: "\n") {
                    startNewLine()
                } else {
                    position += 1
                }
            case UInt8(ascii: "\n"):
                throw problem("the string does not end on its line")
            default:
                position += 1
            }
        }
        throw problem("the string never ends", line: start)
    }

    private mutating func scanLongBracket(level: Int, what: String) throws(BundleProblem) {
        let start = line
        position += level + 2
        while position < bytes.count {
            if closesLongBracket(level: level) {
                position += level + 2
                return
            }
            if bytes[position] == UInt8(ascii: "\n") {
                startNewLine()
            } else {
                position += 1
            }
        }
        throw problem("the long \(what) never ends", line: start)
    }

    private func closesLongBracket(level: Int) -> Bool {
        guard peek(0) == UInt8(ascii: "]"), peek(level + 1) == UInt8(ascii: "]") else { return false }
        return bytes[position + 1..<position + level + 1].allSatisfy { $0 == UInt8(ascii: "=") }
    }

    private mutating func skipWhitespace() {
        while let byte = peek(0) {
            switch byte {
            case UInt8(ascii: "\n"): startNewLine()
            case UInt8(ascii: " "), UInt8(ascii: "\t"): position += 1
            default: return
            }
        }
    }

    private mutating func skip(while accepted: (UInt8) -> Bool) {
        while let byte = peek(0), accepted(byte) {
            position += 1
        }
    }

    /// Steps over the line feed at the current position.
    private mutating func startNewLine() {
        position += 1
        line += 1
        lineStart = position
    }

    private func peek(_ offset: Int) -> UInt8? {
        position + offset < bytes.count ? bytes[position + offset] : nil
    }

    private func problem(_ message: String, line: Int? = nil) -> BundleProblem {
        BundleProblem(path: path, line: line ?? self.line, message: message)
    }
}

extension UInt8 {
    /// `0` to `9`.
    var isLuaDigit: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
    }

    /// What a Lua name may start with.
    var isLuaLetter: Bool {
        isLowercaseLetter || isUppercaseLetter || self == UInt8(ascii: "_")
    }

    /// `a` to `z`.
    var isLowercaseLetter: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
    }

    /// `A` to `Z`.
    var isUppercaseLetter: Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
    }
}
