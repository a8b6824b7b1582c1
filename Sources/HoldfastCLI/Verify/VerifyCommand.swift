// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import ArgumentParser
internal import Foundation
internal import HoldfastSettings
internal import NIOCore
internal import NIOPosix
internal import RedisClient
internal import Verification

/// `holdfast verify`.
struct VerifyCommand: AsyncParsableCommand {
    /// Nothing can be said: Redis is away, or a question stayed open.
    private static let undecidedCode: Int32 = 2

    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks what must be true of the stored state, while it is in use.",
        discussion: """
            Reads every ledger, live reservation, lock, event, webhook subscription and delivery and writes nothing. \
            A difference counts only if it is the same in several passes. \
            Exit code 0: nothing was found; 1: violations; 2: it could not be checked.
            """)

    @Option(
        name: .customLong("redis-url"),
        help: "Where Redis is; HOLDFAST_REDIS_URL unless given, else redis://127.0.0.1:6379.")
    var redisURL: String?

    @Flag(name: .customLong("json"), help: "Print the report as one JSON object.")
    var isJSON = false

    @Option(name: .customLong("passes"), help: "Passes in which a difference must be the same, 1 to 100.")
    var passes = 3

    @Option(
        name: .customLong("lock-tolerance-ms"),
        help: "How long after its deadline a lock may still be recorded, in milliseconds.")
    var lockToleranceMs: Int64 = 5_000

    func validate() throws {
        guard (1...100).contains(passes) else { throw ValidationError("--passes must be a number from 1 to 100") }
        guard lockToleranceMs >= 0 else { throw ValidationError("--lock-tolerance-ms must not be negative") }
    }

    func run() async throws {
        let report: VerificationReport
        do {
            report = try await verify()
        } catch {
            Terminal.message("holdfast verify: \(error)")
            throw ExitCode(Self.undecidedCode)
        }
        Terminal.output(isJSON ? String(decoding: report.json, as: UTF8.self) : ReportText.text(report))
        if !report.violations.isEmpty { throw ExitCode(1) }
        if !report.isClean { throw ExitCode(Self.undecidedCode) }
    }

    private func verify() async throws -> VerificationReport {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let result: Result<VerificationReport, any Error>
        do {
            let configuration = try configuration()
            let pool = try RedisPool(configuration: configuration, group: group)
            pool.start()
            do {
                try await pool.waitUntilReady(within: .seconds(5))
                result = .success(try await Verifier(pool: pool, group: group, options: options).run())
            } catch let error as RedisError {
                result = .failure(NoRedis(address: "\(configuration)", reason: error.message))
            } catch VerificationError.unavailable(let error) {
                result = .failure(NoRedis(address: "\(configuration)", reason: error.message))
            }
            await pool.shutdown(within: .seconds(1))
        } catch {
            result = .failure(error)
        }
        try await group.shutdownGracefully()
        return try result.get()
    }

    private var options: VerificationOptions {
        var options = VerificationOptions()
        options.passes = passes
        options.lockToleranceMs = lockToleranceMs
        return options
    }

    /// The same settings as the programs have; the reads are larger than theirs, so the patience is too.
    private func configuration() throws(RedisURLError) -> RedisConfiguration {
        let environment = ProcessInfo.processInfo.environment.filter { !$0.value.isEmpty }
        var configuration = SharedSettings().redis
        if let url = redisURL ?? environment["HOLDFAST_REDIS_URL"] { configuration = try RedisConfiguration(url: url) }
        configuration.tls?.caFile = environment["HOLDFAST_REDIS_CA_FILE"]
        configuration.connectTimeout = .seconds(2)
        configuration.connectionWait = .seconds(2)
        configuration.commandTimeout = .seconds(10)
        return configuration
    }
}

/// Redis cannot be read; says which one, once.
private struct NoRedis: Error, CustomStringConvertible {
    let address: String
    let reason: String

    var description: String {
        reason.contains(address)
            ? "Redis could not be read: \(reason)" : "Redis at \(address) could not be read: \(reason)"
    }
}
