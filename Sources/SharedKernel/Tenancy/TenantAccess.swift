// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// In whose name a script works on a tenant's records: an API key's, or the operator's.
package struct TenantAccess: Sendable {
    /// KEYS: the shard's prefix and the tenant.
    package let keys: [[UInt8]]
    /// The cached status letter and epoch; empty for the operator, whom nothing makes stale.
    package let tag: [UInt8]
    /// As in `Principal`; empty for the operator.
    package let scopeFilter: [[UInt8]]

    init(keys: [[UInt8]], tag: [UInt8], scopeFilter: [[UInt8]]) {
        self.keys = keys
        self.tag = tag
        self.scopeFilter = scopeFilter
    }

    /// The operator's access to a tenant with these KEYS.
    package static func `operator`(keys: [[UInt8]]) -> TenantAccess {
        TenantAccess(keys: keys, tag: [], scopeFilter: [])
    }
}
