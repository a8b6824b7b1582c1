// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// When a call may have been carried out.
struct Span: Hashable, Sendable {
    /// From the first attempt to the answer: an effect may be that of any attempt.
    var whole: Window
    /// The attempt that was answered: where a refusal or a replay was worked out.
    var last: Window

    init(whole: Window, last: Window) {
        self.whole = whole
        self.last = last
    }

    init<Request, Reply>(_ call: Call<Request, Reply>) {
        self.init(whole: call.wholeWindow, last: call.lastWindow)
    }
}

/// One way in which a request may be answered in a given state: success, refusal or read, exactly as it must look.
struct Prediction: Sendable {
    var outcome: BudgetOutcome
    /// When the request must have been carried out for this.
    var window: Window
    var effect = BudgetModel.Effect()
    /// What `remaining_ttl_ms` must be; nil for an answer without that field.
    var remaining: Remaining?

    /// How `remaining_ttl_ms` comes about.
    enum Remaining: Sendable {
        /// What is left until `endMs` at a time within the window.
        case left(endMs: Int64, Window)
        /// The same, or 0: the answer may come from a repetition that found the work done and the reservation ended.
        case leftOrNone(endMs: Int64, Window)
        /// 0, because the reservation is no longer active.
        case none
    }

    /// Whether an answer is what was predicted.
    func matches(_ answer: BudgetAnswer) -> Bool {
        guard answer.outcome == outcome else { return false }
        guard let remaining else { return answer.remainingMs == nil }
        guard let found = answer.remainingMs else { return false }
        switch remaining {
        case .none: return found == 0
        case .left(let endMs, let window): return Self.fits(found, endMs, window)
        case .leftOrNone(let endMs, let window): return found == 0 || Self.fits(found, endMs, window)
        }
    }

    private static func fits(_ found: Int64, _ endMs: Int64, _ window: Window) -> Bool {
        (max(0, endMs - window.endMs)...max(0, endMs - window.beginMs)).contains(found)
    }
}
