// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation

/// CPU time of a process, from the kernel's own accounting (ticks of 10 ms on Linux).
struct ProcessMeter {
    let pid: Int32

    /// User and system time so far, in seconds; nil where there is no /proc or the process is gone.
    func cpuSeconds() -> Double? {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}

/// A server process that a small shell ends when this process ends, in whatever way.
final class ServerProcess {
    private let shell = Process()
    private let input = Pipe()
    let pid: Int32

    init(executable: String, environment: [String: String], log: String) throws {
        let output = Pipe()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = [
            "-c", #""$1" >"$2" 2>&1 </dev/null & p=$!; echo $p; read -r _; kill -TERM $p; wait $p"#, "sh", executable,
            log,
        ]
        shell.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        shell.standardInput = input
        shell.standardOutput = output
        // Else the shell would hold its own input open and never see us end.
        _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        try shell.run()
        let line = output.fileHandleForReading.availableData
        guard let pid = Int32(String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
        else { throw BenchError("the server did not start") }
        self.pid = pid
    }

    /// Ends the server, at once if it does not end within three seconds: nothing of a benchmark is worth keeping.
    func stop() {
        try? input.fileHandleForWriting.close()
        for _ in 0..<30 where shell.isRunning { usleep(100_000) }
        guard shell.isRunning else { return }
        kill(pid, SIGKILL)
        for _ in 0..<10 where shell.isRunning { usleep(100_000) }
    }
}

/// Why a benchmark cannot go on, in a sentence.
struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
