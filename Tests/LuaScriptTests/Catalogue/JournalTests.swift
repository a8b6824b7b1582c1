// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// Events and audit entries: their numbers and the bounds of their logs (lua/include/sequence, outbox, audit).
@Suite("Events and audit", .privateRedis, .serialized)
struct JournalTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
        try await self.scene.openLedgers([Paths.root: Ledger(1000)])
    }

    /// A credit, which writes an audit entry and then an event; their numbers.
    private func fund(_ scene: Scene) async throws -> [Int64] {
        let before = try await self.numbers()
        let answer = try await scene.run("admin/fund_budget", AdminCalls.fund(1, h: ""))
        #expect(answer.word == "FUNDED", "\(answer)")
        let added = try await self.numbers().subtracting(before)
        #expect(added.count == 2)
        return added.sorted()
    }

    /// The numbers of all bodies of the shard.
    private func numbers() async throws -> Set<Int64> {
        let keys = try await self.scene.harness.snapshot().entries.keys
        let texts = [self.scene.shardKey("a:"), self.scene.shardKey("e:")].flatMap { prefix in
            keys.filter { $0.bytes.starts(with: prefix.bytes) }.map { $0.dropping(prefix.count) }
        }
        let numbers = Set(texts.compactMap(\.number))
        #expect(numbers.count == texts.count, "no number is given twice")
        return numbers
    }

    @Test("Numbers rise strictly in a shard, over all its tenants, when the clock stands still, steps back and goes on")
    func sequence() async throws {
        var other = self.scene
        other.tenant = "globex"
        try await other.openTenant()
        try await other.openLedgers([Paths.root: Ledger(1000)])
        var all: [Int64] = []
        for step: Int64 in [0, 0, 1, -180_000_000, -180_000_000, 2, 3, 1000, 500, 1_000_000] {
            try await self.scene.harness.setClock(us: Scene.startUs + step)
            all += try await self.fund(all.count % 4 == 0 ? self.scene : other)
        }
        #expect(zip(all, all.dropFirst()).allSatisfy(<), "\(all)")
        #expect(Array(all.prefix(4)) == [0, 1, 2, 3].map { Scene.startUs + $0 })
        let last = [1_000_000, 1_000_001].map { Scene.startUs + $0 }
        #expect(Array(all.suffix(2)) == last, "they follow the clock again")
    }

    @Test("The sweep of many reservations in one microsecond numbers each event")
    func sweep() async throws {
        for index in 0..<20 {
            var call = ReserveCall()
            call.id = mark("h\(index)")
            call.amount = 1
            _ = try await self.scene.place(call)
        }
        try await self.scene.setClock(Scene.startMs + 100_000)
        let swept = try await self.scene.run("budget/expire", ["limit": "20", "keep_ms": "1000"])
        #expect(swept == .reply("EXPIRED", 20, 0, 1, .integer(Scene.startMs + 100_000)))
        let first = (Scene.startMs + 100_000) * 1000
        #expect(try await self.numbers().sorted() == (0..<20).map { first + $0 })
        let out = try await self.scene.harness.snapshot().scores(self.scene.shardKey("out"))
        #expect(out == Dictionary(uniqueKeysWithValues: (0..<20).map { ("\(first + $0):acme", ByteText(first + $0)) }))
    }

    /// Puts `count` entries into the tenant's event log, from this number on, with a body and outbox entry each for the
    /// first ten.
    private func fillLog(_ count: Int, from first: Int64) async throws {
        let source = """
            for i = 0, ARGV[2] - 1 do
                local seq = string.format('%.0f', ARGV[1] + i)
                redis.call('ZADD', KEYS[1], seq, seq .. ':budget.funded')
                if i < 10 then
                    redis.call('SET', KEYS[2] .. 'e:' .. seq, 'body')
                    redis.call('ZADD', KEYS[2] .. 'out', seq, seq .. ':acme')
                    redis.call('ZADD', KEYS[2] .. 'el', seq, seq .. ':budget.funded:acme')
                end
            end
            return {}
            """
        let keys = [self.scene.key("el"), Scene.prefix]
        _ = try await self.scene.harness.evaluate(source, keys: keys, arguments: [ByteText(first), ByteText(count)])
    }

    /// How many of the first ten entries, their bodies and their outbox entries are there, and how long the log is.
    private func look(from first: Int64) async throws -> [Int64] {
        let source = """
            local bodies, outs = 0, 0
            for i = 0, 9 do
                local seq = string.format('%.0f', ARGV[1] + i)
                bodies = bodies + redis.call('EXISTS', KEYS[2] .. 'e:' .. seq)
                local inOutbox = redis.call('ZSCORE', KEYS[2] .. 'out', seq .. ':acme')
                local inLog = redis.call('ZSCORE', KEYS[2] .. 'el', seq .. ':budget.funded:acme')
                if not inOutbox ~= not inLog then return {'a log without the other'} end
                if inOutbox then outs = outs + 1 end
            end
            return {bodies .. '', outs .. '', redis.call('ZCARD', KEYS[1]) .. ''}
            """
        let keys = [self.scene.key("el"), Scene.prefix]
        let out = try await self.scene.harness.evaluate(source, keys: keys, arguments: [ByteText(first)])
        return out.compactMap(\.number)
    }

    private func fundOnce() async throws {
        #expect(try await self.scene.run("admin/fund_budget", AdminCalls.fund(1, h: "")).word == "FUNDED")
    }

    @Test("A tenant's event log holds 100,000 entries; beyond that each event drops the four oldest, bodies and all")
    func logIsBounded() async throws {
        let first = Scene.startUs - 1_000_000
        try await self.fillLog(99_999, from: first)
        try await self.fundOnce()
        #expect(try await self.look(from: first) == [10, 10, 100_000])
        try await self.fundOnce()
        #expect(try await self.look(from: first) == [6, 6, 99_997])
        for _ in 0..<3 { try await self.fundOnce() }
        #expect(try await self.look(from: first) == [6, 6, 100_000])
        try await self.fundOnce()
        #expect(try await self.look(from: first) == [2, 2, 99_997])
    }

    @Test("Entries whose body has ended leave the event log, four with each event")
    func logIsAsOldAsItsBodies() async throws {
        let first = Scene.startUs - Journal.eventKeepMs * 1000 - 5
        try await self.fillLog(10, from: first)
        try await self.fundOnce()
        #expect(try await self.look(from: first) == [6, 6, 7])
        try await self.fundOnce()
        #expect(try await self.look(from: first) == [4, 4, 6], "six were as old as their bodies live")
        try await self.fundOnce()
        #expect(try await self.look(from: first) == [4, 4, 7])
    }

    @Test("Entries whose body has ended leave the audit log, four with each entry")
    func auditIsAsOldAsItsBodies() async throws {
        let first = Scene.startUs - Journal.auditKeepMs * 1000 - 5
        for index in 0..<Int64(10) {
            let number = ByteText(first + index)
            try await self.scene.harness.command("ZADD", self.scene.key("al"), number, number)
            try await self.scene.harness.command("ZADD", self.scene.shardKey("al"), number, number + ":acme")
        }
        var lengths: [[Int64?]] = []
        for _ in 0..<3 {
            try await self.fundOnce()
            lengths.append([
                try await self.scene.harness.text("ZCARD", self.scene.key("al"))?.number,
                try await self.scene.harness.text("ZCARD", self.scene.shardKey("al"))?.number,
            ])
        }
        #expect(lengths == [[7, 7], [6, 6], [7, 7]])
    }
}
