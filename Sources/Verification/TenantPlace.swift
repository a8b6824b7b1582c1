// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import SharedKernel

/// A tenant and its keys.
struct TenantPlace {
    let tenant: TenantID
    let keyspace: Keyspace

    /// Where everything of it is.
    var shard: Shard { keyspace.shard(of: tenant) }
    /// Status letter and epoch.
    var status: [UInt8] { keyspace.tenant(tenant) }
    /// Live budget reservations, by deadline.
    var due: [UInt8] { keyspace.budgetDue(tenant) }
    /// The ledgers: path, NUL, unit letter.
    var directory: [UInt8] { keyspace.ledgerDirectory(tenant) }
    /// The number of reservations ever made.
    var rowCount: [UInt8] { keyspace.rowCount(tenant) }
    /// Held names, by expiry.
    var active: [UInt8] { keyspace.activeHolds(tenant) }

    /// Registered resources: name → row, their names in order, their version.
    var definitions: [UInt8] { keyspace.definitions(tenant) }
    var definitionNames: [UInt8] { keyspace.definitionNames(tenant) }
    var definitionVersion: [UInt8] { keyspace.definitionVersion(tenant) }
    /// Webhook subscriptions: id → row, and by creation time.
    var subscriptions: [UInt8] { Keyspace.subscriptions(tenant, in: shard) }
    var subscriptionList: [UInt8] { Keyspace.subscriptionList(ofOwner: tenant.bytes, in: shard) }
    /// What they ask the hot path to look out for, and how many ask for a thing.
    var asks: [UInt8] { Keyspace.subscriptionAsks(ofOwner: tenant.bytes, in: shard) }
    var askCounts: [UInt8] { Keyspace.askCounts(ofOwner: tenant.bytes, in: shard) }
    /// The event log.
    var log: [UInt8] { Keyspace.eventLog(ofOwner: tenant.bytes, in: shard) }
    /// The profile.
    var profile: [UInt8] { Keyspace.profile(tenant, in: shard) }
    /// Events of holds.
    var holdEvents: [UInt8] { keyspace.holdEvents(tenant) }

    func units(pool: [UInt8]) -> [UInt8] { keyspace.units(tenant, pool: pool) }

    func slots(pool: [UInt8]) -> [UInt8] { keyspace.slots(tenant, pool: pool) }

    func needs(of resource: [UInt8]) -> [UInt8] { keyspace.needs(tenant, resource: resource) }

    func node(_ name: [UInt8]) -> [UInt8] { keyspace.node(tenant, name: name) }

    func ledger(_ entry: LedgerEntry) -> [UInt8] {
        keyspace.ledger(tenant, unitLetter: entry.unit.letter, path: entry.path)
    }

    func record(_ hash: [UInt8]) -> [UInt8] { Keyspace.budgetRecord(shard, hash: hash) }

    func rows(of number: Int64) -> [UInt8] { keyspace.rowChunk(tenant, number: number) }

    func hold(_ name: some Collection<UInt8>) -> [UInt8] { keyspace.hold(tenant, name: name) }

    func requester(_ requester: [UInt8]) -> [UInt8] { keyspace.requesterHolds(tenant, requester: requester) }
}
