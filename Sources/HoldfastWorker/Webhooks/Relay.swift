// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Events
internal import HoldfastRuntime
internal import ServiceLifecycle
internal import SharedKernel
internal import Synchronization
internal import Webhooks

/// Turns the events of the outboxes into deliveries: for each event and each subscription that wants it one, written
/// once however often a worker dies on the way. One worker at a time has the lease of a shard's outbox.
final class Relay: Sendable {
    private let store: Store
    private let cache: SubscriptionCache
    private let journal: WebhookJournal
    /// Told of shards that have something to send.
    private let onQueued: @Sendable (Shard) -> Void
    private let leaseMs: Int64
    /// This process, in leases.
    private let owner = RandomBytes.uuid()

    /// Shards looked at side by side.
    private static let width = 8
    private static let idle = Duration.milliseconds(100)
    private static let pauseAfterFailure = Duration.milliseconds(300)

    init(
        _ store: Store, journal: WebhookJournal, leaseMs: Int64, onQueued: @escaping @Sendable (Shard) -> Void
    ) {
        self.leaseMs = leaseMs
        self.store = store
        self.journal = journal
        self.onQueued = onQueued
        cache = SubscriptionCache(store)
    }

    /// Relays what is in every outbox; whether all went well.
    func pass() async -> Bool {
        let shards = store.keyspace.shards
        let first = Int.random(in: 0..<shards.count)
        return await withTaskGroup(of: Bool.self) { group in
            var isFine = true
            for index in 0..<shards.count where !Task.isCancelled {
                if index >= Self.width, let result = await group.next() { isFine = isFine && result }
                let shard = shards[(first + index) % shards.count]
                group.addTask { await self.relay(shard) }
            }
            for await result in group { isFine = isFine && result }
            return isFine
        }
    }

    /// One outbox to its end.
    private func relay(_ shard: Shard) async -> Bool {
        var take = TakeEvents(shard: shard, owner: owner, deliveryLeaseMs: leaseMs)
        do throws(ScriptFault) {
            while !Task.isCancelled {
                let reply = try await store.runner.run(take.call)
                guard case .entries(let entries, let hasMore, let oldestMs) = try take.outcome(reply) else {
                    // Another worker looks after it.
                    journal.recordOutbox(shard, oldestMs: 0)
                    return true
                }
                journal.recordOutbox(shard, oldestMs: oldestMs)
                guard let last = entries.last else { return true }
                Failpoint.relayTaken.pass()
                let stuck = try await queue(entries)
                let done = entries.filter { !stuck.contains($0.sequence) }
                Failpoint.relayQueued.pass()
                _ = try await store.runner.run(take.acknowledgement(of: done))
                Failpoint.relayAcknowledged.pass()
                journal.recordRelayed(done.count)
                guard hasMore else { return true }
                take.after = last.sequence
            }
            return true
        } catch {
            journal.record(error, "relay")
            return false
        }
    }

    /// Writes the deliveries of events, owner by owner, each owner's in the order of the events. Returns the numbers of
    /// events that have to wait because something of one owner is broken: the others' must not wait for it.
    private func queue(_ entries: [TakeEvents.Entry]) async throws(ScriptFault) -> Set<Int64> {
        var stuck: Set<Int64> = []
        let operators = try await cache.active(of: .system, tag: nil)
        var planned: [TenantID: [PlannedDelivery]] = [:]
        for entry in entries {
            guard let event = entry.event else {
                journal.recordUnreadable(entry.sequence)
                continue
            }
            let own: [StoredSubscription]
            do throws(ScriptFault) {
                own =
                    event.tenant == .system || entry.tag.isEmpty
                    ? [] : try await cache.active(of: event.tenant, tag: entry.tag)
            } catch {
                guard !error.isUnavailable else { throw error }
                journal.record(error, "subscriptions")
                stuck.insert(entry.sequence)
                continue
            }
            var body: [UInt8]?
            for (owner, subscriptions) in [(event.tenant, own), (TenantID.system, operators)] {
                for subscription in subscriptions where subscription.wants(event, owner: owner) {
                    let bytes = body ?? event.json
                    body = bytes
                    planned[owner, default: []].append(
                        PlannedDelivery(
                            of: event, to: subscription.id, in: store.keyspace.shard(of: owner), body: bytes))
                }
            }
        }
        for (owner, deliveries) in planned {
            do throws(ScriptFault) {
                try await write(deliveries, of: owner)
            } catch {
                guard !error.isUnavailable else { throw error }
                journal.record(error, "enqueue")
                stuck.formUnion(deliveries.map(\.sequence))
            }
            onQueued(store.keyspace.shard(of: owner))
        }
        return stuck
    }

    private func write(_ deliveries: [PlannedDelivery], of owner: TenantID) async throws(ScriptFault) {
        for start in stride(from: 0, to: deliveries.count, by: EnqueueDeliveries.max) {
            let part = Array(deliveries[start..<min(start + EnqueueDeliveries.max, deliveries.count)])
            let enqueue = EnqueueDeliveries(
                keys: store.keyspace.keys(of: owner), part, sinceMs: part.first?.eventMs ?? 0)
            journal.recordQueued(try enqueue.count(try await store.runner.run(enqueue.call)))
        }
    }
}

extension Relay: Service {
    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let isFine = await self.pass()
                try? await Task.sleep(for: isFine ? Self.idle : Self.pauseAfterFailure)
            }
        }
    }
}
