// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Ids of things that are asked for without their tenant, API keys and policies: a prefix, the shard in two hex digits,
/// 16 random base64url characters. The shard's `ids` knows the tenant.
package enum ShardedID {
    private static let randomBytes = 12

    /// A new id.
    package static func make(_ prefix: StaticString, in shard: Shard) -> [UInt8] {
        [UInt8](prefix.description.utf8) + shard.hex + Base64URL.text(RandomBytes.make(randomBytes))
    }

    /// The shard that an id names; nil for a text that Holdfast never made into one.
    package static func shard(of id: [UInt8], _ prefix: StaticString, _ keyspace: Keyspace) -> Shard? {
        let rest = id.dropFirst(prefix.utf8CodeUnitCount)
        guard id.starts(with: [UInt8](prefix.description.utf8)), rest.count == 18,
            let shard = Shard(hex: rest.prefix(2)), Int(shard.number) < keyspace.shardCount,
            Base64URL.bytes(rest.dropFirst(2))?.count == randomBytes
        else { return nil }
        return shard
    }
}
