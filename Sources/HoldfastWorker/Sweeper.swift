// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import HoldfastRuntime
package import Logging
internal import LuaCatalog
package import Observability
internal import ServiceLifecycle
internal import SharedKernel

/// Ends reservations and locks that are past their time. Nothing depends on it being quick: scripts honour expiry when
/// they read. Any number may run at once, for every call is idempotent.
package struct Sweeper: Sendable {
    private let store: Store
    private let interval: Duration
    private let journal: SweepJournal

    /// Shards swept at the same time.
    private static let width = 8
    /// Calls for one tenant in a pass; whoever has more waits for the others, and the next pass follows at once.
    private static let roundsPerTenant = 10
    /// The longest pause after failures.
    private static let pauseMax = Duration.seconds(5)

    /// A sweeper that passes over all shards once per interval.
    package init(_ store: Store, interval: Duration, registry: PrometheusRegistry, logger: Logger) {
        self.store = store
        self.interval = interval
        journal = SweepJournal(registry: registry, logger: logger)
    }

    /// What a pass left behind: nothing due, more that is due, or something that could not be looked at.
    package enum Outcome: Int, Comparable {
        case clean, more, failed

        package static func < (a: Outcome, b: Outcome) -> Bool { a.rawValue < b.rawValue }
    }

    /// Sweeps every shard once, beginning anywhere, so that several workers rarely meet.
    package func pass() async -> Outcome {
        let begin = ContinuousClock.now
        let shards = store.keyspace.shards
        let first = Int.random(in: 0..<shards.count)
        let outcome = await withTaskGroup(of: Outcome.self) { group in
            var worst = Outcome.clean
            var started = 0
            while started < shards.count, !Task.isCancelled {
                if started >= Self.width, let outcome = await group.next() { worst = max(worst, outcome) }
                let shard = shards[(first + started) % shards.count]
                group.addTask { await sweep(shard) }
                started += 1
            }
            for await outcome in group { worst = max(worst, outcome) }
            return worst
        }
        journal.recordPass(since: begin, isClean: outcome == .clean)
        return outcome
    }

    /// Round by round one call for each tenant that has more, so that a tenant with much does not hold up the others.
    private func sweep(_ shard: Shard) async -> Outcome {
        var failures = 0
        while true {
            let found: [DueTenant]
            let isAll: Bool
            do throws(ScriptFault) {
                (found, isAll) = try await dueTenants(shard, leavingOut: failures)
            } catch {
                journal.record(error, "due index")
                return .failed
            }
            if failures == 0 { await noteOldest(of: shard) }
            let (outcome, failed) = await sweep(found)
            failures += failed
            // Those that cannot be swept stay the earliest of the index: the others behind them must not wait for them.
            if failed > 0, !isAll, !Task.isCancelled { continue }
            return max(outcome, isAll ? .clean : .more, failures > 0 ? .failed : .clean)
        }
    }

    /// Notes how long the first thing of a shard has been due; one that cannot be asked says so in other ways.
    private func noteOldest(of shard: Shard) async {
        guard let reply = try? await store.runner.run(ScriptCall(.sweepOldest, keys: [shard.prefix])),
            let age = try? reply.int(0)
        else { return }
        journal.recordOldest(shard, ageMs: age)
    }

    /// Sweeps these tenants; also how many of them failed.
    private func sweep(_ found: [DueTenant]) async -> (Outcome, failed: Int) {
        var failed = 0
        var left = found
        for _ in 0..<Self.roundsPerTenant where !left.isEmpty {
            var next: [DueTenant] = []
            for due in left where !Task.isCancelled {
                do throws(ScriptFault) {
                    if try await expire(due) { next.append(due) }
                } catch {
                    journal.record(error, due.kind.label)
                    failed += 1
                }
            }
            left = next
        }
        return (left.isEmpty ? .clean : .more, failed)
    }

    /// The tenants of a shard with something due, but for the earliest few, and whether these are all.
    private func dueTenants(
        _ shard: Shard, leavingOut offset: Int
    ) async throws(ScriptFault) -> ([DueTenant], Bool) {
        var call = ScriptCall(.sweepDue, keys: [shard.prefix])
        call.append(decimal: Int64(Limits.sweepBatchMax))
        call.append(decimal: Int64(offset))
        let reply = try await store.runner.run(call)
        guard reply.isWord("DUE") else { throw reply.malformed("word") }
        var found: [DueTenant] = []
        for index in 1..<max(1, reply.count) {
            let member = try reply.bytes(index)
            if let due = DueTenant(member: member) { found.append(due) } else { journal.recordUnknown(member: member) }
        }
        return (found, reply.count <= Limits.sweepBatchMax)
    }

    /// One call; whether the tenant has more.
    private func expire(_ due: DueTenant) async throws(ScriptFault) -> Bool {
        let call = due.expireCall(store.keyspace, keepMs: store.keepMs)
        let batch = try SweptBatch(try await store.runner.run(call))
        journal.record(batch, of: due)
        return batch.hasMore
    }
}

extension Sweeper: Service {
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var failures = 0
            while !Task.isCancelled {
                let outcome = await pass()
                failures = outcome == .failed ? min(failures + 1, 10) : 0
                if outcome == .more { continue }
                // Ten per cent up or down, so that workers do not march in step.
                let pause = min(interval * (1 << failures), max(Self.pauseMax, interval))
                try? await Task.sleep(for: pause * Double.random(in: 0.9...1.1))
            }
        }
    }
}
