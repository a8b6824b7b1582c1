// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation

/// Turns text files into one Swift file of string constants; run by the EmbedAPIFiles plugin.
@main
struct EmbedTextTool {
    /// A file that cannot be embedded, and why.
    private struct Problem: Error {
        let text: String
    }

    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        guard let output = arguments.first, arguments.count > 1 else {
            return end("usage: embedtext OUTPUT FILE...\n", code: 2)
        }
        do {
            let constants = try arguments.dropFirst().map { try constant(of: URL(filePath: $0)) }
            let text = "enum EmbeddedText {\n" + constants.joined() + "}\n"
            let target = URL(filePath: output)
            // An untouched file spares the compiler the module.
            if let existing = try? Data(contentsOf: target), existing == Data(text.utf8) { return }
            try Data(text.utf8).write(to: target, options: .atomic)
        } catch let problem as Problem {
            end("embedtext: \(problem.text)\n", code: 1)
        } catch {
            end("embedtext: \(error)\n", code: 1)
        }
    }

    /// The declaration of a constant, named like the file without its extension.
    private static func constant(of file: URL) throws -> String {
        let name = file.deletingPathExtension().lastPathComponent
        guard name.wholeMatch(of: /[a-z][A-Za-z0-9]*/) != nil else {
            throw Problem(text: "\(file.lastPathComponent) is not a name that Swift can have")
        }
        guard let text = String(data: try Data(contentsOf: file), encoding: .utf8) else {
            throw Problem(text: "\(file.lastPathComponent) is not UTF-8")
        }
        guard !text.contains("\"\"\"##"), !text.contains("\\##"), !text.contains("\r"), !text.contains("\0") else {
            throw Problem(text: "\(file.lastPathComponent) has characters that a Swift literal cannot hold as they are")
        }
        return "    static let \(name): StaticString = ##\"\"\"\n\(text)\n\"\"\"##\n"
    }

    private static func end(_ message: String, code: Int32) {
        FileHandle.standardError.write(Data(message.utf8))
        exit(code)
    }
}
