// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import NIOCore
package import Observability
internal import Reservations
package import SharedKernel
internal import Synchronization

/// All live event streams of a server. What a tenant's streams are to be told is read once, when a message of Redis or
/// the clock says so, rendered once, and handed to each of them.
///
/// Everything that a stream gets is handed over under one lock, so that nothing comes twice, out of order, or not at
/// all, however reads, newcomers and those who leave meet.
package final class EventStreamHub: Sendable {
    /// Why a stream ended: a value of the label `reason`.
    package enum End: String, CaseIterable, Sendable {
        case client
        /// The client took too long to read.
        case slow
        /// The key, its permission or the tenant is gone.
        case revoked
        case shutdown
    }

    let runner: ScriptRunner
    let keyspace: Keyspace
    let authenticator: Authenticator
    let now_ms: @Sendable () -> Int64
    let state = Mutex(StreamTable())
    private let jobs: AsyncStream<Job>
    private let orders: AsyncStream<Job>.Continuation
    private let open: PrometheusGauge
    private let ended: [End: PrometheusCounter]

    /// Work that asks Redis.
    enum Job: Sendable {
        /// Read what is new for a tenant's streams.
        case read(TenantID, generation: Int)
        /// Read what a stream has missed so far.
        case catchUp(TenantID, stream: [UInt8])
        /// Give the places of streams back that are gone.
        case close(TenantID)
    }

    /// A hub without streams.
    package init(
        runner: ScriptRunner, keyspace: Keyspace, registry: PrometheusRegistry, now_ms: @escaping @Sendable () -> Int64
    ) {
        self.runner = runner
        self.keyspace = keyspace
        authenticator = Authenticator(runner: runner, keyspace: keyspace, now_ms: now_ms)
        self.now_ms = now_ms
        (jobs, orders) = AsyncStream.makeStream()
        registry.describe("holdfast_event_streams", "Event streams that are open.")
        registry.describe("holdfast_event_streams_ended_total", "Event streams that ended, and why.")
        open = registry.gauge("holdfast_event_streams")
        ended = Dictionary(
            uniqueKeysWithValues: End.allCases.map { reason in
                let labels = [("reason", reason.rawValue)]
                return (reason, registry.counter("holdfast_event_streams_ended_total", labels: labels))
            })
    }

    // MARK: Streams

    /// Takes a stream on; false when the process is about to end.
    package func attach(_ opening: StreamOpening, _ sink: any StreamSink) -> Bool {
        let isTaken = state.withLock { table in
            let isFirst = table.channels[opening.tenant] == nil
            guard let attached = table.attach(opening, sink) else { return false }
            if !attached.isLive { orders.yield(.catchUp(opening.tenant, stream: opening.id)) }
            // What was said between the script call and now was said to nobody.
            if isFirst, let job = table.wake(opening.tenant) { orders.yield(job) }
            return true
        }
        if isTaken { open.increment() } else { abandon(opening) }
        return isTaken
    }

    /// Lets a stream go whose client is gone; nothing happens when it has ended.
    package func detach(_ opening: StreamOpening, _ reason: End) {
        state.withLock { table in
            guard table.remove(opening.tenant, opening.id) != nil else { return }
            orders.yield(.close(opening.tenant))
            open.decrement()
            ended[reason]?.increment()
        }
    }

    /// Gives back the place of a stream that never began.
    package func abandon(_ opening: StreamOpening) { giveBack(opening.id, of: opening.tenant) }

    func giveBack(_ id: [UInt8], of tenant: TenantID) {
        state.withLock { table in
            table.closing[tenant, default: []].append(id)
            orders.yield(.close(tenant))
        }
    }

    /// Ends streams from our side.
    func end(_ ids: some Sequence<[UInt8]>, of tenant: TenantID, _ reason: End) {
        state.withLock { table in
            for id in ids {
                guard let stream = table.remove(tenant, id) else { continue }
                stream.sink.end()
                open.decrement()
                ended[reason]?.increment()
            }
            orders.yield(.close(tenant))
        }
    }

    // MARK: News

    /// Something happened at a tenant, which may have no streams here.
    package func wake(_ name: [UInt8]) {
        guard let tenant = TenantID(name) else { return }
        wake(tenant)
    }

    func wake(_ tenant: TenantID) {
        state.withLock { table in
            if let job = table.wake(tenant) { orders.yield(job) }
        }
    }

    /// Something may have happened at any tenant.
    package func wakeAll() {
        state.withLock { table in
            for tenant in table.channels.keys {
                if let job = table.wake(tenant) { orders.yield(job) }
            }
        }
    }

    // MARK: Life

    /// Does the work that comes up, until ``finish()`` and to its end.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs { group.addTask { await self.perform(job) } }
        }
    }

    /// Ends all streams and gives their places back; takes no more.
    package func finish() {
        state.withLock { table in
            table.isEnded = true
            for (tenant, channel) in table.channels {
                for id in channel.streams.keys {
                    guard let stream = table.remove(tenant, id) else { continue }
                    stream.sink.end()
                    open.decrement()
                    ended[.shutdown]?.increment()
                }
                orders.yield(.close(tenant))
            }
        }
        orders.finish()
    }
}
