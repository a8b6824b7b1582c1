// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Synchronization

/// What all clients of a run share: the history, and a short memory of what is worth interfering with.
final class Record: Sendable {
    /// A reservation that somebody was told of.
    struct Known: Hashable, Sendable {
        let id: String
        let amount: Int64
        let subject: Subject
        /// When it was to expire at first, and when its grace ends then.
        let expiresMs: Int64
        let deadlineMs: Int64
    }

    /// What a client may look at when it makes up its mind.
    struct Memory: Sendable {
        /// The latest, oldest first.
        var reservations: [Known] = []
        /// Short-lived ones, soonest deadline first or nearly so.
        var dying: [Known] = []
        var keyed: [BudgetRequest] = []
        /// Release tokens of locks, used up or not.
        var tokens: [(name: String, token: String)] = []
        /// Ledgers that lately had no room.
        var short: [Int] = []
        /// Requests that a rate limit refused.
        var limited: [BudgetRequest] = []
        /// The numbers that ledgers were last seen with.
        var ledgers: [Int: Ledger] = [:]
        /// How many reservations there are.
        var made = 0
    }

    private struct State {
        var history = History()
        var memory = Memory()
        var apiKeys: [String] = []
        var troubles: [Finding] = []
        var cuts = 0
        var kills = 0
        var done = 0
    }

    private let state = Mutex(State())

    private let policyIDs: [String]

    init(_ credentials: BudgetWire.Credentials) {
        policyIDs = credentials.policyIDs
        state.withLock { $0.apiKeys = [credentials.apiKey] }
    }

    var history: History { state.withLock { $0.history } }
    var memory: Memory { state.withLock { $0.memory } }
    var kills: Int { state.withLock { $0.kills } }

    /// One of the API keys, and what else requests are made of.
    func credentials(_ turn: Int) -> BudgetWire.Credentials {
        let apiKey = state.withLock { $0.apiKeys[turn % $0.apiKeys.count] }
        return BudgetWire.Credentials(apiKey: apiKey, policyIDs: policyIDs)
    }
    var troubles: [Finding] { state.withLock { $0.troubles } }
    var cuts: Int { state.withLock { $0.cuts } }

    func add(apiKey: String) { state.withLock { $0.apiKeys.append(apiKey) } }

    func add(_ finding: Finding) { state.withLock { $0.troubles.append(finding) } }

    func addCut() { state.withLock { $0.cuts += 1 } }

    func addKill() { state.withLock { $0.kills += 1 } }

    func add(_ walk: Walk) { state.withLock { $0.history.walks.append(walk) } }

    /// Counts an operation; its number, from 1.
    func count() -> Int {
        state.withLock {
            $0.done += 1
            return $0.done
        }
    }

    func add(_ call: BudgetCall) {
        state.withLock { state in
            state.history.budgetCalls.append(call)
            if call.request.keyName != nil { Self.push(call.request, on: &state.memory.keyed, most: 80) }
            for row in call.answer?.outcome.rows ?? [] { state.memory.ledgers[row.ledger] = row.numbers }
            switch (call.request, call.answer?.outcome) {
            case (_, .refused(429, _, _)?): Self.push(call.request, on: &state.memory.limited, most: 8)
            case (.reserve(let estimate, _), .reserved(let new)?):
                state.memory.made += 1
                state.memory.limited.removeAll { $0 == call.request }
                let known = Known(
                    id: new.id, amount: estimate.amount, subject: estimate.subject, expiresMs: new.expiresMs,
                    deadlineMs: new.expiresMs + estimate.graceMs)
                Self.push(known, on: &state.memory.reservations, most: 32)
                if new.expiresMs - new.createdMs <= 1_500 { Self.push(known, on: &state.memory.dying, most: 300) }
            case (.reserve, .refused(_, _, let scope?)?):
                if let ledger = BudgetTree.ledger(of: scope) { Self.push(ledger, on: &state.memory.short, most: 8) }
            case (.commit(let id, _, _), .committed?), (.release(let id, _, _), .released?):
                state.memory.limited.removeAll { $0 == call.request }
                // Most are done with then; the rest go on being asked about.
                guard !state.history.budgetCalls.count.isMultiple(of: 10) else { break }
                state.memory.reservations.removeAll { $0.id == id }
                state.memory.dying.removeAll { $0.id == id }
            case (.fund(let ledger, _, _), .funded?): state.memory.short.removeAll { $0 == ledger }
            default: break
            }
        }
    }

    func add(_ call: LockCall) {
        state.withLock { state in
            state.history.lockCalls.append(call)
            if case .acquire(_, let name, _) = call.request, case .acquired(let hold)? = call.answer {
                Self.push((name, hold.token), on: &state.memory.tokens, most: 16)
            }
        }
    }

    private static func push<Element>(_ element: Element, on list: inout [Element], most: Int) {
        if list.count == most { list.removeFirst() }
        list.append(element)
    }
}
