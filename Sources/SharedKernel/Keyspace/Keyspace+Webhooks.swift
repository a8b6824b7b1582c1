// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Webhook subscriptions and their deliveries, for whoever looks at all of them. An owner is a tenant or `__system__`,
/// as stored.
extension Keyspace {
    /// What the ids of subscriptions begin with.
    package static let subscriptionIDPrefix: StaticString = "whsub_"

    /// Patterns of SCAN that the keys of events, deliveries and of what is known of a subscription's deliveries match.
    package static let webhookPatterns = ["hf:{??}:[deflw]*", "hf:{??}:t:*:wf:*"].map { [UInt8]($0.utf8) }

    /// The shard that a key is in and what follows the shard's prefix; nil for a key of no shard.
    package func parts(of key: [UInt8]) -> (shard: Shard, name: ArraySlice<UInt8>)? {
        guard key.count > 8, let shard = Shard(hex: key[4..<6]), Int(shard.number) < shardCount,
            key.starts(with: shard.prefix)
        else { return nil }
        return (shard, key[8...])
    }

    /// The beginning of every key of an owner.
    package static func owner(_ owner: some Collection<UInt8>, in shard: Shard) -> [UInt8] {
        shard.prefix + [116, 58] + owner
    }

    /// An owner's subscriptions: id → row.
    package static func subscriptions(ofOwner owner: some Collection<UInt8>, in shard: Shard) -> [UInt8] {
        self.owner(owner, in: shard) + [UInt8](":wh".utf8)
    }

    /// The same by creation time.
    package static func subscriptionList(ofOwner owner: some Collection<UInt8>, in shard: Shard) -> [UInt8] {
        self.owner(owner, in: shard) + [UInt8](":whl".utf8)
    }

    /// What each of an owner's subscriptions asks the hot path to look out for.
    package static func subscriptionAsks(ofOwner owner: some Collection<UInt8>, in shard: Shard) -> [UInt8] {
        self.owner(owner, in: shard) + [UInt8](":wk".utf8)
    }

    /// How many of them ask for a thing.
    package static func askCounts(ofOwner owner: some Collection<UInt8>, in shard: Shard) -> [UInt8] {
        self.owner(owner, in: shard) + [UInt8](":wc".utf8)
    }

    /// Owners of API keys, policies and subscriptions of a shard, by id.
    package static func ids(_ shard: Shard) -> [UInt8] { shard.prefix + [UInt8]("ids".utf8) }

    /// A delivery.
    package static func delivery(_ shard: Shard, id: some Collection<UInt8>) -> [UInt8] {
        shard.prefix + [UInt8]("dv:".utf8) + id
    }

    /// A subscription's deliveries by creation time.
    package static func deliveries(of subscription: some Collection<UInt8>, in shard: Shard) -> [UInt8] {
        shard.prefix + [UInt8]("wd:".utf8) + subscription
    }

    /// A shard's lanes by when they are due.
    package static func lanes(_ shard: Shard) -> [UInt8] { shard.prefix + [UInt8]("lanes".utf8) }

    /// A lane, by the subscription, a colon and the tenant.
    package static func lane(_ name: some Collection<UInt8>, in shard: Shard) -> [UInt8] {
        shard.prefix + [UInt8]("ln:".utf8) + name
    }

    /// A subscription's attempts under way, by the end of their leases.
    package static func flights(of subscription: some Collection<UInt8>, in shard: Shard) -> [UInt8] {
        shard.prefix + [UInt8]("fl:".utf8) + subscription
    }

    /// Lanes of a subscription that wait for the end of one of its attempts.
    package static func waitingLanes(of subscription: some Collection<UInt8>, in shard: Shard) -> [UInt8] {
        shard.prefix + [UInt8]("wt:".utf8) + subscription
    }

    /// A shard's failed deliveries by when they failed.
    package static func deadLetters(_ shard: Shard) -> [UInt8] { shard.prefix + [UInt8]("dead".utf8) }
}
