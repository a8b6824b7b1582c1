// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import SharedKernel

/// The id of a budget reservation: shard (2 hex digits), creation time in ms (11 hex digits), identity (22 characters).
/// So ids sort by time, cannot be guessed, and say where their record is.
package struct BudgetReservationID: Hashable, Sendable {
    /// Where the record is.
    package let shard: Shard
    /// When it was created, ms since the epoch.
    package let createdMs: Int64
    /// 22 characters that name the record.
    package let hash: [UInt8]

    /// The id of these parts.
    package init(shard: Shard, createdMs: Int64, hash: [UInt8]) {
        self.shard = shard
        self.createdMs = createdMs
        self.hash = hash
    }

    /// Reads an id; nil for anything that Holdfast never made.
    package init?(_ text: some Collection<UInt8>) {
        let bytes = [UInt8](text)
        guard bytes.count == 35, let shard = Shard(hex: bytes[0..<2]), let created = parseHex(bytes[2..<13]),
            let raw = Base64URL.bytes(bytes[13...]), raw.count == 16
        else { return nil }
        self.shard = shard
        createdMs = Int64(created)
        hash = Array(bytes[13...])
    }

    /// The id's 35 characters.
    package var text: [UInt8] { shard.hex + hexText(UInt64(bitPattern: createdMs), width: 11) + hash }

    /// The creation time as records spell it: 13 digits.
    package var createdDigits: [UInt8] {
        let digits = [UInt8](String(createdMs).utf8)
        return [UInt8](repeating: 48, count: max(0, 13 - digits.count)) + digits
    }
}
