// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import Testing

/// A program run by a test, as a user would run it.
final class RunningProgram: Sendable {
    /// How it ended and what it printed.
    struct Ending: Sendable {
        let code: Int32
        let output: String
        let errors: String
    }

    private let process = Process()
    /// Holds what it prints. Files, not pipes: what it starts may live on and keep a pipe open.
    private let folder: URL

    /// The programs of this package, built beside the tests.
    static var folder: URL {
        var folder = Bundle.main.bundleURL
        while folder.pathExtension == "xctest" { folder.deleteLastPathComponent() }
        return folder
    }

    /// Starts a program; `environment` is laid over our own.
    init(_ program: URL, _ arguments: [String], environment: [String: String] = [:]) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "holdfast-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("HOLDFAST_") }
            .merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.file(folder.appending(path: "output"))
        process.standardError = try Self.file(folder.appending(path: "errors"))
        try process.run()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private static func file(_ url: URL) throws -> FileHandle {
        try Data().write(to: url)
        return try FileHandle(forWritingTo: url)
    }

    /// Runs `holdfast` until it ends.
    static func holdfast(_ arguments: String..., environment: [String: String] = [:]) async throws -> Ending {
        try await RunningProgram(folder.appending(path: "holdfast"), arguments, environment: environment).ending()
    }

    /// Runs a test with a folder of its own.
    static func inTemporaryFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "holdfast-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder)
    }

    /// Writes a script that can be run. Another process does so: whatever starts just then inherits the file if we have
    /// it open for writing, and the script is busy as long.
    static func write(_ script: String, to file: URL) async throws {
        let line = "printf '%s\\n' \"$0\" >'\(file.path)' && chmod 755 '\(file.path)'"
        let ending = try await RunningProgram(URL(filePath: "/bin/sh"), ["-c", line, "#!/bin/sh\n" + script]).ending()
        try #require(ending.code == 0, "\(ending.errors)")
    }

    /// Runs one line of shell until it ends.
    static func shell(_ line: String) async throws -> Ending {
        try await RunningProgram(URL(filePath: "/bin/sh"), ["-c", line]).ending()
    }

    var pid: pid_t { process.processIdentifier }
    var printed: String { text("output") }
    var complained: String { text("errors") }

    private func text(_ name: String) -> String {
        FileManager.default.contents(atPath: folder.appending(path: name).path)
            .map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Sends a signal, unless it has ended.
    func signal(_ number: Int32) {
        if process.isRunning { kill(pid, number) }
    }

    /// Waits at most a minute for its end.
    func ending() async throws -> Ending {
        do {
            try await eventually("\(process.executableURL?.lastPathComponent ?? "") ends", within: .seconds(60)) {
                !self.process.isRunning
            }
        } catch {
            signal(SIGKILL)
            throw error
        }
        return Ending(code: process.terminationStatus, output: printed, errors: complained)
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
