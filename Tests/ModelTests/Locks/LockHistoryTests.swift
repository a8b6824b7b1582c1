// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

/// Locks of every kind under faults, through the request pipeline of two servers on one Redis, with a worker's sweeps;
/// a checker judges the history. Set `SEED` to have a run again, and `OPERATIONS` for a longer one.
///
/// What must hold (reliability notes, sections 5 and 6):
/// - K1 fencing tokens are unique and rise in the order of grants
/// - K2 a name has one holder at a time, a pool and a node of a tree at most as many as they have units
/// - K4 a stale token never releases or renews
/// - no hold is gone before it is released or its time is over
/// - whoever is refused was refused for something that was there
/// - blockers and ancestors come and go with the hold, and nothing is left in the end
@Suite("A history of locks under faults, checked", .serialized)
struct LockHistoryTests {
    /// One mistake has many consequences; the first of each rule are enough.
    private static let shownMax = 3
    /// So few steps may miss a kind of answer.
    private static let meaningful = 2_500

    @Test("Pools, blockers and a tree: clients die and doze, servers are killed, connections cut, Redis hangs")
    func registeredResources() async throws {
        try await check(.environment(operations: 3_600), in: .yard, redisPauses: true)
    }

    @Test("Plain names, under the same but for a Redis that hangs")
    func plainNames() async throws {
        // Holds of a second must have the time to end while others ask for the name.
        try await check(.environment(operations: 2_500), in: .street, redisPauses: false)
    }

    private func check(_ plan: Run.Plan, in park: ResourcePark, redisPauses: Bool) async throws {
        print("lock histories: SEED=\(plan.seed) OPERATIONS=\(plan.operations)")
        try await ModelStack.run(replicas: 2) { stack in
            let credentials = try await stack.prepare(extensionsMax: 1)
            let run = LockRun(plan, on: stack, credentials, in: park, redisPauses: redisPauses)
            let (history, troubles) = try await run.run()
            let coverage = LockCoverage(history, run.journal.toll, in: park)
            print("lock histories: \(coverage)")
            #expect(troubles == [], "SEED=\(plan.seed)")
            let flaws = Dictionary(grouping: LockHistoryCheck(park: park).flaws(history), by: \.rule)
            for (rule, found) in flaws.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                for flaw in found.prefix(Self.shownMax) { Issue.record("SEED=\(plan.seed): \(flaw)") }
                #expect(found.count <= Self.shownMax, "SEED=\(plan.seed): there are more of \(rule)")
            }
            // A run that met nothing proves nothing.
            guard plan.operations >= Self.meaningful else { return }
            #expect(coverage.missing == [], "SEED=\(plan.seed)")
            #expect(run.journal.toll.pauses > 0 || !redisPauses)
        }
    }
}
