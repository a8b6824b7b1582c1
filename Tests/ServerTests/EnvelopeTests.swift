// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HoldfastSettings
import Observability
import Testing

@Suite("Answers of the server itself")
struct EnvelopeTests {
    @Test("an unknown path is 404 in the words of the API it looks like", arguments: Mount.allCases)
    func unknownPaths(mount: Mount) async throws {
        try await RunningServer.run(mount.apply) { server, _ in
            for path in ["/v1/nothing", "/v1/admin/nothing", "/nothing", "*", "/v1/things"] {
                let answer = try await WireClient.ask(server.port, WireClient.request("GET", path))
                #expect(answer.status == 404 && answer.body.hasPrefix(#"{"error":"NOT_FOUND","message":"#), "\(path)")
                #expect(answer.body.contains(answer["X-Request-Id"] ?? "?"))
            }
            let answer = try await WireClient.ask(server.port, WireClient.request("GET", "/API/v1/nothing"))
            #expect(answer.status == 404 && answer.body.contains(#""code":"NOT_FOUND","requestId""#))
        }
    }

    @Test("a wrong method is 405 and names those that fit", arguments: Mount.allCases)
    func wrongMethods(mount: Mount) async throws {
        try await RunningServer.run(mount.apply) { server, _ in
            for (method, path, allowed) in [
                ("DELETE", "/v1/echo", "POST"), ("GET", "/api/v1/echo", "POST"), ("PUT", "/v1/admin/secret", "GET"),
                ("TRACE", "/livez", "GET"), ("PATCH", "/metrics", "GET"),
            ] {
                let answer = try await WireClient.ask(server.port, WireClient.request(method, path))
                #expect(answer.status == 405 && answer["Allow"] == allowed, "\(method) \(path)")
            }
        }
    }

    @Test("HEAD is GET without the body, its length included", arguments: Mount.allCases)
    func head(mount: Mount) async throws {
        try await RunningServer.run(mount.apply) { server, _ in
            for path in ["/livez", "/nothing"] {
                let get = try await WireClient.ask(server.port, WireClient.request("GET", path))
                let (head, next) = try await WireClient.connect(server.port) { client in
                    try await client.send(WireClient.request("HEAD", path) + WireClient.request("GET", "/livez"))
                    return (try await client.response(isHead: true), try await client.response())
                }
                #expect(head.status == get.status && head["Content-Length"] == get["Content-Length"], "\(path)")
                #expect(next.body == #"{"status":"alive"}"#)
            }
        }
    }

    @Test("the admin plane without a key is 401", arguments: Mount.allCases)
    func adminPlane(mount: Mount) async throws {
        try await RunningServer.run {
            mount.apply(to: &$0)
            $0.adminKey = .init("operator")
        } _: { server, _ in
            let path = "/v1/admin/secret"
            let none = try await WireClient.ask(server.port, WireClient.request("GET", path))
            let wrong = try await WireClient.ask(server.port, WireClient.request("GET", path, "X-Admin-API-Key: x"))
            let right = try await WireClient.ask(
                server.port, WireClient.request("GET", path, "x-admin-api-key: operator"))
            #expect([none.status, wrong.status, right.status] == [401, 401, 200])
        }
    }
}
