// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Writes metrics in the Prometheus text format 0.0.4.
struct ExpositionWriter {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int) {
        bytes.reserveCapacity(capacity + capacity / 8)
    }

    mutating func append(_ metric: MetricSnapshot) {
        append("# HELP ", metric.name, " ")
        bytes.append(escaping: metric.help.utf8, isQuoted: false)
        append("\n# TYPE ", metric.name, " ", metric.kind.rawValue, "\n")
        for (labels, series) in metric.series {
            switch series {
            case .counter(let counter):
                appendSample(metric.name, labels, counter.value)
            case .gauge(let gauge):
                appendSample(metric.name, labels, .floating(gauge.current))
            case .reading(let read):
                if let value = read() { appendSample(metric.name, labels, .floating(value)) }
            case .histogram(let histogram):
                append(histogram, metric.name, labels)
            }
        }
    }

    private mutating func append(_ histogram: PrometheusHistogram, _ name: String, _ labels: LabelSet) {
        let snapshot = histogram.snapshot()
        for (index, count) in snapshot.cumulativeCounts.enumerated() {
            let bounds = histogram.bounds.values
            append(name, "_bucket{")
            bytes.append(contentsOf: labels.text)
            append(labels.text.isEmpty ? "le=\"" : ",le=\"")
            append(index < bounds.count ? bounds[index] : .infinity)
            append("\"} ", String(count), "\n")
        }
        appendSample(name + "_sum", labels, .floating(snapshot.sum))
        appendSample(name + "_count", labels, .whole(snapshot.cumulativeCounts.last ?? 0))
    }

    private mutating func appendSample(_ name: String, _ labels: LabelSet, _ value: MetricValue) {
        append(name)
        if !labels.text.isEmpty {
            append("{")
            bytes.append(contentsOf: labels.text)
            append("}")
        }
        append(" ")
        switch value {
        case .whole(let count): append(String(count))
        case .floating(let number): append(number)
        }
        append("\n")
    }

    private mutating func append(_ texts: String...) {
        for text in texts {
            bytes.append(contentsOf: text.utf8)
        }
    }

    private mutating func append(_ number: Double) {
        if number.isNaN {
            append("NaN")
        } else if number.isInfinite {
            append(number < 0 ? "-Inf" : "+Inf")
        } else if let whole = Int64(exactly: number), whole.magnitude < 1 << 53 {
            append(String(whole))
        } else {
            append(String(number))
        }
    }
}
