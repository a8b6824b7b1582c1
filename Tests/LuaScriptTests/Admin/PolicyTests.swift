// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("admin/create_policy, update_policy, policies, owner", .privateRedis, .serialized)
struct PolicyScriptTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func create(_ arguments: ScriptArguments = PolicyCalls.create()) async throws -> Observation {
        try await self.scene.observe("admin/create_policy", arguments)
    }

    private func update(_ arguments: ScriptArguments) async throws -> Observation {
        try await self.scene.observe("admin/update_policy", arguments)
    }

    @Test("A new policy is in force for every server at once, findable by its id, audited and announced")
    func creates() async throws {
        try await self.scene.openTenant()
        let seen = try await self.create()
        #expect(seen.answer == .reply("CREATED", "\(Scene.startMs)"))
        var journal = Journal(self.scene, atUs: Scene.startMs * 1000, after: seen.before)
        journal.audit("{\"op\":\"policy\"}")
        journal.event("policy.created", "{}", "{\"p\":1}")
        seen.expectChanges(
            journal.with([
                self.scene.tenantKey: .string(Scene.tag()), self.scene.key("pol"): .hash(["pol_1": PolicyCalls.row]),
                self.scene.shardKey("ids"): .hash(["pol_1": "acme"]),
            ]))
        // The same call again: its outcome was lost.
        try await self.create().expectUnchanged(.reply("CREATED", "\(Scene.startMs)"))
        let owner = try await self.scene.observe("admin/owner", keys: [Scene.prefix], ["id": "pol_1"])
        owner.expectUnchanged(.reply("OWNER", "acme"))
        let nobody = try await self.scene.observe("admin/owner", keys: [Scene.prefix], ["id": "pol_2"])
        nobody.expectUnchanged(.reply("NOT_FOUND"))
    }

    @Test("A name is there once, a tenant has a bounded number, and stale, missing and closed tenants are refused")
    func refusals() async throws {
        try await self.create().expectUnchanged(.reply("STALE", ""))
        try await self.create(PolicyCalls.create(tag: "")).expectUnchanged(.reply("NO_TENANT"))
        try await self.scene.openTenant()
        _ = try await self.create()
        try await self.create(PolicyCalls.create("pol_2")).expectUnchanged(.reply("STALE", .bytes(Scene.tag())))
        try await self.create(PolicyCalls.create("pol_2", tag: "")).expectUnchanged(.reply("DUPLICATE"))
        let other = PolicyCalls.create("pol_2", name: "\"second\"", tag: "", most: 1)
        try await self.create(other).expectUnchanged(.reply("FULL"))
        try await self.scene.openTenant("C9")
        try await self.create(PolicyCalls.create("pol_3", tag: "")).expectUnchanged(.reply("CLOSED"))
        try await self.update(PolicyCalls.update(row: PolicyCalls.row)).expectUnchanged(.reply("CLOSED"))
    }

    @Test("New terms replace those they were made from, and nothing that changed meanwhile")
    func updates() async throws {
        try await self.scene.openTenant()
        try await self.update(PolicyCalls.update(row: PolicyCalls.row)).expectUnchanged(.reply("NOT_FOUND"))
        _ = try await self.create()
        try await self.scene.setClock(Scene.startMs + 5)
        let seen = try await self.update(PolicyCalls.update(row: PolicyCalls.row))
        #expect(seen.answer == .reply("UPDATED", "\(Scene.startMs + 5)"))
        let row = ["\(Scene.startMs)", "\(Scene.startMs + 5)", "\"first\"", "{\"priority\":1}"].joined("\0")
        var journal = Journal(self.scene, atUs: (Scene.startMs + 5) * 1000, after: seen.before)
        journal.audit("{\"op\":\"policy\"}")
        journal.event("policy.updated", "{}", "{\"p\":1}")
        seen.expectChanges(
            journal.with([
                self.scene.tenantKey: .string("A\((Scene.startMs + 5) * 1000)"),
                self.scene.key("pol"): .hash(["pol_1": row]),
            ]))
        try await self.update(PolicyCalls.update(row: PolicyCalls.row))
            .expectUnchanged(.reply("UPDATED", "\(Scene.startMs + 5)"))
        // What changes nothing leaves no trace, but for a closed tenant is refused.
        try await self.update(PolicyCalls.update(row: row))
            .expectUnchanged(.reply("UPDATED", "\(Scene.startMs + 5)"))
        let late = PolicyCalls.update(row: PolicyCalls.row, document: "{\"priority\":2}")
        try await self.update(late).expectUnchanged(.reply("CHANGED", .bytes(row)))
        let stale = PolicyCalls.update(row: row, document: "{\"priority\":2}", tag: "A1")
        try await self.update(stale).expectUnchanged(.reply("STALE", "A\((Scene.startMs + 5) * 1000)"))
        _ = try await self.create(PolicyCalls.create("pol_2", name: "\"second\"", tag: ""))
        try await self.update(PolicyCalls.update(row: row, name: "\"second\"")).expectUnchanged(.reply("DUPLICATE"))
    }

    @Test("All policies or one are read, under the tag or by the operator")
    func reads() async throws {
        func read(_ id: ByteText, tag: ByteText) async throws -> Observation {
            try await self.scene.observe("admin/policies", ["tag": tag, "policy_id": id])
        }
        try await read("", tag: "").expectUnchanged(.reply("NO_TENANT"))
        try await self.scene.openTenant()
        try await read("", tag: "A1").expectUnchanged(.reply("POLICIES"))
        _ = try await self.create()
        try await read("", tag: "A1").expectUnchanged(.reply("STALE", .bytes(Scene.tag())))
        for id: ByteText in ["", "pol_1"] {
            try await read(id, tag: Scene.tag()).expectUnchanged(.reply("POLICIES", "pol_1", .bytes(PolicyCalls.row)))
        }
        try await read("pol_2", tag: "").expectUnchanged(.reply("POLICIES"))
    }
}

@Suite("admin/get_setting, set_setting", .privateRedis, .serialized)
struct SettingScriptTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func get() async throws -> Observation {
        try await self.scene.observe("admin/get_setting", ["field": "limits"])
    }

    private func set() async throws -> Observation {
        try await self.scene.observe("admin/set_setting", PolicyCalls.set)
    }

    @Test("A setting is replaced once, known to every server at once, audited and announced")
    func replaces() async throws {
        try await self.get().expectUnchanged(.reply("NO_TENANT"))
        try await self.set().expectUnchanged(.reply("NO_TENANT"))
        try await self.scene.openTenant()
        try await self.get().expectUnchanged(.reply("SETTING", ""))
        let seen = try await self.set()
        #expect(seen.answer == .reply("SET"))
        var journal = Journal(self.scene, atUs: Scene.startMs * 1000, after: seen.before)
        journal.audit("{\"op\":\"limits\"}")
        journal.event("tenant.settings_changed", "{}", "{\"p\":1}")
        seen.expectChanges(
            journal.with([
                self.scene.tenantKey: .string(Scene.tag()),
                self.scene.key("p"): .hash(["limits": "{\"event_streams\":1}", "updated_ms": "\(Scene.startMs)"]),
            ]))
        try await self.set().expectUnchanged(.reply("SET"))
        try await self.get().expectUnchanged(.reply("SETTING", "{\"event_streams\":1}"))
        try await self.scene.openTenant("C3")
        try await self.set().expectUnchanged(.reply("CLOSED"))
        try await self.get().expectUnchanged(.reply("SETTING", "{\"event_streams\":1}"))
    }
}

@Suite("admin/audit_page", .privateRedis, .serialized)
struct AuditPageTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func page(_ arguments: ScriptArguments, ofShard: Bool = false) async throws -> [ByteText] {
        let keys = ofShard ? [Scene.prefix, Scene.prefix] : self.scene.keys
        let seen = try await self.scene.observe("admin/audit_page", keys: keys, arguments)
        seen.expectUnchanged(seen.answer)
        #expect(seen.answer.word == "ROWS")
        return stride(from: 2, to: seen.answer.fields.count, by: 3).map { index in
            #expect(seen.answer.text(index + 1) == "acme")
            return seen.answer.text(index)
        }
    }

    @Test("Entries come in both orders, from and up to a number, with an offset, of a tenant and of its shard")
    func pages() async throws {
        try await self.scene.openTenant()
        let first = Scene.startMs * 1000
        for index: Int64 in 0..<5 {
            try await self.scene.harness.setClock(us: first + index)
            var call = PolicyCalls.set
            call["json"] = ByteText(index)
            _ = try await self.scene.run("admin/set_setting", call)
        }
        let audited = try await self.scene.harness.snapshot().scores(self.scene.key("al")).keys.sorted()
        #expect(audited.count == 5)
        for ofShard in [false, true] {
            let scope: ByteText = ofShard ? "shard" : "tenant"
            let newest = try await self.page(PolicyCalls.page(scope, limit: 2), ofShard: ofShard)
            #expect(newest == [audited[4], audited[3]])
            let next = PolicyCalls.page(scope, from: audited[3], offset: 1, limit: 9)
            #expect(try await self.page(next, ofShard: ofShard) == [audited[2], audited[1], audited[0]])
            let middle = PolicyCalls.page(scope, order: "asc", from: audited[1], until: audited[3])
            #expect(try await self.page(middle, ofShard: ofShard) == Array(audited[1...3]))
        }
        let last = try await self.scene.observe("admin/audit_page", keys: self.scene.keys, PolicyCalls.page(limit: 1))
        #expect(last.answer.text(4) == ["\((first + 4) / 1000)", "acme", "{\"op\":\"limits\"}"].joined("\0"))
        try await self.scene.harness.command("DEL", self.scene.shardKey("a:" + audited[4]))
        let gone = try await self.scene.observe("admin/audit_page", keys: self.scene.keys, PolicyCalls.page(limit: 1))
        #expect(gone.answer.text(4) == "")
        try await self.scene.harness.command("ZADD", self.scene.key("al"), audited[4], "nonsense")
        try await self.scene.harness.command("DEL", self.scene.shardKey("a:" + audited[3]))
        try await self.scene.harness.command("RPUSH", self.scene.shardKey("a:" + audited[3]), "nonsense")
        #expect(
            try await self.page(PolicyCalls.page(limit: 3)) == [audited[4], audited[4], audited[3]],
            "what is no entry has a place like the others")
    }
}
