// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("budget/extend", .privateRedis, .serialized)
struct ExtendTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func extend(_ call: SettleCall, tag: ByteText = "A1") async throws -> Observation {
        try await self.scene.observe("budget/extend", call.extend(tag))
    }

    /// What the extensions of `placed` should have made of the record and its indexes.
    private func changes(
        _ placed: Placed, expires: Int64, used: Int64, log: [ByteText: ByteText], from before: KeyspaceSnapshot
    ) -> [ByteText: KeyChange] {
        var record = placed.record
        record.expiresMs = expires
        record.used = used
        let chunk = before.string(self.scene.chunkKey(0)) ?? ""
        return [
            placed.key: .string(record.text),
            self.scene.key("due"): .scores([placed.id: ByteText(record.deadlineMs)]),
            self.scene.chunkKey(0): .string(chunk.replacing(at: 7, with: bigEndian(expires, 6))),
            self.scene.shardKey("x:" + placed.id): .hash(log),
        ]
    }

    @Test("An extension moves the expiry in record, row and due index, keeps its answer, and changes nothing else")
    func extends() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        var call = SettleCall(placed)
        try await self.scene.setClock(Scene.startMs + 40_000)
        let first = placed.record.expiresMs + 30_000
        let seen = try await self.extend(call)
        #expect(seen.answer == .reply("EXTENDED", "\(first)", .integer(Scene.startMs + 40_000)))
        var log = [call.key: call.fingerprint + ByteText(first)]
        seen.expectChanges(self.changes(placed, expires: first, used: 1, log: log, from: seen.before))

        call.key = mark("k2")
        call.fingerprint = mark("g2")
        call.extendByMs = 1
        let again = try await self.extend(call)
        #expect(again.answer == .reply("EXTENDED", "\(first + 1)", .integer(Scene.startMs + 40_000)))
        log[call.key] = call.fingerprint + ByteText(first + 1)
        again.expectChanges(self.changes(placed, expires: first + 1, used: 2, log: log, from: again.before))
    }

    @Test("The same extension again answers the expiry it was given, and whether the reservation still lives")
    func replays() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        let call = SettleCall(placed)
        let expires = placed.record.expiresMs + 30_000
        _ = try await self.extend(call)
        var second = call
        second.key = mark("k2")
        _ = try await self.extend(second)
        let deadline = expires + 30_000 + placed.record.graceMs
        for (now, isLive) in [(Scene.startMs, 1), (deadline, 1), (deadline + 1, 0)] as [(Int64, Int64)] {
            try await self.scene.setClock(now)
            try await self.extend(call)
                .expectUnchanged(.reply("REPLAYED", "\(expires)", .integer(now), .integer(isLive)), "at \(now)")
        }
        try await self.scene.setClock(Scene.startMs)
        _ = try await self.scene.run("budget/commit", call.commit())
        try await self.scene.harness.command("SET", self.scene.tenantKey, "C2")
        try await self.extend(call, tag: "C2")
            .expectUnchanged(.reply("REPLAYED", "\(expires)", .integer(Scene.startMs), 0), "after the end")
    }

    @Test("The same key with another request is a mismatch")
    func mismatch() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        var call = SettleCall(placed)
        _ = try await self.extend(call)
        call.fingerprint = mark("g2")
        try await self.extend(call).expectUnchanged(.reply("MISMATCH"))
        try await self.scene.setClock(Scene.startMs + 10_000_000)
        try await self.extend(call).expectUnchanged(.reply("MISMATCH"), "before expiry is looked at")
    }

    @Test("No more extensions than allowed, and replays use none up", arguments: [0, 1, 3] as [Int64])
    func exhausted(allowed: Int64) async throws {
        var reserve = ReserveCall()
        reserve.extensions = allowed
        let placed = try await self.scene.placeInThreeScopes(Ledger(1000), reserve)
        var call = SettleCall(placed)
        for index in 0..<allowed {
            call.key = mark("k\(index)")
            #expect(try await self.extend(call).answer.word == "EXTENDED")
            #expect(try await self.extend(call).answer.word == "REPLAYED")
        }
        call.key = mark("last")
        try await self.extend(call).expectUnchanged(.reply("EXHAUSTED"))
    }

    @Test("More than 999 extensions do not fit into the record and are refused")
    func neverOverflowsTheCounter() async throws {
        var reserve = ReserveCall()
        reserve.extensions = 1000
        let placed = try await self.scene.placeInThreeScopes(Ledger(1000), reserve)
        var record = placed.record
        record.used = 998
        try await self.scene.harness.command("SET", placed.key, record.text)
        var call = SettleCall(placed)
        #expect(try await self.extend(call).answer.word == "EXTENDED")
        call.key = mark("k2")
        try await self.extend(call).expectUnchanged(.reply("EXHAUSTED"))
    }

    @Test("130: an extended reservation is committed by its new deadline, not its old one")
    func newDeadline() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        let call = SettleCall(placed)
        _ = try await self.extend(call)
        try await self.scene.setClock(placed.record.deadlineMs + 30_001)
        try await self.scene.observe("budget/commit", call.commit()).expectUnchanged(.reply("EXPIRED"))
        try await self.scene.setClock(placed.record.deadlineMs + 30_000)
        #expect(try await self.scene.run("budget/commit", call.commit()).word == "COMMITTED")
    }
}
