// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What must be true of the stored state at every instant; each is checked from Redis alone.
package enum Invariant: String, CaseIterable, Sendable {
    /// remaining = allocated - spent - reserved - debt is a number of 64 bits.
    case ledgerIdentity = "I1"
    /// A ledger's reserved amount is the sum of the live reservations that name it.
    case reservedSum = "I2"
    /// A reservation leaves ACTIVE once: what is listed as live is live.
    case liveOnce = "I5"
    /// A reservation is held by every ledger it names.
    case allLedgers = "I7"
    /// Stored records can be read, and their numbers are within 0 ... 2^63-1.
    case soundRecords = "I8"
    /// No lock outlives its deadline.
    case lockDeadline = "K2"
    /// What is derived from holds has a living owner, and every owner has what it took along.
    case derivedHolds = "K6"
    /// No more units of a resource are in use than it ever had.
    case capacity = "K7"
    /// An event that waits to be relayed stands in the outbox once, in both logs, and has its body.
    case outbox = "W1"
    /// A delivery is in the one place that its state says: waiting, under way, to be tried again, delivered or dead.
    case onePlace = "W2"
    /// No lane is put off without an attempt, a retry or a turn that it waits for.
    case unstuck = "W4"
    /// Index and key agree: nothing is listed that is not there, nothing is there that no index leads to.
    case indexed = "W5"

    /// One sentence for a report.
    package var sentence: String {
        switch self {
        case .ledgerIdentity: "a ledger's remaining amount is a 64-bit number"
        case .reservedSum: "a ledger's reserved amount is the sum of its live reservations"
        case .liveOnce: "what is listed as a live reservation is live"
        case .allLedgers: "a live reservation is held by every ledger it names"
        case .soundRecords: "records can be read and their numbers are within 0 and 2^63-1"
        case .lockDeadline: "no lock outlives its deadline"
        case .derivedHolds: "what holds took along is there, and nothing else"
        case .capacity: "no more units of a resource are in use than it ever had"
        case .outbox: "an event that waits to be relayed is in its logs and has a body"
        case .onePlace: "a delivery is in the one place that its state says"
        case .unstuck: "no delivery is put off without an attempt, a retry or a turn that it waits for"
        case .indexed: "indexes and keys agree"
        }
    }
}
