// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import PackagePlugin

/// Makes the members of `LuaScript` from the Lua files of the package before its target is compiled.
///
/// SwiftPM plans a build anew when something is added to or taken from the folder of a target, so the link `lua` beside
/// this file makes it notice a new script.
@main
struct EmbedLua: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let root = context.package.directoryURL.appending(path: "lua")
        let output = context.pluginWorkDirectoryURL.appending(path: "LuaScript+Catalogue.swift")
        let scripts = try FileManager.default.subpathsOfDirectory(atPath: root.path)
            .filter { $0.hasSuffix(".lua") }
            .sorted()
        return [
            .buildCommand(
                displayName: "Bundling the Lua scripts",
                executable: try context.tool(named: "luabundle").url,
                arguments: ["--root", root.path, "--output", output.path],
                inputFiles: scripts.map { root.appending(path: $0) },
                outputFiles: [output]
            )
        ]
    }
}
