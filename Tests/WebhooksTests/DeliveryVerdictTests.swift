// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing
import Webhooks

@Suite("What becomes of a delivery")
struct DeliveryVerdictTests {
    private func verdict(
        _ result: AttemptResult, attempt: Int64 = 1, jitter: Double = 0,
        _ adjust: (inout RetryPolicy) -> Void = { _ in }
    ) -> DeliveryVerdict {
        var policy = RetryPolicy()
        adjust(&policy)
        return DeliveryVerdict(result, attempt: attempt, policy, jitter: jitter)
    }

    private func answer(_ status: Int, retryAfter: Int? = nil) -> AttemptResult {
        .answered(status, retryAfterSeconds: retryAfter, tookMs: 3)
    }

    @Test("101, W-07: any 2xx is a success and nothing else is", arguments: Array(100...599))
    func statuses(status: Int) {
        let verdict = verdict(answer(status))
        switch status {
        case 200...299: #expect(verdict == .delivered)
        case 410: #expect(verdict == .gone)
        default: #expect(verdict == .retry(delayMs: 1_000))
        }
    }

    @Test("W-07: no answer is a failure like any other, and its reason is kept")
    func noAnswer() {
        let result = AttemptResult.failed("the endpoint refused the connection", tookMs: 5)
        #expect(result.status == 0 && result.error == "the endpoint refused the connection" && result.tookMs == 5)
        #expect(verdict(result) == .retry(delayMs: 1_000))
        #expect(verdict(result, attempt: 6) == .failed)
        #expect(answer(503).error == "HTTP 503" && answer(204).error == nil)
    }

    @Test("98, 99: six attempts, 1, 2, 4, 8 and 16 s apart, then it has failed")
    func sixAttempts() {
        let verdicts = (1...7).map { verdict(answer(500), attempt: $0) }
        #expect(
            verdicts == [
                .retry(delayMs: 1_000), .retry(delayMs: 2_000), .retry(delayMs: 4_000), .retry(delayMs: 8_000),
                .retry(delayMs: 16_000), .failed, .failed,
            ])
    }

    @Test("100: without retries one attempt is all, and no delay is longer than the longest")
    func bounds() {
        #expect(verdict(answer(500)) { $0.maxRetries = 0 } == .failed)
        let capped = (1...5).map { verdict(answer(500), attempt: $0) { $0.maxDelayMs = 3_000 } }
        #expect(
            capped == [
                .retry(delayMs: 1_000), .retry(delayMs: 2_000), .retry(delayMs: 3_000), .retry(delayMs: 3_000),
                .retry(delayMs: 3_000),
            ])
    }

    @Test(
        "W-07: an endpoint that asks for time with 429 or 503 has it, up to an hour, and never less than the policy",
        arguments: [
            (0, 1_000), (1, 1_000), (7, 7_000), (3_600, 3_600_000), (3_601, 3_600_000), (Int.max, 3_600_000),
            (-5, 1_000), (Int.min, 3_600_000),
        ] as [(Int, Int64)])
    func retryAfter(seconds: Int, delayMs: Int64) {
        for status in [429, 503] {
            let verdict = verdict(answer(status, retryAfter: seconds))
            if seconds == Int.min {
                // What cannot be counted is bounded, in whichever direction.
                #expect(verdict == .retry(delayMs: delayMs) || verdict == .retry(delayMs: 1_000))
            } else {
                #expect(verdict == .retry(delayMs: delayMs), "\(status)")
            }
        }
        for status in [400, 500, 502, 504] {
            #expect(verdict(answer(status, retryAfter: seconds)) == .retry(delayMs: 1_000), "\(status)")
        }
        #expect(verdict(answer(429, retryAfter: seconds), attempt: 6) == .failed)
    }

    @Test("99: retries are spread over a tenth of their delay and less than a second, and never come early")
    func jitter() {
        for (attempt, delay) in [(1, 1_000), (2, 2_000), (3, 4_000), (4, 8_000), (5, 16_000)] as [(Int64, Int64)] {
            for jitter in [0, 0.25, 0.5, 0.999_999] {
                guard case .retry(let wait) = verdict(answer(500), attempt: attempt, jitter: jitter) else {
                    Issue.record("no retry after attempt \(attempt)")
                    continue
                }
                #expect(wait >= delay && wait < delay + 1_000 && wait <= delay + delay / 10)
            }
        }
        #expect(verdict(answer(500), attempt: 1, jitter: 0.999) > verdict(answer(500), attempt: 1, jitter: 0))
    }

    @Test("an attempt ends before the lease that it is made under", arguments: [1_000, 5_000, 10_000, 40_000, 600_000])
    func deadline(leaseMs: Int64) {
        let attemptMs = ClaimDeliveries.attemptMs(leaseMs: leaseMs)
        #expect(attemptMs >= 500 && attemptMs <= 15_000 && attemptMs <= leaseMs - min(5_000, leaseMs / 2))
        #expect(ClaimDeliveries.attemptMs(leaseMs: ClaimDeliveries.lease_ms) == 15_000)
    }
}

extension DeliveryVerdict {
    fileprivate static func > (left: DeliveryVerdict, right: DeliveryVerdict) -> Bool {
        guard case .retry(let one) = left, case .retry(let other) = right else { return false }
        return one > other
    }
}
