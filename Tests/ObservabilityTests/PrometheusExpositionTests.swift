// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import CoreMetrics
import Observability
import Testing

@Suite("Prometheus text of each kind of metric")
struct PrometheusExpositionTests {
    private let registry = PrometheusRegistry.bare(bounds: ["op_seconds": BucketBounds([0.001, 0.5, 1, 2.5])])
    private var factory: PrometheusMetricsFactory { PrometheusMetricsFactory(registry: registry) }

    @Test("the whole scrape of a registry with one metric of each kind")
    func wholeScrape() {
        registry.describe("requests_total", "Requests\nserved \\ \"all\".")
        registry.describe("op_seconds", "How long an operation takes.")
        let requests = Counter(label: "requests", dimensions: [("status", "200"), ("method", "GET")], factory: factory)
        requests.increment(by: 3)
        Counter(label: "requests", dimensions: [("method", "GET"), ("status", "404")], factory: factory).increment()
        Gauge(label: "pool.in-use", factory: factory).record(7)
        let timer = Timer(label: "op", dimensions: [("script", "reserve")], factory: factory)
        timer.recordNanoseconds(1_000_000)
        timer.recordNanoseconds(1_000_001)
        timer.recordMilliseconds(2_500)
        timer.recordSeconds(60)
        #expect(
            registry.text == """
                # HELP holdfast_metrics_series_dropped_total Requests for a series that got none of its own: \
                no room, or a name conflict.
                # TYPE holdfast_metrics_series_dropped_total counter
                holdfast_metrics_series_dropped_total 0
                # HELP op_seconds How long an operation takes.
                # TYPE op_seconds histogram
                op_seconds_bucket{script="reserve",le="0.001"} 1
                op_seconds_bucket{script="reserve",le="0.5"} 2
                op_seconds_bucket{script="reserve",le="1"} 2
                op_seconds_bucket{script="reserve",le="2.5"} 3
                op_seconds_bucket{script="reserve",le="+Inf"} 4
                op_seconds_sum{script="reserve"} 62.502000001
                op_seconds_count{script="reserve"} 4
                # HELP pool_in_use Metric pool.in-use.
                # TYPE pool_in_use gauge
                pool_in_use 7
                # HELP requests_total Requests\\nserved \\\\ "all".
                # TYPE requests_total counter
                requests_total{method="GET",status="200"} 3
                requests_total{method="GET",status="404"} 1

                """
        )
    }

    @Test("whole and fractional increments of one name are one counter")
    func floatingPointCounter() {
        let whole = Counter(label: "cost", factory: factory)
        let fractional = FloatingPointCounter(label: "cost", factory: factory)
        whole.increment(by: 2)
        #expect(registry.lines(of: "cost_total").last == "cost_total 2")
        fractional.increment(by: 0.25)
        fractional.increment(by: -5.0)
        fractional.increment(by: Double.infinity)
        fractional.increment(by: Double.nan)
        whole.increment(by: -1)
        #expect(registry.lines(of: "cost_total").last == "cost_total 2.25")
        fractional.reset()
        #expect(registry.lines(of: "cost_total").last == "cost_total 0")
    }

    @Test("a counter is exact beyond what a floating point number holds")
    func largeCounter() {
        let counter = registry.counter("big")
        counter.increment(by: Int64.max)
        counter.increment(by: 4)
        #expect(registry.lines(of: "big_total").last == "big_total 9223372036854775811")
    }

    @Test("a meter goes up and down, and shows infinities and NaN as Prometheus writes them")
    func meter() {
        let meter = Meter(label: "depth", factory: factory)
        meter.set(10)
        meter.increment(by: 2.5)
        meter.decrement()
        #expect(registry.lines(of: "depth").last == "depth 11.5")
        meter.set(Double.infinity)
        #expect(registry.lines(of: "depth").last == "depth +Inf")
        meter.set(-Double.infinity)
        #expect(registry.lines(of: "depth").last == "depth -Inf")
        meter.set(Double.nan)
        #expect(registry.lines(of: "depth").last == "depth NaN")
        meter.set(1e300)
        #expect(registry.lines(of: "depth").last == "depth 1e+300")
        meter.set(-3)
        #expect(registry.lines(of: "depth").last == "depth -3")
    }

    @Test("a recorder that aggregates is a histogram with buckets that suit its unit")
    func recorder() {
        let sizes = Recorder(label: "body_bytes", factory: factory)
        sizes.record(256)
        sizes.record(257)
        sizes.record(10_000_000)
        sizes.record(Double.nan)
        sizes.record(Double.infinity)
        #expect(
            registry.lines(of: "body_bytes_bucket").map { $0.dropFirst("body_bytes_bucket".count) } == [
                "{le=\"256\"} 1", "{le=\"1024\"} 2", "{le=\"4096\"} 2", "{le=\"16384\"} 2", "{le=\"65536\"} 2",
                "{le=\"262144\"} 2", "{le=\"1048576\"} 2", "{le=\"4194304\"} 2", "{le=\"+Inf\"} 3",
            ]
        )
        #expect(registry.value(of: "body_bytes_sum") == 10_000_513)
    }

    @Test("timers have the latency buckets unless others are set")
    func timerBuckets() {
        registry.timer("a").observe(.milliseconds(3))
        let bounds = registry.lines(of: "a_seconds_bucket").compactMap { line in
            line.split(separator: "\"").dropFirst().first.map(String.init)
        }
        #expect(
            bounds == [
                "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75",
                "1",
                "2.5", "5", "7.5", "10", "+Inf",
            ]
        )
        #expect(registry.value(of: #"a_seconds_bucket{le="0.0025"}"#) == 0)
        #expect(registry.value(of: #"a_seconds_bucket{le="0.005"}"#) == 1)
        registry.setBounds(BucketBounds([2, 1, 1, .nan, .infinity]), for: "b_seconds")
        registry.timer("b").observe(.seconds(1))
        #expect(
            registry.lines(of: "b_seconds_bucket") == [
                #"b_seconds_bucket{le="1"} 1"#, #"b_seconds_bucket{le="2"} 1"#, #"b_seconds_bucket{le="+Inf"} 1"#,
            ]
        )
    }

    @Test("durations out of range are kept, negative ones as zero")
    func extremeDurations() {
        let timer = registry.timer("t")
        timer.recordNanoseconds(-5)
        timer.observe(.seconds(-1))
        timer.observe(Duration(secondsComponent: .min, attosecondsComponent: 0))
        #expect(registry.value(of: "t_seconds_sum") == 0)
        #expect(registry.value(of: #"t_seconds_bucket{le="0.0005"}"#) == 3)
        timer.observe(Duration(secondsComponent: .max, attosecondsComponent: 0))
        #expect(registry.value(of: "t_seconds_count") == 4)
        #expect(registry.value(of: #"t_seconds_bucket{le="10"}"#) == 3)
    }

    @Test("a callback is read at each scrape; nil leaves the sample out; registering again replaces it")
    func callbacks() {
        let gauge = registry.gauge("source")
        registry.gauge("copy", labels: [("k", "v")]) { [registry] in
            // A callback may use the registry it is registered with.
            registry.gauge("source").set(5)
            return 1.5
        }
        registry.gauge("absent") { nil }
        registry.counter("elsewhere") { 42 }
        gauge.set(1)
        #expect(registry.lines(of: "copy").last == "copy{k=\"v\"} 1.5")
        #expect(registry.lines(of: "absent").count == 2)
        #expect(registry.lines(of: "elsewhere_total").contains("# TYPE elsewhere_total counter"))
        #expect(registry.lines(of: "elsewhere_total").last == "elsewhere_total 42")
        #expect(registry.value(of: "source") == 5)
        registry.gauge("copy", labels: [("k", "v")]) { 2 }
        #expect(registry.lines(of: "copy").last == "copy{k=\"v\"} 2")
        #expect(registry.value(of: "holdfast_metrics_series_dropped_total") == 0)
    }

    @Test("build information carries the version, escaped")
    func buildInformation() {
        let registry = PrometheusRegistry(version: "1.0\"\\\n", includesProcess: false)
        #expect(registry.lines(of: "holdfast_build_info").last == #"holdfast_build_info{version="1.0\"\\\n"} 1"#)
    }

    @Test("two scrapes of the same state are the same bytes, whatever the order of creation")
    func deterministic() {
        let names = (0..<50).map { "metric_\($0)" }
        let first = PrometheusRegistry.bare()
        let second = PrometheusRegistry.bare()
        for name in names { first.counter(name, labels: [("b", name), ("a", "x")]).increment() }
        for name in names.reversed() { second.counter(name, labels: [("a", "x"), ("b", name)]).increment() }
        #expect(first.render() == first.render())
        #expect(first.render() == second.render())
    }
}
