// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import LuaCatalog
import TestSupport
import Testing

/// What holds for every script: reliability L-06, and the flags and retry classes of the headers.
@Suite("Every script", .privateRedis, .serialized)
struct CatalogueTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func script(_ call: SampleCall) throws -> LuaScript {
        try #require(self.scene.harness.scripts[call.script])
    }

    @Test("Every script of the catalogue has a sample call")
    func complete() {
        #expect(Set(SampleCall.all.map(\.script)) == Set(self.scene.harness.scripts.keys))
    }

    @Test("The call does what it says, and the same call again changes nothing", arguments: SampleCall.all)
    func idempotentTwin(call: SampleCall) async throws {
        let arguments = try await call.arrange(self.scene)
        let first = try await call.observe(self.scene, arguments)
        #expect(first.answer.word == call.word, "\(first.answer)")
        if try self.script(call).flags.contains("no-writes") { #expect(first.changes == []) }
        let second = try await call.observe(self.scene, arguments)
        #expect(second.answer.word == call.again, "\(second.answer)")
        if try self.script(call).retry != RetryClass.never { #expect(second.changes == []) }
    }

    @Test("A key of another type is an error that leaves everything as it was, key by key", arguments: SampleCall.all)
    func wrongType(call: SampleCall) async throws {
        for key in call.typed(self.scene) {
            try await self.scene.harness.reset(clockUs: Scene.startMs * 1000)
            let arguments = try await call.arrange(self.scene)
            try await self.scene.harness.command("DEL", key)
            try await self.scene.harness.command("RPUSH", key, "not what it should be")
            try await call.observe(self.scene, arguments).expectFailure("WRONGTYPE", "\(key)")
        }
    }

    @Test("A sequence number that is none is an error that leaves everything as it was", arguments: SampleCall.all)
    func corruptSequence(call: SampleCall) async throws {
        let key = self.scene.shardKey("seq")
        guard call.typed(self.scene).contains(key) else { return }
        let arguments = try await call.arrange(self.scene)
        for text: ByteText in ["", "abc", "-1", "1.5", "inf", " 5"] {
            try await self.scene.harness.command("SET", key, text)
            try await call.observe(self.scene, arguments).expectFailure("CORRUPT", "\(text)")
        }
    }

    @Test("The keys named for a call are all that it reads or writes with a type", arguments: SampleCall.all)
    func touchesNothingElse(call: SampleCall) async throws {
        // Every other key of the shard may be of any type: the call succeeds all the same.
        let arguments = try await call.arrange(self.scene)
        let typed = Set(call.typed(self.scene))
        let names: [ByteText] = ["seq", "out", "el", "due", "tenants"]
        let tenantNames: [ByteText] = ["p", "n", "sp", "sn", "due", "bud", "keys", "al", "el", "act", "ev", "q:carol"]
        for key in names.map(self.scene.shardKey) + tenantNames.map(self.scene.key) where !typed.contains(key) {
            try await self.scene.harness.command("DEL", key)
            try await self.scene.harness.command("RPUSH", key, "x")
        }
        let seen = try await call.observe(self.scene, arguments)
        #expect(seen.answer.word == call.word, "\(seen.answer)")
    }

    @Test(
        "With memory full, scripts that give back or only read work, the others are refused before they begin",
        arguments: SampleCall.all)
    func memoryFull(call: SampleCall) async throws {
        let arguments = try await call.arrange(self.scene)
        let isServed = !Set(try self.script(call).flags).isDisjoint(with: ["allow-oom", "no-writes"])
        try await self.scene.harness.command("CONFIG", "SET", "maxmemory", "1")
        let seen: Observation
        do {
            seen = try await call.observe(self.scene, arguments)
        } catch {
            try await self.scene.harness.command("CONFIG", "SET", "maxmemory", "0")
            throw error
        }
        try await self.scene.harness.command("CONFIG", "SET", "maxmemory", "0")
        if isServed {
            #expect(seen.answer.word == call.word, "\(seen.answer)")
        } else {
            seen.expectFailure("OOM")
        }
    }

    @Test("Exactly the scripts that give capacity back work with memory full")
    func flags() {
        let allowed = self.scene.harness.scripts.values.filter { $0.flags.contains("allow-oom") }.map(\.name)
        #expect(
            Set(allowed) == [
                "budget/commit", "budget/release", "budget/expire", "reservation/release", "reservation/expire",
                "reservation/transact_release", "reservation/release_requester", "reservation/force_release",
                "reservation/give_back", "events/take", "events/acknowledge", "events/put_aside", "events/trim",
                "webhooks/claim", "webhooks/finish", "webhooks/delete_subscription", "budget/trim_rows",
            ])
    }

    @Test("A caller with a stale tag is told the true one and nothing changes", arguments: SampleCall.all)
    func stale(call: SampleCall) async throws {
        guard try self.script(call).argumentNames.contains("tag") else { return }
        var arguments = try await call.arrange(self.scene)
        arguments["tag"] = "A0"
        let present = try await self.scene.harness.snapshot().string(self.scene.tenantKey) ?? ""
        let seen = try await call.observe(self.scene, arguments)
        #expect(seen.answer == .reply("STALE", .bytes(present)))
        #expect(seen.changes == [])
    }

    @Test("Only replies that a header declares are given by its script, and none is declared twice")
    func replies() {
        for script in self.scene.harness.scripts.values {
            #expect(Set(script.replies.map(\.word)).count == script.replies.count, "\(script.name)")
        }
    }
}
