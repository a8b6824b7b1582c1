// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel
internal import StrictJSON

/// An API key's row in its tenant's shard: hash, status letter, created_ms, expires_ms, JSON, divided by NUL; once
/// revoked, also revoked_ms and the reason.
struct StoredAPIKey {
    let hash: [UInt8]
    let isActive: Bool
    let expiresAtMs: Int64
    /// Without control characters, fit to be an event label.
    let name: [UInt8]
    let permissions: PermissionSet
    let scopeFilter: [[UInt8]]

    /// Reads a row; nil when it is not one.
    init?(row: [UInt8]) {
        let parts = row.split(separator: 0, omittingEmptySubsequences: false)
        guard parts.count == 5 || parts.count == 7, let expires = parseDecimalInt64(parts[3]),
            let document = try? JSONDocument.parse(Array(parts[4])), document.root.kind == .object
        else { return nil }
        let root = document.root
        hash = Array(parts[0])
        isActive = parts[1].elementsEqual([65])
        expiresAtMs = expires
        name = (root.member("name")?.stringBytes() ?? []).filter { $0 >= 32 && $0 != 127 }
        var granted: [Permission] = []
        if let list = root.member("permissions"), list.kind == .array {
            for element in list.elements {
                guard let word = element.stringBytes() else { return nil }
                if let permission = Permission(rawValue: String(decoding: word, as: UTF8.self)) {
                    granted.append(permission)
                }
            }
        }
        permissions = PermissionSet(granted)
        var filter: [[UInt8]] = []
        if let list = root.member("scope_filter"), list.kind == .array {
            for element in list.elements { filter.append(element.stringBytes() ?? []) }
        }
        scopeFilter = filter
    }

    /// Writes the JSON part of a row.
    static func json(
        prefix: ArraySlice<UInt8>, name: [UInt8], description: [UInt8]?, permissions: [Permission],
        scopeFilter: [[UInt8]], metadata: ArraySlice<UInt8>?
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("key_prefix")
        writer.string(prefix)
        writer.key("name")
        writer.string(name)
        if let description {
            writer.key("description")
            writer.string(description)
        }
        writer.key("permissions")
        writer.beginArray()
        for permission in permissions { writer.string(permission.rawValue) }
        writer.endArray()
        writer.key("scope_filter")
        writer.beginArray()
        for entry in scopeFilter { writer.string(entry) }
        writer.endArray()
        if let metadata {
            writer.key("metadata")
            writer.raw(metadata)
        }
        writer.endObject()
        return writer.finish()
    }
}
