// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// I6 and the form of answers: one key has one answer, there is a definite answer to everything, and a 503 is honest.
struct ReplyAudit {
    let calls: [BudgetCall]
    let final: FinalState

    func findings() -> [Finding] { strange() + differing() + falseAssurances() }

    private func strange() -> [Finding] {
        var found: [Finding] = []
        for call in calls {
            for case .strange(let text) in call.attempts.map(\.answer.outcome) {
                found.append(Finding(.protocolBreach, "\(call.request): \(text)"))
            }
            // A freeze without an answer is asked for again, as another call.
            if call.answer?.isUnknown != false, !call.request.isFreeze {
                found.append(Finding(.protocolBreach, "no definite answer to \(call.request)"))
            }
        }
        return found
    }

    /// Successes of one key that differ, in what was asked or what was answered.
    private func differing() -> [Finding] {
        var first: [String: (request: BudgetRequest, text: String)] = [:]
        var found: [Finding] = []
        for call in calls {
            guard let name = call.request.keyName, let answer = call.answer, answer.outcome.isKeyedSuccess else {
                continue
            }
            if let (request, text) = first[name] {
                if request != call.request {
                    found.append(Finding(.oneAnswer, "\(name) did two things: \(request) and \(call.request)"))
                } else if !text.utf8.elementsEqual(answer.stableText.utf8) {
                    found.append(Finding(.oneAnswer, "\(name) was answered \(text), then \(answer.stableText)"))
                }
            } else {
                first[name] = (call.request, answer.stableText)
            }
        }
        return found
    }

    /// Effects that took place during attempts none of which was told that the outcome is unknown.
    private func falseAssurances() -> [Finding] {
        let successes = Dictionary(
            grouping: calls.filter { $0.answer?.outcome.isKeyedSuccess == true }, by: { $0.request.keyName })
        return successes.values.compactMap { calls in
            // With several calls of one key there is no telling whose attempt it was.
            guard calls.count == 1, let call = calls.first, let atMs = effectMs(call), call.attempts.count > 1 else {
                return nil
            }
            let suspects = call.attempts.filter { $0.window.beginMs <= atMs && atMs <= $0.window.endMs }
            guard !suspects.isEmpty, suspects.allSatisfy({ $0.answer.claimsNoEffect }) else { return nil }
            return Finding(
                .falseAssurance, "\(call.request) was done at \(atMs) ms, by an attempt whose 503 leaves no doubt")
        }
    }

    private func effectMs(_ call: BudgetCall) -> Int64? {
        switch call.answer?.outcome {
        case .committed, .released: call.request.reservation.flatMap { final.reservations[$0]?.finalizedMs }
        case let outcome: outcome?.effectMs
        }
    }
}
