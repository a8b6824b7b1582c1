// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// `GET /v1/admin/api-keys` (admin digest 1.2): a tenant's API keys, or those of all tenants.
enum ListAPIKeys {
    static let endpoint = Endpoint(
        "listApiKeys", .get, "/v1/admin/api-keys", surface: .admin, access: .admin,
        plan: { input in planning { try plan(input) } })

    private enum Sort: String, ListSort {
        case creation = "created_at"
        case keyID = "key_id"
        case name
        case tenantID = "tenant_id"
        case status
        case expiry = "expires_at"
    }

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let request = input.request
        let tenantID = try request.queryValue("tenant_id")
        let status = try request.queryChoice("status", APIKeyStatus.self)
        let query = try ListQuery<Sort>(
            input, "api_keys", filters: [tenantID, status.map { [UInt8]($0.rawValue.utf8) }])
        let keyspace = input.installation.keyspace
        guard let tenantID else {
            return List(query: query, shards: keyspace.shards, tenant: nil, status: status).step
        }
        // What cannot be a tenant's id has no keys.
        let tenant = TenantID(tenantID)
        return List(
            query: query, shards: tenant.map { [keyspace.shard(of: $0)] } ?? [], tenant: tenant, status: status
        ).step
    }

    private struct List: ShardList {
        static let fieldsPerRow = 4

        let query: ListQuery<Sort>
        let shards: [Shard]
        /// Nil for all of them.
        let tenant: TenantID?
        let status: APIKeyStatus?

        var isFiltered: Bool { status != nil || query.search != nil }

        func call(_ shard: Shard, from place: ShardPlace, limit: Int64) -> ScriptCall {
            var call = ScriptCall(.adminListKeys, keys: [shard.prefix])
            call.append(tenant?.bytes ?? [])
            place.append(to: &call, isDescending: query.isDescending)
            call.append(decimal: limit)
            return call
        }

        func row(
            _ reply: ScriptReply, at index: Int, in _: Shard, nowMs: Int64
        ) throws(ScriptFault) -> APIKeyRecord? {
            guard let owner = TenantID(try reply.bytes(index + 2)) else { return nil }
            return APIKeyRecord(
                id: try reply.bytes(index + 1), tenant: owner, row: try reply.bytes(index + 3), nowMs: nowMs)
        }

        func unreadable(
            _ reply: ScriptReply, at index: Int, in shard: Shard, _ row: APIKeyRecord?
        ) throws(ScriptFault) -> UnreadableRow? {
            guard row == nil else { return nil }
            let (id, owner) = (try reply.bytes(index + 1), try reply.bytes(index + 2))
            let key = TenantID(owner).map { Keyspace.apiKeys($0, in: shard) } ?? Keyspace.apiKeyList(shard)
            return UnreadableRow(kind: .apiKey, key: key + [UInt8(ascii: " ")] + id)
        }

        func key(of row: APIKeyRecord) -> [UInt8] {
            switch query.sort {
            case .creation: ListPosition.key(row.createdMs)
            case .keyID: row.id
            case .name: row.name
            case .tenantID: row.tenant.bytes
            case .status: [UInt8](row.status.rawValue.utf8)
            case .expiry: ListPosition.key(row.expiresMs)
            }
        }

        func counts(_ row: APIKeyRecord) -> Bool {
            (status == nil || row.status == status) && query.isFound(in: [row.id, row.name])
        }

        func write(_ rows: [APIKeyRecord], to writer: inout JSONWriter) {
            writer.key("keys")
            writer.beginArray()
            for row in rows { row.write(to: &writer) }
            writer.endArray()
        }
    }
}
