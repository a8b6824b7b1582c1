// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Puts the includes of a script in an order in which each comes after those it needs.
struct IncludeResolver {
    /// The includes, each once, depth first.
    private(set) var ordered: [LuaSource] = []
    /// Deferred includes of the script, each with what it needs beyond the others before it.
    private(set) var deferred: [(module: String, sources: [LuaSource])] = []
    private(set) var problems: [BundleProblem] = []
    /// The paths being resolved, from the script down.
    private var stack: [String] = []
    private var done: Set<String> = []

    /// Visits what `source`, the script at `path`, includes: first what each call needs, then what is deferred.
    mutating func resolve(_ source: LuaSource, at path: String, in tree: inout SourceTree) {
        var ignored: [BundleProblem] = []
        visit(source, at: path, in: &tree)
        for directive in IncludeDirective.all(in: source, problems: &ignored) where directive.isDeferred {
            var own = IncludeResolver()
            own.done = done
            own.stack = [path]
            own.visit([directive], of: source, at: path, in: &tree)
            problems += own.problems
            let module = String(directive.name.split(separator: "/").last ?? "")
            guard own.ordered.last?.baseName == module else {
                reject(directive, in: source, "<\(directive.name)> is deferred, but each call has it")
                continue
            }
            deferred.append((module, own.ordered))
        }
    }

    private mutating func visit(_ source: LuaSource, at path: String, in tree: inout SourceTree) {
        stack.append(path)
        let directives = IncludeDirective.all(in: source, problems: &problems)
        if stack.count > 1 {
            for directive in directives where directive.isDeferred {
                reject(directive, in: source, "only a script may defer what it includes")
            }
        }
        visit(directives.filter { !$0.isDeferred }, of: source, at: path, in: &tree)
        stack.removeLast()
        done.insert(path)
    }

    private mutating func visit(
        _ directives: [IncludeDirective], of source: LuaSource, at path: String, in tree: inout SourceTree
    ) {
        let domain = String(path.prefix { $0 != "/" })
        for directive in directives {
            guard let target = tree.locate(directive.name, fromDomain: domain) else {
                let expected = SourceTree.includePath(directive.name)
                reject(directive, in: source, "no include <\(directive.name)>: expected the file \(expected)")
                continue
            }
            guard !stack.contains(target) else {
                rejectCycle(directive, to: target, in: source)
                continue
            }
            include(target, for: directive, of: source, from: &tree)
        }
    }

    private mutating func include(
        _ target: String, for directive: IncludeDirective, of source: LuaSource, from tree: inout SourceTree
    ) {
        let module = String(directive.name.split(separator: "/").last ?? "")
        if !source.code.contains(where: { $0.kind == .name && source.text(of: $0).elementsEqual(module.utf8) }) {
            reject(directive, in: source, "<\(directive.name)> is included but \(module) is not used here")
        }
        guard !done.contains(target) else { return }
        do {
            let included = try tree.load(target)
            visit(included, at: target, in: &tree)
            problems += included.includeProblems(module: module)
            if let other = ordered.first(where: { $0.baseName == module }) {
                reject(directive, in: source, "\(included.path) and \(other.path) both define \(module)")
            }
            ordered.append(included)
        } catch {
            problems.append(error)
            done.insert(target)
        }
    }

    private mutating func rejectCycle(_ directive: IncludeDirective, to target: String, in source: LuaSource) {
        guard stack.last != target else {
            reject(directive, in: source, "the file includes itself")
            return
        }
        let cycle = stack.drop { $0 != target } + [target]
        reject(directive, in: source, "include cycle: \(cycle.joined(separator: " -> "))")
    }

    /// Everything that is included, in whatever way.
    var all: [LuaSource] { ordered + deferred.flatMap(\.sources) }

    private mutating func reject(_ directive: IncludeDirective, in source: LuaSource, _ message: String) {
        problems.append(source.problem(directive.line, message))
    }
}

extension LuaSource {
    /// What keeps this file from being an include: it must define one local table named `module` and nothing else.
    ///
    /// A chunk of Lua 5.1 may hold 200 locals and a closure 60 upvalues, and includes share the chunk with the script.
    func includeProblems(module: String) -> [BundleProblem] {
        var problems: [BundleProblem] = []
        var isDefined = false
        var depth = 0
        for (index, token) in code.enumerated() where token.kind == .name {
            switch String(decoding: text(of: token), as: UTF8.self) {
            case "do", "function", "if", "repeat":
                depth += 1
            case "end", "until":
                depth -= 1
            case "return" where depth == 0:
                problems.append(problem(token.line, "a return at the top of an include would end the script"))
            case "local" where depth == 0 || token.column == 0:
                if !isDefined, definesModule(module, at: index) {
                    isDefined = true
                } else {
                    problems.append(problem(token.line, "an include defines one top-level local, \(module) = {...}"))
                }
            default:
                break
            }
        }
        if !isDefined {
            problems.append(problem(1, "the include does not define its table: local \(module) = {}"))
        }
        if depth != 0 {
            problems.append(problem(code.last?.line ?? 1, "blocks and ends do not match"))
        }
        return problems
    }

    /// Whether the `local` at `index` starts `local module =` at column 0.
    private func definesModule(_ module: String, at index: Int) -> Bool {
        guard code[index].column == 0, code.indices.contains(index + 1) else { return false }
        return text(of: code[index + 1]).elementsEqual(module.utf8) && code(at: index + 2, is: "=")
    }
}
