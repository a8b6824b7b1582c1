// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HoldfastSettings
internal import Logging
internal import NIOCore
internal import Observability
internal import RedisClient

/// Looks at Redis before anything else connects, on a connection of its own that loads no scripts: an old version would
/// refuse those with a message that nobody understands.
struct StoreProbe {
    private let settings: SharedSettings
    private let loop: any EventLoop
    private let logger: Logger

    init(_ settings: SharedSettings, loop: any EventLoop, logger: Logger) {
        self.settings = settings
        self.loop = loop
        self.logger = logger
    }

    /// Waits for Redis and checks it.
    func run(patience: Duration) async throws(StartupError) {
        let pool: RedisPool
        do {
            pool = try RedisPool(configuration: settings.redis, group: loop)
        } catch {
            throw .unfit(error.description)
        }
        pool.start()
        do throws(StartupError) {
            try await wait(for: pool, patience: patience)
            try await check(pool)
        } catch {
            await pool.shutdown(within: .seconds(1))
            throw error
        }
        await pool.shutdown(within: .seconds(1))
    }

    /// What a failure to connect means for the start.
    static func startupError(_ error: RedisError, _ redis: RedisConfiguration) -> StartupError {
        error.isConfigurationFault
            ? .unfit("Redis at \(redis) refuses the login: \(error.message)")
            : .unavailable("Redis at \(redis) is not available: \(error.message)")
    }

    private func wait(for pool: RedisPool, patience: Duration) async throws(StartupError) {
        let end = ContinuousClock.now + patience
        while true {
            do {
                let left = end - ContinuousClock.now
                return try await pool.waitUntilReady(within: min(.seconds(3), max(left, .milliseconds(1))))
            } catch {
                guard !error.isConfigurationFault, ContinuousClock.now < end, !Task.isCancelled else {
                    throw Self.startupError(error, settings.redis)
                }
                logger.notice(
                    "waiting for Redis",
                    metadata: .keyed([
                        .redis: "\(settings.redis)", .error: "\(error.message)",
                        .delaySeconds: .seconds(end - ContinuousClock.now),
                    ]))
            }
        }
    }

    private func check(_ pool: RedisPool) async throws(StartupError) {
        let facts: StoreFacts
        do {
            facts = StoreFacts(info: try await pool.send(RedisCommand("INFO")))
        } catch {
            throw Self.startupError(error, settings.redis)
        }
        guard facts.isNewEnough else {
            throw .unfit("Redis at \(settings.redis) is version \(facts.version ?? ""): 7.0 or later is needed")
        }
        guard facts.isPrimary ?? true else {
            throw .unavailable("Redis at \(settings.redis) is a replica: HOLDFAST_REDIS_URL must name the primary")
        }
        if facts.evicts {
            logger.error(
                "Redis may drop keys when memory is short: not ready until maxmemory-policy is noeviction",
                metadata: .keyed([.redis: "\(settings.redis)", .value: "\(facts.evictionPolicy ?? "")"]))
        }
        await logDurability(facts, pool)
    }

    private func logDurability(_ facts: StoreFacts, _ pool: RedisPool) async {
        guard let hasFile = facts.hasAppendOnlyFile else {
            logger.warning("Redis does not say how durable it is")
            return
        }
        var tier = "none"
        if hasFile {
            let reply = try? await pool.send(RedisCommand("CONFIG", "GET", "appendfsync"))
            if let policy = reply?.array?.last?.text {
                tier = "aof \(policy)"
            } else {
                tier = "aof, fsync policy unknown"
                logger.warning("CONFIG GET is not allowed here: the fsync policy of Redis is unknown")
            }
        }
        let metadata: Logger.Metadata = .keyed([
            .redis: "\(settings.redis)", .version: "\(facts.version ?? "")", .durabilityTier: "\(tier)",
        ])
        if hasFile || settings.allowsVolatile {
            logger.info("Redis is fit", metadata: metadata)
        } else {
            logger.warning("Redis keeps no append-only file: everything is lost when it ends", metadata: metadata)
        }
    }
}
