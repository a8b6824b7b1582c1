// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// `GET /v1/admin/tenants` (admin digest 1.1): tenants of every shard.
enum ListTenants {
    static let endpoint = Endpoint(
        "listTenants", .get, "/v1/admin/tenants", surface: .admin, access: .admin,
        plan: { input in planning { try plan(input) } })

    private enum Sort: String, ListSort {
        case creation = "created_at"
        case tenantID = "tenant_id"
        case name
        case status
    }

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let request = input.request
        let status = try request.queryChoice("status", TenantStatusWord.self)
        let parent = try request.queryValue("parent_tenant_id")
        let query = try ListQuery<Sort>(
            input, "tenants", filters: [status.map { [UInt8]($0.rawValue.utf8) }, parent])
        return List(
            query: query, shards: input.installation.keyspace.shards, status: status?.status, parent: parent
        ).step
    }

    private struct List: ShardList {
        static let fieldsPerRow = 9

        let query: ListQuery<Sort>
        let shards: [Shard]
        let status: TenantStatus?
        let parent: [UInt8]?

        var isFiltered: Bool { status != nil || parent != nil || query.search != nil }

        func call(_ shard: Shard, from place: ShardPlace, limit: Int64) -> ScriptCall {
            var call = ScriptCall(.adminListTenants, keys: [shard.prefix])
            place.append(to: &call, isDescending: query.isDescending)
            call.append(decimal: limit)
            return call
        }

        func row(
            _ reply: ScriptReply, at index: Int, in _: Shard, nowMs: Int64
        ) throws(ScriptFault) -> StoredTenant? {
            guard let tenant = TenantID(try reply.bytes(index + 1)) else { return nil }
            return try? StoredTenant(tenant, reply, at: index + 2)
        }

        func unreadable(
            _ reply: ScriptReply, at index: Int, in shard: Shard, _ row: StoredTenant?
        ) throws(ScriptFault) -> UnreadableRow? {
            guard row == nil else { return nil }
            let id = try reply.bytes(index + 1)
            let key = TenantID(id).map { Keyspace.profile($0, in: shard) }
            return UnreadableRow(kind: .tenant, key: key ?? Keyspace.tenants(shard) + [UInt8(ascii: " ")] + id)
        }

        func key(of row: StoredTenant) -> [UInt8] {
            switch query.sort {
            case .creation: ListPosition.key(row.createdMs)
            case .tenantID: row.tenant.bytes
            case .name: row.name
            case .status: [UInt8]("\(row.status.word)".utf8)
            }
        }

        func counts(_ row: StoredTenant) -> Bool {
            (status == nil || row.status == status) && (parent == nil || row.terms.parent == parent)
                && query.isFound(in: [row.tenant.bytes, row.name])
        }

        func write(_ rows: [StoredTenant], to writer: inout JSONWriter) {
            writer.key("tenants")
            writer.beginArray()
            for row in rows { row.write(to: &writer) }
            writer.endArray()
        }
    }
}
