// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

@Suite("Layers")
struct LayeringTests {
    @Test("every import is an edge that the module graph allows")
    func importsFollowTheGraph() {
        let objections = Repository.swiftFiles(in: "Sources").flatMap(ModuleGraph.imports)
            .compactMap(ModuleGraph.objection)
        #expect(objections.isEmpty, "\(objections.joined(separator: "\n"))")
    }

    @Test("every import of a module of this package is a declared dependency, and no declared one is unused")
    func importsAreDeclared() throws {
        let manifest = try #require(Repository.file("Package.swift"))
        let declared = Manifest(manifest.text)
        let own = Set(declared.dependencies.keys)
        var used: [String: Set<String>] = [:]
        for found in Repository.swiftFiles(in: "Sources", "Tests").flatMap(ModuleGraph.imports)
        where own.contains(found.module) && declared.dependencies[found.target] != nil {
            used[found.target, default: []].insert(found.module)
        }
        for (target, dependencies) in declared.dependencies where !declared.plugins.contains(target) {
            let undeclared = used[target, default: []].subtracting(dependencies)
            #expect(undeclared.isEmpty, "\(target) imports \(undeclared.sorted()) without declaring it")
            // Programs are depended on so that they are built before the tests that start them.
            let idle = dependencies.intersection(own).subtracting(used[target, default: []])
                .filter { !$0.hasPrefix("holdfast") }
            #expect(idle.isEmpty, "\(target) declares \(idle.sorted()) without importing it")
        }
    }

    @Test("no rule names an edge that would close a circle")
    func theGraphHasNoCycles() {
        var finished: Set<String> = []
        var path: [String] = []
        func visit(_ module: String) {
            guard !finished.contains(module) else { return }
            guard !path.contains(module) else {
                Issue.record("circle: \((path + [module]).joined(separator: " -> "))")
                return
            }
            path.append(module)
            for next in (ModuleGraph.rules[module]?.own ?? []).sorted() { visit(next) }
            path.removeLast()
            finished.insert(module)
        }
        for module in ModuleGraph.rules.keys.sorted() { visit(module) }
    }

    @Test("the two domains never import each other, and each API folder leaves the other domain alone")
    func domainsStayApart() {
        let banned = [
            ("Sources/Budgets/", "Reservations"), ("Sources/Reservations/", "Budgets"),
            ("Sources/HTTPAPI/ReservationAPI/", "Budgets"), ("Sources/HTTPAPI/CyclesAPI/", "Reservations"),
            ("Sources/HTTPAPI/Core/", "Budgets"), ("Sources/HTTPAPI/Core/", "Reservations"),
            ("Sources/HTTPAPI/Pipeline/", "Budgets"), ("Sources/HTTPAPI/Pipeline/", "Reservations"),
        ]
        for file in Repository.swiftFiles(in: "Sources") {
            for (folder, module) in banned where file.path.hasPrefix(folder) {
                let found = ModuleGraph.imports(of: file).filter { $0.module == module }
                #expect(found.isEmpty, "\(found)")
            }
        }
    }

    /// The two planes of the Cycles protocol have schemas and refusals in common.
    private static let sharedProtocol = (user: "AdminAPI", owner: "CyclesAPI")

    @Test("the folders of the two APIs do not use each other's types, and the core uses none of theirs")
    func apiFoldersStayApart() {
        let folders = ["ReservationAPI", "CyclesAPI", "AdminAPI", "Operations"]
        let users = folders + ["Core", "Pipeline"]
        let code = Dictionary(
            uniqueKeysWithValues: users.map { folder in
                (folder, Repository.swiftFiles(in: "Sources/HTTPAPI/" + folder).map { ($0.path, $0.code) })
            })
        for owner in folders {
            let types = Set(code[owner, default: []].flatMap { topLevelTypes($0.1) })
            for user in users where user != owner && (user, owner) != Self.sharedProtocol {
                for (path, text) in code[user, default: []] {
                    for (index, line) in text.lines.enumerated() {
                        let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
                        let found = types.intersection(words)
                        #expect(found.isEmpty, "\(path):\(index + 1) uses \(found.sorted()) of \(owner)")
                    }
                }
            }
        }
    }

    /// Names of the types a file declares outside any braces, private ones left out.
    private func topLevelTypes(_ code: SwiftCode) -> [String] {
        code.lines.compactMap { line in
            line.firstMatch(
                of: /^(?:(?:package|internal|final|indirect)\s+)*(?:enum|struct|class|actor|protocol)\s+(\w+)/
            )
            .map { String($0.1) }
        }
    }

    @Test("a forbidden import is noticed, whatever its modifiers")
    func forbiddenImportsAreNoticed() {
        let text =
            "import Foundation\n@preconcurrency package import Hummingbird\ninternal import struct Budgets.Reserve\n"
        let file = Repository.File(path: "Sources/Reservations/Model/Sample.swift", text: text)
        let modules = ModuleGraph.imports(of: file)
        #expect(modules.map(\.module) == ["Foundation", "Hummingbird", "Budgets"])
        #expect(modules.compactMap(ModuleGraph.objection).count == 3)
        let other = Repository.File(path: "Sources/Unheard/Sample.swift", text: "import Budgets\n")
        #expect(ModuleGraph.imports(of: other).compactMap(ModuleGraph.objection).count == 1)
    }
}

/// What Package.swift declares, read as text: target names with their dependencies inside this package.
struct Manifest {
    private(set) var dependencies: [String: Set<String>] = [:]
    /// Build plugins: they name tools, not modules.
    private(set) var plugins: Set<String> = []
    /// Executable targets.
    private(set) var executables: Set<String> = []

    init(_ text: String) {
        let target = /\.(target|executableTarget|testTarget|systemLibrary|plugin)\(\s*name:\s*"([^"]+)"/
        let starts = text.matches(of: target)
        for (index, start) in starts.enumerated() {
            let end = index + 1 < starts.count ? starts[index + 1].range.lowerBound : text.endIndex
            let name = String(start.2)
            dependencies[name] = Self.quoted(after: "dependencies: [", in: text[start.range.upperBound..<end])
            if start.1 == "plugin" { plugins.insert(name) }
            if start.1 == "executableTarget" { executables.insert(name) }
        }
    }

    private static func quoted(after marker: String, in text: Substring) -> Set<String> {
        guard let begin = text.firstRange(of: marker)?.upperBound, let end = text[begin...].firstIndex(of: "]") else {
            return []
        }
        return Set(text[begin..<end].matches(of: /"([^"]+)"/).map { String($0.1) })
    }
}
