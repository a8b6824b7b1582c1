// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport

/// The keys that audit entries and events write beside the effect they tell of (lua/include/audit.lua, outbox.lua).
struct Journal {
    /// How long bodies are kept, ms: 400 and 90 days.
    static let auditKeepMs: Int64 = 34_560_000_000
    static let eventKeepMs: Int64 = 7_776_000_000

    let scene: Scene
    /// When everything in it happens, µs.
    let nowUs: Int64
    private var last: Int64
    private(set) var changes: [ByteText: KeyChange] = [:]
    private var log: [ByteText: ByteText]
    private var auditLog: [ByteText: ByteText]
    private var shardAuditLog: [ByteText: ByteText]
    private var outbox: [ByteText: ByteText]
    private var shardLog: [ByteText: ByteText]

    /// An empty journal after `before`.
    init(_ scene: Scene, atUs nowUs: Int64, after before: KeyspaceSnapshot) {
        self.scene = scene
        self.nowUs = nowUs
        self.last = before.string(scene.shardKey("seq"))?.number ?? 0
        self.log = before.scores(scene.key("el"))
        self.auditLog = before.scores(scene.key("al"))
        self.shardAuditLog = before.scores(scene.shardKey("al"))
        self.outbox = before.scores(scene.shardKey("out"))
        self.shardLog = before.scores(scene.shardKey("el"))
    }

    private mutating func nextSequence() -> ByteText {
        self.last = max(self.last + 1, self.nowUs)
        self.changes[self.scene.shardKey("seq")] = .string(ByteText(self.last))
        return ByteText(self.last)
    }

    /// An audit entry.
    mutating func audit(_ entry: ByteText) {
        let sequence = self.nextSequence()
        let body = [ByteText(self.nowUs / 1000), self.scene.tenant, entry].joined("\0")
        self.changes[self.scene.shardKey("a:" + sequence)] = .string(body, keepMs: Self.auditKeepMs)
        self.auditLog[sequence] = sequence
        self.changes[self.scene.key("al")] = .scores(self.auditLog)
        self.shardAuditLog[sequence + ":" + self.scene.tenant] = sequence
        self.changes[self.scene.shardKey("al")] = .scores(self.shardAuditLog)
    }

    /// An event.
    mutating func event(_ kind: ByteText, _ context: ByteText, _ payload: ByteText) {
        let sequence = self.nextSequence()
        let body = [ByteText(self.nowUs / 1000), self.scene.tenant, kind, context, payload].joined("\0")
        self.changes[self.scene.shardKey("e:" + sequence)] = .string(body, keepMs: Self.eventKeepMs)
        self.log[sequence + ":" + kind] = sequence
        self.shardLog[sequence + ":" + kind + ":" + self.scene.tenant] = sequence
        self.changes[self.scene.shardKey("el")] = .scores(self.shardLog)
        self.outbox[sequence + ":" + self.scene.tenant] = sequence
        self.changes[self.scene.key("el")] = .scores(self.log)
        self.changes[self.scene.shardKey("out")] = .scores(self.outbox)
    }

    /// These changes and those of the journal.
    func with(_ others: [ByteText: KeyChange]) -> [ByteText: KeyChange] {
        self.changes.merging(others) { _, other in other }
    }
}
