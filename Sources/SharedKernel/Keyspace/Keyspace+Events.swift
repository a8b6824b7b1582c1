// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The event log.
extension Keyspace {
    /// An event of a shard, by its sequence number.
    package static func event(_ shard: Shard, sequence: Int64) -> [UInt8] {
        event(shard, sequence: [UInt8](String(sequence).utf8))
    }

    /// The same by the digits of the number.
    package static func event(_ shard: Shard, sequence: some Collection<UInt8>) -> [UInt8] {
        shard.prefix + [101, 58] + sequence
    }

    /// The shard's log: `<seq>:<type>:<owner>` by sequence number.
    package static func eventLog(_ shard: Shard) -> [UInt8] { shard.prefix + [UInt8]("el".utf8) }

    /// The log of a tenant, or in each shard of `__system__`: `<seq>:<type>` by sequence number.
    package static func eventLog(ofOwner owner: some Collection<UInt8>, in shard: Shard) -> [UInt8] {
        self.owner(owner, in: shard) + [UInt8](":el".utf8)
    }
}
