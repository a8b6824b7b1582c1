// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import NIOCore
import NIOPosix
import RedisClient
import Synchronization
import Testing

@Suite("Servers that misbehave")
struct FaultTests {
    private static let pong = MockRedis.Answer.bytes("+PONG\r\n")

    /// A server that answers PING and leaves the rest to the script.
    private func withMock<Value>(
        _ script: @escaping MockRedis.Script,
        _ body: (MockRedis) async throws -> Value
    ) async throws -> Value {
        let mock = try await MockRedis { words, connection in
            words.first == "PING" ? Self.pong : script(words, connection)
        }
        do {
            let value = try await body(mock)
            try await mock.shutdown()
            return value
        } catch {
            try await mock.shutdown()
            throw error
        }
    }

    @Test("A reply that arrives byte by byte is one reply")
    func dribble() async throws {
        try await self.withMock({ _, _ in .dribble(Array("*2\r\n$3\r\nabc\r\n:12\r\n".utf8)) }) { mock in
            try await withPool(mock.configuration) { pool in
                for _ in 0..<3 {
                    let reply = try await pool.send(RedisCommand("GET"))
                    #expect(reply == .array([.bulk(Array("abc".utf8)), .integer(12)]))
                }
            }
        }
    }

    @Test("LOADING during preparation is tried again until Redis serves")
    func loading() async throws {
        let mock = try await MockRedis { words, connection in
            if words.first == "PING" { return connection < 4 ? .bytes("-LOADING soon\r\n") : Self.pong }
            return .bytes("+\(words.joined(separator: " "))\r\n")
        }
        let log = EventLog()
        try await withPool(mock.configuration, onConnect: [RedisCommand("SCRIPT", "LOAD")], log: log) { pool in
            try await pool.waitUntilReady(within: .seconds(60))
            #expect(try await pool.text("GET") == "GET")
        }
        #expect(log.names.prefix(4) == ["failed", "failed", "failed", "connected"])
        #expect(log.failures.allSatisfy { $0.serverError?.kind == .loading })
        #expect(mock.received.suffix(3) == ["PING", "SCRIPT", "GET"])
        try await mock.shutdown()
    }

    @Test("Log-in, database and preparation are sent in this order")
    func handshakeOrder() async throws {
        let words = Mutex<[[String]]>([])
        let mock = try await MockRedis { command, _ in
            words.withLock { $0.append(command) }
            return .bytes("+OK\r\n")
        }
        var configuration = try RedisConfiguration(url: "redis://u:p%20w@127.0.0.1:\(mock.port)/3")
        configuration.commandTimeout = .seconds(5)
        try await withPool(configuration, onConnect: [RedisCommand("SCRIPT", "LOAD", "x")]) { pool in
            try await pool.waitUntilReady(within: .seconds(60))
        }
        #expect(words.withLock { $0 } == [["AUTH", "u", "p w"], ["SELECT", "3"], ["PING"], ["SCRIPT", "LOAD", "x"]])
        try await mock.shutdown()
    }

    @Test("A connection cut after the call was sent leaves its outcome unknown, and the next call has a new connection")
    func cutAfterSend() async throws {
        try await self.withMock({ words, _ in words.first == "CUT" ? .cut(after: "") : .bytes("+ok\r\n") }) { mock in
            try await withPool(mock.configuration) { pool in
                try await pool.waitUntilReady(within: .seconds(60))
                #expect(await pool.failure("CUT") == .connectionLost)
                #expect(try await pool.text("GET") == "ok")
                #expect(mock.connections == 2)
            }
        }
    }

    @Test("A connection cut in the middle of a reply fails that call and gives nothing to the next")
    func cutMidReply() async throws {
        try await self.withMock({ words, _ in
            words.first == "CUT" ? .cut(after: "$10\r\n01234") : .bytes("+ok\r\n")
        }) { mock in
            try await withPool(mock.configuration) { pool in
                try await pool.waitUntilReady(within: .seconds(60))
                async let first = pool.failure("CUT")
                async let second = pool.failure("CUT")
                let failures: Set<RedisError.Code?> = await [first, second]
                #expect(failures.isSubset(of: [.connectionLost, .connectionLostBeforeSend]))
                #expect(try await pool.text("GET") == "ok")
            }
        }
    }

    @Test("Calls that a server never answers end in time, and the connection heals")
    func silence() async throws {
        try await self.withMock({ _, connection in connection == 1 ? .silence : .bytes("+ok\r\n") }) { mock in
            var configuration = mock.configuration
            configuration.commandTimeout = .milliseconds(150)
            try await withPool(configuration) { pool in
                try await pool.waitUntilReady(within: .seconds(60))
                let start = ContinuousClock.now
                #expect(await pool.failure("GET") == .timeout)
                let took = ContinuousClock.now - start
                #expect(took >= .milliseconds(140), "\(took)")
                try await eventually("the connection heals") { await pool.failure("GET") == nil }
                #expect(mock.connections == 2)
            }
        }
    }

    @Test("A late reply is not handed to the next call")
    func lateReply() async throws {
        try await self.withMock({ words, _ in
            // The reply to the first call comes together with the reply to the second.
            words.first == "SLOW" ? .silence : .bytes("+slow\r\n+\(words[0])\r\n")
        }) { mock in
            var configuration = mock.configuration
            // Long enough for the second call on a busy machine.
            configuration.commandTimeout = .seconds(8)
            try await withPool(configuration) { pool in
                try await pool.waitUntilReady(within: .seconds(60))
                #expect(await pool.failure("SLOW") == .timeout)
                #expect(try await pool.text("NEXT") == "NEXT")
                #expect(mock.connections == 1)
            }
        }
    }

    @Test(
        "When a server stops reading, calls are held up to the limit and then refused, and later the connection heals")
    func stopsReading() async throws {
        try await self.withMock({ _, connection in connection == 1 ? .stopReading : .bytes("+ok\r\n") }) { mock in
            var configuration = mock.configuration
            configuration.pendingLimit = 40
            configuration.commandTimeout = .milliseconds(300)
            try await withPool(configuration) { pool in
                try await pool.waitUntilReady(within: .seconds(60))
                let large = RedisCommand([Array("SET".utf8), [UInt8](repeating: 0x78, count: 1 << 20)])
                let codes = await withTaskGroup(of: RedisError.Code?.self) { group in
                    for _ in 0..<50 {
                        group.addTask { await pool.failure(large) }
                    }
                    return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
                }
                // Ten over the limit; of the others those that were held are told that they were not sent.
                #expect((codes[.busy] ?? 0) >= 10 && (codes[.timeout] ?? 0) >= 1, "\(codes)")
                #expect(codes.values.reduce(0, +) == 50 && codes[RedisError.Code?.none] == nil, "\(codes)")
                try await eventually("the connection heals") { await pool.failure("GET") == nil }
            }
        }
    }

    @Test("A server that talks something else is left, and its callers are told")
    func protocolError() async throws {
        try await self.withMock({ _, connection in
            connection == 1 ? .bytes("HTTP/1.1 400 Bad Request\r\n\r\n") : .bytes("+ok\r\n")
        }) { mock in
            try await withPool(mock.configuration) { pool in
                try await pool.waitUntilReady(within: .seconds(60))
                #expect(await pool.failure("GET") == .protocolError)
                #expect(try await pool.text("GET") == "ok")
            }
        }
    }

    @Test("While Redis is away a call waits shortly, then fails as not connected, and says why")
    func away() async throws {
        let mock = try await MockRedis { _, _ in Self.pong }
        await mock.goAway()
        let log = EventLog()
        var configuration = mock.configuration
        configuration.commandTimeout = .seconds(20)
        try await withPool(configuration, log: log) { pool in
            try await eventually("some attempts have failed") { log.names.count > 3 }
            var times: [Duration] = []
            for _ in 0..<5 {
                let start = ContinuousClock.now
                let error = await #expect(throws: RedisError.self) { try await pool.send(.ping) }
                times.append(ContinuousClock.now - start)
                #expect(error?.code == .notConnected && error?.outcome == .notApplied)
                #expect(error?.message.contains("127.0.0.1:\(mock.port)") == true)
                #expect((error?.underlying as? RedisError)?.code == .connectFailed)
            }
            // The wait is 150 ms; the rest is for a busy machine.
            #expect(times.allSatisfy { $0 >= .milliseconds(140) }, "\(times)")
            #expect(times.sorted()[2] < .seconds(19), "\(times)")
            #expect(!pool.isReady && !pool.isFullyReady)
        }
        #expect(Set(log.names) == ["failed"])
        try await mock.shutdown()
    }

    @Test("Without a wait, a call fails at once while Redis is away")
    func awayWithoutWait() async throws {
        let mock = try await MockRedis { _, _ in Self.pong }
        await mock.goAway()
        var configuration = mock.configuration
        configuration.connectionWait = .zero
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let pool = try RedisPool(configuration: configuration, group: group, onConnect: []) { _ in }
        pool.start()
        // On the connection's own thread, so that the answer is there or is not, however busy the machine.
        let loop = group.next()
        let code = try await loop.submit {
            let answer = NIOLoopBoundBox<RedisError.Code?>(nil, eventLoop: loop)
            pool.connection(on: loop).send(.ping) { result in
                if case .failure(let error) = result { answer.value = error.code }
            }
            return answer.value
        }.get()
        #expect(code == .notConnected)
        await pool.shutdown(within: .milliseconds(200))
        try await group.shutdownGracefully()
        try await mock.shutdown()
    }

    @Test("Calls that wait for a connection are sent when it comes up")
    func waiting() async throws {
        let mock = try await MockRedis { words, _ in words.first == "PING" ? Self.pong : .bytes("+\(words[0])\r\n") }
        await mock.goAway()
        var configuration = mock.configuration
        configuration.connectionWait = .seconds(5)
        configuration.commandTimeout = .seconds(5)
        configuration.backoffCeiling = .milliseconds(50)
        let log = EventLog()
        try await withPool(configuration, log: log) { pool in
            async let first = pool.text("A")
            async let second = pool.text("B")
            try await eventually("an attempt has failed") { log.names.contains("failed") }
            try await mock.listen()
            #expect(try await [first, second] == ["A", "B"])
        }
        try await mock.shutdown()
    }

    @Test("A server that cuts every connection as soon as it is up is not besieged")
    func flapping() async throws {
        let mock = try await MockRedis { _, _ in .cut(after: "+PONG\r\n") }
        var configuration = mock.configuration
        configuration.backoffFloor = .milliseconds(100)
        configuration.backoffCeiling = .milliseconds(200)
        let log = EventLog()
        try await withPool(configuration, log: log) { _ in
            let start = ContinuousClock.now
            try await eventually("nine connections", within: .seconds(60)) { mock.connections >= 9 }
            // Eight random delays: together about 700 ms, below 100 ms once in millions. Without them, some 10 ms.
            #expect(ContinuousClock.now - start > .milliseconds(100))
        }
        #expect(log.names.starts(with: ["connected", "disconnected", "connected", "disconnected"]))
        try await mock.shutdown()
    }

    @Test("A replica is left for a new connection, and calls on their way are answered")
    func readOnly() async throws {
        try await self.withMock({ _, connection in connection == 1 ? .bytes("-READONLY a\r\n") : .bytes("+ok\r\n") }) {
            mock in
            try await withPool(mock.configuration) { pool in
                try await pool.waitUntilReady(within: .seconds(60))
                let error = await #expect(throws: RedisError.self) { try await pool.send(RedisCommand("SET")) }
                #expect(error?.serverError?.kind == .readOnly)
                #expect(try await pool.text("SET") == "ok")
            }
        }
    }

    @Test("A cancelled task returns at once, and the reply to its call goes to nobody")
    func cancellation() async throws {
        try await self.withMock({ words, _ in
            words.first == "SLOW" ? .silence : .bytes("+slow\r\n+next\r\n")
        }) { mock in
            var configuration = mock.configuration
            configuration.commandTimeout = .seconds(30)
            try await withPool(configuration) { pool in
                try await pool.waitUntilReady(within: .seconds(60))
                let task = Task { await pool.failure("SLOW") }
                try await eventually("the call is sent") { mock.received.contains("SLOW") }
                task.cancel()
                #expect(await task.value == .cancelled)
                #expect(try await pool.text("NEXT") == "next")
                let early = Task {
                    withUnsafeCurrentTask { $0?.cancel() }
                    return await pool.failure("NEVER")
                }
                #expect(await early.value == .cancelledBeforeSend)
                #expect(!mock.received.contains("NEVER"))
            }
        }
    }

    @Test("Shutdown does not wait longer than its limit, nor at all without calls")
    func shutdownLimit() async throws {
        try await self.withMock({ _, _ in .silence }) { mock in
            var configuration = mock.configuration
            configuration.commandTimeout = .seconds(30)
            try await withPool(configuration) { pool in
                try await pool.waitUntilReady(within: .seconds(60))
                async let slow = pool.failure("SLOW")
                try await eventually("the call is sent") { mock.received.contains("SLOW") }
                let start = ContinuousClock.now
                await pool.shutdown(within: .milliseconds(100))
                #expect(ContinuousClock.now - start < .seconds(29))
                #expect(await slow == .connectionLost)
            }
            try await withPool(configuration, shutdownWithin: .seconds(60)) { pool in
                try await pool.waitUntilReady(within: .seconds(60))
            }
        }
    }

    @Test("Shutdown while nothing is connected ends waiting calls at once")
    func shutdownWhileAway() async throws {
        let mock = try await MockRedis { _, _ in Self.pong }
        await mock.goAway()
        var configuration = mock.configuration
        configuration.connectionWait = .seconds(60)
        configuration.commandTimeout = .seconds(60)
        let log = EventLog()
        try await withPool(configuration, log: log) { pool in
            async let waiting = pool.failure("GET")
            let ready = Task { try await pool.waitUntilReady(within: .seconds(60)) }
            try await eventually("an attempt has failed") { log.names.contains("failed") }
            await pool.shutdown()
            #expect(await waiting == .shutdown)
            await #expect(throws: RedisError.self) { try await ready.value }
        }
        try await mock.shutdown()
    }
}
