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
        let items = try ReservationItems.read(input.request, ReservationItems.reserve)
        let request = Request(items: items, correlation: input.request.correlation, nowMs: input.nowMs)
        // More than one item may take more than one call: what is taken along makes calls long.
        if principal.quotas.concurrentReservations != nil, items.count > 1 {
            return request.foresee(0, wanted: [], principal)
        }
        return request.acquire([], principal)
    }
}

extension ReserveResources {
    /// A request on its way.
    fileprivate struct Request: Sendable {
        let items: [AcquireItem]
        let correlation: Correlation
        let nowMs: Int64

        /// Counts what a list of several calls would take: with a limit of concurrent reservations the whole request is
        /// within it, or nothing is done (digest section 4). Of more than one question the later ones do not see what
        /// the first would take, and may count too much. `done` items were looked at, and `wanted` would be taken.
        func foresee(_ done: Int, wanted: Set<[UInt8]>, _ principal: Principal) -> Step {
            let question = Acquire(items[done...].prefix(Limits.lockQuestionsPerCall), isQuestion: true)
            let resume = Step.resuming { foresee(done, wanted: wanted, $0) }
            return .reservationCall(of: principal, { question.call(for: principal, sweptMs: $0) }, resume: resume) {
                reply throws(ScriptFault) in
                switch try question.outcome(reply) {
                case .tenantClosed: return .refuse(ReservationAPI.tenantClosed)
                case .tenantSuspended: return .refuse(ReservationAPI.tenantSuspended)
                case .limited(let met): return refuse(met, principal)
                case .items(let outcomes, let held):
                    var wanted = wanted
                    for (item, outcome) in zip(items[done...], outcomes) where !item.isQuestion {
                        if case .available = outcome { wanted.insert(item.reservationKey) }
                    }
                    let done = done + outcomes.count
                    if let limit = principal.quotas.concurrentReservations, let held, !wanted.isEmpty,
                        held + Int64(wanted.count) > limit
                    {
                        return refuse(ConcurrencyLimit(held: held, firstEndMs: nil), principal)
                    }
                    return done < items.count ? foresee(done, wanted: wanted, principal) : acquire([], principal)
                }
            }
        }

        /// Acquires the items from the first without an outcome on: one script call on the common path, one after the
        /// other for a long list, going on where it was when the caller's facts have to be read again.
        func acquire(_ outcomes: [AcquireOutcome], _ principal: Principal) -> Step {
            let acquire = Acquire(
                items[outcomes.count...].prefix(Limits.lockItemsPerCall),
                context: EventContext.ofResources(correlation, principal))
            let resume = Step.resuming { self.acquire(outcomes, $0) }
            return .reservationCall(of: principal, { acquire.call(for: principal, sweptMs: $0) }, resume: resume) {
                reply throws(ScriptFault) in
                switch try acquire.outcome(reply) {
                case .tenantClosed: return .refuse(ReservationAPI.tenantClosed)
                case .tenantSuspended: return .refuse(ReservationAPI.tenantSuspended)
                case .limited(let met):
                    guard !outcomes.isEmpty else { return refuse(met, principal) }
                    // Others were quicker than this request, which has tokens to hand out already.
                    let rest = Array(repeating: AcquireOutcome.notAvailable([]), count: items.count - outcomes.count)
                    return .respond(.json(body(outcomes + rest)))
                case .items(let more, _):
                    let outcomes = outcomes + more
                    guard outcomes.count == items.count else { return self.acquire(outcomes, principal) }
                    return .respond(.json(body(outcomes)))
                }
            }
        }

        private func refuse(_ met: ConcurrencyLimit, _ principal: Principal) -> Step {
            let limit = principal.quotas.concurrentReservations ?? 0
            return .respond(QuotaRefusal(met, limit: limit, nowMs: nowMs).response(correlation))
        }

        private func body(_ outcomes: [AcquireOutcome]) -> [UInt8] {
            var writer = JSONWriter(capacity: 384 * items.count)
            writer.beginArray()
            for (item, outcome) in zip(items, outcomes) {
                writer.reserveResult(item, outcome, isQuestion: item.isQuestion)
            }
            writer.endArray()
            return writer.finish()
        }
    }
}
