// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The event log.
extension Keyspace {
    /// An event of a shard, by its sequence number.
    package static func event(_ shard: Shard, sequence: Int64) -> [UInt8] {
        shard.prefix + [101, 58] + [UInt8](String(sequence).utf8)
    }
}
