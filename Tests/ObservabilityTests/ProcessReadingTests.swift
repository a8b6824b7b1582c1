// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import Observability
import Testing

@Suite("Metrics of the process", .enabled(if: FileManager.default.fileExists(atPath: "/proc/self/stat")))
struct ProcessReadingTests {
    private let registry = PrometheusRegistry(version: "1.2.3")

    @Test("the five standard metrics are there with plausible values")
    func plausible() throws {
        let cpu = try #require(registry.value(of: "process_cpu_seconds_total"))
        let memory = try #require(registry.value(of: "process_resident_memory_bytes"))
        let maximum = try #require(registry.value(of: "process_max_fds"))
        let start = try #require(registry.value(of: "process_start_time_seconds"))
        let now = Double(time(nil))
        #expect(cpu >= 0 && cpu < 1_000_000)
        #expect(memory > 1_000_000)
        #expect(maximum >= 16)
        #expect(start > now - 1_000_000 && start <= now + 1)
        #expect(registry.lines(of: "process_cpu_seconds_total").contains("# TYPE process_cpu_seconds_total counter"))
    }

    @Test("open descriptors are counted when they are opened")
    func openDescriptors() throws {
        let before = try #require(registry.value(of: "process_open_fds"))
        let opened = (0..<200).map { _ in dup(2) }
        let after = try #require(registry.value(of: "process_open_fds"))
        for descriptor in opened { close(descriptor) }
        // Other tests open a few descriptors of their own meanwhile.
        #expect(opened.allSatisfy { $0 >= 0 })
        #expect(abs(after - before - 200) <= 50)
    }

    @Test("build information shows the version")
    func version() {
        #expect(registry.value(of: #"holdfast_build_info{version="1.2.3"}"#) == 1)
    }

    @Test("each exposed metric has a help and a type line, and appears once")
    func wellFormed() {
        let lines = registry.text.split(separator: "\n")
        let types = lines.filter { $0.hasPrefix("# TYPE ") }
        let helps = lines.filter { $0.hasPrefix("# HELP ") }
        #expect(types.count == 7)
        #expect(helps.count == 7)
        #expect(Set(types).count == 7)
        #expect(lines.count == 21)
    }
}
