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

    /// A tenant as its answers show it.
    private struct Tenant {
        let id: TenantID
        let name: [UInt8]
        let status: TenantStatus
        let terms: TenantTerms
        let createdMs: Int64
        let updatedMs: Int64
    }

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let request = input.request
        let (id, name, terms) = try decode(request)
        let entry = AuditEntry(
            operation: "createTenant", status: .created, actor: .admin, resourceType: "tenant", resourceID: id.bytes)
        var call = ScriptCall(.adminCreateTenant, keys: input.installation.keyspace.keys(of: id), reservingBytes: 2_048)
        call.append(quoted(name))
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
        let ttl: ClosedRange<Int64> = 1_000...86_400_000
        if let policy = try fields.optionalEnum("default_commit_overage_policy", OveragePolicy.self) {
            terms.overagePolicy = [UInt8](policy.rawValue.utf8)
        }
        terms.defaultTTLMs = try fields.optionalInt64("default_reservation_ttl_ms", in: ttl) ?? terms.defaultTTLMs
        terms.maxTTLMs = try fields.optionalInt64("max_reservation_ttl_ms", in: ttl) ?? terms.maxTTLMs
        terms.maxExtensions =
            try fields.optionalInt64("max_reservation_extensions", in: 0...Int64.max) ?? terms.maxExtensions
        if let policy = try fields.optionalEnum("reservation_expiry_policy", ExpiryPolicy.self) {
            terms.expiryPolicy = [UInt8](policy.rawValue.utf8)
        }
        if let metadata = try AdminSchemas.metadata(&fields) {
            guard metadata.count <= Limits.tenantMetadataMax else {
                throw metadata.fieldError("must have at most \(Limits.tenantMetadataMax) entries")
            }
            for member in metadata.members {
                _ = try member.value.checkedString(characters: 0...Limits.metadataBytesMax)
            }
            terms.metadata = Array(metadata.raw)
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

    /// JSON text of a string, always spelled alike.
    private static func quoted(_ text: [UInt8]) -> [UInt8] {
        var writer = JSONWriter(capacity: text.count + 2)
        writer.string(text)
        return writer.finish()
    }

    private static func answer(
        _ reply: ScriptReply, _ id: TenantID, _ name: [UInt8], _ terms: TenantTerms
    ) throws(ScriptFault) -> Step {
        if reply.isWord("CREATED") {
            let created = try reply.int(0)
            let tenant = Tenant(
                id: id, name: name, status: .active, terms: terms, createdMs: created, updatedMs: created)
            return .respond(.json(body(tenant), status: .created))
        }
        guard reply.isWord("EXISTS") else { throw reply.malformed("word") }
        guard let status = try reply.bytes(0).first.flatMap(TenantStatus.init(rawValue:)),
            let stored = try? JSONDocument.parse(try reply.bytes(1)).root.stringBytes(),
            let terms = TenantTerms(stored: try reply.bytes(2))
        else { throw reply.malformed("tenant profile") }
        guard stored == name else {
            return .refuse(
                APIError(.conflict, "DUPLICATE_RESOURCE", "tenant_id: there is a tenant of this id with another name"))
        }
        let tenant = Tenant(
            id: id, name: name, status: status, terms: terms, createdMs: try reply.int(3), updatedMs: try reply.int(4))
        return .respond(.json(body(tenant)))
    }

    private static func body(_ tenant: Tenant) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("tenant_id")
        writer.string(tenant.id.bytes)
        writer.key("name")
        writer.string(tenant.name)
        writer.key("status")
        writer.string(tenant.status.word)
        tenant.terms.writeMembers(to: &writer)
        writer.dateTime("created_at", tenant.createdMs)
        writer.dateTime("updated_at", tenant.updatedMs)
        writer.endObject()
        return writer.finish()
    }
}
