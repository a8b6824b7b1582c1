// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Registered resources, and what holds of them take along.
extension Keyspace {
    /// Definitions: name → row.
    package func definitions(_ tenant: TenantID) -> [UInt8] { self.tenant(tenant) + [UInt8](":def".utf8) }

    /// Names of definitions in the order of their bytes.
    package func definitionNames(_ tenant: TenantID) -> [UInt8] { self.tenant(tenant) + [UInt8](":dl".utf8) }

    /// Version of the definitions.
    package func definitionVersion(_ tenant: TenantID) -> [UInt8] { self.tenant(tenant) + [UInt8](":dv".utf8) }

    /// Units of a pool that are held.
    package func units(_ tenant: TenantID, pool: some Collection<UInt8>) -> [UInt8] {
        self.tenant(tenant) + [UInt8](":ph:".utf8) + pool
    }

    /// Bitmap of a pool's slots that are held.
    package func slots(_ tenant: TenantID, pool: some Collection<UInt8>) -> [UInt8] {
        self.tenant(tenant) + [UInt8](":pb:".utf8) + pool
    }

    /// What is held of a resource's blockers.
    package func needs(_ tenant: TenantID, resource: some Collection<UInt8>) -> [UInt8] {
        self.tenant(tenant) + [UInt8](":bl:".utf8) + resource
    }

    /// Requesters that hold something below a node.
    package func node(_ tenant: TenantID, name: some Collection<UInt8>) -> [UInt8] {
        self.tenant(tenant) + [UInt8](":an:".utf8) + name
    }

    /// Leases of a tenant's live event streams, by their end.
    package func streamLeases(_ tenant: TenantID) -> [UInt8] { self.tenant(tenant) + [UInt8](":es".utf8) }

    /// The channel on which scripts say that a tenant with live event streams has new lock events: its name.
    package static let eventChannel = [UInt8]("hf:ev".utf8)

    /// Events of a tenant's holds; their ids are the fencing tokens.
    package func holdEvents(_ tenant: TenantID) -> [UInt8] { self.tenant(tenant) + [UInt8](":ev".utf8) }
}
