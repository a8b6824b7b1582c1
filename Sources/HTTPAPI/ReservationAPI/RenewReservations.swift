// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import Reservations
internal import SharedKernel
internal import StrictJSON

/// `POST /api/v1/Reservation/renew`, an addition: gives reservations a new time to live from now on. Items are
/// independent; 403 as soon as one has no or a wrong token, with the same body as 200.
enum RenewReservations {
    static let endpoint = Endpoint(
        "renewReservations", .post, "/api/v1/Reservation/renew", surface: .reservation,
        access: .tenant(.reservationsCreate), plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        guard let principal = input.caller.principal else { return .refuse(.unauthorized) }
        return renew(try ReservationItems.read(input.request, ReservationItems.renew), [], principal)
    }

    private static func renew(
        _ items: [RenewHolds.Item], _ outcomes: [RenewHolds.ItemOutcome], _ principal: Principal
    ) -> Step {
        let renew = RenewHolds(items[outcomes.count...].prefix(Limits.lockItemsPerCall))
        let resume = Step.resuming { Self.renew(items, outcomes, $0) }
        return .reservationCall(of: principal, { _ in renew.call(for: principal) }, resume: resume) {
            reply throws(ScriptFault) in
            switch try renew.outcome(reply) {
            case .tenantClosed: return .refuse(ReservationAPI.tenantClosed)
            case .tenantSuspended: return .refuse(ReservationAPI.tenantSuspended)
            case .items(let more):
                let outcomes = outcomes + more
                guard outcomes.count == items.count else { return Self.renew(items, outcomes, principal) }
                let isForbidden = outcomes.contains(.badToken)
                return .respond(.json(body(items, outcomes), status: isForbidden ? .forbidden : .ok))
            }
        }
    }

    private static func body(_ items: [RenewHolds.Item], _ outcomes: [RenewHolds.ItemOutcome]) -> [UInt8] {
        var writer = JSONWriter(capacity: 384 * items.count)
        writer.beginArray()
        for (item, outcome) in zip(items, outcomes) { writer.renewResult(item.hold, outcome) }
        writer.endArray()
        return writer.finish()
    }
}
