// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// `GET /v1/admin/audit/logs` (admin digest 1.9): who did what, of one tenant or of all.
enum ListAuditLogs {
    static let endpoint = Endpoint(
        "listAuditLogs", .get, "/v1/admin/audit/logs", surface: .admin, access: .admin,
        plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let filter = try AuditFilter(input.request)
        let query = try ListQuery<AuditSort>(input, "audit", filters: filter.texts)
        let keyspace = input.installation.keyspace
        guard let name = filter.tenant else {
            return AuditList(query: query, shards: keyspace.shards, log: nil, filter: filter).step
        }
        if let shard = keyspace.shards.first,
            let log = sentinels.first(where: { $0.description.utf8.elementsEqual(name) })
        {
            let key = Keyspace.journal(log, in: shard)
            return AuditList(query: query, shards: [shard], log: key, filter: filter).step
        }
        // A name that cannot be a tenant's has no entries.
        let tenant = TenantID(name)
        let shards = tenant.map { [keyspace.shard(of: $0)] } ?? []
        return AuditList(query: query, shards: shards, log: tenant.map(keyspace.tenant), filter: filter).step
    }

    /// What stands in a tenant's place where there is none: in the first shard.
    private static let sentinels: [StaticString] = ["__admin__", "__unauth__"]
}

/// The sort keys of the audit log.
enum AuditSort: String, ListSort {
    case timestamp, operation
    case resourceType = "resource_type"
    case tenant = "tenant_id"
    case key = "key_id"
    case status

    static var creation: AuditSort { .timestamp }
}

/// The audit log as a list over shards.
private struct AuditList: ShardList {
    static let fieldsPerRow = 3

    let query: ListQuery<AuditSort>
    let shards: [Shard]
    /// The key of the tenant whose log it is; nil for everybody's.
    let log: [UInt8]?
    let filter: AuditFilter

    /// Filters are compared with every row: most rows may be left out.
    var isFiltered: Bool { true }

    func call(_ shard: Shard, from place: ShardPlace, limit: Int64) -> ScriptCall {
        var call = ScriptCall(.adminAuditPage, keys: [shard.prefix, log ?? shard.prefix])
        call.append(log == nil ? "shard" : "tenant")
        call.append(query.isDescending ? "desc" : "asc")
        let (first, last) = query.isDescending ? (filter.untilUs, filter.fromUs) : (filter.fromUs, filter.untilUs)
        let begin = place.fromMs ?? first
        if let begin { call.append(decimal: begin) } else { call.append(query.isDescending ? "+inf" : "-inf") }
        if let last { call.append(decimal: last) } else { call.append(query.isDescending ? "-inf" : "+inf") }
        call.append(decimal: place.offset)
        call.append(decimal: limit)
        return call
    }

    func row(_ reply: ScriptReply, at index: Int, in shard: Shard, nowMs: Int64) throws(ScriptFault) -> AuditRow? {
        AuditRow(
            shard: shard, sequence: try reply.int(index), owner: try reply.bytes(index + 1),
            body: try reply.bytes(index + 2))
    }

    func unreadable(
        _ reply: ScriptReply, at index: Int, in shard: Shard, _ row: AuditRow?
    ) throws(ScriptFault) -> UnreadableRow? {
        guard row?.isUnreadable ?? true else { return nil }
        return UnreadableRow(
            kind: .auditEntry, key: Keyspace.auditEntry(shard, sequence: try reply.int(index)))
    }

    func key(of row: AuditRow) -> [UInt8] {
        switch query.sort {
        case .timestamp: ListPosition.key(row.createdMs)
        case .operation: row.text("operation")
        case .resourceType: row.text("resource_type")
        case .tenant: row.tenant
        case .key: row.text("key_id")
        case .status: ListPosition.key(row.status)
        }
    }

    func counts(_ row: AuditRow) -> Bool {
        filter.wants(row)
            && query.isFound(in: [
                row.text("resource_id"), [UInt8]("log_".utf8) + row.id, row.text("error_code"), row.text("operation"),
            ])
    }

    func write(_ rows: [AuditRow], to writer: inout JSONWriter) {
        writer.key("logs")
        writer.beginArray()
        for row in rows { row.write(to: &writer) }
        writer.endArray()
    }
}
