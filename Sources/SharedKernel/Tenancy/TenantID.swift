// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The id of a tenant: 3 to 64 characters of a-z, 0-9 and '-', compared as bytes.
package struct TenantID: Hashable, Sendable, CustomStringConvertible {
    /// The id's characters.
    package let bytes: [UInt8]

    /// The tenant of this name; nil when the grammar is not met (admin digest 1.1).
    package init?(_ bytes: some Collection<UInt8>) {
        guard (3...64).contains(bytes.count), bytes.allSatisfy(Self.isAllowed) else { return nil }
        self.bytes = [UInt8](bytes)
    }

    /// The tenant of this name; nil when the grammar is not met.
    package init?(_ text: String) { self.init([UInt8](text.utf8)) }

    /// The owner of what is no tenant's: system events and the operator's subscriptions. No tenant can be named so.
    package static let system = TenantID(reserved: [UInt8]("__system__".utf8))

    private init(reserved bytes: [UInt8]) { self.bytes = bytes }

    package var description: String { String(decoding: bytes, as: UTF8.self) }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (48...57).contains(byte) || byte == 45
    }
}
