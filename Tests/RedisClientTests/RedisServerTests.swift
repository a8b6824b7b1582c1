// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import LocalStack
import NIOCore
import NIOPosix
import RedisClient
import Testing

@Suite("Against a real Redis")
struct RedisServerTests {
    @Test("Values of any bytes come back as they went")
    func roundTrips() async throws {
        let redis = try await PrivateRedis.start()
        try await withPool(RedisConfiguration(url: redis.url), loops: 2) { pool in
            let every = (UInt8.min...UInt8.max).map { $0 }
            for value in [[], [0], Array("\r\n$1\r\n".utf8), every] {
                let set = try await pool.send(RedisCommand([Array("SET".utf8), every, value]))
                #expect(set == .simple(Array("OK".utf8)))
                #expect(try await pool.send(RedisCommand([Array("GET".utf8), every])) == .bulk(value))
            }
            #expect(try await pool.send(RedisCommand("GET", "absent")) == .null)
            #expect(try await pool.send(RedisCommand("INCRBY", "n", "-5")) == .integer(-5))
            let mixed = try await pool.send(
                RedisCommand("EVAL", "return {1,'a',false,{redis.error_reply('MINE x')}}", "0"))
            let mine = RedisReply.error(RedisServerError(message: Array("MINE x".utf8)))
            #expect(mixed == .array([.integer(1), .bulk([0x61]), .null, .array([mine])]))
        }
        await redis.remove()
    }

    @Test("A value of 16 MB and an array of 100,000 elements come through, and small calls around them")
    func huge() async throws {
        let redis = try await PrivateRedis.start()
        var configuration = try RedisConfiguration(url: redis.url)
        configuration.commandTimeout = .seconds(20)
        try await withPool(configuration) { pool in
            let body = [UInt8](repeating: 0x5A, count: 16 * 1024 * 1024)
            _ = try await pool.send(RedisCommand([Array("SET".utf8), Array("big".utf8), body]))
            async let small = pool.text("ECHO", "before")
            async let big = pool.send(RedisCommand("GET", "big"))
            let script = "local t = {} for i = 1, 100000 do t[i] = i end return t"
            async let array = pool.send(RedisCommand("EVAL", script, "0"))
            async let last = pool.text("ECHO", "after")
            #expect(try await small == "before")
            #expect(try await big == .bulk(body))
            #expect(try await array == .array((1...100_000).map { .integer($0) }))
            #expect(try await last == "after")
        }
        await redis.remove()
    }

    @Test("Ten thousand calls from many tasks each get their own reply")
    func manyCalls() async throws {
        let redis = try await PrivateRedis.start()
        var configuration = try RedisConfiguration(url: redis.url)
        configuration.commandTimeout = .seconds(20)
        try await withPool(configuration, loops: 2) { pool in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<100 {
                    group.addTask {
                        for number in 0..<100 {
                            let word = "\(task)-\(number)"
                            let reply = try await pool.text("ECHO", word)
                            #expect(reply == word)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(pool.isReady)
        }
        await redis.remove()
    }

    @Test("On the event loop, calls of one tick are answered in order")
    func callbacks() async throws {
        let redis = try await PrivateRedis.start()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let pool = try RedisPool(configuration: RedisConfiguration(url: redis.url), group: group)
        pool.start()
        try await pool.waitUntilReady(within: .seconds(60))
        #expect(pool.isFullyReady)
        let loop = group.next()
        let replies = try await loop.flatSubmit {
            let promise = loop.makePromise(of: [String?].self)
            var replies: [String?] = []
            for number in 0..<50 {
                pool.connection(on: loop).send(RedisCommand("ECHO", "\(number)")) { result in
                    replies.append(try? result.get().text)
                    if replies.count == 50 { promise.succeed(replies) }
                }
            }
            return promise.futureResult
        }.get()
        #expect(replies == (0..<50).map { "\($0)" })
        await pool.shutdown()
        try await group.shutdownGracefully()
        await redis.remove()
    }

    @Test("A script prepared on connect can be called; after SCRIPT FLUSH it is missing, and can be loaded again")
    func scripts() async throws {
        let redis = try await PrivateRedis.start()
        let load = RedisCommand("SCRIPT", "LOAD", "return {KEYS[1], ARGV[1]}")
        try await withPool(RedisConfiguration(url: redis.url), onConnect: [load]) { pool in
            let sha = try #require(try await pool.send(load).bytes)
            let call = RedisCommand.evalsha(sha: sha, keys: [[1]], arguments: [[2]])
            #expect(try await pool.send(call) == .array([.bulk([1]), .bulk([2])]))
            #expect(try await pool.text("SCRIPT", "FLUSH") == "OK")
            let error = await #expect(throws: RedisError.self) { try await pool.send(call) }
            #expect(error?.retry == .afterScriptLoad)
            _ = try await pool.send(load)
            #expect(try await pool.send(call).array?.count == 2)
        }
        await redis.remove()
    }

    @Test("A script that cannot be prepared keeps the connection from taking traffic")
    func badScript() async throws {
        let redis = try await PrivateRedis.start()
        let load = RedisCommand("SCRIPT", "LOAD", "this is not Lua")
        try await withPool(RedisConfiguration(url: redis.url), onConnect: [load]) { pool in
            let error = await #expect(throws: RedisError.self) {
                try await pool.waitUntilReady(within: .milliseconds(200))
            }
            #expect(error?.message.contains("compiling script") == true)
            #expect(await pool.failure("PING") == .notConnected)
        }
        await redis.remove()
    }

    @Test("Errors of Redis are told apart: wrong type, no memory, no permission, a script's own error")
    func serverErrors() async throws {
        var options = PrivateRedisOptions()
        options.users = ["reader on >pw ~* +@read"]
        let redis = try await PrivateRedis.start(options)
        let reader = try RedisConfiguration(url: "unix://reader:pw@\(redis.socketPath)")
        try await withPool(RedisConfiguration(url: redis.url)) { pool in
            func error(_ words: String...) async -> RedisError? {
                await #expect(throws: RedisError.self) {
                    try await pool.send(RedisCommand(words.map { Array($0.utf8) }))
                }
            }
            _ = try await pool.send(RedisCommand("SET", "s", "x"))
            #expect(await error("HGET", "s", "f")?.serverError?.kind == .wrongType)
            let inside = await error("EVAL", "redis.call('SET', 'a', 1) redis.call('HGET', 's', 'f')", "0")
            #expect(inside?.serverError?.kind == .wrongType && inside?.serverError?.raisedInsideScript == true)
            #expect(inside?.outcome == .maybePartial)
            _ = try await pool.send(RedisCommand("CONFIG", "SET", "maxmemory", "1"))
            let full = await error("SET", "t", "x")
            #expect(full?.serverError?.kind == .oom && full?.outcome == .notApplied)
            let refused = await error("EVAL", "#!lua\nredis.call('SET', 't', 'x')", "0")
            #expect(refused?.serverError?.kind == .oom && refused?.outcome == .notApplied)
            // A reader may not PING, and is connected all the same.
            try await withPool(reader) { readerPool in
                let value = try await readerPool.text("GET", "s")
                #expect(value == "x")
                let denied = await #expect(throws: RedisError.self) {
                    try await readerPool.send(RedisCommand("SET", "s", "y"))
                }
                #expect(denied?.serverError?.kind == .noPerm)
            }
        }
        await redis.remove()
    }

    @Test("While a script runs too long, others hear BUSY, until it is killed")
    func busy() async throws {
        var options = PrivateRedisOptions()
        options.directives = ["busy-reply-threshold 20"]
        let redis = try await PrivateRedis.start(options)
        var configuration = try RedisConfiguration(url: redis.url)
        configuration.commandTimeout = .seconds(20)
        try await withPool(configuration) { stuckPool in
            try await withPool(configuration) { pool in
                try await pool.waitUntilReady(within: .seconds(60))
                try await stuckPool.waitUntilReady(within: .seconds(60))
                async let stuck = stuckPool.failure("EVAL", "while true do end", "0")
                try await eventually("others hear BUSY") {
                    let result = await Task { try await pool.send(RedisCommand("GET", "x")) }.result
                    guard case .failure(let error as RedisError) = result else { return false }
                    return error.serverError?.kind == .busy && error.outcome == .notApplied
                }
                #expect(try await pool.text("SCRIPT", "KILL") == "OK")
                #expect(await stuck == .server)
                #expect(await pool.failure("GET", "x") == nil)
            }
        }
        await redis.remove()
    }

    @Test("User and password are sent, and the database is selected")
    func login() async throws {
        var options = PrivateRedisOptions()
        options.listensOnTCP = true
        options.password = "of the \"default\" user"
        options.users = ["app on >s3cret ~* +@all"]
        let redis = try await PrivateRedis.start(options)
        let port = try #require(redis.tcpPort)
        try await withPool(RedisConfiguration(url: "redis://app:s3cret@127.0.0.1:\(port)/5")) { pool in
            let user = try await pool.text("ACL", "WHOAMI")
            let connection = try await pool.text("CLIENT", "INFO")
            #expect(user == "app" && connection?.contains(" db=5 ") == true)
        }
        var byDefault = RedisConfiguration(endpoint: .unix(path: redis.socketPath))
        byDefault.password = options.password
        #expect(try await withPool(byDefault) { try await $0.text("ACL", "WHOAMI") } == "default")
        await redis.remove()
    }

    @Test("A wrong or missing password is reported at once, and never shown", arguments: ["app:wrong@", ""])
    func wrongPassword(_ login: String) async throws {
        var options = PrivateRedisOptions()
        options.password = "right"
        options.users = ["app on >right ~* +@all"]
        let redis = try await PrivateRedis.start(options)
        try await withPool(RedisConfiguration(url: "unix://\(login)\(redis.socketPath)")) { pool in
            let start = ContinuousClock.now
            let error = await #expect(throws: RedisError.self) { try await pool.waitUntilReady(within: .seconds(30)) }
            #expect(ContinuousClock.now - start < .seconds(10))
            #expect(error?.isConfigurationFault == true)
            #expect(error?.description.contains("wrong@") == false)
            #expect(await pool.failure("GET", "x") == .notConnected)
        }
        await redis.remove()
    }

    @Test("Shutdown waits for a reply on its way and refuses new calls")
    func gracefulShutdown() async throws {
        let redis = try await PrivateRedis.start()
        var configuration = try RedisConfiguration(url: redis.url)
        configuration.commandTimeout = .seconds(30)
        try await withPool(configuration) { pool in
            try await withPool(configuration) { observer in
                try await pool.waitUntilReady(within: .seconds(60))
                async let slow = pool.send(RedisCommand("BLPOP", "queue", "25"))
                try await eventually("the call has arrived") {
                    try await observer.text("INFO", "clients")?.contains("blocked_clients:1") == true
                }
                async let shutdown: Void = pool.shutdown(within: .seconds(25))
                try await eventually("the shutdown has begun") { !pool.isReady }
                #expect(await pool.failure("PING") == .shutdown)
                _ = try await observer.send(RedisCommand("RPUSH", "queue", "last"))
                #expect(try await slow.array?.last?.text == "last")
                await shutdown
            }
        }
        await redis.remove()
    }
}
