// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Something in a history of locks that must not be.
struct LockFlaw: Hashable, Sendable, CustomStringConvertible {
    let rule: Rule
    let message: String

    init(_ rule: Rule, _ message: String) {
        self.rule = rule
        self.message = message
    }

    var description: String { "\(rule.rawValue): \(message)" }

    /// What may be broken; K as in the reliability notes.
    enum Rule: String, CaseIterable, Sendable {
        /// Fencing tokens are unique and rise in the order of grants.
        case fencing = "K1"
        /// A plain name or a slot has one holder at a time.
        case exclusion = "K2"
        /// A pool or a node of a tree has at most as many as it has units.
        case capacity = "K2 capacity"
        /// Only the live token releases and renews.
        case staleToken = "K4"
        /// What is held stays so until it is released, or its time is over.
        case vanished
        /// Who asks again for what it holds is told of its hold.
        case had
        /// A resource is said to be held, by somebody or by nobody in particular, only while it may be.
        case holder
        /// Blockers and ancestors are taken with the hold, shared as the rules are, and become free with it.
        case derived
        /// A bulk release releases what there is.
        case count
        /// The items of a transaction stand together.
        case transaction
        /// An answer is none that the protocol provides for.
        case answer
        /// Something is left when nobody holds anything any more.
        case leak
    }
}
