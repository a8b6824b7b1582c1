// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import Foundation

/// Makes one self-contained text out of a script and the files it includes.
///
/// Scripts are `<root>/<domain>/<operation>.lua`; includes are `<root>/include/*.lua` and
/// `<root>/<domain>/include/*.lua`. A folder `<root>/spec` is left alone: its files are for `fragment(name:source:)`.
package struct Bundler: Sendable {
    /// The folder with the Lua files.
    package let root: URL

    /// What replaces an include, by its name: `clock` or `budget/ledger`.
    package let overrides: [String: IncludeOverride]

    /// A bundler for the files below `root`; nothing is read until a script is asked for.
    package init(root: URL, overrides: [String: IncludeOverride] = [:]) {
        self.root = root
        self.overrides = overrides
    }

    /// The names of all scripts, sorted by their bytes; refuses Lua files that stand where none is looked for.
    package func scriptNames() throws(BundleFault) -> [String] {
        let paths = try luaPaths()
        let problems = paths.compactMap(Self.placementProblem)
        guard problems.isEmpty else { throw BundleFault(problems) }
        return paths.compactMap(Self.scriptName)
    }

    /// The bundle of one script by its name, such as `budget/reserve`.
    package func bundle(_ name: String) throws(BundleFault) -> BundledScript {
        var tree = try makeTree()
        return try bundle(name, from: &tree)
    }

    /// The bundles of all scripts in the order of their names, or every mistake in any of them.
    package func bundleAll() throws(BundleFault) -> [BundledScript] {
        let names = try scriptNames()
        var tree = try makeTree()
        var scripts: [BundledScript] = []
        var problems: [BundleProblem] = []
        for name in names {
            do {
                scripts.append(try bundle(name, from: &tree))
            } catch {
                problems += error.problems
            }
        }
        for (member, owners) in Dictionary(grouping: scripts, by: \.memberName) where owners.count > 1 {
            let names = owners.map(\.name).joined(separator: " and ")
            let path = owners[0].name + ".lua"
            problems.append(BundleProblem(path: path, line: 1, message: "\(names) would both be called \(member)"))
        }
        guard problems.isEmpty else { throw BundleFault(problems) }
        return scripts
    }

    /// Text that is no script of its own, with the includes it names; its header is not checked and need not exist.
    ///
    /// `name` is `<domain>/<anything>`; the domain decides which includes a bare name can mean.
    package func fragment(name: String, source text: String) throws(BundleFault) -> BundledFragment {
        var tree = try makeTree()
        let path = name + ".lua"
        let (fragment, includes) = try resolve(path, from: &tree) { _ throws(BundleProblem) in
            try LuaSource(path: path, text: text)
        }
        let bundle = BundleText(flags: [], files: includes.ordered, deferred: includes.deferred, script: fragment)
        return BundledFragment(
            source: bundle.source, sha1: SHA1.hexDigest(of: bundle.source.utf8), lineMap: bundle.lineMap)
    }

    /// Every mistake that bundling would stop at, and includes that no script uses.
    package func problems() -> [BundleProblem] {
        do {
            _ = try bundleAll()
            let unused = try unusedIncludes()
            return unused.map { BundleProblem(path: $0, line: 1, message: "no script includes this file") }
        } catch {
            return error.problems
        }
    }
}

extension Bundler {
    private typealias Loading = (inout SourceTree) throws(BundleProblem) -> LuaSource

    private func makeTree() throws(BundleFault) -> SourceTree {
        let tree = SourceTree(root: root, overrides: overrides)
        let problems = tree.overrideProblems()
        guard problems.isEmpty else { throw BundleFault(problems) }
        return tree
    }

    private func bundle(_ name: String, from tree: inout SourceTree) throws(BundleFault) -> BundledScript {
        let path = name + ".lua"
        let (script, includes) = try resolve(path, from: &tree) { tree throws(BundleProblem) in
            try tree.load(path)
        }
        let header = try HeaderParser.parse(script, scriptName: name)
        let problems = BodyChecks(header: header, script: script, includes: includes.all).problems()
        guard problems.isEmpty else { throw BundleFault(problems) }
        let text = BundleText(
            flags: header.flags, files: includes.ordered, deferred: includes.deferred, script: script)
        return BundledScript(
            name: name,
            summary: header.summary,
            source: text.source,
            sha1: SHA1.hexDigest(of: text.source.utf8),
            retry: header.retry,
            keyNames: header.keys.names,
            hasVariadicKeys: header.keys.isVariadic,
            argumentNames: header.arguments.names,
            isVariadic: header.arguments.isVariadic,
            replies: header.replies,
            flags: header.flags,
            lineMap: text.lineMap)
    }

    private func resolve(
        _ path: String, from tree: inout SourceTree, loading: Loading
    ) throws(BundleFault) -> (file: LuaSource, includes: IncludeResolver) {
        let file: LuaSource
        do {
            file = try loading(&tree)
        } catch {
            throw BundleFault([error])
        }
        var resolver = IncludeResolver()
        resolver.resolve(file, at: path, in: &tree)
        guard resolver.problems.isEmpty else { throw BundleFault(resolver.problems) }
        return (file, resolver)
    }

    private func luaPaths() throws(BundleFault) -> [String] {
        do {
            return try SourceTree(root: root, overrides: overrides).paths()
        } catch {
            throw BundleFault([error])
        }
    }

    /// The includes that are in no bundle, by path; expects that everything can be bundled.
    private func unusedIncludes() throws(BundleFault) -> [String] {
        let paths = try luaPaths()
        var tree = try makeTree()
        var used: Set<String> = []
        for path in paths.compactMap(Self.scriptName).map({ $0 + ".lua" }) {
            let (_, includes) = try resolve(path, from: &tree) { tree throws(BundleProblem) in
                try tree.load(path)
            }
            used.formUnion(includes.all.map(\.path))
        }
        return paths.filter { path in
            path.split(separator: "/").contains("include") && !used.contains(path)
                && !used.contains(path + "#override")
        }
    }

    /// The name of the script at `path`, nil for includes and specs.
    private static func scriptName(_ path: String) -> String? {
        let parts = path.split(separator: "/")
        guard parts.count == 2, parts[0] != "include", parts[0] != "spec" else { return nil }
        return String(path.dropLast(".lua".count))
    }

    private static func placementProblem(_ path: String) -> BundleProblem? {
        let parts = path.dropLast(".lua".count).split(separator: "/").map(String.init)
        if parts.first == "spec" { return nil }
        let isPlaced = parts.count == 2 || (parts.count == 3 && parts[1] == "include" && parts[0] != "include")
        guard isPlaced else {
            let places = "<domain>/<operation>.lua, include/<name>.lua, or <domain>/include/<name>.lua"
            return BundleProblem(path: path, line: 1, message: "a Lua file must be \(places)")
        }
        guard parts.allSatisfy(\.isSnakeCaseName) else {
            return BundleProblem(path: path, line: 1, message: "names of Lua files and folders are snake_case")
        }
        return nil
    }
}
