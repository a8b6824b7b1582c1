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
    /// Shards whose outbox may be leased to this process.
    private let holding = Mutex<Set<Shard>>([])
    /// When this process last looked at what is aside; at first at once, for it may be newer than the others.
    private let lookedAside = Mutex<[Shard: ContinuousClock.Instant]>([:])

    /// Shards looked at side by side.
    private static let width = 8
    private static let idle = Duration.milliseconds(100)
    private static let pauseAfterFailure = Duration.milliseconds(300)
    private static let lookEvery = Duration.seconds(60)
    /// How long what nobody can read stays aside, ms.
    private static let asideMs: Int64 = 3_600_000

    init(
        _ store: Store, journal: WebhookJournal, leaseMs: Int64, onQueued: @escaping @Sendable (Shard) -> Void
    ) {
        self.leaseMs = leaseMs
        self.store = store
        self.journal = journal
        self.onQueued = onQueued
        cache = SubscriptionCache(store, journal)
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

    /// One outbox to its end, and now and then what was put aside from it; whether all went well.
    private func relay(_ shard: Shard) async -> Bool {
        do throws(ScriptFault) {
            guard try await relay(shard, .waiting) else {
                // Another worker looks after it.
                journal.recordOutbox(shard, oldestMs: 0)
                return true
            }
            let isDue = lookedAside.withLock { $0[shard].map { ContinuousClock.now - $0 >= Self.lookEvery } ?? true }
            if isDue, try await relay(shard, .aside) { lookedAside.withLock { $0[shard] = .now } }
            return true
        } catch {
            journal.record(error, "relay")
            return false
        }
    }

    /// One list to its end; false when another worker has the outbox.
    private func relay(_ shard: Shard, _ list: TakeEvents.List) async throws(ScriptFault) -> Bool {
        var take = TakeEvents(shard: shard, owner: owner, from: list, deliveryLeaseMs: leaseMs)
        var stuck: Set<TenantID> = []
        while !Task.isCancelled {
            guard let batch = try take.batch(try await store.runner.run(take.call)) else { return false }
            if list == .waiting { journal.recordOutbox(shard, oldestMs: batch.oldestMs) }
            guard let last = batch.entries.last else { return true }
            _ = holding.withLock { $0.insert(shard) }
            Failpoint.relayTaken.pass()
            var sorted = try await queue(batch.entries, stuck: &stuck)
            Failpoint.relayQueued.pass()
            switch list {
            case .waiting: try await putAside(sorted.odd, take)
            case .aside:
                let isOver = { (entry: TakeEvents.Entry) in batch.nowMs - entry.place / 1_000 >= Self.asideMs }
                let over = sorted.odd.filter(isOver)
                for entry in over { journal.recordUnreadable(entry.text) }
                sorted.done += over
            }
            let reply = try await store.runner.run(take.acknowledgement(of: sorted.done))
            if try take.isFree(reply) { _ = holding.withLock { $0.remove(shard) } }
            Failpoint.relayAcknowledged.pass()
            journal.recordRelayed(sorted.done.count)
            guard batch.hasMore else { return true }
            take.after = last.place
        }
        return true
    }

    private func putAside(_ entries: [TakeEvents.Entry], _ take: TakeEvents) async throws(ScriptFault) {
        guard !entries.isEmpty else { return }
        let reply = try await store.runner.run(take.setAside(entries))
        journal.recordAside(entries.count, dropped: try take.droppedByAside(reply))
    }

    /// What has become of entries; those that are neither done nor odd wait.
    private struct Sorted {
        var done: [TakeEvents.Entry] = []
        /// Not all of it can be read by this worker.
        var odd: [TakeEvents.Entry] = []
    }

    /// An event with the owners whose subscriptions want it.
    private struct Wanted {
        let entry: TakeEvents.Entry
        var owners: [TenantID] = []
        var isOdd = false
    }

    /// Writes the deliveries of events, owner by owner, each owner's in the order of the events. Where something of one
    /// owner is broken, its events wait, and `stuck` has it: the later ones must not overtake them, and the others'
    /// must not wait for it.
    private func queue(
        _ entries: [TakeEvents.Entry], stuck: inout Set<TenantID>
    ) async throws(ScriptFault) -> Sorted {
        var sorted = Sorted()
        var all: [Wanted] = []
        var planned: [TenantID: [PlannedDelivery]] = [:]
        let operators = try await cache.owned(by: .system, tag: nil)
        for entry in entries {
            switch entry.content {
            case .nothing:
                journal.recordUnreadable(entry.text)
                sorted.done.append(entry)
            case .unreadable: sorted.odd.append(entry)
            case .event(let event):
                var wanted = Wanted(entry: entry)
                let own = try await subscriptions(of: event, entry.tag, stuck: &stuck)
                if own == nil { wanted.owners.append(event.tenant) }
                var body: [UInt8]?
                for (owner, owned) in [(event.tenant, own), (TenantID.system, operators)] {
                    guard let owned else { continue }
                    wanted.isOdd = wanted.isOdd || owned.isIncomplete
                    for subscription in owned.active where subscription.wants(event, owner: owner) {
                        if wanted.owners.last != owner { wanted.owners.append(owner) }
                        guard !stuck.contains(owner) else { break }
                        let bytes = body ?? event.json
                        body = bytes
                        planned[owner, default: []].append(
                            PlannedDelivery(
                                of: event, to: subscription.id, in: store.keyspace.shard(of: owner), body: bytes))
                    }
                }
                all.append(wanted)
            }
        }
        for (owner, deliveries) in planned {
            do throws(ScriptFault) {
                try await write(deliveries, of: owner)
            } catch {
                guard !error.isUnavailable else { throw error }
                journal.record(error, "enqueue")
                stuck.insert(owner)
            }
            onQueued(store.keyspace.shard(of: owner))
        }
        for wanted in all where stuck.isDisjoint(with: wanted.owners) {
            if wanted.isOdd { sorted.odd.append(wanted.entry) } else { sorted.done.append(wanted.entry) }
        }
        return sorted
    }

    /// The subscriptions of an event's tenant; nil when they cannot be had, and the tenant is stuck.
    private func subscriptions(
        of event: StoredEvent, _ tag: [UInt8], stuck: inout Set<TenantID>
    ) async throws(ScriptFault) -> SubscriptionCache.Owned? {
        if event.tenant == .system || tag.isEmpty { return SubscriptionCache.Owned(active: [], isIncomplete: false) }
        do throws(ScriptFault) {
            return try await cache.owned(by: event.tenant, tag: tag)
        } catch {
            guard !error.isUnavailable else { throw error }
            journal.record(error, "subscriptions")
            stuck.insert(event.tenant)
            return nil
        }
    }

    private func write(_ deliveries: [PlannedDelivery], of owner: TenantID) async throws(ScriptFault) {
        for start in stride(from: 0, to: deliveries.count, by: EnqueueDeliveries.max) {
            let part = Array(deliveries[start..<min(start + EnqueueDeliveries.max, deliveries.count)])
            let enqueue = EnqueueDeliveries(keys: store.keyspace.keys(of: owner), part)
            let reply = try await store.runner.run(enqueue.call)
            journal.recordQueued(try enqueue.count(reply))
            for (subscription, count) in try enqueue.dropped(reply) { journal.recordDropped(count, of: subscription) }
        }
    }

    /// Gives up what this worker looks after, so that the next one need not wait for the end of a lease.
    private func release() async {
        for shard in holding.withLock({ $0 }) {
            let take = TakeEvents(shard: shard, owner: owner, deliveryLeaseMs: leaseMs)
            do throws(ScriptFault) {
                _ = try await store.runner.run(take.acknowledgement(of: [], isLast: true))
            } catch {
                journal.record(error, "release")
            }
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
        await release()
    }
}
