// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import NIOCore

/// Requests of one tenant key to one server.
struct RequestWriter {
    let apiKey: String

    func post(_ path: String, _ body: String) -> ByteBuffer {
        ByteBuffer(
            string: "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Cycles-API-Key: \(apiKey)\r\n"
                + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }
}

/// A value that follows `"name":"` in a JSON body.
private func field(_ name: String, in body: ByteBufferView) -> String? {
    let pattern = [UInt8]("\"\(name)\":\"".utf8)
    guard let at = find(pattern, in: body, from: body.startIndex) else { return nil }
    let begin = at + pattern.count
    guard let end = find([34], in: body, from: begin) else { return nil }
    return String(decoding: body[begin..<end], as: UTF8.self)
}

/// Reserves over three budgeted scopes, then commits, with a new idempotency key each time.
struct ReserveAndCommit: Workload {
    let writer: RequestWriter
    let connection: Int
    let run: String
    let agents: Int
    private var turn = 0

    init(writer: RequestWriter, connection: Int, run: String, agents: Int) {
        self.writer = writer
        self.connection = connection
        self.run = run
        self.agents = agents
    }

    mutating func next(after body: ByteBufferView?) -> ByteBuffer {
        if let body, let id = field("reservation_id", in: body) {
            return writer.post(
                "/v1/reservations/\(id)/commit",
                #"{"idempotency_key":"\#(run)-\#(connection)-\#(turn)","#
                    + #""actual":{"unit":"USD_MICROCENTS","amount":450}}"#
            )
        }
        turn += 1
        let agent = (connection &* 31 &+ turn) % agents
        return writer.post(
            "/v1/reservations",
            #"{"idempotency_key":"\#(run)-\#(connection)-\#(turn)","subject":{"tenant":"bench","workspace":"prod","#
                + #""agent":"a\#(agent)"},"action":{"kind":"llm.completion","name":"openai:gpt-4o"},"#
                + #""estimate":{"unit":"USD_MICROCENTS","amount":500},"ttl_ms":30000}"#)
    }
}

/// Acquires a lock of its own, then releases it.
struct AcquireAndRelease: Workload {
    let writer: RequestWriter
    let connection: Int
    private var turn = 0

    init(writer: RequestWriter, connection: Int) {
        self.writer = writer
        self.connection = connection
    }

    mutating func next(after body: ByteBufferView?) -> ByteBuffer {
        if let body, let token = field("releaseToken", in: body) {
            return writer.post(
                "/api/v1/Reservation/unreserve",
                #"[{"requester":"worker-\#(connection)","resource":"job-\#(connection)-\#(turn)","#
                    + #""releaseToken":"\#(token)"}]"#)
        }
        turn += 1
        return writer.post(
            "/api/v1/Reservation/reserve",
            #"[{"requester":"worker-\#(connection)","resource":"job-\#(connection)-\#(turn)","ttlSeconds":60}]"#)
    }
}
