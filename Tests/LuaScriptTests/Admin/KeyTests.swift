// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("admin/create_key", .privateRedis, .serialized)
struct CreateKeyTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func create(_ arguments: ScriptArguments = AdminCalls.createKey()) async throws -> Observation {
        try await self.scene.observe("admin/create_key", arguments)
    }

    @Test(
        "A new key is stored by its hash, audited and announced, and nothing else changes: no server can know it yet")
    func creates() async throws {
        try await self.scene.openTenant("A17")
        let seen = try await self.create()
        let (now, end) = (ByteText(Scene.startMs), ByteText(Scene.startMs + 1000))
        #expect(seen.answer == .reply("CREATED", .bytes(now), .bytes(end)))
        var journal = Journal(self.scene, atUs: Scene.startMs * 1000, after: seen.before)
        journal.audit("{\"op\":\"createKey\"}")
        journal.event("api_key.created", "{}", "{\"key_id\":\"key_1\"}")
        let row = ["ab12", "A", now, end, "{\"name\":\"first\"}"].joined("\0")
        seen.expectChanges(
            journal.with([
                self.scene.key("keys"): .hash(["key_1": row]),
                self.scene.key("kl"): .scores(["key_1": now]),
                self.scene.key("kx"): .scores(["key_1": end]),
                self.scene.shardKey("due"): .scores(["k" + self.scene.tenant: end]),
                self.scene.shardKey("kl"): .scores(["key_1:acme": now]),
                self.scene.shardKey("ids"): .hash(["key_1": "acme"]),
            ]))
    }

    @Test("The same id and hash again answers what was made and changes nothing, also when the tenant is closed by now")
    func again() async throws {
        try await self.scene.openTenant()
        let first = try await self.create().answer
        try await self.scene.setClock(Scene.startMs + 500)
        try await self.create().expectUnchanged(first)
        try await self.scene.harness.command("SET", self.scene.tenantKey, "C3")
        try await self.create().expectUnchanged(first)
        try await self.create(AdminCalls.createKey(hash: "ffff")).expectFailure("CORRUPT", "an id is never used twice")
    }

    @Test("Only an active tenant gets keys")
    func inactive() async throws {
        try await self.create().expectUnchanged(.reply("NO_TENANT"))
        for status: ByteText in ["S", "C"] {
            try await self.scene.openTenant(status + "4")
            try await self.create().expectUnchanged(.reply("INACTIVE", .bytes(status)))
        }
    }
}

@Suite("admin/enter_key and admin/confirm_key", .privateRedis, .serialized)
struct KeyEntryTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func enter(_ arguments: ScriptArguments = AdminCalls.enterKey()) async throws -> Observation {
        try await self.scene.observe("admin/enter_key", keys: [AdminCalls.entryKey], arguments)
    }

    private func confirm(_ owner: ByteText = "acme:key_1") async throws -> Observation {
        try await self.scene.observe("admin/confirm_key", keys: [AdminCalls.entryKey], ["owner": owner])
    }

    @Test("An entry ends by itself until it is confirmed, and then lasts, also when it is entered late again")
    func lives() async throws {
        let entered = try await self.enter()
        #expect(entered.answer == .reply("ENTERED", "\(Scene.startMs)"))
        entered.expectChanges([AdminCalls.entryKey: .string("acme:key_1", keepMs: 300_000)])
        try await self.enter().expectUnchanged(.reply("ENTERED", "\(Scene.startMs)"), "its lifetime too")
        let confirmed = try await self.confirm()
        #expect(confirmed.answer == .reply("CONFIRMED"))
        confirmed.expectChanges([AdminCalls.entryKey: .string("acme:key_1")])
        try await self.confirm().expectUnchanged(.reply("CONFIRMED"))
        try await self.enter().expectUnchanged(.reply("ENTERED", "\(Scene.startMs)"), "a late repetition")
    }

    @Test("An entry that ended before it was confirmed is written again")
    func ended() async throws {
        let confirmed = try await self.confirm()
        #expect(confirmed.answer == .reply("CONFIRMED"))
        confirmed.expectChanges([AdminCalls.entryKey: .string("acme:key_1")])
    }

    @Test("A key that is to expire at once or earlier is not entered")
    func past() async throws {
        for expires in [Scene.startMs, Scene.startMs - 1, 0] {
            try await self.enter(AdminCalls.enterKey(expiresMs: ByteText(expires))).expectUnchanged(.reply("PAST"))
        }
        let future = AdminCalls.enterKey(expiresMs: ByteText(Scene.startMs + 1))
        #expect(try await self.enter(future).answer == .reply("ENTERED", "\(Scene.startMs)"))
    }

    @Test("An entry of another key is corrupt and stays")
    func foreign() async throws {
        _ = try await self.enter()
        try await self.enter(AdminCalls.enterKey(owner: "globex:key_9")).expectFailure("CORRUPT")
        try await self.confirm("globex:key_9").expectFailure("CORRUPT")
    }
}
