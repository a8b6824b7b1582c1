// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Events
import RedisClient
import SharedKernel
import Testing
import Verification
import Webhooks

@Suite("Broken events and deliveries")
struct WebhookBreakTests {
    /// A sound tenant with a subscription: of its events one was delivered, one is to be tried again, one failed for
    /// good, one is under way and two wait behind it; another one waits in the outbox.
    struct Scene: Sendable {
        static let sub = "whsub_1"
        let store: Installation
        let acme: HookOwner
        let system: HookOwner
        let events: [EventID]
        /// In the outbox.
        let waiting: EventID
        /// The first of no tenant in the shard.
        let systemEvent: VerifiedSubject

        init(in store: Installation) async throws {
            self.store = store
            let actor = try await Actor("acme", in: store)
            acme = actor.hooks
            system = HookOwner(.system, in: store)
            let types = ["budget.created", "budget.burn_rate_anomaly", "custom.resource.reserved"]
            try await acme.subscribe(Self.sub, HookOwner.terms(types))
            try await system.subscribe("whsub_o", HookOwner.terms(["budget.frozen"]))
            for index in 0..<6 { try await actor.open(actor.path("agent:a\(index)")) }
            try await acme.tellSystem("disk")
            try await acme.relay(to: [acme, system])
            for verdict: DeliveryVerdict in [.delivered, .retry(delayMs: 60_000), .failed] {
                for delivery in try await acme.claim() { try await acme.finish(delivery, verdict) }
            }
            #expect(try await acme.claim().count == 1)
            try await acme.relay(to: [acme, system])
            try await actor.open(actor.path())
            let all = try await acme.events("budget.created")
            events = Array(all.dropLast())
            waiting = try #require(all.last)
            let first = try #require(try await acme.events("system.high_latency", of: .system).first)
            systemEvent = .event(owner: TenantID.system.bytes, sequence: String(first.sequence).bytes)
        }

        var shard: Shard { acme.shard }
        var delivered: [UInt8] { id(0) }
        var toRetry: [UInt8] { id(1) }
        var failed: [UInt8] { id(2) }
        var underWay: [UInt8] { id(3) }
        var pending: [UInt8] { id(5) }
        var lane: [UInt8] { "l\(Self.sub):acme".bytes }
        var laneKey: [UInt8] { Keyspace.lane("\(Self.sub):acme".bytes, in: shard) }
        var list: [UInt8] { Keyspace.deliveries(of: Self.sub.bytes, in: shard) }
        var flights: [UInt8] { Keyspace.flights(of: Self.sub.bytes, in: shard) }
        var log: [UInt8] { Keyspace.eventLog(ofOwner: acme.id.bytes, in: shard) }
        var subscriptions: [UInt8] { Keyspace.subscriptions(acme.id, in: shard) }
        var listed: [UInt8] { "\(Self.sub):acme".bytes }

        func id(_ index: Int) -> [UInt8] { acme.delivery(of: events[index], to: Self.sub) }

        func key(_ id: [UInt8]) -> [UInt8] { Keyspace.delivery(shard, id: id) }

        func body(_ event: EventID) -> [UInt8] { Keyspace.event(shard, sequence: event.sequence) }

        func digits(_ event: EventID) -> [UInt8] { String(event.sequence).bytes }

        func event(_ event: EventID) -> VerifiedSubject {
            .event(owner: acme.id.bytes, sequence: digits(event))
        }

        /// The time of Redis and so much more, ms, as digits.
        func now(plus ms: Int64 = 0) async throws -> [UInt8] {
            let parts = try await store.redis("TIME".bytes).array?.compactMap(\.text).compactMap { Int64($0) } ?? []
            return String(parts[0] * 1_000 + ms).bytes
        }

        func redis(_ words: [UInt8]...) async throws { _ = try await store.pool.send(RedisCommand(words)) }
    }

    /// A way to break the scene, and what must be reported then: exactly this.
    struct Break: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let apply: @Sendable (Scene) async throws -> Void
        let expected: @Sendable (Scene) -> Set<BrokenStateTests.Named>

        init(
            _ name: String, _ apply: @escaping @Sendable (Scene) async throws -> Void,
            expect: @escaping @Sendable (Scene) -> [(Invariant, VerifiedSubject)]
        ) {
            testDescription = name
            self.apply = apply
            expected = { scene in Set(expect(scene).map { BrokenStateTests.Named($0.0, $0.1) }) }
        }
    }

    private static let eventBreaks: [Break] = [
        Break("an event of the outbox without a body") {
            try await $0.redis("DEL".bytes, $0.body($0.waiting))
        } expect: {
            [(.outbox, $0.event($0.waiting))]
        },
        Break("an event of the outbox that its owner's log lacks") {
            try await $0.redis("ZREM".bytes, $0.log, $0.digits($0.waiting) + ":budget.created".bytes)
        } expect: {
            [(.outbox, $0.event($0.waiting))]
        },
        Break("an event of the outbox that its shard's log lacks") {
            try await $0.redis(
                "ZREM".bytes, Keyspace.eventLog($0.shard), $0.digits($0.waiting) + ":budget.created:acme".bytes)
        } expect: {
            [(.outbox, $0.event($0.waiting))]
        },
        Break("an event in the outbox under two owners") {
            try await $0.redis(
                "ZADD".bytes, Keyspace.outbox($0.shard), $0.digits($0.waiting), $0.digits($0.waiting) + ":other".bytes)
        } expect: {
            [(.outbox, .event(owner: "other".bytes, sequence: $0.digits($0.waiting)))]
        },
        Break("an entry of the outbox at the wrong number") {
            try await $0.redis(
                "ZADD".bytes, Keyspace.outbox($0.shard), "5".bytes, $0.digits($0.waiting) + ":acme".bytes)
        } expect: {
            [
                (
                    .soundRecords,
                    .entry(key: Keyspace.outbox($0.shard), member: $0.digits($0.waiting) + ":acme".bytes)
                )
            ]
        },
        Break("an event without a body") {
            try await $0.redis("DEL".bytes, $0.body($0.events[2]))
        } expect: {
            [(.indexed, $0.event($0.events[2]))]
        },
        Break("an event that its owner's log lacks") {
            try await $0.redis("ZREM".bytes, $0.log, $0.digits($0.events[0]) + ":budget.created".bytes)
        } expect: {
            [(.indexed, $0.event($0.events[0]))]
        },
        Break("an event that its shard's log lacks") {
            try await $0.redis(
                "ZREM".bytes, Keyspace.eventLog($0.shard), $0.digits($0.events[0]) + ":budget.created:acme".bytes)
        } expect: {
            [(.indexed, $0.event($0.events[0]))]
        },
        Break("an event of the system that the system's log lacks") {
            let log = Keyspace.eventLog(ofOwner: TenantID.system.bytes, in: $0.shard)
            try await $0.redis("ZREMRANGEBYRANK".bytes, log, "0".bytes, "0".bytes)
        } expect: { scene in
            [(.indexed, scene.systemEvent)]
        },
        Break("a body of another type") {
            try await $0.redis(
                "SET".bytes, $0.body($0.events[1]), "1\0acme\0budget.frozen\0{}\0{}".bytes, "KEEPTTL".bytes)
        } expect: {
            [(.indexed, $0.event($0.events[1]))]
        },
        Break("a body that cannot be read") {
            try await $0.redis("SET".bytes, $0.body($0.events[1]), "what".bytes, "KEEPTTL".bytes)
        } expect: {
            [(.soundRecords, $0.event($0.events[1]))]
        },
        Break("a body without an end") {
            try await $0.redis("PERSIST".bytes, $0.body($0.events[1]))
        } expect: {
            [(.indexed, $0.event($0.events[1]))]
        },
        Break("a body that no log names") {
            try await $0.redis(
                "SET".bytes, Keyspace.event($0.shard, sequence: 7), "1\0acme\0budget.frozen\0{}\0{}".bytes, "PX".bytes,
                "600000".bytes)
        } expect: { _ in
            [(.indexed, .event(owner: "acme".bytes, sequence: "7".bytes))]
        },
        Break("bytes in a body's place that no log names") {
            try await $0.redis(
                "SET".bytes, Keyspace.event($0.shard, sequence: 7), "what".bytes, "PX".bytes, "600000".bytes)
        } expect: {
            [(.soundRecords, .key(Keyspace.event($0.shard, sequence: 7)))]
        },
        Break("an entry of a log that cannot be read") {
            try await $0.redis("ZADD".bytes, Keyspace.eventLog($0.shard), "7".bytes, "what".bytes)
        } expect: {
            [(.soundRecords, .entry(key: Keyspace.eventLog($0.shard), member: "what".bytes))]
        },
        Break("an outbox of another type") {
            try await $0.redis("DEL".bytes, Keyspace.outbox($0.shard))
            try await $0.redis("SET".bytes, Keyspace.outbox($0.shard), "x".bytes)
        } expect: {
            [(.soundRecords, .key(Keyspace.outbox($0.shard)))]
        },
        Break("a tenant's log of another type") {
            try await $0.redis("DEL".bytes, $0.log)
            try await $0.redis("SET".bytes, $0.log, "x".bytes)
        } expect: { _ in
            [(.soundRecords, .tenant)]
        },
    ]

    private static let placeBreaks: [Break] = [
        Break("a pending delivery that is in no lane") {
            try await $0.redis("ZREM".bytes, $0.laneKey, $0.pending)
        } expect: {
            [(.onePlace, .delivery($0.pending))]
        },
        Break("a delivery to be tried again that no lane has") {
            try await $0.redis("ZREM".bytes, Keyspace.lanes($0.shard), "r".bytes + $0.toRetry)
        } expect: {
            [(.onePlace, .delivery($0.toRetry))]
        },
        Break("a delivery to be tried again in two lanes") {
            try await $0.redis("ZADD".bytes, $0.laneKey, $0.digits($0.events[1]), $0.toRetry)
        } expect: {
            [(.onePlace, .delivery($0.toRetry))]
        },
        Break("a delivered one that waits in a lane") {
            try await $0.redis("ZADD".bytes, $0.laneKey, $0.digits($0.events[0]), $0.delivered)
        } expect: {
            [(.onePlace, .delivery($0.delivered))]
        },
        Break("a delivered one under way") {
            try await $0.redis("ZADD".bytes, $0.flights, try await $0.now(plus: 60_000), $0.delivered)
        } expect: {
            [(.onePlace, .delivery($0.delivered))]
        },
        Break("a failed one that is not among the dead") {
            try await $0.redis("ZREM".bytes, Keyspace.deadLetters($0.shard), $0.failed)
        } expect: {
            [(.onePlace, .delivery($0.failed))]
        },
        Break("a failed one that is to be tried again") {
            try await $0.redis("ZADD".bytes, Keyspace.lanes($0.shard), try await $0.now(), "r".bytes + $0.failed)
        } expect: {
            [(.onePlace, .delivery($0.failed))]
        },
        Break("a pending one among the dead") {
            try await $0.redis("ZADD".bytes, Keyspace.deadLetters($0.shard), try await $0.now(), $0.pending)
        } expect: {
            [(.onePlace, .delivery($0.pending))]
        },
        Break("one under way without a lease") {
            try await $0.redis("HDEL".bytes, $0.key($0.underWay), "lease".bytes)
        } expect: {
            [(.onePlace, .delivery($0.underWay))]
        },
        Break("an attempt of nothing") {
            try await $0.redis("ZADD".bytes, $0.flights, try await $0.now(plus: 60_000), "del_x".bytes)
        } expect: {
            [(.onePlace, .entry(key: $0.flights, member: "del_x".bytes))]
        },
        Break("a lane that is not among the lanes") {
            try await $0.redis("ZREM".bytes, Keyspace.lanes($0.shard), $0.lane)
        } expect: {
            [(.onePlace, .lane($0.lane))]
        },
        Break("a lane of nobody that is not among the lanes") {
            try await $0.redis("ZADD".bytes, Keyspace.lane("whsub_x:acme".bytes, in: $0.shard), "1".bytes, "x".bytes)
        } expect: { _ in
            [(.onePlace, .lane("lwhsub_x:acme".bytes))]
        },
        Break("an empty lane among the lanes") {
            try await $0.redis("ZADD".bytes, Keyspace.lanes($0.shard), "1".bytes, "lwhsub_x:acme".bytes)
        } expect: { _ in
            [(.onePlace, .lane("lwhsub_x:acme".bytes))]
        },
        Break("a lane that cannot be read") {
            try await $0.redis("ZADD".bytes, Keyspace.lanes($0.shard), "1".bytes, "what".bytes)
        } expect: { _ in
            [(.soundRecords, .lane("what".bytes))]
        },
        Break("a lane with a delivery that is gone") {
            try await $0.redis("DEL".bytes, $0.key($0.pending))
        } expect: {
            [
                (.onePlace, .queued(lane: $0.lane, delivery: $0.pending)),
                (.indexed, .entry(key: $0.list, member: $0.pending)),
            ]
        },
        Break("a lane with a delivery of another lane") {
            let other = "whsub_1:other".bytes
            try await $0.redis("ZADD".bytes, Keyspace.lane(other, in: $0.shard), "1".bytes, $0.pending)
            try await $0.redis("ZADD".bytes, Keyspace.lanes($0.shard), "1".bytes, "l".bytes + other)
        } expect: {
            [(.onePlace, .queued(lane: "lwhsub_1:other".bytes, delivery: $0.pending))]
        },
        Break("a delivery to be tried again that is gone") {
            try await $0.redis("DEL".bytes, $0.key($0.toRetry))
        } expect: {
            [
                (.onePlace, .lane("r".bytes + $0.toRetry)),
                (.indexed, .entry(key: $0.list, member: $0.toRetry)),
            ]
        },
        Break("a lane that waits for an attempt which nobody makes") {
            try await $0.redis("ZREM".bytes, $0.flights, $0.underWay)
        } expect: {
            [(.unstuck, .lane($0.lane))]
        },
        Break("a lane put off beyond its attempt") {
            try await $0.redis(
                "ZADD".bytes, Keyspace.lanes($0.shard), try await $0.now(plus: 3_600_000), $0.lane)
        } expect: {
            [(.unstuck, .lane($0.lane))]
        },
        Break("one to be tried again later than planned") {
            try await $0.redis(
                "ZADD".bytes, Keyspace.lanes($0.shard), try await $0.now(plus: 3_600_000), "r".bytes + $0.toRetry)
        } expect: {
            [(.unstuck, .lane("r".bytes + $0.toRetry))]
        },
    ]

    private static let recordBreaks: [Break] = [
        Break("a delivery that is not listed") {
            try await $0.redis("ZREM".bytes, $0.list, $0.pending)
        } expect: {
            [(.indexed, .delivery($0.pending))]
        },
        Break("a delivery listed at another time") {
            try await $0.redis("ZADD".bytes, $0.list, try await $0.now(plus: -7), $0.delivered)
        } expect: {
            [(.indexed, .delivery($0.delivered))]
        },
        Break("a delivery without an end") {
            try await $0.redis("PERSIST".bytes, $0.key($0.delivered))
        } expect: {
            [(.indexed, .delivery($0.delivered))]
        },
        Break("a list of deliveries without an end") {
            try await $0.redis("PERSIST".bytes, $0.list)
        } expect: {
            [(.indexed, .key($0.list))]
        },
        Break("a delivery whose state means nothing") {
            try await $0.redis("HSET".bytes, $0.key($0.delivered), "state".bytes, "?".bytes)
        } expect: {
            [(.soundRecords, .delivery($0.delivered))]
        },
        Break("a delivery of another type") {
            try await $0.redis("DEL".bytes, $0.key($0.delivered))
            try await $0.redis("SET".bytes, $0.key($0.delivered), "x".bytes, "PX".bytes, "600000".bytes)
        } expect: {
            [(.soundRecords, .delivery($0.delivered))]
        },
        Break("a pending delivery without a body") {
            try await $0.redis("HDEL".bytes, $0.key($0.pending), "body".bytes)
        } expect: {
            [(.soundRecords, .delivery($0.pending))]
        },
    ]

    private static let subscriptionBreaks: [Break] = [
        Break("a subscription without a row") {
            try await $0.redis("HDEL".bytes, $0.subscriptions, Scene.sub.bytes)
        } expect: {
            [
                (.indexed, .subscription(Scene.sub.bytes)),
                (.indexed, .entry(key: Keyspace.subscriptionList($0.shard), member: $0.listed)),
                (.indexed, .entry(key: Keyspace.ids($0.shard), member: Scene.sub.bytes)),
                (.indexed, .key(Keyspace.tenant($0.acme.id, in: $0.shard) + ":wf:\(Scene.sub)".bytes)),
            ]
        },
        Break("a row that cannot be read") {
            try await $0.redis("HSET".bytes, $0.subscriptions, Scene.sub.bytes, "A\0what".bytes)
        } expect: { _ in
            [(.soundRecords, .subscription(Scene.sub.bytes))]
        },
        Break("a subscription that its owner's list lacks") {
            try await $0.redis(
                "ZREM".bytes, Keyspace.subscriptionList(ofOwner: $0.acme.id.bytes, in: $0.shard), Scene.sub.bytes)
        } expect: { _ in
            [(.indexed, .subscription(Scene.sub.bytes))]
        },
        Break("a subscription that its shard's list has at another time") {
            try await $0.redis("ZADD".bytes, Keyspace.subscriptionList($0.shard), "7".bytes, $0.listed)
        } expect: { _ in
            [(.indexed, .subscription(Scene.sub.bytes))]
        },
        Break("a subscription whose id is nobody's") {
            try await $0.redis("HDEL".bytes, Keyspace.ids($0.shard), Scene.sub.bytes)
        } expect: { _ in
            [(.indexed, .subscription(Scene.sub.bytes))]
        },
        Break("a subscription of the operator's that no list has") {
            try await $0.redis("ZREM".bytes, Keyspace.subscriptionList($0.system.shard), "whsub_o:__system__".bytes)
        } expect: { _ in
            [(.indexed, .subscription("whsub_o".bytes))]
        },
        Break("a list that names a subscription of nobody") {
            try await $0.redis("ZADD".bytes, Keyspace.subscriptionList($0.shard), "7".bytes, "whsub_x:acme".bytes)
        } expect: {
            [(.indexed, .entry(key: Keyspace.subscriptionList($0.shard), member: "whsub_x:acme".bytes))]
        },
        Break("an id that names a subscription of nobody") {
            try await $0.redis("HSET".bytes, Keyspace.ids($0.shard), "whsub_x".bytes, "acme".bytes)
        } expect: {
            [(.indexed, .entry(key: Keyspace.ids($0.shard), member: "whsub_x".bytes))]
        },
        Break("what became of the deliveries of a subscription that is gone") {
            let key = Keyspace.tenant($0.acme.id, in: $0.shard) + ":wf:whsub_x".bytes
            try await $0.redis("HSET".bytes, key, "failures".bytes, "1".bytes)
        } expect: {
            [(.indexed, .key(Keyspace.tenant($0.acme.id, in: $0.shard) + ":wf:whsub_x".bytes))]
        },
    ]

    private static let askBreaks: [Break] = [
        Break("a subscription that asks for nothing any more") {
            try await $0.redis(
                "HDEL".bytes, Keyspace.subscriptionAsks(ofOwner: $0.acme.id.bytes, in: $0.shard), Scene.sub.bytes)
        } expect: { _ in
            [(.indexed, .subscription(Scene.sub.bytes)), (.indexed, .asks)]
        },
        Break("asks of a subscription that is not there") {
            try await $0.redis(
                "HSET".bytes, Keyspace.subscriptionAsks(ofOwner: $0.acme.id.bytes, in: $0.shard), "whsub_x".bytes,
                "{\"resources\":true}".bytes)
        } expect: { _ in
            [(.indexed, .subscription("whsub_x".bytes)), (.indexed, .asks)]
        },
        Break("asks of the operator that cannot be read") {
            try await $0.redis(
                "HSET".bytes, Keyspace.subscriptionAsks(ofOwner: $0.acme.id.bytes, in: $0.shard), "__system__".bytes,
                "what".bytes)
        } expect: { _ in
            [(.soundRecords, .asks)]
        },
        Break("a count of asks one too high") {
            try await $0.redis(
                "HINCRBY".bytes, Keyspace.askCounts(ofOwner: $0.acme.id.bytes, in: $0.shard), "r".bytes, "1".bytes)
        } expect: { _ in
            [(.indexed, .asks)]
        },
        Break("a profile that does not know of the asks") {
            try await $0.redis("HDEL".bytes, Keyspace.profile($0.acme.id, in: $0.shard), "hooks".bytes)
        } expect: { _ in
            [(.indexed, .asks)]
        },
        Break("a tag without the mark") {
            try await $0.redis("SET".bytes, Keyspace.tenant($0.acme.id, in: $0.shard), "A1".bytes)
        } expect: { _ in
            [(.indexed, .asks)]
        },
        Break("burn rates that nobody looks at") {
            try await $0.redis("ZREM".bytes, Keyspace.due($0.shard), "racme".bytes)
        } expect: { _ in
            [(.indexed, .asks)]
        },
    ]

    @Test(
        "each broken event, delivery and subscription is found and named, and nothing else is",
        arguments: eventBreaks + placeBreaks + recordBreaks + subscriptionBreaks + askBreaks)
    func brokenThingsAreNamed(broken: Break) async throws {
        try await Installation.with { store in
            let scene = try await Scene(in: store)
            let sound = try await store.verify()
            #expect(sound.isClean, "\(sound.violations)")
            try await broken.apply(scene)
            let report = try await store.verify()
            let found = Set(report.violations.map { BrokenStateTests.Named($0.invariant, $0.subject) })
            #expect(found == broken.expected(scene), "\(report.violations)")
            #expect(report.violations.count == found.count, "one thing is named twice")
        }
    }
}
