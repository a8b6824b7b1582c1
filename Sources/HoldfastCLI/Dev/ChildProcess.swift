// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Foundation
internal import Synchronization

/// A program that we run beside us, in a process group of its own, so that Ctrl-C in a terminal reaches us alone.
///
/// A shell stands between us and it and holds one end of a pipe. When our end closes, in whatever way we end, the shell
/// sends SIGTERM, and SIGKILL to what is still there ten seconds later.
final class ChildProcess: Sendable {
    private struct State {
        var status: Int32?
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private static let script = """
        exec 3<&0 </dev/null
        "$0" 3<&- &
        child=$!
        (
            while read -r word <&3; do :; done
            kill -TERM "$child"
            left=100
            while [ "$left" -gt 0 ] && kill -0 "$child"; do
                sleep 0.1
                left=$((left - 1))
            done
            kill -KILL "$child"
        ) >/dev/null 2>&1 &
        guard=$!
        exec 3<&-
        wait "$child"
        status=$?
        kill -KILL "$guard"
        exit "$status"
        """

    /// The program's name.
    let name: String
    /// The file with everything it prints.
    let logPath: String

    private let state = Mutex(State())
    private let leash = Pipe()
    private let process = Process()

    /// Starts a program with `environment` as all of its environment; tells once how it ended, in words that end a
    /// sentence.
    init(
        program: URL, environment: [String: String], logPath: String,
        onEnd: @escaping @Sendable (ChildProcess, String) -> Void
    ) throws {
        name = program.lastPathComponent
        self.logPath = logPath
        guard FileManager.default.createFile(atPath: logPath, contents: nil, attributes: [.posixPermissions: 0o600])
        else {
            throw CocoaError(.fileWriteUnknown)
        }
        let log = try FileHandle(forWritingTo: URL(filePath: logPath))
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", Self.script, program.path]
        process.environment = environment
        process.standardInput = leash
        process.standardOutput = log
        process.standardError = log
        process.terminationHandler = { ended in
            self.ended(ended.terminationStatus)
            onEnd(self, Self.describe(ended))
        }
        try Self.withoutBlockedSignals { try process.run() }
        try log.close()
        try leash.fileHandleForReading.close()
    }

    /// A child inherits which signals its maker's thread blocks, and threads of Dispatch block most: a shell that never
    /// hears of the end of its child, a server deaf to SIGTERM.
    private static func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }

    /// Asks it to end, sees to it, and waits until it has.
    func stop() async {
        try? leash.fileHandleForWriting.close()
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.status == nil { state.waiters.append(continuation) }
                return state.status != nil
            }
            if isOver { continuation.resume() }
        }
    }

    private func ended(_ status: Int32) {
        let waiters = state.withLock { state in
            state.status = status
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// A shell reports the death of its child by a signal as 128 and the signal's number.
    private static func describe(_ process: Process) -> String {
        let status = process.terminationStatus
        if process.terminationReason == .uncaughtSignal { return "was ended by signal \(status)" }
        return status > 128 ? "was ended by signal \(status - 128)" : "ended with exit code \(status)"
    }
}
