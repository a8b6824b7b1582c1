// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// A setting of a tenant that the operator reads and replaces whole, kept as one JSON text: an extension of the admin
/// plane under a name of its own (admin digest 0.1).
struct TenantSetting: Sendable {
    /// The last segment of its path.
    let path: StaticString
    /// Its field in the tenant's profile, and its name in events.
    let field: StaticString
    /// Its operations' names: to read, to replace.
    let reading, replacing: StaticString
    /// What a tenant has that was given none.
    let empty: StaticString
    /// Checks a body and gives what to store: JSON in canonical form.
    let check: @Sendable (JSONValue) throws -> [UInt8]

    /// `GET` and `PUT /v1/admin/x-holdfast/tenants/{tenant_id}/<path>`.
    var endpoints: [Endpoint] {
        let path = "/v1/admin/x-holdfast/tenants/{tenant_id}/\(path)"
        return [
            Endpoint(reading.description, .get, path, surface: .admin, access: .admin) { input in
                planning { try read(input) }
            },
            Endpoint(replacing.description, .put, path, surface: .admin, access: .admin) { input in
                planning { try replace(input) }
            },
        ]
    }

    private func tenant(_ input: Endpoint.Input) throws -> TenantID {
        guard let tenant = TenantID(input.request.parameters.first ?? []) else { throw AdminRefusals.noTenant }
        return tenant
    }

    private func read(_ input: Endpoint.Input) throws -> Step {
        var call = ScriptCall(.adminGetSetting, keys: input.installation.keyspace.keys(of: try tenant(input)))
        call.append([UInt8](field.description.utf8))
        return .call(call) { reply throws(ScriptFault) in
            if reply.isWord("NO_TENANT") { return .refuse(AdminRefusals.noTenant) }
            guard reply.isWord("SETTING") else { throw reply.malformed("word") }
            let stored = try reply.bytes(0)
            return .respond(.json(stored.isEmpty ? [UInt8](empty.description.utf8) : stored))
        }
    }

    private func replace(_ input: Endpoint.Input) throws -> Step {
        let request = input.request
        let json = try check(try request.document().root)
        let tenant = try tenant(input)
        let entry = AuditEntry(
            operation: replacing, status: .ok, actor: .admin, resourceType: "tenant", resourceID: tenant.bytes)
        var call = ScriptCall(
            .adminSetSetting, keys: input.installation.keyspace.keys(of: tenant), reservingBytes: 1_024 + json.count)
        call.append([UInt8](field.description.utf8))
        call.append(json)
        call.append(
            entry.json(request) { writer in
                writer.key("metadata")
                writer.beginObject()
                writer.key(field)
                writer.raw(json)
                writer.endObject()
            })
        call.append(EventContext.json(request, .admin))
        call.append(eventData(tenant))
        return .call(call) { reply throws(ScriptFault) in
            if reply.isWord("NO_TENANT") { return .refuse(AdminRefusals.noTenant) }
            if reply.isWord("CLOSED") { return .refuse(BudgetRefusals.tenantClosed) }
            guard reply.isWord("SET") else { throw reply.malformed("word") }
            return .respond(.json(json))
        }
    }

    /// The event's data (admin digest 4.3, EventDataTenantLifecycle).
    private func eventData(_ tenant: TenantID) -> [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        writer.key("tenant_id")
        writer.string(tenant.bytes)
        writer.key("changed_fields")
        writer.beginArray()
        writer.string(field)
        writer.endArray()
        writer.endObject()
        return writer.finish()
    }
}
