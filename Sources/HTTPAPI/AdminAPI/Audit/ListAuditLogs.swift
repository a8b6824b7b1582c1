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
            return AuditList(query: query, shards: keyspace.shards, tenant: nil, filter: filter).step
        }
        // A name that cannot be a tenant's has no entries.
        let tenant = TenantID(name)
        let shards = tenant.map { [keyspace.shard(of: $0)] } ?? []
        return AuditList(query: query, shards: shards, tenant: tenant, filter: filter).step
    }
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
    static let fieldsPerRow = 2

    let query: ListQuery<AuditSort>
    let shards: [Shard]
    /// Whose log; nil for everybody's.
    let tenant: TenantID?
    let filter: AuditFilter

    /// Filters are compared with every row: most rows may be left out.
    var isFiltered: Bool { true }

    func call(_ shard: Shard, from place: ShardPlace, limit: Int64) -> ScriptCall {
        let key = tenant.map { Keyspace.tenant($0, in: shard) } ?? shard.prefix
        var call = ScriptCall(.adminAuditPage, keys: [shard.prefix, key])
        call.append(tenant == nil ? "shard" : "tenant")
        call.append(query.isDescending ? "desc" : "asc")
        let (first, last) = query.isDescending ? (filter.untilUs, filter.fromUs) : (filter.fromUs, filter.untilUs)
        let begin = place.fromMs ?? first
        if let begin { call.append(decimal: begin) } else { call.append(query.isDescending ? "+inf" : "-inf") }
        if let last { call.append(decimal: last) } else { call.append(query.isDescending ? "-inf" : "+inf") }
        call.append(decimal: place.offset)
        call.append(decimal: limit)
        return call
    }

    func row(_ reply: ScriptReply, at index: Int, nowMs: Int64) throws(ScriptFault) -> AuditRow {
        let sequence = try reply.int(index)
        let body = try reply.bytes(index + 1)
        let shard = shards.count == 1 ? shards[0] : shard(ofBody: body)
        if body.isEmpty { return AuditRow(endedIn: shard, sequence: sequence) }
        guard let row = AuditRow(shard: shard, sequence: sequence, body: body) else {
            throw reply.malformed("audit entry")
        }
        return row
    }

    /// The shard of the tenant that a body names, which is where it was found.
    private func shard(ofBody body: [UInt8]) -> Shard {
        let parts = body.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let tenant = TenantID(parts[1]) else { return shards[0] }
        return Keyspace(shardCount: shards.count).shard(of: tenant)
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
