// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel

/// A shard and its keys: what its tenants and `__system__` share there.
struct ShardPlace {
    let shard: Shard

    /// The tenants, by creation time.
    var tenants: [UInt8] { Keyspace.tenants(shard) }
    /// Events not yet relayed: number, colon, owner.
    var outbox: [UInt8] { Keyspace.outbox(shard) }
    /// All events: number, type and owner divided by colons.
    var log: [UInt8] { Keyspace.eventLog(shard) }
    /// Lanes of deliveries, by when they are due.
    var lanes: [UInt8] { Keyspace.lanes(shard) }
    /// Failed deliveries.
    var dead: [UInt8] { Keyspace.deadLetters(shard) }
    /// Webhook subscriptions: id, colon, owner.
    var subscriptions: [UInt8] { Keyspace.subscriptionList(shard) }
    /// Owners by id.
    var ids: [UInt8] { Keyspace.ids(shard) }

    func log(of owner: some Collection<UInt8>) -> [UInt8] { Keyspace.eventLog(ofOwner: owner, in: shard) }

    func event(_ sequence: some Collection<UInt8>) -> [UInt8] { Keyspace.event(shard, sequence: sequence) }

    func subscriptions(of owner: some Collection<UInt8>) -> [UInt8] {
        Keyspace.subscriptions(ofOwner: owner, in: shard)
    }

    func delivery(_ id: some Collection<UInt8>) -> [UInt8] { Keyspace.delivery(shard, id: id) }

    func deliveries(of subscription: some Collection<UInt8>) -> [UInt8] {
        Keyspace.deliveries(of: subscription, in: shard)
    }

    func lane(_ name: some Collection<UInt8>) -> [UInt8] { Keyspace.lane(name, in: shard) }

    func flights(of subscription: some Collection<UInt8>) -> [UInt8] { Keyspace.flights(of: subscription, in: shard) }

    func waitingLanes(of subscription: some Collection<UInt8>) -> [UInt8] {
        Keyspace.waitingLanes(of: subscription, in: shard)
    }
}
