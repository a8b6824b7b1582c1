// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import ArgumentParser
import Foundation
import LocalStack
import LuaCatalog
import NIOCore
import NIOPosix
import RedisClient
import SharedKernel

/// `holdfast-bench`: starts Redis and a server privately, drives them over HTTP, then drives Redis alone with the same
/// script calls, and prints one table.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "holdfast-bench",
        abstract: "Measures a private server and what its Redis does alone with the same script calls.")

    @Option(help: "Seconds of each measurement.")
    var seconds = 4
    @Option(help: "Numbers of connections, divided by commas.")
    var connections = "1,16,64,256"
    @Option(help: "Persistence of the private Redis: none, everysec or always.")
    var aof = "none"
    @Option(help: "Script calls of each measurement of Redis alone.")
    var calls = 60_000
    @Flag(help: "Measure webhooks, from the event to the endpoint, instead.")
    var webhooks = false

    @Flag(help: "Count instructions of Redis instead; needs valgrind.")
    var instructions = false

    func run() async throws {
        var options = PrivateRedisOptions()
        let callgrind = instructions ? try CallgrindRedis() : nil
        defer { callgrind?.remove() }
        if let callgrind { options.program = callgrind.program }
        guard let persistence = PrivateRedisOptions.Persistence(rawValue: aof) else {
            throw ValidationError("--aof must be none, everysec or always")
        }
        options.persistence = persistence
        let redis = try await PrivateRedis.start(options)
        do {
            if let callgrind {
                try await countInstructions(redis, callgrind)
            } else if webhooks {
                try await measureWebhooks(redis)
            } else {
                try await measure(redis)
            }
        } catch {
            await redis.remove()
            throw error
        }
        await redis.remove()
    }

    private func measureWebhooks(_ redis: PrivateRedis) async throws {
        let stage = try await WebhookStage(redis)
        do {
            var table = WebhookTable(stage, seconds: seconds)
            try await table.run()
        } catch {
            await stage.stop()
            throw error
        }
        await stage.stop()
    }

    private func countInstructions(_ redis: PrivateRedis, _ callgrind: CallgrindRedis) async throws {
        let (stage, server) = try await start(redis)
        defer { server.stop() }
        var table = InstructionTable(stage, callgrind)
        try await table.measure()
        table.report()
    }

    /// A server, and what is to be driven.
    private func start(_ redis: PrivateRedis) async throws -> (Stage, ServerProcess) {
        let binary = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("holdfast-server").path
        guard FileManager.default.isExecutableFile(atPath: binary) else {
            throw BenchError("holdfast-server is not beside this program: build it with `swift build -c release`")
        }
        let port = Int.random(in: 20_000...29_999)
        let server = try ServerProcess(
            executable: binary,
            environment: [
                "HOLDFAST_PORT": String(port), "HOLDFAST_REDIS_URL": redis.url, "HOLDFAST_ADMIN_API_KEY": "bench-admin",
                "HOLDFAST_LOG_LEVEL": "warning", "HOLDFAST_ALLOW_VOLATILE": "true",
            ], log: redis.directory + "/server.log")
        do {
            return (try await Stage.prepare(port: port, redis: redis), server)
        } catch {
            server.stop()
            throw error
        }
    }

    private func measure(_ redis: PrivateRedis) async throws {
        let (stage, server) = try await start(redis)
        defer { server.stop() }
        var table = ReportTable()
        for count in connections.split(separator: ",").compactMap({ Int($0) }) {
            for kind in LoadKind.allCases {
                let result = try await stage.drive(kind, connections: count, seconds: seconds, server: server.pid)
                table.add(kind, connections: count, result)
            }
        }
        let alone = try await stage.driveRedisAlone(calls: calls)
        table.finish(alone: alone, aof: aof, seconds: seconds)
        var scripts = try await ScriptTable(stage, calls: max(1_000, calls / 3))
        try await scripts.measure()
        scripts.report()
        var resources = ResourceTable(stage, calls: max(1_000, calls / 3))
        try await resources.measure()
        resources.report()
        var sweeps = try SweepTable(stage)
        try await sweeps.measure()
        sweeps.report(reserve_us: alone["reserve"]?.redis_us)
        var lists = ListTable(stage)
        try await lists.measure()
        lists.report()
    }
}

/// What is driven.
enum LoadKind: String, CaseIterable {
    case budgets = "reserve + commit"
    case locks = "acquire + release"
}
