// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport

/// Makes up what one client does next. Few ledgers, few names and short memories, so that clients get in each other's
/// way all the time. The same seed gives the same decisions as far as the answers and their times are the same.
struct Workload {
    /// One step of a client.
    enum Operation {
        case budget(BudgetRequest)
        /// The same, not before a time, µs.
        case budgetAt(BudgetRequest, us: Int64)
        /// Several requests at once, from as many tasks; not before a time, µs.
        case together([BudgetRequest], us: Int64 = 0)
        /// Requests while a ledger is frozen.
        case frozen(ledger: Int, [BudgetRequest])
        case walk(Walk.Query)
        case locks([LockRequest])
        /// SCRIPT FLUSH: Redis forgets every script.
        case forgetScripts
        /// Every connection to Redis is cut, so many times, also in the middle of calls.
        case cutConnections(Int)
        /// The same, and none comes back for a while.
        case shutOut
        /// A server dies in the middle of what it does, and another one takes its place.
        case killServer(Int)
    }

    static let lockNames = ["alpha", "beta", "gamma"]

    let client: Int
    private var random: SeededGenerator
    private var keyNumber = 0

    init(seed: UInt64, client: Int) {
        self.client = client
        random = SeededGenerator(seed: seed &+ UInt64(client) &* 0x2545_F491_4F6C_DD1D)
    }

    /// Who asks for locks.
    var requester: String { "client-\(client)" }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    mutating func freshKey() -> String {
        keyNumber += 1
        return "c\(client)-\(keyNumber)"
    }

    /// The next step, given what is known and which locks this client holds.
    mutating func next(_ memory: Record.Memory, holding held: [String: LockAnswer.Hold]) -> Operation {
        if !memory.short.isEmpty, chance(15) { return .budget(credit(memory)) }
        if chance(20), let dash = dash(memory) { return dash }
        // One writer: a policy's terms are then what was written last, however often it had to be sent.
        if client == 0, chance(12) { return .budget(setPolicy()) }
        switch below(1_000) {
        case ..<4: return .forgetScripts
        case ..<9: return .cutConnections(1 + below(3))
        case ..<10: return .shutOut
        case ..<14: return .killServer(below(1_000))
        case ..<18: return walk(memory)
        case ..<22: return freeze(memory)
        case ..<170: return .locks(locks(memory, held))
        case ..<220: return .budget(replay(memory))
        case ..<245: return .budget(mismatch(memory))
        case ..<270:
            let request = below(3) == 0 ? reserve() : replay(memory)
            return .together([request, request])
        case ..<335: return race(memory)
        case ..<375: return .budget(look(memory))
        case ..<410: return .budget(.balances)
        case ..<460: return .budget(fund(memory))
        case ..<540: return .budget(preview())
        case ..<630: return .budget(charge())
        case ..<800: return .budget(reserve())
        default: return .budget(settle(memory))
        }
    }

    // MARK: Budgets

    mutating func reserve() -> BudgetRequest { .reserve(estimate(), key: freshKey()) }

    private mutating func subject() -> Subject {
        let subjects: [Subject] = [.tenant, .prod, .test, .ada, .ada, .ada, .bob, .bob, .bob, .eve]
        return subjects[below(subjects.count)]
    }

    private mutating func amount() -> Int64 {
        switch below(40) {
        case 0: 0
        case 1: 10_000_000
        case 2: 8_000 + Int64(below(8_000))
        default: 1 + Int64(below(1_500))
        }
    }

    /// Short-lived or, beyond the end of any run, long-lived; or as long as a policy says.
    private mutating func estimate() -> BudgetRequest.Estimate {
        let isShort = chance(60)
        let subject = subject()
        let ttlMs: Int64? = chance(8) ? nil : isShort ? 1_000 : 3_000_000
        return .init(
            subject: subject, amount: amount(), ttlMs: ttlMs,
            graceMs: isShort ? Int64(below(201)) : Int64(below(5_001)), policy: policy(for: subject))
    }

    /// What would be, without doing it.
    private mutating func preview() -> BudgetRequest {
        if chance(50) { return .decide(subject(), amount: amount(), key: freshKey()) }
        var estimate = estimate()
        estimate.isDryRun = true
        return .reserve(estimate, key: freshKey())
    }

    /// Like overages, often by what only an overdraft can pay.
    mutating func charge(_ subject: Subject? = nil) -> BudgetRequest {
        let subject = subject ?? self.subject()
        let amount: Int64 =
            switch below(12) {
            case 0: 0
            case 1: 30_000 + Int64(below(40_000))
            case 2: 10_000_000
            case 3...5 where subject == .bob: 2_000 + Int64(below(4_000))
            default: 1 + Int64(below(700))
            }
        return .charge(.init(subject: subject, amount: amount, policy: policy(for: subject)), key: freshKey())
    }

    private mutating func policy(for subject: Subject) -> BudgetRequest.Policy? {
        if subject == .bob, chance(75) { return .allowWithOverdraft }
        return [nil, nil, .reject, .allowIfAvailable, .allowWithOverdraft, .allowWithOverdraft][below(6)]
    }

    private mutating func settle(_ memory: Record.Memory) -> BudgetRequest {
        guard let known = pick(memory) else { return reserve() }
        return switch below(10) {
        case ..<4: commit(known)
        case ..<6: release(known)
        default: extend(known)
        }
    }

    /// Under the estimate, equal to it, or over it by a little or a lot; often by what only an overdraft can pay.
    private mutating func commit(_ known: Record.Known) -> BudgetRequest {
        let overage = known.subject == .bob ? 4_500 : 1_200
        let actual: Int64 =
            switch below(8) {
            case ..<3: known.amount == 0 ? 0 : Int64(below(Int(known.amount)))
            case 3: known.amount
            case ..<7: known.amount + 1 + Int64(below(overage))
            default: known.amount + 1 + Int64(below(40_000))
            }
        return .commit(reservation: known.id, actual: actual, key: freshKey())
    }

    private mutating func release(_ known: Record.Known) -> BudgetRequest {
        .release(reservation: known.id, reason: "reason \(below(5))", key: freshKey())
    }

    private mutating func extend(_ known: Record.Known) -> BudgetRequest {
        .extend(reservation: known.id, byMs: 1 + Int64(below(300)), key: freshKey())
    }

    private mutating func look(_ memory: Record.Memory) -> BudgetRequest {
        pick(memory).map { .look(reservation: $0.id) } ?? .balances
    }

    /// A recent reservation or, quite often, one that is just about to expire or to run out of grace.
    private mutating func pick(_ memory: Record.Memory) -> Record.Known? {
        let nowMs = WallClock.nowUs() / 1_000
        let dying = memory.dying.filter { $0.expiresMs - 20 <= nowMs && nowMs <= $0.deadlineMs + 20 }
        if !dying.isEmpty, chance(50) { return dying[below(dying.count)] }
        return memory.reservations.isEmpty ? nil : memory.reservations[below(memory.reservations.count)]
    }

    /// Two to five tasks do different things to one reservation, or book in its ledgers besides; some of them when its
    /// time is up, so that a sweep takes part.
    private mutating func race(_ memory: Record.Memory) -> Operation {
        guard let known = pick(memory) else { return .budget(reserve()) }
        let (commit, release, extend) = (commit(known), release(known), extend(known))
        let rivals = [
            [commit, release], [commit, extend], [release, extend], [commit, release, extend],
            [commit, self.commit(known)], [commit, charge(known.subject)],
            [charge(known.subject), commit, charge(known.subject), release],
            [commit, release, extend, self.release(known), self.extend(known)],
        ]
        return .together(rivals[below(rivals.count)])
    }

    /// A request that arrives at the very end of a reservation's time, or of its grace: a ms earlier or later.
    private mutating func dash(_ memory: Record.Memory) -> Operation? {
        let soonMs = WallClock.nowUs() / 1_000...WallClock.nowUs() / 1_000 + 15
        let extends = chance(30)
        guard let known = memory.dying.first(where: { soonMs.contains(extends ? $0.expiresMs : $0.deadlineMs) }) else {
            return nil
        }
        let endMs = extends ? known.expiresMs : known.deadlineMs
        let us = endMs * 1_000 - 500 + Int64(below(2_000))
        if chance(30) { return .together([commit(known), release(known), extend(known), .balances], us: us) }
        return .budgetAt(extends ? extend(known) : chance(60) ? commit(known) : release(known), us: us)
    }

    /// The same request again, whatever came of it.
    private mutating func replay(_ memory: Record.Memory) -> BudgetRequest {
        // What a rate limit refused may be granted in another minute, or under other terms.
        if !memory.limited.isEmpty, chance(50) { return memory.limited[below(memory.limited.count)] }
        return memory.keyed.isEmpty ? reserve() : memory.keyed[below(memory.keyed.count)]
    }

    /// The same key with something else.
    private mutating func mismatch(_ memory: Record.Memory) -> BudgetRequest {
        switch replay(memory) {
        case .reserve(var estimate, let key):
            if chance(50) { estimate.isDryRun.toggle() } else { estimate.amount += 1 }
            return .reserve(estimate, key: key)
        case .commit(let id, let actual, let key): return .commit(reservation: id, actual: actual + 1, key: key)
        case .release(let id, let reason, let key):
            return .release(reservation: id, reason: reason + "!", key: key)
        case .extend(let id, let byMs, let key): return .extend(reservation: id, byMs: byMs + 1, key: key)
        case .decide(let subject, let amount, let key): return .decide(subject, amount: amount + 1, key: key)
        case .charge(var charge, let key):
            charge.amount += 1
            return .charge(charge, key: key)
        case .fund(let ledger, let funding, let key):
            return .fund(ledger: ledger, funding.with(amount: funding.amount + 1), key: key)
        case .look, .balances, .freeze, .setPolicy: return .balances
        }
    }

    // MARK: Locks

    private mutating func locks(_ memory: Record.Memory, _ held: [String: LockAnswer.Hold]) -> [LockRequest] {
        let mine = held.keys.sorted()
        let name = mine.isEmpty || chance(20) ? Self.lockNames[below(Self.lockNames.count)] : mine[below(mine.count)]
        if let hold = held[name], chance(75) {
            let other = Self.lockNames.first { $0 != name && held[$0] != nil }
            let mine = LockRequest.release(requester: requester, name: name, token: hold.token)
            guard let other, let second = held[other], chance(40) else { return [mine] }
            return [mine, .release(requester: requester, name: other, token: second.token)]
        }
        switch below(10) {
        case ..<6:
            let ttlSeconds: Int64? = chance(35) ? 1 : nil
            let mine = LockRequest.acquire(requester: requester, name: name, ttlSeconds: ttlSeconds)
            guard let other = Self.lockNames.first(where: { $0 != name }), chance(25) else { return [mine] }
            return [mine, .acquire(requester: requester, name: other, ttlSeconds: 1)]
        case ..<8: return [.check(name: name)]
        default: return [stale(name, memory)]
        }
    }

    /// A release with a token that was good once, or is somebody else's.
    private mutating func stale(_ name: String, _ memory: Record.Memory) -> LockRequest {
        guard !memory.tokens.isEmpty else {
            return .release(requester: requester, name: name, token: "00000000-0000-4000-8000-000000000000")
        }
        let old = memory.tokens[below(memory.tokens.count)]
        return .release(requester: requester, name: chance(80) ? old.name : name, token: old.token)
    }
}
