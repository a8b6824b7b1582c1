// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import RedisClient
import SharedKernel

/// A whole run: clients and sweeps at once, then quiet, then a look at everything that is left.
struct Run: Sendable {
    /// How large a run is, and what it is derived from.
    struct Plan: Sendable {
        var seed: UInt64
        var operations: Int
        var clients = 16
        /// New API keys made while the clients work, each with a change that puts what servers have cached out of date.
        var newKeys = 0

        /// The plan of the environment: `SEED` and `OPERATIONS`, or a seed of chance and as many as asked for.
        static func environment(operations: Int) -> Plan {
            let environment = ProcessInfo.processInfo.environment
            let seed = environment["SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999_999)
            return Plan(seed: seed, operations: environment["OPERATIONS"].flatMap { Int($0) } ?? operations)
        }
    }

    /// What a run has left for the auditor.
    struct Result: Sendable {
        var history: History
        var final: FinalState
        /// Found while the run went on.
        var troubles: [Finding]
        var cuts: Int
        var kills: Int
    }

    private let stack: ModelStack
    private let plan: Plan
    private let record: Record
    private let client: Client

    init(_ plan: Plan, on stack: ModelStack, _ credentials: BudgetWire.Credentials) {
        self.stack = stack
        self.plan = plan
        record = Record(credentials)
        client = Client(stack: stack, record: record)
    }

    func run() async throws -> Result {
        try await work()
        try await settleDown()
        let reservations = await lookAtReservations()
        let aftermath = Aftermath(client: client, record: record, seed: plan.seed)
        await aftermath.probe(reservations)
        await aftermath.walk(through: reservations.count)
        let final = try await finalState(reservations)
        return Result(
            history: record.history, final: final, troubles: record.troubles, cuts: record.cuts, kills: record.kills)
    }

    // MARK: Work

    /// All clients, and a sweep every few operations.
    private func work() async throws {
        let (ticks, tick) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let keyEvery = plan.newKeys == 0 ? Int.max : plan.operations / (plan.newKeys + 1)
        try await withThrowingTaskGroup { group in
            group.addTask { try await Sweeps(stack: stack, record: record).run(ticks) }
            try await withThrowingTaskGroup { clients in
                for number in 0..<plan.clients {
                    let workload = Workload(seed: plan.seed, client: number)
                    let steps = plan.operations / plan.clients
                    clients.addTask {
                        try await client.run(workload, steps: steps) { done in
                            if done.isMultiple(of: 40) { tick.yield() }
                            if done.isMultiple(of: keyEvery) {
                                record.add(apiKey: try await stack.makeKey())
                                try await stack.changeTenant(done)
                            }
                        }
                    }
                }
                try await clients.waitForAll()
            }
            tick.finish()
            try await group.waitForAll()
        }
    }

    // MARK: Quiet

    /// Waits until what was to be short-lived is over, and sweeps it.
    private func settleDown() async throws {
        let overMs = shortLivedUntilMs()
        let limit = ContinuousClock.now + .seconds(15)
        while try await redisTimeMs() <= overMs {
            guard ContinuousClock.now < limit else { throw StackFault(description: "short lives do not end") }
            await Task.yield()
        }
        try await Sweeps(stack: stack, record: record).finish(within: .seconds(60))
    }

    /// The last deadline of reservations and locks that were taken for a second or so, ms.
    private func shortLivedUntilMs() -> Int64 {
        var latestMs: Int64 = 0
        var graceMs: [String: Int64] = [:]
        let history = record.history
        for call in history.budgetCalls {
            guard case .reserve(let estimate, _) = call.request, case .reserved(let new)? = call.answer?.outcome,
                new.expiresMs - new.createdMs <= 1_500
            else { continue }
            graceMs[new.id] = estimate.graceMs
            latestMs = max(latestMs, new.expiresMs + estimate.graceMs)
        }
        for call in history.budgetCalls {
            guard case .extend(let id, _, _) = call.request, case .extended(let expiresMs)? = call.answer?.outcome,
                let grace = graceMs[id]
            else { continue }
            latestMs = max(latestMs, expiresMs + grace)
        }
        for call in history.lockCalls {
            guard case .acquired(let hold)? = call.answer, let expiresMs = hold.expiresMs else { continue }
            latestMs = max(latestMs, expiresMs)
        }
        return latestMs
    }

    private func redisTimeMs() async throws -> Int64 {
        let parts = try await stack.command("TIME").array?.compactMap { $0.text.flatMap { Int64($0) } } ?? []
        guard parts.count == 2 else { throw StackFault(description: "TIME") }
        return parts[0] * 1_000 + parts[1] / 1_000
    }

    // MARK: What is left

    /// GETs every reservation that anybody was told of.
    private func lookAtReservations() async -> [String: FinalState.Reservation] {
        var ids: Set<String> = []
        for call in record.history.budgetCalls {
            if case .reserved(let new)? = call.answer?.outcome { ids.insert(new.id) }
        }
        let ordered = ids.sorted()
        return await withTaskGroup(of: [String: FinalState.Reservation].self) { group in
            for part in 0..<plan.clients {
                group.addTask {
                    var found: [String: FinalState.Reservation] = [:]
                    for index in stride(from: part, to: ordered.count, by: plan.clients) {
                        let answer = await client.send(.look(reservation: ordered[index]), turn: index)
                        found[ordered[index]] = Self.reservation(answer?.outcome)
                    }
                    return found
                }
            }
            return await group.reduce(into: [:]) { $0.merge($1) { one, _ in one } }
        }
    }

    private static func reservation(_ outcome: BudgetOutcome?) -> FinalState.Reservation {
        switch outcome {
        case .found(let found):
            switch (found.status, found.committed) {
            case ("ACTIVE", nil): FinalState.Reservation(phase: .active)
            case ("RELEASED", nil): FinalState.Reservation(phase: .released, finalizedMs: found.finalizedMs)
            case ("COMMITTED", let charged?):
                FinalState.Reservation(phase: .committed(charged: charged), finalizedMs: found.finalizedMs)
            default: FinalState.Reservation(phase: .odd("\(found)"))
            }
        case .refused(410, "RESERVATION_EXPIRED", _): FinalState.Reservation(phase: .expired)
        default: FinalState.Reservation(phase: .odd(outcome.map { "\($0)" } ?? "no answer"))
        }
    }

    /// Reads Redis itself.
    private func finalState(_ reservations: [String: FinalState.Reservation]) async throws -> FinalState {
        let tenant = try stack.tenant
        var ledgers: [Ledger] = []
        var frozen: Set<Int> = []
        for (ledger, plot) in BudgetTree.plots.enumerated() {
            // T is the letter of TOKENS.
            let key = stack.keyspace.ledger(tenant, unitLetter: UInt8(ascii: "T"), path: Array(plot.scope.utf8))
            let text = try await stack.text(key) ?? ""
            let words = text.split(separator: " ")
            let numbers = words.dropLast().compactMap { Int64($0) }
            guard numbers.count == 5, let flags = words.last else { throw StackFault(description: "ledger: \(text)") }
            if flags.utf8.contains(UInt8(ascii: "F")) { frozen.insert(ledger) }
            ledgers.append(
                Ledger(
                    allocated: numbers[0], reserved: numbers[1], spent: numbers[2], debt: numbers[3],
                    overdraftLimit: numbers[4], isOverLimit: flags.utf8.contains(UInt8(ascii: "O"))))
        }
        let due = try await stack.side.send(RedisCommand([Array("ZCARD".utf8), stack.keyspace.budgetDue(tenant)]))
        var holds: [String: String] = [:]
        for name in Workload.lockNames {
            holds[name] = try await stack.text(stack.keyspace.hold(tenant, name: Array(name.utf8)))
        }
        return FinalState(
            ledgers: ledgers, reservations: reservations, liveCount: Int(due.integer ?? -1),
            readMs: try await redisTimeMs(), holds: holds, frozen: frozen)
    }
}
