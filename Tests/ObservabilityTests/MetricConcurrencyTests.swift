// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import CoreMetrics
import Observability
import Testing

@Suite("Metrics under concurrency")
struct MetricConcurrencyTests {
    private static let tasks = 100
    private static let rounds = 10_000

    private func inParallel(_ body: @escaping @Sendable (Int) -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<Self.tasks {
                group.addTask { body(task) }
            }
        }
    }

    @Test("no increment is lost, whole or fractional")
    func counters() async {
        let registry = PrometheusRegistry.bare()
        let whole = registry.counter("whole")
        let fractional = registry.counter("fractional")
        let gauge = registry.gauge("gauge")
        await inParallel { _ in
            for _ in 0..<Self.rounds {
                whole.increment()
                fractional.increment(by: 0.5)
                gauge.increment(by: 2)
                gauge.decrement()
            }
        }
        #expect(registry.lines(of: "whole_total").last == "whole_total 1000000")
        #expect(registry.lines(of: "fractional_total").last == "fractional_total 500000")
        #expect(registry.lines(of: "gauge").last == "gauge 1000000")
    }

    @Test("no observation is lost, and the sum is exact")
    func histograms() async {
        let registry = PrometheusRegistry.bare()
        let timer = registry.timer("t")
        let values = registry.histogram("v")
        await inParallel { task in
            for _ in 0..<Self.rounds {
                timer.recordNanoseconds(Int64(task) * 1_000_000)
                values.record(Int64(task))
            }
        }
        #expect(registry.value(of: "t_seconds_count") == 1_000_000)
        #expect(registry.value(of: "t_seconds_sum") == 49_500)
        #expect(registry.value(of: #"t_seconds_bucket{le="0.01"}"#) == 110_000)
        #expect(registry.value(of: "v_count") == 1_000_000)
        #expect(registry.value(of: "v_sum") == 49_500_000)
    }

    @Test("series can be created, removed and scraped at the same time")
    func creationAndScrape() async {
        let registry = PrometheusRegistry.bare()
        await inParallel { task in
            for round in 0..<100 {
                registry.counter("shared", labels: [("round", "\(round)")]).increment()
                let own = registry.gauge("own", labels: [("task", "\(task)")])
                own.set(round)
                registry.remove(own)
                if round % 50 == 0 { #expect(!registry.render().isEmpty) }
            }
        }
        let samples = registry.lines(of: "shared_total").dropFirst(2)
        #expect(samples.count == 100)
        #expect(samples.allSatisfy { $0.hasSuffix(" 100") })
        #expect(registry.lines(of: "own").isEmpty)
    }
}
