// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

@testable import RedisClient

@Suite("Delays between attempts to connect")
struct RedisBackoffTests {
    /// Always the largest number, so that a delay equals its ceiling.
    private struct Highest: RandomNumberGenerator {
        mutating func next() -> UInt64 { .max }
    }

    @Test("The ceiling doubles from 10 to 500 ms and starts over after a success")
    func ceilings() {
        var backoff = RedisBackoff(floor: .milliseconds(10), ceiling: .milliseconds(500))
        var generator = Highest()
        let delays = (0..<8).map { _ in backoff.failed(using: &generator) }
        #expect(delays == [10, 20, 40, 80, 160, 320, 500, 500].map { Duration.milliseconds($0) })
        backoff.succeeded()
        #expect(backoff.failed(using: &generator) == .milliseconds(10))
    }

    @Test("A delay lies anywhere between zero and its ceiling")
    func jitter() {
        var generator = SystemRandomNumberGenerator()
        var delays: [Duration] = []
        for _ in 0..<200 {
            var backoff = RedisBackoff(floor: .milliseconds(100), ceiling: .milliseconds(100))
            delays.append(backoff.failed(using: &generator))
        }
        #expect(delays.allSatisfy { .zero <= $0 && $0 <= .milliseconds(100) })
        #expect(delays.contains { $0 < .milliseconds(30) } && delays.contains { $0 > .milliseconds(70) })
    }

    @Test("Any number of failures and any setting is safe")
    func extremes() {
        var generator = Highest()
        var backoff = RedisBackoff(floor: .seconds(86400), ceiling: .seconds(1))
        for _ in 0..<1000 { #expect(backoff.failed(using: &generator) == .seconds(86400)) }
        var none = RedisBackoff(floor: .seconds(-1), ceiling: .seconds(-1))
        #expect(none.failed(using: &generator) == .zero)
    }
}
