// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Synchronization

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

    private static let words = getenv("HOLDFAST_FAILPOINT").map { String(cString: $0).split(separator: ":") } ?? []
    private static let chosen = words.first.flatMap { Failpoint(rawValue: String($0)) }
    /// With `:stop` after its name the process is only stopped there, as by SIGSTOP, and the first time only.
    private static let stops = words.dropFirst().first == "stop"
    private static let isPassed = Atomic(false)

    /// Ends the process here if this point is the chosen one.
    func pass() {
        guard self == Self.chosen else { return }
        if !Self.stops {
            kill(getpid(), SIGKILL)
        } else if !Self.isPassed.exchange(true, ordering: .relaxed) {
            kill(getpid(), SIGSTOP)
        }
    }
}
