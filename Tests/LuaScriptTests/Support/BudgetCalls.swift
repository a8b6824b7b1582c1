// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// Paths used all over: three scopes below each other.
enum Paths {
    static let root: ByteText = "tenant:acme"
    static let middle: ByteText = "tenant:acme/workspace:prod"
    static let leaf: ByteText = "tenant:acme/workspace:prod/agent:bot"
    static let all = [root, middle, leaf]
}

/// The arguments of `budget/reserve` and `budget/evaluate`, with something sensible in each place.
struct ReserveCall {
    /// Thresholds and context of events; empty to have none.
    var telling: ByteText = ""
    var id = mark("h1")
    var fingerprint = mark("f1")
    var amount: Int64 = 100
    var unit: ByteText = "U"
    var ttlMs: Int64 = 60_000
    var graceMs: Int64 = 5_000
    var policy: ByteText = "I"
    var fallback: ByteText = "I"
    var decision: ByteText = "A"
    var extensions: Int64 = 10
    var details: ByteText = "\"key\"\0{\"tenant\":\"acme\"}\0{\"kind\":\"llm\"}\0\0"
    var path = Paths.leaf
    /// What the last sweep said of itself; 0 before any.
    var caughtUpMs: Int64 = 0

    /// Every scope from the root to the path.
    var scopes: [ByteText] {
        let segments = self.path.split(UInt8(ascii: "/"))
        return segments.indices.map { segments[...$0].joined("/") }
    }

    private var lengths: ByteText { self.scopes.map { padded(Int64($0.count), 3) }.joined("") }

    var terms: ByteText { self.decision + padded(self.ttlMs, 8) + padded(self.extensions, 3) }

    /// The 16 bytes that stand for the id in a directory row.
    var idBytes: ByteText { self.id[0..<16] }

    func arguments(_ tag: ByteText = "A1") -> ScriptArguments {
        let named: [String: ByteText] = [
            "tag": tag, "h": self.id, "fingerprint": self.fingerprint, "amount": ByteText(self.amount),
            "unit": self.unit, "grace_ms": padded(self.graceMs, 5), "policy": self.policy, "fallback": self.fallback,
            "terms": self.terms, "row": bigEndian(self.amount, 8) + self.idBytes, "details": self.details,
            "lengths": self.lengths, "caught_up_ms": ByteText(self.caughtUpMs), "telling": self.telling,
        ]
        return ScriptArguments(named, rest: self.scopes)
    }

    /// Arguments of the dry run.
    func evaluation(_ tag: ByteText = "A1", keepMs: Int64 = 86_400_000) -> ScriptArguments {
        let named: [String: ByteText] = [
            "tag": tag, "h": self.id, "fingerprint": self.fingerprint, "amount": ByteText(self.amount),
            "unit": self.unit, "ttl_ms": ByteText(self.ttlMs), "grace_ms": padded(self.graceMs, 5),
            "policy": self.policy, "terms": self.terms, "keep_ms": ByteText(keepMs), "details": self.details,
            "lengths": self.lengths, "caught_up_ms": ByteText(self.caughtUpMs), "telling": self.telling,
        ]
        return ScriptArguments(named, rest: self.scopes)
    }

    /// The record that comes of it.
    func record(at nowMs: Int64, row: Int64 = 0, tenant: ByteText = "acme", opening: ByteText) -> ReservationText {
        ReservationText(
            createdMs: nowMs, expiresMs: nowMs + self.ttlMs, graceMs: self.graceMs, row: row,
            fingerprint: self.fingerprint, amount: self.amount, unit: self.unit, policy: self.policy,
            decision: self.decision, ttlMs: self.ttlMs, extensions: self.extensions, tenant: tenant, path: self.path,
            opening: opening, details: self.details)
    }
}

/// A reservation that was placed by the real script.
struct Placed {
    let call: ReserveCall
    let record: ReservationText
    /// The key of the record.
    let key: ByteText

    var id: ByteText { self.call.id }
}

/// The arguments of the scripts that act on a reservation.
struct SettleCall {
    var id: ByteText
    var createdMs: Int64
    var key = mark("k1")
    var fingerprint = mark("g1")
    var actual: Int64 = 70
    var unit: ByteText = "U"
    var keepMs: Int64 = 172_800_000
    var note: ByteText = ""
    var extendByMs: Int64 = 30_000
    var caughtUpMs: Int64 = 0
    /// The audit entry of an operator's release.
    var entry: ByteText = ""
    /// Thresholds and context of events; empty to have none.
    var telling: ByteText = ""
    /// The scope filter of the caller's key.
    var filter: [ByteText] = []

    init(_ placed: Placed) {
        self.id = placed.id
        self.createdMs = placed.record.createdMs
    }

    private func head(_ tag: ByteText) -> ScriptArguments {
        ["tag": tag, "h": self.id, "created_ms": ByteText(self.createdMs)]
    }

    private func keyed(_ tag: ByteText) -> ScriptArguments {
        var arguments = self.head(tag)
        arguments["key"] = self.key
        arguments["fingerprint"] = self.fingerprint
        return arguments
    }

    func commit(_ tag: ByteText = "A1") -> ScriptArguments {
        var arguments = self.keyed(tag)
        arguments["actual"] = ByteText(self.actual)
        arguments["caught_up_ms"] = ByteText(self.caughtUpMs)
        arguments["unit"] = self.unit
        arguments["keep_ms"] = ByteText(self.keepMs)
        arguments["metadata"] = self.note
        arguments["telling"] = self.telling
        arguments.rest = self.filter
        return arguments
    }

    func release(_ tag: ByteText = "A1") -> ScriptArguments {
        var arguments = self.keyed(tag)
        arguments["keep_ms"] = ByteText(self.keepMs)
        arguments["reason"] = self.note
        arguments["entry"] = self.entry
        arguments["telling"] = self.telling
        arguments.rest = self.filter
        return arguments
    }

    func extend(_ tag: ByteText = "A1") -> ScriptArguments {
        var arguments = self.keyed(tag)
        arguments["extend_by_ms"] = ByteText(self.extendByMs)
        arguments.rest = self.filter
        return arguments
    }

    /// Arguments of any of the three, or of `budget/get`, by the script's name.
    func arguments(_ script: String, _ tag: ByteText = "A1") -> ScriptArguments {
        switch script {
        case "budget/commit": self.commit(tag)
        case "budget/release": self.release(tag)
        case "budget/extend": self.extend(tag)
        default: self.head(tag)
        }
    }
}

extension Scene {
    /// Reserves by the real script, in ledgers that are there; the policy must be in the call.
    func place(_ call: ReserveCall = ReserveCall()) async throws -> Placed {
        let answer = try await self.run("budget/reserve", call.arguments(self.tag))
        #expect(answer.word == "RESERVED", "\(answer)")
        let text = answer.text(0)
        let now = try #require(text[1..<14].number)
        let row = try #require(text[35..<45].number)
        let opening = text.dropping(67).part(4)
        let record = call.record(at: now, row: row, tenant: self.tenant, opening: opening)
        #expect(record.text == text)
        return Placed(call: call, record: record, key: self.shardKey("r:" + call.id))
    }

    /// A tenant with ledgers of this sort in all three scopes and a reservation.
    func placeInThreeScopes(_ ledger: Ledger = Ledger(1000), _ call: ReserveCall = .init()) async throws -> Placed {
        try await self.openTenant()
        try await self.openLedgers(Dictionary(uniqueKeysWithValues: Paths.all.map { ($0, ledger) }))
        return try await self.place(call)
    }

    /// The string that holds the directory row of this number: 1,000 rows of 64 bytes.
    func chunkKey(_ row: Int64) -> ByteText { self.key("d:" + padded(row / 1000, 7)) }

    /// The changes that ending a reservation makes beside its ledgers.
    func endingChanges(
        of placed: Placed, to final: ReservationText, keepMs: Int64, from before: KeyspaceSnapshot
    ) -> [ByteText: KeyChange] {
        let chunkKey = self.chunkKey(final.row)
        var due = before.scores(self.key("due"))
        due[placed.id] = nil
        let chunk = before.string(chunkKey) ?? ""
        let offset = Int(final.row % 1000) * 64
        let number = chunk.dropping(offset + 53)[0..<4].bytes.reduce(Int64(0)) { $0 * 256 + Int64($1) }
        let row = final.rowText(number: number, tail: placed.call.idBytes)
        return [
            self.key("due"): .scores(due),
            chunkKey: .string(chunk.replacing(at: offset, with: row)),
            placed.key: .string(final.text, keepMs: keepMs),
        ]
    }
}
