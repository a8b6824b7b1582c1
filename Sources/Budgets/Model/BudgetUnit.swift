// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What a budget is counted in (runtime digest 2.5); stored as one letter.
package enum BudgetUnit: String, CaseIterable, Sendable {
    case usdMicrocents = "USD_MICROCENTS"
    case tokens = "TOKENS"
    case credits = "CREDITS"
    case riskPoints = "RISK_POINTS"

    /// The letter in keys and records.
    package var letter: UInt8 {
        switch self {
        case .usdMicrocents: 85
        case .tokens: 84
        case .credits: 67
        case .riskPoints: 82
        }
    }

    /// The unit of a letter.
    package init?(letter: UInt8) {
        switch letter {
        case 85: self = .usdMicrocents
        case 84: self = .tokens
        case 67: self = .credits
        case 82: self = .riskPoints
        default: return nil
        }
    }
}
