// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// One mistake in a Lua file, with the place to mend it.
package struct BundleProblem: Error, Hashable, Sendable {
    /// The file, relative to the Lua root; empty when the root itself is at fault.
    package let path: String

    /// The line in that file, from 1.
    package let line: Int

    /// What is wrong, without a final full stop.
    package let message: String

    /// A mistake at `line` of `path`.
    package init(path: String, line: Int, message: String) {
        self.path = path
        self.line = line
        self.message = message
    }

    /// The form that SwiftPM and editors recognise as a build error: `root/path:line: error: message`.
    package func rendered(under root: String) -> String {
        let file = [root, path].filter { !$0.isEmpty }.joined(separator: "/")
        return "\(file):\(line): error: \(message)"
    }
}

/// Why a bundle could not be made: every mistake found, in the order of files and lines.
package struct BundleFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// At least one problem, without repetitions.
    package let problems: [BundleProblem]

    init(_ problems: [BundleProblem]) {
        // A broken include is met once per script that uses it and should be reported once.
        self.problems = Set(problems).sorted { ($0.path, $0.line, $0.message) < ($1.path, $1.line, $1.message) }
    }

    package var description: String {
        problems.map { $0.rendered(under: "lua") }.joined(separator: "\n")
    }
}
