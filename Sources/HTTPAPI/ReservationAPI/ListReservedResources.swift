// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import Reservations
internal import SharedKernel
internal import StrictJSON

/// `GET /api/v1/Reservation` and `GET /api/v1/Reservation/activeReservations`: all reservations of the tenant, by the
/// time they were made; without tokens (decision X3).
enum ListReservedResources {
    static let endpoints = [
        Endpoint(
            "listReservedResources", .get, "/api/v1/Reservation", surface: .reservation,
            access: .tenant(.reservationsList), plan: plan),
        Endpoint(
            "listActiveReservations", .get, "/api/v1/Reservation/activeReservations", surface: .reservation,
            access: .tenant(.reservationsList), plan: plan),
    ]

    @Sendable private static func plan(_ input: Endpoint.Input) -> Step {
        guard let principal = input.caller.principal else { return .refuse(.unauthorized) }
        return list(Found(), after: nil, principal)
    }

    /// What the pages so far had.
    private struct Found: Sendable {
        var holds: [ListedHold] = []
        var notices: [LogNotice] = []
    }

    private static func list(_ found: Found, after place: ListHolds.Place?, _ principal: Principal) -> Step {
        let list = ListHolds(after: place)
        let resume = Step.resuming { Self.list(found, after: place, $0) }
        return .call(list.call(for: principal), resume: resume) { reply throws(ScriptFault) in
            let page = try list.outcome(reply)
            var found = found
            found.holds += page.holds
            for name in page.unreadable {
                let key = Keyspace.hold(principal.tenant, in: principal.shard, name: name)
                found.notices.append(.unreadable(UnreadableRow(kind: .hold, key: key)))
            }
            if let next = page.next { return Self.list(found, after: next, principal) }
            return respond(found)
        }
    }

    private static func respond(_ found: Found) -> Step {
        // What was renewed meanwhile may be met twice; a fencing token is met once.
        var seen: Set<Int64> = []
        let holds = found.holds.sorted { $0.fencingToken < $1.fencingToken }
        var writer = JSONWriter(capacity: 64 + 192 * holds.count)
        writer.beginObject()
        writer.key("reservations")
        writer.beginArray()
        for hold in holds where seen.insert(hold.fencingToken).inserted { writer.listed(hold) }
        writer.endArray()
        writer.endObject()
        var response = APIResponse.json(writer.finish())
        response.notices = found.notices
        return .respond(response)
    }
}

extension JSONWriter {
    fileprivate mutating func listed(_ hold: ListedHold) {
        beginObject()
        key("resource")
        string(hold.resource)
        key("requester")
        string(hold.requester)
        key("reservedAt")
        instant(ms: hold.reservedAtMs)
        key("expiresAt")
        instant(ms: hold.expiry.ms)
        key("resourceType")
        string(hold.type)
        key("slot")
        if let slot = hold.slot { string(slot) } else { null() }
        key("fencingToken")
        int(hold.fencingToken)
        endObject()
    }
}
