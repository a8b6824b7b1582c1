// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// One tenant on an empty Redis whose clock stands at ``startMs``, and the means to act and to look.
struct Scene: Sendable {
    /// The shard's prefix.
    static let prefix: ByteText = "hf:{00}:"
    /// Where the clock stands at first, ms.
    static let startMs: Int64 = 1_700_000_000_000

    let harness: ScriptHarness
    var tenant: ByteText = "acme"
    /// What callers believe the tenant's tag to be.
    var tag: ByteText = "A1"

    /// An empty Redis: the one of the running suite.
    init() async throws {
        self.harness = try #require(PrivateRedisTrait.harness, "the suite lacks the trait .privateRedis")
        try await self.harness.reset(clockUs: Self.startMs * 1000)
    }

    // MARK: Keys

    /// The key with the tenant's tag, the beginning of all its other keys.
    var tenantKey: ByteText { Self.prefix + "t:" + self.tenant }

    /// KEYS of nearly every script.
    var keys: [ByteText] { [Self.prefix, self.tenantKey] }

    /// A key of the tenant: `key("due")` is `hf:{00}:t:acme:due`.
    func key(_ name: ByteText) -> ByteText { self.tenantKey + ":" + name }

    /// A key of the shard: `shardKey("out")` is `hf:{00}:out`.
    func shardKey(_ name: ByteText) -> ByteText { Self.prefix + name }

    /// The ledger of a scope.
    func ledgerKey(_ path: ByteText, _ unit: ByteText = "U") -> ByteText { self.key("l:" + unit + ":" + path) }

    /// A tag after so many changes while the clock stands: the first has the time as its epoch.
    static func tag(_ letter: ByteText = "A", changes: Int64 = 1) -> ByteText {
        letter + ByteText(Self.startMs * 1000 + changes - 1)
    }

    // MARK: Seeding

    /// A tenant as `admin/create_tenant` leaves it, as far as budget and lock scripts care.
    func openTenant(_ tag: ByteText = "A1") async throws {
        try await self.harness.command("SET", self.tenantKey, tag)
        try await self.harness.command("SET", self.key("n"), "0")
    }

    /// Ledgers by scope path.
    func openLedgers(_ ledgers: [ByteText: Ledger], unit: ByteText = "U") async throws {
        for (path, ledger) in ledgers { try await self.write(ledger, path, unit: unit) }
    }

    /// Writes a ledger.
    func write(_ ledger: Ledger, _ path: ByteText, unit: ByteText = "U") async throws {
        try await self.harness.command("SET", self.ledgerKey(path, unit), ledger.text)
    }

    /// The ledger of a scope as it is now.
    func ledger(_ path: ByteText, unit: ByteText = "U") async throws -> Ledger {
        let snapshot = try await self.harness.snapshot()
        return try #require(Ledger(snapshot.string(self.ledgerKey(path, unit))))
    }

    // MARK: Acting

    /// Sets the clock, ms.
    func setClock(_ ms: Int64) async throws { try await self.harness.setClock(ms: ms) }

    /// Runs a script for the tenant.
    func run(_ name: String, _ arguments: ScriptArguments) async throws -> ScriptAnswer {
        try await self.harness.run(name, keys: self.keys, arguments)
    }

    /// Runs a script for the tenant and takes a snapshot before and after.
    func observe(_ name: String, _ arguments: ScriptArguments) async throws -> Observation {
        try await self.observe(name, keys: self.keys, arguments)
    }

    /// Runs a script with any keys and takes a snapshot before and after.
    func observe(_ name: String, keys: [ByteText], _ arguments: ScriptArguments) async throws -> Observation {
        let before = try await self.harness.snapshot()
        let answer = try await self.harness.run(name, keys: keys, arguments)
        return Observation(answer: answer, before: before, after: try await self.harness.snapshot())
    }
}

/// What a script answered, and the database before and after.
struct Observation {
    let answer: ScriptAnswer
    let before: KeyspaceSnapshot
    let after: KeyspaceSnapshot

    /// What the script changed, one line a key.
    var changes: [String] { self.before.changes(to: self.after) }

    /// Expects this answer and a database that is exactly as it was.
    func expectUnchanged(
        _ answer: ScriptAnswer, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(self.answer == answer, comment, sourceLocation: sourceLocation)
        #expect(self.changes == [], comment, sourceLocation: sourceLocation)
    }

    /// Expects an error reply that contains `text` and a database that is exactly as it was.
    func expectFailure(
        _ text: String = "", _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let message = self.answer.failure
        #expect(message != nil, comment ?? "answered \(self.answer)", sourceLocation: sourceLocation)
        if let message, !text.isEmpty { #expect(message.contains(text), comment, sourceLocation: sourceLocation) }
        #expect(self.changes == [], comment, sourceLocation: sourceLocation)
    }

    /// Expects that exactly these keys changed, and to what.
    func expectChanges(
        _ changes: [ByteText: KeyChange], _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var expected = self.before
        for (key, change) in changes {
            guard let content = change.content else {
                expected.entries[key] = nil
                continue
            }
            if let keepMs = change.keepMs {
                // Redis' own clock gave the lifetime; a little of it has passed.
                let left = self.after.remainingMs(key) ?? -1
                #expect(
                    left <= keepMs && left > keepMs - 30_000, comment ?? "lifetime of \(key)",
                    sourceLocation: sourceLocation)
            }
            let end = change.keepMs == nil ? nil : self.after.entries[key]?.expiresAtMs
            expected.entries[key] = .init(content, expiresAtMs: end)
        }
        #expect(expected.changes(to: self.after) == [], comment, sourceLocation: sourceLocation)
    }
}

/// What a script should have made of a key.
struct KeyChange {
    /// What it holds; nil when it is gone.
    let content: KeyspaceSnapshot.Content?
    /// How long it lives from now, ms; nil for ever.
    var keepMs: Int64?

    static let removed = KeyChange(content: nil)

    static func string(_ text: ByteText, keepMs: Int64? = nil) -> KeyChange {
        KeyChange(content: .string(text), keepMs: keepMs)
    }

    static func hash(_ fields: [ByteText: ByteText], keepMs: Int64? = nil) -> KeyChange {
        KeyChange(content: .hash(fields), keepMs: keepMs)
    }

    /// A sorted set; gone when it is empty.
    static func scores(_ scores: [ByteText: ByteText]) -> KeyChange {
        scores.isEmpty ? .removed : KeyChange(content: .sortedSet(scores))
    }

    static func stream(_ entries: [[ByteText]]) -> KeyChange { KeyChange(content: .stream(entries)) }
}
