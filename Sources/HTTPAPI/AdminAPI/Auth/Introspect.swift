// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// `GET /v1/auth/introspect` (admin digest 1.3): what the caller's key may do, for dashboards.
enum Introspect {
    static let endpoint = Endpoint(
        "introspectAuth", .get, "/v1/auth/introspect", surface: .admin, access: .anyKey,
        plan: { input in planning { try plan(input) } })

    /// A dashboard's flag, and the permissions any one of which sets it. The table is frozen by the protocol.
    private struct Capability {
        let name: StaticString
        let permissions: [Permission]
    }

    private static let settling: [Permission] = [
        .reservationsCreate, .reservationsCommit, .reservationsRelease, .reservationsExtend,
    ]

    /// Without permissions: the operator's alone, whatever a tenant's key may do.
    private static let capabilities = [
        Capability(name: "view_overview", permissions: []),
        Capability(name: "view_budgets", permissions: [.budgetsRead, .adminRead, .adminBudgetsRead]),
        Capability(name: "view_events", permissions: [.eventsRead, .adminRead, .adminEventsRead]),
        Capability(name: "view_webhooks", permissions: [.webhooksRead, .adminRead, .adminWebhooksRead]),
        Capability(name: "view_audit", permissions: []),
        Capability(name: "view_tenants", permissions: []),
        Capability(name: "view_api_keys", permissions: []),
        Capability(name: "view_policies", permissions: [.policiesRead, .adminRead, .adminPoliciesRead]),
        Capability(name: "view_reservations", permissions: settling + [.reservationsList, .adminRead]),
        Capability(name: "manage_budgets", permissions: [.budgetsWrite, .adminWrite, .adminBudgetsWrite]),
        Capability(name: "manage_policies", permissions: [.policiesWrite, .adminWrite, .adminPoliciesWrite]),
        Capability(name: "manage_webhooks", permissions: [.webhooksWrite, .adminWrite, .adminWebhooksWrite]),
        Capability(name: "manage_tenants", permissions: []),
        Capability(name: "manage_api_keys", permissions: []),
        Capability(name: "manage_reservations", permissions: settling + [.adminWrite]),
    ]

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        guard let principal = input.caller.principal else { return .respond(.json(body(of: nil))) }
        // The answer is made of what is cached, so the store must say that it still holds.
        var call = ScriptCall(.adminConfirmTag, keys: principal.keys)
        call.append(principal.tag)
        return .call(call) { reply throws(ScriptFault) in
            guard reply.isWord("CURRENT") else { throw reply.malformed("word") }
            return .respond(.json(body(of: principal)))
        }
    }

    /// The answer to a tenant's key, or to the operator's.
    private static func body(of principal: Principal?) -> [UInt8] {
        let permissions = principal?.permissions.all
        var writer = JSONWriter(capacity: 1_024)
        writer.beginObject()
        writer.key("authenticated")
        writer.bool(true)
        writer.key("auth_type")
        writer.string(principal == nil ? "admin" : "tenant")
        writer.key("permissions")
        writer.beginArray()
        for word in permissions?.map(\.rawValue) ?? ["*"] { writer.string(word) }
        writer.endArray()
        writer.key("capabilities")
        writer.beginObject()
        for capability in capabilities {
            writer.key(capability.name)
            writer.bool(permissions.map { !Set($0).isDisjoint(with: capability.permissions) } ?? true)
        }
        writer.endObject()
        if let principal {
            writer.key("tenant_id")
            writer.string(principal.tenant.bytes)
            if !principal.scopeFilter.isEmpty {
                writer.key("scope_filter")
                writer.beginArray()
                for entry in principal.scopeFilter { writer.string(entry) }
                writer.endArray()
            }
        }
        writer.endObject()
        return writer.finish()
    }
}
