// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import CoreMetrics

/// Gives swift-metrics the metrics of a registry; pass it to `MetricsSystem.bootstrap`.
///
/// Counters become counters, meters and recorders without aggregation gauges, timers and recorders with aggregation
/// histograms.
package struct PrometheusMetricsFactory: MetricsFactory {
    /// Where the metrics are kept and rendered.
    package let registry: PrometheusRegistry

    /// A factory for `registry`; any number of factories may share one.
    package init(registry: PrometheusRegistry) {
        self.registry = registry
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        registry.counter(label, labels: dimensions)
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        registry.counter(label, labels: dimensions)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        registry.gauge(label, labels: dimensions)
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        aggregate ? registry.histogram(label, labels: dimensions) : registry.gauge(label, labels: dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        registry.timer(label, labels: dimensions)
    }

    package func destroyCounter(_ handler: any CounterHandler) {
        if let counter = handler as? PrometheusCounter { registry.remove(counter) }
    }

    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
        if let counter = handler as? PrometheusCounter { registry.remove(counter) }
    }

    package func destroyMeter(_ handler: any MeterHandler) {
        if let gauge = handler as? PrometheusGauge { registry.remove(gauge) }
    }

    package func destroyRecorder(_ handler: any RecorderHandler) {
        if let gauge = handler as? PrometheusGauge { registry.remove(gauge) }
        if let histogram = handler as? PrometheusHistogram { registry.remove(histogram) }
    }

    package func destroyTimer(_ handler: any TimerHandler) {
        if let histogram = handler as? PrometheusHistogram { registry.remove(histogram) }
    }
}
