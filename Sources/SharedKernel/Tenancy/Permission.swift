// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What an API key may do (admin digest 3): the 27 words of the protocol.
package enum Permission: String, CaseIterable, Sendable {
    case reservationsCreate = "reservations:create"
    case reservationsCommit = "reservations:commit"
    case reservationsRelease = "reservations:release"
    case reservationsExtend = "reservations:extend"
    case reservationsList = "reservations:list"
    case balancesRead = "balances:read"
    case budgetsRead = "budgets:read"
    case budgetsWrite = "budgets:write"
    case policiesRead = "policies:read"
    case policiesWrite = "policies:write"
    case webhooksRead = "webhooks:read"
    case webhooksWrite = "webhooks:write"
    case eventsRead = "events:read"
    case adminRead = "admin:read"
    case adminWrite = "admin:write"
    case adminTenantsRead = "admin:tenants:read"
    case adminTenantsWrite = "admin:tenants:write"
    case adminBudgetsRead = "admin:budgets:read"
    case adminBudgetsWrite = "admin:budgets:write"
    case adminPoliciesRead = "admin:policies:read"
    case adminPoliciesWrite = "admin:policies:write"
    case adminAPIKeysRead = "admin:apikeys:read"
    case adminAPIKeysWrite = "admin:apikeys:write"
    case adminWebhooksRead = "admin:webhooks:read"
    case adminWebhooksWrite = "admin:webhooks:write"
    case adminEventsRead = "admin:events:read"
    case adminAuditRead = "admin:audit:read"

    /// The permission that a client's word stands for: one of the protocol's own, or one of the two words beyond it
    /// that the published guides of clients put into their first API key. Both say what `reservations:create` opens.
    package init?(word: String) {
        switch word {
        case "decide", "events:create": self = .reservationsCreate
        default: self.init(rawValue: word)
        }
    }

    /// What a key gets that names no permissions.
    package static let defaults: [Permission] = [
        .reservationsCreate, .reservationsCommit, .reservationsRelease, .reservationsExtend, .reservationsList,
        .balancesRead, .budgetsRead, .budgetsWrite, .policiesRead, .policiesWrite,
    ]
}

/// A set of permissions, one bit each.
package struct PermissionSet: Hashable, Sendable {
    private var bits: UInt32 = 0

    /// The set of these.
    package init(_ permissions: some Sequence<Permission>) {
        for permission in permissions { bits |= Self.bit(permission) }
    }

    /// Whether a key with this set may do what needs `permission`: `admin:write` stands for any `*:write` and
    /// `admin:read` for any `*:read`.
    package func allows(_ permission: Permission) -> Bool {
        if bits & Self.bit(permission) != 0 { return true }
        if bits & Self.bit(.adminWrite) != 0, permission.rawValue.hasSuffix(":write") { return true }
        return bits & Self.bit(.adminRead) != 0 && permission.rawValue.hasSuffix(":read")
    }

    /// The permissions in the protocol's order.
    package var all: [Permission] { Permission.allCases.filter { bits & Self.bit($0) != 0 } }

    private static func bit(_ permission: Permission) -> UInt32 { 1 << UInt32(permission.ordinal) }
}

extension Permission {
    /// The position among all cases.
    fileprivate var ordinal: Int {
        switch self {
        case .reservationsCreate: 0
        case .reservationsCommit: 1
        case .reservationsRelease: 2
        case .reservationsExtend: 3
        case .reservationsList: 4
        case .balancesRead: 5
        case .budgetsRead: 6
        case .budgetsWrite: 7
        case .policiesRead: 8
        case .policiesWrite: 9
        case .webhooksRead: 10
        case .webhooksWrite: 11
        case .eventsRead: 12
        case .adminRead: 13
        case .adminWrite: 14
        case .adminTenantsRead: 15
        case .adminTenantsWrite: 16
        case .adminBudgetsRead: 17
        case .adminBudgetsWrite: 18
        case .adminPoliciesRead: 19
        case .adminPoliciesWrite: 20
        case .adminAPIKeysRead: 21
        case .adminAPIKeysWrite: 22
        case .adminWebhooksRead: 23
        case .adminWebhooksWrite: 24
        case .adminEventsRead: 25
        case .adminAuditRead: 26
        }
    }
}
