// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("webhooks/finish, webhooks/deliveries, replays", .privateRedis, .serialized)
struct FinishScriptTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
        try await self.scene.subscribe()
    }

    private func claimOne(_ id: ByteText = "del_1", seq: Int64 = 1) async throws {
        _ = try await self.scene.enqueue(DeliveryCalls.item(id, seq: seq))
        #expect(try await self.scene.claim().ids == [id])
    }

    private func finish(_ arguments: ScriptArguments) async throws -> Observation {
        try await self.scene.observe("webhooks/finish", keys: [Scene.prefix], arguments)
    }

    private func facts() async throws -> [ByteText: ByteText] {
        try await self.scene.harness.snapshot().hash(self.scene.key("wf:whsub_1"))
    }

    @Test("104: a delivered one is closed without its body, and failures are counted anew")
    func delivered() async throws {
        try await self.scene.harness.command("HSET", self.scene.key("wf:whsub_1"), "failures", "9")
        try await self.claimOne()
        let seen = try await self.finish(DeliveryCalls.finish(status: 204))
        #expect(seen.answer == .reply("FINISHED", 0))
        let delivery = try await self.scene.delivery("del_1")
        #expect(delivery["state"] == "S" && delivery["status"] == "204" && delivery["attempts"] == "1")
        #expect(delivery["body"] == nil && delivery["lease"] == nil && delivery["done_ms"] == ByteText(Scene.startMs))
        #expect(try await self.facts()["failures"] == "0")
        #expect(seen.after.scores(self.scene.shardKey("dead")) == [:])
    }

    @Test("98: one that is tried again leaves its lane: what comes after it is sent at once")
    func retried() async throws {
        _ = try await self.scene.enqueue(DeliveryCalls.item("del_2", seq: 2))
        try await self.scene.harness.command("DEL", self.scene.shardKey("lanes"))
        try await self.scene.harness.command("DEL", self.scene.shardKey("ln:whsub_1:acme"))
        try await self.scene.harness.command("DEL", self.scene.shardKey("dv:del_2"))
        _ = try await self.scene.enqueue(DeliveryCalls.item("del_1", seq: 1), DeliveryCalls.item("del_2", seq: 2))
        #expect(try await self.scene.claim().ids == ["del_1"])
        let seen = try await self.finish(DeliveryCalls.finish("R", delayMs: 1_000, status: 500))
        #expect(seen.answer == .reply("FINISHED", 0))
        #expect(
            seen.after.scores(self.scene.shardKey("lanes")) == [
                "lwhsub_1:acme": ByteText(Scene.startMs), "rdel_1": ByteText(Scene.startMs + 1_000),
            ])
        let delivery = try await self.scene.delivery("del_1")
        #expect(delivery["state"] == "R" && delivery["next_ms"] == ByteText(Scene.startMs + 1_000))
        #expect(delivery["body"] == "{}" && delivery["error"] == "HTTP 500")
        #expect(try await self.scene.claim().ids == ["del_2"])
        try await self.scene.setClock(Scene.startMs + 1_000)
        let again = try await self.scene.claim(DeliveryCalls.claim("t2"))
        #expect(again.deliveries.map(\.lane) == ["rdel_1"] && again.deliveries.map(\.attempts) == ["1"])
        _ = try await self.finish(DeliveryCalls.finish("R", lane: "rdel_1", token: "t2", delayMs: 2_000))
        try await self.scene.setClock(Scene.startMs + 3_000)
        #expect(try await self.scene.claim(DeliveryCalls.claim("t3")).ids == ["del_1"])
        let last = try await self.finish(DeliveryCalls.finish(lane: "rdel_1", token: "t3"))
        #expect(last.answer == .reply("FINISHED", 0))
        #expect(last.after.scores(self.scene.shardKey("lanes"))["rdel_1"] == nil)
    }

    @Test("A strict lane waits for the one that is tried again, and ends when it fails for good")
    func strict() async throws {
        _ = try await self.scene.enqueue(DeliveryCalls.item("del_1", seq: 1), DeliveryCalls.item("del_2", seq: 2))
        #expect(try await self.scene.claim().ids == ["del_1"])
        _ = try await self.finish(DeliveryCalls.finish("R", delayMs: 1_000, isStrict: true))
        _ = try await self.scene.enqueue(DeliveryCalls.item("del_3", seq: 3))
        #expect(try await self.scene.claim().ids == [])
        try await self.scene.setClock(Scene.startMs + 1_000)
        #expect(try await self.scene.claim(DeliveryCalls.claim("t2")).ids == ["del_1"])
        _ = try await self.finish(DeliveryCalls.finish("F", token: "t2", isStrict: true))
        #expect(try await self.scene.claim(DeliveryCalls.claim("t3")).ids == ["del_2"])
    }

    @Test(
        "102, 103: the last failure that is allowed disables the subscription once, with both events in the same step")
    func disabled() async throws {
        try await self.claimOne("del_1")
        var seen = try await self.finish(DeliveryCalls.finish("F", most: 2))
        #expect(seen.answer == .reply("FINISHED", 0))
        #expect(seen.after.hash(self.scene.key("wh"))["whsub_1"] == WebhookCalls.row())
        try await self.claimOne("del_2", seq: 2)
        seen = try await self.finish(DeliveryCalls.finish("F", id: "del_2", most: 2))
        #expect(seen.answer == .reply("FINISHED", 1))
        #expect(seen.after.hash(self.scene.key("wh"))["whsub_1"] == WebhookCalls.row("D"))
        #expect(seen.after.string(self.scene.tenantKey) != seen.before.string(self.scene.tenantKey))
        let own = seen.after.scores(self.scene.key("el")).keys
        #expect(own.count == 1 && own.allSatisfy { $0.split(UInt8(ascii: ":")).last == "webhook.disabled" })
        let system = seen.after.scores(Scene.prefix + "t:__system__:el").keys
        #expect(
            system.count == 2
                && system.allSatisfy { $0.split(UInt8(ascii: ":")).last == "system.webhook_delivery_failed" })
        let sequence = try #require(own.first.map { $0.split(UInt8(ascii: ":"))[0] })
        let body = try #require(seen.after.string(self.scene.shardKey("e:" + sequence)))
        #expect(body.part(3) == "{\"c\":1,\"correlation_id\":\"webhook_auto_disable:whsub_1:del_2\"}")
        #expect(body.part(4) == "{\"d\":1}")
        #expect(seen.after.scores(self.scene.shardKey("out")).count == 3)
        // One that was under way meanwhile fails, too, and disables nothing again.
        try await self.scene.subscribe()
        try await self.claimOne("del_3", seq: 3)
        try await self.scene.subscribe(DeliveryCalls.sub, "D")
        seen = try await self.finish(DeliveryCalls.finish("F", id: "del_3", most: 2))
        #expect(seen.answer == .reply("FINISHED", 0))
        #expect(seen.after.scores(self.scene.key("el")).count == 1)
    }

    @Test("W-07: an endpoint that says it is gone disables the subscription by its first answer")
    func gone() async throws {
        try await self.claimOne()
        let seen = try await self.finish(DeliveryCalls.finish("G", status: 410, most: 10))
        #expect(seen.answer == .reply("FINISHED", 1))
        #expect(seen.after.hash(self.scene.key("wh"))["whsub_1"] == WebhookCalls.row("D"))
    }

    @Test("103: what a disabled subscription asked to look out for is not looked out for any more")
    func disabledAsks() async throws {
        try await self.scene.harness.command("HDEL", self.scene.key("wh"), "whsub_1")
        let made = try await self.scene.run(
            "webhooks/create_subscription", WebhookCalls.create(asks: "{\"thresholds\":[0.5],\"resources\":true}"))
        #expect(made.word == "CREATED")
        try await self.claimOne()
        let seen = try await self.finish(DeliveryCalls.finish("F", most: 1))
        #expect(seen.answer == .reply("FINISHED", 1))
        #expect(seen.before.string(self.scene.tenantKey)?.bytes.last == UInt8(ascii: "h"))
        #expect(seen.after.string(self.scene.tenantKey)?.bytes.last != UInt8(ascii: "h"))
        #expect(seen.after[self.scene.key("wk")] == nil && seen.after[self.scene.key("wc")] == nil)
        #expect(seen.after.hash(self.scene.key("p"))["hooks"] == nil)
    }

    @Test("102: the failure to deliver news of a failure makes no news of itself")
    func noLoop() async throws {
        try await self.claimOne()
        let seen = try await self.finish(DeliveryCalls.finish("F", failed: ""))
        #expect(seen.answer == .reply("FINISHED", 0))
        #expect(seen.after.scores(self.scene.shardKey("out")) == [:])
        #expect(try await self.facts()["failures"] == "1")
    }

    @Test("114: a subscription that was deleted during an attempt leaves nothing behind", arguments: ["S", "F", "R"])
    func deletedMeanwhile(outcome: String) async throws {
        try await self.claimOne()
        try await self.scene.harness.command("DEL", self.scene.key("wh"), self.scene.key("wf:whsub_1"))
        let seen = try await self.finish(DeliveryCalls.finish(ByteText(outcome), delayMs: 1_000))
        #expect(seen.answer == .reply("FINISHED", 0))
        #expect(seen.after[self.scene.key("wf:whsub_1")] == nil && seen.after[self.scene.key("wh")] == nil)
        try await self.scene.setClock(Scene.startMs + 1_000)
        #expect(try await self.scene.claim().ids == [])
        #expect(try await self.scene.harness.snapshot()[self.scene.shardKey("lanes")] == nil)
    }

    @Test("Everything about deliveries ends by itself or with what it belongs to")
    func nothingForEver() async throws {
        for (index, outcome) in (["S", "R", "F", ""] as [ByteText]).enumerated() {
            let id = ByteText("del_\(index)")
            _ = try await self.scene.enqueue(DeliveryCalls.item(id, tenant: "t\(index)"))
            _ = try await self.scene.claim(DeliveryCalls.claim(cap: 2))
            if outcome != "" {
                _ = try await self.finish(DeliveryCalls.finish(outcome, id: id, lane: "lwhsub_1:t\(index)"))
            }
        }
        _ = try await self.scene.run("webhooks/begin_replay", DeliveryCalls.beginReplay())
        _ = try await self.scene.run("webhooks/record_probe", DeliveryCalls.probe())
        _ = try await self.scene.harness.run("events/take", keys: [Scene.prefix], DeliveryCalls.take())
        let snapshot = try await self.scene.harness.snapshot()
        // Work that is still to be done, the list of failures, which is trimmed, and what the tenant owns.
        let lasting = Set(["lanes", "ln:whsub_1:t3", "dead", "seq", "out", "el"].map { self.scene.shardKey($0) })
        for key in snapshot.entries.keys where !lasting.contains(key) && !"\(key)".contains(":t:") {
            #expect(snapshot.remainingMs(key) != nil, "\(key)")
        }
        #expect(snapshot.entries.keys.contains(self.scene.shardKey("rp:whsub_1")))
        #expect(snapshot.entries.keys.contains(self.scene.shardKey("rl")))
    }

    @Test("122: deliveries are listed newest first, page by page; an ended one leaves its place empty")
    func listed() async throws {
        for number in 1...5 {
            _ = try await self.scene.enqueue(
                DeliveryCalls.item("del_\(number)", seq: Int64(number), atMs: Scene.startMs + Int64(number / 2)))
        }
        try await self.scene.harness.command("DEL", self.scene.shardKey("dv:del_4"))
        var ids: [ByteText] = []
        for offset in stride(from: Int64(0), through: 4, by: 2) {
            let answer = try await self.scene.harness.run(
                "webhooks/deliveries", keys: [Scene.prefix], DeliveryCalls.list(offset: offset, limit: 2))
            #expect(answer.text(0) == (offset < 4 ? "1" : "0"))
            for index in stride(from: 2, to: answer.fields.count, by: 17) {
                ids.append(answer.text(index + 1))
                #expect(answer.text(index + 6) == (answer.text(index + 1) == "del_4" ? "" : "P"))
            }
        }
        #expect(ids == ["del_5", "del_4", "del_3", "del_2", "del_1"])
        let got = try await self.scene.harness.run("webhooks/get_delivery", keys: [Scene.prefix], ["id": "del_5"])
        #expect(got.word == "FOUND" && got.text(9) == "{}")
        let none = try await self.scene.harness.run("webhooks/get_delivery", keys: [Scene.prefix], ["id": "del_4"])
        #expect(none == .reply("NOT_FOUND"))
    }

    @Test("126: one replay of a subscription at a time, until it ends or its lease does")
    func replays() async throws {
        func begin(_ token: ByteText) async throws -> ScriptAnswer {
            try await self.scene.run("webhooks/begin_replay", DeliveryCalls.beginReplay(token))
        }
        #expect(try await begin("r1") == .reply("BEGUN", "r1"))
        #expect(try await begin("r1") == .reply("BEGUN", "r1"))
        #expect(try await begin("r2") == .reply("IN_PROGRESS"))
        let others = DeliveryCalls.endReplay("r2", replay: "r2")
        #expect(try await self.scene.run("webhooks/end_replay", others) == .reply("ENDED"))
        #expect(try await begin("r2") == .reply("IN_PROGRESS"))
        _ = try await self.scene.run("webhooks/end_replay", DeliveryCalls.endReplay())
        #expect(try await self.scene.harness.snapshot().scores(self.scene.key("al")).count == 1)
        #expect(try await begin("r2") == .reply("BEGUN", "r2"))
        try await self.scene.openTenant("C5")
        #expect(try await begin("r2") == .reply("CLOSED"))
        try await self.scene.harness.command("DEL", self.scene.key("wh"))
        #expect(try await begin("r2") == .reply("NOT_FOUND"))
    }
}
