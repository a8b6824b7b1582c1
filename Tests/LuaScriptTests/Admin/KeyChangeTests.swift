// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("admin/update_key, admin/revoke_key and what reads keys", .privateRedis, .serialized)
struct KeyChangeTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func observe(_ script: String, _ arguments: ScriptArguments) async throws -> Observation {
        try await self.scene.observe(script, arguments)
    }

    @Test("New properties replace the old ones under the same hash, make cached tags stale, are audited and announced")
    func updates() async throws {
        try await self.scene.openTenantWithKeys()
        let seen = try await self.observe("admin/update_key", TenantCalls.updateKey())
        #expect(seen.answer == .reply("UPDATED", "\(Scene.startMs)"))
        var journal = Journal(self.scene, atUs: Scene.startMs * 1000, after: seen.before)
        journal.audit("{\"op\":\"updateKey\"}")
        journal.event("api_key.permissions_changed", "{}", "{\"key_id\":\"key_1\"}")
        seen.expectChanges(
            journal.with([
                self.scene.tenantKey: .string(Scene.tag()),
                self.scene.key("keys"): .hash(["key_1": TenantCalls.row("{\"name\":\"second\"}")]),
            ]))
    }

    @Test("Epochs are times and never come twice: not in one microsecond, nor after the last changes were lost")
    func epochs() async throws {
        try await self.scene.openTenantWithKeys()
        let (first, us) = (Scene.tag(), Scene.startMs * 1000)
        _ = try await self.scene.run("admin/update_key", TenantCalls.updateKey())
        #expect(try await self.scene.harness.snapshot().string(self.scene.tenantKey) == first)
        let second = TenantCalls.updateKey(TenantCalls.row("{\"name\":\"second\"}"), json: "{\"name\":\"third\"}")
        _ = try await self.scene.run("admin/update_key", second)
        #expect(try await self.scene.harness.snapshot().string(self.scene.tenantKey) == Scene.tag(changes: 2))
        // Redis has lost both changes, and a server still has the tag of the second.
        try await self.scene.harness.reset(clockUs: us + 900)
        try await self.scene.openTenantWithKeys()
        _ = try await self.scene.run("admin/update_key", TenantCalls.updateKey())
        #expect(try await self.scene.harness.snapshot().string(self.scene.tenantKey) == "A\(us + 900)")
        try await self.scene.openTenant("Axyz")
        try await self.observe("admin/update_key", second).expectFailure("", "no letter and number")
    }

    @Test("Without a change of permissions there is no event")
    func updatesQuietly() async throws {
        try await self.scene.openTenantWithKeys()
        let seen = try await self.observe("admin/update_key", TenantCalls.updateKey(payload: ""))
        var journal = Journal(self.scene, atUs: Scene.startMs * 1000, after: seen.before)
        journal.audit("{\"op\":\"updateKey\"}")
        seen.expectChanges(
            journal.with([
                self.scene.tenantKey: .string(Scene.tag()),
                self.scene.key("keys"): .hash(["key_1": TenantCalls.row("{\"name\":\"second\"}")]),
            ]))
    }

    @Test("30: revoking marks the row for good, makes cached tags stale, is audited and announced")
    func revokes() async throws {
        try await self.scene.openTenantWithKeys()
        try await self.scene.setClock(Scene.startMs + 5000)
        let seen = try await self.observe("admin/revoke_key", TenantCalls.revokeKey())
        let now = ByteText(Scene.startMs + 5000)
        #expect(seen.answer == .reply("REVOKED", .bytes(now)), "an expired key too")
        var journal = Journal(self.scene, atUs: (Scene.startMs + 5000) * 1000, after: seen.before)
        journal.audit("{\"op\":\"revokeKey\"}")
        journal.event("api_key.revoked", "{}", "{\"key_id\":\"key_1\"}")
        let row = TenantCalls.row().replacing("\0A\0", with: "\0R\0") + "\0" + now + "\0\"lost\""
        seen.expectChanges(
            journal.with([
                self.scene.tenantKey: .string("A\((Scene.startMs + 5000) * 1000)"),
                self.scene.key("keys"): .hash(["key_1": row]),
            ]))
        try await self.observe("admin/revoke_key", TenantCalls.revokeKey(row)).expectUnchanged(.reply("ALREADY"))
        try await self.observe("admin/update_key", TenantCalls.updateKey(row)).expectUnchanged(.reply("REVOKED"))
        try await self.observe("admin/get_key", ["key_id": "key_1"])
            .expectUnchanged(.reply("KEY", "A", .bytes(row), .integer(Scene.startMs + 5000)))
    }

    @Test("56: keys of a closed tenant, missing keys, expired keys and keys that changed are left as they are")
    func refused() async throws {
        for script in ["admin/update_key", "admin/revoke_key"] {
            let call = script == "admin/update_key" ? TenantCalls.updateKey() : TenantCalls.revokeKey()
            try await self.scene.harness.reset(clockUs: Scene.startMs * 1000)
            try await self.observe(script, call).expectUnchanged(.reply("NOT_FOUND"))
            try await self.scene.openTenantWithKeys()
            var other = call
            other["row"] = "other"
            try await self.observe(script, other)
                .expectUnchanged(.reply("CHANGED", "A", .bytes(TenantCalls.row()), .integer(Scene.startMs)))
            other["key_id"] = "key_2"
            try await self.observe(script, other).expectUnchanged(.reply("NOT_FOUND"))
            try await self.scene.harness.command("SET", self.scene.tenantKey, "C7")
            try await self.observe(script, call).expectUnchanged(.reply("CLOSED"))
            try await self.scene.harness.command("SET", self.scene.tenantKey, "A7")
            try await self.scene.harness.command("HSET", self.scene.key("keys"), "key_1", "nonsense")
            other = call
            other["row"] = "nonsense"
            try await self.observe(script, other).expectFailure("CORRUPT")
        }
        try await self.scene.harness.reset(clockUs: Scene.startMs * 1000)
        try await self.scene.openTenantWithKeys()
        try await self.scene.setClock(Scene.startMs + 1000)
        try await self.observe("admin/update_key", TenantCalls.updateKey()).expectUnchanged(.reply("EXPIRED"))
        try await self.observe("admin/get_key", ["key_id": "key_2"]).expectUnchanged(.reply("NOT_FOUND"))
    }

    @Test("Keys are listed by creation, of a tenant or of the shard, some at a time")
    func lists() async throws {
        for (tenant, id) in [("aaa", "key_3"), ("bbb", "key_1"), ("aaa", "key_2")] as [(ByteText, ByteText)] {
            var scene = self.scene
            scene.tenant = tenant
            _ = try await scene.run("admin/create_tenant", AdminCalls.createTenant)
            #expect(try await scene.run("admin/create_key", AdminCalls.createKey(id)).word == "CREATED")
            try await scene.setClock(Scene.startMs + (id == "key_3" ? 1 : 2))
        }
        func rows(_ arguments: ScriptArguments) async throws -> [ByteText] {
            let seen = try await self.scene.observe("admin/list_keys", keys: [Scene.prefix], arguments)
            #expect(seen.changes == [])
            let rows = stride(from: 2, to: seen.answer.fields.count, by: 4).map { index in
                let row = seen.answer.text(index + 3)
                #expect(row == "" || row.part(0) == "ab12" && row.part(2) == seen.answer.text(index))
                return (row == "" ? "no " : "") + seen.answer.text(index + 2) + " " + seen.answer.text(index + 1)
            }
            return [seen.answer.text(0)] + rows
        }
        #expect(try await rows(TenantCalls.listKeys("")) == ["0", "aaa key_3", "bbb key_1", "aaa key_2"])
        #expect(try await rows(TenantCalls.listKeys("aaa")) == ["0", "aaa key_3", "aaa key_2"])
        #expect(try await rows(TenantCalls.listKeys("bbb", limit: 1)) == ["1", "bbb key_1"])
        let newest = TenantCalls.listKeys("", "desc", from: "+inf", limit: 2)
        #expect(try await rows(newest) == ["1", "aaa key_2", "bbb key_1"])
        #expect(try await rows(TenantCalls.listKeys("aaa", "desc", from: "\(Scene.startMs)")) == ["0", "aaa key_3"])
        #expect(try await rows(TenantCalls.listKeys("ccc")) == ["0"])
        try await self.scene.harness.command("HDEL", "hf:{00}:t:bbb:keys", "key_1")
        #expect(try await rows(TenantCalls.listKeys("")) == ["0", "aaa key_3", "no bbb key_1", "aaa key_2"])
        try await self.scene.harness.command("SET", "hf:{00}:t:bbb:keys", "nonsense")
        try await self.scene.harness.command("ZADD", "hf:{00}:kl", ByteText(Scene.startMs), "nonsense")
        #expect(
            try await rows(TenantCalls.listKeys(""))
                == ["0", "aaa key_3", "no  nonsense", "no bbb key_1", "aaa key_2"])
    }

    @Test("A revocation sent again finds its own and says so; for another reason it is the row that counts")
    func revokesAgain() async throws {
        try await self.scene.openTenantWithKeys()
        let first = try await self.observe("admin/revoke_key", TenantCalls.revokeKey())
        try await self.scene.setClock(Scene.startMs + 7)
        try await self.observe("admin/revoke_key", TenantCalls.revokeKey()).expectUnchanged(first.answer)
        try await self.scene.harness.command("SET", self.scene.tenantKey, "C7")
        try await self.observe("admin/revoke_key", TenantCalls.revokeKey()).expectUnchanged(first.answer)
        for (field, value) in [("reason", "\"other\""), ("row", "other")] as [(String, ByteText)] {
            var other = TenantCalls.revokeKey()
            other[field] = value
            #expect(try await self.observe("admin/revoke_key", other).answer.word == "CHANGED", "\(field)")
        }
    }

    @Test("A key's global entry and a tenant's tag are read as they are")
    func reads() async throws {
        func owner() async throws -> Observation {
            try await self.scene.observe("admin/key_owner", keys: [AdminCalls.entryKey], [:])
        }
        try await owner().expectUnchanged(.reply("NOT_FOUND"))
        try await self.scene.harness.command("SET", AdminCalls.entryKey, "acme:key_1")
        try await owner().expectUnchanged(.reply("OWNER", "acme:key_1"))
        try await self.observe("admin/confirm_tag", ["tag": "A1"]).expectUnchanged(.reply("STALE", ""))
        try await self.scene.openTenant("S4")
        try await self.observe("admin/confirm_tag", ["tag": "S4"]).expectUnchanged(.reply("CURRENT"))
        try await self.observe("admin/confirm_tag", ["tag": "A4"]).expectUnchanged(.reply("STALE", "S4"))
    }
}
