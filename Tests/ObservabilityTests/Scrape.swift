// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Observability

extension PrometheusRegistry {
    /// A registry that exposes nothing but what a test puts in, besides its own counter of dropped series.
    static func bare(
        seriesLimit: Int = 2_000, bounds: [String: BucketBounds] = [:]
    ) -> PrometheusRegistry {
        PrometheusRegistry(seriesLimit: seriesLimit, bounds: bounds, includesProcess: false)
    }

    /// The scrape as text.
    var text: String { String(decoding: render(), as: UTF8.self) }

    /// The lines of one metric name: its comments and its samples.
    func lines(of name: String) -> [String] {
        text.split(separator: "\n").map(String.init).filter { line in
            let words = line.hasPrefix("# ") ? line.split(separator: " ").dropFirst(2).first : Substring(line)
            return words?.prefix { $0 != "{" && $0 != " " }.elementsEqual(name) == true
        }
    }

    /// The value of one sample, name and labels as they are exposed.
    func value(of sample: String) -> Double? {
        text.split(separator: "\n")
            .first { $0.hasPrefix(sample + " ") }
            .flatMap { Double($0.dropFirst(sample.utf8.count + 1)) }
    }
}
