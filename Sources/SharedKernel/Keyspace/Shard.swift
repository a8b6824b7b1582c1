// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// One of the installation's shards: everything of a tenant lives in one, under one hash tag, so that every operation
/// is one atomic script on Redis Cluster too.
package struct Shard: Hashable, Sendable {
    /// 0 up to the number of shards of the installation.
    package let number: UInt8

    /// The shard of this number.
    package init(number: UInt8) { self.number = number }

    /// Two lower-case hex digits, the hash tag and the beginning of every reservation id.
    package var hex: [UInt8] { [hexDigit(number >> 4), hexDigit(number & 15)] }

    /// `hf:{2a}:`: the beginning of every key of the shard and, as a key of its own, the shard's sentinel.
    package var prefix: [UInt8] { [104, 102, 58, 123, hexDigit(number >> 4), hexDigit(number & 15), 125, 58] }

    /// The shard that two lower-case hex digits name.
    package init?(hex: ArraySlice<UInt8>) {
        guard hex.count == 2, let value = parseHex(hex) else { return nil }
        self.number = UInt8(truncatingIfNeeded: value)
    }
}
