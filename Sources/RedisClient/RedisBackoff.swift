// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The random delays between attempts to connect ("full jitter"): none before the first, then up to a doubling ceiling.
struct RedisBackoff {
    private let floor: Duration
    private let ceiling: Duration
    private(set) var failures = 0

    init(floor: Duration, ceiling: Duration) {
        self.floor = max(floor, .zero)
        self.ceiling = max(ceiling, floor, .zero)
    }

    /// The delay after one more failure, from zero to the current ceiling.
    mutating func failed(using generator: inout some RandomNumberGenerator) -> Duration {
        let highest = self.highestDelay
        self.failures = min(self.failures + 1, 30)
        return highest * Double.random(in: 0...1, using: &generator)
    }

    /// Starts over: the next attempt is made without a delay.
    mutating func succeeded() {
        self.failures = 0
    }

    /// The ceiling of the next delay: the floor, doubled for every failure so far.
    var highestDelay: Duration {
        min(self.floor * (1 << self.failures), self.ceiling)
    }
}
