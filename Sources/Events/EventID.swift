// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import SharedKernel

/// The id of an event: `evt_`, the shard in two hex digits, the sequence number in 14. Whoever has it knows where the
/// event is, and ids of a shard sort by time.
package struct EventID: Hashable, Sendable {
    package let shard: Shard
    /// µs since 1970.
    package let sequence: Int64

    /// The event of this number in a shard.
    package init(shard: Shard, sequence: Int64) {
        self.shard = shard
        self.sequence = sequence
    }

    /// Reads an id; nil for a text that Holdfast never made into one.
    package init?(_ text: [UInt8], _ keyspace: Keyspace) {
        let rest = text.dropFirst(4)
        guard text.starts(with: "evt_".utf8), rest.count == 16, let shard = Shard(hex: rest.prefix(2)),
            Int(shard.number) < keyspace.shardCount, let number = parseHex(rest.dropFirst(2)),
            let sequence = Int64(exactly: number)
        else { return nil }
        self.init(shard: shard, sequence: sequence)
    }

    /// As clients see it.
    package var text: [UInt8] {
        [UInt8]("evt_".utf8) + shard.hex + hexText(UInt64(truncatingIfNeeded: sequence), width: 14)
    }
}
