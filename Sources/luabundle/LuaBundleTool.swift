// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import LuaBundling

/// Turns the folder of Lua files into one Swift file; run by the EmbedLua plugin and by hand.
@main
struct LuaBundleTool {
    private enum Task {
        case write(output: String)
        case check
        case show(script: String)
    }

    private static let usage = """
        usage: luabundle --root DIR --output FILE    write the Swift catalogue of all scripts
               luabundle --root DIR --check          report mistakes and unused includes
               luabundle --root DIR --print NAME     show one script as Redis gets it

        """

    private let root: String
    private let task: Task

    static func main() {
        guard let tool = LuaBundleTool(arguments: Array(CommandLine.arguments.dropFirst())) else {
            FileHandle.standardError.write(Data(usage.utf8))
            exit(2)
        }
        exit(tool.run())
    }

    private init?(arguments: [String]) {
        var rest = arguments[...]
        var root: String?
        var task: Task?
        while let option = rest.popFirst() {
            switch option {
            case "--check" where task == nil:
                task = .check
            case "--root" where root == nil:
                guard let value = rest.popFirst() else { return nil }
                root = value
            case "--output" where task == nil:
                guard let value = rest.popFirst() else { return nil }
                task = .write(output: value)
            case "--print" where task == nil:
                guard let value = rest.popFirst() else { return nil }
                task = .show(script: value)
            default:
                return nil
            }
        }
        guard let root, let task else { return nil }
        self.root = root
        self.task = task
    }

    private func run() -> Int32 {
        let bundler = Bundler(root: URL(filePath: root, directoryHint: .isDirectory))
        do throws(BundleFault) {
            switch task {
            case .write(let output):
                return write(CatalogueRenderer.render(try bundler.bundleAll()), to: URL(filePath: output))
            case .check:
                let problems = bundler.problems()
                report(problems)
                return problems.isEmpty ? 0 : 1
            case .show(let script):
                FileHandle.standardOutput.write(Data((try bundler.bundle(script).source + "\n").utf8))
                return 0
            }
        } catch {
            report(error.problems)
            return 1
        }
    }

    private func write(_ text: String, to file: URL) -> Int32 {
        let contents = Data(text.utf8)
        // An untouched file spares the compiler the module when only comments of a script changed.
        if let existing = try? Data(contentsOf: file), existing == contents { return 0 }
        do {
            try contents.write(to: file, options: .atomic)
            return 0
        } catch {
            FileHandle.standardError.write(Data("luabundle: cannot write \(file.path): \(error)\n".utf8))
            return 1
        }
    }

    private func report(_ problems: [BundleProblem]) {
        let lines = problems.map { $0.rendered(under: root) + "\n" }.joined()
        FileHandle.standardError.write(Data(lines.utf8))
    }
}
