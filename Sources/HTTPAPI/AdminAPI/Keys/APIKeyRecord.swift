// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel
internal import StrictJSON

/// Whether an API key works, as the admin plane tells it.
enum APIKeyStatus: String, CaseIterable, Sendable {
    case active = "ACTIVE"
    case revoked = "REVOKED"
    case expired = "EXPIRED"
}

/// An API key as it is stored and as answers show it (admin digest 1.2): all but its hash.
struct APIKeyRecord: ListedRow {
    let id: [UInt8]
    let tenant: TenantID
    /// As stored, by which a change knows that nothing came between.
    let row: [UInt8]
    let createdMs: Int64
    let expiresMs: Int64
    /// When it was read, by the clock of the store.
    let nowMs: Int64
    /// Prefix, name, description, permissions, scope filter and metadata.
    let properties: JSONValue
    var revokedMs: Int64?
    /// A JSON string, or empty.
    var revokedReason: [UInt8] = []

    /// Reads a row; nil when it is not one.
    init?(id: [UInt8], tenant: TenantID, row: [UInt8], nowMs: Int64) {
        let parts = row.split(separator: 0, omittingEmptySubsequences: false)
        // Active, or revoked with time and reason: nothing else is a row.
        guard parts.count == 5 && parts[1].elementsEqual([65]) || parts.count == 7 && parts[1].elementsEqual([82]),
            let created = parseDecimalInt64(parts[2]),
            let expires = parseDecimalInt64(parts[3]), let document = try? JSONDocument.parse(Array(parts[4])),
            document.root.kind == .object
        else { return nil }
        self.id = id
        self.tenant = tenant
        self.row = row
        createdMs = created
        expiresMs = expires
        self.nowMs = nowMs
        properties = document.root
        if parts.count == 7 {
            guard let revoked = parseDecimalInt64(parts[5]) else { return nil }
            revokedMs = revoked
            revokedReason = Array(parts[6])
        }
    }

    /// SHA-256 of the clear key, in hex.
    var hash: ArraySlice<UInt8> { row.prefix { $0 != 0 } }

    var status: APIKeyStatus {
        if revokedMs != nil { return .revoked }
        return expiresMs <= nowMs ? .expired : .active
    }

    var name: [UInt8] { properties.member("name")?.stringBytes() ?? [] }

    var permissions: [Permission] {
        texts("permissions").compactMap { Permission(rawValue: String(decoding: $0, as: UTF8.self)) }
    }

    var scopeFilter: [[UInt8]] { texts("scope_filter") }

    private func texts(_ name: StaticString) -> [[UInt8]] {
        properties.member(name)?.elements.compactMap { $0.stringBytes() } ?? []
    }

    /// The body of an answer about it.
    var body: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        write(to: &writer)
        return writer.finish()
    }

    /// Writes it as an object (ApiKey).
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("key_id")
        writer.string(id)
        writer.key("tenant_id")
        writer.string(tenant.bytes)
        for member in properties.members {
            writer.key(member.key.stringBytes() ?? [])
            writer.raw(member.value.raw)
        }
        writer.key("status")
        writer.string(status.rawValue)
        writer.dateTime("created_at", createdMs)
        writer.dateTime("expires_at", expiresMs)
        if let revokedMs { writer.dateTime("revoked_at", revokedMs) }
        if !revokedReason.isEmpty {
            writer.key("revoked_reason")
            writer.raw(revokedReason)
        }
        writer.endObject()
    }

    /// The data of an event about it (admin digest 4.3, EventDataApiKey).
    func eventData(_ permissions: [Permission], newStatus: APIKeyStatus) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("key_id")
        writer.string(id)
        writer.key("key_name")
        writer.string(name)
        writer.key("previous_status")
        writer.string(status.rawValue)
        writer.key("new_status")
        writer.string(newStatus.rawValue)
        writer.permissions(permissions)
        writer.endObject()
        return writer.finish()
    }
}

extension JSONWriter {
    /// The entries of a scope filter.
    mutating func scopeFilter(_ filter: [[UInt8]]) {
        key("scope_filter")
        beginArray()
        for entry in filter { string(entry) }
        endArray()
    }

    /// The words of permissions.
    mutating func permissions(_ permissions: [Permission]) {
        key("permissions")
        beginArray()
        for permission in permissions { string(permission.rawValue) }
        endArray()
    }
}
