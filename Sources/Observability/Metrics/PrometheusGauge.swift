// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import CoreMetrics

/// A number that goes up and down.
package final class PrometheusGauge: RecorderHandler, MeterHandler {
    private let value: AtomicDouble
    let place: SeriesPlace?

    init(place: SeriesPlace? = nil) {
        value = AtomicDouble(0)
        self.place = place
    }

    /// Replaces the value; infinities and NaN are exposed as such.
    package func set(_ value: Double) {
        self.value.store(value)
    }

    /// Replaces the value.
    package func set(_ value: Int64) {
        self.value.store(Double(value))
    }

    /// Replaces the value.
    package func set(_ value: Int) {
        self.value.store(Double(value))
    }

    /// Adds `amount`, which may be negative; an infinite amount or NaN is ignored.
    package func increment(by amount: Double = 1) {
        guard amount.isFinite else { return }
        value.add(amount)
    }

    /// Subtracts `amount`, which may be negative; an infinite amount or NaN is ignored.
    package func decrement(by amount: Double = 1) {
        increment(by: -amount)
    }

    /// Replaces the value: what a recorder without aggregation does.
    package func record(_ value: Int64) {
        set(value)
    }

    /// Replaces the value: what a recorder without aggregation does.
    package func record(_ value: Double) {
        set(value)
    }

    /// The value now.
    var current: Double { value.load() }
}
