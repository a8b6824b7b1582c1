// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What an attempt came to.
package struct AttemptResult: Hashable, Sendable {
    /// The answer's status; 0 without one.
    package let status: Int64
    package let tookMs: Int64
    /// Why it counts as failed; nil when it does not.
    package let error: String?
    /// How long the endpoint asks to be left alone.
    package let retryAfterSeconds: Int?

    /// A result of these parts.
    package init(status: Int64, tookMs: Int64, error: String?, retryAfterSeconds: Int? = nil) {
        self.status = status
        self.tookMs = tookMs
        self.error = error
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// An answer: only 2xx is a success, a redirect is none and is not followed (admin digest 5.7).
    package static func answered(_ status: Int, retryAfterSeconds: Int?, tookMs: Int64) -> AttemptResult {
        AttemptResult(
            status: Int64(status), tookMs: tookMs, error: (200...299).contains(status) ? nil : "HTTP \(status)",
            retryAfterSeconds: status == 429 || status == 503 ? retryAfterSeconds : nil)
    }

    /// No answer.
    package static func failed(_ message: String, tookMs: Int64) -> AttemptResult {
        AttemptResult(status: 0, tookMs: tookMs, error: message)
    }
}

/// What becomes of a delivery after an attempt.
package enum DeliveryVerdict: Hashable, Sendable {
    case delivered
    /// To be tried again so many ms from now.
    case retry(delayMs: Int64)
    /// For good.
    case failed
    /// For good, and the endpoint says that it is gone: the subscription is disabled.
    case gone

    /// The longest that an endpoint may ask for, ms: one hour.
    package static let longestWaitMs: Int64 = 3_600_000
    private static let goneStatus: Int64 = 410
    private static let longestJitterMs = 800.0

    /// The verdict on attempt number `attempt`, counted from 1. `jitter` is 0 up to 1: retries are spread over a tenth
    /// of their delay, so that those of a thousand deliveries do not come at once.
    package init(_ result: AttemptResult, attempt: Int64, _ policy: RetryPolicy, jitter: Double) {
        if result.error == nil {
            self = .delivered
        } else if result.status == Self.goneStatus {
            self = .gone
        } else if let delay = policy.delayMs(afterAttempt: attempt) {
            let asked = Int64(result.retryAfterSeconds ?? 0).multipliedReportingOverflow(by: 1_000)
            let wait = min(asked.overflow ? Self.longestWaitMs : max(0, asked.partialValue), Self.longestWaitMs)
            let spread = min(Double(delay) * 0.1, Self.longestJitterMs) * jitter
            self = .retry(delayMs: max(delay, wait) + Int64(spread))
        } else {
            self = .failed
        }
    }
}
