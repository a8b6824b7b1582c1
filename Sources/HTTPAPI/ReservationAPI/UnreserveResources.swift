// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import Reservations
internal import SharedKernel
internal import StrictJSON

/// `POST /api/v1/Reservation/unreserve`: items are independent; 403 as soon as one has no or a wrong token, with the
/// same body as 200, and the good ones are released all the same (decisions X7 and X8).
enum UnreserveResources {
    static let endpoint = Endpoint(
        "unreserveResources", .post, "/api/v1/Reservation/unreserve", surface: .reservation,
        access: .tenant(.reservationsRelease), plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        guard let principal = input.caller.principal else { return .refuse(.unauthorized) }
        let items = try ReservationItems.read(input.request, ReservationItems.unreserve)
        return release(items, [], input.request.correlation, principal)
    }

    /// Releases the items from the first without an outcome on, as `ReserveResources` acquires them.
    private static func release(
        _ items: [ReleaseItem], _ outcomes: [ReleaseOutcome], _ correlation: Correlation, _ principal: Principal
    ) -> Step {
        let release = ReleaseHolds(
            items[outcomes.count...].prefix(Limits.lockItemsPerCall),
            context: EventContext.ofResources(correlation, principal))
        let resume = Step.resuming { Self.release(items, outcomes, correlation, $0) }
        return .reservationCall(of: principal, { _ in release.call(for: principal) }, resume: resume) {
            reply throws(ScriptFault) in
            switch try release.outcome(reply) {
            case .tenantClosed: return .refuse(ReservationAPI.tenantClosed)
            case .items(let more):
                let outcomes = outcomes + more
                guard outcomes.count == items.count else {
                    return Self.release(items, outcomes, correlation, principal)
                }
                let status: HTTPResponse.Status = outcomes.contains(.badToken) ? .forbidden : .ok
                return .respond(.json(body(items, outcomes), status: status))
            }
        }
    }

    private static func body(_ items: [ReleaseItem], _ outcomes: [ReleaseOutcome]) -> [UInt8] {
        var writer = JSONWriter(capacity: 192 * items.count)
        writer.beginArray()
        for (item, outcome) in zip(items, outcomes) { writer.releaseResult(item, outcome) }
        writer.endArray()
        return writer.finish()
    }
}
