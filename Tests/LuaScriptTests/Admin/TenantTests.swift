// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("admin/create_tenant", .privateRedis, .serialized)
struct CreateTenantTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func create(_ arguments: ScriptArguments = AdminCalls.createTenant) async throws -> Observation {
        try await self.scene.observe("admin/create_tenant", arguments)
    }

    @Test("A new tenant is active, in its shard's list, audited and announced, and nothing else changes")
    func creates() async throws {
        try await self.scene.harness.setClock(us: Scene.startMs * 1000 + 42)
        let seen = try await self.create()
        let now = ByteText(Scene.startMs)
        #expect(seen.answer == .reply("CREATED", .bytes(now)))
        var journal = Journal(self.scene, atUs: Scene.startMs * 1000 + 42, after: seen.before)
        journal.audit("{\"op\":\"createTenant\"}")
        journal.event(
            "tenant.created", "{\"request_id\":\"r1\"}", "{\"new_status\":\"ACTIVE\",\"changed_fields\":[]}")
        let profile: [ByteText: ByteText] = [
            "name": "\"Acme\"", "terms": "{\"default_reservation_ttl_ms\":60000}", "created_ms": now,
            "updated_ms": now,
        ]
        seen.expectChanges(
            journal.with([
                self.scene.tenantKey: .string(Scene.tag(changes: 43)),
                self.scene.key("p"): .hash(profile),
                self.scene.key("n"): .string("0"),
                self.scene.shardKey("tenants"): .scores(["acme": now]),
            ]))
    }

    @Test("A tenant that is there is answered as it stands, and nothing changes")
    func exists() async throws {
        _ = try await self.create()
        var again = AdminCalls.createTenant
        again["name"] = "\"Other\""
        again["terms"] = "{}"
        again["entry"] = "{\"op\":\"another request\"}"
        let now = ByteText(Scene.startMs)
        try await self.scene.setClock(Scene.startMs + 5)
        for status: ByteText in ["A", "S", "C"] {
            try await self.scene.harness.command("SET", self.scene.tenantKey, status + "9")
            try await self.create(again)
                .expectUnchanged(
                    .reply(
                        "EXISTS", .bytes(status), "\"Acme\"", "{\"default_reservation_ttl_ms\":60000}", .bytes(now),
                        .bytes(now), "", ""))
        }
    }

    @Test("The very same call again answers that the tenant was created, and changes nothing; later ones do not")
    func again() async throws {
        let first = try await self.create()
        try await self.scene.setClock(Scene.startMs + 5)
        try await self.create().expectUnchanged(first.answer)
        // Also when much happened in between: the first entry of the log stays the first one.
        #expect(try await self.scene.run("admin/update_tenant", TenantCalls.update()).word == "UPDATED")
        try await self.create().expectUnchanged(first.answer)
        var other = AdminCalls.createTenant
        other["entry"] = "{\"op\":\"createTenant\",\"request_id\":\"2\"}"
        #expect(try await self.create(other).answer.word == "EXISTS")
        try await self.scene.harness.command("DEL", self.scene.key("al"))
        #expect(try await self.create().answer.word == "EXISTS")
    }

    @Test("A tenant whose profile lacks a field is corrupt", arguments: ["name", "terms", "created_ms", "updated_ms"])
    func corruptProfile(field: String) async throws {
        _ = try await self.create()
        try await self.scene.harness.command("HDEL", self.scene.key("p"), ByteText(field))
        try await self.create().expectFailure("CORRUPT")
    }
}

@Suite("admin/authenticate", .privateRedis, .serialized)
struct AuthenticateTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func load(_ id: ByteText) async throws -> Observation {
        try await self.scene.observe("admin/authenticate", ["key_id": id])
    }

    @Test("A key is loaded with its tenant's tag and profile; an unknown or empty id loads the tenant alone")
    func loads() async throws {
        try await self.load("key_1").expectUnchanged(.reply("NO_TENANT"))
        _ = try await self.scene.run("admin/create_tenant", AdminCalls.createTenant)
        _ = try await self.scene.run("admin/create_key", AdminCalls.createKey())
        let row = try #require(try await self.scene.harness.snapshot().hash(self.scene.key("keys"))["key_1"])
        for (id, row) in [("key_1", row), ("key_2", ""), ("", "")] as [(ByteText, ByteText)] {
            try await self.load(id)
                .expectUnchanged(
                    .reply(
                        "LOADED", .bytes(Scene.tag()), .bytes(row), "\"Acme\"",
                        "{\"default_reservation_ttl_ms\":60000}",
                        .integer(Scene.startMs), "", 0, ""))
        }
    }

    @Test("Quotas, policies, and whether there are registered resources come with the tenant")
    func loadsFacts() async throws {
        _ = try await self.scene.run("admin/create_tenant", AdminCalls.createTenant)
        try await self.scene.harness.command("HSET", self.scene.key("p"), "limits", "{\"a\":1}")
        try await self.scene.harness.command("HSET", self.scene.key("pol"), "pol_1", "row")
        for isRegistered: Int64 in [0, 1] {
            if isRegistered == 1 { try await self.scene.harness.command("HSET", self.scene.key("def"), "P", "row") }
            try await self.load("")
                .expectUnchanged(
                    .reply(
                        "LOADED", .bytes(Scene.tag()), "", "\"Acme\"", "{\"default_reservation_ttl_ms\":60000}",
                        .integer(Scene.startMs), "{\"a\":1}", .integer(isRegistered),
                        "", "pol_1", "row"))
        }
    }

    @Test("A tenant without a profile is corrupt")
    func corruptProfile() async throws {
        try await self.scene.openTenant()
        try await self.load("").expectFailure("CORRUPT")
    }
}

@Suite("admin/install", .privateRedis, .serialized)
struct InstallTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func install(_ shards: ByteText, _ salt: ByteText) async throws -> Observation {
        try await self.scene.observe("admin/install", keys: ["hf:install"], ["shards": shards, "salt": salt])
    }

    @Test("Whoever comes first writes the constants, everyone else gets those")
    func first() async throws {
        let salt = ByteText((0..<32).map { UInt8($0) })
        let seen = try await self.install("16", salt)
        #expect(seen.answer == .reply("INSTALLED", "16", .bytes(salt)))
        seen.expectChanges([
            "hf:install": .hash(["shards": "16", "salt": salt, "created_ms": ByteText(Scene.startMs)])
        ])
        try await self.install("4", "other").expectUnchanged(.reply("INSTALLED", "16", .bytes(salt)))
    }

    @Test("An install record that lacks a constant is corrupt, not replaced", arguments: ["shards", "salt"])
    func corrupt(field: String) async throws {
        _ = try await self.install("16", "salt")
        try await self.scene.harness.command("HDEL", "hf:install", ByteText(field))
        try await self.install("16", "salt").expectFailure("CORRUPT")
    }
}
