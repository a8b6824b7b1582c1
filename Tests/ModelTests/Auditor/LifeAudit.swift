// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// I5: a reservation leaves ACTIVE once, and nothing that is told about it later contradicts how.
struct LifeAudit {
    let calls: [BudgetCall]
    let final: FinalState

    /// How a reservation ended, by the answer to the request that ended it.
    private struct End {
        var phase: FinalState.Phase
        let keyName: String
        /// When the first such answer had come.
        var knownUs: Int64
    }

    func findings() -> [Finding] {
        var ends: [String: [String: End]] = [:]
        for call in calls {
            guard let id = call.request.reservation, let keyName = call.request.keyName,
                let phase = Self.phase(call.answer?.outcome)
            else { continue }
            let knownUs = min(ends[id]?[keyName]?.knownUs ?? .max, call.wholeWindow.endUs)
            ends[id, default: [:]][keyName] = End(phase: phase, keyName: keyName, knownUs: knownUs)
        }
        var found: [Finding] = []
        for (id, byKey) in ends where byKey.count > 1 {
            found.append(Finding(.oneEnd, "\(id) was ended \(byKey.count) times: \(byKey.keys.sorted())"))
        }
        let first = ends.compactMapValues { $0.values.min { $0.knownUs < $1.knownUs } }
        return found + contradictions(first) + finalPhases(first)
    }

    private static func phase(_ outcome: BudgetOutcome?) -> FinalState.Phase? {
        switch outcome {
        case .committed(let charged, _, _): .committed(charged: charged)
        case .released: .released
        default: nil
        }
    }

    /// Answers given after the end was known that show another state.
    private func contradictions(_ ends: [String: End]) -> [Finding] {
        calls.compactMap { call in
            guard let id = call.request.reservation, let end = ends[id], call.lastWindow.beginUs > end.knownUs,
                let outcome = call.answer?.outcome
            else { return nil }
            let isConsistent =
                switch outcome {
                case .found(let found): Self.phase(found) == end.phase
                case .refused(_, let code, _): code == "RESERVATION_FINALIZED" || code == "IDEMPOTENCY_MISMATCH"
                case .committed, .released: call.request.keyName == end.keyName
                default: true
                }
            return isConsistent ? nil : Finding(.oneEnd, "\(id) is \(end.phase), then \(call.request): \(outcome)")
        }
    }

    private static func phase(_ found: BudgetOutcome.FoundReservation) -> FinalState.Phase {
        switch (found.status, found.committed) {
        case ("COMMITTED", let charged?): .committed(charged: charged)
        case ("RELEASED", nil): .released
        case ("ACTIVE", nil): .active
        default: .odd(found.status)
        }
    }

    /// What was acknowledged is what is there in the end, and nothing else is.
    private func finalPhases(_ ends: [String: End]) -> [Finding] {
        final.reservations.compactMap { id, reservation in
            switch (ends[id]?.phase, reservation.phase) {
            case (nil, .active), (nil, .expired): nil
            case (let told?, let phase) where told == phase: nil
            case (let told, let phase):
                Finding(.oneEnd, "\(id) is \(phase) in the end, clients know of \(told.map { "\($0)" } ?? "no end")")
            }
        }
    }
}
