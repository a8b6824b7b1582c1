// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Budgets
internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// `POST /v1/admin/tenants` (admin digest 1.1): 201 for a new tenant, 200 for the same again.
enum CreateTenant {
    static let endpoint = Endpoint(
        "createTenant", .post, "/v1/admin/tenants", surface: .admin, access: .admin,
        plan: { input in planning { try plan(input) } })

    private enum ExpiryPolicy: String, CaseIterable {
        case autoRelease = "AUTO_RELEASE"
        case manualCleanup = "MANUAL_CLEANUP"
        case graceOnly = "GRACE_ONLY"
    }

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let request = input.request
        let (id, name, terms) = try decode(request)
        let entry = AuditEntry(
            operation: "createTenant", status: .created, actor: .admin, resourceType: "tenant", resourceID: id.bytes)
        var call = ScriptCall(.adminCreateTenant, keys: input.installation.keyspace.keys(of: id), reservingBytes: 2_048)
        call.append(StoredTenant.quoted(name))
        call.append(terms.json)
        call.append(
            entry.json(request) { writer in
                writer.key("metadata")
                writer.beginObject()
                writer.key("name")
                writer.string(name)
                writer.endObject()
            })
        call.append(EventContext.json(request, .admin))
        return .call(call) { reply throws(ScriptFault) in try answer(reply, id, name, terms) }
    }

    private static func decode(_ request: APIRequest) throws -> (TenantID, name: [UInt8], TenantTerms) {
        let document = try request.document()
        var fields = try JSONFields(document.root)
        guard let id = TenantID(try fields.requiredString("tenant_id", characters: 3...64)) else {
            throw fields.fieldError("tenant_id", "must be characters of a-z, 0-9 and '-'")
        }
        let name = try fields.requiredString("name", characters: Limits.nameCharacters)
        var terms = TenantTerms()
        terms.parent = try parent(&fields, of: id)
        try TenantSettings(&fields).apply(to: &terms)
        if let policy = try fields.optionalEnum("reservation_expiry_policy", ExpiryPolicy.self) {
            terms.expiryPolicy = [UInt8](policy.rawValue.utf8)
        }
        try fields.finish()
        return (id, name, terms)
    }

    private static func parent(_ fields: inout JSONFields, of id: TenantID) throws(FieldError) -> [UInt8]? {
        guard let parent = try fields.optionalString("parent_tenant_id", characters: 3...64) else { return nil }
        guard TenantID(parent) != nil, parent != id.bytes else {
            throw fields.fieldError("parent_tenant_id", "must be the id of another tenant")
        }
        return parent
    }

    private static func answer(
        _ reply: ScriptReply, _ id: TenantID, _ name: [UInt8], _ terms: TenantTerms
    ) throws(ScriptFault) -> Step {
        if reply.isWord("CREATED") {
            let tenant = StoredTenant(new: id, name: name, terms: terms, createdMs: try reply.int(0))
            return .respond(.json(tenant.body, status: .created))
        }
        guard reply.isWord("EXISTS") else { throw reply.malformed("word") }
        let tenant = try StoredTenant(id, reply, at: 0)
        guard tenant.name == name else {
            return .refuse(
                APIError(.conflict, "DUPLICATE_RESOURCE", "tenant_id: there is a tenant of this id with another name"))
        }
        return .respond(.json(tenant.body))
    }
}
