// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Budgets as the protocol describes them, one request at a time and with exact numbers: what the service must look
/// like from outside. Written from the specification, not from the scripts.
struct BudgetModel: Sendable {
    /// A reservation that exists.
    struct Reservation: Hashable, Sendable {
        var id: String
        var estimate: BudgetRequest.Estimate
        var createdMs: Int64
        var expiresMs: Int64
        var state = State.active
        var finalizedMs: Int64?
        var extensions: [String: Extension] = [:]
        /// The request that ended it, and its answer.
        var final: Kept?

        enum State: Hashable, Sendable {
            case active
            case committed(charged: Int64)
            case released
            /// Its amount was given back by a sweep.
            case swept
        }

        struct Extension: Hashable, Sendable {
            var byMs: Int64
            var expiresMs: Int64
        }

        /// The last ms at which it may be settled.
        var deadlineMs: Int64 { expiresMs + estimate.graceMs }
    }

    /// A request that took effect, and what it was answered.
    struct Kept: Hashable, Sendable {
        var request: BudgetRequest
        var outcome: BudgetOutcome
    }

    /// What a request changes, as the values after it.
    struct Effect: Sendable {
        var ledgers: [Ledger]?
        var reservation: Reservation?
        var kept: (name: String, value: Kept)?

        var isEmpty: Bool { ledgers == nil && reservation == nil && kept == nil }
    }

    /// What was there before an effect.
    struct Undo: Sendable {
        fileprivate var ledgers: [Ledger]?
        fileprivate var reservations: [(id: String, value: Reservation?)] = []
        fileprivate var kept: (name: String, value: Kept?)?
    }

    private struct Due: Hashable {
        let deadlineMs: Int64
        let id: String
    }

    private(set) var ledgers: [Ledger]
    private(set) var reservations: [String: Reservation] = [:]
    /// Reserves and fundings that took effect, by the name of their key.
    private(set) var kept: [String: Kept] = [:]
    /// Active reservations, earliest deadline first.
    private var due: [Due] = []
    /// Extensions one reservation may have.
    let extensionsMax: Int

    init(_ ledgers: [Ledger], extensionsMax: Int) {
        self.ledgers = ledgers
        self.extensionsMax = extensionsMax
    }

    /// The earliest deadline among active reservations.
    var earliestDeadlineMs: Int64? { due.first?.deadlineMs }

    /// How many active reservations are past their deadline at a time.
    func dueCount(at ms: Int64) -> Int { due.firstIndex { $0.deadlineMs >= ms } ?? due.count }

    /// Makes a change.
    mutating func apply(_ effect: Effect) -> Undo {
        var undo = Undo()
        if let after = effect.ledgers {
            undo.ledgers = ledgers
            ledgers = after
        }
        if let value = effect.reservation {
            undo.reservations.append((value.id, reservations[value.id]))
            set(value, value.id)
        }
        if let (name, value) = effect.kept {
            undo.kept = (name, kept[name])
            kept[name] = value
        }
        return undo
    }

    /// Takes a change back; changes are taken back in the opposite order.
    mutating func revert(_ undo: Undo) {
        if let before = undo.ledgers { ledgers = before }
        for (id, value) in undo.reservations.reversed() { set(value, id) }
        if let (name, value) = undo.kept { kept[name] = value }
    }

    /// Gives back what the reservations with the earliest deadline hold.
    mutating func sweepEarliest() -> Undo {
        var undo = Undo(ledgers: ledgers)
        guard let deadlineMs = earliestDeadlineMs else { return undo }
        while let first = due.first, first.deadlineMs == deadlineMs, var value = reservations[first.id] {
            undo.reservations.append((first.id, value))
            for ledger in value.estimate.subject.ledgers { ledgers[ledger].reserved -= value.estimate.amount }
            value.state = .swept
            set(value, first.id)
        }
        return undo
    }

    private mutating func set(_ value: Reservation?, _ id: String) {
        if let old = reservations[id], old.state == .active {
            due.removeAll { $0.deadlineMs == old.deadlineMs && $0.id == id }
        }
        reservations[id] = value
        guard let value, value.state == .active else { return }
        let place = due.firstIndex { $0.deadlineMs > value.deadlineMs } ?? due.endIndex
        due.insert(Due(deadlineMs: value.deadlineMs, id: id), at: place)
    }
}

// MARK: What the protocol says

extension BudgetModel {
    /// What a commit does to the ledgers of a reservation (runtime digest 2.12), and what it charges; or the refusal.
    func settlement(
        of estimate: BudgetRequest.Estimate, actual: Int64
    ) -> Result<(ledgers: [Ledger], charged: Int64), Denial> {
        let (amount, concerned) = (estimate.amount, estimate.subject.ledgers)
        let overage = actual - amount
        let short = concerned.filter { overage > 0 && ledgers[$0].remaining < overage }
        let policy = estimate.policy ?? .allowIfAvailable
        var after = ledgers
        var charged = actual
        if overage > 0, policy == .reject { return .failure(Denial(.exceeded, short.first ?? concerned[0])) }
        if policy == .allowWithOverdraft {
            for place in short where ledgers[place].debt + overage > ledgers[place].overdraftLimit {
                return .failure(Denial(.overLimit, place))
            }
        } else if !short.isEmpty {
            charged = amount + max(0, concerned.map { ledgers[$0].remaining }.min() ?? 0)
        }
        for place in concerned {
            after[place].reserved -= amount
            if short.contains(place), policy == .allowWithOverdraft {
                after[place].spent += amount
                after[place].debt += overage
            } else {
                after[place].spent += charged
                if short.contains(place) { after[place].isOverLimit = true }
            }
        }
        return .success((after, charged))
    }

    /// Why no amount may be reserved for a subject now (runtime digest 3, 7 and 8); nil when it may.
    func denial(_ estimate: BudgetRequest.Estimate) -> Denial? {
        let concerned = estimate.subject.ledgers
        if let place = concerned.first(where: { ledgers[$0].isOverLimit }) { return Denial(.overLimit, place) }
        if let place = concerned.first(where: { ledgers[$0].debt > 0 }) { return Denial(.debt, place) }
        if let place = concerned.first(where: { ledgers[$0].remaining < estimate.amount }) {
            return Denial(.exceeded, place)
        }
        return nil
    }

    /// A ledger after a CREDIT, which repays debt first.
    static func credited(_ ledger: Ledger, _ amount: Int64) -> Ledger {
        var after = ledger
        let repaid = min(amount, ledger.debt)
        after.allocated += amount
        after.debt -= repaid
        after.spent += repaid
        after.isOverLimit = after.debt > after.overdraftLimit
        return after
    }

    /// A refusal by a ledger.
    struct Denial: Error, Hashable, Sendable {
        enum Reason: String, Sendable {
            case exceeded = "BUDGET_EXCEEDED"
            case overLimit = "OVERDRAFT_LIMIT_EXCEEDED"
            case debt = "DEBT_OUTSTANDING"
        }

        let reason: Reason
        let ledger: Int

        init(_ reason: Reason, _ ledger: Int) {
            self.reason = reason
            self.ledger = ledger
        }

        /// As a client is told.
        var outcome: BudgetOutcome {
            .refused(status: 409, code: reason.rawValue, scope: BudgetTree.plots[ledger].scope)
        }
    }

    /// The rows of an answer about a subject.
    static func rows(_ ledgers: [Ledger], of subject: Subject) -> [LedgerRow] {
        subject.ledgers.map { LedgerRow($0, ledgers[$0]) }
    }
}
