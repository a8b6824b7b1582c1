// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// What commit, release, extend, get and owner answer in each state (runtime digest 6.2 and 6.7).
@Suite("The life of a reservation", .privateRedis, .serialized)
struct StateTests {
    static let changing = ["budget/commit", "budget/release", "budget/extend"]
    static let all = changing + ["budget/get"]

    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func act(_ script: String, _ call: SettleCall, _ tag: ByteText = "A1") async throws -> Observation {
        try await self.scene.observe(script, call.arguments(script, tag))
    }

    private func done(_ script: String) -> ByteText {
        switch script {
        case "budget/commit": "COMMITTED"
        case "budget/release": "RELEASED"
        case "budget/extend": "EXTENDED"
        default: "FOUND"
        }
    }

    @Test(
        "112 113 118 124: each operation is accepted up to its last millisecond and refused from the next",
        arguments: changing)
    func boundaries(script: String) async throws {
        for graceMs: Int64 in [0, 1, 5_000, 60_000] {
            var reserve = ReserveCall()
            reserve.graceMs = graceMs
            let expires = Scene.startMs + reserve.ttlMs
            let last = script == "budget/extend" ? expires : expires + graceMs
            for at in Set([expires - 1, expires, expires + 1, expires + graceMs, expires + graceMs + 1]).sorted() {
                for microsecond: Int64 in [0, 999] {
                    try await self.scene.harness.reset(clockUs: Scene.startMs * 1000)
                    let placed = try await self.scene.placeInThreeScopes(Ledger(1000), reserve)
                    try await self.scene.harness.setClock(us: at * 1000 + microsecond)
                    let seen = try await self.act(script, SettleCall(placed))
                    let comment: Comment = "grace \(graceMs), \(at - expires) ms after expiry"
                    if at <= last {
                        #expect(seen.answer.word == self.done(script), comment)
                    } else {
                        seen.expectUnchanged(.reply("EXPIRED"), comment)
                    }
                }
            }
        }
    }

    @Test("A get shows the record and the time at any age; who reads decides whether it is expired")
    func getAtAnyAge() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        let record = placed.record
        for at in [record.createdMs, record.expiresMs, record.expiresMs + 1, record.deadlineMs, record.deadlineMs + 1] {
            try await self.scene.setClock(at)
            try await self.act("budget/get", SettleCall(placed))
                .expectUnchanged(.reply("FOUND", .bytes(record.text), .integer(at)))
        }
    }

    @Test("125: after the end every other operation is refused and a get shows the final record")
    func afterTheEnd() async throws {
        for (ending, word) in [
            ("budget/commit", "FINALIZED"), ("budget/release", "FINALIZED"), ("budget/expire", "EXPIRED"),
        ] {
            try await self.scene.harness.reset(clockUs: Scene.startMs * 1000)
            let placed = try await self.scene.placeInThreeScopes()
            var call = SettleCall(placed)
            if ending == "budget/expire" {
                try await self.scene.setClock(placed.record.deadlineMs + 1)
                #expect(
                    try await self.scene.run(ending, ["limit": "10", "keep_ms": "1000000"])
                        == .reply("EXPIRED", 1, 0, 0, .integer(placed.record.deadlineMs + 1)))
            } else {
                #expect(try await self.act(ending, call).answer.word == self.done(ending))
            }
            let final = try #require(try await self.scene.harness.snapshot().string(placed.key))
            call.key = mark("k2")
            for now in [Scene.startMs, placed.record.deadlineMs + 100_000] {
                try await self.scene.setClock(now)
                for script in Self.changing {
                    try await self.act(script, call).expectUnchanged(.reply("\(word)"), "\(script) after \(ending)")
                }
                try await self.act("budget/get", call).expectUnchanged(.reply("FOUND", .bytes(final), .integer(now)))
            }
        }
    }

    @Test("An id that is unknown, has another creation time or names a dry run is not found", arguments: all)
    func notFound(script: String) async throws {
        let placed = try await self.scene.placeInThreeScopes()
        var call = SettleCall(placed)
        call.id = mark("other")
        try await self.act(script, call).expectUnchanged(.reply("NOT_FOUND"))
        call = SettleCall(placed)
        call.createdMs += 1
        try await self.act(script, call).expectUnchanged(.reply("NOT_FOUND"))
        var evaluation = ReserveCall()
        evaluation.id = mark("dry")
        #expect(try await self.scene.run("budget/evaluate", evaluation.evaluation()).word == "EVALUATED")
        call = SettleCall(placed)
        call.id = evaluation.id
        try await self.act(script, call).expectUnchanged(.reply("NOT_FOUND"), "a dry run")
    }

    @Test("Another tenant's reservation is foreign, before its state is looked at", arguments: all)
    func foreign(script: String) async throws {
        let placed = try await self.scene.placeInThreeScopes()
        var other = self.scene
        other.tenant = "globex"
        try await other.openTenant()
        let call = SettleCall(placed)
        try await other.observe(script, call.arguments(script)).expectUnchanged(.reply("FOREIGN"))
        _ = try await self.act("budget/commit", call)
        try await other.observe(script, call.arguments(script)).expectUnchanged(.reply("FOREIGN"), "finished")
        try await other.openTenant("C1")
        try await other.observe(script, call.arguments(script, "C1")).expectUnchanged(.reply("FOREIGN"), "closed")
    }

    @Test("A stale tag is answered before anything else", arguments: all)
    func stale(script: String) async throws {
        let placed = try await self.scene.placeInThreeScopes()
        let call = SettleCall(placed)
        for tag: ByteText in ["A2", "A", "", "C1", "A11"] {
            // Without a tag it is the operator who asks.
            if tag == "", !["budget/commit", "budget/extend"].contains(script) { continue }
            try await self.act(script, call, tag).expectUnchanged(.reply("STALE", "A1"), "tag \(tag)")
        }
        try await self.scene.harness.command("DEL", self.scene.tenantKey)
        try await self.act(script, call).expectUnchanged(.reply("STALE", ""))
    }

    @Test("197: a closed tenant changes nothing, a suspended one may still end what it has", arguments: changing)
    func inactive(script: String) async throws {
        let placed = try await self.scene.placeInThreeScopes()
        let call = SettleCall(placed)
        try await self.scene.harness.command("SET", self.scene.tenantKey, "C1")
        try await self.act(script, call, "C1").expectUnchanged(.reply("CLOSED"))
        try await self.scene.harness.command("SET", self.scene.tenantKey, "S1")
        #expect(try await self.act(script, call, "S1").answer.word == self.done(script))
    }

    @Test("201: a closed tenant's reservation can still be read")
    func closedGet() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        try await self.scene.harness.command("SET", self.scene.tenantKey, "C1")
        try await self.act("budget/get", SettleCall(placed), "C1")
            .expectUnchanged(.reply("FOUND", .bytes(placed.record.text), .integer(Scene.startMs)))
    }

    @Test("198: a closed tenant learns of closure before it learns of a finished or expired reservation")
    func closedComesFirst() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        var call = SettleCall(placed)
        _ = try await self.act("budget/release", call)
        call.key = mark("k2")
        try await self.scene.harness.command("SET", self.scene.tenantKey, "C1")
        for script in Self.changing {
            try await self.act(script, call, "C1").expectUnchanged(.reply("CLOSED"), "\(script)")
        }
        try await self.scene.harness.command("SET", self.scene.tenantKey, "A1")
        var late = ReserveCall()
        late.id = mark("late")
        let expired = try await self.scene.place(late)
        try await self.scene.setClock(expired.record.deadlineMs + 1)
        try await self.scene.harness.command("SET", self.scene.tenantKey, "C1")
        for script in Self.changing {
            try await self.act(script, SettleCall(expired), "C1").expectUnchanged(.reply("CLOSED"), "late \(script)")
        }
    }

    @Test("A record that is no record is an error for every operation, and nothing changes", arguments: all)
    func corruptRecord(script: String) async throws {
        let placed = try await self.scene.placeInThreeScopes()
        let call = SettleCall(placed)
        let bytes = placed.record.text
        let header = try #require(bytes.bytes.firstIndex(of: 0))
        let snapshot = bytes[0..<header].count + bytes.dropping(header).split(0).prefix(4).map(\.count).reduce(4, +)
        for count in [14, 30, 44, 66, 67, 70, 75, 90, 100, snapshot, snapshot + 5] {
            try await self.scene.harness.command("SET", placed.key, bytes[0..<count])
            try await self.act(script, call).expectFailure("CORRUPT", "cut at \(count)")
        }
        for field in [14..<27, 27..<32, 32..<35, 35..<45] {
            let broken = bytes.replacing(at: field.upperBound - 1, with: "x")
            try await self.scene.harness.command("SET", placed.key, broken)
            try await self.act(script, call).expectFailure("CORRUPT", "bytes \(field)")
        }
        for (old, new) in [("011 ", "x11 "), ("\0011 ", "\0"), ("100\0", "1x0\0")] as [(ByteText, ByteText)] {
            try await self.scene.harness.command("SET", placed.key, bytes.replacing(old, with: new))
            try await self.act(script, call).expectFailure("CORRUPT", "\(old)")
        }
    }

    @Test("Whose a reservation is can be asked by its id alone; a dry run or unknown id is not found")
    func owner() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        let created = ByteText(placed.record.createdMs)
        func ask(_ id: ByteText, _ createdMs: ByteText) async throws -> Observation {
            try await self.scene.observe("budget/owner", keys: [Scene.prefix], ["h": id, "created_ms": createdMs])
        }
        try await ask(placed.id, created).expectUnchanged(.reply("FOREIGN", "acme"))
        try await ask(placed.id, ByteText(placed.record.createdMs + 1)).expectUnchanged(.reply("NOT_FOUND"))
        try await ask(mark("none"), created).expectUnchanged(.reply("NOT_FOUND"))
        try await ask(mark("none"), "").expectUnchanged(.reply("NOT_FOUND"), "no id ends early")
        var evaluation = ReserveCall()
        evaluation.id = mark("dry")
        _ = try await self.scene.run("budget/evaluate", evaluation.evaluation())
        try await ask(evaluation.id, created).expectUnchanged(.reply("NOT_FOUND"))
        _ = try await self.act("budget/commit", SettleCall(placed))
        try await ask(placed.id, created).expectUnchanged(.reply("FOREIGN", "acme"), "finished")
        try await self.scene.harness.command("SET", placed.key, placed.record.text[0..<70])
        try await ask(placed.id, created).expectFailure("CORRUPT", "a record without a tenant")
    }
}
