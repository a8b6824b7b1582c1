// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport

/// What a commit does to its ledgers (runtime digest 2.12), stated a second time in exact integers.
enum OverageModel {
    enum Outcome: Equatable {
        /// The charge, the effect letters and the ledgers as they are afterwards.
        case booked(charged: Int64, effects: [ByteText], ledgers: [Ledger])
        /// Refused by policy R; the scope named is the first that is short, or the first.
        case exceeded(Int)
        /// Refused by policy O; the first scope whose debt would pass its limit.
        case overdraft(Int)
        /// The first ledger that holds less than the reservation, or whose sum leaves int64.
        case corrupt(Int)
    }

    static func settle(_ ledgers: [Ledger], reserved: Int64, actual: Int64, policy: ByteText) -> Outcome {
        let delta = Int128(actual) - Int128(reserved)
        var short: [Int] = []
        for (index, ledger) in ledgers.enumerated() {
            if ledger.reserved < reserved { return .corrupt(index) }
            guard delta > 0, ledger.remaining < delta else { continue }
            short.append(index)
            if policy == "O", Int128(ledger.debt) + delta > Int128(ledger.limit) { return .overdraft(index) }
        }
        if delta > 0, policy == "R" { return .exceeded(short.first ?? 0) }
        var charged = Int128(actual)
        if policy == "I", !short.isEmpty {
            charged = Int128(reserved) + max(0, ledgers.map(\.remaining).min() ?? 0)
        }
        var effects: [ByteText] = []
        var after: [Ledger] = []
        for (index, ledger) in ledgers.enumerated() {
            let isOverdraft = policy == "O" && short.contains(index)
            let isFlagged = policy == "I" && short.contains(index)
            effects.append(isOverdraft ? "o" : isFlagged ? "k" : "p")
            var new = ledger
            guard let spent = Int64(exactly: Int128(ledger.spent) + (isOverdraft ? Int128(reserved) : charged)) else {
                return .corrupt(index)
            }
            new.spent = spent
            new.reserved -= reserved
            if isOverdraft { new.debt = Int64(clamping: Int128(ledger.debt) + delta) }
            if isFlagged, !ledger.isOverLimit { new.flags = "O" + ledger.flags }
            after.append(new)
        }
        return .booked(charged: Int64(clamping: charged), effects: effects, ledgers: after)
    }
}
