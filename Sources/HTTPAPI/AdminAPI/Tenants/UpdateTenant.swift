// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel
internal import StrictJSON

/// `PATCH /v1/admin/tenants/{tenant_id}` (admin digest 1.1): name, settings and status.
///
/// The change is made from the tenant as it was read and written only if it still is that; otherwise it is made anew. A
/// request that changes nothing writes nothing. Closing goes on after the answer, see `CloseTenant`.
enum UpdateTenant {
    static let endpoint = Endpoint(
        "updateTenant", .patch, "/v1/admin/tenants/{tenant_id}", surface: .admin, access: .admin,
        plan: { input in planning { try plan(input) } })

    /// What a body asks for.
    struct Patch: Sendable {
        let name: [UInt8]?
        let status: TenantStatus?
        let settings: TenantSettings
    }

    /// What a change leaves in log and journal.
    struct Trail: Sendable {
        /// JSON of the audit entry; empty where another entry tells of it.
        let auditEntry: [UInt8]
        /// JSON of ids for the event.
        let context: [UInt8]
    }

    /// A tenant before and after a change.
    struct Change: Sendable {
        let before: StoredTenant
        let after: StoredTenant
        let fields: [StaticString]

        init(_ patch: Patch, of tenant: StoredTenant) {
            var after = tenant
            var fields: [StaticString] = []
            if let name = patch.name, name != tenant.name {
                after.name = name
                fields.append("name")
            }
            if let status = patch.status, status != tenant.status {
                after.status = status
                fields.append("status")
            }
            before = tenant
            self.fields = fields + patch.settings.apply(to: &after.terms)
            self.after = after
        }

        /// The event that tells of it.
        var event: StaticString {
            switch (before.status, after.status) {
            case (let old, let new) where old == new: "tenant.updated"
            case (_, .closed): "tenant.closed"
            case (_, .suspended): "tenant.suspended"
            case (_, .active): "tenant.reactivated"
            }
        }

        fileprivate func writeMembers(to writer: inout JSONWriter) {
            writer.key("previous_status")
            writer.string(before.status.word)
            writer.key("new_status")
            writer.string(after.status.word)
            writer.key("changed_fields")
            writer.beginArray()
            for field in fields { writer.string(field) }
            writer.endArray()
        }
    }

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        let patch = try decode(input.request)
        return GetTenant.load(try input.pathTenant(), input) { tenant in
            apply(patch, to: tenant, input, attemptsLeft: Limits.changeAttemptsMax)
        }
    }

    private static func decode(_ request: APIRequest) throws -> Patch {
        let document = try request.document()
        var fields = try JSONFields(document.root)
        let name = try fields.optionalString("name", characters: Limits.nameCharacters)
        let status = try fields.optionalEnum("status", TenantStatusWord.self)
        let settings = try TenantSettings(&fields)
        try fields.finish()
        return Patch(name: name, status: status?.status, settings: settings)
    }

    private static func apply(
        _ patch: Patch, to tenant: StoredTenant, _ input: Endpoint.Input, attemptsLeft: Int
    ) -> Step {
        let change = Change(patch, of: tenant)
        if tenant.status == .closed {
            if let status = patch.status, status != .closed { return .invalid("status: Cannot transition from CLOSED") }
            if !change.fields.isEmpty { return .refuse(BudgetRefusals.tenantClosed) }
            return patch.status == .closed ? CloseTenant.drive(tenant, input) : .respond(.json(tenant.body))
        }
        if change.fields.isEmpty { return .respond(.json(tenant.body)) }
        return .call(call(change, trail(change, input), input)) { reply throws(ScriptFault) in
            if reply.isWord("NO_TENANT") { return .refuse(AdminRefusals.noTenant) }
            if reply.isWord("CLOSED") { return .refuse(BudgetRefusals.tenantClosed) }
            if reply.isWord("CHANGED") {
                let now = try StoredTenant(tenant.tenant, reply, at: 0)
                guard attemptsLeft > 1 else { return .refuse(AdminRefusals.contended) }
                return apply(patch, to: now, input, attemptsLeft: attemptsLeft - 1)
            }
            guard reply.isWord("UPDATED") else { throw reply.malformed("word") }
            var after = change.after
            after.updatedMs = try reply.int(1)
            after.suspendedMs = try StoredTenant.time(reply, at: 2)
            after.closedMs = try StoredTenant.time(reply, at: 3)
            return after.status == .closed ? CloseTenant.drive(after, input) : .respond(.json(after.body))
        }
    }

    private static func trail(_ change: Change, _ input: Endpoint.Input) -> Trail {
        let after = change.after
        let entry = AuditEntry(
            operation: "updateTenant", status: .ok, actor: .admin, resourceType: "tenant", resourceID: after.id)
        let json = entry.json(input.request) { writer in
            writer.key("metadata")
            writer.beginObject()
            change.writeMembers(to: &writer)
            if after.status == .closed {
                writer.key("correlation_id")
                writer.string(CloseTenant.correlationID(of: after, input.request))
            }
            writer.endObject()
        }
        return Trail(auditEntry: json, context: EventContext.json(input.request, .admin))
    }

    /// The call that makes a change.
    static func call(_ change: Change, _ trail: Trail, _ input: Endpoint.Input) -> ScriptCall {
        let (before, after) = (change.before, change.after)
        var call = ScriptCall(
            .adminUpdateTenant, keys: input.installation.keyspace.keys(of: before.tenant), reservingBytes: 4_096)
        call.append([before.status.rawValue])
        call.append(before.storedName)
        call.append(before.storedTerms)
        call.append([after.status.rawValue])
        call.append(StoredTenant.quoted(after.name))
        call.append(after.terms.json)
        call.append(trail.auditEntry)
        call.append(trail.context)
        call.append(change.event.description)
        call.append(eventData(change))
        call.append(after.status == .closed ? CloseTenant.context(of: after, input.request) : [])
        return call
    }

    /// The event's data (admin digest 4.3, EventDataTenantLifecycle).
    private static func eventData(_ change: Change) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("tenant_id")
        writer.string(change.before.id)
        change.writeMembers(to: &writer)
        writer.endObject()
        return writer.finish()
    }
}
