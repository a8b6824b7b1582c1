// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What the system looks like once nobody does anything any more and everything due has been swept.
struct FinalState: Sendable {
    /// The state of a reservation by its final GET.
    enum Phase: Hashable, Sendable {
        case active
        case committed(charged: Int64)
        case released
        /// 410.
        case expired
        /// Anything else, such as 404.
        case odd(String)
    }

    /// A reservation as it ended.
    struct Reservation: Hashable, Sendable {
        var phase: Phase
        /// By Redis' clock, for committed and released ones.
        var finalizedMs: Int64?
    }

    /// The ledgers as Redis stores them, in the order of ``BudgetTree/plots``.
    var ledgers: [Ledger]
    /// By id: every reservation that a client was told about.
    var reservations: [String: Reservation]
    /// Reservations in the index of live ones.
    var liveCount: Int
    /// When the ledgers were read, ms: everything due before was swept.
    var readMs: Int64
    /// Names that are held, with their requesters.
    var holds: [String: String]
    /// Ledgers that are frozen.
    var frozen: Set<Int> = []
}
