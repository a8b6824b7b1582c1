// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import LuaBundling
import LuaCatalog
import TestSupport
import Testing

/// That the means of these tests notice what they are there to notice.
@Suite("The harness", .privateRedis, .serialized)
struct HarnessTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    @Test("A snapshot notices every kind of change, and the clock is no part of it")
    func snapshots() async throws {
        try await self.scene.setClock(Scene.startMs + 1)
        #expect(try await self.scene.harness.snapshot().entries.isEmpty)
        let steps: [[ByteText]] = [
            ["SET", "a", "1"], ["SET", "a", "2"], ["PEXPIRE", "a", "100000"], ["PERSIST", "a"],
            ["HSET", "b", "f", "1"], ["HSET", "b", "f", "2"], ["HSET", "b", "g", "2"], ["ZADD", "c", "1", "m"],
            ["ZADD", "c", "2", "m"], ["XADD", "d", "5-0", "A", "1"], ["XADD", "d", "6-0", "A", "1"],
            ["XDEL", "d", "5-0"], ["RPUSH", "e", "1"], ["RPUSH", "e", "2"], ["SADD", "f", "1"], ["SADD", "f", "2"],
            ["DEL", "a"], ["RENAME", "b", "a"],
        ]
        var last = try await self.scene.harness.snapshot()
        for words in steps {
            try await self.scene.harness.command(words)
            let now = try await self.scene.harness.snapshot()
            #expect(now != last && !last.changes(to: now).isEmpty, "\(words)")
            #expect(try await self.scene.harness.snapshot() == now)
            last = now
        }
    }

    @Test("Scripts read the test clock, to the microsecond")
    func clock() async throws {
        try await self.scene.openTenant()
        for us: Int64 in [1_700_000_000_000_000, 1_700_000_000_000_999, 1_700_000_000_999_999, 1_700_000_001_000_001] {
            try await self.scene.harness.setClock(us: us)
            let due = try await self.scene.harness.run(
                "sweep/due", keys: [Scene.prefix], ["limit": "1", "offset": "0"])
            #expect(due == .reply("DUE", .integer(us / 1000)))
            var hold = Hold()
            hold.name = "at \(us)"
            #expect(try await self.scene.acquire(hold).answer.text(3) == ByteText(us))
        }
    }

    @Test("Every script that asks for the time is swapped, and no line moves")
    func swap() throws {
        let bundler = Bundler(root: ScriptHarness.luaFolder)
        var count = 0
        for bundled in try bundler.bundleAll() {
            let (real, swapped) = (LuaScript(bundled), try LuaScript(withTestClock: bundled))
            #expect(real.source == bundled.source && real.sha1 == bundled.sha1)
            #expect(real.source.split(separator: "\n").count == swapped.source.split(separator: "\n").count)
            #expect(!swapped.source.contains("'TIME'"))
            #expect((real.source != swapped.source) == bundled.source.contains("TIME"), "\(bundled.name)")
            if real != swapped { count += 1 }
        }
        #expect(count >= 15)
    }

    @Test("A call that its header does not allow is refused before it is sent")
    func contracts() async throws {
        await #expect(throws: ContractBreach.self) { try await self.scene.run("no/script", [:]) }
        await #expect(throws: ContractBreach.self) {
            try await self.scene.run("sweep/due", ["limit": "1", "offset": "0"])
        }
        await #expect(throws: ContractBreach.self) {
            try await self.scene.harness.run("sweep/due", keys: [Scene.prefix], ["limits": "1", "offset": "0"])
        }
        await #expect(throws: ContractBreach.self) {
            try await self.scene.harness.run(
                "sweep/due", keys: [Scene.prefix], ScriptArguments(["limit": "1", "offset": "0"], rest: ["2"]))
        }
    }

    @Test("The same seed gives the same numbers, another gives others")
    func seeds() {
        func numbers(_ seed: UInt64) -> [UInt64] {
            var random = SeededGenerator(seed: seed)
            return (0..<50).map { _ in random.next() }
        }
        #expect(numbers(1) == numbers(1))
        #expect(numbers(1) != numbers(2) && Set(numbers(1)).count == 50)
    }
}
