// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import LocalStack
import Testing

@Suite("Both ways in")
struct ParityTests {
    private static let requests = [
        WireClient.request("GET", "/livez"),
        WireClient.request("GET", "/readyz"),
        WireClient.request("HEAD", "/readyz"),
        WireClient.request("GET", "/actuator/health"),
        WireClient.request("GET", "/nothing"),
        WireClient.request("HEAD", "/v1/nothing"),
        WireClient.request("GET", "/api/v1/nothing"),
        WireClient.request("OPTIONS", "*"),
        WireClient.request("GET", "http://elsewhere/livez"),
        WireClient.request("DELETE", "/v1/echo"),
        WireClient.request("BREW", "/v1/echo"),
        WireClient.request("GET", "/v1/things/%C3%A9%20a?x=1&y=%zz"),
        WireClient.request("GET", "/v1/things/%FF"),
        WireClient.request("GET", "/v1/store", "Connection: close"),
        WireClient.request("GET", "/v1/fields", "Accept: */*", "X-Api-Key: k", "Cookie: a=b"),
        WireClient.request("GET", "/v1/admin/secret"),
        WireClient.post("/v1/echo", ""),
        WireClient.post("/v1/echo", #"{"a":"é"}"#, "Content-Type: application/json"),
        WireClient.post("/api/v1/echo", "[]"),
        WireClient.post("/API/V1/ECHO", "[]"),
        WireClient.post("/nothing", "body"),
        "POST /v1/echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        "GET /livez HTTP/1.0\r\n\r\n",
        "GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "POST /v1/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 9999999\r\n\r\n",
        "POST /v1/echo HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        "junk\r\n\r\n",
    ]

    @Test("every answer is the same byte for byte, ids and date aside")
    func identicalBytes() async throws {
        try await RunningServer.run(Mount.fastLane.apply) { fast, redis in
            let slow = try await RunningServer.start(redis: redis.url, Mount.hummingbird.apply)
            for request in Self.requests {
                let answers = try await [fast.port, slow.port].asyncMap { port in
                    Self.masked(try await WireClient.ask(port, request))
                }
                #expect(answers[0] == answers[1], "\(request.prefix(60))")
            }
            try await slow.stop()
        }
    }

    /// The answer with what differs between any two answers covered.
    private static func masked(_ response: WireClient.Response) -> WireClient.Response {
        var masked = response
        for (index, field) in response.fields.enumerated()
        where ["date", "x-request-id", "x-cycles-trace-id"].contains(field.name.lowercased()) {
            masked.fields[index].value = String(repeating: "*", count: field.value.utf8.count)
            if field.name != "Date" { masked.body = masked.body.replacing(field.value, with: "*") }
        }
        return masked
    }
}

extension Sequence {
    func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
