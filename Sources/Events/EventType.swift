// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What an event belongs to (admin digest 4.1): the first part of its type.
package enum EventCategory: String, CaseIterable, Sendable {
    case budget, reservation, tenant
    case apiKey = "api_key"
    case policy, webhook, system

    /// Whether tenants see its events and may be sent them (admin digest 5.3).
    package var isForTenants: Bool {
        switch self {
        case .budget, .reservation, .tenant: true
        case .apiKey, .policy, .webhook, .system: false
        }
    }
}

/// The type of an event: one of the 51 of the protocol (admin digest 4.2), or `custom.` and more.
package struct EventType: Hashable, Sendable {
    /// As written, `budget.funded`.
    package let text: [UInt8]
    package let category: EventCategory

    /// Types of events about holds of the Reservation API; they belong to the category of reservations.
    package static let resourcePrefix = [UInt8]("custom.resource.".utf8)

    /// Reads a type; nil for one that is neither the protocol's nor `custom.` with something after it.
    package init?(_ text: [UInt8]) {
        if let category = Self.known[text] {
            self.text = text
            self.category = category
            return
        }
        guard text.starts(with: "custom.".utf8), text.count > 7, text.count <= 128 else { return nil }
        self.text = text
        category = .reservation
    }

    /// A type of the protocol, written as it is there.
    package init?(_ text: StaticString) { self.init([UInt8](text.description.utf8)) }

    /// Whether it is one that the protocol leaves to servers.
    package var isCustom: Bool { text.starts(with: "custom.".utf8) }

    /// Whether tenants see it and may be sent it.
    package var isForTenants: Bool { category.isForTenants }

    /// All types of the protocol, by category and name.
    package static var all: [EventType] {
        names.flatMap { group in group.1.compactMap { EventType(full(group.0, $0)) } }
    }

    private static func full(_ category: EventCategory, _ name: String) -> [UInt8] {
        [UInt8]("\(category.rawValue).\(name)".utf8)
    }

    private static let known: [[UInt8]: EventCategory] = Dictionary(
        uniqueKeysWithValues: names.flatMap { group in group.1.map { (full(group.0, $0), group.0) } })

    private static let names: [(EventCategory, [String])] = [
        (
            .budget,
            [
                "created", "updated", "funded", "debited", "reset", "reset_spent", "debt_repaid", "frozen", "unfrozen",
                "closed", "closed_via_tenant_cascade", "threshold_crossed", "exhausted", "over_limit_entered",
                "over_limit_exited", "debt_incurred", "burn_rate_anomaly",
            ]
        ),
        (
            .reservation,
            [
                "denied", "denial_rate_spike", "expired", "expiry_rate_spike", "commit_overage",
                "released_via_tenant_cascade",
            ]
        ),
        (.tenant, ["created", "updated", "suspended", "reactivated", "closed", "settings_changed"]),
        (
            .webhook,
            ["created", "updated", "paused", "resumed", "disabled", "deleted", "disabled_via_tenant_cascade"]
        ),
        (
            .apiKey,
            [
                "created", "revoked", "revoked_via_tenant_cascade", "expired", "permissions_changed", "auth_failed",
                "auth_failure_rate_spike",
            ]
        ),
        (.policy, ["created", "updated", "deleted"]),
        (
            .system,
            [
                "store_connection_lost", "store_connection_restored", "high_latency", "webhook_delivery_failed",
                "webhook_test",
            ]
        ),
    ]
}
