// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import Reservations
internal import SharedKernel
internal import StrictJSON

/// `POST /api/v1/Reservation/transactions` (digest 2.3, decisions Q1 to Q4): transactions run in order, each in one
/// script call, independently of each other.
enum TransactReservations {
    static let endpoint = Endpoint(
        "runTransactions", .post, "/api/v1/Reservation/transactions", surface: .reservation,
        access: .tenant(.reservationsCreate), plan: { input in planning { try plan(input) } })

    private static func plan(_ input: Endpoint.Input) throws -> Step {
        guard let principal = input.caller.principal else { return .refuse(.unauthorized) }
        let transactions = try ReservationItems.read(input.request, ReservationTransaction.read)
        let permission = Permission.reservationsRelease
        guard principal.permissions.allows(permission) || !transactions.contains(where: \.releases) else {
            throw APIError(.forbidden, "FORBIDDEN", "the API key lacks the permission \(permission.rawValue)")
        }
        let request = Request(
            transactions: transactions, correlation: input.request.correlation, nowMs: input.nowMs)
        // A release before may make the room that a later transaction needs: then each is on its own.
        let isForeseeable = transactions.count > 1 && !transactions.contains(where: \.releases)
        guard principal.quotas.concurrentReservations != nil, isForeseeable else { return request.run([], principal) }
        return request.foresee(0, wanted: [], principal)
    }
}

extension TransactReservations {
    /// A request on its way.
    fileprivate struct Request: Sendable {
        let transactions: [ReservationTransaction]
        let correlation: Correlation
        let nowMs: Int64

        /// Counts what several transactions would take: with a limit of concurrent reservations the whole request is
        /// within it, or nothing is done. `done` were looked at, and `wanted` would be taken.
        func foresee(_ done: Int, wanted: Set<[UInt8]>, _ principal: Principal) -> Step {
            guard done < transactions.count, case .acquire(let items, let isQuestion) = transactions[done].work else {
                return run([], principal)
            }
            let question = AcquireTogether(items, method: transactions[done].method, isQuestion: true)
            let resume = Step.resuming { foresee(done, wanted: wanted, $0) }
            return .reservationCall(of: principal, { question.call(for: principal, sweptMs: $0) }, resume: resume) {
                reply throws(ScriptFault) in
                switch try question.outcome(reply) {
                case .tenantClosed: return .refuse(ReservationAPI.tenantClosed)
                case .tenantSuspended: return .refuse(ReservationAPI.tenantSuspended)
                case .tooLarge: return refuseLarge([], principal)
                case .limited(let met): return refuse(met, principal)
                case .items(let outcomes, let held):
                    let more = isQuestion ? [] : question.wanted(of: outcomes)
                    let wanted = wanted.union(more.map(\.reservationKey))
                    if let limit = principal.quotas.concurrentReservations, let held, !wanted.isEmpty,
                        held + Int64(wanted.count) > limit
                    {
                        return refuse(ConcurrencyLimit(held: held, firstEndMs: nil), principal)
                    }
                    return foresee(done + 1, wanted: wanted, principal)
                }
            }
        }

        private func refuse(_ met: ConcurrencyLimit, _ principal: Principal) -> Step {
            let limit = principal.quotas.concurrentReservations ?? 0
            return .respond(QuotaRefusal(met, limit: limit, nowMs: nowMs).response(correlation))
        }

        /// Runs the first transaction without a result, and then the others.
        func run(_ results: [TransactionResult], _ principal: Principal) -> Step {
            guard results.count < transactions.count else { return respond(results) }
            let transaction = transactions[results.count]
            switch transaction.work {
            case .acquire(let items, let isQuestion):
                let acquire = AcquireTogether(
                    items, method: transaction.method, isQuestion: isQuestion,
                    context: EventContext.ofResources(correlation, principal))
                return self.acquire(acquire, results, principal)
            case .release(let items):
                let context = EventContext.ofResources(correlation, principal)
                return release(
                    ReleaseTogether(items, method: transaction.method, context: context), results, principal)
            }
        }

        private func acquire(_ acquire: AcquireTogether, _ results: [TransactionResult], _ principal: Principal) -> Step
        {
            let resume = Step.resuming { run(results, $0) }
            return .reservationCall(of: principal, { acquire.call(for: principal, sweptMs: $0) }, resume: resume) {
                reply throws(ScriptFault) in
                switch try acquire.outcome(reply) {
                case .tenantClosed: return .refuse(ReservationAPI.tenantClosed)
                case .tenantSuspended: return .refuse(ReservationAPI.tenantSuspended)
                case .tooLarge: return refuseLarge(results, principal)
                case .items(let outcomes, _): return run(results + [.acquired(outcomes)], principal)
                case .limited(let met):
                    let limit = principal.quotas.concurrentReservations ?? 0
                    // What came before in this request is done, and its tokens have to be handed out.
                    guard results.isEmpty else { return run(results + [.refused(Self.limitReached(limit))], principal) }
                    return refuse(met, principal)
                }
            }
        }

        private func release(_ release: ReleaseTogether, _ results: [TransactionResult], _ principal: Principal) -> Step
        {
            let resume = Step.resuming { run(results, $0) }
            return .reservationCall(of: principal, { _ in release.call(for: principal) }, resume: resume) {
                reply throws(ScriptFault) in
                switch try release.outcome(reply) {
                case .tenantClosed: .refuse(ReservationAPI.tenantClosed)
                case .tooLarge: refuseLarge(results, principal)
                case .items(let outcomes): run(results + [.released(outcomes)], principal)
                }
            }
        }

        private static func limitReached(_ limit: Int64) -> String {
            "the limit of \(limit) concurrent reservations is reached"
        }

        /// One that takes more along than one call of Redis can bear.
        private func refuseLarge(_ results: [TransactionResult], _ principal: Principal) -> Step {
            let problem = "take more than \(Limits.takenAlongMax) other resources along: make smaller transactions"
            guard results.isEmpty else { return run(results + [.refused("requests \(problem)")], principal) }
            return .invalid("requests: \(problem)")
        }

        private func respond(_ results: [TransactionResult]) -> Step {
            var writer = JSONWriter(capacity: 512 * transactions.count)
            writer.beginArray()
            for (transaction, result) in zip(transactions, results) {
                writer.transactionResult(transaction, result)
            }
            writer.endArray()
            let isForbidden = results.contains(where: \.hasBadToken)
            return .respond(.json(writer.finish(), status: isForbidden ? .forbidden : .ok))
        }
    }
}
