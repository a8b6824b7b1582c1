// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// Calls with the admin key, which have no cached tag of the tenant: get, and release with its audit entry.
@Suite("The operator", .privateRedis, .serialized)
struct OperatorTests {
    static let entry: ByteText = "{\"op\":\"releaseReservation\"}"

    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func release(_ call: SettleCall) async throws -> Observation {
        try await self.scene.observe("budget/release", call.release(""))
    }

    private func call(_ placed: Placed) -> SettleCall {
        var call = SettleCall(placed)
        call.entry = Self.entry
        return call
    }

    @Test("A release writes its audit entry with its effect, whatever the tenant's epoch", arguments: ["A1", "S7"])
    func audited(tag: String) async throws {
        let placed = try await self.scene.placeInThreeScopes()
        try await self.scene.harness.command("SET", self.scene.tenantKey, ByteText(tag))
        let call = self.call(placed)
        let seen = try await self.release(call)
        let final = placed.record.ended(
            "R",
            .init(
                atMs: Scene.startMs, key: call.key + call.fingerprint,
                snapshot: snapshotText(
                    Paths.all.map { ($0, Ledger(1000, reserved: 100)) }, effects: ["p", "p", "p"])))
        #expect(seen.answer == .reply("RELEASED", .bytes(final.text), .integer(Scene.startMs)))
        var journal = Journal(self.scene, atUs: Scene.startUs, after: seen.before)
        journal.audit(Self.entry)
        var changes = self.scene.endingChanges(of: placed, to: final, keepMs: call.keepMs, from: seen.before)
        for path in Paths.all { changes[self.scene.ledgerKey(path)] = .string(Ledger(1000).text) }
        seen.expectChanges(journal.with(changes))
        try await self.release(call)
            .expectUnchanged(.reply("REPLAYED", .bytes(final.text), .integer(Scene.startMs)), "a replay is not an act")
    }

    @Test("What is refused leaves no audit entry")
    func refused() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        var call = self.call(placed)
        call.id = mark("other")
        try await self.release(call).expectUnchanged(.reply("NOT_FOUND"))
        call = self.call(placed)
        try await self.scene.harness.command("SET", self.scene.tenantKey, "C1")
        try await self.release(call).expectUnchanged(.reply("CLOSED"))
        try await self.scene.harness.command("SET", self.scene.tenantKey, "A1")
        try await self.scene.setClock(placed.record.deadlineMs + 1)
        try await self.release(call).expectUnchanged(.reply("EXPIRED"))
        try await self.scene.setClock(Scene.startMs)
        _ = try await self.scene.run("budget/release", call.release("A1"))
        call.fingerprint = mark("g2")
        try await self.release(call).expectUnchanged(.reply("MISMATCH"))
        call.key = mark("k2")
        try await self.release(call).expectUnchanged(.reply("FINALIZED"))
    }

    @Test("An audit key of another type, or a sequence that is none, leaves everything as it was", arguments: [0, 1])
    func brokenAudit(index: Int) async throws {
        let key = [self.scene.shardKey("seq"), self.scene.key("al")][index]
        let placed = try await self.scene.placeInThreeScopes()
        try await self.scene.harness.command("RPUSH", key, "x")
        try await self.release(self.call(placed)).expectFailure("WRONGTYPE")
        try await self.scene.harness.command("DEL", key)
        if index == 0 {
            try await self.scene.harness.command("SET", key, "abc")
            try await self.release(self.call(placed)).expectFailure("CORRUPT")
            try await self.scene.harness.command("DEL", key)
        }
        #expect(try await self.release(self.call(placed)).answer.word == "RELEASED")
    }

    @Test("A tenant that is not there has no reservations, another tenant's are foreign")
    func tenants() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        let call = self.call(placed)
        let scripts = ["budget/release", "budget/get"]
        var other = self.scene
        other.tenant = "globex"
        for script in scripts {
            try await other.observe(script, call.arguments(script, "")).expectUnchanged(.reply("NOT_FOUND"))
        }
        try await other.openTenant("C1")
        for script in scripts {
            try await other.observe(script, call.arguments(script, "")).expectUnchanged(.reply("FOREIGN"))
        }
        try await self.scene.harness.command("DEL", self.scene.tenantKey)
        for script in scripts {
            try await self.scene.observe(script, call.arguments(script, "")).expectUnchanged(.reply("NOT_FOUND"))
        }
    }

    @Test("A get needs no tag, whatever the tenant's status")
    func gets() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        for tag: ByteText in ["A1", "S2", "C3"] {
            try await self.scene.harness.command("SET", self.scene.tenantKey, tag)
            try await self.scene.observe("budget/get", SettleCall(placed).arguments("budget/get", ""))
                .expectUnchanged(.reply("FOUND", .bytes(placed.record.text), .integer(Scene.startMs)))
        }
    }
}
