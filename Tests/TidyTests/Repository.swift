// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation

/// The repository these tests are part of, read from disk.
enum Repository {
    /// One text file.
    struct File: Sendable {
        /// Relative to the root, with slashes.
        let path: String
        let text: String

        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
        var name: String { String(path.split(separator: "/").last ?? "") }
        /// The code of a Swift file.
        var code: SwiftCode { Repository.code[path] ?? SwiftCode(text) }
    }

    /// The root of the checkout.
    static let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// What a build or a developer leaves here and nobody commits.
    private static let ignored: Set<String> = [".build", ".git", ".swiftpm", "bench-results", "Package.resolved"]

    /// Every file of the project that is text, in order of path. Symbolic links are not followed.
    static let files: [File] = collect("").sorted { $0.path < $1.path }

    /// The code of every Swift file, by path.
    fileprivate static let code = Dictionary(uniqueKeysWithValues: swiftFiles.map { ($0.path, SwiftCode($0.text)) })

    /// Swift files below any of these folders.
    static func swiftFiles(in folders: String...) -> [File] {
        files.filter { file in file.path.hasSuffix(".swift") && folders.contains { file.path.hasPrefix($0 + "/") } }
    }

    /// All Swift files, Package.swift included.
    static var swiftFiles: [File] { files.filter { $0.path.hasSuffix(".swift") } }

    /// All Lua files.
    static var luaFiles: [File] { files.filter { $0.path.hasSuffix(".lua") } }

    /// The file at this path.
    static func file(_ path: String) -> File? { files.first { $0.path == path } }

    private static func collect(_ folder: String) -> [File] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)) ?? []
        var found: [File] = []
        for name in names where !ignored.contains(name) && !name.hasPrefix("._") {
            let path = folder.isEmpty ? name : folder + "/" + name
            let file = root.appending(path: path).path
            let type = (try? FileManager.default.attributesOfItem(atPath: file))?[.type] as? FileAttributeType
            if type == .typeDirectory {
                found += collect(path)
            } else if type == .typeRegular, let text = try? String(contentsOfFile: file, encoding: .utf8) {
                found.append(File(path: path, text: text))
            }
        }
        return found
    }
}
