// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Egress
internal import HoldfastRuntime
internal import Observability
internal import ServiceLifecycle
internal import SharedKernel
internal import Synchronization
internal import Webhooks

/// Sends deliveries: claims what is due, makes the attempts side by side, and says what came of each. Lanes never wait
/// for one another, and any number of workers may run at once.
final class Dispatcher: Sendable {
    /// Sends one request, unless it may not begin any more by the time it could.
    typealias Send = @Sendable (OutboundRequest, _ mayBegin: @Sendable () -> Bool) async -> OutboundOutcome

    private enum Job: Sendable {
        case claim(Shard)
        case deliver(ClaimedDelivery, claimedAt: ContinuousClock.Instant)
    }

    /// Where a shard's claims are: one at a time, and once more when something came meanwhile.
    private struct Claims {
        var isRunning = false
        var isWanted = false
    }

    private let store: Store
    private let secrets: SecretBox
    private let journal: WebhookJournal
    private let send: Send
    private let maxAgeMs: Int64
    private let leaseMs: Int64
    private let claims = Mutex<[Shard: Claims]>([:])
    private let jobs: AsyncStream<Job>
    private let continuation: AsyncStream<Job>.Continuation
    private let isEnding = Mutex(false)

    /// Attempts that this process has under way at most.
    private static let inFlightMax = 256
    /// Deliveries in one claim. Shards are claimed from side by side: with few at a time the bound above is about kept,
    /// and no shard takes all the room.
    private static let claimedAtOnce = 8
    /// How often shards are looked at that nobody has said anything of.
    private static let idle = Duration.milliseconds(100)

    private static let settling = Duration.milliseconds(5)

    private var isClaiming: Bool { claims.withLock { $0.values.contains { $0.isRunning } } }

    init(
        _ store: Store, secrets: SecretBox, journal: WebhookJournal, maxAgeMs: Int64, leaseMs: Int64,
        send: @escaping Send
    ) {
        self.store = store
        self.secrets = secrets
        self.journal = journal
        self.send = send
        self.maxAgeMs = maxAgeMs
        self.leaseMs = leaseMs
        (jobs, continuation) = AsyncStream.makeStream()
    }

    /// A shard may have something to send.
    func wake(_ shard: Shard) {
        guard !isEnding.withLock({ $0 }) else { return }
        let begins = claims.withLock { claims in
            let isRunning = claims[shard, default: Claims()].isRunning
            claims[shard, default: Claims()].isWanted = isRunning
            claims[shard, default: Claims()].isRunning = true
            return !isRunning
        }
        if begins { continuation.yield(.claim(shard)) }
    }

    /// Claims as long as there is something to claim and room for it.
    private func claim(_ shard: Shard) async {
        while true {
            let room = isEnding.withLock { $0 } ? 0 : Self.inFlightMax - journal.underWay
            let found = room > 0 ? await claim(shard, limit: min(room, Self.claimedAtOnce)) : 0
            let goesOn = claims.withLock { claims in
                let isWanted = found > 0 || claims[shard, default: Claims()].isWanted && room > 0
                claims[shard, default: Claims()].isWanted = false
                claims[shard, default: Claims()].isRunning = isWanted
                return isWanted
            }
            guard goesOn else { return }
        }
    }

    /// One claim; zero when there was nothing that the next one might find.
    private func claim(_ shard: Shard, limit: Int) async -> Int {
        let claim = ClaimDeliveries(
            shard: shard, token: RandomBytes.uuid(), limit: limit, maxAgeMs: maxAgeMs, leaseMs: leaseMs)
        // The lease begins later, in Redis. This clock goes on while the machine sleeps or the process is stopped.
        let claimedAt = ContinuousClock.now
        do throws(ScriptFault) {
            let outcome = try claim.outcome(try await store.runner.run(claim.call))
            journal.recordLanes(shard, outcome)
            journal.begin(outcome.deliveries.count)
            if !outcome.deliveries.isEmpty { Failpoint.deliveryClaimed.pass() }
            for delivery in outcome.deliveries {
                continuation.yield(.deliver(delivery, claimedAt: claimedAt))
            }
            // Lanes that wait for their endpoint give nothing; those behind them are not to wait for the next look.
            return outcome.deliveries.count + (outcome.ended > 0 || outcome.hasMore ? 1 : 0)
        } catch {
            journal.record(error, "claim")
            return 0
        }
    }

    /// One attempt, and what comes after it.
    private func deliver(_ delivery: ClaimedDelivery, claimedAt: ContinuousClock.Instant) async {
        let result = await attempt(delivery, claimedAt: claimedAt)
        guard let result else {
            // Given up by ourselves: the lease ends, and whoever is there then sends it.
            return journal.end()
        }
        Failpoint.deliverySent.pass()
        let policy = delivery.subscription?.terms.retryPolicy ?? RetryPolicy()
        let verdict = DeliveryVerdict(
            result, attempt: delivery.attempts + 1, policy, jitter: Double.random(in: 0..<1))
        let finish = FinishDelivery(delivery, result, verdict)
        do throws(ScriptFault) {
            switch try finish.outcome(try await store.runner.run(finish.call)) {
            case .lost: journal.recordLost()
            case .finished(let disabled):
                journal.record(delivery, result, verdict)
                if disabled { journal.recordDisabled(delivery) }
            }
        } catch {
            journal.record(error, "finish")
        }
        Failpoint.deliveryFinished.pass()
        journal.end()
        wake(delivery.shard)
    }

    /// Signs and sends; nil when this process gave up.
    private func attempt(_ delivery: ClaimedDelivery, claimedAt: ContinuousClock.Instant) async -> AttemptResult? {
        guard let subscription = delivery.subscription else {
            // Our own fault is not the endpoint's: the delivery is put off until its lease ends.
            journal.recordPutOff(delivery, "the subscription cannot be read")
            return nil
        }
        let secret: WebhookSecret
        do throws(SecretBoxError) {
            secret = try WebhookSecret(sealed: subscription.sealed, for: subscription.id, in: secrets)
        } catch {
            // Nothing goes out without a signature, and a key that this process lacks is not the endpoint's fault.
            journal.recordPutOff(delivery, "the signing secret cannot be opened: HOLDFAST_SECRET_KEY is another one")
            return nil
        }
        let nowMs = UTCTimestamp.now_ms()
        let headers = WebhookHeaders(
            eventID: delivery.eventID, type: delivery.type, traceID: delivery.traceID,
            traceFlags: delivery.traceFlags, hasInboundTraceparent: delivery.hasInboundTraceparent,
            requestID: delivery.requestID)
        let request = OutboundRequest(
            url: String(decoding: subscription.terms.url, as: UTF8.self),
            headers: headers.fields(
                body: delivery.body, secrets: secret.signing(atMs: nowMs), custom: secret.headers, atMs: nowMs),
            body: delivery.body)
        // An attempt that outlasts its lease may be one of two at the same time.
        let latest = claimedAt + .milliseconds(leaseMs - ClaimDeliveries.attemptMs(leaseMs: leaseMs))
        let mayBegin = { @Sendable [journal] in
            if ContinuousClock.now <= latest { return true }
            journal.recordLate()
            return false
        }
        return switch await send(request, mayBegin) {
        case .answered(let status, let retryAfter, let tookMs):
            .answered(status, retryAfterSeconds: retryAfter, tookMs: tookMs)
        case .failed(.cancelled, _, _): nil
        case .failed(_, let message, let tookMs): .failed(message, tookMs: tookMs)
        }
    }
}

extension Dispatcher: Service {
    /// Runs until graceful shutdown; attempts under way are brought to their end.
    func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                group.addTask {
                    while !self.isEnding.withLock({ $0 }), !Task.isCancelled {
                        for shard in self.store.keyspace.shards { self.wake(shard) }
                        try? await Task.sleep(for: Self.idle)
                    }
                    // What a claim brings now would otherwise lie until its lease ends.
                    while !Task.isCancelled, self.isClaiming { try? await Task.sleep(for: Self.settling) }
                    self.continuation.finish()
                }
                for await job in self.jobs {
                    group.addTask {
                        switch job {
                        case .claim(let shard): await self.claim(shard)
                        case .deliver(let delivery, let claimedAt): await self.deliver(delivery, claimedAt: claimedAt)
                        }
                    }
                }
            }
        } onGracefulShutdown: {
            self.isEnding.withLock { $0 = true }
        }
    }
}
