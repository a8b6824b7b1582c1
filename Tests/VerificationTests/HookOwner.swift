// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Events
import LuaCatalog
import RedisClient
import SharedKernel
import Testing
import Webhooks

/// An owner of webhook subscriptions, a tenant or the operator, and what it and the workers do, by the real scripts.
struct HookOwner: Sendable {
    let store: Installation
    let id: TenantID

    init(_ id: TenantID, in store: Installation) {
        self.id = id
        self.store = store
    }

    var shard: Shard { Installation.keyspace.shard(of: id) }
    var keys: [[UInt8]] { Installation.keyspace.keys(of: id) }

    // MARK: Subscriptions

    /// Terms that select some types.
    static func terms(_ types: [String], _ change: (inout SubscriptionTerms) -> Void = { _ in }) -> SubscriptionTerms {
        var terms = SubscriptionTerms(
            url: "https://example.com/hook".bytes, selectors: EventSelectors(types: types.map(\.bytes), categories: []))
        change(&terms)
        return terms
    }

    /// A new subscription.
    func subscribe(_ subscription: String, _ terms: SubscriptionTerms) async throws {
        var call = ScriptCall(.webhooksCreateSubscription, keys: keys)
        call.append([])
        call.append(subscription)
        call.append(StoredSubscription.content(sealed: "sealed".bytes, terms))
        call.append(SubscriptionAsks(terms, status: .active).json)
        call.append("1000")
        for _ in 0..<3 { call.append("{}") }
        #expect(try await store.runner.run(call).isWord("CREATED"))
    }

    /// The subscription as it is stored.
    func stored(_ subscription: String) async throws -> StoredSubscription {
        let row = try await store.redis("HGET".bytes, Keyspace.subscriptions(id, in: shard), subscription.bytes)
        return try #require(StoredSubscription(id: subscription.bytes, row: row.bytes ?? []))
    }

    /// Pauses a subscription, or takes it back into use.
    func set(_ subscription: String, _ status: SubscriptionStatus) async throws {
        let old = try await stored(subscription)
        var call = ScriptCall(.webhooksUpdateSubscription, keys: keys)
        call.append([])
        call.append(subscription)
        call.append(old.row)
        call.append([status.rawValue])
        call.append(old.content)
        call.append("0")
        call.append(SubscriptionAsks(old.terms, status: status).json)
        for text in ["{}", "{}", status == .active ? "webhook.resumed" : "webhook.paused", "{}"] { call.append(text) }
        #expect(try await store.runner.run(call).isWord("UPDATED"))
    }

    func delete(_ subscription: String) async throws {
        var call = ScriptCall(.webhooksDeleteSubscription, keys: keys)
        call.append([])
        call.append(subscription)
        call.append(try await stored(subscription).row)
        for text in ["{}", "{}", "{}", "request"] { call.append(text) }
        #expect(try await store.runner.run(call).isWord("DELETED"))
    }

    /// Spreads what the operator's subscriptions ask to a tenant, as a worker does.
    func spread(_ asks: SubscriptionAsks) async throws {
        var call = ScriptCall(.webhooksSpreadHooks, keys: keys)
        call.append(asks.json)
        #expect(try await store.runner.run(call).isWord("SPREAD"))
    }

    // MARK: Events

    /// An event of no tenant, in this owner's shard.
    func tellSystem(_ reason: String) async throws {
        var call = ScriptCall(.eventsAppend, keys: [shard.prefix, Keyspace.journal("__system__", in: shard)])
        for text in ["system.high_latency", reason, "{}", "{}", "0"] { call.append(text) }
        #expect(try await store.runner.run(call).isWord("TOLD"))
    }

    /// Turns all events of this owner's shard into deliveries of these owners' subscriptions, as a worker does.
    func relay(to owners: [HookOwner]) async throws {
        var take = TakeEvents(shard: shard, owner: "worker".bytes)
        while true {
            guard let batch = try take.batch(try await store.runner.run(take.call)), let last = batch.entries.last
            else { return }
            for owner in owners {
                let events = batch.entries.compactMap { entry in
                    if case .event(let event) = entry.content { event } else { nil }
                }
                let page = try #require(
                    try ReadSubscriptions(keys: owner.keys).page(
                        try await store.runner.run(ReadSubscriptions(keys: owner.keys).call)))
                for subscription in page.subscriptions where subscription.status == .active {
                    let planned = events.filter { subscription.wants($0, owner: owner.id) }.map {
                        PlannedDelivery(of: $0, to: subscription.id, in: owner.shard, body: "{}".bytes)
                    }
                    if planned.isEmpty { continue }
                    _ = try await store.runner.run(EnqueueDeliveries(keys: owner.keys, planned).call)
                }
            }
            _ = try await store.runner.run(take.acknowledgement(of: batch.entries))
            guard batch.hasMore else { return }
            take.after = last.place
        }
    }

    /// The ids of the events of a type, oldest first: this owner's, or another's in the same shard.
    func events(_ type: String, of other: TenantID? = nil) async throws -> [EventID] {
        let log = Keyspace.eventLog(ofOwner: (other ?? id).bytes, in: shard)
        let reply = try await store.redis("ZRANGE".bytes, log, "0".bytes, "-1".bytes)
        return (reply.array ?? []).compactMap(\.text).filter { $0.hasSuffix(":" + type) }.compactMap {
            Int64($0.prefix { $0 != ":" }).map { EventID(shard: shard, sequence: $0) }
        }
    }

    /// The first delivery of an event to a subscription.
    func delivery(of event: EventID, to subscription: String) -> [UInt8] {
        DeliveryID(of: event.text, to: subscription.bytes, in: shard).text
    }

    // MARK: Deliveries

    /// Claims what is due in this owner's shard.
    func claim(_ limit: Int = 50, leaseMs: Int64 = 40_000) async throws -> [ClaimedDelivery] {
        let claim = ClaimDeliveries(
            shard: shard, token: RandomBytes.uuid(), limit: limit, maxAgeMs: 86_400_000, leaseMs: leaseMs)
        return try claim.outcome(try await store.runner.run(claim.call)).deliveries
    }

    /// Says what came of an attempt.
    func finish(_ delivery: ClaimedDelivery, _ verdict: DeliveryVerdict) async throws {
        let result =
            verdict == .delivered
            ? AttemptResult.answered(200, retryAfterSeconds: nil, tookMs: 3)
            : AttemptResult.answered(500, retryAfterSeconds: nil, tookMs: 3)
        let finish = FinishDelivery(delivery, result, verdict)
        guard case .finished = try finish.outcome(try await store.runner.run(finish.call)) else {
            Issue.record("the delivery is another's by now")
            return
        }
    }
}

extension Actor {
    /// The tenant as an owner of subscriptions.
    var hooks: HookOwner { HookOwner(tenant, in: store) }
}
