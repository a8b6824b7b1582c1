// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import Reservations
internal import SharedKernel
internal import StrictJSON

/// `POST /api/v1/Tenant/force-unreserve` (digest 2, row 16): the operator takes a reservation away, whoever has its
/// token. The audit log of the tenant says so.
enum ForceUnreserve {
    static let endpoint = Endpoint(
        "forceUnreserve", .post, "/api/v1/Tenant/force-unreserve", surface: .reservation, access: .admin,
        plan: { input in planning { try plan(input) } })

    private static let noTenant = APIError(.notFound, "NOT_FOUND", "tenant: there is no such tenant")

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        var fields = try JSONFields(try input.request.document().root, caseInsensitiveKeys: true, nullIsAbsent: true)
        let name = try fields.requiredString("tenant", characters: 1...256)
        let resource = try ReservationItems.name("resource", &fields) { text throws(NameProblem) in
            try ResourceName(text)
        }
        let reason = try fields.optionalString("reason", characters: Limits.reasonCharacters)
        guard let tenant = TenantID(name) else { return .refuse(noTenant) }
        let force = ForceRelease(
            resource, entry: entry(resource, reason, input.request),
            context: EventContext.json(input.request, .adminOnBehalf))
        let keys = input.installation.keyspace.keys(of: tenant)
        return .reservationCall(of: keys, { _ in force.call(keys: keys) }) { reply throws(ScriptFault) in
            switch try force.outcome(reply) {
            case .noTenant: .refuse(noTenant)
            case .tenantClosed: .refuse(ReservationAPI.tenantClosed)
            case .several(let count): .invalid("resource: \(count) units of it are held: name one slot")
            case .derived: .invalid("resource: is held along with another resource, and is released with that")
            case .notReserved: .respond(.json(body(tenant, resource, nil, reason)))
            case .forced(let requester, let freed): .respond(.json(body(tenant, resource, (requester, freed), reason)))
            }
        }
    }

    private static func entry(_ resource: ResourceName, _ reason: [UInt8]?, _ request: APIRequest) -> [UInt8] {
        let entry = AuditEntry(
            operation: "forceUnreserve", status: .ok, actor: .adminOnBehalf, resourceType: "reservation",
            resourceID: resource.bytes)
        return entry.json(request) { writer in
            guard let reason else { return }
            writer.key("metadata")
            writer.beginObject()
            writer.key("reason")
            writer.string(reason)
            writer.endObject()
        }
    }

    private static func body(
        _ tenant: TenantID, _ resource: ResourceName, _ forced: (requester: [UInt8], freed: [[UInt8]])?,
        _ reason: [UInt8]?
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("tenant")
        writer.string(tenant.bytes)
        writer.key("resource")
        writer.string(resource.bytes)
        writer.key("requester")
        if let forced { writer.string(forced.requester) } else { writer.null() }
        writer.key("status")
        writer.string(forced == nil ? "NOT_RESERVED" : "RELINQUISHED")
        writer.key("released")
        if let forced { writer.strings(forced.freed) } else { writer.null() }
        writer.key("reason")
        if let reason { writer.string(reason) } else { writer.null() }
        writer.endObject()
        return writer.finish()
    }
}
