// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// An answer that may leave open whether the request had its effect.
protocol Answer: Hashable, Sendable {
    /// Whether it says nothing about the outcome: a 503.
    var isUnknown: Bool { get }
    /// Whether it is a 503 that does not say that the outcome is unknown: then nothing was changed.
    var claimsNoEffect: Bool { get }
}

/// One time that a request was sent, and what came back.
struct Attempt<Reply: Answer>: Sendable {
    var window: Window
    var answer: Reply
}

/// A request and its attempts: the first, then a repetition after each unknown outcome, up to the definite answer.
struct Call<Request: Hashable & Sendable, Reply: Answer>: Sendable {
    var request: Request
    var attempts: [Attempt<Reply>]

    /// The definite answer, or the last unknown one.
    var answer: Reply? { attempts.last?.answer }

    /// When the definite answer was worked out, if nothing came of the attempts before.
    var lastWindow: Window { attempts.last?.window ?? Window(beginUs: 0, endUs: .max) }

    /// When the effect took place, if there was one.
    var wholeWindow: Window { Window(beginUs: attempts.first?.window.beginUs ?? 0, endUs: lastWindow.endUs) }
}

/// Everything that clients asked and were answered.
struct History: Sendable {
    var budgetCalls: [BudgetCall] = []
    var lockCalls: [LockCall] = []
    var walks: [Walk] = []
}
