// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("budget/release", .privateRedis, .serialized)
struct ReleaseTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func release(_ call: SettleCall, tag: ByteText = "A1") async throws -> Observation {
        try await self.scene.observe("budget/release", call.release(tag))
    }

    @Test("A release gives the whole amount back, ends the record for a time and changes nothing else")
    func givesBack() async throws {
        let placed = try await self.scene.placeInThreeScopes(Ledger(1000, reserved: 5, spent: 30, limit: 7, flags: "i"))
        var call = SettleCall(placed)
        call.note = "\"not needed\""
        let now = Scene.startMs + 99
        try await self.scene.setClock(now)
        let held = Ledger(1000, reserved: 105, spent: 30, limit: 7, flags: "i")
        let free = Ledger(1000, reserved: 5, spent: 30, limit: 7, flags: "i")
        let final = placed.record.ended(
            "R",
            .init(
                atMs: now, key: call.key + call.fingerprint,
                snapshot: snapshotText(Paths.all.map { ($0, held) }, effects: ["p", "p", "p"]), note: call.note))
        let seen = try await self.release(call)
        #expect(seen.answer == .reply("RELEASED", .bytes(final.text), .integer(now)))
        var changes = self.scene.endingChanges(of: placed, to: final, keepMs: call.keepMs, from: seen.before)
        for path in Paths.all { changes[self.scene.ledgerKey(path)] = .string(free.text) }
        seen.expectChanges(changes)
    }

    @Test("The same release again answers the final record and changes nothing")
    func replays() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        let call = SettleCall(placed)
        let final = try await self.release(call).answer.text(0)
        for (tag, delay) in [("A1", 0), ("S2", 10_000), ("C3", 100_000_000)] as [(ByteText, Int64)] {
            try await self.scene.harness.command("SET", self.scene.tenantKey, tag)
            let now = Scene.startMs + delay
            try await self.scene.setClock(now)
            try await self.release(call, tag: tag).expectUnchanged(.reply("REPLAYED", .bytes(final), .integer(now)))
        }
    }

    @Test("The same key with another request is a mismatch, another key finds the reservation finalized")
    func mismatch() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        var call = SettleCall(placed)
        _ = try await self.release(call)
        call.fingerprint = mark("g2")
        try await self.release(call).expectUnchanged(.reply("MISMATCH"))
        call.key = mark("k2")
        try await self.release(call).expectUnchanged(.reply("FINALIZED"))
    }

    @Test("Closed, frozen, indebted and over-limit ledgers all take their amount back")
    func anyLedger() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        let flags: [ByteText] = ["CFOr", "F0", "Oi"]
        for (path, flags) in zip(Paths.all, flags) {
            try await self.scene.write(Ledger(10, reserved: 100, spent: 500, debt: 60, limit: 50, flags: flags), path)
        }
        #expect(try await self.release(SettleCall(placed)).answer.word == "RELEASED")
        for (path, flags) in zip(Paths.all, flags) {
            let left = try await self.scene.ledger(path)
            #expect(left == Ledger(10, spent: 500, debt: 60, limit: 50, flags: flags))
        }
    }

    @Test("A ledger that is gone or holds less than the reservation is corrupt, in each scope", arguments: Paths.all)
    func missingLedger(path: ByteText) async throws {
        for factor: Int64 in [1, 1 << 50] {
            try await self.scene.harness.reset(clockUs: Scene.startMs * 1000)
            var reserve = ReserveCall()
            reserve.amount = 100 * factor
            let placed = try await self.scene.placeInThreeScopes(Ledger(1000 * factor), reserve)
            let key = self.scene.ledgerKey(path)
            try await self.scene.write(Ledger(1000 * factor, reserved: 100 * factor - 1), path)
            try await self.release(SettleCall(placed)).expectFailure("CORRUPT ledger " + key.plain)
            try await self.scene.harness.command("DEL", key)
            try await self.release(SettleCall(placed)).expectFailure("CORRUPT ledger " + key.plain)
        }
    }
}
