// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("reservation/acquire", .privateRedis, .serialized)
struct AcquireTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
    }

    @Test("A free name is taken: record, indexes, event and due entry, nothing else")
    func takes() async throws {
        let hold = Hold()
        let seen = try await self.scene.acquire(hold)
        let fields = hold.fields("ACQUIRED", takenAt: Scene.startMs, fence: Scene.startUs)
        #expect(seen.answer == .reply("ITEMS", [.bytes(ByteText(Scene.startMs))] + fields))
        let end = ByteText(Scene.startMs + 30_000)
        seen.expectChanges([
            self.scene.holdKey("gpu-1"): .string(hold.record(takenAt: Scene.startMs, fence: Scene.startUs)),
            self.scene.key("act"): .scores(["kgpu-1": end]),
            self.scene.key("q:alice"): .scores(["gpu-1": ByteText(Scene.startUs)]),
            self.scene.key("ev"): .stream([hold.entry("A", id: Scene.startUs, takenAt: Scene.startMs)]),
            self.scene.shardKey("due"): .scores(["lacme": end]),
        ])
    }

    @Test("A hold without an end is never due")
    func takesForEver() async throws {
        var hold = Hold()
        hold.ttlMs = 0
        let seen = try await self.scene.acquire(hold)
        let fields = hold.fields("ACQUIRED", takenAt: Scene.startMs, fence: Scene.startUs)
        #expect(seen.answer == .reply("ITEMS", [.bytes(ByteText(Scene.startMs))] + fields))
        seen.expectChanges([
            self.scene.holdKey("gpu-1"): .string(hold.record(takenAt: Scene.startMs, fence: Scene.startUs)),
            self.scene.key("act"): .scores(["kgpu-1": "inf"]),
            self.scene.key("q:alice"): .scores(["gpu-1": ByteText(Scene.startUs)]),
            self.scene.key("ev"): .stream([hold.entry("A", id: Scene.startUs, takenAt: Scene.startMs)]),
        ])
        try await self.scene.setClock(9_999_999_999_998)
        var other = hold
        other.requester = "bob"
        #expect(try await self.scene.acquire(other).answer.text(1) == "ALREADY_HELD")
    }

    @Test("The call sent again with its token answers ACQUIRED as before and changes nothing")
    func resent() async throws {
        let hold = Hold()
        _ = try await self.scene.acquire(hold)
        for delay: Int64 in [0, 1, 29_999, -180_000] {
            try await self.scene.setClock(Scene.startMs + delay)
            let fields = hold.fields("ACQUIRED", takenAt: Scene.startMs, fence: Scene.startUs)
            try await self.scene.acquire(hold)
                .expectUnchanged(.reply("ITEMS", [.bytes(ByteText(Scene.startMs + delay))] + fields))
        }
    }

    @Test("The holder with another token learns that it had the name, anybody else that it is held; nothing changes")
    func held() async throws {
        let hold = Hold()
        _ = try await self.scene.acquire(hold)
        var again = hold
        again.token = token("t2")
        again.ttlMs = 1
        let now = ScriptField.bytes(ByteText(Scene.startMs))
        let had = hold.fields("ALREADY_HAD", takenAt: Scene.startMs, fence: Scene.startUs)
        try await self.scene.acquire(again).expectUnchanged(.reply("ITEMS", [now] + had))
        again.requester = "bob"
        let held = hold.fields("ALREADY_HELD", takenAt: Scene.startMs, fence: Scene.startUs)
        try await self.scene.acquire(again).expectUnchanged(.reply("ITEMS", [now] + held))
        again.token = hold.token
        try await self.scene.acquire(again)
            .expectUnchanged(.reply("ITEMS", [now] + held), "a token alone makes nobody the holder")
    }

    @Test("A hold is held up to the last millisecond before its end and free from its end on")
    func takesOver() async throws {
        let old = Hold()
        _ = try await self.scene.acquire(old)
        var new = Hold()
        new.requester = "bob"
        new.token = token("t2")
        new.ttlMs = 5_000
        let end = Scene.startMs + 30_000
        try await self.scene.harness.setClock(us: end * 1000 - 1)
        #expect(try await self.scene.acquire(new).answer.text(1) == "ALREADY_HELD")
        try await self.scene.setClock(end)
        let seen = try await self.scene.acquire(new)
        let fence = end * 1000 + 1
        #expect(
            seen.answer == .reply("ITEMS", [.bytes(ByteText(end))] + new.fields("ACQUIRED", takenAt: end, fence: fence))
        )
        seen.expectChanges([
            self.scene.holdKey("gpu-1"): .string(new.record(takenAt: end, fence: fence)),
            self.scene.key("act"): .scores(["kgpu-1": ByteText(end + 5_000)]),
            self.scene.key("q:alice"): .removed,
            self.scene.key("q:bob"): .scores(["gpu-1": ByteText(fence)]),
            self.scene.key("ev"): .stream([
                old.entry("A", id: Scene.startUs, takenAt: Scene.startMs),
                old.entry("X", id: end * 1000, takenAt: Scene.startMs), new.entry("A", id: fence, takenAt: end),
            ]),
        ])
    }

    @Test("The items of a batch see each other")
    func batch() async throws {
        var (second, third, fourth, fifth) = (Hold(), Hold(), Hold(), Hold())
        second.requester = "bob"
        second.token = token("t2")
        third.name = "gpu-2"
        third.token = token("t3")
        fourth.token = token("t4")
        fifth.requester = "bob"
        fifth.name = "gpu-3"
        fifth.ttlMs = 0
        let seen = try await self.scene.acquire(Hold(), second, Hold(), third, fourth, fifth)
        let first = Hold()
        var expected: [ScriptField] = [.bytes(ByteText(Scene.startMs))]
        expected += first.fields("ACQUIRED", takenAt: Scene.startMs, fence: Scene.startUs)
        expected += first.fields("ALREADY_HELD", takenAt: Scene.startMs, fence: Scene.startUs)
        expected += first.fields("ACQUIRED", takenAt: Scene.startMs, fence: Scene.startUs)
        expected += third.fields("ACQUIRED", takenAt: Scene.startMs, fence: Scene.startUs + 3)
        expected += first.fields("ALREADY_HAD", takenAt: Scene.startMs, fence: Scene.startUs)
        expected += fifth.fields("ACQUIRED", takenAt: Scene.startMs, fence: Scene.startUs + 5)
        #expect(seen.answer == .reply("ITEMS", expected))
        let end = ByteText(Scene.startMs + 30_000)
        #expect(seen.after.scores(self.scene.key("act")) == ["kgpu-1": end, "kgpu-2": end, "kgpu-3": "inf"])
        let alice: [ByteText: ByteText] = ["gpu-1": ByteText(Scene.startUs), "gpu-2": ByteText(Scene.startUs + 3)]
        #expect(seen.after.scores(self.scene.key("q:alice")) == alice)
        #expect(seen.after.scores(self.scene.key("q:bob")) == ["gpu-3": ByteText(Scene.startUs + 5)])
        #expect(seen.after.stream(self.scene.key("ev")).map { $0[1] } == ["A", "A", "A"])
    }

    @Test("A batch with an item that cannot be done does none, whichever item it is", arguments: 0..<3)
    func wholeBatch(broken: Int) async throws {
        let holds = (0..<3).map { index in
            var hold = Hold()
            hold.name = "gpu-\(index)"
            hold.requester = "r\(index)"
            return hold
        }
        _ = try await self.scene.acquire(holds[1])
        for key in [self.scene.holdKey("gpu-\(broken)"), self.scene.key("q:r\(broken)")] {
            let old = try await self.scene.harness.text("DUMP", key)
            try await self.scene.harness.command("DEL", key)
            try await self.scene.harness.command("RPUSH", key, "x")
            let seen = try await self.scene.observe("reservation/acquire", self.scene.acquireArguments(holds))
            seen.expectFailure("WRONGTYPE", "\(key)")
            try await self.scene.observe("reservation/release", self.scene.releaseArguments(holds))
                .expectFailure("WRONGTYPE", "\(key)")
            try await self.scene.harness.command("DEL", key)
            if let old { try await self.scene.harness.command("RESTORE", key, "0", old) }
        }
    }

    @Test("Stale, closed and suspended tenants take nothing, not even by sending a call again")
    func refused() async throws {
        _ = try await self.scene.acquire(Hold())
        try await self.scene.acquire(Hold(), tag: "A2").expectUnchanged(.reply("STALE", "A1"))
        for (tag, word) in [("C1", "CLOSED"), ("S1", "SUSPENDED")] as [(ByteText, ByteText)] {
            try await self.scene.harness.command("SET", self.scene.tenantKey, tag)
            try await self.scene.acquire(Hold(), tag: tag).expectUnchanged(.reply(word))
        }
        try await self.scene.harness.command("DEL", self.scene.tenantKey)
        try await self.scene.acquire(Hold()).expectUnchanged(.reply("STALE", ""))
    }

    @Test("The shard's due index keeps the earliest end of the tenant's holds")
    func earliestEnd() async throws {
        var expected: [Int64] = []
        for (index, ttl) in ([30_000, 60_000, 10_000, 0] as [Int64]).enumerated() {
            var hold = Hold()
            hold.name = "gpu-\(index)"
            hold.ttlMs = ttl
            if ttl > 0 { expected.append(Scene.startMs + ttl) }
            let seen = try await self.scene.acquire(hold)
            let earliest = try #require(expected.min())
            #expect(seen.after.scores(self.scene.shardKey("due")) == ["lacme": ByteText(earliest)])
        }
    }

    @Test("A hold record that is no record is an error, and nothing changes")
    func corruptRecord() async throws {
        _ = try await self.scene.acquire(Hold())
        let record = Hold().record(takenAt: Scene.startMs, fence: 1)
        for text in ["", "x", record[0..<20], record[0..<65], record[0..<68], record[0..<70], "x" + record] {
            try await self.scene.harness.command("SET", self.scene.holdKey("gpu-1"), text)
            try await self.scene.acquire(Hold()).expectFailure("CORRUPT", "\(text)")
        }
    }
}

@Suite("Fencing tokens", .privateRedis, .serialized)
struct FenceTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
    }

    /// Takes a name and returns the fencing token of the grant.
    private func take(_ name: ByteText = "gpu-1", ttlMs: Int64 = 1_000) async throws -> Int64 {
        var hold = Hold()
        hold.name = name
        hold.ttlMs = ttlMs
        let answer = try await self.scene.run("reservation/acquire", self.scene.acquireArguments([hold]))
        #expect(answer.text(1) == "ACQUIRED", "\(answer)")
        return try #require(answer.text(3).number)
    }

    @Test("They rise strictly when the clock stands still or steps back, after release, loss, and expiry")
    func rise() async throws {
        var fences = [try await self.take()]
        #expect(fences == [Scene.startUs])
        try await self.scene.setClock(Scene.startMs - 180_000)
        _ = try await self.scene.release(Hold())
        fences.append(try await self.take())
        #expect(fences[1] == Scene.startUs + 2, "the release took the number between")
        try await self.scene.harness.command("DEL", self.scene.holdKey("gpu-1"))
        fences.append(try await self.take())
        try await self.scene.harness.command("DEL", self.scene.holdKey("gpu-1"), self.scene.key("act"))
        fences.append(try await self.take("gpu-2"))
        fences.append(try await self.take())
        try await self.scene.setClock(Scene.startMs - 180_000 + 1_000)
        fences.append(try await self.take())
        try await self.scene.setClock(Scene.startMs + 1)
        _ = try await self.scene.run("reservation/expire", ["limit": "10"])
        fences.append(try await self.take("gpu-3"))
        #expect(fences == fences.sorted() && Set(fences).count == fences.count, "\(fences)")
        #expect(fences.last == Scene.startUs + 1_000 + 2, "two expired in this millisecond")
        let last = try await self.scene.harness.snapshot().scores(self.scene.key("q:alice"))["gpu-3"]
        #expect(last == fences.last.map { ByteText($0) }, "the requester's index is in the order of the grants")
        let ids = try await self.scene.harness.snapshot().stream(self.scene.key("ev")).map { $0[0][0..<16] }
        #expect(ids == ids.sorted() && Set(ids).count == ids.count)
    }

    @Test("They keep 16 digits and rise within a batch, also while the clock is behind")
    func batch() async throws {
        _ = try await self.take("first")
        try await self.scene.setClock(Scene.startMs - 1)
        let holds = (0..<64).map { index in
            var hold = Hold()
            hold.name = "gpu-\(index)"
            return hold
        }
        let answer = try await self.scene.run("reservation/acquire", self.scene.acquireArguments(holds))
        let fences = (0..<64).map { answer.text(3 + $0 * 5) }
        #expect(fences == (1...64).map { ByteText(Scene.startUs + $0) })
    }

    @Test("The stream keeps about a thousand events")
    func bounded() async throws {
        for round in 0..<50 {
            let holds = (0..<64).map { index in
                var hold = Hold()
                hold.name = "gpu-\(round)-\(index)"
                return hold
            }
            _ = try await self.scene.run("reservation/acquire", self.scene.acquireArguments(holds))
        }
        let length = try #require(try await self.scene.harness.text("XLEN", self.scene.key("ev"))?.number)
        #expect((1_000...1_200).contains(length))
    }
}
