// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation

/// The processes of this machine.
struct ProcessTable {
    struct Entry {
        let pid: pid_t
        let parent: pid_t
        let name: String
        /// Ended, and only waiting for its parent to notice.
        let isZombie: Bool
    }

    let entries: [Entry]

    /// As they are now.
    init() { entries = Self.read() }

    /// All that descend from a process.
    func descendants(of pid: pid_t) -> [Entry] {
        let children = entries.filter { $0.parent == pid }
        return children + children.flatMap { descendants(of: $0.pid) }
    }

    /// Whether a process lives.
    func isAlive(_ pid: pid_t) -> Bool { entries.contains { $0.pid == pid && !$0.isZombie } }

    #if os(Linux)
    private static func read() -> [Entry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.compactMap { pid in
            // pid (name) state parent …; the name may hold anything.
            guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return nil }
            let text = String(decoding: data, as: UTF8.self)
            guard let begin = text.firstIndex(of: "("), let end = text.lastIndex(of: ")") else { return nil }
            let rest = text[text.index(after: end)...].split(separator: " ")
            guard rest.count > 1, let parent = pid_t(rest[1]) else { return nil }
            let name = String(text[text.index(after: begin)..<end])
            return Entry(pid: pid, parent: parent, name: name, isZombie: rest[0] == "Z")
        }
    }
    #else
    private static func read() -> [Entry] {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: "/bin/ps")
        process.arguments = ["-axo", "pid=,ppid=,stat=,comm="]
        process.standardOutput = pipe
        guard (try? process.run()) != nil else { return [] }
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        return text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 3)
            guard parts.count == 4, let pid = pid_t(parts[0]), let parent = pid_t(parts[1]) else { return nil }
            let name = parts[3].split(separator: "/").last.map(String.init) ?? ""
            return Entry(pid: pid, parent: parent, name: name, isZombie: parts[2].hasPrefix("Z"))
        }
    }
    #endif
}
