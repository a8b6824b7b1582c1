// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Egress
import Foundation
import Synchronization
import Testing

@Suite("Sending")
struct SenderTests {
    @Test("the request arrives as given: path and query, headers, body, one Host and Content-Length")
    func request() async throws {
        try await Sending.withReceiver { _ in
            .status(200, body: "thanks")
        } _: { sender, receiver in
            let headers = [
                ("Content-Type", "application/json"), ("X-Mine", "a"), ("x-mine", "b"), ("Host", "evil.test"),
                ("Transfer-Encoding", "chunked"), ("content-length", "1"), ("Connection", "close"),
            ]
            let target = "/a/../b//c;d=e@:!$&'()*+,~%2F?x=%20y&z?/&&"
            let url = "http://127.0.0.1:\(receiver.port)\(target)"
            let body = "{\"é\":\"\u{0}\"}" + String(repeating: "x", count: 100_000)
            let outcome = await sender.send(Sending.request(url, headers: headers, body: body), Sending.local)
            #expect(outcome.status == 200 && outcome.retryAfter == nil && outcome.took >= 0)
            let request = try #require(receiver.requests.first)
            #expect(request.method == "POST" && request.uri == target)
            #expect(request.body == Array(body.utf8))
            #expect(request.headers["host"] == ["127.0.0.1:\(receiver.port)"])
            #expect(request.headers["content-length"] == ["\(body.utf8.count)"])
            #expect(request.headers["x-mine"] == ["a", "b"])
            #expect(request.headers["content-type"] == ["application/json"])
            #expect(request.headers["transfer-encoding"].isEmpty && request.headers["connection"].isEmpty)
            #expect(receiver.requests.count == 1)
        }
    }

    @Test(
        "any final status is an answer, with a body or without",
        arguments: [200, 201, 204, 304, 400, 404, 410, 500, 502, 503, 504, 599])
    func statuses(code: Int) async throws {
        let bare = code == 204 || code == 304
        try await Sending.withReceiver { _ in
            bare ? .bytes("HTTP/1.1 \(code) Word\r\n\r\n") : .status(code, body: "words")
        } _: { sender, receiver in
            for _ in 0..<2 {
                let outcome = await sender.send(
                    Sending.request("http://127.0.0.1:\(receiver.port)/"), Sending.local, deadline: Sending.long)
                #expect(outcome.status == code, "\(outcome)")
            }
            #expect(receiver.connections == 1)
        }
    }

    @Test("429 and 503 carry Retry-After, in seconds or as a date")
    func retryAfter() async throws {
        let soon = Date(timeIntervalSinceNow: 3_000)
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 0)
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        let texts = ["/seconds": "7", "/date": format.string(from: soon), "/words": "later"]
        try await Sending.withReceiver { request in
            .status(request.uri == "/seconds" ? 429 : 503, ["Retry-After: \(texts[request.uri] ?? "")"])
        } _: { sender, receiver in
            let origin = "http://127.0.0.1:\(receiver.port)"
            let seconds = await sender.send(Sending.request("\(origin)/seconds"), Sending.local)
            #expect(seconds.status == 429 && seconds.retryAfter == 7)
            let date = await sender.send(Sending.request("\(origin)/date"), Sending.local)
            #expect(date.status == 503)
            #expect(2_000...3_000 ~= date.retryAfter ?? 0)
            let words = await sender.send(Sending.request("\(origin)/words"), Sending.local)
            #expect(words.status == 503 && words.retryAfter == nil)
        }
    }

    @Test("101: a redirect is an answer and is not followed", arguments: [301, 302, 303, 307, 308])
    func redirects(code: Int) async throws {
        let other = try await Receiver.start { _ in .status(200) }
        let port = other.port
        try await Sending.withReceiver { _ in
            .status(code, ["Location: http://127.0.0.1:\(port)/elsewhere"])
        } _: { sender, receiver in
            let outcome = await sender.send(Sending.request("http://127.0.0.1:\(receiver.port)/"), Sending.local)
            #expect(outcome.status == code)
            #expect(receiver.requests.count == 1)
        }
        #expect(other.connections == 0)
        await other.stop()
    }

    @Test(
        "a connection that ends before the answer is over is a failure",
        arguments: [
            Receiver.Reaction.cut(after: ""), .reset(after: ""), .cut(after: "HTTP/1.1 200 O"),
            .cut(after: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
            .reset(after: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
            .cut(after: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"),
        ])
    func resets(reaction: Receiver.Reaction) async throws {
        try await Sending.withReceiver { _ in
            reaction
        } _: { sender, receiver in
            let outcome = await sender.send(
                Sending.request("http://127.0.0.1:\(receiver.port)/?token=abc"), Sending.local, deadline: Sending.long)
            #expect([.reset, .protocolError].contains(outcome.failure), "\(outcome)")
            #expect(receiver.requests.count == 1, "what may have arrived is not sent again")
            #expect(!outcome.message.isEmpty && !outcome.message.contains("abc"))
        }
    }

    @Test(
        "what is not HTTP is a failure",
        arguments: [
            "garbage\r\n\r\n", "SSH-2.0-OpenSSH_9.6\r\n", "HTTP/1.1 two hundred\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ])
    func garbage(text: String) async throws {
        try await Sending.withReceiver { _ in
            .bytes(text)
        } _: { sender, receiver in
            let outcome = await sender.send(
                Sending.request("http://127.0.0.1:\(receiver.port)/"), Sending.local, deadline: Sending.long)
            #expect(outcome.failure == .protocolError, "\(outcome)")
            try await eventually("the connection is closed") { receiver.openConnections == 0 }
        }
    }

    @Test("headers that would break the request are not sent")
    func badHeaders() async throws {
        try await Sending.withReceiver { _ in
            .status(200)
        } _: { sender, receiver in
            for header in [("X-A", "b\r\nX-C: d"), ("X A", "b"), ("X-A\r\nX-C", "d")] {
                let request = Sending.request("http://127.0.0.1:\(receiver.port)/", headers: [header])
                let outcome = await sender.send(request, Sending.local)
                #expect(outcome.failure == .protocolError, "\(outcome)")
                #expect(!outcome.message.contains("X-C"))
            }
            #expect(receiver.requests.isEmpty)
        }
    }

    @Test("nobody listening is a failure to connect, and another address of the name is tried")
    func noConnection() async throws {
        let gone = try await Receiver.start { _ in .status(200) }
        let port = gone.port
        await gone.stop()
        try await Sending.withReceiver { _ in
            .status(200)
        } _: { sender, _ in
            let outcome = await sender.send(
                Sending.request("http://127.0.0.1:\(port)/"), Sending.local, deadline: Sending.long)
            #expect(outcome.failure == .connect, "\(outcome)")
        }
        // The receiver listens at the second address only.
        let resolver = StubResolver(["two.test": [.success(["127.0.0.9", "127.0.0.1"])]])
        try await Sending.withReceiver(resolver: resolver) { _ in
            .status(200)
        } _: { sender, receiver in
            let outcome = await sender.send(
                Sending.request("http://two.test:\(receiver.port)/"), Sending.local, deadline: Sending.long)
            #expect(outcome.status == 200, "\(outcome)")
            #expect(receiver.requests.map { $0.headers["host"] } == [["two.test:\(receiver.port)"]])
        }
    }

    @Test("120: a name that is public when it is checked and private when it is sent to is blocked")
    func rebinding() async throws {
        let resolver = StubResolver(["rebind.test": [.success(["1.2.3.4"]), .success(["127.0.0.1"])]])
        try await Sending.withReceiver(resolver: resolver) { _ in
            .status(200)
        } _: { sender, receiver in
            let url = "http://rebind.test:\(receiver.port)/hook?token=abc"
            let policy = EgressPolicy(allowsHTTP: true)
            let atCreate = await sender.targetGuard.vet(url, policy)
            #expect(throws: Never.self) { try atCreate.get() }
            let outcome = await sender.send(Sending.request(url), policy, deadline: Sending.long)
            #expect(outcome.failure == .refusedTarget, "\(outcome)")
            #expect(!outcome.message.contains("abc") && !outcome.message.contains("127"))
            #expect(resolver.names == ["rebind.test", "rebind.test"])
            #expect(receiver.connections == 0)
        }
    }

    @Test("one answer decides: what the name resolves to later does not matter to this attempt")
    func resolvedOnce() async throws {
        let resolver = StubResolver(["flip.test": [.success(["127.0.0.1"]), .success(["10.0.0.1"])]])
        try await Sending.withReceiver(resolver: resolver) { _ in
            .status(200)
        } _: { sender, receiver in
            let url = "http://flip.test:\(receiver.port)/"
            #expect(await sender.send(Sending.request(url), Sending.local).status == 200)
            #expect(resolver.names == ["flip.test"])
            // An open connection of the first answer is no way around the second one.
            #expect(await sender.send(Sending.request(url), Sending.local).failure == .refusedTarget)
            #expect(receiver.requests.count == 1)
        }
    }

    @Test("addresses are connected to in every spelling that is one, without asking for a name")
    func addresses() async throws {
        let resolver = StubResolver(["mapped.test": "::ffff:127.0.0.1"])
        try await Sending.withReceiver(resolver: resolver) { _ in
            .status(200)
        } _: { sender, receiver in
            for host in ["127.0.0.1", "[::ffff:127.0.0.1]", "[0:0:0:0:0:FFFF:7f00:1]", "mapped.test"] {
                let request = Sending.request("http://\(host):\(receiver.port)/")
                let outcome = await sender.send(request, Sending.local, deadline: Sending.long)
                #expect(outcome.status == 200, "\(host): \(outcome)")
            }
            #expect(resolver.names == ["mapped.test"])
        }
    }

    @Test("a policy that opens nothing reaches nothing on this machine")
    func closedByDefault() async throws {
        let resolver = StubResolver(["here.test": "127.0.0.1", "mapped.test": "::ffff:127.0.0.1"])
        try await Sending.withReceiver(resolver: resolver) { _ in
            .status(200)
        } _: { sender, receiver in
            for host in [
                "127.0.0.1", "[::ffff:127.0.0.1]", "here.test", "mapped.test", "0.0.0.0", "[::]", "2130706433",
            ] {
                let request = Sending.request("http://\(host):\(receiver.port)/")
                let outcome = await sender.send(request, EgressPolicy(allowsHTTP: true))
                #expect(outcome.failure == .refusedTarget, "\(host): \(outcome)")
            }
            let http = await sender.send(Sending.request("http://here.test:\(receiver.port)/"), EgressPolicy())
            #expect(http.failure == .refusedTarget)
            let unknown = await sender.send(Sending.request("http://no.test/"), Sending.local)
            #expect(unknown.failure == .resolve)
            #expect(receiver.connections == 0)
        }
    }
}
