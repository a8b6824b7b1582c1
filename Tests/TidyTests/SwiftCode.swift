// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation

/// Swift source with comments and literals of text blanked out, so that a search finds code only. Lines stay lines.
struct SwiftCode {
    /// The code, one element a line.
    let lines: [String]

    init(_ text: String) {
        var scanner = Scanner(bytes: Array(text.utf8))
        lines = String(decoding: scanner.blanked(), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// Numbers of the lines, from 1, in which `pattern` occurs.
    func lines(with pattern: Regex<some Any>) -> [Int] {
        lines.indices.filter { lines[$0].firstMatch(of: pattern) != nil }.map { $0 + 1 }
    }

    /// Walks the bytes once; a string's interpolations are blanked with it.
    private struct Scanner {
        let bytes: [UInt8]
        var out: [UInt8] = []
        var at = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func blanked() -> [UInt8] {
            out.reserveCapacity(bytes.count)
            while at < bytes.count {
                if matches("//") {
                    while at < bytes.count, bytes[at] != newline { blank() }
                } else if matches("/*") {
                    blankComment()
                } else if let pounds = stringStart() {
                    blankString(pounds: pounds)
                } else if let length = regexLength() {
                    blank(length)
                } else {
                    out.append(bytes[at])
                    at += 1
                }
            }
            return out
        }

        private var newline: UInt8 { UInt8(ascii: "\n") }

        private func matches(_ text: StaticString) -> Bool {
            text.withUTF8Buffer { bytes[at...].starts(with: $0) }
        }

        private mutating func blank(_ count: Int = 1) {
            for _ in 0..<count where at < bytes.count {
                out.append(bytes[at] == newline ? newline : UInt8(ascii: " "))
                at += 1
            }
        }

        private mutating func blankComment() {
            var depth = 0
            repeat {
                if matches("/*") {
                    depth += 1
                    blank(2)
                } else if matches("*/") {
                    depth -= 1
                    blank(2)
                } else {
                    blank()
                }
            } while depth > 0 && at < bytes.count
        }

        /// The length of a regular expression between slashes that begins here; nil when none does. A division has a
        /// space after its slash, or something to divide before it.
        private func regexLength() -> Int? {
            guard bytes[at] == UInt8(ascii: "/"), at + 1 < bytes.count, bytes[at + 1] != UInt8(ascii: " ") else {
                return nil
            }
            let before = out.last { $0 != UInt8(ascii: " ") && $0 != newline } ?? newline
            guard "(,=:{[?".utf8.contains(before) else { return nil }
            var end = at + 1
            while end < bytes.count, bytes[end] != newline {
                if bytes[end] == UInt8(ascii: "/") { return end - at + 1 }
                end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
            }
            return nil
        }

        /// The number of `#` before a quotation mark here; nil when no string begins here.
        private func stringStart() -> Int? {
            let pounds = bytes[at...].prefix { $0 == UInt8(ascii: "#") }.count
            let quote = at + pounds
            return quote < bytes.count && bytes[quote] == UInt8(ascii: "\"") ? pounds : nil
        }

        private mutating func blankString(pounds: Int) {
            blank(pounds)
            let isMultiline = matches("\"\"\"")
            let fence = [UInt8](repeating: UInt8(ascii: "\""), count: isMultiline ? 3 : 1)
            let guards = [UInt8](repeating: UInt8(ascii: "#"), count: pounds)
            blank(fence.count)
            while at < bytes.count {
                let rest = bytes[at...]
                if rest.starts(with: fence + guards) {
                    blank(fence.count + pounds)
                    return
                }
                if rest.starts(with: [UInt8(ascii: "\\")] + guards) {
                    blank(1 + pounds)
                    if at < bytes.count, bytes[at] == UInt8(ascii: "(") { blankInterpolation() } else { blank() }
                } else {
                    blank()
                }
            }
        }

        private mutating func blankInterpolation() {
            var depth = 0
            repeat {
                if let pounds = stringStart() {
                    blankString(pounds: pounds)
                    continue
                }
                if bytes[at] == UInt8(ascii: "(") { depth += 1 }
                if bytes[at] == UInt8(ascii: ")") { depth -= 1 }
                blank()
            } while depth > 0 && at < bytes.count
        }
    }
}

extension SwiftCode {
    /// A function, initialiser, subscript or property with a body.
    struct Body {
        /// Line of the declaration, from 1.
        let line: Int
        /// Lines from the declaration to the closing brace.
        let length: Int
    }

    /// The bodies of the source, found by matching brackets.
    var bodies: [Body] {
        let declaration = /(^|[\s;{])(func\s+[^\s(<]+|init[?!]?\s*[(<]|deinit|subscript\s*[(<]|var\s+\w+\s*:[^={]*\{)/
        var found: [Body] = []
        for index in lines.indices {
            guard let match = lines[index].firstMatch(of: declaration) else { continue }
            let begin = lines[index].distance(from: lines[index].startIndex, to: match.range.lowerBound)
            if let end = endOfBody(line: index, column: begin) {
                found.append(Body(line: index + 1, length: end - index + 1))
            }
        }
        return found
    }

    /// The line with the brace that closes the body of the declaration at this place; nil when it has none.
    private func endOfBody(line: Int, column: Int) -> Int? {
        var depth = 0
        var isOpen = false
        for index in line..<lines.count {
            let text = index == line ? lines[index].dropFirst(column + (column > 0 ? 1 : 0)) : lines[index][...]
            for byte in text.utf8 {
                switch byte {
                case UInt8(ascii: "{"):
                    if depth == 0 { isOpen = true }
                    depth += 1
                case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: ")"), UInt8(ascii: "]"):
                    depth -= 1
                    if depth < 0 { return nil }
                    if isOpen, depth == 0 { return index }
                default: break
                }
            }
            // A signature may go on in the next line only inside brackets or before one of these words.
            if depth == 0, !isOpen {
                let next = index + 1 < lines.count ? lines[index + 1].drop { $0 == " " } : ""
                guard ["->", "where ", "throws", "async", "{"].contains(where: { next.hasPrefix($0) }) else {
                    return nil
                }
            }
        }
        return nil
    }
}
