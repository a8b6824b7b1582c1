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
        /// What happens to overage, and how often it may be extended: settled when it is made.
        var policy: BudgetRequest.Policy
        var extensionsMax: Int
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
        var frozen: (ledger: Int, isFrozen: Bool)?
        var terms: (policy: Int, value: Terms)?
        var counted: Counting?

        var isEmpty: Bool { kept == nil && isPrivate }

        /// Whether it is nothing but an answer that is kept, which only calls of the same key can notice.
        var isPrivate: Bool {
            ledgers == nil && reservation == nil && frozen == nil && terms == nil && counted == nil
        }
    }

    /// The terms of a policy, and since when.
    struct Terms: Hashable, Sendable {
        var rules = PolicyRules()
        var sinceMs: Int64 = 0
    }

    /// What rate limits have to count, or perhaps have to.
    struct Counting: Sendable {
        var counts: [Count]
        var isDoubtful: Bool
    }

    /// What is counted under a policy with a rate limit.
    struct Count: Hashable, Sendable {
        var policy: Int
        var isCommit: Bool
        /// Of the epoch.
        var minute: Int64
    }

    /// What was there before an effect.
    struct Undo: Sendable {
        fileprivate var ledgers: [Ledger]?
        fileprivate var reservations: [(id: String, value: Reservation?)] = []
        fileprivate var kept: (name: String, value: Kept?)?
        fileprivate var frozen: Set<Int>?
        fileprivate var terms: [Terms]?
        fileprivate var counted: Counting?
    }

    private struct Due: Hashable {
        let deadlineMs: Int64
        let id: String
    }

    private(set) var ledgers: [Ledger]
    private(set) var reservations: [String: Reservation] = [:]
    private(set) var frozen: Set<Int> = []
    /// Of ``BudgetTree/policies``.
    private(set) var policies = BudgetTree.policies.map { _ in Terms() }
    /// Reservations and commits under a policy with a rate limit.
    private(set) var counts: [Count: Int64] = [:]
    /// Those that were counted or not: of a ms in which a policy changed.
    private(set) var doubts: [Count: Int64] = [:]
    /// When policies change, ms. What comes of the order within such a ms may show only at the end of a minute.
    private let changesMs: Set<Int64>
    /// What took effect and is not kept with a reservation, by the name of its key.
    private(set) var kept: [String: Kept] = [:]
    /// Active reservations, earliest deadline first.
    private var due: [Due] = []
    /// Extensions one reservation may have where no policy says.
    let extensionsMax: Int

    init(_ ledgers: [Ledger], extensionsMax: Int, changesMs: Set<Int64> = []) {
        self.changesMs = changesMs
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
        if let (ledger, isFrozen) = effect.frozen {
            undo.frozen = frozen
            if isFrozen { frozen.insert(ledger) } else { frozen.remove(ledger) }
        }
        if let (policy, value) = effect.terms {
            undo.terms = policies
            policies[policy] = value
        }
        if let counting = effect.counted {
            undo.counted = counting
            count(counting, by: 1)
        }
        return undo
    }

    /// Takes a change back; changes are taken back in the opposite order.
    mutating func revert(_ undo: Undo) {
        if let before = undo.ledgers { ledgers = before }
        for (id, value) in undo.reservations.reversed() { set(value, id) }
        if let (name, value) = undo.kept { kept[name] = value }
        if let before = undo.frozen { frozen = before }
        if let before = undo.terms { policies = before }
        if let counting = undo.counted { count(counting, by: -1) }
    }

    private mutating func count(_ counting: Counting, by difference: Int64) {
        for count in counting.counts {
            if counting.isDoubtful {
                doubts[count, default: 0] += difference
            } else {
                counts[count, default: 0] += difference
            }
        }
    }

    /// What a reservation or commit of a time counts as.
    func counting(_ subject: Subject, isCommit: Bool, atMs: Int64) -> Counting? {
        let policies: [Int]
        let isDoubtful = changesMs.contains(atMs)
        if isDoubtful {
            policies = BudgetTree.policies.indices.filter { BudgetTree.policies[$0].subjects.contains(subject) }
        } else {
            policies = limit(of: subject, isCommit: isCommit).map { [$0.policy] } ?? []
        }
        guard !policies.isEmpty else { return nil }
        let minute = atMs / 60_000
        return Counting(
            counts: policies.map { Count(policy: $0, isCommit: isCommit, minute: minute) }, isDoubtful: isDoubtful)
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
