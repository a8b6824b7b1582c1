// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import CoreMetrics
import Synchronization

/// A number that only rises, until the process ends or someone resets it.
///
/// Whole and fractional increments go to the same series, so a `Counter` and a `FloatingPointCounter` of one name are
/// one metric. A whole increment is one atomic addition. The whole part counts to 2^64 and then starts again at zero,
/// which Prometheus reads as a restart.
package final class PrometheusCounter: CounterHandler, FloatingPointCounterHandler {
    private let whole = Atomic<UInt64>(0)
    private let fraction = AtomicDouble(0)
    let place: SeriesPlace?

    init(place: SeriesPlace? = nil) {
        self.place = place
    }

    /// Adds one.
    package func increment() {
        whole.wrappingAdd(1, ordering: .relaxed)
    }

    /// Adds `amount`; a negative amount is ignored.
    package func increment(by amount: Int) {
        increment(by: Int64(amount))
    }

    /// Adds `amount`; a negative amount is ignored.
    package func increment(by amount: Int64) {
        guard amount > 0 else { return }
        whole.wrappingAdd(UInt64(amount), ordering: .relaxed)
    }

    /// Adds `amount`; an amount that is negative, infinite or not a number is ignored.
    package func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        fraction.add(amount)
    }

    /// Starts again at zero.
    package func reset() {
        whole.store(0, ordering: .relaxed)
        fraction.store(0)
    }

    /// The count as it is exposed: exact as long as no fractional amount was added.
    var value: MetricValue {
        let fraction = fraction.load()
        let whole = whole.load(ordering: .relaxed)
        return fraction == 0 ? .whole(whole) : .floating(Double(whole) + fraction)
    }
}
