// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Who is calling with a tenant's API key, as cached by a server under the tenant's epoch.
package struct Principal: Sendable {
    /// The effective tenant.
    package let tenant: TenantID
    /// Its shard.
    package let shard: Shard
    /// Status letter, epoch and marks these facts were read under; scripts answer STALE when it is no longer true.
    package let tag: [UInt8]
    /// The API key's id.
    package let keyID: [UInt8]
    /// The API key's name, shown as label in Reservation API events; has no control characters.
    package let keyName: [UInt8]
    /// What the key may do.
    package let permissions: PermissionSet
    /// Entries `kind:id` or `kind:*`; empty means every scope.
    package let scopeFilter: [[UInt8]]
    /// When the key ends, ms since the epoch by the clock of this server.
    package let expiresAtMs: Int64
    /// The tenant's settings.
    package let terms: TenantTerms
    /// The tenant's policies.
    package let policies: PolicySet
    /// The tenant's quotas in the Reservation API.
    package let quotas: TenantQuotas
    /// Whether the tenant has registered resources: without, every name is plain.
    package let hasRegisteredResources: Bool
    /// What the tenant's subscriptions ask of whatever makes events.
    package let hooks: TenantHooks

    /// A principal of these facts.
    package init(
        tenant: TenantID, shard: Shard, tag: [UInt8], keyID: [UInt8], keyName: [UInt8], permissions: PermissionSet,
        scopeFilter: [[UInt8]], expiresAtMs: Int64, terms: TenantTerms, policies: PolicySet = .none,
        quotas: TenantQuotas = TenantQuotas(), hasRegisteredResources: Bool = false, hooks: TenantHooks = TenantHooks()
    ) {
        self.tenant = tenant
        self.shard = shard
        self.tag = tag
        self.keyID = keyID
        self.keyName = keyName
        self.permissions = permissions
        self.scopeFilter = scopeFilter
        self.expiresAtMs = expiresAtMs
        self.terms = terms
        self.policies = policies
        self.quotas = quotas
        self.hasRegisteredResources = hasRegisteredResources
        self.hooks = hooks
    }

    /// Whether the key's scope filter lets it act on a scope path: no filter, or one entry that names one of its
    /// segments (admin digest 3).
    package func mayTouch(_ path: some Collection<UInt8>) -> Bool {
        if scopeFilter.isEmpty { return true }
        for segment in path.split(separator: 47) {
            for entry in scopeFilter {
                if entry.elementsEqual(segment) { return true }
                if entry.last == 42, entry.count > 1, segment.starts(with: entry.dropLast()) { return true }
            }
        }
        return false
    }

    /// Whether it may act on every scope path that begins so and goes on. The last segment may be cut short.
    package func mayTouch(everythingThatBeginsWith stem: ArraySlice<UInt8>) -> Bool {
        if scopeFilter.isEmpty { return true }
        let end = stem.lastIndex(of: 47).map { $0 + 1 } ?? stem.startIndex
        if mayTouch(stem[..<end]) { return true }
        let cut = stem[end...]
        return scopeFilter.contains { $0.last == 42 && $0.count > 1 && cut.starts(with: $0.dropLast()) }
    }

    /// KEYS of a script about the principal's tenant.
    package var keys: [[UInt8]] { [shard.prefix, Keyspace.tenant(tenant, in: shard)] }

    /// Whether scripts write an event for each change of a reservation of resources, and so need to know of the
    /// request. The mark stands behind the epoch's digits, before one other at most.
    package var wantsResourceEvents: Bool { tag.suffix(2).contains(TenantTag.Mark.resourceEvents.rawValue) }

    /// What a script needs to know of the principal.
    package var access: TenantAccess { TenantAccess(keys: keys, tag: tag, scopeFilter: scopeFilter) }
}
