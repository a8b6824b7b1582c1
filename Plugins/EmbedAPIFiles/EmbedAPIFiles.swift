// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import PackagePlugin

/// Makes string constants of the OpenAPI files before their target is compiled, so that the server needs no file on
/// disk to serve them.
///
/// SwiftPM's own `embedInCode` writes an array of numbers, which costs the compiler a second for every 8 KB. The link
/// `api` beside this file makes SwiftPM notice a new file, as `lua` does for EmbedLua.
@main
struct EmbedAPIFiles: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let root = context.package.directoryURL.appending(path: "docs/api")
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedText.swift")
        let files = try FileManager.default.contentsOfDirectory(atPath: root.path)
            .filter { $0.hasSuffix(".yaml") }
            .sorted()
            .map { root.appending(path: $0) }
        return [
            .buildCommand(
                displayName: "Embedding the OpenAPI files",
                executable: try context.tool(named: "embedtext").url,
                arguments: [output.path] + files.map(\.path),
                inputFiles: files,
                outputFiles: [output]
            )
        ]
    }
}
