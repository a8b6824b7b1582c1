// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Logging
internal import Observability
internal import SharedKernel
internal import Synchronization

/// What is counted and logged about sweeps.
final class SweepJournal: Sendable {
    private let logger: Logger
    private let ended: [DueTenant.Kind: PrometheusCounter]
    private let setAside: [DueTenant.Kind: PrometheusCounter]
    private let failures: PrometheusCounter
    private let duration: PrometheusHistogram
    /// When a pass last left nothing due that it knows of.
    private let lastClean = Mutex(ContinuousClock.now)
    /// By shard: how long the first thing has been due, ms, as the last pass found it.
    private let oldest = Mutex<[Shard: Int64]>([:])

    init(registry: PrometheusRegistry, logger: Logger) {
        self.logger = logger
        registry.describe(
            "holdfast_expirations_total",
            "Reservations and locks that this worker expired, and what it closed with a tenant.")
        registry.describe(
            "holdfast_expirations_set_aside_total", "Expirations put off for a minute because a record is corrupt.")
        registry.describe("holdfast_sweep_failures_total", "Script calls of sweeps that failed.")
        registry.describe("holdfast_sweep_duration_seconds", "Time of a pass over all shards.")
        registry.describe("holdfast_sweep_lag_seconds", "Time since a pass over all shards left nothing due.")
        registry.describe("holdfast_due_oldest_seconds", "How long the first thing that is due has been so.")
        var ended: [DueTenant.Kind: PrometheusCounter] = [:]
        var setAside: [DueTenant.Kind: PrometheusCounter] = [:]
        for kind in DueTenant.Kind.allCases {
            let labels = [("kind", kind.label)]
            ended[kind] = registry.counter("holdfast_expirations", labels: labels)
            setAside[kind] = registry.counter("holdfast_expirations_set_aside", labels: labels)
        }
        self.ended = ended
        self.setAside = setAside
        failures = registry.counter("holdfast_sweep_failures")
        duration = registry.timer("holdfast_sweep_duration")
        registry.gauge("holdfast_due_oldest_seconds") { [weak self] in
            self?.oldest.withLock { Double($0.values.max() ?? 0) / 1_000 }
        }
        registry.gauge("holdfast_sweep_lag_seconds") { [weak self] in
            self.map { (ContinuousClock.now - $0.lastClean.withLock { $0 }) / .seconds(1) }
        }
    }

    /// A shard was looked at.
    func recordOldest(_ shard: Shard, ageMs: Int64) { oldest.withLock { $0[shard] = ageMs } }

    /// A call did something.
    func record(_ batch: SweptBatch, of due: DueTenant) {
        ended[due.kind]?.increment(by: batch.ended)
        guard batch.setAside > 0 else { return }
        setAside[due.kind]?.increment(by: batch.setAside)
        logger.error(
            "expirations set aside: records are corrupt",
            metadata: .keyed([
                .tenant: .string(due.tenant.description), .operation: .string(due.kind.label),
                .count: .stringConvertible(batch.setAside),
            ]))
    }

    /// A call failed; `what` is a shard or a tenant.
    func record(_ fault: ScriptFault, _ what: String) {
        failures.increment()
        let metadata: Logger.Metadata = .keyed([.error: .string(fault.description), .operation: .string(what)])
        // While Redis is away each pass fails, and the connections have said so already.
        logger.log(level: fault.isUnavailable ? .debug : .error, "sweep failed", metadata: metadata)
    }

    /// The index named something that is no tenant.
    func recordUnknown(member: [UInt8]) {
        failures.increment()
        logger.error(
            "unknown entry in a due index",
            metadata: .keyed([.value: .string(String(decoding: member, as: UTF8.self))]))
    }

    /// A pass over all shards has ended.
    func recordPass(since begin: ContinuousClock.Instant, isClean: Bool) {
        let (seconds, attoseconds) = (ContinuousClock.now - begin).components
        duration.recordNanoseconds(seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
        if isClean { lastClean.withLock { $0 = ContinuousClock.now } }
    }
}
