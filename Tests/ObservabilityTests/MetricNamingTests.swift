// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import CoreMetrics
import Observability
import Testing

@Suite("Names and labels of metrics")
struct MetricNamingTests {
    private let registry = PrometheusRegistry.bare()

    @Test(
        "counter names",
        arguments: [
            ("requests", "requests_total"), ("http.requests", "http_requests_total"), ("x_total", "x_total"),
            ("1st", "_1st_total"), ("", "__total"), ("a-b c:d", "a_b_c_d_total"), ("é", "___total"),
            ("a\n# TYPE forged gauge\nforged 1", "a___TYPE_forged_gauge_forged_1_total"),
        ]
    )
    func counters(label: String, name: String) {
        registry.counter(label).increment()
        #expect(registry.lines(of: name).last == name + " 1")
    }

    @Test("timers get a unit, once")
    func timers() {
        registry.timer("http.server.request.duration").recordNanoseconds(1)
        registry.timer("wait_seconds").recordNanoseconds(1)
        #expect(registry.value(of: "http_server_request_duration_seconds_count") == 1)
        #expect(registry.value(of: "wait_seconds_count") == 1)
    }

    @Test("label values are escaped so that a sample stays one line")
    func labelValues() {
        registry.counter("c", labels: [("v", "a\"b\\c\nd\r\u{0}\u{1B}é{}=,")]).increment()
        #expect(registry.lines(of: "c_total").last == #"c_total{v="a\"b\\c\nd???é{}=,"} 1"#)
    }

    @Test("label names are made legal, and those Prometheus reserves are moved")
    func labelNames() {
        registry.timer("t", labels: [("le", "x"), ("__name__", "y"), ("a-b", "z")]).recordNanoseconds(1)
        let sample = #"t_seconds_count{a_b="z",exported___name__="y",exported_le="x"}"#
        #expect(registry.value(of: sample) == 1)
    }

    @Test("order does not matter, empty values do not exist, and of equal names the last stays")
    func labelIdentity() {
        let first = registry.counter("c", labels: [("a", "1"), ("b", "2")])
        let second = registry.counter("c", labels: [("b", "2"), ("empty", ""), ("a", "0"), ("a", "1")])
        #expect(first === second)
        #expect(registry.counter("c", labels: [("a", "")]) === registry.counter("c"))
        #expect(registry.counter("c") !== first)
    }

    @Test("label values that differ only in normalization are different series")
    func unicodeTwins() {
        let composed = registry.counter("c", labels: [("v", "\u{E9}")])
        #expect(composed !== registry.counter("c", labels: [("v", "e\u{301}")]))
    }

    @Test("a long label value is cut between two characters")
    func longLabelValue() throws {
        registry.counter("c", labels: [("v", "a" + String(repeating: "😀", count: 100))]).increment()
        let line = try #require(registry.lines(of: "c_total").last)
        #expect(line == "c_total{v=\"a\(String(repeating: "😀", count: 63))\"} 1")
        #expect(String(validating: registry.render(), as: UTF8.self) != nil)
    }

    @Test("a name in use for another type gives a metric that works, is not exposed, and is counted")
    func typeConflict() {
        let gauge = registry.gauge("x_total")
        gauge.set(9)
        registry.counter("x").increment()
        registry.timer("op").recordNanoseconds(1)
        registry.gauge("op_seconds_count").set(77)
        registry.gauge("y_sum").set(1)
        registry.histogram("y").record(Int64(1))
        registry.gauge("callback") { 3 }
        registry.gauge("callback").set(4)
        #expect(registry.lines(of: "x_total").suffix(2) == ["# TYPE x_total gauge", "x_total 9"])
        #expect(registry.value(of: "op_seconds_count") == 1)
        #expect(registry.value(of: "y_count") == nil)
        #expect(registry.value(of: "callback") == 3)
        #expect(registry.value(of: "holdfast_metrics_series_dropped_total") == 4)
    }
}
