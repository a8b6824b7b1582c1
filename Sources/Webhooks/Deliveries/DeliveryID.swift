// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Crypto
package import SharedKernel

/// The id of a delivery: `del_`, the shard of the subscription's owner in two hex digits, 22 base64url characters.
/// Derived from what it delivers, so that deciding on a delivery twice makes one.
package struct DeliveryID: Hashable, Sendable {
    /// As clients see it.
    package let text: [UInt8]
    /// The shard of the owner.
    package let shard: Shard

    /// The delivery of an event to a subscription; `purpose` is empty for the first, and names the replay or the
    /// request that sends it again.
    package init(of event: [UInt8], to subscription: [UInt8], purpose: [UInt8] = [], in shard: Shard) {
        let input = event + [0] + subscription + [0] + purpose
        text =
            [UInt8]("del_".utf8) + shard.hex + Base64URL.text(Array(SHA256.hash(data: input).prefix(16)))
        self.shard = shard
    }

    /// Reads an id; nil for a text that Holdfast never made into one.
    package init?(_ text: [UInt8], _ keyspace: Keyspace) {
        let rest = text.dropFirst(4)
        guard text.starts(with: "del_".utf8), rest.count == 24, let shard = Shard(hex: rest.prefix(2)),
            Int(shard.number) < keyspace.shardCount, Base64URL.bytes(rest.dropFirst(2))?.count == 16
        else { return nil }
        self.text = text
        self.shard = shard
    }
}
