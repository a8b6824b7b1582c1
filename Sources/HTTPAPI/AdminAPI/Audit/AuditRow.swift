// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import SharedKernel
internal import StrictJSON

/// An entry of the audit log as it was written, with its place (admin digest 1.9).
struct AuditRow: ListedRow {
    /// Shard in hex and sequence number: unique, and the entry's id but for its prefix.
    let id: [UInt8]
    /// The sequence number, µs since 1970: lists go by it.
    let createdMs: Int64
    let atMs: Int64
    let tenant: [UInt8]
    /// What the server wrote; nil once it has ended, and then no list shows it.
    let entry: JSONValue?
    /// Whether something else is stored than the server writes: what is known of it is shown all the same, for a log
    /// that hides an entry cannot be trusted, and one that fails because of it cannot be used.
    let isUnreadable: Bool

    /// Reads a body: now_ms, tenant, JSON, divided by NUL; empty when it has ended. `owner` is whose log it is in.
    init(shard: Shard, sequence: Int64, owner: [UInt8], body: [UInt8]) {
        id = shard.hex + [UInt8](String(sequence).utf8)
        createdMs = sequence
        let parts = body.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
        if parts.count == 3, let at = parseDecimalInt64(parts[0]), !parts[1].isEmpty,
            let document = try? JSONDocument.parse(Array(parts[2]), maxDepth: Limits.storedJSONDepthMax),
            document.root.member("operation")?.stringBytes()?.isEmpty == false,
            document.root.member("status")?.int64() != nil
        {
            atMs = at
            tenant = Array(parts[1])
            entry = document.root
            isUnreadable = false
        } else {
            atMs = sequence / 1_000
            tenant = owner
            entry = body.isEmpty ? nil : Self.stub
            isUnreadable = !body.isEmpty
        }
    }

    /// In place of an entry that cannot be read.
    private static let stub = try? JSONDocument.parse([UInt8](#"{"operation":"unreadable","status":0}"#.utf8)).root

    /// A member of the entry that is a string; empty when there is none.
    func text(_ name: StaticString) -> [UInt8] { entry?.member(name)?.stringBytes() ?? [] }

    /// The HTTP status of the answer.
    var status: Int64 { entry?.member("status")?.int64() ?? 0 }

    /// The entry as answers show it. Who acted is part of `metadata` (admin digest 1.9).
    func write(to writer: inout JSONWriter) {
        guard let entry else { return }
        writer.beginObject()
        writer.key("log_id")
        writer.string([UInt8]("log_".utf8) + id)
        writer.dateTime("timestamp", atMs)
        writer.key("tenant_id")
        writer.string(tenant)
        for member in entry.members {
            guard let name = member.key.stringSlice() else { continue }
            if name.elementsEqual("actor_type".utf8) || name.elementsEqual("metadata".utf8) { continue }
            writer.key(name)
            writer.raw(member.value.raw)
        }
        writer.key("metadata")
        writer.beginObject()
        if let actor = entry.member("actor_type") {
            writer.key("actor_type")
            writer.raw(actor.raw)
        }
        if let metadata = entry.member("metadata") {
            for member in metadata.members {
                writer.key(member.key.stringSlice() ?? [])
                writer.raw(member.value.raw)
            }
        }
        writer.endObject()
        writer.endObject()
    }
}
