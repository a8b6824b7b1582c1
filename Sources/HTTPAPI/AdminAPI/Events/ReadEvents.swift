// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Events
internal import HTTPTypes
internal import LuaCatalog
internal import SharedKernel

/// The event log (admin digest 1.8): what happened, for 90 days.
enum ReadEvents {
    /// `GET /v1/admin/events`: of one tenant or of all.
    static let list = Endpoint(
        "listEvents", .get, "/v1/admin/events", surface: .admin, access: .admin,
        plan: { input in planning { try page(input) } })

    /// `GET /v1/events`: of the caller's tenant, and only what tenants see.
    static let listOfTenant = Endpoint(
        "listTenantEvents", .get, "/v1/events", surface: .admin, access: .tenant(.eventsRead),
        plan: { input in planning { try page(input) } })

    /// `GET /v1/admin/events/{event_id}`.
    static let one = Endpoint(
        "getEvent", .get, "/v1/admin/events/{event_id}", surface: .admin, access: .admin,
        plan: { input in planning { try read(input) } })

    private static func page(_ input: Endpoint.Input) throws -> Step {
        let principal = input.caller.principal
        let filter = try EventFilter(input.request, principal)
        let query = try ListQuery<EventSort>(
            input, principal == nil ? "events" : "tenant-events", filters: filter.texts)
        return EventList(filter, query: query, input.installation.keyspace).step
    }

    private static func read(_ input: Endpoint.Input) throws -> Step {
        let text = input.request.parameters.first ?? []
        guard let id = EventID(text, input.installation.keyspace) else { throw noEvent }
        var call = ScriptCall(.eventsGet, keys: [id.shard.prefix])
        call.append(decimal: id.sequence)
        return .call(call) { reply throws(ScriptFault) in
            if reply.isWord("NO_EVENT") { return .refuse(noEvent) }
            guard reply.isWord("EVENT"), let event = StoredEvent(id: id, body: try reply.bytes(0)) else {
                throw reply.malformed("event")
            }
            return .respond(.json(event.json))
        }
    }

    private static let noEvent = APIError(.notFound, "EVENT_NOT_FOUND", "event_id: there is no such event")
}
