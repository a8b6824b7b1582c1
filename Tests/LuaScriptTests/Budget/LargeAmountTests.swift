// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// Amounts over the whole of int64 (reliability L-07): sums are exact, and nothing is written that leaves the range.
@Suite("Large amounts", .privateRedis, .serialized)
struct LargeAmountTests {
    static let edge: Int64 = 1 << 53
    static let amounts: [Int64] = [
        0, 1, 99_999_999_999_999, 100_000_000_000_000, edge - 1, edge, edge + 1, 1_000_000_000_000_000_000, .max - 1,
        .max,
    ]

    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
    }

    private func text(_ path: ByteText) async throws -> ByteText? {
        try await self.scene.harness.text("GET", self.scene.ledgerKey(path))
    }

    @Test("A reservation, its release and its commit are exact for every sum of table values")
    func exact() async throws {
        var count = 0
        for allocated in Self.amounts {
            for reserved in Self.amounts where reserved <= allocated {
                for spent: Int64 in [0, 1, Self.edge + 1] where Int128(reserved) + Int128(spent) <= Int128(allocated) {
                    for amount in Self.amounts {
                        count += 1
                        let ledger = Ledger(allocated, reserved: reserved, spent: spent, limit: 7, flags: "r")
                        try await self.check(ledger, amount, "h\(count)")
                    }
                }
            }
            try await self.scene.harness.reset(clockUs: Scene.startMs * 1000)
            try await self.scene.openTenant()
        }
    }

    private func check(_ ledger: Ledger, _ amount: Int64, _ name: ByteText) async throws {
        let comment: Comment = "\(ledger), \(amount)"
        try await self.scene.write(ledger, Paths.root)
        var call = ReserveCall()
        call.id = mark(name)
        call.amount = amount
        let answer = try await self.scene.run("budget/reserve", call.arguments())
        guard ledger.remaining >= Int128(amount) else {
            #expect(answer == .reply("DENIED", "EXCEEDED", 0), comment)
            #expect(try await self.text(Paths.root) == ledger.text, comment)
            return
        }
        #expect(answer.word == "RESERVED", comment)
        var held = ledger
        held.reserved += amount
        #expect(try await self.text(Paths.root) == held.text, comment)
        let record = call.record(at: Scene.startMs, opening: "")
        let settle = SettleCall(Placed(call: call, record: record, key: ""))
        if amount % 2 == 0 {
            #expect(try await self.scene.run("budget/release", settle.release()).word == "RELEASED", comment)
            #expect(try await self.text(Paths.root) == ledger.text, comment)
        } else {
            var settle = settle
            settle.actual = amount
            #expect(try await self.scene.run("budget/commit", settle.commit()).word == "COMMITTED", comment)
            var booked = ledger
            booked.spent += amount
            #expect(try await self.text(Paths.root) == booked.text, comment)
        }
    }

    @Test("The sum of expired reservations is given back exactly", arguments: [1, edge + 1, .max / 3] as [Int64])
    func expiry(amount: Int64) async throws {
        try await self.scene.openLedgers([Paths.root: Ledger(.max)])
        for index in 0..<3 {
            var call = ReserveCall()
            call.id = mark("h\(index)")
            call.amount = amount
            _ = try await self.scene.place(call)
            #expect(try await self.scene.ledger(Paths.root) == Ledger(.max, reserved: amount * Int64(index + 1)))
        }
        try await self.scene.setClock(Scene.startMs + 1_000_000)
        let swept = try await self.scene.run("budget/expire", ["limit": "10", "keep_ms": "1000"])
        #expect(swept == .reply("EXPIRED", 3, 0, 0, .integer(Scene.startMs + 1_000_000)))
        #expect(try await self.scene.ledger(Paths.root) == Ledger(.max))
    }

    @Test("Reserve and release agree with exact arithmetic over random ledgers and three scopes")
    func random() async throws {
        var random = SeededGenerator()
        for round in 0..<300 {
            // Snapshots shall stay small.
            if round % 20 == 0 { try await self.scene.harness.reset(clockUs: Scene.startMs * 1000) }
            if round % 20 == 0 { try await self.scene.openTenant() }
            func any() -> Int64 {
                Int64.random(in: 0...(.max >> Int64.random(in: 0..<62, using: &random)), using: &random)
            }
            let ledgers = Paths.all.map { _ in
                let allocated = any()
                let reserved = Int64.random(in: 0...allocated, using: &random)
                let spent = Int64.random(in: 0...(allocated - reserved), using: &random)
                return Ledger(allocated, reserved: reserved, spent: spent, limit: any())
            }
            for (path, ledger) in zip(Paths.all, ledgers) { try await self.scene.write(ledger, path) }
            var call = ReserveCall()
            call.id = mark("h\(round)")
            let room = ledgers.map(\.remaining).min() ?? 0
            let step = Int128.random(in: -1...1, using: &random)
            call.amount = Int64(clamping: max(0, Bool.random(using: &random) ? room + step : Int128(any())))
            let comment: Comment = "seed \(random.seed), round \(round): \(ledgers), \(call.amount)"
            let seen = try await self.scene.observe("budget/reserve", call.arguments())
            if let index = ledgers.firstIndex(where: { $0.remaining < Int128(call.amount) }) {
                seen.expectUnchanged(.reply("DENIED", "EXCEEDED", .integer(Int64(index))), comment)
                continue
            }
            #expect(seen.answer.word == "RESERVED", comment)
            for (path, var ledger) in zip(Paths.all, ledgers) {
                ledger.reserved += call.amount
                #expect(seen.after.string(self.scene.ledgerKey(path)) == ledger.text, comment)
            }
            let record = call.record(at: Scene.startMs, opening: "")
            _ = try await self.scene.run(
                "budget/release", SettleCall(Placed(call: call, record: record, key: "")).release())
            for (path, ledger) in zip(Paths.all, ledgers) {
                #expect(try await self.text(path) == ledger.text, comment)
            }
        }
    }
}
