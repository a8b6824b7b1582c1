// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// A history made by hand, one call after the other, with the answers of a sound system; tests then break something.
struct Story {
    private(set) var model = BudgetModel(BudgetTree.opened, extensionsMax: Auditor().extensionsMax)
    var history = History()
    /// Where the clock stands.
    var nowUs: Int64 = 1_800_000_000_000_000

    var nowMs: Int64 { nowUs / 1_000 }

    /// The next 900 µs, after which the clock goes on by 1 ms.
    private mutating func nextWindow() -> Window {
        let window = Window(beginUs: nowUs, endUs: nowUs + 900)
        nowUs += 1_000
        return window
    }

    // MARK: Budgets

    /// Asks and is answered as the model says; the place of the call in the history.
    @discardableResult
    mutating func ask(_ request: BudgetRequest) -> Int {
        let window = nextWindow()
        let nothing = BudgetOutcome.Funding.Change(from: 0, to: 0)
        let seen: BudgetOutcome? =
            switch request {
            case .reserve(_, let key):
                .reserved(
                    .init(id: "id-\(key)", createdMs: window.beginMs, expiresMs: 0, amount: 0, path: "", rows: []))
            case .charge(_, let key): .charged(.init(id: "event-\(key)", createdMs: window.beginMs, rows: []))
            case .fund:
                .funded(
                    .init(
                        atMs: window.beginMs, allocated: nothing, spent: nothing, debt: nothing, remaining: nothing))
            case .freeze: .froze(atMs: window.beginMs)
            case .setPolicy: .policySet(atMs: window.beginMs)
            default: nil
            }
        while let deadlineMs = model.earliestDeadlineMs, deadlineMs < window.beginMs { _ = model.sweepEarliest() }
        let span = Span(whole: window, last: window)
        let predicted = model.predictions(
            request, within: span, answered: BudgetAnswer(seen ?? .balances([])), finalizedMs: window.beginMs)
        var answer = BudgetAnswer(.strange("the model has no answer"))
        if let prediction = predicted.first {
            answer = BudgetAnswer(prediction.outcome, remainingMs: Self.remaining(prediction, window))
            _ = model.apply(prediction.effect)
        }
        history.budgetCalls.append(
            BudgetCall(request: request, attempts: [Attempt(window: window, answer: answer)]))
        return history.budgetCalls.count - 1
    }

    private static func remaining(_ prediction: Prediction, _ window: Window) -> Int64? {
        switch prediction.remaining {
        case nil: nil
        case .some(.none): 0
        case .left(let endMs, _), .leftOrNone(let endMs, _): max(0, endMs - window.beginMs)
        }
    }

    /// Reserves; the id is `id-` and the key.
    @discardableResult
    mutating func reserve(
        _ amount: Int64, _ subject: Subject = .ada, key: String, ttlMs: Int64 = 100_000, graceMs: Int64 = 0,
        policy: BudgetRequest.Policy? = nil
    ) -> Int {
        ask(
            .reserve(
                .init(subject: subject, amount: amount, ttlMs: ttlMs, graceMs: graceMs, policy: policy), key: key))
    }

    /// Puts another outcome in the place of an answer.
    mutating func change(_ call: Int, _ change: (inout BudgetOutcome) -> Void) {
        let last = history.budgetCalls[call].attempts.count - 1
        var answer = history.budgetCalls[call].attempts[last].answer
        change(&answer.outcome)
        history.budgetCalls[call].attempts[last].answer = BudgetAnswer(
            answer.outcome, remainingMs: answer.remainingMs)
    }

    /// The rows of a call's answer, changed.
    mutating func changeRows(_ call: Int, _ body: (inout [LedgerRow]) -> Void) {
        change(call) { outcome in
            var rows = outcome.rows
            body(&rows)
            switch outcome {
            case .reserved(var new):
                new.rows = rows
                outcome = .reserved(new)
            case .committed(let charged, let released, _):
                outcome = .committed(charged: charged, released: released, rows: rows)
            case .released(let amount, _): outcome = .released(amount: amount, rows: rows)
            case .charged(var receipt):
                receipt.rows = rows
                outcome = .charged(receipt)
            case .decided(var decision):
                decision.rows = rows
                outcome = .decided(decision)
            case .balances: outcome = .balances(rows)
            default: break
            }
        }
    }

    /// What a call was answered.
    func outcome(_ call: Int) -> BudgetOutcome? { history.budgetCalls[call].answer?.outcome }

    /// The reservation that a call was told of.
    func reserved(_ call: Int) -> BudgetOutcome.NewReservation? {
        guard case .reserved(let new)? = outcome(call) else { return nil }
        return new
    }

    /// The same, changed.
    mutating func changeReserved(_ call: Int, _ body: (inout BudgetOutcome.NewReservation) -> Void) {
        guard var new = reserved(call) else { return }
        body(&new)
        change(call) { $0 = .reserved(new) }
    }

    /// The answer to an event.
    func receipt(_ call: Int) -> BudgetOutcome.Receipt? {
        guard case .charged(let receipt)? = outcome(call) else { return nil }
        return receipt
    }

    /// The answer to a funding.
    func funding(_ call: Int) -> BudgetOutcome.Funding? {
        guard case .funded(let funding)? = outcome(call) else { return nil }
        return funding
    }

    /// The answer to an event, changed.
    mutating func changeReceipt(_ call: Int, _ body: (inout BudgetOutcome.Receipt) -> Void) {
        guard var receipt = receipt(call) else { return }
        body(&receipt)
        change(call) { $0 = .charged(receipt) }
    }

    /// The window of the only attempt of a call, changed.
    mutating func changeWindow(_ call: Int, _ body: (inout Window) -> Void) {
        body(&history.budgetCalls[call].attempts[0].window)
    }

    // MARK: Locks

    /// Asks for a lock or about one; the answer is up to the test.
    @discardableResult
    mutating func ask(_ request: LockRequest, _ answer: (Window) -> LockAnswer) -> Int {
        let window = nextWindow()
        history.lockCalls.append(
            LockCall(request: request, attempts: [Attempt(window: window, answer: answer(window))]))
        return history.lockCalls.count - 1
    }

    /// Acquires a name, with a fencing token that is the time.
    mutating func acquire(_ name: String, _ requester: String, token: String, ttlSeconds: Int64? = nil) {
        ask(.acquire(requester: requester, name: name, ttlSeconds: ttlSeconds)) { window in
            .acquired(
                .init(
                    token: token, fence: window.beginUs, expiresMs: ttlSeconds.map { window.beginMs + $0 * 1_000 }))
        }
    }

    /// What a call acquired.
    func hold(by call: Int) -> LockAnswer.Hold? {
        guard case .acquired(let hold)? = history.lockCalls[call].answer else { return nil }
        return hold
    }

    /// Releases a name, successfully.
    mutating func release(_ name: String, _ requester: String, token: String) {
        ask(.release(requester: requester, name: name, token: token)) { _ in .relinquished }
    }

    // MARK: Lists

    /// Lists all reservations that are asked for as they are now, page by page.
    mutating func walk(_ query: Walk.Query) {
        let rows = model.reservations.values.compactMap { row($0, query) }.sorted { one, other in
            let (first, second) = (sortKey(one, query.sort), sortKey(other, query.sort))
            let isBefore = first == second ? one.id < other.id : first < second
            return query.isDescending != isBefore && one != other
        }
        var walk = Walk(query: query, pages: [])
        for begin in stride(from: 0, to: max(1, rows.count), by: query.limit) {
            walk.pages.append(.init(window: nextWindow(), rows: Array(rows[begin...].prefix(query.limit))))
        }
        history.walks.append(walk)
    }

    private func row(_ reservation: BudgetModel.Reservation, _ query: Walk.Query) -> Walk.Row? {
        var found = BudgetOutcome.FoundReservation(
            status: "ACTIVE", amount: reservation.estimate.amount, createdMs: reservation.createdMs,
            expiresMs: reservation.expiresMs, finalizedMs: reservation.finalizedMs,
            path: reservation.estimate.subject.path)
        switch reservation.state {
        case .committed(let charged): (found.status, found.committed) = ("COMMITTED", charged)
        case .released: found.status = "RELEASED"
        case .active, .swept: if reservation.deadlineMs < nowMs { found.status = "EXPIRED" }
        }
        if let status = query.status, status != found.status { return nil }
        if let fromMs = query.fromMs, found.createdMs < fromMs { return nil }
        return Walk.Row(id: reservation.id, found: found)
    }

    /// Numbers with as many digits as the largest, so that they sort as text.
    private func sortKey(_ row: Walk.Row, _ sort: Walk.Query.Sort?) -> String {
        func text(_ number: Int64) -> String { String(1_000_000_000_000_000_000 + number) }
        return switch sort {
        case nil, .created: text(row.found.createdMs)
        case .id, .tenant: ""
        case .scopePath: row.found.path
        case .status: row.found.status
        case .reserved: text(row.found.amount)
        case .expires: text(row.found.expiresMs)
        }
    }

    // MARK: The end

    /// What a sound system would be like now.
    var final: FinalState {
        var model = model
        while let deadlineMs = model.earliestDeadlineMs, deadlineMs < nowMs { _ = model.sweepEarliest() }
        let reservations = model.reservations.mapValues { reservation in
            switch reservation.state {
            case .active: FinalState.Reservation(phase: .active)
            case .committed(let charged):
                FinalState.Reservation(phase: .committed(charged: charged), finalizedMs: reservation.finalizedMs)
            case .released: FinalState.Reservation(phase: .released, finalizedMs: reservation.finalizedMs)
            case .swept: FinalState.Reservation(phase: .expired)
            }
        }
        return FinalState(
            ledgers: model.ledgers, reservations: reservations,
            liveCount: reservations.values.count { $0.phase == .active }, readMs: nowMs, holds: [:],
            frozen: model.frozen)
    }

    /// The rules that an auditor finds broken.
    func broken(_ final: FinalState? = nil) -> Set<Finding.Rule> {
        Set(Auditor().findings(history, final ?? self.final).map(\.rule))
    }
}
