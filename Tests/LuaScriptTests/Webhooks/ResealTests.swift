// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("webhooks/reseal_subscription", .privateRedis, .serialized)
struct ResealTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func reseal(_ arguments: ScriptArguments = WebhookCalls.reseal()) async throws -> Observation {
        try await self.scene.observe("webhooks/reseal_subscription", arguments)
    }

    private func open(_ content: ByteText = WebhookCalls.content) async throws {
        try await self.scene.openTenant()
        var call = WebhookCalls.create()
        call["content"] = content
        #expect(try await self.scene.run("webhooks/create_subscription", call).word == "CREATED")
        try await self.scene.setClock(Scene.startMs + 7)
    }

    @Test("The sealed text is exchanged and nothing else: neither times, status and terms nor the tenant's tag")
    func exchanges() async throws {
        try await self.open(WebhookCalls.content("{\"a\":\"v1.x.y\0v1.x.y\"}"))
        let seen = try await self.reseal()
        #expect(seen.answer == .reply("RESEALED"))
        let row = WebhookCalls.row("A", ["v1.z.w", "{\"a\":\"v1.x.y", "v1.x.y\"}"].joined("\0"))
        seen.expectChanges([self.scene.key("wh"): .hash(["whsub_1": row])])
        try await self.reseal().expectUnchanged(.reply("RESEALED"), "a second time")
    }

    @Test("Secrets that were changed meanwhile stay; a change of anything else is kept beside the exchange")
    func changedMeanwhile() async throws {
        try await self.open()
        let other = ["v1.other.one", "{\"url\":\"https://x\"}"].joined("\0") as ByteText
        #expect(
            try await self.scene.run("webhooks/update_subscription", WebhookCalls.update(content: other)).word
                == "UPDATED")
        try await self.reseal().expectUnchanged(.reply("CHANGED"))
        let seen = try await self.reseal(WebhookCalls.reseal(old: "v1.other.one"))
        #expect(seen.answer == .reply("RESEALED"))
        let content = ["v1.z.w", "{\"url\":\"https://x\"}"].joined("\0") as ByteText
        let row = WebhookCalls.row("A", content, updatedMs: Scene.startMs + 7)
        seen.expectChanges([self.scene.key("wh"): .hash(["whsub_1": row])])
    }

    @Test("A change that was made from the row before is told so, and does not undo the exchange")
    func changeAfterwards() async throws {
        try await self.open()
        #expect(try await self.reseal().answer.word == "RESEALED")
        let seen = try await self.scene.observe("webhooks/update_subscription", WebhookCalls.update())
        let content = ["v1.z.w", "{\"url\":\"https://x\"}"].joined("\0") as ByteText
        seen.expectUnchanged(.reply("CHANGED", .bytes(WebhookCalls.row("A", content))))
    }

    @Test("What was deleted meanwhile does not come back, and a row that is none is left alone")
    func gone() async throws {
        try await self.open()
        #expect(try await self.scene.run("webhooks/delete_subscription", WebhookCalls.delete()).word == "DELETED")
        try await self.reseal().expectUnchanged(.reply("NOT_FOUND"))
        try await self.scene.harness.command("HSET", self.scene.key("wh"), "whsub_1", "v1.x.y")
        try await self.reseal().expectUnchanged(.reply("CHANGED"))
    }
}
