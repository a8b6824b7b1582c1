// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import Synchronization
import Testing

/// A program run by a test, as a user would run it.
final class RunningProgram: Sendable {
    /// How it ended and what it printed.
    struct Ending: Sendable {
        let code: Int32
        let output: String
        let errors: String
    }

    private let process: Process
    private let output: CollectedText
    private let errors: CollectedText

    /// The programs of this package, built beside the tests.
    static var folder: URL {
        var folder = Bundle.main.bundleURL
        while folder.pathExtension == "xctest" { folder.deleteLastPathComponent() }
        return folder
    }

    /// Starts a program; `environment` is laid over our own.
    init(_ program: URL, _ arguments: [String], environment: [String: String] = [:]) throws {
        process = Process()
        output = CollectedText()
        errors = CollectedText()
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("HOLDFAST_") }
            .merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output.pipe
        process.standardError = errors.pipe
        try process.run()
        output.begin()
        errors.begin()
    }

    /// Runs `holdfast` until it ends.
    static func holdfast(_ arguments: String..., environment: [String: String] = [:]) async throws -> Ending {
        try await RunningProgram(folder.appending(path: "holdfast"), arguments, environment: environment).ending()
    }

    /// Runs one line of shell until it ends.
    static func shell(_ line: String) async throws -> Ending {
        try await RunningProgram(URL(filePath: "/bin/sh"), ["-c", line]).ending()
    }

    var pid: pid_t { process.processIdentifier }
    var printed: String { output.text }
    var complained: String { errors.text }

    func signal(_ number: Int32) { kill(pid, number) }

    /// Waits at most a minute for its end and for the end of what it prints.
    func ending() async throws -> Ending {
        do {
            try await eventually("\(process.executableURL?.lastPathComponent ?? "") ends", within: .seconds(60)) {
                !self.process.isRunning && self.output.isComplete && self.errors.isComplete
            }
        } catch {
            signal(SIGKILL)
            throw error
        }
        return Ending(code: process.terminationStatus, output: output.text, errors: errors.text)
    }
}

/// What comes out of a pipe, as it comes.
private final class CollectedText: Sendable {
    let pipe = Pipe()
    private let state = Mutex((bytes: [UInt8](), isComplete: false))

    var text: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }
    var isComplete: Bool { state.withLock { $0.isComplete } }

    /// Reads until the end; after the process has started, for then its end is the only writing one.
    func begin() {
        pipe.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            self.state.withLock { state in
                state.bytes += data
                state.isComplete = data.isEmpty
            }
        }
    }
}

/// Asks again until the answer is yes; an error when it takes too long.
func eventually(
    _ what: String, within limit: Duration = .seconds(30), _ question: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !question() {
        try #require(ContinuousClock.now < deadline, "it took too long until \(what)")
        await Task.yield()
    }
}
