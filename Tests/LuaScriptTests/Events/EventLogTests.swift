// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("events/page, get, recent, admin/tenant_facts, webhook_facts", .privateRedis, .serialized)
struct EventLogTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    /// An event as `outbox` writes it.
    private func add(
        _ seq: Int64, _ kind: ByteText, _ tenant: ByteText = "acme", context: ByteText = "", payload: ByteText = "{}"
    ) async throws {
        let (text, harness) = (ByteText(seq), self.scene.harness)
        let body = ["1", tenant, kind, context, payload].joined("\0")
        try await harness.command("SET", self.scene.shardKey("e:" + text), body)
        try await harness.command("ZADD", Scene.prefix + "t:" + tenant + ":el", text, text + ":" + kind)
        try await harness.command("ZADD", self.scene.shardKey("el"), text, text + ":" + kind + ":" + tenant)
    }

    private func page(_ arguments: ScriptArguments) async throws -> ScriptAnswer {
        let keys = arguments["log"] == "shard" ? [Scene.prefix, Scene.prefix] : self.scene.keys
        return try await self.scene.harness.run("events/page", keys: keys, arguments)
    }

    private func rows(_ more: Int64, _ rows: [[ScriptField]]) -> ScriptAnswer {
        .reply("ROWS", [.integer(more), .integer(Scene.startMs)] + rows.flatMap { $0 })
    }

    private func row(_ seq: Int64, _ kind: ByteText, _ tenant: ByteText = "acme") -> [ScriptField] {
        let body = ["1", tenant, kind, "", "{}"].joined("\0")
        return [.bytes(ByteText(seq)), .bytes(kind), .bytes(tenant), .bytes(body)]
    }

    private func passed(_ seq: Int64) -> [ScriptField] { [.bytes(ByteText(seq)), "", "", ""] }

    @Test("A page goes through a tenant's log or a shard's, in either order, in pieces, and passes over other types")
    func pages() async throws {
        try await self.scene.openTenant()
        try await self.add(10, "budget.funded")
        try await self.add(11, "api_key.created")
        try await self.add(12, "custom.resource.reserved", "other")
        try await self.add(13, "budget.frozen")
        let all = [self.row(13, "budget.frozen"), self.row(11, "api_key.created"), self.row(10, "budget.funded")]
        #expect(try await self.page(SampleCall.eventPage()) == self.rows(0, all))
        #expect(try await self.page(SampleCall.eventPage(limit: "2")) == self.rows(1, Array(all.prefix(2))))
        #expect(
            try await self.page(SampleCall.eventPage(from: "11", offset: "1")) == self.rows(0, Array(all.suffix(1))))
        #expect(
            try await self.page(SampleCall.eventPage(order: "asc", from: "-inf", until: "11"))
                == self.rows(0, [all[2], all[1]]))
        #expect(
            try await self.page(SampleCall.eventPage(types: ["budget."]))
                == self.rows(0, [all[0], self.passed(11), all[2]]))
        #expect(
            try await self.page(SampleCall.eventPage(log: "shard", types: ["custom.", "api_key.created"]))
                == self.rows(
                    0,
                    [
                        self.passed(13), self.row(12, "custom.resource.reserved", "other"), all[1], self.passed(10),
                    ]))
        #expect(try await self.page(SampleCall.eventPage(tag: "A1")) == self.rows(0, all))
        #expect(try await self.page(SampleCall.eventPage(tag: "A0")) == .reply("STALE", "A1"))
    }

    @Test("A body that has ended is empty, one that is none is told apart, and a call reads so many bytes at most")
    func bodies() async throws {
        try await self.add(10, "budget.funded")
        try await self.add(11, "budget.frozen")
        try await self.scene.harness.command("DEL", self.scene.shardKey("e:10"))
        try await self.scene.harness.command("DEL", self.scene.shardKey("e:11"))
        try await self.scene.harness.command("RPUSH", self.scene.shardKey("e:11"), "x")
        #expect(
            try await self.page(SampleCall.eventPage())
                == self.rows(
                    0, [["11", "budget.frozen", "acme", "?"], ["10", "budget.funded", "acme", ""]]))
        for seq in Int64(20)..<26 {
            try await self.add(seq, "budget.reset", payload: ByteText("x").repeated(100_000))
        }
        let answer = try await self.page(SampleCall.eventPage())
        #expect(answer.fields.first == 1)
        #expect(answer.fields.count == 2 + 3 * 4)
    }

    @Test("63, 64: an event is found by its number, and none where there is none")
    func get() async throws {
        try await self.add(10, "budget.funded")
        let found = try await self.scene.harness.run("events/get", keys: [Scene.prefix], ["seq": "10"])
        #expect(found.word == "EVENT" && found.text(0).description.contains("budget.funded"))
        let missing = try await self.scene.harness.run("events/get", keys: [Scene.prefix], ["seq": "11"])
        #expect(missing == .reply("NO_EVENT"))
    }

    private func recent(
        since: ByteText = "0", before: ByteText = "+inf", denials: ByteText = "10", expiries: ByteText = "10"
    ) async throws -> ScriptAnswer {
        try await self.scene.harness.run(
            "events/recent", keys: [Scene.prefix],
            ["since": since, "before": before, "denials": denials, "expiries": expiries])
    }

    @Test("Recent events are counted by type, refusals by reason in either form, and the newest come along")
    func recentCounts() async throws {
        let fields = ["T", "tenant:acme", "BUDGET_EXCEEDED", "5", "", "", "", ""] as [ByteText]
        try await self.add(10, "reservation.denied", payload: fields.joined("\0"))
        try await self.add(11, "budget.funded")
        try await self.add(
            12, "reservation.denied", context: "{\"metadata\":{\"suppressed\":4}}", payload: fields.joined("\0"))
        try await self.add(13, "reservation.denied", "other", payload: "{\"reason_code\":\"DEBT\"}")
        try await self.add(14, "reservation.expired")
        let answer = try await self.recent(since: "10", denials: "1", expiries: "1")
        #expect(answer.fields.prefix(6) == [0, "10", 5, 3, 2, 2])
        let pairs = answer.fields.dropFirst(6).map(\.text)
        var counts: [ByteText: ByteText] = [:]
        for index in stride(from: 0, to: 10, by: 2) { counts[pairs[index]] = pairs[index + 1] }
        #expect(
            counts == [
                "reservation.denied": "3", "budget.funded": "1", "reservation.expired": "1",
                "BUDGET_EXCEEDED": "6", "DEBT": "1",
            ])
        #expect(pairs[10] == "14" && pairs[12] == "13" && pairs.count == 14)
        let older = try await self.recent(since: "10", before: "(12")
        #expect(older.fields.prefix(3) == [0, "10", 2])
    }

    @Test("A call counts 500 events at most and says where it got to")
    func recentPieces() async throws {
        for seq in Int64(1_000)..<1_600 { try await self.add(seq, "budget.funded") }
        let first = try await self.recent()
        #expect(first == .reply("RECENT", [1, "1100", 500, 1, 0, 0, "budget.funded", 500]))
        #expect(
            try await self.recent(before: "(1100")
                == .reply("RECENT", [0, "1000", 100, 1, 0, 0, "budget.funded", 100]))
    }

    @Test("138: tenants are counted by status, a thousand in a call")
    func tenantFacts() async throws {
        for index in 0..<1_005 {
            let name = "t-\(index)" as ByteText
            try await self.scene.harness.command("ZADD", self.scene.shardKey("tenants"), ByteText(Int64(index)), name)
            let tag: ByteText = index < 3 ? "C1" : index < 10 ? "S1" : "A1"
            try await self.scene.harness.command("SET", Scene.prefix + "t:" + name, tag)
        }
        let run = { (rank: ByteText) in
            try await self.scene.harness.run("admin/tenant_facts", keys: [Scene.prefix], ["rank": rank])
        }
        #expect(try await run("0") == .reply("FACTS", [1, .integer(Scene.startMs), 1_000, 990, 7, 3]))
        try await self.scene.harness.command("DEL", Scene.prefix + "t:t-1004")
        #expect(try await run("1000") == .reply("FACTS", [0, .integer(Scene.startMs), 5, 4, 0, 0]))
    }

    @Test("138: subscriptions are counted by status, and those that fail most come along")
    func webhookFacts() async throws {
        let harness = self.scene.harness
        for index in 0..<15 {
            let id = "whsub_\(10 + index)" as ByteText
            let letter: ByteText = index < 3 ? "D" : index < 5 ? "P" : "A"
            let row = [letter, "1", "2", "sealed", "{\"url\":\"u\(index)\"}" as ByteText].joined("\0")
            try await harness.command("ZADD", self.scene.shardKey("whl"), "1", id + ":acme")
            try await harness.command("HSET", self.scene.key("wh"), id, row)
            let failures = ByteText(Int64(index))
            try await harness.command("HSET", self.scene.key("wf:" + id), "failures", failures, "failure_ms", "77")
        }
        try await harness.command("ZADD", self.scene.shardKey("whl"), "2", "whsub_gone:acme")
        let answer = try await harness.run("admin/webhook_facts", keys: [Scene.prefix], ["rank": "0"])
        #expect(answer.fields.prefix(6) == [0, 16, 15, 10, 3, 14])
        #expect(answer.fields.count == 6 + 10 * 4)
        #expect(answer.fields[6..<10] == ["whsub_24", "14", "77", "{\"url\":\"u14\"}"])
        #expect(answer.fields[42] == "whsub_15")
    }
}
