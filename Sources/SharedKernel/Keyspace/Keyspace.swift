// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Builds every Redis key: scripts are handed `prefix` and `tenant` and derive the rest by the same patterns, which
/// docs/keyspace.md lists.
package struct Keyspace: Sendable {
    /// Shards of the installation, fixed when its first server started.
    package let shardCount: Int

    /// A keyspace of 1 to 256 shards.
    package init(shardCount: Int) {
        precondition((1...Limits.shardCountMax).contains(shardCount))
        self.shardCount = shardCount
    }

    /// The installation's constants: shard count and salt.
    package static let install = [UInt8]("hf:install".utf8)

    /// What the operator allows of the URLs of webhook subscriptions.
    package static let webhookSecurity = [UInt8]("hf:webhook-security".utf8)

    /// The shard of a tenant: CRC-16 of its bytes modulo the number of shards.
    package func shard(of tenant: TenantID) -> Shard {
        Shard(number: UInt8(truncatingIfNeeded: Int(CRC16.checksum(tenant.bytes)) % shardCount))
    }

    /// Every shard, in order.
    package var shards: [Shard] { (0..<shardCount).map { Shard(number: UInt8(truncatingIfNeeded: $0)) } }

    /// Status letter and epoch of a tenant; the beginning of every other key of the tenant.
    package func tenant(_ tenant: TenantID) -> [UInt8] { Self.tenant(tenant, in: shard(of: tenant)) }

    /// The same in a shard already known.
    package static func tenant(_ tenant: TenantID, in shard: Shard) -> [UInt8] {
        shard.prefix + [116, 58] + tenant.bytes
    }

    /// In a tenant's place, for the log of what is no tenant's: `__admin__` or `__unauth__`, which no tenant can be
    /// named.
    package static func journal(_ name: StaticString, in shard: Shard) -> [UInt8] {
        shard.prefix + [116, 58] + [UInt8](name.description.utf8)
    }

    /// KEYS of a script about one tenant.
    package func keys(of tenant: TenantID) -> [[UInt8]] {
        let shard = shard(of: tenant)
        return [shard.prefix, Self.tenant(tenant, in: shard)]
    }

    /// The global entry of an API key, by the hex text of its SHA-256: names the tenant and the key id.
    package static func apiKey(_ hash: APIKeyHash) -> [UInt8] { [UInt8]("hf:key:".utf8) + hash.hex }

    /// A tenant's API keys: id → row.
    package static func apiKeys(_ tenant: TenantID, in shard: Shard) -> [UInt8] {
        Self.tenant(tenant, in: shard) + [UInt8](":keys".utf8)
    }

    /// A tenant's policies: id → row.
    package func policies(_ tenant: TenantID) -> [UInt8] { self.tenant(tenant) + [UInt8](":pol".utf8) }

    /// Webhook subscriptions of a tenant, or of the operator: id → row.
    package static func subscriptions(_ owner: TenantID, in shard: Shard) -> [UInt8] {
        Self.tenant(owner, in: shard) + [UInt8](":wh".utf8)
    }

    /// Webhook subscriptions of a shard, by creation time.
    package static func subscriptionList(_ shard: Shard) -> [UInt8] { shard.prefix + [UInt8]("whl".utf8) }

    /// A tenant's profile.
    package static func profile(_ tenant: TenantID, in shard: Shard) -> [UInt8] {
        Self.tenant(tenant, in: shard) + [UInt8](":p".utf8)
    }

    /// API keys of a shard, by creation time.
    package static func apiKeyList(_ shard: Shard) -> [UInt8] { shard.prefix + [UInt8]("kl".utf8) }

    /// An entry of a shard's audit log, by its sequence number.
    package static func auditEntry(_ shard: Shard, sequence: Int64) -> [UInt8] {
        shard.prefix + [97, 58] + [UInt8](String(sequence).utf8)
    }

    /// Tenants of a shard, by creation time.
    package static func tenants(_ shard: Shard) -> [UInt8] { shard.prefix + [UInt8]("tenants".utf8) }

    /// The tenants of a shard with something to expire, by time.
    package static func due(_ shard: Shard) -> [UInt8] { shard.prefix + [UInt8]("due".utf8) }

    /// The shard's outbox, by sequence number.
    package static func outbox(_ shard: Shard) -> [UInt8] { shard.prefix + [UInt8]("out".utf8) }

    /// Live budget reservations of a tenant, by the end of their grace.
    package func budgetDue(_ tenant: TenantID) -> [UInt8] { self.tenant(tenant) + [UInt8](":due".utf8) }

    /// Directory of a tenant's ledgers: path NUL unit letter.
    package func ledgerDirectory(_ tenant: TenantID) -> [UInt8] { self.tenant(tenant) + [UInt8](":bud".utf8) }

    /// One ledger.
    package func ledger(_ tenant: TenantID, unitLetter: UInt8, path: [UInt8]) -> [UInt8] {
        self.tenant(tenant) + [UInt8](":l:".utf8) + [unitLetter, 58] + path
    }

    /// The terms of one ledger.
    package func ledgerTerms(_ tenant: TenantID, unitLetter: UInt8, path: [UInt8]) -> [UInt8] {
        self.tenant(tenant) + [UInt8](":lt:".utf8) + [unitLetter, 58] + path
    }

    /// The record of a budget reservation.
    package static func budgetRecord(_ shard: Shard, hash: some Collection<UInt8>) -> [UInt8] {
        shard.prefix + [114, 58] + hash
    }

    /// Active lock holds of a tenant, by expiry.
    package func activeHolds(_ tenant: TenantID) -> [UInt8] { self.tenant(tenant) + [UInt8](":act".utf8) }

    /// The record of one held name.
    package func hold(_ tenant: TenantID, name: some Collection<UInt8>) -> [UInt8] {
        Self.hold(tenant, in: shard(of: tenant), name: name)
    }

    /// The same in a shard already known.
    package static func hold(_ tenant: TenantID, in shard: Shard, name: some Collection<UInt8>) -> [UInt8] {
        Self.tenant(tenant, in: shard) + [UInt8](":k:".utf8) + name
    }

    /// Names a requester holds.
    package func requesterHolds(_ tenant: TenantID, requester: some Collection<UInt8>) -> [UInt8] {
        self.tenant(tenant) + [UInt8](":q:".utf8) + requester
    }
}
