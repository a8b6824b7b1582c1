// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("admin/get_tenant, admin/update_tenant and admin/list_tenants", .privateRedis, .serialized)
struct TenantChangeTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private let terms: ByteText = "{\"default_reservation_ttl_ms\":60000}"
    private let newTerms: ByteText = "{\"default_reservation_ttl_ms\":5000}"

    private func update(_ arguments: ScriptArguments) async throws -> Observation {
        try await self.scene.observe("admin/update_tenant", arguments)
    }

    private func profile(_ snapshot: KeyspaceSnapshot) -> [ByteText: ByteText] { snapshot.hash(self.scene.key("p")) }

    @Test("A change is stored, makes cached tags stale, is audited and announced, and nothing else changes")
    func updates() async throws {
        try await self.scene.openTenantWithKeys()
        try await self.scene.setClock(Scene.startMs + 7)
        let seen = try await self.update(TenantCalls.update())
        let (created, now) = (ByteText(Scene.startMs), ByteText(Scene.startMs + 7))
        #expect(seen.answer == .reply("UPDATED", .bytes(created), .bytes(now), "", ""))
        var journal = Journal(self.scene, atUs: (Scene.startMs + 7) * 1000, after: seen.before)
        journal.audit("{\"op\":\"updateTenant\"}")
        journal.event("tenant.updated", "{\"request_id\":\"r2\"}", "{\"changed_fields\":[]}")
        seen.expectChanges(
            journal.with([
                self.scene.tenantKey: .string("A\((Scene.startMs + 7) * 1000)"),
                self.scene.key("p"): .hash([
                    "name": "\"New\"", "terms": self.newTerms, "created_ms": created, "updated_ms": now,
                ]),
            ]))
    }

    @Test("58: suspending and reactivating move the status letter, the epoch, and suspended_ms")
    func suspends() async throws {
        try await self.scene.openTenantWithKeys(0)
        var call = TenantCalls.update(to: "S", name: "\"Acme\"")
        call["new_terms"] = self.terms
        let suspended = try await self.update(call)
        let start = ByteText(Scene.startMs)
        #expect(suspended.answer == .reply("UPDATED", .bytes(start), .bytes(start), .bytes(start), ""))
        #expect(suspended.after.string(self.scene.tenantKey) == Scene.tag("S"))
        try await self.scene.setClock(Scene.startMs + 9)
        let tenant = try await self.scene.observe("admin/get_tenant", [:])
        tenant.expectUnchanged(
            .reply(
                "TENANT", "S", "\"Acme\"", .bytes(self.terms), .bytes(start), .bytes(start), .bytes(start), ""))
        call["status"] = "S"
        let renamed = call
        call["new_name"] = "\"Other\""
        #expect(try await self.update(call).answer.text(2) == start, "a change of a suspended tenant keeps the time")
        call = renamed
        call["name"] = "\"Other\""
        call["new_status"] = "A"
        let active = try await self.update(call)
        #expect(active.answer.text(2) == "")
        #expect(active.after.string(self.scene.tenantKey) == "A\((Scene.startMs + 9) * 1000 + 1)")
        #expect(self.profile(active.after)["suspended_ms"] == nil)
    }

    @Test("Closing flips the status at once and asks for the rest to be ended")
    func closes() async throws {
        try await self.scene.openTenantWithKeys(0)
        let seen = try await self.update(TenantCalls.update(to: "C"))
        let start = ByteText(Scene.startMs)
        #expect(seen.answer == .reply("UPDATED", .bytes(start), .bytes(start), "", .bytes(start)))
        #expect(seen.after.string(self.scene.tenantKey) == Scene.tag("C"))
        #expect(seen.after.scores(self.scene.shardKey("due")) == ["cacme": start])
        let profile = self.profile(seen.after)
        #expect(profile["closed_ms"] == start && profile["close_request"] == TenantCalls.closing)
        try await self.update(TenantCalls.update("C", to: "A"))
            .expectUnchanged(
                .reply(
                    "CHANGED", "C", "\"New\"", .bytes(self.newTerms), .bytes(start), .bytes(start), "", .bytes(start)))
        var again = TenantCalls.update("C", to: "A", name: "\"New\"")
        again["name"] = "\"New\""
        again["terms"] = self.newTerms
        try await self.update(again).expectUnchanged(.reply("CLOSED"), "nothing leads out of it")
    }

    @Test("A change made from another tenant than the present one is not made", arguments: ["status", "name", "terms"])
    func changed(field: String) async throws {
        try await self.scene.openTenantWithKeys(0)
        var call = TenantCalls.update()
        call[field] = "X"
        let start = ByteText(Scene.startMs)
        try await self.update(call)
            .expectUnchanged(
                .reply("CHANGED", "A", "\"Acme\"", .bytes(self.terms), .bytes(start), .bytes(start), "", ""))
    }

    @Test("There must be a tenant, and its tag and profile must be in order")
    func missing() async throws {
        try await self.update(TenantCalls.update()).expectUnchanged(.reply("NO_TENANT"))
        try await self.scene.observe("admin/get_tenant", [:]).expectUnchanged(.reply("NO_TENANT"))
        try await self.scene.openTenantWithKeys(0)
        try await self.scene.harness.command("SET", self.scene.tenantKey, "Axyz")
        try await self.update(TenantCalls.update()).expectFailure()
        try await self.scene.harness.command("HDEL", self.scene.key("p"), "terms")
        try await self.update(TenantCalls.update()).expectFailure("CORRUPT")
        try await self.scene.observe("admin/get_tenant", [:]).expectFailure("CORRUPT")
    }

    @Test("Tenants are listed by creation in either order, some at a time, and tell more apart from no more")
    func lists() async throws {
        for (tenant, ms) in [("aaa", 1), ("bbb", 2), ("ccc", 2), ("ddd", 3)] as [(ByteText, Int64)] {
            var scene = self.scene
            scene.tenant = tenant
            try await scene.setClock(Scene.startMs + ms)
            #expect(try await scene.run("admin/create_tenant", AdminCalls.createTenant).word == "CREATED")
        }
        func ids(_ arguments: ScriptArguments) async throws -> [ByteText] {
            let seen = try await self.scene.observe("admin/list_tenants", keys: [Scene.prefix], arguments)
            #expect(seen.changes == [])
            #expect(seen.answer.text(1) == ByteText(Scene.startMs + 3))
            let rows = stride(from: 2, to: seen.answer.fields.count, by: 9).map { index in
                let ms = Scene.startMs + (["aaa": 1, "ddd": 3][seen.answer.text(index + 1)] ?? 2)
                #expect(seen.answer.text(index) == ByteText(ms))
                return seen.answer.text(index + 1)
            }
            return [seen.answer.text(0)] + rows
        }
        let second = ByteText(Scene.startMs + 2)
        #expect(try await ids(TenantCalls.listTenants()) == ["0", "aaa", "bbb", "ccc", "ddd"])
        #expect(try await ids(TenantCalls.listTenants(limit: 2)) == ["1", "aaa", "bbb"])
        #expect(try await ids(TenantCalls.listTenants(from: second, offset: 1, limit: 2)) == ["1", "ccc", "ddd"])
        #expect(try await ids(TenantCalls.listTenants(from: second, offset: 1, limit: 3)) == ["0", "ccc", "ddd"])
        #expect(try await ids(TenantCalls.listTenants("desc", from: "+inf", limit: 3)) == ["1", "ddd", "ccc", "bbb"])
        #expect(try await ids(TenantCalls.listTenants("desc", from: second, offset: 1)) == ["0", "bbb", "aaa"])
    }

    @Test("A tenant without status or profile, or with others in their place, is listed with empty fields")
    func listsBroken() async throws {
        for command in [
            ["DEL", "hf:{00}:t:bbb"], ["DEL", "hf:{00}:t:bbb:p"], ["HDEL", "hf:{00}:t:bbb:p", "terms"],
            ["SET", "hf:{00}:t:bbb:p", "nonsense"],
        ] as [[ByteText]] {
            try await self.scene.harness.reset(clockUs: Scene.startMs * 1000)
            for tenant in ["aaa", "bbb", "ccc"] as [ByteText] {
                var scene = self.scene
                scene.tenant = tenant
                #expect(try await scene.run("admin/create_tenant", AdminCalls.createTenant).word == "CREATED")
            }
            try await self.scene.harness.command(command)
            let seen = try await self.scene.observe(
                "admin/list_tenants", keys: [Scene.prefix], TenantCalls.listTenants())
            let broken: [ScriptField] = [.bytes(ByteText(Scene.startMs)), "bbb"] + Array(repeating: "", count: 7)
            #expect(Array(seen.answer.fields[11..<20]) == broken, "\(command)")
            #expect(seen.answer.text(3) == "aaa" && seen.answer.text(21) == "ccc")
        }
    }

    @Test("A call that has read much ends early and says that there is more")
    func listsLargeTenants() async throws {
        for number in 0..<6 {
            var scene = self.scene
            scene.tenant = "tenant-\(number)"
            var call = AdminCalls.createTenant
            call["terms"] = ByteText("x").repeated(100_000)
            #expect(try await scene.run("admin/create_tenant", call).word == "CREATED")
        }
        let answer = try await self.scene.harness.run(
            "admin/list_tenants", keys: [Scene.prefix], TenantCalls.listTenants())
        #expect(answer.text(0) == "1")
        #expect(answer.fields.count == 2 + 3 * 9)
    }
}
