// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import NIOCore
import NIOEmbedded
import Testing

@testable import RedisClient

@Suite("A session on one socket")
struct RedisSessionTests {
    @Test("A hundred calls of one tick make one write and one flush")
    func coalescing() throws {
        let harness = try SessionHarness()
        for number in 0..<100 { harness.send("C\(number)") }
        #expect(try harness.sent().isEmpty)
        harness.tick()
        #expect(harness.writes == 1 && harness.flushes == 1)
        #expect(try harness.sent() == (0..<100).map { "C\($0)" })
    }

    @Test("Calls made by the completions of one read share the next flush")
    func coalescingOfFollowUps() throws {
        let harness = try SessionHarness()
        for number in 0..<10 { harness.send("A\(number)") { harness.send("B\(number)") } }
        harness.tick()
        try harness.receive(String(repeating: "+x\r\n", count: 10))
        harness.tick()
        #expect(harness.flushes == 2)
        #expect(try harness.sent().suffix(10) == (0..<10).map { "B\($0)" }[...])
    }

    @Test("Replies reach the callers in order; errors are failures, but values inside arrays")
    func replies() throws {
        let harness = try SessionHarness()
        for name in ["A", "B", "C"] { harness.send(name) }
        harness.tick()
        try harness.receive("+one\r\n-ERR two\r\n*1\r\n-ERR thr")
        #expect(harness.order == ["A", "B"])
        try harness.receive("ee\r\n")
        #expect(harness.text("A") == "one")
        #expect(harness.failure("B") == .server)
        #expect(harness.order == ["A", "B", "C"])
        #expect(harness.failure("C") == nil)
    }

    @Test("Log-in and preparation come first, and traffic only after their success")
    func handshake() throws {
        let harness = try SessionHarness(handshake: [RedisCommand("AUTH"), .ping, RedisCommand("LOAD")])
        #expect(try harness.sent() == ["AUTH", "PING", "LOAD"])
        try harness.receive("+OK\r\n+PONG\r\n")
        #expect(!harness.isReady)
        try harness.receive("$2\r\nab\r\n")
        #expect(harness.isReady)
    }

    @Test("A server that is still loading ends the session before it takes traffic")
    func loading() throws {
        let harness = try SessionHarness(handshake: [.ping, RedisCommand("LOAD")])
        try harness.receive("-LOADING wait\r\n")
        #expect(harness.ended?.serverError?.kind == .loading)
        #expect(!harness.isReady && !harness.channel.isActive)
    }

    @Test("A user who may not PING is served all the same, one who may not prepare is not")
    func handshakePermissions() throws {
        let mayNotPing = try SessionHarness(handshake: [.ping])
        try mayNotPing.receive("-NOPERM no ping for you\r\n")
        #expect(mayNotPing.isReady)
        let mayNotLoad = try SessionHarness(handshake: [.ping, RedisCommand("LOAD")])
        try mayNotLoad.receive("+PONG\r\n-NOPERM no scripts for you\r\n")
        #expect(!mayNotLoad.isReady)
        #expect(mayNotLoad.ended?.isConfigurationFault == true)
    }

    @Test("A server that accepts but does not answer the log-in is given up after the timeout")
    func silentHandshake() throws {
        let harness = try SessionHarness(handshake: [.ping])
        harness.advance(by: .milliseconds(999))
        #expect(harness.ended == nil)
        harness.advance(by: .milliseconds(1))
        #expect(harness.ended?.code == .connectTimeout)
    }

    @Test("A connection cut during the log-in is a failed attempt, not a lost call")
    func cutHandshake() throws {
        let harness = try SessionHarness(handshake: [.ping])
        harness.channel.pipeline.fireChannelInactive()
        #expect(harness.ended?.code == .connectFailed)
    }

    @Test("A timeout ends the call on time, and its late reply is not handed to the next call")
    func lateReply() throws {
        let harness = try SessionHarness()
        harness.send("SLOW")
        harness.tick()
        harness.advance(by: .milliseconds(999))
        harness.send("NEXT")
        harness.tick()
        #expect(!harness.hasEnded("SLOW"))
        harness.advance(by: .milliseconds(1))
        #expect(harness.failure("SLOW") == .timeout)
        #expect(!harness.hasEnded("NEXT"))
        try harness.receive("+late\r\n+next\r\n")
        #expect(harness.text("NEXT") == "next")
        #expect(harness.ended == nil)
    }

    @Test("Calls with different ages expire each at its own time, with one timer")
    func staggeredTimeouts() throws {
        let harness = try SessionHarness()
        for number in 0..<5 {
            harness.send("C\(number)")
            harness.tick()
            harness.advance(by: .milliseconds(100))
        }
        for number in 0..<5 {
            harness.advance(by: .milliseconds(number == 0 ? 499 : 99))
            #expect(!harness.hasEnded("C\(number)"))
            harness.advance(by: .milliseconds(1))
            #expect(harness.failure("C\(number)") == .timeout)
        }
    }

    @Test("A server silent for twice the timeout is given up, so that a new connection can heal")
    func blackHole() throws {
        let harness = try SessionHarness()
        harness.send("FIRST")
        harness.tick()
        harness.advance(by: .milliseconds(1500))
        harness.send("SECOND")
        harness.tick()
        harness.advance(by: .milliseconds(499))
        #expect(harness.failure("FIRST") == .timeout && harness.ended == nil)
        harness.advance(by: .milliseconds(1))
        #expect(harness.ended?.code == .connectionLost)
        #expect(harness.failure("SECOND") == .connectionLost)
    }

    @Test("A slow server that still answers is not given up")
    func slowServer() throws {
        let harness = try SessionHarness()
        for round in 0..<10 {
            harness.send("C\(round)")
            harness.tick()
            harness.advance(by: .milliseconds(900))
            if round > 0 { try harness.receive("+x\r\n") }
        }
        #expect(harness.ended == nil)
    }

    @Test("A socket that takes no bytes holds calls back, and sends them in order when it takes bytes again")
    func backPressure() throws {
        let harness = try SessionHarness(limit: 5)
        harness.send("A")
        harness.tick()
        harness.setWritable(false)
        for name in ["B", "C", "D", "E", "F"] { harness.send(name) }
        harness.tick()
        #expect(try harness.sent() == ["A"])
        #expect(harness.order == ["F"])
        #expect(harness.failure("F") == .busy)
        harness.setWritable(true)
        harness.tick()
        #expect(try harness.sent() == ["B", "C", "D", "E"])
        try harness.receive(String(repeating: "+x\r\n", count: 5))
        #expect(harness.order == ["F", "A", "B", "C", "D", "E"])
    }

    @Test("Many held calls go out in portions, none lost, none overtaken")
    func heldPortions() throws {
        let harness = try SessionHarness(limit: 1000)
        harness.setWritable(false)
        let padding = String(repeating: "x", count: 2000)
        let names = (0..<500).map { "C\($0)-\(padding)" }
        for name in names { harness.send(name) }
        harness.setWritable(true)
        for _ in 0..<20 { harness.tick() }
        #expect(harness.flushes > 1)
        #expect(try harness.sent() == names)
    }

    @Test("A held call that gets no chance fails as not sent")
    func heldTimeout() throws {
        let harness = try SessionHarness()
        harness.setWritable(false)
        harness.send("A")
        harness.advance(by: .seconds(1))
        #expect(harness.failure("A") == .busy)
        harness.setWritable(true)
        harness.tick()
        #expect(try harness.sent().isEmpty)
    }

    @Test("When the connection is cut, sent calls are unknown and unsent ones were not applied")
    func cut() throws {
        let harness = try SessionHarness()
        harness.send("SENT")
        harness.tick()
        harness.send("BUFFERED")
        harness.setWritable(false)
        harness.send("HELD")
        harness.channel.pipeline.fireChannelInactive()
        #expect(harness.failure("SENT") == .connectionLost)
        #expect(harness.failure("BUFFERED") == .connectionLostBeforeSend)
        #expect(harness.failure("HELD") == .connectionLostBeforeSend)
        #expect(harness.ended?.code == .connectionLost)
    }

    @Test("A reply that no call waits for, and bytes that are no replies, end the session")
    func protocolErrors() throws {
        let unsolicited = try SessionHarness()
        try unsolicited.receive("+hello\r\n")
        #expect(unsolicited.ended?.code == .protocolError)
        let garbage = try SessionHarness()
        garbage.send("A")
        garbage.tick()
        try garbage.receive("HTTP/1.1 200 OK\r\n\r\n")
        #expect(garbage.failure("A") == .protocolError)
        #expect(garbage.ended?.code == .protocolError && !garbage.channel.isActive)
    }

    @Test("A cancelled call ends at once and keeps its place")
    func cancellation() throws {
        let harness = try SessionHarness()
        let first = harness.send("A")
        harness.send("B")
        harness.tick()
        harness.session.cancel(first)
        harness.session.cancel(first)
        #expect(harness.failure("A") == .cancelled)
        try harness.receive("+a\r\n+b\r\n")
        #expect(harness.text("B") == "b")
        harness.session.cancel(first)
        harness.setWritable(false)
        harness.session.cancel(harness.send("C"))
        #expect(harness.failure("C") == .cancelledBeforeSend)
    }

    @Test("A node that has become a replica, or forgot our log-in, is left", arguments: ["READONLY", "NOAUTH"])
    func unusable(_ word: String) throws {
        let harness = try SessionHarness()
        harness.send("A")
        harness.send("B")
        harness.tick()
        try harness.receive("-\(word) sorry\r\n")
        #expect(harness.unusable != nil && harness.ended == nil)
        harness.session.finish()
        try harness.receive("+b\r\n")
        #expect(harness.text("B") == "b")
        #expect(!harness.channel.isActive)
    }

    @Test("A session that is finished waits for its last reply, or for the time of its last call")
    func finish() throws {
        var finished = 0
        let answered = try SessionHarness()
        answered.send("A")
        answered.session.finish { finished += 1 }
        answered.tick()
        #expect(try answered.sent() == ["A"])
        #expect(finished == 0)
        try answered.receive("+a\r\n")
        #expect(finished == 1 && answered.text("A") == "a" && !answered.channel.isActive)
        let silent = try SessionHarness()
        silent.send("A")
        silent.tick()
        silent.session.finish { finished += 1 }
        silent.advance(by: .seconds(1))
        #expect(silent.failure("A") == .timeout)
        #expect(finished == 2)
        let idle = try SessionHarness()
        idle.session.finish { finished += 1 }
        idle.session.finish { finished += 1 }
        #expect(finished == 4)
    }

    @Test("A completion may end the session that calls it")
    func endInsideCompletion() throws {
        let harness = try SessionHarness()
        harness.send("A") { harness.session.end(RedisError(.shutdown, "enough")) }
        harness.send("B")
        harness.tick()
        try harness.receive("+a\r\n+b\r\n")
        #expect(harness.text("A") == "a")
        #expect(harness.failure("B") == .connectionLost)
    }
}
