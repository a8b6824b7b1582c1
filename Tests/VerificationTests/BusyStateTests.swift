// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Budgets
import RedisClient
import SharedKernel
import Synchronization
import Testing
import Verification

@Suite("An installation in use")
struct BusyStateTests {
    /// Whether the load should go on.
    private final class Load: Sendable {
        private let flag = Atomic(true)
        private let operations = Atomic(0)

        var goesOn: Bool { flag.load(ordering: .relaxed) }
        var count: Int { operations.load(ordering: .relaxed) }

        func stop() { flag.store(false, ordering: .relaxed) }
        func done() { operations.wrappingAdd(1, ordering: .relaxed) }
    }

    /// Reserves, commits, releases, extends and leaves some live, until told to stop.
    private static func settleForEver(_ actor: Actor, seed: Int, _ load: Load) async throws {
        var live: [(hash: [UInt8], record: BudgetRecord)] = []
        var turn = seed
        while load.goesOn {
            turn += 1
            let path = turn % 3 == 0 ? actor.path() : actor.path("agent:bot\(turn % 2)")
            if let made = try await actor.reserve(Int64(turn % 50), at: path) { live.append(made) }
            if turn % 5 == 0, let last = live.last { try await actor.extend(last) }
            if live.count > 40 {
                let first = live.removeFirst()
                if turn % 2 == 0 {
                    try await actor.commit(Int64(turn % 60), of: first)
                } else {
                    try await actor.release(first)
                }
            }
            load.done()
        }
    }

    /// Takes and releases locks, until told to stop.
    private static func lockForEver(_ actor: Actor, requester: String, _ load: Load) async throws {
        var held: [(name: String, token: String)] = []
        var turn = 0
        while load.goesOn {
            turn += 1
            let name = "\(requester)-\(turn % 30)"
            held.append((name, try await actor.lock(name, by: requester, ttlMs: turn % 4 == 0 ? 0 : 60_000)))
            if held.count > 20 {
                let first = held.removeFirst()
                try await actor.unlock(first.name, by: requester, token: first.token)
            }
            load.done()
        }
    }

    private static func underLoad(_ body: (Installation, [Actor], Load) async throws -> Void) async throws {
        try await Installation.with { store in
            var actors: [Actor] = []
            for name in ["acme", "beta", "gamma"] {
                let actor = try await Actor(name, in: store)
                for path in [actor.path(), actor.path("agent:bot0"), actor.path("agent:bot1")] {
                    try await actor.open(path, allocated: 1_000_000_000)
                }
                actors.append(actor)
            }
            let load = Load()
            try await withThrowingTaskGroup { group in
                for (index, actor) in actors.enumerated() {
                    for worker in 0..<3 {
                        group.addTask { try await settleForEver(actor, seed: 100 * index + 7 * worker, load) }
                    }
                    group.addTask { try await lockForEver(actor, requester: "r\(index)", load) }
                }
                while load.count < 300 { await Task.yield() }
                do { try await body(store, actors, load) } catch {
                    load.stop()
                    throw error
                }
                load.stop()
                try await group.waitForAll()
            }
        }
    }

    @Test("writes that go on during the check never look like violations")
    func noFalseAlarms() async throws {
        try await Self.underLoad { store, _, load in
            let before = load.count
            for _ in 0..<20 {
                let report = try await store.verify()
                #expect(report.violations.isEmpty, "\(report.violations)")
                #expect(report.undecided.isEmpty)
                #expect(report.counts.tenants == 3)
            }
            #expect(load.count > before + 100, "the load went on meanwhile")
            let lists = try await store.verify { $0.atomicMax = 0 }
            #expect(lists.violations.isEmpty, "\(lists.violations)")
        }
    }

    @Test("a wrong sum is found in a ledger that changes all the time")
    func brokenWhileBusy() async throws {
        try await Self.underLoad { store, actors, _ in
            let path = actors[1].path("agent:bot1")
            try await store.addReserved(13, actors[1].key(ofLedger: path))
            let report = try await store.verify()
            #expect(report.violations.count == 1, "\(report.violations)")
            #expect(report.violations.first?.subject == .ledger(path.bytes + [0, BudgetUnit.tokens.letter]))
            #expect(report.violations.first?.detail.contains("difference 13") == true)
        }
    }

    @Test("a list too long to be read at one instant that never rests is reported as undecided, not as sound")
    func undecided() async throws {
        try await Self.underLoad { store, actors, _ in
            let path = actors[0].path()
            try await store.addReserved(13, actors[0].key(ofLedger: path))
            let report = try await store.verify { $0.atomicMax = 0 }
            #expect(!report.isClean)
            #expect(report.violations.count + report.undecided.count >= 1)
        }
    }
}
