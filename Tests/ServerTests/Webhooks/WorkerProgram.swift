// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import HoldfastWorker
import Testing

/// A `holdfast-worker` as operators run it, for tests that kill it.
final class WorkerProgram: Sendable {
    /// How long its deliveries are leased to it: what it leaves is another's after that time.
    static let leaseMs = 2_000

    private let process: Process

    /// Starts one over a world's Redis. It dies at `failpoint` as if by kill -9, or is stopped there once. `more` are
    /// other settings.
    init(
        _ world: WebhookWorld, failpoint: Failpoint? = nil, isStopped: Bool = false,
        leaseMs: Int = WorkerProgram.leaseMs, more: [String: String] = [:]
    ) throws {
        process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "holdfast-worker")
        var environment = [
            "HOLDFAST_REDIS_URL": world.redis.url, "HOLDFAST_WORKER_PORT": "0", "HOLDFAST_SHARDS": "8",
            "HOLDFAST_ALLOW_VOLATILE": "true", "HOLDFAST_WEBHOOK_ALLOW_PRIVATE": "127.0.0.0/8",
            "HOLDFAST_WEBHOOK_LEASE_MS": String(leaseMs), "HOLDFAST_LOG_LEVEL": "error",
            "HOLDFAST_SECRET_KEY": Data(WebhookWorld.secretKey.reveal()).base64EncodedString(),
        ]
        if let failpoint { environment["HOLDFAST_FAILPOINT"] = failpoint.rawValue + (isStopped ? ":stop" : "") }
        environment.merge(more) { $1 }
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    /// Whether it was killed, by us or by itself.
    var isKilled: Bool {
        !process.isRunning && process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL
    }

    var isRunning: Bool { process.isRunning }

    /// kill -9.
    func kill() {
        guard process.isRunning else { return }
        _ = Foundation.kill(process.processIdentifier, SIGKILL)
    }

    /// SIGCONT.
    func proceed() { _ = Foundation.kill(process.processIdentifier, SIGCONT) }

    /// SIGTERM; returns when it has ended.
    func end() async throws {
        process.terminate()
        try await eventually("the worker ends") { !process.isRunning }
    }
}
