// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Synchronization

/// The metrics of this process and their exposition in the Prometheus text format 0.0.4.
///
/// Asking for a metric takes a lock and builds a key (about a microsecond): keep what you get. Counting on it
/// afterwards takes no lock. Asking twice for the same name and labels gives the same metric.
///
/// The number of series is bounded. Beyond the bound a new label combination counts on the series `overflow="true"` of
/// its metric, and `holdfast_metrics_series_dropped_total` rises each time one is turned away; what exists keeps
/// counting. A name already in use for another type gives a metric that works but is not exposed, and is counted there
/// as well.
package final class PrometheusRegistry: Sendable {
    /// The `Content-Type` of what ``render()`` returns.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private let table: Mutex<MetricTable>
    private let dropped = PrometheusCounter()
    private let lastSize = Atomic<Int>(4_096)

    /// An empty registry.
    ///
    /// `version` is exposed as `holdfast_build_info`; `seriesLimit` counts sample lines as Prometheus does, so a
    /// histogram series takes its number of bounds plus three; `bounds` by exposed metric name replace the standard
    /// buckets; `includesProcess` adds CPU, memory and file descriptors of this process, on Linux.
    package init(
        version: String? = nil,
        seriesLimit: Int = 2_000,
        bounds: [String: BucketBounds] = [:],
        includesProcess: Bool = true
    ) {
        table = Mutex(MetricTable(seriesLimit: seriesLimit, bounds: bounds))
        registerOwn(version: version)
        if includesProcess { registerProcess() }
    }

    // MARK: Metrics

    /// The counter of this name (`_total` is added if it lacks) and these labels.
    package func counter(_ name: String, labels: [(String, String)] = []) -> PrometheusCounter {
        let wish = wish(.counter, MetricName.counter(name), name, labels)
        let series = place(wish) { place, _ in .counter(PrometheusCounter(place: place)) }
        if case .counter(let counter) = series { return counter }
        return PrometheusCounter()
    }

    /// The gauge of this name and these labels.
    package func gauge(_ name: String, labels: [(String, String)] = []) -> PrometheusGauge {
        let wish = wish(.gauge, MetricName.sanitized(name), name, labels)
        let series = place(wish) { place, _ in .gauge(PrometheusGauge(place: place)) }
        if case .gauge(let gauge) = series { return gauge }
        return PrometheusGauge()
    }

    /// The histogram of durations of this name (`_seconds` is added if it lacks) and these labels.
    package func timer(_ name: String, labels: [(String, String)] = []) -> PrometheusHistogram {
        histogram(named: MetricName.timer(name), name, labels)
    }

    /// The histogram of values of this name and these labels.
    package func histogram(_ name: String, labels: [(String, String)] = []) -> PrometheusHistogram {
        histogram(named: MetricName.sanitized(name), name, labels)
    }

    /// A gauge whose value is found at each scrape, on the thread that scrapes; nil leaves the sample out.
    ///
    /// Registering the same name and labels again replaces the function. The function must be quick and may use this
    /// registry.
    package func gauge(_ name: String, labels: [(String, String)] = [], read: @escaping @Sendable () -> Double?) {
        placeReading(read, wish(.gauge, MetricName.sanitized(name), name, labels))
    }

    /// A counter kept elsewhere, read at each scrape like a callback gauge; the value must never fall.
    package func counter(_ name: String, labels: [(String, String)] = [], read: @escaping @Sendable () -> Double?) {
        placeReading(read, wish(.counter, MetricName.counter(name), name, labels))
    }

    // MARK: Descriptions

    /// Sets the help text of the metric exposed as `name`, suffix included; it may not exist yet.
    package func describe(_ name: String, _ help: String) {
        let name = MetricName.sanitized(name)
        table.withLock { $0.describe(name, help) }
    }

    /// Sets the buckets of the histogram exposed as `name`, suffix included; only a metric without series yet takes
    /// them.
    package func setBounds(_ bounds: BucketBounds, for name: String) {
        let name = MetricName.sanitized(name)
        table.withLock { $0.setBounds(bounds, for: name) }
    }

    // MARK: Removal

    /// Removes the series from the scrape and frees its place; whoever still holds the counter counts for nobody.
    package func remove(_ counter: PrometheusCounter) {
        remove(at: counter.place) { if case .counter(let known) = $0 { known === counter } else { false } }
    }

    /// Removes the series from the scrape and frees its place.
    package func remove(_ gauge: PrometheusGauge) {
        remove(at: gauge.place) { if case .gauge(let known) = $0 { known === gauge } else { false } }
    }

    /// Removes the series from the scrape and frees its place.
    package func remove(_ histogram: PrometheusHistogram) {
        remove(at: histogram.place) { if case .histogram(let known) = $0 { known === histogram } else { false } }
    }

    // MARK: Scrape

    /// Every metric in the text format, in an order that never changes: metrics by name, series by labels.
    ///
    /// Callbacks run outside the lock, on the calling thread.
    package func render() -> [UInt8] {
        let metrics = table.withLock { $0.snapshot() }
        var writer = ExpositionWriter(capacity: lastSize.load(ordering: .relaxed))
        for metric in metrics {
            writer.append(metric)
        }
        lastSize.store(writer.bytes.count, ordering: .relaxed)
        return writer.bytes
    }

    // MARK: Placement

    private func wish(
        _ kind: MetricFamily.Kind, _ name: String, _ label: String, _ labels: [(String, String)]
    ) -> MetricTable.Wish {
        MetricTable.Wish(kind: kind, name: name, label: label, labels: LabelSet(labels))
    }

    private func histogram(named name: String, _ label: String, _ labels: [(String, String)]) -> PrometheusHistogram {
        let series = place(wish(.histogram, name, label, labels)) { place, bounds in
            .histogram(PrometheusHistogram(bounds: bounds ?? .standard(for: name), place: place))
        }
        if case .histogram(let histogram) = series { return histogram }
        return PrometheusHistogram(bounds: .standard(for: name))
    }

    /// The series for a wish; nil if there is no place. Counts whatever did not get its own.
    private func place(
        _ wish: MetricTable.Wish, make: (SeriesPlace?, BucketBounds?) -> MetricSeries
    ) -> MetricSeries? {
        switch table.withLock({ $0.place(wish, make: make) }) {
        case .own(let series):
            // The name and labels may belong to a function, on which nobody can count.
            if case .reading = series { dropped.increment() }
            return series
        case .overflow(let series):
            dropped.increment()
            return series
        case .refused:
            dropped.increment()
            return nil
        }
    }

    private func placeReading(
        _ read: @escaping @Sendable () -> Double?, _ wish: MetricTable.Wish, isCounted: Bool = true
    ) {
        let isPlaced = table.withLock { table in
            if table.replaceReading(wish, with: .reading(read)) { return true }
            let placement = table.place(wish, isCounted: isCounted) { _, _ in .reading(read) }
            if case .own(.reading) = placement { return true }
            return false
        }
        if !isPlaced { dropped.increment() }
    }

    private func remove(at place: SeriesPlace?, where isSame: (MetricSeries) -> Bool) {
        guard let place else { return }
        table.withLock { $0.remove(place, where: isSame) }
    }

    // MARK: The registry's own metrics

    private func registerOwn(version: String?) {
        let name = "holdfast_metrics_series_dropped_total"
        describe(name, "Requests for a series that got none of its own: no room, or a name conflict.")
        _ = table.withLock { table in
            table.place(wish(.counter, name, name, []), isCounted: false) { [dropped] _, _ in .counter(dropped) }
        }
        if let version {
            describe("holdfast_build_info", "The version that is running; the value is always 1.")
            let wish = wish(.gauge, "holdfast_build_info", "holdfast_build_info", [("version", version)])
            placeReading({ 1 }, wish, isCounted: false)
        }
    }

    private func registerProcess() {
        for reading in ProcessReading.available() {
            describe(reading.name, reading.help)
            let kind: MetricFamily.Kind = reading.isCounter ? .counter : .gauge
            placeReading(reading.read, wish(kind, reading.name, reading.name, []), isCounted: false)
        }
    }
}
