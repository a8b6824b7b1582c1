// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import LocalStack
import StrictJSON
import Testing

/// A `holdfast-server` as operators run it, for tests that kill it.
final class ServerProgram: Sendable {
    let port: Int
    private let process: Process

    /// Starts one over a Redis; returns once it is ready.
    init(_ redis: PrivateRedis) async throws {
        // A port that was free a moment ago.
        let placeholder = try await HookReceiver()
        port = placeholder.port
        try await placeholder.close()
        process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "holdfast-server")
        process.environment = [
            "HOLDFAST_REDIS_URL": redis.url, "HOLDFAST_PORT": String(port), "HOLDFAST_SHARDS": "8",
            "HOLDFAST_ALLOW_VOLATILE": "true", "HOLDFAST_LOG_LEVEL": "error", "HOLDFAST_EVENT_LOOPS": "1",
            "HOLDFAST_ADMIN_API_KEY": WebhookWorld.adminKey,
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let port = port
        try await eventually("the server is ready") {
            (try? await WireClient.ask(port, WireClient.request("GET", "/readyz")).status) == 200
        }
    }

    /// Asks as the operator; the status and the JSON of the answer.
    func ask(_ method: String, _ path: String, _ body: String = "") async throws -> (status: Int, root: JSONValue) {
        let request =
            "\(method) \(path) HTTP/1.1\r\nHost: test\r\nContent-Length: \(body.utf8.count)\r\n"
            + "X-Admin-API-Key: \(WebhookWorld.adminKey)\r\n\r\n" + body
        let answer = try await WireClient.ask(port, request)
        return (answer.status, try JSONDocument.parse([UInt8](answer.body.utf8)).root)
    }

    /// kill -9; returns when it is dead.
    func kill() async throws {
        guard process.isRunning else { return }
        _ = Foundation.kill(process.processIdentifier, SIGKILL)
        try await eventually("the server is dead", every: .milliseconds(10)) { !process.isRunning }
    }
}
