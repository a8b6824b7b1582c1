// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// A script with its includes and its contract, ready for Redis; the fields are those of `LuaScript`.
package struct BundledScript: Hashable, Sendable {
    /// Its path without suffix, such as `budget/reserve`.
    package let name: String

    /// What it does, in one sentence.
    package let summary: String

    /// The text that Redis gets, starting with `#!lua`.
    package let source: String

    /// The SHA-1 of `source` in hexadecimal, by which EVALSHA calls it.
    package let sha1: String

    /// Whether it may be sent again after its outcome was lost.
    package let retry: DeclaredRetry

    /// The names of its keys, in order.
    package let keyNames: [String]

    /// Whether the last key name stands for any number of keys.
    package let hasVariadicKeys: Bool

    /// The names of its arguments, in order.
    package let argumentNames: [String]

    /// Whether the last argument name stands for any number of arguments.
    package let isVariadic: Bool

    /// Every shape of reply.
    package let replies: [DeclaredReply]

    /// The script flags in its first line.
    package let flags: [String]

    /// Where each line of `source` comes from, see `BundleText.lineMap`.
    package let lineMap: String

    /// The name of its Swift member: `budget/create_grant` becomes `budgetCreateGrant`.
    package var memberName: String {
        let words = name.split { $0 == "/" || $0 == "_" }
        return words.prefix(1).joined() + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}

/// Lua text with its includes but without a contract, such as a spec that tests an include.
package struct BundledFragment: Hashable, Sendable {
    /// The text that Redis gets, starting with `#!lua`.
    package let source: String

    /// The SHA-1 of `source` in hexadecimal.
    package let sha1: String

    /// Where each line of `source` comes from, see `BundleText.lineMap`.
    package let lineMap: String
}

/// The text of a bundle, assembled from the stripped lines of its files.
struct BundleText {
    let source: String

    /// Where each line of `source` comes from: `file@line:line,line:line file@...`.
    ///
    /// A pair is a line of the bundle and a line of the file; both count up together until the next pair. The first
    /// line of a bundle comes from no file.
    let lineMap: String

    /// A deferred include is a function of its name: what comes before and behind it stands in its first and last
    /// lines, so that lines keep their places.
    init(
        flags: [String], files: [LuaSource], deferred: [(module: String, sources: [LuaSource])], script: LuaSource
    ) {
        var parts = files.map { (source: $0, before: "", behind: "") }
        for group in deferred {
            for (index, source) in group.sources.enumerated() {
                let before = index == 0 ? "local \(group.module) = function() " : ""
                let behind = index == group.sources.count - 1 ? " return \(group.module) end" : ""
                parts.append((source, before, behind))
            }
        }
        parts.append((script, "", ""))
        var text = Array("#!lua".utf8)
        if !flags.isEmpty {
            text += " flags=\(flags.joined(separator: ","))".utf8
        }
        var segments: [String] = []
        var bundleLine = 1
        for (file, before, behind) in parts {
            var pairs: [String] = []
            var expected = 0
            let lines = file.strippedLines()
            for (index, line) in lines.enumerated() {
                bundleLine += 1
                text.append(UInt8(ascii: "\n"))
                if index == 0 { text += before.utf8 }
                text += line.text
                if index == lines.count - 1 { text += behind.utf8 }
                if line.line != expected {
                    pairs.append("\(bundleLine):\(line.line)")
                }
                expected = line.line + 1
            }
            if !pairs.isEmpty {
                segments.append("lua/\(file.path)@\(pairs.joined(separator: ","))")
            }
        }
        source = String(decoding: text, as: UTF8.self)
        lineMap = segments.joined(separator: " ")
    }
}
