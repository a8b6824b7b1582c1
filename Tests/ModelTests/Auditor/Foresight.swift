// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What a reservation was settled to be when it was made, as far as answers that come much later show it: how often it
/// may be extended, and what happens to overage. Without it the search for an order would find out too late that a
/// policy was changed before, or after.
struct Foresight {
    private struct Traits {
        var extensions: Set<String> = []
        var isExhausted = false
        var impossible: Set<BudgetRequest.Policy> = []
    }

    private let traits: [String: Traits]

    init(_ calls: [BudgetCall]) {
        var traits: [String: Traits] = [:]
        for call in calls {
            guard let id = call.request.reservation, let outcome = call.answer?.outcome else { continue }
            switch (call.request, outcome) {
            case (.extend(_, _, let key), .extended): traits[id, default: Traits()].extensions.insert(key)
            case (.extend, .refused(_, "MAX_EXTENSIONS_EXCEEDED", _)):
                traits[id, default: Traits()].isExhausted = true
            case (.commit, .refused(_, "BUDGET_EXCEEDED", _)):
                traits[id, default: Traits()].impossible.formUnion([.allowIfAvailable, .allowWithOverdraft])
            case (.commit, .refused(_, "OVERDRAFT_LIMIT_EXCEEDED", _)):
                traits[id, default: Traits()].impossible.formUnion([.allowIfAvailable, .reject])
            case (.commit(_, let actual, _), .committed(let charged, nil, _)) where charged < actual:
                traits[id, default: Traits()].impossible.formUnion([.reject, .allowWithOverdraft])
            default: break
            }
        }
        self.traits = traits
    }

    /// Whether nothing that comes later contradicts a reservation as it would be made.
    func allows(_ reservation: BudgetModel.Reservation?) -> Bool {
        guard let reservation, let seen = traits[reservation.id] else { return true }
        if reservation.extensionsMax < seen.extensions.count { return false }
        if seen.isExhausted, reservation.extensionsMax != seen.extensions.count { return false }
        return !seen.impossible.contains(reservation.policy)
    }
}
