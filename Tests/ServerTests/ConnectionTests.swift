// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Observability
import Testing

@Suite("Connections")
struct ConnectionTests {
    @Test(
        "pipelined requests are answered in order, those that ask Redis and those that do not",
        arguments: Mount.allCases)
    func pipelining(mount: Mount) async throws {
        try await RunningServer.run(mount.apply) { server, _ in
            let answers = try await WireClient.connect(server.port) { client in
                var text = ""
                for index in 0..<300 {
                    switch index % 4 {
                    case 0: text += WireClient.request("GET", "/v1/store?\(index)")
                    case 1: text += WireClient.request("GET", "/v1/things/\(index)")
                    case 2: text += WireClient.post("/v1/echo", "\(index)")
                    default: text += WireClient.request("GET", "/nothing/\(index)")
                    }
                }
                try await client.send(text)
                var answers: [WireClient.Response] = []
                for _ in 0..<300 { answers.append(try await client.response()) }
                return answers
            }
            for (index, answer) in answers.enumerated() {
                switch index % 4 {
                case 0: #expect(answer.body == "DUE")
                case 1: #expect(answer.body == "\(index)?")
                case 2: #expect(answer.body == "\(index)")
                default: #expect(answer.status == 404)
                }
            }
            let ids = answers.compactMap { $0["X-Request-Id"] }
            #expect(Set(ids).count == 300)
        }
    }

    @Test("bytes of many requests in any pieces make the same answers", arguments: Mount.allCases)
    func pieces(mount: Mount) async throws {
        try await RunningServer.run(mount.apply) { server, _ in
            let text = (0..<20).map { WireClient.post("/v1/echo", "body \($0)") }.joined()
            let bodies = try await WireClient.connect(server.port) { client in
                var rest = text.unicodeScalars[...]
                var size = 1
                while !rest.isEmpty {
                    try await client.send(String(String.UnicodeScalarView(rest.prefix(size))))
                    rest = rest.dropFirst(size)
                    size = size % 61 + 7
                }
                var bodies: [String] = []
                for _ in 0..<20 { bodies.append(try await client.response().body) }
                return bodies
            }
            #expect(bodies == (0..<20).map { "body \($0)" })
        }
    }

    @Test("a client that ends its half after its requests still gets every answer", arguments: Mount.allCases)
    func halfClose(mount: Mount) async throws {
        try await RunningServer.run(mount.apply) { server, _ in
            let (answers, isClosed) = try await WireClient.connect(server.port) { client in
                let text = (0..<10).map { WireClient.request("GET", "/v1/store?\($0)") }.joined()
                try await client.send(text)
                client.finish()
                var answers: [Int] = []
                for _ in 0..<10 { answers.append(try await client.response().status) }
                return (answers, try await client.isClosed())
            }
            #expect(answers == Array(repeating: 200, count: 10) && isClosed)
        }
    }

    @Test(
        "Connection: close and HTTP/1.0 end the connection after the answer, keep-alive keeps it",
        arguments: Mount.allCases)
    func persistence(mount: Mount) async throws {
        try await RunningServer.run(mount.apply) { server, _ in
            for text in [WireClient.request("GET", "/livez", "Connection: close"), "GET /livez HTTP/1.0\r\n\r\n"] {
                let (answer, isClosed) = try await WireClient.connect(server.port) { client in
                    try await client.send(text)
                    return (try await client.response(), try await client.isClosed())
                }
                #expect(answer.status == 200 && answer["Connection"] == "close" && isClosed)
            }
            let kept = try await WireClient.connect(server.port) { client in
                var kept: [String?] = []
                for _ in 0..<2 {
                    try await client.send("GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                    kept.append(try await client.response()["Connection"])
                }
                return kept
            }
            #expect(kept == ["keep-alive", "keep-alive"])
        }
    }

    @Test("a client that waits for 100 gets it, once, and none when the body is refused", arguments: Mount.allCases)
    func expectContinue(mount: Mount) async throws {
        try await RunningServer.run(mount.apply) { server, _ in
            let (interim, final) = try await WireClient.connect(server.port) { client in
                try await client.send(
                    "POST /v1/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
                let interim = try await client.response()
                try await client.send("{}")
                return (interim, try await client.response())
            }
            #expect(interim.statusLine == "HTTP/1.1 100 Continue" && interim.fields.isEmpty)
            #expect(final.status == 200 && final.body == "{}")
            let refused = try await WireClient.ask(
                server.port,
                "POST /v1/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2000000\r\nExpect: 100-continue\r\n\r\n")
            #expect(refused.status == 413)
        }
    }

    @Test("an offer to upgrade is answered as if it had not been made", arguments: Mount.allCases)
    func upgrade(mount: Mount) async throws {
        try await RunningServer.run(mount.apply) { server, _ in
            let answer = try await WireClient.ask(
                server.port, WireClient.request("GET", "/livez", "Connection: Upgrade", "Upgrade: h2c"))
            #expect(answer.status == 200 && answer["Connection"] == "close")
        }
    }

    @Test("endpoints see the same header fields on both ways in, and not the host", arguments: Mount.allCases)
    func fields(mount: Mount) async throws {
        try await RunningServer.run(mount.apply) { server, _ in
            let answer = try await WireClient.ask(
                server.port, WireClient.request("GET", "/v1/fields", "X-One: 1", "x-one: 2", "Cookie: a=b; c=d"))
            #expect(answer.body == "x-one=1|x-one=2|cookie=a=b; c=d")
        }
    }

    @Test("clients that come and go leave no connection behind")
    func connectionsAreCounted() async throws {
        try await RunningServer.run { server, _ in
            for text in ["", "GET", WireClient.request("GET", "/livez"), "junk\r\n\r\n"] {
                _ = try await WireClient.connect(server.port) { client in
                    try await client.send(text)
                    return true
                }
            }
            try await eventually("no connection is open") {
                let text = String(decoding: server.registry.render(), as: UTF8.self)
                return text.contains("holdfast_http_connections 0\n")
            }
        }
    }
}
