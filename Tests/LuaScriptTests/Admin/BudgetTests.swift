// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("admin/create_budget", .privateRedis, .serialized)
struct CreateBudgetTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func create(_ arguments: ScriptArguments = AdminCalls.createBudget()) async throws -> Observation {
        try await self.scene.observe("admin/create_budget", arguments)
    }

    @Test("A new ledger holds its allocation, is in the directory, audited and announced, and nothing else changes")
    func creates() async throws {
        try await self.scene.openTenant()
        for tag: ByteText in ["A1", ""] {
            let path = tag == "" ? Paths.leaf : Paths.root
            let seen = try await self.create(AdminCalls.createBudget(path, tag: tag))
            #expect(seen.answer == .reply("CREATED", "\(Scene.startMs)"))
            var journal = Journal(self.scene, atUs: Scene.startMs * 1000, after: seen.before)
            journal.audit("{\"op\":\"createBudget\"}")
            journal.event("budget.created", "{\"trace\":1}", "{\"scope\":\"tenant:acme\"}")
            let now = ByteText(Scene.startMs)
            var directory = seen.before.scores(self.scene.key("bud"))
            directory[path + "\0U"] = "0"
            seen.expectChanges(
                journal.with([
                    self.scene.ledgerKey(path): .string(Ledger(1000, limit: 500, flags: "o").text),
                    self.scene.key("lt:U:" + path): .string([now, now, "{\"ledger_id\":\"l1\"}"].joined("\0")),
                    self.scene.key("bud"): .scores(directory),
                ]))
        }
    }

    @Test("A scope has one ledger a unit")
    func duplicate() async throws {
        try await self.scene.openTenant()
        _ = try await self.create()
        try await self.create().expectUnchanged(.reply("DUPLICATE"))
        var other = AdminCalls.createBudget()
        other["unit"] = "T"
        other["policy"] = "0"
        other["allocated"] = ByteText(Int64.max)
        #expect(try await self.create(other).answer.word == "CREATED")
        #expect(try await self.scene.ledger(Paths.root, unit: "T") == Ledger(.max, limit: 500))
    }

    @Test("Stale tags, missing and inactive tenants are refused")
    func refused() async throws {
        try await self.create().expectUnchanged(.reply("STALE", ""))
        try await self.create(AdminCalls.createBudget(tag: "")).expectUnchanged(.reply("NO_TENANT"))
        try await self.scene.openTenant("A2")
        try await self.create().expectUnchanged(.reply("STALE", "A2"))
        for status: ByteText in ["S", "C"] {
            try await self.scene.openTenant(status + "4")
            for tag in ["", status + "4"] {
                try await self.create(AdminCalls.createBudget(tag: tag)).expectUnchanged(
                    .reply("INACTIVE", .bytes(status)))
            }
        }
    }
}
