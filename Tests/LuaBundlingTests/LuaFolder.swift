// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import LuaBundling

/// A folder of Lua files that lives as long as one test.
struct LuaFolder {
    let root: URL

    /// A complete header for the script `budget/reserve`, thirteen lines long, with one key, argument, and reply.
    static let header = """
        --[[
        budget/reserve: takes some.

        retry: keyed
        KEYS
          1 sentinel   the shard
        ARGV
          1 tag        any text
        REPLIES
          DONE
        EVENTS
          none
        ]]

        """

    /// Calls `body` with a folder that holds `files`, path by path, and removes it afterwards.
    static func with<Result>(_ files: [String: String], _ body: (LuaFolder) throws -> Result) throws -> Result {
        let root = FileManager.default.temporaryDirectory.appending(path: "lua-bundling-\(UUID().uuidString)")
        let folder = LuaFolder(root: root)
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: root) }
        for (path, text) in files {
            try folder.write(text, to: path)
        }
        return try body(folder)
    }

    /// The bundle of `budget/reserve` in a folder that holds `files`.
    static func bundle(_ files: [String: String]) throws -> BundledScript {
        try with(files) { try $0.bundler().bundle("budget/reserve") }
    }

    /// What keeps `budget/reserve` from being bundled, as `path:line: error: message`; empty when nothing does.
    static func complaints(_ files: [String: String]) throws -> [String] {
        try with(files) { folder in
            do throws(BundleFault) {
                _ = try folder.bundler().bundle("budget/reserve")
                return []
            } catch {
                return error.problems.map { $0.rendered(under: "lua") }
            }
        }
    }

    /// The complaints about a script made of `header` and `body`.
    static func complaints(header: String, body: String = "return {'DONE'}\n") throws -> [String] {
        try complaints(["budget/reserve.lua": header + body])
    }

    func bundler(overrides: [String: IncludeOverride] = [:]) -> Bundler {
        Bundler(root: root, overrides: overrides)
    }

    func write(_ text: String, to path: String) throws {
        let file = root.appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
}

extension BundledScript {
    /// The lines of the bundle.
    var lines: [String] {
        source.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}
