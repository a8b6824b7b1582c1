// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

/// A seeded workload over both APIs against a real Redis, through the request pipeline, under faults; an auditor judges
/// what came back. Set `SEED` to have a run again and `OPERATIONS` for a longer one.
///
/// What must hold (reliability notes, section 5):
/// - I1 remaining = allocated - spent - reserved - debt in every row of every answer
/// - I2 reserved is the sum of the estimates of active reservations, in Redis, once it is quiet
/// - I3 spent and debt are the sum of what acknowledged commits charged, and allocated that of the credits, exactly
/// - I4 a ledger without overdraft never has spent + reserved above allocated
/// - I5 a reservation leaves ACTIVE once, and its end never changes
/// - I6 all answers of one key are equal but for remaining_ttl_ms
/// - I7 a hold is in every budgeted ancestor
/// - I8 all numbers are within int64
/// - K1 fencing tokens are unique and rise in the order of grants
/// - K2 a name has one holder at a time
/// - K4 a stale token never releases
///
/// Beyond these, a sequential model has to find an order of all budget calls in which it gives every answer itself.
@Suite("A workload under faults, audited", .serialized)
struct WorkloadTests {
    /// One mistake has many consequences; the first are enough.
    private static let shownMax = 20

    @Test("One server: scripts forgotten, connections cut, sweeps in between")
    func oneServer() async throws {
        try await check(.environment(operations: 6_000), replicas: 1)
    }

    @Test("Three servers share one Redis, and changes of the tenant put their caches out of date")
    func threeServers() async throws {
        var plan = Run.Plan.environment(operations: 3_000)
        plan.newKeys = 5
        try await check(plan, replicas: 3)
    }

    private func check(_ plan: Run.Plan, replicas: Int) async throws {
        print("model tests: SEED=\(plan.seed) OPERATIONS=\(plan.operations), \(replicas) servers")
        let auditor = Auditor()
        try await ModelStack.run(replicas: replicas) { stack in
            let credentials = try await stack.prepare(extensionsMax: auditor.extensionsMax)
            let result = try await Run(plan, on: stack, credentials).run()
            let coverage = Coverage(result.history)
            print("model tests: \(coverage), \(result.cuts) cuts, \(result.kills) servers killed")
            let findings = result.troubles + auditor.findings(result.history, result.final)
            for finding in findings.prefix(Self.shownMax) { Issue.record("SEED=\(plan.seed): \(finding)") }
            #expect(findings.count <= Self.shownMax, "SEED=\(plan.seed): there are more")
            // A run that met nothing proves nothing.
            guard plan.operations >= 3_000 else { return }
            #expect(result.cuts > 0)
            #expect(result.kills > 0)
            #expect(coverage.missing(of: plan.operations) == [], "SEED=\(plan.seed)")
        }
    }
}
