// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import LocalStack
import NIOCore
import NIOPosix
import RedisClient
import Synchronization
import Testing

@Suite("A subscriber")
struct RedisSubscriberTests {
    /// What a subscriber has told.
    private final class SignalLog: Sendable {
        private let signals = Mutex<[String]>([])
        private let errors = Mutex<[RedisError]>([])

        func append(_ signal: RedisSubscriber.Signal) {
            switch signal {
            case .listening: signals.withLock { $0.append("listening") }
            case .message(let text): signals.withLock { $0.append("message " + String(decoding: text, as: UTF8.self)) }
            case .deaf(let error, _):
                errors.withLock { $0.append(error) }
                signals.withLock { $0.append("deaf") }
            }
        }

        var all: [String] { signals.withLock { $0 } }
        var failures: [RedisError] { errors.withLock { $0 } }

        func count(_ signal: String) -> Int { all.count { $0 == signal } }
    }

    /// Runs `body` with a subscriber on an event loop of its own.
    private static func withSubscriber(
        _ configuration: RedisConfiguration, heartbeat: Duration = .seconds(5),
        _ body: (SignalLog) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let log = SignalLog()
        let subscriber = try RedisSubscriber(
            configuration: configuration, eventLoop: group.next(), channel: Array("news".utf8), heartbeat: heartbeat
        ) { log.append($0) }
        subscriber.start()
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(log))
        } catch {
            result = .failure(error)
        }
        await subscriber.shutdown()
        let told = log.all
        try await group.shutdownGracefully()
        #expect(log.all == told, "nothing is told after the end")
        try result.get()
    }

    @Test("Messages are heard in their order, while other connections talk; those of other channels are not")
    func messages() async throws {
        let redis = try await PrivateRedis.start()
        let configuration = try RedisConfiguration(url: redis.url)
        try await withPool(configuration) { pool in
            try await Self.withSubscriber(configuration) { log in
                try await eventually("it listens") { log.all == ["listening"] }
                for number in 0..<500 {
                    _ = try await pool.text("PUBLISH", "other", "\(number)")
                    _ = try await pool.text("PUBLISH", "news", "\(number)")
                    if number % 50 == 0 { #expect(try await pool.text("ECHO", "\(number)") == "\(number)") }
                }
                try await eventually("all is heard") { log.all.count == 501 }
                #expect(log.all.dropFirst() == (0..<500).map { "message \($0)" }[...])
            }
        }
        await redis.remove()
    }

    @Test("Through kills and restarts it comes back and says so, each time")
    func restarts() async throws {
        let redis = try await PrivateRedis.start()
        let configuration = try RedisConfiguration(url: redis.url)
        try await withPool(configuration) { pool in
            try await Self.withSubscriber(configuration) { log in
                for round in 1...3 {
                    try await eventually("it listens") { log.count("listening") == round }
                    try await eventually("it hears") {
                        _ = try? await pool.text("PUBLISH", "news", "\(round)")
                        return log.count("message \(round)") > 0
                    }
                    try await redis.kill()
                    try await eventually("it notices") { log.all.last == "deaf" }
                    try await redis.restart()
                }
                try await eventually("it listens at last") { log.count("listening") == 4 }
            }
        }
        await redis.remove()
    }

    @Test("What arrives byte by byte is heard all the same, and several messages at once, each")
    func splitReads() async throws {
        let text = "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$3\r\n\r\n1\r\n"
        let more = "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$0\r\n\r\n"
        let mock = try await MockRedis { _, _ in .dribble(Array((text + more).utf8)) }
        try await Self.withSubscriber(mock.configuration) { log in
            try await eventually("both are heard") { log.all == ["listening", "message \r\n1", "message "] }
        }
        try await mock.shutdown()
    }

    @Test("A server that says nothing any more is left for another connection")
    func silence() async throws {
        let mock = try await MockRedis { words, _ in
            words.first == "SUBSCRIBE" ? .bytes("*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n") : .silence
        }
        var configuration = mock.configuration
        configuration.commandTimeout = .milliseconds(100)
        try await Self.withSubscriber(configuration, heartbeat: .milliseconds(100)) { log in
            try await eventually("it listens anew") { log.count("listening") >= 3 }
            #expect(log.failures.allSatisfy { $0.code == .connectionLost } && mock.received.contains("PING"))
        }
        try await mock.shutdown()
    }

    @Test("A server that answers a heartbeat is kept")
    func heartbeat() async throws {
        let redis = try await PrivateRedis.start()
        let configuration = try RedisConfiguration(url: redis.url)
        try await withPool(configuration) { pool in
            try await Self.withSubscriber(configuration, heartbeat: .seconds(2)) { log in
                try await eventually("it has asked a few times") {
                    let stats = try await pool.text("INFO", "commandstats") ?? ""
                    let line = stats.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_ping:calls=") }
                    let calls = line.flatMap { Int($0.dropFirst(19).prefix { $0.isNumber }) } ?? 0
                    return calls > 4
                }
                #expect(log.all == ["listening"])
            }
        }
        await redis.remove()
    }

    @Test(
        "A server that refuses, or talks of something else, is tried again, and the reason told",
        arguments: [
            ("-WRONGPASS no\r\n", RedisError.Code.server), ("+OK\r\n", .protocolError), ("what\r\n", .protocolError),
        ])
    func refusals(answer: String, code: RedisError.Code) async throws {
        let mock = try await MockRedis { _, _ in .bytes(answer) }
        try await Self.withSubscriber(mock.configuration) { log in
            try await eventually("it tries again") { mock.connections >= 3 }
            try await eventually("it says why") { log.failures.count >= 2 }
            #expect(log.failures.allSatisfy { $0.code == code }, "\(log.failures)")
            #expect(log.count("listening") == 0)
        }
        try await mock.shutdown()
    }

    @Test("It logs in first")
    func login() async throws {
        let mock = try await MockRedis { words, _ in
            words.first == "AUTH"
                ? .bytes("+OK\r\n") : .bytes("*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n")
        }
        var configuration = mock.configuration
        configuration.password = "secret"
        try await Self.withSubscriber(configuration) { log in
            try await eventually("it listens") { log.all == ["listening"] }
            #expect(mock.received == ["AUTH", "SUBSCRIBE"])
        }
        try await mock.shutdown()
    }
}
