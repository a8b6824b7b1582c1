// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Observability
import Testing

@Suite("Clients that do not read")
struct SlowReaderTests {
    @Test("a client that asks and asks and reads nothing is not listened to until it reads", arguments: Mount.allCases)
    func unreadAnswers(mount: Mount) async throws {
        try await RunningServer.run(mount.apply) { server, _ in
            let body = String(repeating: "x", count: 100_000)
            let count = 400
            let handled = try await WireClient.connect(server.port) { client in
                let send = client.sender
                let sending = Task {
                    for _ in 0..<count { try await send(WireClient.post("/v1/echo", body)) }
                }
                // What fits into the buffers of both kernels and a little more is all that may be taken.
                try await eventually("the server has begun") { server.answeredEchoes > 0 }
                var seen = -1
                try await eventually("the server stops listening", every: .milliseconds(200)) {
                    let before = seen
                    seen = server.answeredEchoes
                    return before == seen
                }
                for _ in 0..<count {
                    let answer = try await client.response()
                    #expect(answer.body.utf8.count == body.utf8.count)
                }
                try await sending.value
                return seen
            }
            #expect(handled < count - 50, "\(handled) answers were made for a client that read none")
        }
    }
}

extension RunningServer {
    /// How many echoes the server has answered.
    fileprivate var answeredEchoes: Int {
        let name = #"holdfast_http_requests_total{operation="echo",status="200"} "#
        let text = String(decoding: registry.render(), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
        return line.flatMap { Int($0.dropFirst(name.count)) } ?? 0
    }
}
