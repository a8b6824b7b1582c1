// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation

/// A stretch of the monotonic clock of this machine, µs, both ends included.
struct Stretch: Hashable, Sendable, CustomStringConvertible {
    var beginUs: Int64
    /// `.max` when it has no end that anybody knows.
    var endUs: Int64

    func overlaps(_ other: Stretch) -> Bool { beginUs <= other.endUs && other.beginUs <= endUs }

    var description: String { "\(beginUs)...\(endUs == .max ? "" : "\(endUs)")" }

    /// A time so many seconds later; what has no end stays without.
    static func time(_ us: Int64, plusSeconds seconds: Int64?) -> Int64 {
        guard let seconds, us != .max else { return .max }
        let (later, isBeyond) = us.addingReportingOverflow(seconds * 1_000_000)
        return isBeyond ? .max : later
    }
}

/// The clock that calls about locks are timed with: nobody can set it.
enum MonotonicClock {
    /// Now, µs since some moment of the past.
    static func nowUs() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}
