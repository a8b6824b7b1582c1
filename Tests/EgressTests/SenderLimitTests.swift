// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Egress
import Testing

@Suite("Bounds of sending")
struct SenderLimitTests {
    private static let head = "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n"
    private static let chunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n"

    @Test(
        "119: what is not over by the deadline is cut off, whatever of it was seen",
        arguments: [
            Receiver.Reaction.silence, .drip(after: ""), .drip(after: "HTTP/1.1 200 OK\r\nX-Slow: "),
            .drip(after: head),
            .drip(after: chunkedHead), .drip(after: "HTTP/1.1 200 OK\r\n\r\n"), .bytes(head),
            .bytes("HTTP/1.1 200 OK\r\n"),
            .bytes("HTTP/1.1 100 Continue\r\n\r\n"),
        ])
    func deadline(reaction: Receiver.Reaction) async throws {
        try await Sending.withReceiver { _ in
            reaction
        } _: { sender, receiver in
            let start = ContinuousClock.now
            let outcome = await sender.send(
                Sending.request("http://127.0.0.1:\(receiver.port)/"), Sending.local, deadline: .milliseconds(400))
            // A drip that is no HTTP may be found out sooner.
            if case .drip(after: "") = reaction, outcome.failure == .protocolError { return }
            #expect(outcome.failure == .timeout, "\(outcome)")
            #expect(outcome.took >= 400)
            #expect(ContinuousClock.now - start < .seconds(30))
            try await eventually("the connection is closed") { receiver.openConnections == 0 }
        }
    }

    @Test(
        "119: of an endless body 64 KiB are read, and then the status counts",
        arguments: [head, chunkedHead, "HTTP/1.1 200 OK\r\n\r\n"])
    func endlessBody(head: String) async throws {
        try await Sending.withReceiver { _ in
            .flood(after: head)
        } _: { sender, receiver in
            let outcome = await sender.send(
                Sending.request("http://127.0.0.1:\(receiver.port)/"), Sending.local, deadline: Sending.long)
            #expect(outcome.status == 200, "\(outcome)")
            try await eventually("the connection is closed") { receiver.openConnections == 0 }
            // What the system's buffers took, and no more.
            #expect(receiver.bytesSent < 100_000_000)
        }
    }

    @Test("a head of more than 64 KiB, or without end, is a failure")
    func hugeHeads() async throws {
        let field = String(repeating: "y", count: 1_000)
        let many = (0..<100).map { "X-\($0): \(field)" }
        try await Sending.withReceiver { request in
            switch request.uri {
            case "/many": .status(200, many)
            case "/long": .status(200, ["X: " + String(repeating: "z", count: 1_000_000)])
            case "/fields": .status(200, (0..<1_000).map { "X-\($0): y" })
            case "/interim": .flood(after: String(repeating: "HTTP/1.1 102 Wait\r\n\r\n", count: 10_000))
            case "/endless": .flood(after: "HTTP/1.1 200 OK\r\nX: ")
            default: .status(200, Array(many.prefix(50)))
            }
        } _: { sender, receiver in
            let origin = "http://127.0.0.1:\(receiver.port)"
            for path in ["/many", "/long", "/fields", "/interim", "/endless"] {
                let outcome = await sender.send(Sending.request(origin + path), Sending.local, deadline: Sending.long)
                #expect(outcome.failure == .protocolError, "\(path): \(outcome)")
            }
            let usual = await sender.send(Sending.request(origin + "/usual"), Sending.local, deadline: Sending.long)
            #expect(usual.status == 200, "\(usual)")
            #expect(receiver.bytesSent < 100_000_000)
        }
    }

    @Test("a body up to the limit is read whole, and its connection is used again")
    func reuse() async throws {
        let body = String(repeating: "b", count: 60_000)
        try await Sending.withReceiver { _ in
            .status(200, body: body)
        } _: { sender, receiver in
            for _ in 0..<20 {
                let request = Sending.request("http://127.0.0.1:\(receiver.port)/")
                #expect(await sender.send(request, Sending.local, deadline: Sending.long).status == 200)
            }
            #expect(receiver.requests.count == 20)
            #expect(receiver.connections == 1)
            #expect(sender.targets == 1)
        }
    }

    @Test("a connection that the endpoint has closed is replaced")
    func closedByEndpoint() async throws {
        try await Sending.withReceiver { _ in
            .cut(after: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        } _: { sender, receiver in
            let request = Sending.request("http://127.0.0.1:\(receiver.port)/")
            for round in 1...3 {
                // A request may still go out on the old connection before the news of its end is there.
                try await eventually("it is answered") {
                    await sender.send(request, Sending.local, deadline: Sending.long).status == 200
                }
                try await eventually("the connection is closed") { receiver.openConnections == 0 }
                #expect(receiver.connections == round)
            }
        }
    }

    @Test("hundreds of attempts at once, one endpoint of which hangs, all end")
    func manyAtOnce() async throws {
        let hanging = try await Receiver.start { _ in .silence }
        try await Sending.withReceiver { _ in
            .status(200)
        } _: { sender, receiver in
            let hung = "http://127.0.0.1:\(hanging.port)/"
            let fine = "http://127.0.0.1:\(receiver.port)/"
            let outcomes = await withTaskGroup(of: OutboundOutcome.self) { group in
                for number in 0..<500 {
                    let isHung = number % 10 == 0
                    group.addTask {
                        await sender.send(
                            Sending.request(isHung ? hung : fine), Sending.local,
                            deadline: isHung ? .seconds(1) : Sending.long)
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0.status == 200 } == 450)
            #expect(outcomes.count { $0.failure == .timeout } == 50)
            #expect(receiver.requests.count == 450)
        }
        await hanging.stop()
    }

    @Test("of many targets those used last keep their connections")
    func manyTargets() async throws {
        let names = (0..<10).map { "t\($0).test" }
        let resolver = StubResolver(Dictionary(uniqueKeysWithValues: names.map { ($0, "127.0.0.1") }))
        try await Sending.withReceiver(resolver: resolver, targetsKept: 3) { _ in
            .status(200)
        } _: { sender, receiver in
            for name in names + ["t9.test", "t8.test", "t7.test"] {
                let request = Sending.request("http://\(name):\(receiver.port)/")
                #expect(await sender.send(request, Sending.local, deadline: Sending.long).status == 200)
                #expect(sender.targets <= 3)
            }
            #expect(receiver.connections == 10, "two names at one address share none, and the last three were kept")
            try await eventually("the others are closed") { receiver.openConnections == 3 }
        }
    }

    @Test("stopping waits for what is under way and starts nothing more")
    func shutdown() async throws {
        let receiver = try await Receiver.start { _ in .drip(after: "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n") }
        let sender = try WebhookSender()
        let request = Sending.request("http://127.0.0.1:\(receiver.port)/")
        async let slow = sender.send(request, Sending.local, deadline: Sending.long)
        try await eventually("the request is there") { receiver.requests.count == 1 }
        await sender.shutdown()
        #expect(await slow.status == 200)
        #expect(await sender.send(request, Sending.local).failure == .cancelled)
        #expect(sender.targets == 0)
        await sender.shutdown()
        #expect(receiver.requests.count == 1)
        await receiver.stop()
    }

    @Test("an attempt whose task is cancelled ends at once")
    func cancelled() async throws {
        try await Sending.withReceiver { _ in
            .silence
        } _: { sender, receiver in
            let request = Sending.request("http://127.0.0.1:\(receiver.port)/")
            let task = Task { await sender.send(request, Sending.local, deadline: .seconds(3_600)) }
            try await eventually("the request is there") { receiver.requests.count == 1 }
            task.cancel()
            #expect(await task.value.failure == .cancelled)
        }
    }
}
