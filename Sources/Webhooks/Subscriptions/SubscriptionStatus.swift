// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Whether a subscription gets events; stored as the letter its row begins with.
package enum SubscriptionStatus: UInt8, CaseIterable, Sendable {
    case active = 65
    /// By its owner: events meanwhile are not kept.
    case paused = 80
    /// By Holdfast, after too many failures or with its tenant.
    case disabled = 68

    /// The protocol's word for it.
    package var word: StaticString {
        switch self {
        case .active: "ACTIVE"
        case .paused: "PAUSED"
        case .disabled: "DISABLED"
        }
    }
}
