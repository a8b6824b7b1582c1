// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import LocalStack
import Testing

@testable import HoldfastCLI

/// A server as a process of its own, over a Redis of its own, and `holdfast` talking to it.
struct AdminServer: Sendable {
    static let adminKey = "the-operator-key-of-these-tests"

    let port: Int

    /// Runs a test against one.
    static func run(_ body: (AdminServer) async throws -> Void) async throws {
        let redis = try await PrivateRedis.start()
        let result: Result<Void, any Error>
        do {
            result = .success(try await serve(redis, body))
        } catch {
            result = .failure(error)
        }
        await redis.remove()
        try result.get()
    }

    private static func serve(_ redis: PrivateRedis, _ body: (AdminServer) async throws -> Void) async throws {
        let port = try #require(try LoopbackSocket.freePort(0))
        let program = try RunningProgram(
            RunningProgram.folder.appending(path: "holdfast-server"), [],
            environment: [
                "HOLDFAST_REDIS_URL": redis.url, "HOLDFAST_PORT": String(port), "HOLDFAST_ADMIN_API_KEY": adminKey,
                "HOLDFAST_ALLOW_VOLATILE": "true", "HOLDFAST_LOG_LEVEL": "error", "HOLDFAST_EVENT_LOOPS": "1",
                "HOLDFAST_SECRET_KEY": Data(repeating: 7, count: 32).base64EncodedString(),
                "HOLDFAST_WEBHOOK_ALLOW_PRIVATE": "127.0.0.0/8",
            ])
        defer { program.signal(SIGKILL) }
        try await eventually("the server is ready") {
            (try? LoopbackHTTP(port: port).send("GET", "/readyz").status) == 200
        }
        try await body(AdminServer(port: port))
        program.signal(SIGTERM)
        #expect(try await program.ending().code == 0)
    }

    private var environment: [String: String] {
        ["HOLDFAST_URL": "http://127.0.0.1:\(port)", "HOLDFAST_ADMIN_API_KEY": Self.adminKey]
    }

    /// Runs `holdfast` with these words, quoted as a shell has them.
    func holdfast(_ line: String, input: String = "", more: [String: String] = [:]) async throws
        -> RunningProgram.Ending
    {
        let program = RunningProgram.folder.appending(path: "holdfast").path
        return try await RunningProgram(
            URL(filePath: "/bin/sh"), ["-c", "printf %s \"$INPUT\" | '\(program)' \(line)"],
            environment: environment.merging(["INPUT": input]) { $1 }.merging(more) { $1 }
        ).ending()
    }

    /// Runs it, expects success and gives what it printed, lines without the space at their ends.
    func lines(_ line: String, input: String = "") async throws -> [String] {
        let ending = try await holdfast(line, input: input)
        try #require(ending.code == 0, "\(line): \(ending.errors)")
        #expect(ending.errors.isEmpty)
        return ending.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    /// Funds the budget of tenant:acme in TOKENS and gives an amount of the answer.
    func funded(_ verb: String, _ amount: Int, _ member: String, _ more: String = "") async throws -> Int? {
        let answer = try await json("budget \(verb) tenant:acme --unit TOKENS --amount \(amount) \(more)")
        return (answer[member] as? [String: Any])?["amount"] as? Int
    }

    /// Runs it with `--json` and gives the object.
    func json(_ line: String, input: String = "") async throws -> [String: Any] {
        let text = try await lines(line + " --json", input: input)
        try #require(text.count == 1, "\(text)")
        return try #require(try JSONSerialization.jsonObject(with: Data(text[0].utf8)) as? [String: Any])
    }
}
