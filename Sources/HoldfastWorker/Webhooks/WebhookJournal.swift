// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Logging
internal import Observability
internal import SharedKernel
internal import Synchronization
internal import Webhooks

/// What is counted and logged about webhooks.
final class WebhookJournal: Sendable {
    private let logger: Logger
    private let relayed, queued, unreadable, failures, disabled, expired, lost: PrometheusCounter
    private let aside, unreadableRows, dropped, late: PrometheusCounter
    private let attempts: [String: PrometheusCounter]
    private let duration: PrometheusHistogram
    /// By shard: age of the oldest event in the outbox, and how long the first lane is overdue, ms.
    private let outboxAges = Mutex<[Shard: Int64]>([:])
    private let laneAges = Mutex<[Shard: Int64]>([:])
    private let inFlight = Mutex(0)

    private static let outcomes = ["delivered", "retry", "failed", "gone"]

    init(registry: PrometheusRegistry, logger: Logger) {
        self.logger = logger
        for (name, text) in [
            ("holdfast_events_relayed_total", "Events taken from the outbox."),
            ("holdfast_webhook_deliveries_queued_total", "Deliveries decided on."),
            ("holdfast_events_unreadable_total", "Events of the outbox that cannot be read; they are left out."),
            ("holdfast_events_put_aside_total", "Events that this worker cannot read, kept for another for an hour."),
            ("holdfast_webhook_subscriptions_unreadable_total", "Rows of subscriptions that could not be read."),
            ("holdfast_webhook_deliveries_dropped_total", "Deliveries not kept: too many of their subscription wait."),
            ("holdfast_webhook_attempts_skipped_total", "Attempts not begun: their lease was about to end."),
            ("holdfast_webhook_failures_total", "Script calls about webhooks that failed."),
            ("holdfast_webhook_attempts_total", "Attempts to deliver, by what came of them."),
            ("holdfast_webhook_subscriptions_disabled_total", "Subscriptions disabled by failures."),
            ("holdfast_webhook_deliveries_ended_total", "Deliveries ended unsent: old, or without a subscription."),
            ("holdfast_webhook_leases_lost_total", "Attempts whose delivery was another worker's by their end."),
            ("holdfast_webhook_attempt_duration_seconds", "Time of an attempt."),
            ("holdfast_outbox_oldest_seconds", "Age of the oldest event in an outbox."),
            ("holdfast_webhook_oldest_due_seconds", "How long the first delivery that is due has been so."),
            ("holdfast_webhook_in_flight", "Attempts under way."),
        ] { registry.describe(name, text) }
        relayed = registry.counter("holdfast_events_relayed")
        queued = registry.counter("holdfast_webhook_deliveries_queued")
        unreadable = registry.counter("holdfast_events_unreadable")
        aside = registry.counter("holdfast_events_put_aside")
        unreadableRows = registry.counter("holdfast_webhook_subscriptions_unreadable")
        dropped = registry.counter("holdfast_webhook_deliveries_dropped")
        late = registry.counter("holdfast_webhook_attempts_skipped")
        failures = registry.counter("holdfast_webhook_failures")
        disabled = registry.counter("holdfast_webhook_subscriptions_disabled")
        expired = registry.counter("holdfast_webhook_deliveries_ended")
        lost = registry.counter("holdfast_webhook_leases_lost")
        attempts = Dictionary(
            uniqueKeysWithValues: Self.outcomes.map {
                ($0, registry.counter("holdfast_webhook_attempts", labels: [("outcome", $0)]))
            })
        duration = registry.timer("holdfast_webhook_attempt_duration")
        registry.gauge("holdfast_outbox_oldest_seconds") { [weak self] in self?.outboxAges.withLock { Self.oldest($0) }
        }
        registry.gauge("holdfast_webhook_oldest_due_seconds") { [weak self] in
            self?.laneAges.withLock { Self.oldest($0) }
        }
        registry.gauge("holdfast_webhook_in_flight") { [weak self] in self?.inFlight.withLock { Double($0) } }
    }

    private static func oldest(_ ages: [Shard: Int64]) -> Double { Double(ages.values.max() ?? 0) / 1_000 }

    /// Attempts under way.
    var underWay: Int { inFlight.withLock { $0 } }

    func begin(_ count: Int) { inFlight.withLock { $0 += count } }
    func end() { inFlight.withLock { $0 -= 1 } }

    func recordOutbox(_ shard: Shard, oldestMs: Int64) { outboxAges.withLock { $0[shard] = oldestMs } }

    func recordLanes(_ shard: Shard, _ outcome: ClaimDeliveries.Outcome) {
        laneAges.withLock { $0[shard] = outcome.oldestMs }
        if outcome.ended > 0 { expired.increment(by: outcome.ended) }
    }

    func recordRelayed(_ count: Int) { relayed.increment(by: Int64(count)) }
    func recordQueued(_ count: Int64) { queued.increment(by: count) }
    func recordLost() { lost.increment() }

    /// An entry of the outbox is left out.
    func recordUnreadable(_ entry: [UInt8]) {
        unreadable.increment()
        logger.error(
            "event cannot be read", metadata: .keyed([.value: .string(String(decoding: entry, as: UTF8.self))]))
    }

    /// Events are put aside, and for them the oldest that were aside are left out.
    func recordAside(_ count: Int, dropped: Int64) {
        aside.increment(by: Int64(count))
        unreadable.increment(by: dropped)
        logger.error(
            "events put aside: this worker cannot read them or a subscription",
            metadata: .keyed([.value: .stringConvertible(count)]))
        guard dropped > 0 else { return }
        logger.error("too many events are aside", metadata: .keyed([.value: .stringConvertible(dropped)]))
    }

    /// Rows of an owner's subscriptions are missing or cannot be read.
    func recordUnreadable(_ ids: [[UInt8]], of owner: TenantID) {
        unreadableRows.increment(by: Int64(ids.count))
        let list = ids.prefix(10).map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
        logger.error(
            "subscriptions cannot be read",
            metadata: .keyed([.tenant: .string(owner.description), .value: .string(list)]))
    }

    /// Deliveries of a subscription are not kept.
    func recordDropped(_ count: Int, of subscription: [UInt8]) {
        dropped.increment(by: Int64(count))
        logger.warning(
            "\(count) deliveries dropped: too many of the subscription wait",
            metadata: .keyed([.value: .string(String(decoding: subscription, as: UTF8.self))]))
    }

    /// An attempt would have outlasted its lease.
    func recordLate() { late.increment() }

    /// An attempt is over.
    func record(_ delivery: ClaimedDelivery, _ result: AttemptResult, _ verdict: DeliveryVerdict) {
        let word =
            switch verdict {
            case .delivered: "delivered"
            case .retry: "retry"
            case .failed: "failed"
            case .gone: "gone"
            }
        attempts[word]?.increment()
        duration.recordNanoseconds(result.tookMs &* 1_000_000)
        guard verdict != .delivered else { return }
        logger.log(
            level: verdict == .failed || verdict == .gone ? .warning : .debug, "webhook attempt \(word)",
            metadata: .keyed([
                .value: .string(String(decoding: delivery.id, as: UTF8.self)), .error: .string(result.error ?? ""),
            ]))
    }

    /// A subscription was disabled because of its failures.
    func recordDisabled(_ delivery: ClaimedDelivery) {
        disabled.increment()
        logger.warning(
            "subscription disabled",
            metadata: .keyed([.value: .string(String(decoding: delivery.subscriptionID, as: UTF8.self))]))
    }

    /// A delivery waits because of something that is wrong with this process, not with the endpoint.
    func recordPutOff(_ delivery: ClaimedDelivery, _ reason: String) {
        failures.increment()
        logger.error(
            "webhook put off",
            metadata: .keyed([
                .value: .string(String(decoding: delivery.subscriptionID, as: UTF8.self)), .error: .string(reason),
            ]))
    }

    /// A call failed; while Redis is away each one does, and the connections have said so already.
    func record(_ fault: ScriptFault, _ what: String) {
        failures.increment()
        logger.log(
            level: fault.isUnavailable ? .debug : .error, "webhook call failed",
            metadata: .keyed([.error: .string(fault.description), .operation: .string(what)]))
    }
}
