// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Observability
import RedisClient
import SharedKernel
import StrictJSON
import Testing

@Suite("Retention by a worker")
struct RetentionTests {
    @Test("Rows of reservations that ended long ago go, with their paths; other reservations do not notice")
    func directory() async throws {
        try await WebhookWorld.run(workers: 0) { world in
            let body =
                "{\"idempotency_key\":\"KEY\",\"subject\":{\"tenant\":\"acme\",\"agent\":\"bot\"},"
                + "\"action\":{\"kind\":\"llm\",\"name\":\"x\"},\"ttl_ms\":3000000,"
                + "\"estimate\":{\"unit\":\"TOKENS\",\"amount\":5}}"
            let keyspace = world.server.store.keyspace
            let tenant = try #require(TenantID("acme"))
            // Two strings of rows that ended in 1970, but for one that is live at the end of the second.
            var row = [UInt8](repeating: 0, count: 64)
            (row[0], row[6], row[57]) = (67, 1, 84)
            let old = String(decoding: (0..<1_000).flatMap { _ in row }, as: UTF8.self)
            let names = [0, 1_000, 1_999].map {
                String(decoding: keyspace.rowChunk(tenant, number: Int64($0)), as: UTF8.self)
            }
            let base = String(decoding: keyspace.tenant(tenant), as: UTF8.self)
            try await world.redis("SET", names[0], old)
            try await world.redis("SET", names[1], String(decoding: old.utf8.dropLast(64), as: UTF8.self))
            try await world.redis("HSET", base + ":sp", "tenant:acme/agent:gone", "0000000 0", "", "1")
            try await world.redis("HSET", base + ":sn", "0", "tenant:acme/agent:gone")
            try await world.redis("SET", base + ":n", "1999")
            let made = try await world.ask(
                "POST", "/v1/reservations", body.replacing("KEY", with: "live"), expecting: 200)
            let id = made.member("reservation_id").map(WebhookWorld.string) ?? ""
            try await world.withWorker { registry in
                try await eventually("the first string is gone") {
                    try await world.redis("EXISTS", names[0]).integer == 0
                }
                try await eventually("it is counted") {
                    let text = String(decoding: registry.render(), as: UTF8.self)
                    return text.contains("holdfast_retention_trimmed_total{kind=\"directory_row\"} 1000")
                        && text.contains("holdfast_retention_trimmed_total{kind=\"scope_path\"} 1")
                }
                #expect(try await world.redis("STRLEN", names[1]).integer == 64_000)
                _ = try await world.ask(
                    "POST", "/v1/reservations/\(id)/commit",
                    "{\"idempotency_key\":\"c\",\"actual\":{\"unit\":\"TOKENS\",\"amount\":4}}", expecting: 200)
                _ = try await world.ask(
                    "POST", "/v1/reservations", body.replacing("KEY", with: "next"), expecting: 200)
            }
            #expect(try await world.redis("STRLEN", names[1]).integer == 64_000)
            #expect(try await world.redis("GETRANGE", names[2], "63936", "63936").bytes == [67])
            #expect(try await world.redis("HGET", base + ":sp", "").bytes == [UInt8]("2".utf8))
            #expect(try await world.redis("HEXISTS", base + ":sp", "tenant:acme/agent:gone").integer == 0)
        }
    }
}
