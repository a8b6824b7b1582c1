// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The row directory: one row per budget reservation in order of creation, 512 to a string.
extension Keyspace {
    /// Rows of one string.
    package static let rowsPerChunk: Int64 = 512

    /// Counters of a tenant's row directory.
    package func rowCounters(_ tenant: TenantID) -> [UInt8] { self.tenant(tenant) + [UInt8](":m".utf8) }

    /// The string that row `number` is in, 0 being the first.
    package func rowChunk(_ tenant: TenantID, number: Int64) -> [UInt8] {
        self.tenant(tenant) + [UInt8](":d:".utf8) + [UInt8](String(number / Self.rowsPerChunk).utf8)
    }
}
