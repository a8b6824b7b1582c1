// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Foundation

/// A file that grows line by line.
struct LogFile: Sendable {
    let path: String

    /// Its last lines.
    func lastLines(_ count: Int) -> String {
        let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: "\n").suffix(count).joined(separator: "\n")
    }

    /// Hands over each complete line as it comes, from the beginning on, until the task is cancelled and the end is
    /// reached. Looks at the file ten times a second.
    func follow(_ line: @Sendable (String) -> Void) async {
        guard let file = try? FileHandle(forReadingFrom: URL(filePath: path)) else { return }
        defer { try? file.close() }
        var rest = Data()
        while true {
            let isLast = Task.isCancelled
            rest.append((try? file.readToEnd()) ?? Data())
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                line(String(decoding: rest[..<end], as: UTF8.self))
                rest = rest[(end + 1)...]
            }
            if isLast { return }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }
}
