// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import RedisClient
import SharedKernel
import Synchronization
import Testing
import Verification
import Webhooks

@Suite("Events and deliveries of an installation")
struct WebhookStateTests {
    @Test("events, subscriptions and deliveries in every state are sound, those of the operator too, and are counted")
    func soundStateIsClean() async throws {
        try await Installation.with { store in
            let system = HookOwner(.system, in: store)
            try await system.subscribe("whsub_o", HookOwner.terms(["budget.created", "system.high_latency"]))
            var owners = [system]
            for name in ["acme", "beta", "gamma", "delta", "epsilon"] {
                let actor = try await Actor(name, in: store)
                owners.append(actor.hooks)
                try await actor.hooks.subscribe("whsub_\(name)", HookOwner.terms(["budget.created"]))
                try await actor.hooks.subscribe(
                    "whsub_\(name)_strict", HookOwner.terms(["budget.created"]) { $0.isStrictlyOrdered = true })
                for subscription in ["whsub_\(name)_paused", "whsub_\(name)_gone"] {
                    try await actor.hooks.subscribe(subscription, HookOwner.terms(["budget.created"]))
                }
                for index in 0..<6 { try await actor.open(actor.path("agent:a\(index)")) }
                try await actor.hooks.tellSystem("disk")
            }
            for owner in owners.dropFirst() { try await owner.relay(to: owners) }
            for owner in owners.dropFirst() {
                let name = owner.id.description
                try await owner.set("whsub_\(name)_paused", .paused)
                try await owner.delete("whsub_\(name)_gone")
            }
            let queued = try await store.verify()
            #expect(queued.isClean, "\(queued.violations)")
            #expect(queued.counts.subscriptions == 16)
            // Six budgets to four subscriptions of five tenants, and to the operator's with five events of the system.
            #expect(queued.counts.deliveries == 5 * 6 * 4 + 5 * 6 + 5)
            // The tenant, four subscriptions, six budgets, the system's event, a pause and a deletion of each of five
            // tenants, and the operator's subscription.
            #expect(queued.counts.events == 5 * (1 + 4 + 6 + 1 + 2) + 1)
            // One to be tried again, one delivered, one failed for good, and the rest under way or waiting.
            for verdict: DeliveryVerdict in [.retry(delayMs: 3_000_000), .delivered, .failed] {
                for owner in owners {
                    for delivery in try await owner.claim() { try await owner.finish(delivery, verdict) }
                }
                let report = try await store.verify()
                #expect(report.isClean, "\(verdict): \(report.violations)")
            }
            for owner in owners { _ = try await owner.claim() }
            let waiting = Keyspace.waitingLanes(of: "whsub_o".bytes, in: system.shard)
            #expect(try await store.redis("ZCARD".bytes, waiting).integer ?? 0 >= 1, "a lane waits for its turn")
            let report = try await store.verify()
            #expect(report.isClean, "\(report.violations)")
            #expect(report.counts.deliveries == queued.counts.deliveries)
        }
    }

    @Test("what subscriptions ask for is sound when it is shared, spread, and taken back")
    func asksAreSound() async throws {
        try await Installation.with { store in
            let acme = try await Actor("acme", in: store).hooks
            let types = ["budget.threshold_crossed", "budget.burn_rate_anomaly", "custom.resource.reserved"]
            let terms = HookOwner.terms(types) {
                var thresholds = AlertThresholds()
                thresholds.budgetUtilization = [0.5, 0.8]
                $0.thresholds = thresholds
            }
            try await acme.subscribe("whsub_1", terms)
            try await acme.subscribe("whsub_2", HookOwner.terms(types))
            try await acme.spread(SubscriptionAsks(terms, status: .active))
            try await HookOwner(.system, in: store).subscribe("whsub_3", terms)
            #expect(try await store.verify().isClean)
            try await acme.set("whsub_1", .paused)
            #expect(try await store.verify().isClean)
            try await acme.delete("whsub_2")
            try await acme.spread(SubscriptionAsks(terms, status: .paused))
            let report = try await store.verify()
            #expect(report.isClean, "\(report.violations)")
        }
    }

    @Test("a lane whose deliveries have ended by age, and a lease that nobody took over, are no violations")
    func whatIsOverdueIsSound() async throws {
        try await Installation.with { store in
            let actor = try await Actor("acme", in: store)
            let acme = actor.hooks
            try await acme.subscribe("whsub_1", HookOwner.terms(["budget.created"]))
            for index in 0..<3 { try await actor.open(actor.path("agent:a\(index)")) }
            try await acme.relay(to: [acme])
            #expect(try await acme.claim(leaseMs: 1).count == 1)
            let overdue = try await store.verify()
            #expect(overdue.isClean, "\(overdue.violations)")
            // Two weeks later: the deliveries are gone, the lane still names them.
            let lane = Keyspace.lane("whsub_1:acme".bytes, in: acme.shard)
            let list = Keyspace.deliveries(of: "whsub_1".bytes, in: acme.shard)
            for event in try await acme.events("budget.created") {
                let id = acme.delivery(of: event, to: "whsub_1")
                try await store.redis("DEL".bytes, Keyspace.delivery(acme.shard, id: id))
                try await store.redis("ZADD".bytes, lane, "1000".bytes, id)
                try await store.redis("ZADD".bytes, list, "1".bytes, id)
            }
            let report = try await store.verify()
            #expect(report.isClean, "\(report.violations)")
        }
    }

    @Test("more events and deliveries than a page holds are all looked at")
    func pagesAreWalked() async throws {
        try await Installation.with { store in
            let actor = try await Actor("acme", in: store)
            let acme = actor.hooks
            try await acme.subscribe("whsub_1", HookOwner.terms(["budget.created"]))
            for index in 0..<1_130 { try await actor.open(actor.path("agent:a\(index)")) }
            try await acme.relay(to: [acme])
            let clean = try await store.verify()
            #expect(clean.isClean, "\(clean.violations)")
            #expect(clean.counts.events == 1_132)
            #expect(clean.counts.deliveries == 1_130)
            let events = try await acme.events("budget.created")
            for index in [499, 500, 1_129] {
                let digits = String(events[index].sequence).bytes
                try await store.redis("DEL".bytes, Keyspace.event(acme.shard, sequence: digits))
                try await store.redis(
                    "ZREM".bytes, Keyspace.lane("whsub_1:acme".bytes, in: acme.shard),
                    acme.delivery(of: events[index], to: "whsub_1"))
            }
            let report = try await store.verify()
            #expect(Set(report.violations.map(\.invariant)) == [.indexed, .onePlace])
            #expect(report.violations.count == 6, "\(report.violations)")
        }
    }

    @Test("deliveries that move on during the check never look like violations")
    func noFalseAlarms() async throws {
        try await Installation.with { store in
            let system = HookOwner(.system, in: store)
            try await system.subscribe("whsub_o", HookOwner.terms(["budget.created"]))
            var actors: [Actor] = []
            for name in ["acme", "beta", "gamma"] {
                let actor = try await Actor(name, in: store)
                try await actor.hooks.subscribe("whsub_\(name)", HookOwner.terms(["budget.created"]))
                try await actor.hooks.subscribe(
                    "whsub_\(name)_strict", HookOwner.terms(["budget.created"]) { $0.isStrictlyOrdered = true })
                actors.append(actor)
            }
            let goesOn = Flag(true)
            let delivered = Counter()
            // Events that each tenant may have made: each check sees some more of them on their way.
            let allowed = Counter()
            allowed.value.store(40, ordering: .relaxed)
            try await withThrowingTaskGroup { group in
                for actor in actors {
                    group.addTask {
                        var turn = 0
                        while goesOn.value.load(ordering: .relaxed) {
                            guard turn < allowed.value.load(ordering: .relaxed) else {
                                await Task.yield()
                                continue
                            }
                            turn += 1
                            try await actor.open(actor.path("agent:a\(turn)"))
                            try await actor.hooks.relay(to: [actor.hooks, system])
                        }
                    }
                }
                for owner in actors.map(\.hooks) + [system] {
                    for _ in 0..<2 {
                        group.addTask {
                            var turn = 0
                            while goesOn.value.load(ordering: .relaxed) {
                                for delivery in try await owner.claim(3) {
                                    turn += 1
                                    try await owner.finish(
                                        delivery, turn % 5 == 0 ? .retry(delayMs: 20) : .delivered)
                                    delivered.value.wrappingAdd(1, ordering: .relaxed)
                                }
                            }
                        }
                    }
                }
                while delivered.value.load(ordering: .relaxed) < 100 { await Task.yield() }
                do {
                    for _ in 0..<4 {
                        allowed.value.wrappingAdd(60, ordering: .relaxed)
                        let before = delivered.value.load(ordering: .relaxed)
                        let report = try await store.verify()
                        #expect(report.isClean, "\(report.violations)")
                        #expect(delivered.value.load(ordering: .relaxed) > before, "the traffic went on meanwhile")
                    }
                } catch {
                    goesOn.value.store(false, ordering: .relaxed)
                    throw error
                }
                goesOn.value.store(false, ordering: .relaxed)
                try await group.waitForAll()
            }
            let report = try await store.verify()
            #expect(report.isClean, "\(report.violations)")
        }
    }

    private final class Flag: Sendable {
        let value: Atomic<Bool>
        init(_ value: Bool) { self.value = Atomic(value) }
    }

    private final class Counter: Sendable {
        let value = Atomic(0)
    }
}
