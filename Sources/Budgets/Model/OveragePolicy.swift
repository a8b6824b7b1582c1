// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What a commit may do when the actual amount exceeds the reserved one (runtime digest 2.12).
package enum OveragePolicy: String, CaseIterable, Sendable {
    case reject = "REJECT"
    case allowIfAvailable = "ALLOW_IF_AVAILABLE"
    case allowWithOverdraft = "ALLOW_WITH_OVERDRAFT"

    /// The letter in records: R, I or O.
    package var letter: UInt8 {
        switch self {
        case .reject: 82
        case .allowIfAvailable: 73
        case .allowWithOverdraft: 79
        }
    }

    /// The letter in a ledger's flags: the same in lower case.
    package var ledgerLetter: UInt8 { letter + 32 }

    /// The policy of a letter, in either case.
    package init?(letter: UInt8) {
        switch letter & 0xDF {
        case 82: self = .reject
        case 73: self = .allowIfAvailable
        case 79: self = .allowWithOverdraft
        default: return nil
        }
    }

    /// The policy of a stored word.
    package init?(word: [UInt8]) { self.init(rawValue: String(decoding: word, as: UTF8.self)) }
}
