// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("admin/close_step", .privateRedis, .serialized)
struct CloseStepTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func step(_ limit: Int64 = 100) async throws -> Observation {
        try await self.scene.observe("admin/close_step", TenantCalls.closeStep(limit: limit))
    }

    /// What matters of a closed tenant once everything is done: ledgers, states of reservations, key rows' letters,
    /// holds, and each event and audit entry as many times as it is there.
    private func outcome() async throws -> [String: Int] {
        let snapshot = try await self.scene.harness.snapshot()
        var facts: [String] = []
        for path in Paths.all { facts.append("ledger \(snapshot.string(self.scene.ledgerKey(path)) ?? "")") }
        for (key, _) in snapshot.entries where key.plain.hasPrefix("hf:{00}:r:") {
            let record = snapshot.string(key) ?? ""
            facts.append("\(key) \(record[0..<1]) \(snapshot.remainingMs(key) != nil)")
        }
        for (id, row) in snapshot.hash(self.scene.key("keys")) {
            facts.append("\(id) \(row.part(1)) \(row.part(6))")
        }
        facts += snapshot.entries.keys.filter { $0.plain.contains(":k:") || $0.plain.contains(":q:") }.map(\.plain)
        facts += snapshot.stream(self.scene.key("ev")).filter { $0[1] != "A" }.map { "\($0[2])" }
        for body in try await self.scene.bodies("e") { facts.append("event \(body[2]) \(body[4])") }
        for body in try await self.scene.bodies("a") { facts.append("audit \(body[2])") }
        facts += snapshot.scores(self.scene.shardKey("due")).keys.map { "due \($0)" }
        facts += snapshot.hash(self.scene.key("p")).keys.map { "profile \($0)" }
        if snapshot[self.scene.key("cr")] != nil { facts.append("sums are left") }
        return Dictionary(facts.map { ($0, 1) }, uniquingKeysWith: +)
    }

    @Test("57: reservations are released, locks freed, budgets closed, keys revoked, each with its entry and event")
    func ends() async throws {
        try await self.scene.closeTenant(reservations: 2, locks: 2)
        let before = try await self.scene.bodies("e").count
        let entriesBefore = try await self.scene.bodies("a").count
        let seen = try await self.step()
        #expect(seen.answer == .reply("STEP", 9, 0, 0))
        for (path, flags) in zip(Paths.all, ["C0", "CF0", "C0"] as [ByteText]) {
            #expect(try await self.scene.ledger(path) == Ledger(1_000_000, flags: flags))
        }
        #expect(
            seen.after.string(self.scene.tenantKey) == Scene.tag("C", changes: 2), "revoking makes cached tags stale")
        for key in ["due", "act", "q:alice", "k:gpu-0", "k:gpu-1", "cr"] as [ByteText] {
            #expect(seen.after[self.scene.key(key)] == nil, "\(key)")
        }
        #expect(seen.after[self.scene.shardKey("due")] == nil)
        let stream = seen.after.stream(self.scene.key("ev")).suffix(2)
        #expect(stream.map { $0[1] } == ["R", "R"])
        for row in seen.after.hash(self.scene.key("keys")).values {
            #expect(row.part(1) == "R" && row.part(5) == ByteText(Scene.startMs) && row.part(6) == "\"tenant_closed\"")
        }
        let record = seen.after.string(self.scene.shardKey("r:" + mark("h0"))) ?? ""
        #expect(record[0..<1] == "R" && record.split(0).last == "\"tenant_closed\"")
        let events = try await self.scene.bodies("e").dropFirst(before)
        #expect(events.allSatisfy { $0[3] == TenantCalls.closing && $0[1] == "acme" })
        var expected: [String] = []
        for (index, path) in Paths.all.enumerated() {
            let head = "{\"ledger_id\":\"ldg_\(index)\",\"scope\":\"\(path.plain)\",\"unit\":\"USD_MICROCENTS\""
            let reason = ",\"cascade_reason\":\"tenant_closed\"}"
            expected.append("reservation.released_via_tenant_cascade \(head),\"released_amount\":200\(reason)")
            let change = ",\"prior_status\":\"\(index == 1 ? "FROZEN" : "ACTIVE")\",\"new_status\":\"CLOSED\""
            expected.append("budget.closed_via_tenant_cascade \(head)\(change)\(reason)")
        }
        for number in 1...2 {
            expected.append(
                "api_key.revoked_via_tenant_cascade {\"key_id\":\"key_\(number)\",\"name\":\"first\","
                    + "\"prior_status\":\"ACTIVE\",\"new_status\":\"REVOKED\",\"cascade_reason\":\"tenant_closed\"}")
        }
        #expect(events.map { "\($0[2].plain) \($0[4].plain)" } == expected)
        let entries = try await self.scene.bodies("a").dropFirst(entriesBefore).map { $0[2].plain }
        #expect(entries.count == 7)
        #expect(entries.first?.contains("\"resource_type\":\"reservation\"") == true)
        #expect(entries.first?.contains("\"resource_id\":\"0018bcfe56800\(mark("h0").plain)\"") == true)
        for entry in entries {
            #expect(entry.contains("\"request_id\":\"r1\",\"trace_id\":\"t1\""))
            #expect(entry.contains("\"correlation_id\":\"tenant_close_cascade:acme:r1\""))
        }
        let kinds = entries.map { entry in entry.firstMatch(of: /"event_kind":"([^"]*)"/).map { String($0.1) } ?? "" }
        #expect(
            kinds == Array(repeating: "reservation.released_via_tenant_cascade", count: 2)
                + Array(repeating: "budget.closed_via_tenant_cascade", count: 3)
                + Array(repeating: "api_key.revoked_via_tenant_cascade", count: 2))
        try await self.step().expectUnchanged(.reply("STEP", 0, 0, 0), "57: once more adds nothing")
    }

    @Test(
        "Small steps end each thing once, and come to the same as one large step", arguments: [1, 2, 3, 5] as [Int64])
    func smallSteps(limit: Int64) async throws {
        try await self.scene.closeTenant(reservations: 3, locks: 2)
        _ = try await self.step()
        let expected = try await self.outcome()
        try await self.scene.harness.reset(clockUs: Scene.startMs * 1000)
        try await self.scene.closeTenant(reservations: 3, locks: 2)
        var ended: Int64 = 0
        for _ in 0..<40 {
            let answer = try await self.step(limit).answer
            let done = try #require(answer.text(0).number)
            #expect(done <= limit && answer.text(1) == "0")
            ended += done
            if answer.text(2) == "0" { break }
        }
        #expect(ended == 10)
        #expect(try await self.outcome() == expected)
    }

    @Test("The first step may come late: what expired meanwhile is not released, a lock past its end ends as expired")
    func late() async throws {
        try await self.scene.closeTenant(reservations: 2, locks: 2)
        try await self.scene.setClock(Scene.startMs + 3_600_000)
        let expired = try await self.scene.run("budget/expire", ["limit": "1", "keep_ms": "172800000"])
        #expect(expired.word == "EXPIRED")
        let seen = try await self.step()
        #expect(seen.answer == .reply("STEP", 8, 0, 0))
        #expect(seen.after.stream(self.scene.key("ev")).suffix(2).map { $0[1] } == ["X", "R"])
        let released = try await self.scene.bodies("e").filter { $0[2] == "reservation.released_via_tenant_cascade" }
        #expect(released.count == 3)
        #expect(released.allSatisfy { $0[4].plain.contains("\"released_amount\":100,") })
        for path in Paths.all { #expect(try await self.scene.ledger(path).reserved == 0) }
    }

    @Test("What is corrupt is left and named, the rest is ended, and a minute later it is tried again")
    func corrupt() async throws {
        try await self.scene.closeTenant(reservations: 2, locks: 1)
        let key = self.scene.shardKey("r:" + mark("h0"))
        let record = try #require(try await self.scene.harness.snapshot().string(key))
        let row = try #require(try await self.scene.harness.snapshot().hash(self.scene.key("keys"))["key_1"])
        try await self.scene.harness.command("SET", key, "nonsense")
        try await self.scene.harness.command("HSET", self.scene.key("keys"), "key_1", "nonsense")
        #expect(try await self.step(2).answer == .reply("STEP", 1, 1, 1, .bytes(key)))
        let seen = try await self.step()
        #expect(seen.answer == .reply("STEP", 5, 1, 0, "key_1"))
        #expect(
            seen.after.scores(self.scene.shardKey("due"))
                == [
                    "cacme": ByteText(Scene.startMs + 60_000), "bacme": ByteText(Scene.startMs + 65_000),
                    // The end of the key that is left.
                    "kacme": ByteText(Scene.startMs + 1_000_000_000),
                ])
        #expect(try await self.scene.ledger(Paths.root) == Ledger(1_000_000, reserved: 100, flags: "C0"))
        try await self.scene.harness.command("SET", key, record)
        try await self.scene.harness.command("HSET", self.scene.key("keys"), "key_1", row)
        #expect(try await self.step().answer == .reply("STEP", 5, 0, 0), "reservation, three sums, key")
        for path in Paths.all { #expect(try await self.scene.ledger(path).reserved == 0) }
        let kinds = try await self.scene.bodies("e").map { $0[2] }
        #expect(kinds.filter { $0 == "budget.closed_via_tenant_cascade" }.count == 3)
        #expect(kinds.filter { $0 == "api_key.revoked_via_tenant_cascade" }.count == 2)
        try await self.step().expectUnchanged(.reply("STEP", 0, 0, 0))
    }

    @Test("What is left is named so that it can be looked up: reservation by id, budget by scope and unit, key by id")
    func names() async throws {
        try await self.scene.closeTenant()
        let record = self.scene.shardKey("r:" + mark("h0"))
        try await self.scene.harness.command("SETRANGE", record, "0", "X")
        try await self.scene.harness.command("SET", self.scene.ledgerKey(Paths.middle), "nonsense")
        try await self.scene.harness.command("HDEL", self.scene.key("keys"), "key_2")
        let answer = try await self.step().answer
        let id: ByteText = "0018bcfe56800" + mark("h0")
        #expect(id.bytes.count == 35)
        let budget = Paths.middle + " USD_MICROCENTS"
        #expect((3..<answer.fields.count).map { answer.text($0) } == [id, budget, "key_2"])
    }

    @Test("A key row that is nearly one is named as corrupt, and stops neither this step nor the next")
    func nearlyKeys() async throws {
        for (row, isSound) in [
            (TenantCalls.row() + "\0" + "1" + "\0" + "\"lost\"", false), (TenantCalls.row() + "\0", false),
            (TenantCalls.row() + "\0" + "1", false), ("ab12\0R\0" + "1\0" + "2\0" + "{\"name\":\"a\"}", false),
            ("ab12\0S\0" + "1\0" + "2\0" + "{\"name\":\"a\"}", false), ("", false),
            ("ab12\0R\0" + "1\0" + "2\0" + "{\"name\":\"a\"}\0" + "3\0", true),
            ("ab12\0R\0" + "1\0" + "2\0" + "{\"name\":\"a\"}\0" + "3\0" + "\"lost\"", true),
        ] as [(ByteText, Bool)] {
            try await self.scene.harness.reset(clockUs: Scene.startMs * 1000)
            try await self.scene.closeTenant()
            try await self.scene.harness.command("HSET", self.scene.key("keys"), "key_2", row)
            let seen = try await self.step()
            #expect(seen.answer.word == "STEP" && seen.answer.text(1) == (isSound ? "0" : "1"), "\(row)")
            #expect(seen.after.hash(self.scene.key("keys"))["key_1"]?.part(1) == "R")
            #expect(seen.after.hash(self.scene.key("keys"))["key_2"] == row)
            #expect(seen.after.string(self.scene.tenantKey) != seen.before.string(self.scene.tenantKey))
            if !isSound { #expect(seen.answer.fields.last == .bytes("key_2")) }
        }
    }

    @Test("A tenant that is not being closed is left alone; a closing without its ids is corrupt")
    func guards() async throws {
        try await self.scene.openTenantWithKeys()
        try await self.step().expectUnchanged(.reply("STEP", 0, 0, 0))
        try await self.scene.harness.command("ZADD", self.scene.shardKey("due"), "1", "cacme")
        try await self.step().expectFailure("CORRUPT")
    }

    @Test("Expired keys stay as they are; names of keys come out as they went in")
    func keys() async throws {
        try await self.scene.openTenantWithKeys(1, lifetimeMs: 10)
        var call = AdminCalls.createKey("key_2")
        call["row"] = "{\"key_prefix\":\"x\",\"name\":\"a\\\"\\\\b\",\"metadata\":{\"name\":\"no\"}}"
        #expect(try await self.scene.run("admin/create_key", call).word == "CREATED")
        #expect(try await self.scene.run("admin/update_tenant", TenantCalls.update(to: "C")).word == "UPDATED")
        try await self.scene.setClock(Scene.startMs + 10)
        #expect(try await self.step().answer == .reply("STEP", 1, 0, 0))
        let rows = try await self.scene.harness.snapshot().hash(self.scene.key("keys"))
        #expect(rows["key_1"]?.part(1) == "A" && rows["key_2"]?.part(1) == "R")
        let event = try await self.scene.bodies("e").last
        #expect(event?[4].plain.contains("\"name\":\"a\\\"\\\\b\"") == true)
    }
}
