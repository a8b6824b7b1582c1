// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Points at which a test lets the process die as if by kill -9: where a crash is worst for deliveries. Which one is
/// named by the environment variable `HOLDFAST_FAILPOINT`; without it they cost a comparison.
package enum Failpoint: String, CaseIterable, Sendable {
    /// Events are taken from the outbox, nothing is written yet.
    case relayTaken = "relay-taken"
    /// Deliveries are written, the outbox still has the events.
    case relayQueued = "relay-queued"
    /// The outbox is shorter.
    case relayAcknowledged = "relay-acknowledged"
    /// Deliveries are claimed and not sent.
    case deliveryClaimed = "delivery-claimed"
    /// A delivery was sent, and nobody knows yet what came of it.
    case deliverySent = "delivery-sent"
    /// What came of it is written.
    case deliveryFinished = "delivery-finished"

    private static let chosen: Failpoint? = getenv("HOLDFAST_FAILPOINT").flatMap {
        Failpoint(rawValue: String(cString: $0))
    }

    /// Ends the process here if this point is the chosen one.
    func pass() {
        guard self == Self.chosen else { return }
        kill(getpid(), SIGKILL)
    }
}
