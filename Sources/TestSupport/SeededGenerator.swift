// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Random numbers that a test can have again: the same seed gives the same sequence (SplitMix64).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    /// What the sequence started from; belongs into every failure message.
    package let seed: UInt64
    private var state: UInt64

    /// A generator for this seed.
    package init(seed: UInt64) {
        self.seed = seed
        self.state = seed
    }

    /// A generator for a seed that nobody has chosen.
    package init() {
        self.init(seed: UInt64.random(in: .min ... .max))
    }

    package mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
