// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Each answer to an event by itself: an id of its own, and a charge that is less than what was asked for only where
/// that may be (runtime digest 1.9, 2.12).
struct EventAudit {
    let calls: [BudgetCall]

    func findings() -> [Finding] {
        var names: [String: String] = [:]
        var found: [Finding] = []
        for call in calls {
            guard case .charge(let charge, _) = call.request, case .charged(let receipt)? = call.answer?.outcome,
                let name = call.request.keyName
            else { continue }
            if let other = names[receipt.id], other != name {
                found.append(Finding(.event, "\(name) has the id of \(other): \(receipt.id)"))
            }
            names[receipt.id] = name
            guard let charged = receipt.charged else { continue }
            if charged < 0 || charged >= charge.amount {
                found.append(Finding(.event, "\(name) says it charged \(charged) of \(charge.amount)"))
            }
            if charge.policy == .reject || charge.policy == .allowWithOverdraft {
                found.append(
                    Finding(.event, "\(name) charged \(charged) of \(charge.amount) under \(charge.policy as Any)"))
            }
        }
        return found
    }
}
