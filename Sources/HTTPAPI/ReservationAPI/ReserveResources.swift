// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import Reservations
internal import SharedKernel
internal import StrictJSON

/// `POST /api/v1/Reservation/reserve`: items are independent, 200 even when every one is refused.
enum ReserveResources {
    static let endpoint = Endpoint(
        "reserveResources", .post, "/api/v1/Reservation/reserve", surface: .reservation,
        access: .tenant(.reservationsCreate), plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        guard let principal = input.caller.principal else { return .refuse(.unauthorized) }
        return acquire(try ReservationItems.read(input.request, ReservationItems.reserve), [], principal)
    }

    /// Acquires the items from the first without an outcome on: one script call on the common path, one after the other
    /// for a long list, going on where it was when the caller's facts have to be read again.
    private static func acquire(
        _ items: [Acquire.Item], _ outcomes: [Acquire.ItemOutcome], _ principal: Principal
    ) -> Step {
        let acquire = Acquire(items[outcomes.count...].prefix(Limits.lockItemsPerCall))
        let resume = { @Sendable (caller: Caller) in
            caller.principal.map { Self.acquire(items, outcomes, $0) } ?? .refuse(.unauthorized)
        }
        return .call(acquire.call(for: principal), resume: resume) { reply throws(ScriptFault) in
            switch try acquire.outcome(reply) {
            case .tenantClosed: return .refuse(ReservationAPI.tenantClosed)
            case .tenantSuspended: return .refuse(ReservationAPI.tenantSuspended)
            case .items(let more):
                let outcomes = outcomes + more
                guard outcomes.count == items.count else { return Self.acquire(items, outcomes, principal) }
                return .respond(.json(body(items, outcomes)))
            }
        }
    }

    private static func body(_ items: [Acquire.Item], _ outcomes: [Acquire.ItemOutcome]) -> [UInt8] {
        var writer = JSONWriter(capacity: 384 * items.count)
        writer.beginArray()
        for (item, outcome) in zip(items, outcomes) { writer.reserveResult(item, outcome) }
        writer.endArray()
        return writer.finish()
    }
}
