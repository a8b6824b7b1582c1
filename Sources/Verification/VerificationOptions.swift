// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// How thoroughly and how patiently to check.
package struct VerificationOptions: Sendable {
    /// Passes in which a difference must be the same to count; at least 1.
    package var passes = 3
    /// The pause before each of these passes.
    package var pause = Duration.milliseconds(50)
    /// How long after its deadline a lock may still be recorded, ms: sweeps take their time.
    package var lockToleranceMs: Int64 = 5_000
    /// How far in the future a lane of deliveries may be due without a reason, ms: workers put lanes off for 0.2 s.
    package var laneToleranceMs: Int64 = 5_000
    /// Violations after which the check stops.
    package var violationsMax = 1_000
    /// Live reservations of one tenant up to which they are listed in one atomic step: 50,000 stop Redis for about 9
    /// ms, and only where something looks wrong.
    package var atomicMax = 50_000

    /// The defaults.
    package init() {}
}
