// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Observability
internal import Synchronization

/// Since when there has been no connection to Redis, until its end is told of as an event.
final class Outage: Sendable {
    private let since = Mutex<Int64?>(nil)

    /// The last connection is gone.
    func begin() { since.withLock { if $0 == nil { $0 = UTCTimestamp.now_ms() } } }

    /// When it began, ms since 1970.
    var sinceMs: Int64? { since.withLock { $0 } }

    /// It has been told of.
    func end() { since.withLock { $0 = nil } }
}
