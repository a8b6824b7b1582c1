// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation

/// The Lua files below a root, each read once.
struct SourceTree {
    private let root: URL
    /// By the path of the include that each replaces.
    private let overrides: [String: IncludeOverride]
    private var sources: [String: LuaSource] = [:]

    init(root: URL, overrides: [String: IncludeOverride]) {
        self.root = root
        self.overrides = Dictionary(
            overrides.map { (Self.includePath($0.key), $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    /// The file of an include by its full name: `int64` or `budget/ledger`.
    static func includePath(_ name: String) -> String {
        guard let slash = name.firstIndex(of: "/") else { return "include/\(name).lua" }
        return "\(name[..<slash])/include/\(name[name.index(after: slash)...]).lua"
    }

    /// The first file that `name` can stand for in a file of `domain`; a bare name means a shared include if there is
    /// one, and an include of the same domain otherwise.
    func locate(_ name: String, fromDomain domain: String) -> String? {
        var paths = [Self.includePath(name)]
        if !name.contains("/"), domain != "include" {
            paths.append(Self.includePath("\(domain)/\(name)"))
        }
        return paths.first { exists($0) }
    }

    /// A mistyped override would silently test the real include, so each must replace something.
    func overrideProblems() -> [BundleProblem] {
        overrides.keys.filter { !exists($0) }.sorted().map {
            BundleProblem(path: $0, line: 1, message: "an override names this include, but it does not exist")
        }
    }

    /// The file at `path`, or what replaces it.
    mutating func load(_ path: String) throws(BundleProblem) -> LuaSource {
        if let source = sources[path] { return source }
        let source =
            switch overrides[path] {
            case .source(let text): try LuaSource(path: path + "#override", text: text)
            case .file(let url): try LuaSource(path: path + "#override", text: Self.read(url, as: path + "#override"))
            case nil: try LuaSource(path: path, text: Self.read(root.appending(path: path), as: path))
            }
        sources[path] = source
        return source
    }

    /// The paths of all Lua files, sorted by their bytes; hidden files are left out.
    func paths() throws(BundleProblem) -> [String] {
        let directory = root.resolvingSymlinksInPath().path
        let found: [String]
        do {
            found = try FileManager.default.subpathsOfDirectory(atPath: directory)
        } catch {
            throw BundleProblem(path: "", line: 1, message: "cannot list this directory")
        }
        return found.filter { path in
            path.hasSuffix(".lua") && !path.split(separator: "/").contains { $0.hasPrefix(".") }
        }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path)
    }

    private static func read(_ file: URL, as path: String) throws(BundleProblem) -> String {
        let contents: Data
        do {
            contents = try Data(contentsOf: file)
        } catch {
            throw BundleProblem(path: path, line: 1, message: "cannot read this file")
        }
        guard let text = String(validating: contents, as: UTF8.self) else {
            throw BundleProblem(path: path, line: 1, message: "the file is not UTF-8")
        }
        return text
    }
}
