// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The row directory: one row per budget reservation in order of creation, 1,000 to a string.
extension Keyspace {
    /// Rows of one string.
    package static let rowsPerChunk: Int64 = 1_000

    /// The number of rows of a tenant.
    package func rowCount(_ tenant: TenantID) -> [UInt8] { self.tenant(tenant) + [UInt8](":n".utf8) }

    /// The string that row `number` is in, 0 being the first.
    package func rowChunk(_ tenant: TenantID, number: Int64) -> [UInt8] {
        let digits = [UInt8](String(number / Self.rowsPerChunk).utf8)
        let zeros = [UInt8](repeating: 48, count: max(0, 7 - digits.count))
        return self.tenant(tenant) + [UInt8](":d:".utf8) + zeros + digits
    }
}
