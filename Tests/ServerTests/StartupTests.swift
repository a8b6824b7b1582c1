// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HoldfastRuntime
import HoldfastServer
import HoldfastSettings
import LocalStack
import RedisClient
import SharedKernel
import Testing

@Suite("Start")
struct StartupTests {
    /// What a start with these settings fails with; nil when it does not fail.
    private func failure(_ settings: ServerSettings, patience: Duration = .seconds(5)) async -> StartupError? {
        do {
            let process = try await buildServer(
                settings, endpoints: [], context: RunningServer.context(), patience: patience)
            await process.store.close()
            return nil
        } catch {
            return error
        }
    }

    @Test("a wrong password ends the start at once, with a sentence that does not repeat it")
    func wrongPassword() async throws {
        var options = PrivateRedisOptions()
        options.password = "right"
        let redis = try await PrivateRedis.start(options)
        let begin = ContinuousClock.now
        let url = "unix://default:hunter2@\(redis.socketPath)"
        let error = try #require(await failure(try RunningServer.settings(redis: url), patience: .seconds(30)))
        #expect(error.exitCode == 78 && error.description.contains("refuses the login"))
        #expect(!error.description.contains("hunter2"))
        #expect(ContinuousClock.now - begin < .seconds(25))
        let good = "unix://default:right@\(redis.socketPath)"
        #expect(await failure(try RunningServer.settings(redis: good)) == nil)
        await redis.remove()
    }

    @Test("without a Redis the start waits as long as it was told and then says so")
    func noRedis() async throws {
        let settings = try RunningServer.settings(redis: "unix:///nonexistent/redis.sock")
        let begin = ContinuousClock.now
        let error = try #require(await failure(settings, patience: .milliseconds(300)))
        #expect(error.exitCode == 69 && error.description.contains("/nonexistent/redis.sock"))
        #expect(ContinuousClock.now - begin >= .milliseconds(300))
    }

    @Test("a Redis that comes up while the start waits is used")
    func redisComesLate() async throws {
        let redis = try await PrivateRedis.start()
        try await redis.stop()
        let settings = try RunningServer.settings(redis: redis.url)
        async let outcome = failure(settings, patience: .seconds(20))
        try await redis.restart()
        #expect(await outcome == nil)
        await redis.remove()
    }

    @Test("two servers share an installation; one with another number of shards is refused with the number that fits")
    func shards() async throws {
        let redis = try await PrivateRedis.start()
        let settings = try RunningServer.settings(redis: redis.url)
        let first = try await RunningServer.start(redis: redis.url)
        let second = try await RunningServer.start(redis: redis.url)
        let salts = [first, second].map { $0.process.store.installation.salt.bytes }
        #expect(salts[0] == salts[1] && salts[0].count == 32)
        var other = settings
        other.shared.shards = 16
        let error = try #require(await failure(other))
        #expect(error.exitCode == 78 && error.description.contains("HOLDFAST_SHARDS=8"))
        try await first.stop()
        try await second.stop()
        await redis.remove()
    }

    @Test("a replica is no place to start on")
    func replica() async throws {
        var options = PrivateRedisOptions()
        options.directives = ["replicaof 127.0.0.1 1"]
        let redis = try await PrivateRedis.start(options)
        let error = try #require(await failure(try RunningServer.settings(redis: redis.url)))
        #expect(error.exitCode == 69 && error.description.contains("replica"))
        await redis.remove()
    }

    @Test("a port that is taken ends the process with a sentence, and everything is closed")
    func portTaken() async throws {
        try await RunningServer.run { server, redis in
            await #expect(throws: StartupError.self) {
                _ = try await RunningServer.start(redis: redis.url) { $0.port = server.port }
            }
        }
    }
}
