// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import StrictJSON
import Testing
import Webhooks

@Suite("Stored subscriptions")
struct StoredSubscriptionTests {
    private var terms: SubscriptionTerms {
        var terms = SubscriptionTerms(
            url: bytes("https://x.example/a"),
            selectors: EventSelectors(
                types: [bytes("budget.funded")], categories: [bytes("tenant")], scopeFilter: bytes("tenant:a/*")))
        terms.name = bytes("n\"ä")
        terms.description = bytes("")
        terms.thresholds = AlertThresholds()
        terms.headerNames = [bytes("Authorization")]
        terms.retryPolicy.maxRetries = 0
        terms.retryPolicy.backoffMultiplier = 1.5
        terms.disableAfterFailures = 3
        terms.metadata = bytes(#"{"a":[1]}"#)
        terms.isStrictlyOrdered = true
        return terms
    }

    @Test("a row reads back as it was written")
    func roundTrip() throws {
        let row = StoredSubscription.row(
            .paused, createdMs: 1, updatedMs: 2, sealed: bytes("v1.x.y"), terms)
        let stored = try #require(StoredSubscription(id: bytes("whsub_x"), row: row))
        #expect(stored.status == .paused)
        #expect(stored.createdMs == 1)
        #expect(stored.updatedMs == 2)
        #expect(stored.sealed == bytes("v1.x.y"))
        #expect(stored.terms == terms)
        #expect(stored.row == row)
        let plain = SubscriptionTerms(url: [], selectors: EventSelectors(types: [], categories: [bytes("budget")]))
        let short = StoredSubscription.row(.active, createdMs: 1, updatedMs: 1, sealed: [], plain)
        #expect(StoredSubscription(id: [], row: short)?.terms == plain)
    }

    @Test(
        "what is no row is none",
        arguments: [
            "", "A", "A\u{0}001\u{0}002\u{0}s\u{0}{}", "X\u{0}001\u{0}002\u{0}s\u{0}{}", "A\u{0}x\u{0}002\u{0}s\u{0}{}",
        ])
    func broken(row: String) {
        #expect(StoredSubscription(id: [], row: bytes(row)) == nil)
    }

    @Test("98, 99, 100: pauses grow by the multiplier up to the longest, until the retries are used up")
    func retries() {
        func pauses(_ change: (inout RetryPolicy) -> Void = { _ in }) -> [Int64?] {
            var policy = RetryPolicy()
            change(&policy)
            return (0...11).map { policy.delayMs(afterAttempt: $0) }
        }
        let usual: [Int64?] = [nil, 1_000, 2_000, 4_000, 8_000, 16_000, nil, nil, nil, nil, nil, nil]
        #expect(pauses() == usual)
        #expect(pauses { $0.maxRetries = 0 }.allSatisfy { $0 == nil })
        let cut = pauses {
            $0.maxRetries = 10
            $0.initialDelayMs = 60_000
            $0.backoffMultiplier = 10
            $0.maxDelayMs = 3_600_000
        }
        let expected: [Int64?] = [nil, 60_000, 600_000] + [Int64?](repeating: 3_600_000, count: 8) + [nil]
        #expect(cut == expected)
        let fraction = pauses {
            $0.initialDelayMs = 100
            $0.backoffMultiplier = 1.555
        }
        #expect(fraction[3] == 241)
        let short = pauses {
            $0.initialDelayMs = 60_000
            $0.maxDelayMs = 1_000
        }
        #expect(short[1] == 1_000)
    }

    @Test(
        "84: retry policies outside the bounds are refused",
        arguments: [
            #"{"max_retries":11}"#, #"{"max_retries":-1}"#, #"{"initial_delay_ms":99}"#,
            #"{"initial_delay_ms":60001}"#, #"{"backoff_multiplier":10.5}"#, #"{"backoff_multiplier":0.9}"#,
            #"{"max_delay_ms":999}"#, #"{"max_delay_ms":3600001}"#, #"{"jitter":true}"#, "[]",
        ])
    func bounds(text: String) throws {
        let value = try JSONDocument.parse(bytes(text)).root
        #expect(throws: FieldError.self) { try RetryPolicy(value) }
    }

    @Test(
        "thresholds outside the bounds are refused",
        arguments: [
            #"{"budget_utilization":[1.1]}"#, #"{"burn_rate_multiplier":1.4}"#, #"{"burn_rate_window_seconds":59}"#,
            #"{"denial_rate_threshold":-0.1}"#, #"{"rate_window_seconds":86401}"#, #"{"more":1}"#,
        ])
    func thresholdBounds(text: String) throws {
        let value = try JSONDocument.parse(bytes(text)).root
        #expect(throws: FieldError.self) { try AlertThresholds(value) }
    }
}
