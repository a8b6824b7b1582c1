// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel

/// `GET /v1/admin/tenants/{tenant_id}` (admin digest 1.1).
enum GetTenant {
    static let endpoint = Endpoint(
        "getTenant", .get, "/v1/admin/tenants/{tenant_id}", surface: .admin, access: .admin,
        plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        load(try input.pathTenant(), input) { .respond(.json($0.body)) }
    }

    /// Loads a tenant; 404, by way of `refuse`, when there is none.
    static func load(
        _ tenant: TenantID, _ input: Endpoint.Input,
        refuse: @escaping @Sendable (APIError) -> Step = { .refuse($0) },
        next: @escaping @Sendable (StoredTenant) -> Step
    ) -> Step {
        .call(ScriptCall(.adminGetTenant, keys: input.installation.keyspace.keys(of: tenant))) {
            reply throws(ScriptFault) in
            if reply.isWord("NO_TENANT") { return refuse(AdminRefusals.noTenant) }
            guard reply.isWord("TENANT") else { throw reply.malformed("word") }
            return next(try StoredTenant(tenant, reply, at: 0))
        }
    }
}
