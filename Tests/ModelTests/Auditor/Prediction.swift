// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// When a call may have been carried out.
struct Span: Hashable, Sendable {
    /// From the first attempt to the answer: an effect may be that of any attempt.
    var whole: Window
    /// The attempt that was answered: where a refusal or a replay was worked out.
    var last: Window

    init(whole: Window, last: Window) {
        self.whole = whole
        self.last = last
    }

    init<Request, Reply>(_ call: Call<Request, Reply>) {
        self.init(whole: call.wholeWindow, last: call.lastWindow)
    }
}

/// One way in which a request may be answered in a given state: success, refusal or read, exactly as it must look.
struct Prediction: Sendable {
    var outcome: BudgetOutcome
    /// When the request must have been carried out for this.
    var window: Window
    var effect = BudgetModel.Effect()
    /// What `remaining_ttl_ms` must be; nil for an answer without that field.
    var remaining: Remaining?

    /// How `remaining_ttl_ms` comes about.
    enum Remaining: Sendable {
        /// What is left until `endMs` at a time within the window.
        case left(endMs: Int64, Window)
        /// The same, or 0: the answer may come from a repetition that found the work done and the reservation ended.
        case leftOrNone(endMs: Int64, Window)
        /// 0, because the reservation is no longer active.
        case none
    }

    /// Whether an answer is what was predicted.
    func matches(_ answer: BudgetAnswer) -> Bool {
        guard answer.outcome == outcome else { return false }
        guard let remaining else { return answer.remainingMs == nil }
        guard let found = answer.remainingMs else { return false }
        switch remaining {
        case .none: return found == 0
        case .left(let endMs, let window): return Self.fits(found, endMs, window)
        case .leftOrNone(let endMs, let window): return found == 0 || Self.fits(found, endMs, window)
        }
    }

    private static func fits(_ found: Int64, _ endMs: Int64, _ window: Window) -> Bool {
        (max(0, endMs - window.endMs)...max(0, endMs - window.beginMs)).contains(found)
    }
}

extension BudgetModel {
    /// Every way in which a request may be answered now, if it is carried out within the span. More than one only where
    /// the time decides. `answer` supplies what nobody can predict: the id and time of a new reservation, the time of a
    /// funding; `finalizedMs` is when the reservation ended, as far as that is known.
    func predictions(
        _ request: BudgetRequest, within span: Span, answered answer: BudgetAnswer, finalizedMs: Int64? = nil
    ) -> [Prediction] {
        switch request {
        case .reserve(let estimate, _): reserve(estimate, request, span, answer)
        case .commit(let id, let actual, _):
            settle(id, request, span) { reservation, alive in
                switch settlement(of: reservation.estimate, actual: actual) {
                case .failure(let denial):
                    // Short of room only when everything due was given back before.
                    guard denial.reason == .exceeded || !upToDate(span.last).isEmpty else { return nil }
                    return span.last.clamped(to: alive).map { Prediction(outcome: denial.outcome, window: $0) }
                case .success((let after, let charged)):
                    let amount = reservation.estimate.amount
                    let outcome = BudgetOutcome.committed(
                        charged: charged, released: charged < amount ? amount - charged : nil,
                        rows: Self.rows(after, of: reservation.estimate.subject))
                    return ended(
                        reservation, as: .committed(charged: charged), after, request, outcome, alive, finalizedMs)
                }
            }
        case .release(let id, _, _):
            settle(id, request, span) { reservation, alive in
                var after = ledgers
                let amount = reservation.estimate.amount
                for place in reservation.estimate.subject.ledgers { after[place].reserved -= amount }
                let outcome = BudgetOutcome.released(
                    amount: amount, rows: Self.rows(after, of: reservation.estimate.subject))
                return ended(reservation, as: .released, after, request, outcome, alive, finalizedMs)
            }
        case .extend(let id, let byMs, let key): extend(id, byMs, key, span)
        case .look(let id): look(id, span.last)
        case .balances:
            upToDate(span.last).map {
                Prediction(outcome: .balances(ledgers.enumerated().map { LedgerRow($0, $1) }), window: $0)
            }
        case .fund(let ledger, let amount, _): fund(ledger, amount, request, span, answer)
        }
    }

    private static let mismatch = BudgetOutcome.refused(status: 409, code: "IDEMPOTENCY_MISMATCH", scope: nil)
    private static let finalized = BudgetOutcome.refused(status: 409, code: "RESERVATION_FINALIZED", scope: nil)
    private static let expired = BudgetOutcome.refused(status: 410, code: "RESERVATION_EXPIRED", scope: nil)
    private static let exhausted = BudgetOutcome.refused(status: 409, code: "MAX_EXTENSIONS_EXCEEDED", scope: nil)
    private static let unknown = BudgetOutcome.refused(status: 404, code: "NOT_FOUND", scope: nil)

    // MARK: Reserve and fund

    private func reserve(
        _ estimate: BudgetRequest.Estimate, _ request: BudgetRequest, _ span: Span, _ answer: BudgetAnswer
    ) -> [Prediction] {
        if let old = request.keyName.flatMap({ kept[$0] }) {
            guard old.request == request else { return [Prediction(outcome: Self.mismatch, window: span.last)] }
            guard case .reserved(let new) = old.outcome, let reservation = reservations[new.id] else { return [] }
            return alternatives(reservation, span.last) { isAlive, window in
                let remaining: Prediction.Remaining = isAlive ? .left(endMs: new.expiresMs, window) : .none
                return Prediction(outcome: old.outcome, window: window, remaining: remaining)
            }
        }
        if let denial = denial(estimate) {
            // A lack of room counts only when everything due was given back before.
            let windows = denial.reason == .exceeded ? upToDate(span.last) : [span.last]
            return windows.map { Prediction(outcome: denial.outcome, window: $0) }
        }
        guard case .reserved(let seen) = answer.outcome, reservations[seen.id] == nil,
            let at = span.whole.clamped(to: .millisecond(seen.createdMs))
        else { return [] }
        var after = ledgers
        for place in estimate.subject.ledgers { after[place].reserved += estimate.amount }
        let expiresMs = seen.createdMs + estimate.ttlMs
        let outcome = BudgetOutcome.reserved(
            .init(
                id: seen.id, createdMs: seen.createdMs, expiresMs: expiresMs, amount: estimate.amount,
                path: estimate.subject.path, rows: Self.rows(after, of: estimate.subject)))
        let reservation = Reservation(
            id: seen.id, estimate: estimate, createdMs: seen.createdMs, expiresMs: expiresMs)
        let effect = Effect(
            ledgers: after, reservation: reservation,
            kept: request.keyName.map { ($0, Kept(request: request, outcome: outcome)) })
        let answered = Window(beginUs: at.beginUs, endUs: span.whole.endUs)
        return [
            Prediction(
                outcome: outcome, window: at, effect: effect, remaining: .leftOrNone(endMs: expiresMs, answered))
        ]
    }

    private func fund(
        _ ledger: Int, _ amount: Int64, _ request: BudgetRequest, _ span: Span, _ answer: BudgetAnswer
    ) -> [Prediction] {
        if let old = request.keyName.flatMap({ kept[$0] }) {
            return [Prediction(outcome: old.request == request ? old.outcome : Self.mismatch, window: span.last)]
        }
        guard case .funded(let seen) = answer.outcome, let at = span.whole.clamped(to: .millisecond(seen.atMs)) else {
            return []
        }
        let before = ledgers[ledger]
        let credited = Self.credited(before, amount)
        var after = ledgers
        after[ledger] = credited
        let outcome = BudgetOutcome.funded(
            .init(
                atMs: seen.atMs, allocated: .init(from: before.allocated, to: credited.allocated),
                spent: .init(from: before.spent, to: credited.spent), debt: .init(from: before.debt, to: credited.debt),
                remaining: .init(from: before.remaining, to: credited.remaining)))
        let effect = Effect(
            ledgers: after, kept: request.keyName.map { ($0, Kept(request: request, outcome: outcome)) })
        return [Prediction(outcome: outcome, window: at, effect: effect)]
    }

    // MARK: Existing reservations (runtime digest 6.7)

    /// A commit or release: replay and state first, then `perform` for a live reservation.
    private func settle(
        _ id: String, _ request: BudgetRequest, _ span: Span, _ perform: (Reservation, Window) -> Prediction?
    ) -> [Prediction] {
        guard let reservation = reservations[id] else {
            return [Prediction(outcome: Self.unknown, window: span.last)]
        }
        if let old = reservation.final, old.request.keyName == request.keyName {
            return [Prediction(outcome: old.request == request ? old.outcome : Self.mismatch, window: span.last)]
        }
        switch reservation.state {
        case .committed, .released: return [Prediction(outcome: Self.finalized, window: span.last)]
        case .active, .swept:
            let late = span.last.from(ms: reservation.deadlineMs + 1)
            let refused = late.map { [Prediction(outcome: Self.expired, window: $0)] } ?? []
            guard reservation.state == .active, let early = span.whole.through(ms: reservation.deadlineMs) else {
                return refused
            }
            return (perform(reservation, early).map { [$0] } ?? []) + refused
        }
    }

    private func ended(
        _ reservation: Reservation, as state: Reservation.State, _ after: [Ledger], _ request: BudgetRequest,
        _ outcome: BudgetOutcome, _ window: Window, _ finalizedMs: Int64?
    ) -> Prediction? {
        guard let at = finalizedMs.map({ window.clamped(to: .millisecond($0)) }) ?? window else { return nil }
        var reservation = reservation
        reservation.state = state
        reservation.finalizedMs = finalizedMs
        reservation.final = Kept(request: request, outcome: outcome)
        return Prediction(outcome: outcome, window: at, effect: Effect(ledgers: after, reservation: reservation))
    }

    private func extend(_ id: String, _ byMs: Int64, _ key: String, _ span: Span) -> [Prediction] {
        guard var reservation = reservations[id] else {
            return [Prediction(outcome: Self.unknown, window: span.last)]
        }
        if let old = reservation.extensions[key] {
            guard old.byMs == byMs else { return [Prediction(outcome: Self.mismatch, window: span.last)] }
            return alternatives(reservation, span.last) { isAlive, window in
                Prediction(
                    outcome: .extended(expiresMs: old.expiresMs), window: window,
                    remaining: isAlive ? .left(endMs: old.expiresMs, window) : Prediction.Remaining.none)
            }
        }
        switch reservation.state {
        case .committed, .released: return [Prediction(outcome: Self.finalized, window: span.last)]
        case .active, .swept: break
        }
        // Only up to the expiry itself: grace is for settling.
        let lateFrom = (reservation.state == .swept ? reservation.deadlineMs : reservation.expiresMs) + 1
        var all = span.last.from(ms: lateFrom).map { [Prediction(outcome: Self.expired, window: $0)] } ?? []
        guard reservation.state == .active else { return all }
        if reservation.extensions.count >= extensionsMax {
            if let early = span.last.through(ms: reservation.expiresMs) {
                all.append(Prediction(outcome: Self.exhausted, window: early))
            }
        } else if let early = span.whole.through(ms: reservation.expiresMs) {
            reservation.expiresMs += byMs
            reservation.extensions[key] = .init(byMs: byMs, expiresMs: reservation.expiresMs)
            let answered = Window(beginUs: early.beginUs, endUs: span.whole.endUs)
            all.append(
                Prediction(
                    outcome: .extended(expiresMs: reservation.expiresMs), window: early,
                    effect: Effect(reservation: reservation),
                    remaining: .leftOrNone(endMs: reservation.expiresMs, answered)))
        }
        return all
    }

    private func look(_ id: String, _ window: Window) -> [Prediction] {
        guard let reservation = reservations[id] else { return [Prediction(outcome: Self.unknown, window: window)] }
        var found = BudgetOutcome.FoundReservation(
            status: "ACTIVE", amount: reservation.estimate.amount, createdMs: reservation.createdMs,
            expiresMs: reservation.expiresMs, finalizedMs: reservation.finalizedMs,
            path: reservation.estimate.subject.path)
        switch reservation.state {
        case .committed(let charged):
            found.status = "COMMITTED"
            found.committed = charged
        case .released: found.status = "RELEASED"
        case .active, .swept: break
        }
        return alternatives(reservation, window) { isAlive, window in
            Prediction(
                outcome: isAlive || reservation.final != nil ? .found(found) : Self.expired, window: window)
        }
    }

    // MARK: Time

    /// The cases before and after the deadline of an active reservation, as far as the window has both. A reservation
    /// that is not active has one case.
    private func alternatives(
        _ reservation: Reservation, _ window: Window, _ make: (_ isAlive: Bool, Window) -> Prediction
    ) -> [Prediction] {
        switch reservation.state {
        case .committed, .released: return [make(false, window)]
        case .active, .swept:
            let late = window.from(ms: reservation.deadlineMs + 1).map { [make(false, $0)] } ?? []
            guard reservation.state == .active, let early = window.through(ms: reservation.deadlineMs) else {
                return late
            }
            return [make(true, early)] + late
        }
    }

    /// The window, when nothing waits to be swept that was due at its beginning; as a list of none or one. What falls
    /// due while a request is on its way need not be swept for it: the sweep that it led to may have been before.
    private func upToDate(_ window: Window) -> [Window] {
        guard let earliest = earliestDeadlineMs else { return [window] }
        return window.through(ms: earliest) == nil ? [] : [window]
    }
}
