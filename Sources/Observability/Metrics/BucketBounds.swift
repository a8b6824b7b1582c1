// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The upper bounds of a histogram's buckets, rising; the bucket for everything above is implied.
package struct BucketBounds: Sendable, Equatable {
    /// Latencies from half a millisecond to ten seconds, in seconds: the row of the OpenTelemetry HTTP conventions,
    /// with finer steps below, where a call that costs one round trip to Redis ends.
    package static let seconds = BucketBounds([
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
    ])
    /// Sizes from 256 bytes to 4 MiB.
    package static let bytes = BucketBounds([256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304])
    /// Counts from one to ten thousand.
    package static let counts = BucketBounds([1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000])

    /// In the unit of the metric.
    package let values: [Double]
    /// The same bounds, if the unit is seconds, in nanoseconds.
    let nanoseconds: [Int64]

    /// Bounds in any order; duplicates and anything not finite are left out.
    package init(_ values: [Double]) {
        self.values = Set(values.filter(\.isFinite)).sorted()
        nanoseconds = self.values.map { bound in
            Int64(exactly: (bound * 1_000_000_000).rounded()) ?? (bound < 0 ? .min : .max)
        }
    }

    /// What a metric of this name gets unless its bounds are set: the unit at the end of the name decides.
    static func standard(for name: String) -> BucketBounds {
        if name.hasSuffix("_seconds") { return .seconds }
        if name.hasSuffix("_bytes") { return .bytes }
        return .counts
    }
}
