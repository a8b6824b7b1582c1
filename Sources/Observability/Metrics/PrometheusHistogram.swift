// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import CoreMetrics
import Synchronization

/// How often values fell into each of a fixed row of buckets, and their sum.
///
/// An observation costs a search over the bounds and two atomic additions. Durations are compared and summed as whole
/// nanoseconds, so they need no floating point arithmetic and no compare-and-swap.
package final class PrometheusHistogram: TimerHandler, RecorderHandler {
    /// One bucket's own count; an object of its own, because atomics cannot be elements of an array.
    private final class Cell: Sendable {
        let count = Atomic<UInt64>(0)
    }

    /// What a scrape shows of a histogram: the cumulative counts, one per bound and one for everything, and the sum.
    struct Snapshot {
        var cumulativeCounts: [UInt64]
        var sum: Double
    }

    let bounds: BucketBounds
    let place: SeriesPlace?

    private let cells: [Cell]
    private let sum_ns = Atomic<Int64>(0)
    private let sum = AtomicDouble(0)

    init(bounds: BucketBounds, place: SeriesPlace? = nil) {
        self.bounds = bounds
        self.place = place
        cells = (0...bounds.values.count).map { _ in Cell() }
    }

    /// Records a duration in nanoseconds; a negative one, from a clock set back, counts as zero.
    package func recordNanoseconds(_ duration: Int64) {
        let duration = max(0, duration)
        var index = 0
        for bound in bounds.nanoseconds {
            if duration <= bound { break }
            index += 1
        }
        cells[index].count.wrappingAdd(1, ordering: .relaxed)
        sum_ns.wrappingAdd(duration, ordering: .relaxed)
    }

    /// Records a duration; negative ones count as zero and those beyond 292 years as that.
    package func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return recordNanoseconds(seconds < 0 ? 0 : .max) }
        let (total, carry) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        recordNanoseconds(carry ? (seconds < 0 ? 0 : .max) : total)
    }

    /// Records a value in the unit of the metric; an infinite one or NaN is ignored, for it would spoil the sum for
    /// ever.
    package func record(_ value: Double) {
        guard value.isFinite else { return }
        var index = 0
        for bound in bounds.values {
            if value <= bound { break }
            index += 1
        }
        cells[index].count.wrappingAdd(1, ordering: .relaxed)
        sum.add(value)
    }

    /// Records a value in the unit of the metric.
    package func record(_ value: Int64) {
        record(Double(value))
    }

    /// Does nothing: Prometheus wants seconds, whatever a display would like.
    package func preferDisplayUnit(_ unit: TimeUnit) {}

    /// The total is the sum of the buckets, so one scrape never contradicts itself.
    func snapshot() -> Snapshot {
        var total: UInt64 = 0
        let counts = cells.map { cell in
            total &+= cell.count.load(ordering: .relaxed)
            return total
        }
        let seconds = Double(sum_ns.load(ordering: .relaxed)) / 1_000_000_000
        return Snapshot(cumulativeCounts: counts, sum: seconds + sum.load())
    }
}
