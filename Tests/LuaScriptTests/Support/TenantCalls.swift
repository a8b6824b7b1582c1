// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// Arguments of the scripts for tenants and API keys as they change, with something sensible in each place.
enum TenantCalls {
    /// Ids as a server stores them with a closing.
    static let closing: ByteText =
        "{\"request_id\":\"r1\",\"trace_id\":\"t1\",\"correlation_id\":\"tenant_close_cascade:acme:r1\"}"

    /// A change of what `AdminCalls.createTenant` makes.
    static func update(
        _ from: ByteText = "A", to status: ByteText = "A", name: ByteText = "\"New\""
    ) -> ScriptArguments {
        [
            "status": from, "name": AdminCalls.createTenant["name"],
            "terms": AdminCalls.createTenant["terms"], "new_status": status, "new_name": name,
            "new_terms": "{\"default_reservation_ttl_ms\":5000}", "entry": "{\"op\":\"updateTenant\"}",
            "context": "{\"request_id\":\"r2\"}", "kind": "tenant.updated", "payload": "{\"changed_fields\":[]}",
            "closing": status == "C" ? Self.closing : "",
        ]
    }

    /// The row that `AdminCalls.createKey` leads to.
    static func row(_ json: ByteText = "{\"name\":\"first\"}", expiresMs: Int64 = Scene.startMs + 1000) -> ByteText {
        ["ab12", "A", ByteText(Scene.startMs), ByteText(expiresMs), json].joined("\0")
    }

    static func updateKey(
        _ row: ByteText = Self.row(), json: ByteText = "{\"name\":\"second\"}",
        payload: ByteText = "{\"key_id\":\"key_1\"}"
    ) -> ScriptArguments {
        [
            "key_id": "key_1", "row": row, "json": json, "entry": "{\"op\":\"updateKey\"}",
            "context": "{}", "payload": payload,
        ]
    }

    static func revokeKey(_ row: ByteText = Self.row()) -> ScriptArguments {
        [
            "key_id": "key_1", "row": row, "reason": "\"lost\"", "entry": "{\"op\":\"revokeKey\"}", "context": "{}",
            "payload": "{\"key_id\":\"key_1\"}",
        ]
    }

    static func listTenants(
        _ order: ByteText = "asc", from: ByteText = "-inf", offset: Int64 = 0, limit: Int64 = 10
    ) -> ScriptArguments {
        ["order": order, "from": from, "offset": ByteText(offset), "limit": ByteText(limit)]
    }

    static func listKeys(
        _ tenant: ByteText, _ order: ByteText = "asc", from: ByteText = "-inf", offset: Int64 = 0, limit: Int64 = 10
    ) -> ScriptArguments {
        var arguments = listTenants(order, from: from, offset: offset, limit: limit)
        arguments["tenant"] = tenant
        return arguments
    }

    static func closeStep(limit: Int64 = 100) -> ScriptArguments {
        ["limit": ByteText(limit), "keep_ms": "172800000"]
    }
}

extension Scene {
    /// A tenant and `count` API keys, `key_1` and so on, by the real scripts.
    func openTenantWithKeys(_ count: Int = 1, lifetimeMs: Int64 = 1000) async throws {
        #expect(try await self.run("admin/create_tenant", AdminCalls.createTenant).word == "CREATED")
        try await self.openTenant("A1")
        for number in 1...max(1, count) where count > 0 {
            var call = AdminCalls.createKey("key_\(number)")
            call["expires_ms"] = ByteText(Scene.startMs + lifetimeMs)
            #expect(try await self.run("admin/create_key", call).word == "CREATED")
        }
    }

    /// A tenant with everything that a closing ends: budgets in three scopes, the second one frozen, `reservations` of
    /// 100 in all of them, `locks`, and two API keys; closed by the real script.
    func closeTenant(reservations: Int = 1, locks: Int = 1) async throws {
        try await self.openTenantWithKeys(2, lifetimeMs: 1_000_000_000)
        for (index, path) in Paths.all.enumerated() {
            var call = AdminCalls.createBudget(path, tag: "")
            call["terms"] = "{\"ledger_id\":\"ldg_\(index)\"}"
            call["limit"] = "0"
            call["policy"] = "0"
            call["allocated"] = "1000000"
            #expect(try await self.run("admin/create_budget", call).word == "CREATED")
        }
        var scene = self
        scene.tag = "A1"
        for number in 0..<reservations {
            var call = ReserveCall()
            call.id = mark("h\(number)")
            _ = try await scene.place(call)
        }
        for number in 0..<locks {
            var hold = Hold()
            hold.name = "gpu-\(number)"
            hold.ttlMs = number == 0 ? 0 : 30_000
            #expect(try await scene.acquire(hold, tag: "A1").answer.word == "ITEMS")
        }
        let frozen = try #require(try await self.harness.snapshot().string(self.ledgerKey(Paths.middle)))
        let head = frozen[0..<(frozen.count - 1)]
        try await self.harness.command("SET", self.ledgerKey(Paths.middle), head + "F0")
        #expect(try await self.run("admin/update_tenant", TenantCalls.update(to: "C")).word == "UPDATED")
    }

    /// Bodies of a kind in the order they were written, split at NUL: `e` events, `a` audit entries.
    func bodies(_ kind: ByteText) async throws -> [[ByteText]] {
        let snapshot = try await self.harness.snapshot()
        let prefix = self.shardKey(kind + ":")
        let keys = snapshot.entries.keys.filter { $0.bytes.starts(with: prefix.bytes) }.sorted()
        return keys.map { (snapshot.string($0) ?? "").split(0) }
    }
}

extension SampleCall {
    /// Calls about tenants and API keys that exist.
    static let tenants = changes + closing + reads

    private static let changes = [
        SampleCall(
            script: "admin/update_tenant", word: "UPDATED", again: "CHANGED",
            typed: { [$0.tenantKey, $0.key("p"), $0.shardKey("due")] + Self.journal($0) },
            arrange: { scene in
                try await scene.openTenantWithKeys(0)
                return TenantCalls.update()
            }),
        SampleCall(
            script: "admin/update_tenant", variant: "to its end", word: "UPDATED", again: "CHANGED",
            typed: { [$0.tenantKey, $0.key("p"), $0.shardKey("due")] + Self.journal($0) },
            arrange: { scene in
                try await scene.openTenantWithKeys(0)
                return TenantCalls.update(to: "C")
            }),
        SampleCall(
            script: "admin/update_key", word: "UPDATED", again: "CHANGED",
            typed: { [$0.tenantKey, $0.key("keys")] + Self.journal($0) },
            arrange: { scene in
                try await scene.openTenantWithKeys()
                return TenantCalls.updateKey()
            }),
        SampleCall(
            script: "admin/revoke_key", word: "REVOKED", again: "REVOKED",
            typed: { [$0.tenantKey, $0.key("keys")] + Self.journal($0) },
            arrange: { scene in
                try await scene.openTenantWithKeys()
                return TenantCalls.revokeKey()
            }),
    ]

    private static let closing = [
        SampleCall(
            script: "admin/close_step", word: "STEP", again: "STEP",
            typed: { scene in
                let names: [ByteText] = ["p", "due", "act", "ev", "bud", "kl", "keys", "cr"]
                return [scene.tenantKey, scene.shardKey("due")] + names.map(scene.key) + Self.journal(scene)
            },
            arrange: { scene in
                try await scene.closeTenant()
                return TenantCalls.closeStep()
            })
    ]

    private static let reads = [
        SampleCall(
            script: "admin/get_tenant", word: "TENANT", again: "TENANT", typed: { [$0.tenantKey, $0.key("p")] },
            arrange: { scene in
                try await scene.openTenantWithKeys(0)
                return [:]
            }),
        SampleCall(
            script: "admin/get_key", word: "KEY", again: "KEY", typed: { [$0.tenantKey, $0.key("keys")] },
            arrange: { scene in
                try await scene.openTenantWithKeys()
                return ["key_id": "key_1"]
            }),
        SampleCall(
            script: "admin/list_tenants", word: "ROWS", again: "ROWS", keys: { _ in [Scene.prefix] },
            typed: { [$0.shardKey("tenants")] },
            arrange: { scene in
                try await scene.openTenantWithKeys(0)
                return TenantCalls.listTenants()
            }),
        SampleCall(
            script: "admin/list_keys", word: "ROWS", again: "ROWS", keys: { _ in [Scene.prefix] },
            typed: { [$0.shardKey("kl")] },
            arrange: { scene in
                try await scene.openTenantWithKeys()
                return TenantCalls.listKeys("")
            }),
        SampleCall(
            script: "admin/list_keys", variant: "of a tenant", word: "ROWS", again: "ROWS",
            keys: { _ in [Scene.prefix] }, typed: { [$0.key("kl")] },
            arrange: { scene in
                try await scene.openTenantWithKeys()
                return TenantCalls.listKeys("acme", "desc", from: "+inf")
            }),
        SampleCall(
            script: "admin/key_owner", word: "OWNER", again: "OWNER", keys: { _ in [AdminCalls.entryKey] },
            typed: { _ in [AdminCalls.entryKey] },
            arrange: { scene in
                _ = try await scene.harness.run("admin/enter_key", keys: [AdminCalls.entryKey], AdminCalls.enterKey())
                return [:]
            }),
        SampleCall(
            script: "admin/confirm_tag", word: "CURRENT", again: "CURRENT", typed: { [$0.tenantKey] },
            arrange: { scene in
                try await scene.openTenant()
                return ["tag": "A1"]
            }),
    ]
}
