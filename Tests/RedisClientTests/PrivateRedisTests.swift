// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import RedisClient
import Testing

@testable import LocalStack

@Suite("A private Redis")
struct PrivateRedisTests {
    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// Whether a server still has the socket open: asks by connecting.
    private func isServing(_ redis: RedisConfiguration) async throws -> Bool {
        try await withPool(redis) { await $0.failure("PING") == nil }
    }

    @Test("It listens on a short socket path only, keeps nothing, and evicts nothing")
    func defaults() async throws {
        let redis = try await PrivateRedis.start()
        #expect(redis.socketPath.utf8.count < 104)
        #expect(redis.tcpPort == nil && redis.tlsPort == nil)
        try await withPool(RedisConfiguration(url: redis.url)) { pool in
            for (name, value) in [
                ("port", "0"), ("appendonly", "no"), ("save", ""), ("maxmemory-policy", "noeviction"),
            ] {
                let reply = try await pool.send(RedisCommand("CONFIG", "GET", name))
                #expect(reply.array?.compactMap(\.text) == [name, value])
            }
        }
        await redis.remove()
        #expect(!self.exists(redis.directory))
    }

    @Test("Without persistence a restart forgets; with it, even SIGKILL loses nothing", arguments: [false, true])
    func persistence(_ isPersistent: Bool) async throws {
        var options = PrivateRedisOptions()
        options.persistence = isPersistent ? .always : .none
        let redis = try await PrivateRedis.start(options)
        let configuration = try RedisConfiguration(url: redis.url)
        try await withPool(configuration) { try await $0.text("SET", "k", "v") }
        try await redis.kill()
        #expect(self.exists(redis.directory))
        try await redis.restart()
        #expect(try await withPool(configuration) { try await $0.text("GET", "k") } == (isPersistent ? "v" : nil))
        try await redis.restart()
        #expect(try await withPool(configuration) { try await $0.text("GET", "k") } == (isPersistent ? "v" : nil))
        await redis.remove()
    }

    @Test("It can be stopped while it hangs, and stopped or killed twice")
    func stopWhilePaused() async throws {
        let redis = try await PrivateRedis.start()
        try await redis.pause()
        try await redis.stop()
        try await redis.stop()
        try await redis.kill()
        try await redis.restart()
        #expect(try await self.isServing(RedisConfiguration(url: redis.url)))
        await redis.remove()
        await redis.remove()
        await #expect(throws: LocalStackError.watchdogGone) { try await redis.restart() }
    }

    @Test("The port stays the same across restarts")
    func ports() async throws {
        var options = PrivateRedisOptions()
        options.listensOnTCP = true
        let redis = try await PrivateRedis.start(options)
        let url = "redis://127.0.0.1:\(try #require(redis.tcpPort))"
        try await redis.restart()
        #expect(try await self.isServing(RedisConfiguration(url: url)))
        await redis.remove()
    }

    @Test("When the object goes, server and directory go")
    func deinitialisation() async throws {
        var redis: PrivateRedis? = try await PrivateRedis.start()
        let directory = try #require(redis?.directory)
        #expect(self.exists(directory))
        redis = nil
        try await eventually("the directory is gone") { !self.exists(directory) }
    }

    @Test("When the process that started it is killed, server and directory go")
    func parentKilled() async throws {
        let result = await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
            var options = PrivateRedisOptions()
            options.listensOnTCP = true
            options.password = "orphan"
            let redis = try await PrivateRedis.start(options)
            FileHandle.standardOutput.write(Data("<\(redis.directory)|\(redis.tcpPort ?? 0)>".utf8))
            kill(getpid(), SIGKILL)
        }
        let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
        let line = try #require(output.split(separator: "<").last?.split(separator: ">").first)
        let parts = line.split(separator: "|").map(String.init)
        try #require(parts.count == 2 && parts[0].contains("holdfast."))
        try await eventually("the directory is gone") { !self.exists(parts[0]) }
        #expect(try await !self.isServing(RedisConfiguration(url: "redis://:orphan@127.0.0.1:\(parts[1])")))
    }

    @Test("A missing program is an error that says what to install")
    func missing() async {
        var options = PrivateRedisOptions()
        options.program = "redis-server-that-is-not-there"
        let error = await #expect(throws: LocalStackError.self) { try await PrivateRedis.start(options) }
        #expect(error == .redisServerMissing(name: options.program))
        #expect(error?.description.contains("apt-get install redis-server") == true)
    }

    @Test("A program that is too old, or no Redis, is refused")
    func tooOld() async throws {
        for line in ["Redis server v=7.0.0 sha=00000000:0 malloc=libc bits=64", "Valkey server v=8.1.3 sha=0"] {
            try PrivateRedis.checkVersion(line)
        }
        for (line, found) in [("Redis server v=6.2.14 sha=0", "6.2.14"), ("v=x", "x"), ("hello", "hello"), ("", "")] {
            let error = #expect(throws: LocalStackError.self) { try PrivateRedis.checkVersion(line) }
            #expect(error == .redisTooOld(found: found, needed: "7.0"))
        }
        var options = PrivateRedisOptions()
        options.program = "true"
        let error = await #expect(throws: LocalStackError.self) { try await PrivateRedis.start(options) }
        #expect(error?.description.contains("is too old: version 7.0 or newer is needed") == true)
    }

    @Test("It inherits no open file: a listener closed here is closed")
    func inheritsNothing() async throws {
        let mock = try await MockRedis { _, _ in .bytes("+PONG\r\n") }
        let redis = try await PrivateRedis.start()
        let configuration = mock.configuration
        #expect(try await self.isServing(configuration))
        try await mock.shutdown()
        #expect(try await withPool(configuration) { await $0.failure("PING") } == .notConnected)
        let log = EventLog()
        try await withPool(configuration, log: log) { pool in
            try await eventually("an attempt has failed") { log.names.contains("failed") }
        }
        #expect(log.failures.first?.message.contains("refused") == true)
        await redis.remove()
    }

    @Test("A server that does not start is reported with its log")
    func badDirective() async throws {
        var options = PrivateRedisOptions()
        options.directives = ["no-such-directive yes"]
        let error = await #expect(throws: LocalStackError.self) { try await PrivateRedis.start(options) }
        guard case .redisDidNotStart(let log) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(log.contains("no-such-directive"))
    }
}
