// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
package import HoldfastRuntime
package import Logging
package import Observability
internal import ServiceLifecycle
internal import SharedKernel
internal import Synchronization

/// Looks at every ledger from time to time and shows in gauges how many are over their limit or in debt (runtime digest
/// 3.13). Costs one script call a shard and a thousand ledgers, by each worker.
package final class LedgerWatch: Sendable {
    /// What a pass has seen.
    struct Summary: Sendable, Equatable {
        var overLimit = 0
        var indebted = 0
        /// The greatest debt / overdraft limit; a debt without a limit counts as 1.
        var debtUtilization = 0.0

        mutating func add(_ state: LedgerState) {
            if state.isOverLimit { overLimit += 1 }
            guard state.debt > 0 else { return }
            indebted += 1
            let share = state.overdraftLimit == 0 ? 1 : Double(state.debt) / Double(state.overdraftLimit)
            debtUtilization = max(debtUtilization, share)
        }
    }

    private let store: Store
    private let interval: Duration
    private let logger: Logger
    /// Of the last pass that saw everything.
    private let latest = Mutex<Summary?>(nil)

    /// A watch that passes over all ledgers once per interval.
    package init(_ store: Store, interval: Duration, registry: PrometheusRegistry, logger: Logger) {
        self.store = store
        self.interval = interval
        self.logger = logger
        registry.describe("holdfast_over_limit_scopes", "Ledgers over their limit: reservations are refused.")
        registry.describe("holdfast_indebted_scopes", "Ledgers with debt: reservations are refused.")
        registry.describe("holdfast_debt_utilization_max", "The greatest debt / overdraft limit of a ledger.")
        registry.gauge("holdfast_over_limit_scopes") { [weak self] in self?.last.map { Double($0.overLimit) } }
        registry.gauge("holdfast_indebted_scopes") { [weak self] in self?.last.map { Double($0.indebted) } }
        registry.gauge("holdfast_debt_utilization_max") { [weak self] in self?.last.map(\.debtUtilization) }
    }

    private var last: Summary? { latest.withLock { $0 } }

    /// Looks at all ledgers once.
    package func pass() async {
        var summary = Summary()
        do throws(ScriptFault) {
            for shard in store.keyspace.shards where !Task.isCancelled {
                var scan = ScanShardLedgers(shard: shard, bounds: ScanBounds(), tenant: [], after: [])
                while true {
                    let piece = try scan.piece(try await store.runner.run(scan.call))
                    for row in piece.rows { summary.add(row.state) }
                    guard piece.hasMore else { break }
                    (scan.tenant, scan.after) = (piece.tenant, piece.last)
                }
            }
        } catch {
            // While Redis is away each pass fails, and the connections have said so already.
            return logger.log(
                level: error.isUnavailable ? .debug : .error, "look at ledgers failed",
                metadata: .keyed([.error: .string(error.description)]))
        }
        guard !Task.isCancelled else { return }
        latest.withLock { $0 = summary }
    }
}

extension LedgerWatch: Service {
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.pass()
                try? await Task.sleep(for: self.interval * Double.random(in: 0.9...1.1))
            }
        }
    }
}
