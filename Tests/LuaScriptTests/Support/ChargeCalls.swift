// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport

/// The arguments of `budget/charge`, with something sensible in each place.
struct ChargeCall {
    var id = mark("v1")
    var fingerprint = mark("f1")
    var actual: Int64 = 100
    var unit: ByteText = "U"
    var policy: ByteText = "I"
    var fallback: ByteText = "I"
    var keepMs: Int64 = 172_800_000
    var path = Paths.leaf
    /// What the last sweep said of itself; 0 before any.
    var caughtUpMs: Int64 = 0
    /// Thresholds and context of events; empty to have none.
    var telling: ByteText = ""

    /// Every scope from the root to the path.
    private var scopes: [ByteText] {
        let segments = self.path.split(UInt8(ascii: "/"))
        return segments.indices.map { segments[...$0].joined("/") }
    }

    func arguments(_ tag: ByteText = "A1") -> ScriptArguments {
        let named: [String: ByteText] = [
            "tag": tag, "h": self.id, "fingerprint": self.fingerprint, "actual": ByteText(self.actual),
            "unit": self.unit, "policy": self.policy, "fallback": self.fallback, "keep_ms": ByteText(self.keepMs),
            "lengths": self.scopes.map { padded(Int64($0.count), 3) }.joined(""),
            "caught_up_ms": ByteText(self.caughtUpMs), "telling": self.telling,
        ]
        return ScriptArguments(named, rest: self.scopes)
    }

    /// The record that comes of it (docs/keyspace.md, "Charge records").
    func record(
        at nowMs: Int64, applied: ByteText, charged: Int64, _ entries: [(path: ByteText, ledger: Ledger)],
        effects: [ByteText]
    ) -> ByteText {
        ByteText(nowMs) + self.fingerprint
            + [
                ByteText(self.actual), self.unit + applied, "acme", self.path, ByteText(charged),
                snapshotText(entries, effects: effects),
            ].joined("\0")
    }
}
