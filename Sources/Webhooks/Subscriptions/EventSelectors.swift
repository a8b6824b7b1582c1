// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import Events
package import SharedKernel

/// Which events a subscription gets (admin digest 5.3, 5.6).
package struct EventSelectors: Hashable, Sendable {
    /// Event types, by name.
    package var types: [[UInt8]]
    /// Categories of events, by name.
    package var categories: [[UInt8]]
    /// Which scopes; nil, empty or white space for all, events without a scope included.
    package var scopeFilter: [UInt8]?

    /// Selectors of these parts.
    package init(types: [[UInt8]], categories: [[UInt8]], scopeFilter: [UInt8]? = nil) {
        self.types = types
        self.categories = categories
        self.scopeFilter = scopeFilter
    }

    /// Whether they select nothing: no subscription may be so.
    package var isEmpty: Bool { types.isEmpty && categories.isEmpty }

    /// Whether a subscription of `owner` gets an event of `tenant`. Whatever its selectors say, a tenant is sent its
    /// own events only, and none of those that are the operator's business.
    package func match(_ type: EventType, scope: [UInt8]?, of tenant: TenantID, owner: TenantID) -> Bool {
        guard owner == .system || (owner == tenant && type.isForTenants) else { return false }
        return selects(type) && coversScope(scope)
    }

    /// Whether type or category is named. Events of the Reservation API are many: they are to be named by type.
    package func selects(_ type: EventType) -> Bool {
        if types.contains(type.text) { return true }
        if type.text.starts(with: EventType.resourcePrefix) { return false }
        return categories.contains { $0.elementsEqual(type.category.rawValue.utf8) }
    }

    /// Whether the scope filter lets a scope through.
    package func coversScope(_ scope: [UInt8]?) -> Bool {
        guard let filter = scopeFilter, !filter.allSatisfy({ $0 == 32 || (9...13).contains($0) }) else { return true }
        guard let scope, !scope.isEmpty else { return false }
        guard filter.last == UInt8(ascii: "*") else { return filter == scope }
        let stem = filter.dropLast()
        return scope.count > stem.count && scope.starts(with: stem)
    }

    /// Whether types of the Reservation API's events are named.
    package var namesResources: Bool { types.contains { $0.starts(with: EventType.resourcePrefix) } }

    /// The first type or category that a tenant's subscription may not name; nil when there is none. What is not known
    /// may not be named either.
    package var operatorsOnly: [UInt8]? {
        if let type = types.first(where: { EventType($0).map { !$0.isForTenants } ?? true }) { return type }
        return categories.first { name in
            EventCategory(rawValue: String(decoding: name, as: UTF8.self)).map { !$0.isForTenants } ?? true
        }
    }
}
