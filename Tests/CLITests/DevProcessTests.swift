// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import Testing

/// `holdfast dev` as a real process, up and running.
struct DevProcess {
    let program: RunningProgram
    /// Everything below it.
    let processes: [ProcessTable.Entry]
    /// Its temporary directory.
    let directory: String
    /// The commands it printed, as printed.
    let commands: [String]

    /// Starts it and waits until it has printed what it has to say.
    init() async throws {
        let folder = RunningProgram.folder
        program = try RunningProgram(folder.appending(path: "holdfast"), ["dev", "--port", "0"])
        let program = program
        try await eventually("holdfast dev is up", within: .seconds(60)) {
            if ProcessTable().isAlive(program.pid) { return program.printed.contains("Ctrl-C ends everything") }
            throw Ended(how: program.complained)
        }
        let lines = program.printed.split(separator: "\n").map(String.init)
        commands = lines.filter { $0.hasPrefix("curl ") }
        let logs = try #require(lines.first { $0.contains(" logs ") }?.split(separator: " ").dropFirst().first)
        directory = URL(filePath: logs.trimmingCharacters(in: [","])).deletingLastPathComponent().path
        // One look may miss a process that is changing its name or parent just then.
        var seen: [ProcessTable.Entry] = []
        try await eventually("all it starts is there", within: .seconds(60)) {
            seen = ProcessTable().descendants(of: program.pid)
            return Self.names.allSatisfy { name in seen.contains { name.hasPrefix($0.name) } }
        }
        processes = seen
    }

    /// What it starts.
    static let names = ["holdfast-server", "holdfast-worker", "redis-server"]

    private struct Ended: Error {
        let how: String
    }

    func process(named name: String) -> pid_t? { processes.first { name.hasPrefix($0.name) }?.pid }

    /// Waits until nothing of it is left.
    func isGone(within limit: Duration) async throws {
        try await eventually("every process has ended", within: limit) {
            let table = ProcessTable()
            return !processes.contains { table.isAlive($0.pid) }
        }
        try await eventually("the directory is removed", within: limit) {
            !FileManager.default.fileExists(atPath: directory)
        }
    }

    /// For the end of a test, however it went.
    func destroy() { program.signal(SIGKILL) }
}

@Suite("holdfast dev", .serialized)
struct DevProcessTests {
    private func withDev(_ body: (DevProcess) async throws -> Void) async throws {
        let dev = try await DevProcess()
        defer { dev.destroy() }
        try await body(dev)
    }

    @Test("the four commands it prints work as printed, the state is sound, and Ctrl-C leaves nothing behind")
    func everythingWorks() async throws {
        try await withDev { dev in
            try #require(dev.commands.count == 4)
            let expected = [
                ["ACQUIRED", "printer"], [#""isReserved":true"#, #""holder":"me""#],
                [#""decision":"ALLOW""#, "reservation_id"], ["100000000000", "5000000", "tenant:demo"],
            ]
            for (command, words) in zip(dev.commands, expected) {
                let ending = try await RunningProgram.shell(command)
                #expect(ending.code == 0, "\(ending.errors)")
                for word in words { #expect(ending.output.contains(word), "\(command): \(ending.output)") }
            }
            let check = try await RunningProgram.holdfast("verify", "--redis-url", "unix://\(dev.directory)/redis.sock")
            #expect(check.code == 0, "\(check.output)\(check.errors)")
            #expect(check.output.contains("1 tenants, 1 ledgers, 1 live reservations, 1 locks"))

            for name in ["holdfast-server", "holdfast-worker", "redis-server"] {
                #expect(dev.process(named: name) != nil)
            }
            dev.program.signal(SIGINT)
            let ending = try await dev.program.ending()
            #expect(ending.code == 0)
            #expect(ending.errors.isEmpty, "\(ending.errors)")
            try await dev.isGone(within: .seconds(1))
        }
    }

    @Test("when it is killed without warning, everything it started ends too")
    func killedWithoutWarning() async throws {
        try await withDev { dev in
            #expect(dev.processes.count >= 5)
            dev.program.signal(SIGKILL)
            try await dev.isGone(within: .seconds(60))
        }
    }

    @Test("SIGTERM ends it like Ctrl-C", arguments: [SIGTERM, SIGHUP])
    func terminated(number: Int32) async throws {
        try await withDev { dev in
            dev.program.signal(number)
            #expect(try await dev.program.ending().code == 0)
            try await dev.isGone(within: .seconds(1))
        }
    }

    @Test(
        "when a process ends that should not, it says which one and why, and ends the others",
        arguments: ["holdfast-server", "holdfast-worker", "redis-server"])
    func processDies(name: String) async throws {
        try await withDev { dev in
            kill(try #require(dev.process(named: name)), SIGKILL)
            let ending = try await dev.program.ending()
            #expect(ending.code == 1)
            #expect(ending.errors.hasPrefix("holdfast dev: \(name) "), "\(ending.errors)")
            try await dev.isGone(within: .seconds(1))
        }
    }

    @Test("Ctrl-C while it starts ends it just as well")
    func interruptedStart() async throws {
        let folder = RunningProgram.folder
        let program = try RunningProgram(folder.appending(path: "holdfast"), ["dev", "--port", "0"])
        try await eventually("Redis has started", within: .seconds(60)) {
            ProcessTable().descendants(of: program.pid).contains { "redis-server".hasPrefix($0.name) }
        }
        let processes = ProcessTable().descendants(of: program.pid)
        program.signal(SIGINT)
        #expect(try await program.ending().code == 0)
        try await eventually("every process has ended") {
            let table = ProcessTable()
            return !processes.contains { table.isAlive($0.pid) }
        }
    }

    @Test("what it logs verbosely has the name of the program in front")
    func verbose() async throws {
        let folder = RunningProgram.folder
        let program = try RunningProgram(folder.appending(path: "holdfast"), ["dev", "--port", "0", "--verbose"])
        defer { program.signal(SIGKILL) }
        try await eventually("it prints a log line", within: .seconds(60)) {
            program.complained.contains("holdfast-server | ")
        }
        program.signal(SIGINT)
        #expect(try await program.ending().code == 0)
    }
}
