// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import StrictJSON

/// When a failed delivery is tried again (admin digest 5.7).
package struct RetryPolicy: Hashable, Sendable {
    /// Attempts after the first.
    package var maxRetries: Int64 = 5
    package var initialDelayMs: Int64 = 1_000
    package var backoffMultiplier = 2.0
    package var maxDelayMs: Int64 = 60_000

    /// The bounds.
    package static let maxRetriesRange: ClosedRange<Int64> = 0...10
    package static let initialDelayRange_ms: ClosedRange<Int64> = 100...60_000
    package static let backoffRange = 1.0...10.0
    package static let maxDelayRange_ms: ClosedRange<Int64> = 1_000...3_600_000

    /// The defaults.
    package init() {}

    /// Reads a closed object; what is absent has its default.
    package init(_ value: JSONValue) throws(FieldError) {
        var fields = try JSONFields(value)
        if let count = try fields.optionalInt64("max_retries", in: Self.maxRetriesRange) { maxRetries = count }
        if let delay = try fields.optionalInt64("initial_delay_ms", in: Self.initialDelayRange_ms) {
            initialDelayMs = delay
        }
        if let factor = try fields.optionalDouble("backoff_multiplier", in: Self.backoffRange) {
            backoffMultiplier = factor
        }
        if let delay = try fields.optionalInt64("max_delay_ms", in: Self.maxDelayRange_ms) { maxDelayMs = delay }
        try fields.finish()
    }

    /// The pause after the n-th failed attempt, ms, counted from 1; nil when it was the last.
    package func delayMs(afterAttempt attempt: Int64) -> Int64? {
        guard attempt >= 1, attempt <= maxRetries else { return nil }
        var delay = Double(initialDelayMs)
        for _ in 1..<attempt {
            delay *= backoffMultiplier
            if delay >= Double(maxDelayMs) { break }
        }
        return delay >= Double(maxDelayMs) ? maxDelayMs : Int64(delay)
    }

    /// Writes it as an object.
    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("max_retries")
        writer.int(maxRetries)
        writer.key("initial_delay_ms")
        writer.int(initialDelayMs)
        writer.key("backoff_multiplier")
        writer.double(backoffMultiplier)
        writer.key("max_delay_ms")
        writer.int(maxDelayMs)
        writer.endObject()
    }
}
