// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("admin/bulk_claim, bulk_plan, bulk_finish", .privateRedis, .serialized)
struct BulkTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func run(_ script: String, _ arguments: ScriptArguments) async throws -> ScriptAnswer {
        try await self.scene.harness.run("admin/" + script, keys: [Scene.prefix], arguments)
    }

    private func claim(_ token: ByteText, fingerprint: ByteText = mark("f1")) async throws -> ScriptAnswer {
        var call = SampleCall.bulkClaim
        call["token"] = token
        call["fingerprint"] = fingerprint
        return try await self.run("bulk_claim", call)
    }

    @Test("Who took an action keeps it as long as it goes on; a crashed one's is free with its rows after the lease")
    func leases() async throws {
        let (mine, other) = (mark("t1"), mark("t2"))
        #expect(try await self.claim(mine) == .reply("CLAIMED", ""))
        #expect(try await self.claim(other) == .reply("BUSY", "15000"))
        #expect(try await self.run("bulk_plan", SampleCall.bulkPlan("{\"rows\":1}")) == .reply("PLANNED"))
        try await self.scene.setClock(Scene.startMs + 14_000)
        #expect(try await self.claim(mine) == .reply("CLAIMED", "{\"rows\":1}"))
        try await self.scene.setClock(Scene.startMs + 28_999)
        #expect(try await self.claim(other) == .reply("BUSY", "1"))
        #expect(try await self.claim(other, fingerprint: mark("f2")) == .reply("MISMATCH"))
        try await self.scene.setClock(Scene.startMs + 29_000)
        #expect(try await self.claim(other) == .reply("CLAIMED", "{\"rows\":1}"))
        // The first one is late.
        #expect(try await self.run("bulk_plan", SampleCall.bulkPlan("{}")) == .reply("LOST"))
        #expect(try await self.run("bulk_finish", SampleCall.bulkFinish()) == .reply("LOST"))
        #expect(try await self.run("bulk_finish", SampleCall.bulkFinish("")) == .reply("LOST"))
        #expect(try await self.claim(mine) == .reply("BUSY", "15000"))
    }

    @Test("133: what was carried out is answered alike for 15 minutes, and no other request gets that answer")
    func answers() async throws {
        let key = self.scene.shardKey("bk:" + mark("h"))
        #expect(try await self.claim(mark("t1")) == .reply("CLAIMED", ""))
        #expect(try await self.run("bulk_finish", SampleCall.bulkFinish()) == .reply("DONE", "{\"a\":1}"))
        #expect(try await self.run("bulk_finish", SampleCall.bulkFinish("{\"a\":2}")) == .reply("DONE", "{\"a\":1}"))
        #expect(try await self.claim(mark("t2")) == .reply("DONE", "{\"a\":1}"))
        #expect(try await self.claim(mark("t2"), fingerprint: mark("f2")) == .reply("MISMATCH"))
        let left = try await self.scene.harness.snapshot().remainingMs(key) ?? 0
        #expect(left <= 900_000 && left > 870_000)
    }

    @Test("132: what was refused is forgotten: its key is free for another request at once")
    func refusals() async throws {
        #expect(try await self.claim(mark("t1")) == .reply("CLAIMED", ""))
        #expect(try await self.run("bulk_finish", SampleCall.bulkFinish("")) == .reply("DONE", ""))
        #expect(try await self.claim(mark("t2"), fingerprint: mark("f2")) == .reply("CLAIMED", ""))
    }
}
