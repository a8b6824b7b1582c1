// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import CoreMetrics
import Observability
import Testing

@Suite("Bound on the number of series")
struct SeriesLimitTests {
    private func sampleLines(_ registry: PrometheusRegistry) -> Int {
        registry.text.split(separator: "\n").count { !$0.hasPrefix("#") }
    }

    @Test("ten thousand tenants as a label make no more than the limit, and no count is lost")
    func overflow() {
        let registry = PrometheusRegistry.bare()
        for tenant in 0..<10_000 {
            registry.counter("requests", labels: [("tenant", "\(tenant)")]).increment()
        }
        // The limit, the overflow series, and the counter of what was turned away.
        #expect(sampleLines(registry) == 2_000 + 2)
        #expect(registry.value(of: #"requests_total{overflow="true"}"#) == 8_000)
        #expect(registry.value(of: "holdfast_metrics_series_dropped_total") == 8_000)
        registry.counter("requests", labels: [("tenant", "1999")]).increment()
        #expect(registry.value(of: #"requests_total{tenant="1999"}"#) == 2)
    }

    @Test("each metric has its own overflow series, and existing series keep counting")
    func overflowPerMetric() {
        let registry = PrometheusRegistry.bare(seriesLimit: 2)
        registry.counter("a", labels: [("k", "1")]).increment()
        registry.gauge("b", labels: [("k", "1")]).set(1)
        registry.counter("a", labels: [("k", "2")]).increment(by: 5)
        registry.counter("a", labels: [("k", "3")]).increment(by: 5)
        registry.gauge("b", labels: [("k", "2")]).set(6)
        registry.timer("c").recordNanoseconds(1)
        registry.gauge("d") { 1 }
        #expect(registry.lines(of: "a_total").suffix(2) == [#"a_total{k="1"} 1"#, #"a_total{overflow="true"} 10"#])
        #expect(registry.lines(of: "b").suffix(2) == [#"b{k="1"} 1"#, #"b{overflow="true"} 6"#])
        #expect(registry.value(of: #"c_seconds_count{overflow="true"}"#) == 1)
        #expect(registry.lines(of: "d").isEmpty)
        #expect(registry.value(of: "holdfast_metrics_series_dropped_total") == 5)
    }

    @Test("a histogram takes as many places as it has lines")
    func histogramCost() {
        let registry = PrometheusRegistry.bare(seriesLimit: 40)
        for route in 0..<5 {
            registry.timer("t", labels: [("route", "\(route)")]).recordNanoseconds(1)
        }
        #expect(registry.value(of: #"t_seconds_count{route="1"}"#) == 1)
        #expect(registry.value(of: #"t_seconds_count{route="2"}"#) == nil)
        #expect(registry.value(of: #"t_seconds_count{overflow="true"}"#) == 3)
        #expect(sampleLines(registry) == 40 + 20 + 1)
    }

    @Test("names built from input cannot grow without bound either")
    func manyNames() {
        let registry = PrometheusRegistry.bare(seriesLimit: 10)
        for index in 0..<5_000 {
            registry.counter("name_\(index)").increment()
        }
        #expect(sampleLines(registry) <= 500)
        #expect(registry.value(of: "holdfast_metrics_series_dropped_total") == 4_990)
    }

    @Test("a destroyed metric leaves the scrape, frees its place and its name")
    func destroy() {
        let registry = PrometheusRegistry.bare(seriesLimit: 24)
        let factory = PrometheusMetricsFactory(registry: registry)
        let counter = Counter(label: "a", factory: factory)
        let fractional = FloatingPointCounter(label: "b", factory: factory)
        let meter = Meter(label: "c", factory: factory)
        let gauge = Gauge(label: "d", factory: factory)
        let timer = Timer(label: "e", factory: factory)
        #expect(sampleLines(registry) == 24 + 1)
        counter.destroy()
        fractional.destroy()
        meter.destroy()
        gauge.destroy()
        timer.destroy()
        #expect(sampleLines(registry) == 1)
        counter.increment()
        #expect(sampleLines(registry) == 1)

        let sizes = Recorder(label: "a_total", factory: factory)
        sizes.record(1)
        #expect(registry.value(of: "a_total_count") == 1)
        sizes.destroy()
        #expect(sampleLines(registry) == 1)
        #expect(registry.value(of: "holdfast_metrics_series_dropped_total") == 0)
    }

    @Test("destroying an old handle does not remove the series that took its place")
    func destroyTwice() {
        let registry = PrometheusRegistry.bare()
        let old = registry.counter("a")
        registry.remove(old)
        let new = registry.counter("a")
        new.increment()
        registry.remove(old)
        #expect(registry.value(of: "a_total") == 1)
    }

    @Test("destroying what overflowed leaves the overflow series to the others")
    func destroyOverflow() {
        let registry = PrometheusRegistry.bare(seriesLimit: 0)
        let first = registry.counter("a", labels: [("k", "1")])
        registry.counter("a", labels: [("k", "2")]).increment()
        registry.remove(first)
        #expect(registry.value(of: #"a_total{overflow="true"}"#) == 1)
    }
}
