// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HoldfastRuntime
import NIOCore
import Testing

@Suite("Limits of a request")
struct LimitTests {
    @Test("a body that announces too much is refused before it is sent", arguments: Mount.allCases)
    func announcedTooLong(mount: Mount) async throws {
        try await RunningServer.run(mount.apply) { server, _ in
            for (path, mark) in [("/v1/echo", "message"), ("/api/v1/echo", "requestId"), ("/x", "message")] {
                let (answer, isClosed) = try await WireClient.connect(server.port) { client in
                    try await client.send("POST \(path) HTTP/1.1\r\nHost: t\r\nContent-Length: 1048577\r\n\r\n")
                    return (try await client.response(), try await client.isClosed())
                }
                #expect(
                    answer.status == 413 && answer.body.contains("INVALID_REQUEST")
                        && answer.body.contains("\"\(mark)\""))
                #expect(isClosed && answer["Connection"] == "close", "\(path)")
            }
        }
    }

    @Test("a body of exactly a mebibyte arrives whole, one byte more in chunks is 413", arguments: Mount.allCases)
    func bodyBound(mount: Mount) async throws {
        try await RunningServer.run(mount.apply) { server, _ in
            let mebibyte = String(repeating: "x", count: 1_048_576)
            let whole = try await WireClient.ask(server.port, WireClient.post("/v1/echo", mebibyte))
            #expect(whole.status == 200 && whole.body == mebibyte)
            let head = "POST /v1/echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
            let chunked = try await WireClient.ask(server.port, head + "100000\r\n\(mebibyte)\r\n0\r\n\r\n")
            #expect(chunked.status == 200 && chunked.body == mebibyte)
            let tooLong = try await WireClient.ask(server.port, head + "100001\r\n\(mebibyte)x\r\n0\r\n\r\n")
            #expect(tooLong.status == 413)
        }
    }

    @Test("bodies of all connections together have a bound: 503 beyond it, and none once they are gone")
    func bodiesTogether() async throws {
        var limits = HTTPLimits()
        limits.bodyBytesHeld = 100_000
        try await RunningServer.run(limits: limits) { server, _ in
            let head = "POST /v1/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 80000\r\n\r\n"
            let half = String(repeating: "x", count: 60_000)
            try await WireClient.connect(server.port) { holder in
                try await holder.send(head + half)
                try await eventually("the body is held") {
                    try await WireClient.ask(server.port, head + half + half.prefix(20_000)).status == 503
                }
                let small = try await WireClient.ask(server.port, WireClient.post("/v1/echo", "small"))
                #expect(small.status == 200)
                try await holder.send(String(half.prefix(20_000)))
                #expect(try await holder.response().status == 200)
            }
            let later = try await WireClient.ask(server.port, head + half + half.prefix(20_000))
            #expect(later.status == 200)
            // A body that nobody may send is not held at all.
            let stranger = "POST /v1/admin/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\n"
            let refused = try await WireClient.ask(
                server.port, stranger + String(repeating: "x", count: 1_000_000))
            #expect(refused.status == 401)
        }
    }

    @Test("header fields beyond a hundred, or beyond 16 KiB, are 431 and the end of the connection")
    func headBound() async throws {
        try await RunningServer.run { server, _ in
            let many = (0..<200).map { "X-\($0): 1" }.joined(separator: "\r\n")
            for fields in [many, "X-Long: " + String(repeating: "x", count: 17_000)] {
                let (answer, isClosed) = try await WireClient.connect(server.port) { client in
                    try await client.send("GET /livez HTTP/1.1\r\nHost: t\r\n\(fields)\r\n\r\n")
                    return (try await client.response(), try await client.isClosed())
                }
                #expect(answer.status == 431 && answer.body.contains("INVALID_REQUEST") && isClosed)
            }
            let fits = (0..<98).map { "X-\($0): 1" }.joined(separator: "\r\n")
            let answer = try await WireClient.ask(server.port, "GET /livez HTTP/1.1\r\nHost: t\r\n\(fits)\r\n\r\n")
            #expect(answer.status == 200)
        }
    }

    @Test("a path longer than 8 KiB is 414")
    func pathBound() async throws {
        try await RunningServer.run { server, _ in
            let path = "/v1/things/" + String(repeating: "a", count: 8_181)
            let statuses = try await [path + "a", path].asyncMap { path in
                try await WireClient.ask(server.port, WireClient.request("GET", path)).status
            }
            #expect(statuses == [414, 200])
        }
    }

    @Test(
        "what could be two requests to somebody else is 400 and the end of the connection",
        arguments: [
            "POST /v1/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /v1/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
            "POST /v1/echo HTTP/1.1\r\nHost: t\r\nContent-Length: +2\r\n\r\n{}",
            "POST /v1/echo HTTP/1.1\r\nHost: t\r\nContent-Length: -2\r\n\r\n{}",
            "POST /v1/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
            "POST /v1/echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
            "POST /v1/echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n\r\n",
            "GET /livez HTTP/1.1\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: a\r\n continued\r\n\r\n",
            "GET /livez HTTP/2.0\r\nHost: a\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: a\r\nBad Name: 1\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
            "nonsense\r\n\r\n",
        ])
    func smuggling(text: String) async throws {
        try await RunningServer.run { server, _ in
            let (answer, isClosed) = try await WireClient.connect(server.port) { client in
                try await client.send(text + WireClient.request("GET", "/livez"))
                return (try await client.response(), try await client.isClosed())
            }
            #expect([400, 413].contains(answer.status) && isClosed, "\(answer.statusLine)")
        }
    }

    @Test("a request that drips in is cut off in time, whether its head or its body is slow", arguments: Mount.allCases)
    func slowRequests(mount: Mount) async throws {
        var limits = HTTPLimits()
        // Long against the drip: what a busy client sends after the end would take the answer away from it.
        limits.readTime = .milliseconds(3_200)
        try await RunningServer.run(limits: limits, mount.apply) { server, _ in
            for (beginning, drip) in [
                ("GET /livez HTTP/1.1\r\nHost: t\r\nX: ", "x"),
                ("POST /v1/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n", "y"),
            ] {
                let (answer, time) = try await WireClient.connect(server.port) { client in
                    // A request before it must not buy the second one more time.
                    try await client.send(WireClient.request("GET", "/livez"))
                    _ = try await client.response()
                    let begin = ContinuousClock.now
                    try await client.send(beginning)
                    try await eventually("the client has dripped for a while", every: .milliseconds(5)) {
                        try await client.send(drip)
                        return ContinuousClock.now - begin > .milliseconds(400)
                    }
                    return (try await client.response(), ContinuousClock.now - begin)
                }
                #expect(answer.status == 408 && answer["Connection"] == "close")
                #expect(time >= .milliseconds(2_800) && time < .seconds(20))
            }
        }
    }

    @Test("a connection that says nothing is closed without a word, later between requests than at first")
    func silence() async throws {
        var limits = HTTPLimits()
        // Long enough for the first request of a client on a busy machine.
        limits.readTime = .milliseconds(3_000)
        limits.idleTime = .milliseconds(6_000)
        try await RunningServer.run(limits: limits) { server, _ in
            let begin = ContinuousClock.now
            #expect(try await WireClient.connect(server.port) { try await $0.isClosed() })
            let atFirst = ContinuousClock.now - begin
            #expect(atFirst >= .milliseconds(2_900))
            let (isClosed, rest) = try await WireClient.connect(server.port) { client in
                let begin = ContinuousClock.now
                try await client.send(WireClient.request("GET", "/livez"))
                _ = try await client.response()
                return (try await client.isClosed(), ContinuousClock.now - begin)
            }
            #expect(isClosed && rest >= .milliseconds(5_900))
        }
    }
}
