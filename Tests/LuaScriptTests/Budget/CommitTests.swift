// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("budget/commit", .privateRedis, .serialized)
struct CommitTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func commit(_ call: SettleCall, tag: ByteText = "A1") async throws -> Observation {
        try await self.scene.observe("budget/commit", call.commit(tag))
    }

    @Test("A commit books the actual amount, ends the record for a time and changes nothing else")
    func books() async throws {
        let placed = try await self.scene.placeInThreeScopes(Ledger(1000, reserved: 5, spent: 30))
        var call = SettleCall(placed)
        call.note = "{\"run\":7}"
        let now = Scene.startMs + 1234
        try await self.scene.setClock(now)
        let held = Ledger(1000, reserved: 105, spent: 30)
        let booked = Ledger(1000, reserved: 5, spent: 100)
        let final = placed.record.ended(
            "C",
            .init(
                atMs: now, key: call.key + call.fingerprint, charged: 70,
                snapshot: snapshotText(Paths.all.map { ($0, held) }, effects: ["p", "p", "p"]), note: call.note))
        let seen = try await self.commit(call)
        #expect(seen.answer == .reply("COMMITTED", .bytes(final.text), .integer(now)))
        var changes = self.scene.endingChanges(of: placed, to: final, keepMs: call.keepMs, from: seen.before)
        for path in Paths.all { changes[self.scene.ledgerKey(path)] = .string(booked.text) }
        seen.expectChanges(changes)
    }

    @Test("Only the ledgers locked at reserve time are booked, whatever budgets were added since")
    func onlyLockedLedgers() async throws {
        try await self.scene.openTenant()
        try await self.scene.openLedgers([Paths.root: Ledger(1000)])
        let placed = try await self.scene.place()
        try await self.scene.openLedgers([Paths.leaf: Ledger(5), Paths.middle: Ledger(0, flags: "C0")])
        let seen = try await self.commit(SettleCall(placed))
        #expect(seen.answer.word == "COMMITTED")
        #expect(try await self.scene.ledger(Paths.root) == Ledger(1000, spent: 70))
        #expect(try await self.scene.ledger(Paths.leaf) == Ledger(5))
    }

    @Test("136 200: the same commit again answers the final record and changes nothing")
    func replays() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        let call = SettleCall(placed)
        let final = try await self.commit(call).answer.text(0)
        for (tag, delay) in [("A1", 0), ("S2", 10_000), ("C3", 100_000_000)] as [(ByteText, Int64)] {
            try await self.scene.harness.command("SET", self.scene.tenantKey, tag)
            let now = Scene.startMs + delay
            try await self.scene.setClock(now)
            try await self.commit(call, tag: tag).expectUnchanged(.reply("REPLAYED", .bytes(final), .integer(now)))
        }
    }

    @Test("The same key with another request is a mismatch, another key finds the reservation finalized")
    func mismatch() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        var call = SettleCall(placed)
        _ = try await self.commit(call)
        call.fingerprint = mark("g2")
        try await self.commit(call).expectUnchanged(.reply("MISMATCH"))
        call.key = mark("k2")
        try await self.commit(call).expectUnchanged(.reply("FINALIZED"))
    }

    @Test("A unit other than the reservation's is refused and the reservation stays active")
    func wrongUnit() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        var call = SettleCall(placed)
        call.unit = "T"
        try await self.commit(call).expectUnchanged(.reply("UNIT", "U"))
    }

    @Test("A closed ledger refuses a commit, a frozen or over-limit one does not")
    func ledgerFlags() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        let held = Ledger(1000, reserved: 100)
        for path in Paths.all {
            for flags: ByteText in ["C0", "COr", "Ci"] {
                try await self.scene.write(Ledger(1000, reserved: 100, flags: flags), path)
                try await self.commit(SettleCall(placed))
                    .expectUnchanged(.reply("DENIED", "CLOSED", .bytes(path)), "\(flags)")
            }
            try await self.scene.write(held, path)
        }
        try await self.scene.openLedgers([
            Paths.root: Ledger(1000, reserved: 100, flags: "Fr"), Paths.leaf: Ledger(1000, reserved: 100, flags: "Oi"),
        ])
        #expect(try await self.commit(SettleCall(placed)).answer.word == "COMMITTED")
        #expect(try await self.scene.ledger(Paths.root) == Ledger(1000, spent: 70, flags: "Fr"))
        #expect(try await self.scene.ledger(Paths.leaf) == Ledger(1000, spent: 70, flags: "Oi"))
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
            try await self.commit(SettleCall(placed)).expectFailure("CORRUPT ledger " + key.plain)
            try await self.scene.harness.command("DEL", key)
            try await self.commit(SettleCall(placed)).expectFailure("CORRUPT ledger " + key.plain)
        }
    }

    @Test("A sum that leaves int64 is refused before the first write, in each scope", arguments: Paths.all)
    func overflow(path: ByteText) async throws {
        let placed = try await self.scene.placeInThreeScopes()
        var call = SettleCall(placed)
        for actual: Int64 in [100, 70] {
            call.actual = actual
            try await self.scene.write(Ledger(.max, reserved: 100, spent: .max - actual + 1), path)
            try await self.commit(call).expectFailure("CORRUPT ledger " + self.scene.ledgerKey(path).plain)
        }
        try await self.scene.write(Ledger(.max, reserved: 100, spent: .max - 70), path)
        #expect(try await self.commit(call).answer.word == "COMMITTED")
        #expect(try await self.scene.ledger(path) == Ledger(.max, spent: .max))
    }

    @Test("Short of room held by reservations that wait to be expired, a commit is BEHIND, and goes through after them")
    func behind() async throws {
        for policy: ByteText in ["I", "O"] {
            try await self.scene.harness.reset(clockUs: Scene.startMs * 1000)
            try await self.scene.openTenant()
            try await self.scene.openLedgers([Paths.root: Ledger(1000), Paths.leaf: Ledger(200)])
            var other = ReserveCall()
            other.id = mark("h0")
            other.ttlMs = 1_000
            let overdue = try await self.scene.place(other)
            var reserve = ReserveCall()
            reserve.policy = policy
            var call = SettleCall(try await self.scene.place(reserve))
            call.actual = 150
            let deadline = overdue.record.deadlineMs
            try await self.scene.setClock(deadline + 1)
            for caughtUp in [0, deadline + 1, deadline + 2] {
                call.caughtUpMs = caughtUp
                try await self.commit(call).expectUnchanged(.reply("BEHIND"), "\(policy), caught up to \(caughtUp)")
            }
            call.caughtUpMs = 0
            let swept = try await self.scene.run("budget/expire", ["limit": "10", "keep_ms": "1000000"])
            #expect(swept == .reply("EXPIRED", 1, 0, 0, .integer(deadline + 1)))
            let seen = try await self.commit(call)
            #expect(seen.answer.word == "COMMITTED")
            #expect(try await self.scene.ledger(Paths.leaf) == Ledger(200, spent: 150))
        }
    }

    @Test("What became due after the last sweep is too young to wait for", arguments: ["I", "O"] as [ByteText])
    func caughtUp(policy: ByteText) async throws {
        try await self.scene.openTenant()
        try await self.scene.openLedgers([Paths.root: Ledger(200)])
        var other = ReserveCall()
        other.id = mark("h0")
        other.ttlMs = 1_000
        let overdue = try await self.scene.place(other)
        var reserve = ReserveCall()
        reserve.policy = policy
        var call = SettleCall(try await self.scene.place(reserve))
        call.actual = 150
        call.caughtUpMs = overdue.record.deadlineMs
        try await self.scene.setClock(overdue.record.deadlineMs + 500)
        let seen = try await self.commit(call)
        if policy == "O" {
            seen.expectUnchanged(.reply("DENIED", "OVERDRAFT", .bytes(Paths.root)))
        } else {
            #expect(seen.answer.word == "COMMITTED")
            #expect(try await self.scene.ledger(Paths.root) == Ledger(200, reserved: 100, spent: 100, flags: "O0"))
        }
    }

    @Test("A commit within the reserved amount waits for nobody")
    func withinTheReservation() async throws {
        try await self.scene.openTenant()
        try await self.scene.openLedgers([Paths.root: Ledger(200)])
        var other = ReserveCall()
        other.id = mark("h0")
        other.ttlMs = 1_000
        let overdue = try await self.scene.place(other)
        var call = SettleCall(try await self.scene.place())
        call.actual = 100
        try await self.scene.setClock(overdue.record.deadlineMs + 1)
        #expect(try await self.commit(call).answer.word == "COMMITTED")
    }

    @Test("The extensions of a committed reservation end with it")
    func extensionsEnd() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        let call = SettleCall(placed)
        _ = try await self.scene.run("budget/extend", call.extend())
        let log = self.scene.shardKey("x:" + placed.id)
        #expect(try await self.scene.harness.snapshot().remainingMs(log) == nil)
        let seen = try await self.commit(call)
        #expect(seen.answer.word == "COMMITTED")
        let left = try #require(seen.after.remainingMs(log))
        #expect(left > call.keepMs - 30_000 && left <= call.keepMs)
        #expect(seen.after[log] == seen.before[log])
    }

    @Test("A row past the first string of the directory is ended in its own")
    func laterChunk() async throws {
        try await self.scene.openTenant()
        try await self.scene.openLedgers([Paths.root: Ledger(1000)])
        try await self.scene.harness.command("SET", self.scene.key("n"), "2030")
        try await self.scene.harness.command("SET", self.scene.key("d:0000002"), ByteText("\0").repeated(64 * 30))
        let placed = try await self.scene.place()
        #expect(placed.record.row == 2030)
        let seen = try await self.commit(SettleCall(placed))
        let final = placed.record.ended(
            "C",
            .init(
                atMs: Scene.startMs, key: mark("k1") + mark("g1"), charged: 70,
                snapshot: snapshotText([(Paths.root, Ledger(1000, reserved: 100))], effects: ["p"])))
        var changes = self.scene.endingChanges(of: placed, to: final, keepMs: 172_800_000, from: seen.before)
        changes[self.scene.ledgerKey(Paths.root)] = .string(Ledger(1000, spent: 70).text)
        #expect(changes.keys.contains(self.scene.key("d:0000002")))
        seen.expectChanges(changes)
    }
}
