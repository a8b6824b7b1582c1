// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import RedisClient
import StrictJSON

/// A whole run: clients that get in each other's way, die and doze, servers that are killed and lose their connections,
/// a Redis that hangs, a worker that sweeps; then everything is given back, and what is left is looked at.
struct LockRun: Sendable {
    /// Steps of all clients between two of a kind.
    private static let (sweepEvery, cutEvery, killEvery, pauseEvery) = (20, 110, 240, 3_000)
    /// Longer than a hold of a second, so that all of them are over when it goes on.
    private static let pauseUs: Int64 = 1_100_000

    private let stack: ModelStack
    private let plan: Run.Plan
    private let park: ResourcePark
    private let redisPauses: Bool
    private let apiKey: String
    /// Where sweeps put what goes wrong.
    private let record: Record
    let journal = LockJournal()

    init(
        _ plan: Run.Plan, on stack: ModelStack, _ credentials: BudgetWire.Credentials, in park: ResourcePark,
        redisPauses: Bool
    ) {
        self.stack = stack
        self.plan = plan
        self.park = park
        self.redisPauses = redisPauses
        apiKey = credentials.apiKey
        record = Record(credentials)
    }

    /// The history, and what sweeps complained of, or kept it from a good end.
    func run() async throws -> (history: LockHistory, troubles: [String]) {
        if !park.resources.isEmpty { try await register() }
        try await work()
        var end = LockHistory.End()
        var troubles: [String] = []
        do {
            try await giveBack()
            end = try await self.end()
        } catch {
            troubles.append("\(error)")
        }
        var history = journal.history
        history.end = end
        return (history, troubles + record.troubles.map(\.description))
    }

    private func register() async throws {
        _ = try await answer(
            .init(
                method: .post, target: "/api/v1/Resource/register", headers: [.apiKey: apiKey],
                body: Array(park.registration.utf8)))
    }

    /// The body of a success, for which a server is asked again while it cannot answer.
    private func answer(_ request: ModelStack.WireRequest) async throws -> JSONValue {
        var text = "no answer"
        for turn in 0..<80 {
            guard let response = await stack.replicas[turn % stack.replicas.count].answer(request) else { continue }
            if response.status == .ok { return try JSONDocument.parse(response.body).root }
            text = "\(response.status) \(String(decoding: response.body, as: UTF8.self))"
            if response.status != .serviceUnavailable { break }
        }
        throw StackFault(description: "\(request.target): \(text)")
    }

    // MARK: Work

    private func work() async throws {
        let (ticks, tick) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let (orphans, orphan) = AsyncStream<LockClient.Orphan>.makeStream()
        try await withThrowingTaskGroup { group in
            group.addTask { try await Sweeps(stack: stack, record: record).run(ticks) }
            group.addTask {
                let undertaker = client(plan.clients, orphan)
                await withDiscardingTaskGroup { burials in
                    for await each in orphans { burials.addTask { await undertaker.bury(each) } }
                }
            }
            try await withThrowingTaskGroup { clients in
                for number in 0..<plan.clients {
                    let workload = LockWorkload(seed: plan.seed, client: number, park: park)
                    clients.addTask {
                        try await client(number, orphan).run(workload, steps: plan.operations) { done in
                            if done.isMultiple(of: Self.sweepEvery) { tick.yield() }
                            try await trouble(done)
                        }
                    }
                }
                try await clients.waitForAll()
            }
            tick.finish()
            orphan.finish()
            try await group.waitForAll()
        }
    }

    private func client(_ number: Int, _ orphans: AsyncStream<LockClient.Orphan>.Continuation) -> LockClient {
        LockClient(stack: stack, journal: journal, apiKey: apiKey, number: number, orphans: orphans)
    }

    /// What goes wrong after so many steps.
    private func trouble(_ done: Int) async throws {
        if done.isMultiple(of: Self.cutEvery) { try await cut() }
        if done % Self.killEvery == Self.killEvery / 2 {
            let replica = stack.replicas[done / Self.killEvery % stack.replicas.count]
            if try await replica.replace() { journal.addKill() }
        }
        if redisPauses, done % Self.pauseEvery == Self.pauseEvery / 2 {
            journal.addPause()
            try await stack.redis.pause()
            try await Alarm.wait(untilUs: MonotonicClock.nowUs() + Self.pauseUs)
            try await stack.redis.resume()
        }
    }

    /// Cuts every connection but the side one.
    private func cut() async throws {
        let beginUs = MonotonicClock.nowUs()
        try await stack.command("CLIENT", "KILL", "TYPE", "normal")
        journal.add(cut: Stretch(beginUs: beginUs, endUs: MonotonicClock.nowUs()))
    }

    // MARK: The end

    /// Half of the requesters give everything back at once; what the others took for a time ends by itself, and they
    /// give back the rest.
    private func giveBack() async throws {
        let (_, orphan) = AsyncStream<LockClient.Orphan>.makeStream()
        let client = client(0, orphan)
        let requesters = journal.requesters
        for (turn, requester) in requesters.enumerated() where turn.isMultiple(of: 2) {
            await client.askUntilKnown(.init(verb: .releaseAll, items: [.init(requester: requester)]), turn: turn)
        }
        try await untilTimesAreOver()
        for (turn, requester) in requesters.enumerated() where !turn.isMultiple(of: 2) {
            await client.askUntilKnown(.init(verb: .releaseAll, items: [.init(requester: requester)]), turn: turn)
        }
    }

    /// Sweeps until nothing is left that ends by itself.
    private func untilTimesAreOver() async throws {
        let active = stack.keyspace.activeHolds(try stack.tenant)
        let limit = ContinuousClock.now + .seconds(30)
        while true {
            try await Sweeps(stack: stack, record: record).finish(within: .seconds(15))
            let count = try await stack.side.send(
                RedisCommand([Array("ZCOUNT".utf8), active, [48], Array("(inf".utf8)]))
            if count.integer == 0 { return }
            guard ContinuousClock.now < limit else { throw StackFault(description: "times to live do not end") }
            try await Alarm.wait(untilUs: MonotonicClock.nowUs() + 20_000)
        }
    }

    private func end() async throws -> LockHistory.End {
        var end = LockHistory.End()
        let tree = ModelStack.WireRequest(
            method: .get, target: "/api/v1/Resource/tree", headers: [.apiKey: apiKey])
        try Self.collect(try await answer(tree), into: &end.nodes)
        guard end.nodes.count == park.resources.count else { throw StackFault(description: "nodes are missing") }
        let tenantKey = String(decoding: stack.keyspace.tenant(try stack.tenant), as: UTF8.self)
        let keys = try await stack.command("KEYS", tenantKey + ":*").array?.compactMap(\.text) ?? []
        end.keys = keys.sorted().filter { key in
            let kind = key.dropFirst(tenantKey.count + 1)
            return kind == "act" || ["k:", "ph:", "pb:", "bl:", "an:", "q:"].contains { kind.hasPrefix($0) }
        }
        return end
    }

    private static func collect(_ nodes: JSONValue, into list: inout [LockHistory.End.Node]) throws {
        for node in nodes.elements {
            list.append(
                .init(
                    name: try node.text("name"), capacity: try node.integer("capacity"),
                    available: try node.integer("available")))
            try collect(try node.need("children"), into: &list)
        }
    }
}
