// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel

/// The API key that a path names, for the operator.
struct FoundAPIKey: Sendable {
    let key: APIKeyRecord
    let isTenantClosed: Bool

    /// KEYS of the scripts.
    func keys(_ input: Endpoint.Input) -> [[UInt8]] { input.installation.keyspace.keys(of: key.tenant) }

    /// Loads it: the shard that the id names knows the tenant, the tenant has the key. 404 when there is none.
    static func load(_ input: Endpoint.Input, next: @escaping @Sendable (FoundAPIKey) -> Step) -> Step {
        let keyspace = input.installation.keyspace
        let id = input.request.parameters.first ?? []
        guard let shard = ShardedID.shard(of: id, "key_", keyspace) else { return .refuse(AdminRefusals.noKey) }
        var owner = ScriptCall(.adminOwner, keys: [shard.prefix])
        owner.append(id)
        return .call(owner) { reply throws(ScriptFault) in
            if reply.isWord("NOT_FOUND") { return .refuse(AdminRefusals.noKey) }
            guard reply.isWord("OWNER"), let tenant = TenantID(try reply.bytes(0)) else {
                throw reply.malformed("owner")
            }
            var get = ScriptCall(.adminGetKey, keys: keyspace.keys(of: tenant))
            get.append(id)
            return .call(get) { reply throws(ScriptFault) in
                if reply.isWord("NOT_FOUND") { return .refuse(AdminRefusals.noKey) }
                guard reply.isWord("KEY") else { throw reply.malformed("word") }
                return next(try FoundAPIKey(reply, id: id, tenant))
            }
        }
    }

    /// Reads the tenant's status letter, the row and the time in ms.
    init(_ reply: ScriptReply, id: [UInt8], _ tenant: TenantID) throws(ScriptFault) {
        guard
            let key = APIKeyRecord(id: id, tenant: tenant, row: try reply.bytes(1), nowMs: try reply.int(2))
        else { throw reply.malformed("API key row") }
        self.key = key
        isTenantClosed = try reply.bytes(0).first == TenantStatus.closed.rawValue
    }

    /// Why it cannot be changed; nil when it can. Keys of closed tenants, revoked as they are, say that first.
    var refusal: APIError? {
        if isTenantClosed { return BudgetRefusals.tenantClosed }
        return key.status == .revoked ? Self.revoked : nil
    }

    static let revoked = APIError(.conflict, "KEY_REVOKED", "The API key is revoked")

    static let expired = APIError(.conflict, "KEY_EXPIRED", "The API key has expired")
}
