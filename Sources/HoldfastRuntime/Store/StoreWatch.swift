// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPAPI
internal import HoldfastSettings
package import Logging
internal import LuaCatalog
internal import Observability
internal import RedisClient
internal import ServiceLifecycle
internal import SharedKernel
internal import Synchronization

/// Asks Redis each second whether it still serves us, and each half minute, or when it comes back, whether it is still
/// the one we started with. What it learns goes into ``Readiness``.
package struct StoreWatch: Service {
    private let store: Store
    private let logger: Logger
    private let interval: Duration
    private let checkInterval: Duration

    /// A watch over a store.
    package init(
        _ store: Store, logger: Logger, interval: Duration = .seconds(1), checkInterval: Duration = .seconds(30)
    ) {
        self.store = store
        self.logger = logger
        self.interval = interval
        self.checkInterval = checkInterval
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            // Two loops, so that a check that hangs does not delay the news that Redis does.
            await withDiscardingTaskGroup { group in
                let schedule = CheckSchedule()
                group.addTask { await askAgainAndAgain(schedule) }
                group.addTask { await checkAgainAndAgain(schedule) }
            }
        }
    }

    private func askAgainAndAgain(_ schedule: CheckSchedule) async {
        while !Task.isCancelled {
            schedule.note(isServing: await askRole())
            try? await Task.sleep(for: interval)
        }
    }

    private func checkAgainAndAgain(_ schedule: CheckSchedule) async {
        while !Task.isCancelled {
            if schedule.begin(), await check() { schedule.succeeded(next: ContinuousClock.now + checkInterval) }
            try? await Task.sleep(for: interval)
        }
    }

    /// Whether Redis answers and is a primary.
    private func askRole(mayRepeat: Bool = true) async -> Bool {
        let pool = store.runner.pool
        do {
            let reply = try await pool.send(RedisCommand("ROLE"))
            set(.redisUnreachable, false)
            let isPrimary = reply.array?.first?.text == "master"
            set(.redisNotPrimary, !isPrimary)
            if isPrimary { await tellOfOutage() }
            return isPrimary
        } catch {
            // Asked while there was no connection, and now there is: the failure is old news.
            if mayRepeat, error.code != .timeout, error.serverError == nil, pool.isReady {
                return await askRole(mayRepeat: false)
            }
            // A user without the right to ask has still been answered.
            let isAnswered = error.serverError?.kind == .noPerm
            if !Task.isCancelled { set(.redisUnreachable, !isAnswered) }
            return isAnswered
        }
    }

    /// Looks at what rarely changes; false when Redis failed meanwhile.
    private func check() async -> Bool {
        do {
            let facts = StoreFacts(info: try await store.runner.pool.send(RedisCommand("INFO")))
            set(.redisEvicts, facts.evicts)
            store.readiness.persistence = facts.persistence
            let installation = store.installation
            let ours = InstallationConstants(shards: installation.keyspace.shardCount, salt: installation.salt)
            // A Redis that lost everything gets our constants back, so that repetitions of requests stay repetitions.
            let stored = try await ours.settle(with: store.runner)
            let isSame = stored.shards == ours.shards && stored.salt.bytes == ours.salt.bytes
            if set(.installationChanged, !isSame), !isSame {
                logger.critical("Redis holds another installation than at the start: this process must be restarted")
            }
            if isSame { try await InstallationConstants.writeSentinels(installation.keyspace, pool: store.runner.pool) }
            return true
        } catch {
            logger.warning("Redis could not be checked", metadata: .keyed([.error: "\(error)"]))
            return false
        }
    }

    /// Writes the events of an outage, which could not be written before it was over; a Redis that still loads its data
    /// is asked again.
    private func tellOfOutage() async {
        guard let lostMs = store.outage.sinceMs, let shard = store.keyspace.shards.first else { return }
        let nowMs = UTCTimestamp.now_ms()
        do throws(ScriptFault) {
            for (type, severity, message) in [
                ("system.store_connection_lost", "critical", "Redis could not be reached"),
                ("system.store_connection_restored", "info", "Redis answers again"),
            ] {
                var call = ScriptCall(.eventsAppend, keys: [shard.prefix, Keyspace.tenant(.system, in: shard)])
                call.append(type)
                call.append("store")
                call.append("{\"source\":\"cycles-server\",\"actor\":{\"type\":\"system\"}}")
                var lost: [UInt8] = []
                UTCTimestamp(milliseconds: lostMs).append(to: &lost)
                call.append(
                    "{\"component\":\"store\",\"message\":\"\(message)\",\"severity\":\"\(severity)\",\"details\":{"
                        + "\"process\":\"\(logger.label)\",\"lost_at\":\"\(String(decoding: lost, as: UTF8.self))\","
                        + "\"outage_ms\":\(max(0, nowMs - lostMs))}}")
                call.append("0")
                _ = try await store.runner.run(call)
            }
            store.outage.end()
        } catch {
            logger.debug("an outage could not be told of", metadata: .keyed([.error: .string(error.description)]))
        }
    }

    @discardableResult
    private func set(_ reason: OperationsAPI.Unreadiness, _ holds: Bool) -> Bool {
        let hasChanged = store.readiness.set(reason, holds)
        if hasChanged {
            let reasons = store.readiness.unreadiness.map { Logger.MetadataValue.string($0.rawValue) }
            logger.notice(
                reasons.isEmpty ? "ready" : "not ready", metadata: .keyed([.reason: .array(reasons)]))
        }
        return hasChanged
    }
}

/// When Redis is looked at more closely: after it was away, when the last look failed, and now and then.
private final class CheckSchedule: Sendable {
    private let state = Mutex<(isServing: Bool, next: ContinuousClock.Instant)>((true, .now))

    /// Whether a check is due; not while Redis is away.
    func begin() -> Bool { state.withLock { $0.isServing && $0.next <= ContinuousClock.now } }

    func note(isServing: Bool) {
        state.withLock {
            $0.isServing = isServing
            if !isServing { $0.next = .now }
        }
    }

    func succeeded(next: ContinuousClock.Instant) { state.withLock { if $0.isServing { $0.next = next } } }
}
