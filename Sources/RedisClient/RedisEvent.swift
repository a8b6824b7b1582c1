// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// A change in the state of a connection, for logs and metrics.
package struct RedisEvent: Sendable {
    /// What happened.
    package enum Change: Sendable {
        /// The connection takes calls, after so many failed attempts.
        case connected(failures: Int)
        /// A connection that took calls has ended.
        case disconnected(RedisError)
        /// An attempt to connect has failed; the next one follows after the delay.
        case connectFailed(RedisError, retryIn: Duration)
    }

    /// Which connection of the pool, from zero.
    package let connection: Int
    /// What happened.
    package let change: Change
}
