// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Whether a tenant may act; stored as the first letter of its tag.
package enum TenantStatus: UInt8, Sendable {
    case active = 65
    case suspended = 83
    case closed = 67

    /// The protocol's word for it.
    package var word: StaticString {
        switch self {
        case .active: "ACTIVE"
        case .suspended: "SUSPENDED"
        case .closed: "CLOSED"
        }
    }
}
