// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The folder `lua`, as text.
enum LuaTree {
    /// A script or an include.
    struct Unit {
        let file: Repository.File
        /// `budget/reserve`, or for an include what a directive calls it: `budget/ledger`, `clock`.
        let name: String
        let isInclude: Bool

        /// The code without comments.
        var code: String {
            let text = file.text.replacing(/(?s)--\[\[.*?\]\]/, with: "")
            return text.split(separator: "\n").filter { !$0.drop { $0 == " " }.starts(with: "--") }.joined(
                separator: "\n")
        }

        /// Names in its include directives.
        var includes: [String] { file.text.matches(of: /(?m)^--include (?:deferred )?<([^>]+)>/).map { String($0.1) } }

        /// The script's name in the Swift catalogue.
        var memberName: String {
            let words = name.split { $0 == "/" || $0 == "_" }
            return words.prefix(1).joined()
                + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        }
    }

    /// Everything below `lua` but the specs.
    static let units: [Unit] = Repository.luaFiles.compactMap { file in
        let path = file.path.dropFirst("lua/".count).dropLast(".lua".count)
        guard file.path.hasPrefix("lua/"), !path.hasPrefix("spec/") else { return nil }
        let parts = path.split(separator: "/")
        let isInclude = parts.dropLast().last == "include"
        return Unit(
            file: file, name: isInclude ? parts.filter { $0 != "include" }.joined(separator: "/") : String(path),
            isInclude: isInclude)
    }

    static var scripts: [Unit] { units.filter { !$0.isInclude } }
    static var includes: [Unit] { units.filter(\.isInclude) }

    /// A script with all that it includes, itself first.
    static func bundle(of script: Unit) -> [Unit] {
        var found = [script]
        var names: Set<String> = []
        var waiting = script.includes
        while let name = waiting.popLast() {
            guard names.insert(name).inserted, let unit = includes.first(where: { $0.name == name }) else { continue }
            found.append(unit)
            waiting += unit.includes
        }
        return found
    }
}
