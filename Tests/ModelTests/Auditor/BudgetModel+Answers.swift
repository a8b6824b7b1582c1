// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

extension BudgetModel {
    /// Every way in which a request may be answered now, if it is carried out within the span. More than one only where
    /// the time decides. `answer` supplies what nobody can predict: the id and time of what is new, the time of what
    /// the operator does; `finalizedMs` is when the reservation ended, as far as that is known.
    func predictions(
        _ request: BudgetRequest, within span: Span, answered answer: BudgetAnswer, finalizedMs: Int64? = nil
    ) -> [Prediction] {
        switch request {
        case .reserve(let estimate, _): reserve(estimate, request, span, answer)
        case .decide(let subject, let amount, _):
            replay(request, span) ?? preview(subject, amount, isDryRun: false, request, span)
        case .charge(let charge, _): replay(request, span) ?? book(charge, request, span, answer)
        case .commit(let id, let actual, _):
            settle(id, request, span) { commit(actual, $0, request, span, $1, finalizedMs) }
        case .release(let id, _, _):
            settle(id, request, span) { reservation, alive in
                var after = ledgers
                let amount = reservation.estimate.amount
                for place in reservation.estimate.subject.ledgers { after[place].reserved -= amount }
                let outcome = BudgetOutcome.released(
                    amount: amount, rows: Self.rows(after, of: reservation.estimate.subject))
                return [
                    ended(reservation, as: .released, after, request, outcome, alive, finalizedMs)
                ].compactMap(\.self)
            }
        case .extend(let id, let byMs, let key): extend(id, byMs, key, span)
        case .look(let id): look(id, span.last)
        case .balances:
            upToDate(span.last).map {
                Prediction(outcome: .balances(ledgers.enumerated().map { LedgerRow($0, $1) }), window: $0)
            }
        case .fund(let ledger, let funding, _): replay(request, span) ?? fund(ledger, funding, request, span, answer)
        case .freeze(let ledger, let isFrozen): freeze(ledger, isFrozen, span, answer)
        case .setPolicy(let policy, let rules): setPolicy(policy, rules, span, answer)
        }
    }

    private static let mismatch = BudgetOutcome.refused(status: 409, code: "IDEMPOTENCY_MISMATCH", scope: nil)
    private static let finalized = BudgetOutcome.refused(status: 409, code: "RESERVATION_FINALIZED", scope: nil)
    private static let expired = BudgetOutcome.refused(status: 410, code: "RESERVATION_EXPIRED", scope: nil)
    private static let exhausted = BudgetOutcome.refused(status: 409, code: "MAX_EXTENSIONS_EXCEEDED", scope: nil)
    private static let unknown = BudgetOutcome.refused(status: 404, code: "NOT_FOUND", scope: nil)
    private static let limited = BudgetOutcome.refused(status: 429, code: "LIMIT_EXCEEDED", scope: nil)
    private static let already = BudgetOutcome.refused(status: 409, code: "INVALID_REQUEST", scope: nil)

    /// The answers to a key that was used before, by the answer that was kept; nil when it was not.
    private func replay(_ request: BudgetRequest, _ span: Span) -> [Prediction]? {
        request.keyName.flatMap { kept[$0] }.map { old in
            [Prediction(outcome: old.request == request ? old.outcome : Self.mismatch, window: span.last)]
        }
    }

    private func keep(_ request: BudgetRequest, _ outcome: BudgetOutcome) -> (name: String, value: Kept)? {
        request.keyName.map { ($0, Kept(request: request, outcome: outcome)) }
    }

    // MARK: Reserve, decide, dry run

    private func reserve(
        _ estimate: BudgetRequest.Estimate, _ request: BudgetRequest, _ span: Span, _ answer: BudgetAnswer
    ) -> [Prediction] {
        if let old = request.keyName.flatMap({ kept[$0] }) {
            guard old.request == request, case .reserved(let new) = old.outcome,
                let reservation = reservations[new.id]
            else { return replay(request, span) ?? [] }
            return alternatives(reservation, span.last) { isAlive, window in
                let remaining: Prediction.Remaining = isAlive ? .left(endMs: new.expiresMs, window) : .none
                return Prediction(outcome: old.outcome, window: window, remaining: remaining)
            }
        }
        if estimate.isDryRun { return preview(estimate.subject, estimate.amount, isDryRun: true, request, span) }
        let limit = limit(of: estimate.subject, isCommit: false)
        return throttled(limit, isCommit: false, span.last)
            + reserveLive(estimate, request, span, answer)
    }

    private func reserveLive(
        _ estimate: BudgetRequest.Estimate, _ request: BudgetRequest, _ span: Span, _ answer: BudgetAnswer
    ) -> [Prediction] {
        let limit = limit(of: estimate.subject, isCommit: false)
        if let denial = denial(estimate.subject, estimate.amount) {
            // A lack of room counts only when everything due was given back before.
            let windows = denial.reason == .exceeded ? upToDate(span.last) : [span.last]
            return windows.compactMap { unthrottled(limit, isCommit: false, $0) }
                .map { Prediction(outcome: denial.outcome, window: $0) }
        }
        guard case .reserved(let seen) = answer.outcome, reservations[seen.id] == nil,
            let at = span.whole.clamped(to: .millisecond(seen.createdMs)),
            unthrottled(limit, isCommit: false, at) != nil
        else { return [] }
        var after = ledgers
        for place in estimate.subject.ledgers { after[place].reserved += estimate.amount }
        let terms = terms(of: estimate)
        let expiresMs = seen.createdMs + terms.ttlMs
        let outcome = BudgetOutcome.reserved(
            .init(
                id: seen.id, createdMs: seen.createdMs, expiresMs: expiresMs, amount: estimate.amount,
                path: estimate.subject.path, caps: governing(estimate.subject)?.rules.caps,
                rows: Self.rows(after, of: estimate.subject)))
        let reservation = Reservation(
            id: seen.id, estimate: estimate, createdMs: seen.createdMs, expiresMs: expiresMs,
            policy: estimate.policy ?? overage(of: estimate.subject), extensionsMax: terms.extensionsMax)
        let effect = Effect(
            ledgers: after, reservation: reservation, kept: keep(request, outcome),
            counted: counting(estimate.subject, isCommit: false, atMs: seen.createdMs))
        let answered = Window(beginUs: at.beginUs, endUs: span.whole.endUs)
        return [
            Prediction(
                outcome: outcome, window: at, effect: effect, remaining: .leftOrNone(endMs: expiresMs, answered))
        ]
    }

    /// What would be answered, and nothing is moved but that the answer is kept.
    private func preview(
        _ subject: Subject, _ amount: Int64, isDryRun: Bool, _ request: BudgetRequest, _ span: Span
    ) -> [Prediction] {
        let denial = denial(subject, amount)
        var decision = BudgetOutcome.Decision(reason: denial?.reason.rawValue)
        if denial == nil { decision.caps = governing(subject)?.rules.caps }
        if isDryRun {
            decision.path = subject.path
            decision.reserved = denial == nil ? amount : nil
            decision.rows = Self.rows(ledgers, of: subject)
        }
        let outcome = BudgetOutcome.decided(decision)
        let windows = denial?.reason == .exceeded ? upToDate(span.whole) : [span.whole]
        return windows.map {
            Prediction(outcome: outcome, window: $0, effect: Effect(kept: keep(request, outcome)))
        }
    }

    // MARK: Rate limits

    /// 429 in each minute of the window of which the limit has been used up.
    private func throttled(_ limit: (policy: Int, perMinute: Int64)?, isCommit: Bool, _ window: Window) -> [Prediction]
    {
        guard let limit else { return [] }
        return (window.beginMs / 60_000...window.endMs / 60_000).compactMap { minute in
            let count = Count(policy: limit.policy, isCommit: isCommit, minute: minute)
            guard counts[count, default: 0] + doubts[count, default: 0] >= limit.perMinute else { return nil }
            return window.clamped(to: .minute(minute)).map { Prediction(outcome: Self.limited, window: $0) }
        }
    }

    /// The first part of a window in which the limit has not been used up; nil when there is none.
    private func unthrottled(
        _ limit: (policy: Int, perMinute: Int64)?, isCommit: Bool, _ window: Window
    ) -> Window? {
        guard let limit else { return window }
        for minute in window.beginMs / 60_000...window.endMs / 60_000 {
            let count = counts[Count(policy: limit.policy, isCommit: isCommit, minute: minute)] ?? 0
            if count < limit.perMinute { return window.clamped(to: .minute(minute)) }
        }
        return nil
    }

    // MARK: Booking

    private func commit(
        _ actual: Int64, _ reservation: Reservation, _ request: BudgetRequest, _ span: Span, _ alive: Window,
        _ finalizedMs: Int64?
    ) -> [Prediction] {
        let limit = limit(of: reservation.estimate.subject, isCommit: true)
        let lastAlive = span.last.clamped(to: alive)
        let refusals = lastAlive.map { throttled(limit, isCommit: true, $0) } ?? []
        switch settlement(of: reservation.estimate, actual: actual, policy: reservation.policy) {
        case .failure(let denial):
            // Short of room only when everything due was given back before.
            guard denial.reason == .exceeded || !upToDate(span.last).isEmpty else { return refusals }
            let window = lastAlive.flatMap { unthrottled(limit, isCommit: true, $0) }
            return refusals + (window.map { [Prediction(outcome: denial.outcome, window: $0)] } ?? [])
        case .success(let settled):
            guard !settled.isShort || !upToDate(span.whole).isEmpty else { return refusals }
            let amount = reservation.estimate.amount
            let outcome = BudgetOutcome.committed(
                charged: settled.charged, released: settled.charged < amount ? amount - settled.charged : nil,
                rows: Self.rows(settled.ledgers, of: reservation.estimate.subject))
            guard
                var done = ended(
                    reservation, as: .committed(charged: settled.charged), settled.ledgers, request, outcome, alive,
                    finalizedMs), let window = unthrottled(limit, isCommit: true, done.window)
            else { return refusals }
            done.window = window
            done.effect.counted = counting(reservation.estimate.subject, isCommit: true, atMs: window.beginMs)
            return refusals + [done]
        }
    }

    private func book(
        _ charge: BudgetRequest.Charge, _ request: BudgetRequest, _ span: Span, _ answer: BudgetAnswer
    ) -> [Prediction] {
        switch settlement(of: charge) {
        case .failure(let denial):
            let windows = denial.reason == .frozen ? [span.last] : upToDate(span.last)
            return windows.map { Prediction(outcome: denial.outcome, window: $0) }
        case .success(let settled):
            guard case .charged(let seen) = answer.outcome,
                let at = span.whole.clamped(to: .millisecond(seen.createdMs)),
                !settled.isShort || !upToDate(span.whole).isEmpty
            else { return [] }
            let outcome = BudgetOutcome.charged(
                .init(
                    id: seen.id, createdMs: seen.createdMs,
                    charged: settled.charged < charge.amount ? settled.charged : nil,
                    rows: Self.rows(settled.ledgers, of: charge.subject)))
            let effect = Effect(ledgers: settled.ledgers, kept: keep(request, outcome))
            return [Prediction(outcome: outcome, window: at, effect: effect)]
        }
    }

    // MARK: The operator

    private func fund(
        _ ledger: Int, _ funding: BudgetRequest.Funding, _ request: BudgetRequest, _ span: Span,
        _ answer: BudgetAnswer
    ) -> [Prediction] {
        if frozen.contains(ledger) {
            return [Prediction(outcome: Denial(.frozen, ledger).outcome, window: span.last)]
        }
        let before = ledgers[ledger]
        guard let funded = Self.funded(before, funding) else {
            return upToDate(span.last).map { Prediction(outcome: Denial(.exceeded, ledger).outcome, window: $0) }
        }
        guard case .funded(let seen) = answer.outcome, let at = span.whole.clamped(to: .millisecond(seen.atMs)) else {
            return []
        }
        var after = ledgers
        after[ledger] = funded
        let outcome = BudgetOutcome.funded(
            .init(
                atMs: seen.atMs, allocated: .init(from: before.allocated, to: funded.allocated),
                spent: .init(from: before.spent, to: funded.spent), debt: .init(from: before.debt, to: funded.debt),
                remaining: .init(from: before.remaining, to: funded.remaining)))
        return [Prediction(outcome: outcome, window: at, effect: Effect(ledgers: after, kept: keep(request, outcome)))]
    }

    private func freeze(_ ledger: Int, _ isFrozen: Bool, _ span: Span, _ answer: BudgetAnswer) -> [Prediction] {
        guard frozen.contains(ledger) != isFrozen else {
            return [Prediction(outcome: Self.already, window: span.last)]
        }
        guard case .froze(let atMs) = answer.outcome, let at = span.last.clamped(to: .millisecond(atMs)) else {
            return []
        }
        return [Prediction(outcome: answer.outcome, window: at, effect: Effect(frozen: (ledger, isFrozen)))]
    }

    private func setPolicy(
        _ policy: Int, _ rules: PolicyRules, _ span: Span, _ answer: BudgetAnswer
    ) -> [Prediction] {
        guard case .policySet(let atMs) = answer.outcome else { return [] }
        if policies[policy].rules == rules, policies[policy].sinceMs == atMs || policies[policy].sinceMs == 0 {
            return [Prediction(outcome: answer.outcome, window: span.whole)]
        }
        guard let at = span.whole.clamped(to: .millisecond(atMs)) else { return [] }
        let effect = Effect(terms: (policy, Terms(rules: rules, sinceMs: atMs)))
        return [Prediction(outcome: answer.outcome, window: at, effect: effect)]
    }

    // MARK: Existing reservations (runtime digest 6.7)

    /// A commit or release: replay and state first, then `perform` for a live reservation.
    private func settle(
        _ id: String, _ request: BudgetRequest, _ span: Span, _ perform: (Reservation, Window) -> [Prediction]
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
            return perform(reservation, early) + refused
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
        if reservation.extensions.count >= reservation.extensionsMax {
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
