// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport

/// A release token: 36 characters that begin with `name`.
func token(_ name: ByteText) -> ByteText { name + ByteText("-").repeated(36 - name.count) }

/// What a requester asks of `reservation/acquire` and holds afterwards.
struct Hold {
    static let never: ByteText = "9999999999999"

    var requester: ByteText = "alice"
    var name: ByteText = "gpu-1"
    /// 0 for never.
    var ttlMs: Int64 = 30_000
    var kind: ByteText = "gpu"
    var token = LuaScriptTests.token("t1")

    /// The words of one item.
    var item: [ByteText] { [self.requester, self.name, ByteText(self.ttlMs), self.kind, self.token] }

    /// The words of one item of `reservation/release`.
    var releaseItem: [ByteText] { [self.requester, self.name, self.token] }

    /// When it ends if taken at `nowMs`: 13 digits.
    func expires(_ nowMs: Int64) -> ByteText { self.ttlMs == 0 ? Self.never : ByteText(nowMs + self.ttlMs) }

    /// The stored record (lua/reservation/include/hold.lua).
    func record(takenAt nowMs: Int64, fence: Int64, label: ByteText = "key") -> ByteText {
        self.expires(nowMs) + padded(fence, 16) + self.token + [self.requester, self.kind, label].joined("\n")
    }

    /// A stream entry about it.
    func entry(_ letter: ByteText, id: Int64, takenAt nowMs: Int64, label: ByteText = "key") -> [ByteText] {
        let value = [self.name, self.requester, self.kind, label, self.expires(nowMs)].joined("\n")
        return [ByteText(id) + "-0", letter, value]
    }

    /// The five fields of its reply.
    func fields(_ word: ByteText, takenAt nowMs: Int64, fence: Int64) -> [ScriptField] {
        let texts = [word, self.expires(nowMs), padded(fence, 16)]
        return (texts + [word == "ALREADY_HELD" ? "" : self.token, self.requester]).map { .bytes($0) }
    }
}

extension Scene {
    static let startUs = startMs * 1000

    func acquireArguments(_ holds: [Hold], tag: ByteText = "A1") -> ScriptArguments {
        ScriptArguments(["tag": tag, "label": "key"], rest: holds.flatMap(\.item))
    }

    func acquire(_ holds: Hold..., tag: ByteText = "A1") async throws -> Observation {
        try await self.observe("reservation/acquire", self.acquireArguments(holds, tag: tag))
    }

    func releaseArguments(
        _ holds: [Hold], isRegistered: Bool = false, tag: ByteText = "A1"
    ) -> ScriptArguments {
        ScriptArguments(["tag": tag, "registered": isRegistered ? "1" : "0"], rest: holds.flatMap(\.releaseItem))
    }

    func release(_ holds: Hold..., tag: ByteText = "A1") async throws -> Observation {
        try await self.observe("reservation/release", self.releaseArguments(holds, tag: tag))
    }

    /// Arguments of `reservation/check`.
    func checkArguments(
        _ names: [ByteText], isRegistered: Bool = false, sweptMs: Int64 = 0, tag: ByteText = "A1"
    ) -> ScriptArguments {
        let named = ["tag": tag, "registered": isRegistered ? "1" : "0", "swept_ms": ByteText(sweptMs)]
        return ScriptArguments(named, rest: names)
    }

    func holdKey(_ name: ByteText) -> ByteText { self.key("k:" + name) }

    /// Scores without those members.
    func scores(_ key: ByteText, without members: [ByteText], in snapshot: KeyspaceSnapshot) -> KeyChange {
        .scores(snapshot.scores(key).filter { !members.contains($0.key) })
    }
}
