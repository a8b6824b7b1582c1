// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("webhooks/begin_resend, begin_replay, end_replay, record_probe", .privateRedis, .serialized)
struct ResendScriptTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
        try await self.scene.subscribe()
        _ = try await self.scene.enqueue(DeliveryCalls.item())
    }

    private func resend(_ next: ByteText, of id: ByteText = "del_1") async throws -> Observation {
        try await self.scene.observe("webhooks/begin_resend", DeliveryCalls.beginResend(next, of: id))
    }

    private func audited() async throws -> Int {
        try await self.scene.harness.snapshot().scores(self.scene.key("al")).count
    }

    @Test("A delivery is sent again by one other as long as that one waits, and by a new one once it has ended")
    func again() async throws {
        #expect(try await self.resend("del_2").answer == .reply("BEGUN", "del_2"))
        // Its request was cut off before it wrote the delivery: the next one does.
        try await self.resend("del_3").expectUnchanged(.reply("BEGUN", "del_2"))
        _ = try await self.scene.enqueue(DeliveryCalls.item("del_2"))
        try await self.resend("del_3").expectUnchanged(.reply("WAITING", "del_2"))
        try await self.scene.harness.command("HSET", self.scene.shardKey("dv:del_2"), "state", "R")
        try await self.resend("del_3").expectUnchanged(.reply("WAITING", "del_2"))
        for (ended, next) in [("F", "del_3"), ("S", "del_4")] as [(ByteText, ByteText)] {
            let last = try await self.scene.delivery("del_1")["again"] ?? ""
            try await self.scene.harness.command("HSET", self.scene.shardKey("dv:" + last), "state", ended)
            #expect(try await self.resend(next).answer == .reply("BEGUN", .bytes(next)))
            _ = try await self.scene.enqueue(DeliveryCalls.item(next))
        }
        #expect(try await self.audited() == 3)
        #expect(try await self.scene.harness.snapshot().remainingMs(self.scene.shardKey("dv:del_1")) != nil)
    }

    @Test("What is not there, nobody's, not active or a closed tenant's is not sent again")
    func refused() async throws {
        try await self.resend("del_2", of: "del_7").expectUnchanged(.reply("NOT_FOUND"))
        for letter: ByteText in ["P", "D"] {
            try await self.scene.subscribe(DeliveryCalls.sub, letter)
            try await self.resend("del_2").expectUnchanged(.reply("INACTIVE", .bytes(letter)))
        }
        try await self.scene.openTenant("C5")
        try await self.resend("del_2").expectUnchanged(.reply("CLOSED"))
        try await self.scene.openTenant()
        try await self.scene.harness.command("DEL", self.scene.key("wh"))
        try await self.resend("del_2").expectUnchanged(.reply("NO_WEBHOOK"))
    }

    @Test("A replay that was cut off goes on under its id when the same is asked for, and under a new one otherwise")
    func replays() async throws {
        func begin(_ token: ByteText, _ wish: ByteText = "all") async throws -> ScriptAnswer {
            try await self.scene.run("webhooks/begin_replay", DeliveryCalls.beginReplay(token, wish: wish))
        }
        func end(_ token: ByteText, _ replay: ByteText, isWhole: Bool, entry: ByteText = "{}") async throws {
            let arguments = DeliveryCalls.endReplay(token, replay: replay, isWhole: isWhole, entry: entry)
            #expect(try await self.scene.run("webhooks/end_replay", arguments) == .reply("ENDED"))
            // Sent again, because the answer was lost.
            let again = try await self.scene.observe("webhooks/end_replay", arguments)
            again.expectUnchanged(.reply("ENDED"))
        }
        #expect(try await begin("r1") == .reply("BEGUN", "r1"))
        try await end("r1", "r1", isWhole: false)
        #expect(try await self.audited() == 1)
        #expect(try await begin("r2") == .reply("BEGUN", "r1"))
        #expect(try await begin("r3") == .reply("IN_PROGRESS"))
        try await end("r2", "r1", isWhole: true)
        #expect(try await self.audited() == 2)
        #expect(try await begin("r3") == .reply("BEGUN", "r3"))
        try await end("r3", "r3", isWhole: false, entry: "")
        #expect(try await begin("r4", "more") == .reply("BEGUN", "r4"))
        try await end("r4", "r4", isWhole: true)
        // Its server has died, and so its lease has ended.
        #expect(try await begin("r5") == .reply("BEGUN", "r5"))
        try await self.scene.harness.command("DEL", self.scene.shardKey("rp:whsub_1"))
        #expect(try await begin("r6") == .reply("BEGUN", "r5"))
        #expect(try await self.audited() == 3)
    }

    @Test("A test event is a delivery that is over: it waits in no lane, counts for nothing and is no dead letter")
    func probes() async throws {
        let before = try await self.scene.harness.snapshot()
        for (id, state, error) in [("del_8", "S", ""), ("del_9", "F", "refused")] as [(ByteText, ByteText, ByteText)] {
            let seen = try await self.scene.observe(
                "webhooks/record_probe", DeliveryCalls.probe(id, state: state, error: error))
            #expect(seen.answer == .reply("RECORDED"))
        }
        let after = try await self.scene.harness.snapshot()
        let names = ["dv:del_8", "dv:del_9", "wd:whsub_1", "we:whsub_1"].map { self.scene.shardKey($0) }
        for (key, entry) in after.entries where !names.contains(key) {
            #expect(entry.content == before.entries[key]?.content, "\(key)")
        }
        #expect(Set(after.scores(self.scene.shardKey("wd:whsub_1")).keys) == ["del_1", "del_8", "del_9"])
        let failed = after.hash(self.scene.shardKey("dv:del_9"))
        #expect((failed["state"], failed["error"], failed["attempts"]) == ("F", "refused", "1"))
        #expect(failed["created_ms"] == ByteText(Scene.startMs - 7) && failed["done_ms"] == ByteText(Scene.startMs))
        let gone = try await self.scene.observe("webhooks/record_probe", DeliveryCalls.probe("del_7", sub: "whsub_2"))
        gone.expectUnchanged(.reply("NOT_FOUND"))
    }
}
