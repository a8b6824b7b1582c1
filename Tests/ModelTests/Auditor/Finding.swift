// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Something in a history that must not be.
struct Finding: Hashable, Sendable, CustomStringConvertible {
    let rule: Rule
    let message: String

    init(_ rule: Rule, _ message: String) {
        self.rule = rule
        self.message = message
    }

    var description: String { "\(rule.rawValue): \(message)" }

    /// What may be broken; ledgers I, locks K as in the reliability notes.
    enum Rule: String, CaseIterable, Sendable {
        /// remaining = allocated - spent - reserved - debt in every row.
        case remaining = "I1"
        /// reserved is the sum of the active reservations.
        case reserved = "I2"
        /// spent and debt are the sum of what commits and events charged, allocated what was funded.
        case charged = "I3"
        /// A ledger without overdraft is never beyond its allocation.
        case bounds = "I4"
        /// A reservation leaves ACTIVE once, and stays what it became.
        case oneEnd = "I5"
        /// One key, one effect, one answer.
        case oneAnswer = "I6"
        /// A hold is in every budgeted ancestor or in none.
        case ancestors = "I7"
        /// Every number is a whole one within int64.
        case integers = "I8"
        /// Fencing tokens are unique and rise in the order of grants.
        case fencing = "K1"
        /// One holder at a time.
        case exclusion = "K2"
        /// Only the live token releases.
        case staleRelease = "K4"
        /// A lock is said to be held, or free, only while it is.
        case holder = "K-holder"
        /// Some order of the calls explains every answer, by a sequential model.
        case order = "model"
        /// An answer is none that the protocol provides for, or no definite one ever came.
        case protocolBreach = "answer"
        /// A 503 leaves no doubt that nothing was changed, and something was.
        case falseAssurance = "503"
        /// A funding changes a ledger as its operation says (design, section 6).
        case funding = "funding"
        /// An event is charged once, in full or as far as there is room (runtime digest 2.12).
        case event = "event"
        /// A list shows what there is, once, in order, in a state that it was in (runtime digest 7.1).
        case listing = "7.1"
        /// Finished reservations answer as the state matrix says (runtime digest 6.7).
        case matrix = "6.7"
    }
}
