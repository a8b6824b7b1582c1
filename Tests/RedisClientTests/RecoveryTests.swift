// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import LocalStack
import RedisClient
import Synchronization
import Testing

@Suite("Recovery with a real Redis")
struct RecoveryTests {
    private final class Load: Sendable {
        let answered = Atomic<Int>(0)
        let isOver = Atomic(false)
    }

    @Test("After the death and restart of Redis the same client works again")
    func restart() async throws {
        var options = PrivateRedisOptions()
        options.persistence = .everySecond
        let redis = try await PrivateRedis.start(options)
        let log = EventLog()
        try await withPool(RedisConfiguration(url: redis.url), log: log) { pool in
            for round in 1...2 {
                #expect(try await pool.text("SET", "k", "\(round)") == "OK")
                try await redis.kill()
                try await eventually("the client has noticed") { await pool.failure("GET", "k") == .notConnected }
                try await redis.restart()
                try await eventually("the client is back") { await pool.failure("GET", "k") == nil }
                #expect(try await pool.text("GET", "k") == "\(round)")
            }
        }
        let changes = log.names.filter { $0 != "failed" }
        #expect(changes.prefix(4) == ["connected", "disconnected", "connected", "disconnected"])
        await redis.remove()
    }

    @Test("Through kills and restarts under load every reply belongs to its call")
    func noMixUps() async throws {
        let redis = try await PrivateRedis.start()
        let load = Load()
        try await withPool(RedisConfiguration(url: redis.url), loops: 2) { pool in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<16 {
                    group.addTask {
                        var number = 0
                        while !load.isOver.load(ordering: .relaxed) {
                            number += 1
                            let word = "\(task)-\(number)"
                            guard let reply = try? await pool.text("ECHO", word) else { continue }
                            #expect(reply == word)
                            load.answered.add(1, ordering: .relaxed)
                        }
                    }
                }
                for _ in 0..<3 {
                    let before = load.answered.load(ordering: .relaxed)
                    try await eventually("calls are answered") { load.answered.load(ordering: .relaxed) > before + 500 }
                    try await redis.kill()
                    try await redis.restart()
                }
                let before = load.answered.load(ordering: .relaxed)
                try await eventually("calls are answered again") {
                    load.answered.load(ordering: .relaxed) > before + 500
                }
                load.isOver.store(true, ordering: .relaxed)
                try await group.waitForAll()
            }
        }
        await redis.remove()
    }

    @Test("A Redis that hangs makes calls time out, and is used again when it goes on")
    func pause() async throws {
        let redis = try await PrivateRedis.start()
        var configuration = try RedisConfiguration(url: redis.url)
        configuration.commandTimeout = .milliseconds(200)
        try await withPool(configuration) { pool in
            try await pool.waitUntilReady(within: .seconds(60))
            try await redis.pause()
            #expect(await pool.failure("INCR", "n") == .timeout)
            try await eventually("the connection is given up") { !pool.isReady }
            #expect(await pool.failure("GET", "n") == .notConnected)
            try await redis.resume()
            try await eventually("the client is back") { await pool.failure("GET", "n") == nil }
            // The call that timed out was carried out all the same: its outcome was unknown.
            #expect(try await pool.text("GET", "n") == "1")
        }
        await redis.remove()
    }

    @Test("A pool started before Redis comes up when Redis does")
    func startedEarly() async throws {
        let redis = try await PrivateRedis.start()
        try await redis.stop()
        let log = EventLog()
        try await withPool(RedisConfiguration(url: redis.url), loops: 2, log: log) { pool in
            try await eventually("an attempt has failed") { log.names.contains("failed") }
            #expect(!pool.isReady)
            try await redis.restart()
            try await pool.waitUntilReady(within: .seconds(60))
            #expect(pool.isFullyReady)
        }
        await redis.remove()
    }
}
