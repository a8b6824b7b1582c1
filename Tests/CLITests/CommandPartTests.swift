// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import Testing

@testable import HoldfastCLI

@Suite("Parts of the command line")
struct CommandPartTests {
    @Test("the answer of a server is cut into status and body")
    func parsing() throws {
        let answer = try LoopbackHTTP.parse(Array("HTTP/1.1 201 Created\r\nA: b\r\n\r\n{\"c\":1}".utf8))
        #expect(answer.status == 201)
        #expect(answer.summary == "201 {\"c\":1}")
        for bad in ["", "HTTP/1.1 200 OK\r\n", "SSH-2.0\r\n\r\n", "HTTP/1.1 two\r\n\r\n"] {
            #expect(throws: LoopbackHTTP.Failure.self) { try LoopbackHTTP.parse(Array(bad.utf8)) }
        }
    }

    @Test("a server that is not there is a failure with a reason")
    func nobodyListens() throws {
        let port = try #require(try LoopbackSocket.freePort(0))
        #expect(throws: LoopbackHTTP.Failure.self) { try LoopbackHTTP(port: port).send("GET", "/readyz") }
    }

    @Test("only the first event of a session counts, before and after somebody waits")
    func firstEvent() async throws {
        let events = DevEvents()
        try events.check()
        async let waited = events.wait()
        events.post(.died(name: "redis-server", how: "ended", log: ""))
        events.post(.stop)
        for event in [await waited, await events.wait()] {
            guard case .died(let name, _, _) = event else {
                Issue.record("\(event)")
                continue
            }
            #expect(name == "redis-server")
        }
        #expect(throws: DevEvents.Interruption.self) { try events.check() }
    }

    @Test("a log is followed line by line, and its last lines are found")
    func following() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "holdfast-log-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try "one\ntwo\nthr".write(toFile: path, atomically: false, encoding: .utf8)
        let log = LogFile(path: path)
        let lines = AsyncStream.makeStream(of: String.self)
        let task = Task { await log.follow { lines.continuation.yield($0) } }
        var iterator = lines.stream.makeAsyncIterator()
        #expect(await iterator.next() == "one")
        #expect(await iterator.next() == "two")
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data("ee\n".utf8))
        #expect(await iterator.next() == "three")
        #expect(log.lastLines(2) == "two\nthree")
        task.cancel()
        await task.value
        #expect(LogFile(path: path + ".none").lastLines(3).isEmpty)
    }

    @Test(
        "a child's end is told once, with its exit code or signal, and its output is in the file",
        arguments: [
            ("exit 0", "ended with exit code 0"), ("exit 78", "ended with exit code 78"),
            ("kill -9 $$", "was ended by signal 9"),
        ])
    func children(script: String, how: String) async throws {
        try await RunningProgram.inTemporaryFolder { folder in
            let program = folder.appending(path: "program")
            try await RunningProgram.write("echo said \"$WORD\"\n\(script)", to: program)
            let ends = AsyncStream.makeStream(of: String.self)
            let log = folder.appending(path: "log").path
            let child = try ChildProcess(program: program, environment: ["WORD": "this"], logPath: log) { _, how in
                ends.continuation.yield(how)
            }
            var iterator = ends.stream.makeAsyncIterator()
            #expect(await iterator.next() == how)
            // The shell may add a word about a signal.
            #expect(LogFile(path: log).lastLines(2).hasPrefix("said this"))
            await child.stop()
        }
    }
}
