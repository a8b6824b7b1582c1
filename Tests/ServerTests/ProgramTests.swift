// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import LocalStack
import Testing

/// The executables as operators meet them.
@Suite("Programs")
struct ProgramTests {
    /// What a program left behind.
    struct Ending {
        var status: Int32
        var output: String
        var errors: String
    }

    /// Runs a program to its end; `whileRunning` gets it and what it has logged so far.
    private func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:],
        whileRunning: (Process, () -> String) async throws -> Void = { _, _ in }
    ) async throws -> Ending {
        let folder = FileManager.default.temporaryDirectory.appending(path: "holdfast-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = ["out", "err"].map { folder.appending(path: $0) }
        for file in files { try Data().write(to: file) }
        let process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: program)
        process.arguments = arguments
        process.environment = environment
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        try process.run()
        func text(_ index: Int) -> String { (try? String(contentsOf: files[index], encoding: .utf8)) ?? "" }
        do {
            try await whileRunning(process) { text(1) }
        } catch {
            process.terminate()
            throw error
        }
        try await eventually("\(program) ends", within: .seconds(60)) { !process.isRunning }
        return Ending(status: process.terminationStatus, output: text(0), errors: text(1))
    }

    @Test("bad settings are one line on standard error and code 64", arguments: ["holdfast-server", "holdfast-worker"])
    func badSettings(program: String) async throws {
        let ending = try await run(program, ["--shards", "many"])
        #expect(ending.status == 64 && ending.output.isEmpty)
        #expect(
            ending.errors == "\(program): --shards must be a whole number from 1 to 256, not \"many\"\n")
    }

    @Test("help and version go to standard output", arguments: ["holdfast-server", "holdfast-worker"])
    func help(program: String) async throws {
        let help = try await run(program, ["--help"])
        #expect(help.status == 0 && help.errors.isEmpty && help.output.contains("HOLDFAST_REDIS_URL"))
        let version = try await run(program, ["--version"])
        #expect(version.status == 0 && version.output.hasPrefix("\(program) "))
    }

    @Test(
        "SIGTERM and SIGINT end a program in good order, and its log is JSON without secrets",
        arguments: [("holdfast-server", SIGTERM), ("holdfast-worker", SIGTERM), ("holdfast-server", SIGINT)])
    func signals(program: String, signal: Int32) async throws {
        var options = PrivateRedisOptions()
        options.password = "hunter2"
        let redis = try await PrivateRedis.start(options)
        let environment = [
            "HOLDFAST_REDIS_URL": "unix://default:hunter2@\(redis.socketPath)", "HOLDFAST_PORT": "0",
            "HOLDFAST_WORKER_PORT": "0", "HOLDFAST_ADMIN_API_KEY": "topsecretkey",
        ]
        let ending = try await run(program, [], environment: environment) { process, log in
            try await eventually("\(program) listens", within: .seconds(60)) { log().contains("\"listening\"") }
            kill(process.processIdentifier, signal)
        }
        #expect(ending.status == 0)
        let lines = ending.errors.split(separator: "\n")
        #expect(lines.count >= 3 && lines.last?.contains("\"ended\"") == true)
        for line in lines {
            #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil, "\(line)")
        }
        #expect(!ending.errors.contains("hunter2") && !ending.errors.contains("topsecretkey"))
        await redis.remove()
    }

    @Test("without Redis fit for it a program says why and ends with code 78")
    func unfit() async throws {
        var options = PrivateRedisOptions()
        options.password = "right"
        let redis = try await PrivateRedis.start(options)
        let ending = try await run("holdfast-worker", ["--redis-url", "unix://default:wrong@\(redis.socketPath)"])
        #expect(ending.status == 78)
        #expect(ending.errors.split(separator: "\n").last?.contains("refuses the login") == true)
        await redis.remove()
    }
}
