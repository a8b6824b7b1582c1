// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// All series of one metric name.
struct MetricFamily {
    /// The types of the exposition format this registry uses; the raw value is the word in a TYPE line.
    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    /// What all series of a metric have in common.
    struct Shape {
        let kind: Kind
        /// The buckets, if it is a histogram.
        let bounds: BucketBounds?

        /// Lines one series takes in a scrape, which is what Prometheus counts as series.
        var samplesPerSeries: Int {
            bounds.map { $0.values.count + 3 } ?? 1
        }

        /// Every name under which samples of a metric called `name` appear.
        func sampleNames(of name: String) -> [String] {
            kind == .histogram ? [name, name + "_bucket", name + "_sum", name + "_count"] : [name]
        }
    }

    let shape: Shape
    /// The label the metric was created with: its help text as long as nobody described it.
    let label: String

    private(set) var series: [LabelSet: MetricSeries] = [:]
    /// The series in the order of their labels; nil when a series came or went since the last scrape.
    private var ordered: [(labels: LabelSet, series: MetricSeries)]?

    init(shape: Shape, label: String) {
        self.shape = shape
        self.label = label
    }

    subscript(labels: LabelSet) -> MetricSeries? {
        get { series[labels] }
        set {
            series[labels] = newValue
            ordered = nil
        }
    }

    mutating func orderedSeries() -> [(labels: LabelSet, series: MetricSeries)] {
        if let ordered { return ordered }
        let sorted =
            series
            .map { (labels: $0.key, series: $0.value) }
            .sorted { $0.labels.text.lexicographicallyPrecedes($1.labels.text) }
        ordered = sorted
        return sorted
    }
}

/// One series: where its value is kept, or how it is found.
enum MetricSeries {
    case counter(PrometheusCounter)
    case gauge(PrometheusGauge)
    case histogram(PrometheusHistogram)
    /// Evaluated at each scrape; nil leaves the sample out.
    case reading(@Sendable () -> Double?)
}

/// Where a series is registered, known to the series so that it can be removed again.
struct SeriesPlace: Sendable, Equatable {
    let family: String
    let labels: LabelSet
}

/// A value on its way into a scrape; counts stay whole numbers, exact over their whole range.
enum MetricValue {
    case whole(UInt64)
    case floating(Double)
}
