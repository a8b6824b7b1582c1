// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation

/// A stretch of the wall clock of this machine, µs since the epoch, both ends included. Redis runs on the same machine
/// and reads the same clock, so what it did for a call lies within the call's window, unless somebody sets the clock.
struct Window: Hashable, Sendable, CustomStringConvertible {
    var beginUs: Int64
    var endUs: Int64

    var ends: (beginUs: Int64, endUs: Int64) { (beginUs, endUs) }

    /// The ends in ms, as Redis cuts them.
    var beginMs: Int64 { beginUs / 1_000 }
    var endMs: Int64 { endUs / 1_000 }

    /// One whole millisecond.
    static func millisecond(_ ms: Int64) -> Window { Window(beginUs: ms * 1_000, endUs: ms * 1_000 + 999) }

    /// One whole minute of the epoch.
    static func minute(_ minute: Int64) -> Window {
        Window(beginUs: minute * 60_000_000, endUs: minute * 60_000_000 + 59_999_999)
    }

    /// The part of this window that is within another; nil when there is none.
    func clamped(to other: Window) -> Window? {
        let both = Window(beginUs: max(beginUs, other.beginUs), endUs: min(endUs, other.endUs))
        return both.beginUs <= both.endUs ? both : nil
    }

    /// The part at or after a millisecond.
    func from(ms: Int64) -> Window? { clamped(to: Window(beginUs: ms * 1_000, endUs: .max)) }

    /// The part up to the end of a millisecond.
    func through(ms: Int64) -> Window? { clamped(to: Window(beginUs: 0, endUs: ms * 1_000 + 999)) }

    var description: String { "\(beginUs)...\(endUs)" }
}

/// The clock that windows are measured with.
enum WallClock {
    /// Now, µs since the epoch.
    static func nowUs() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}
