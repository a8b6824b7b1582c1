// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import HTTPAPI
package import HoldfastSettings
package import Logging
internal import NIOCore
package import NIOPosix
package import Observability
internal import RedisClient
package import SharedKernel

/// A process' way to Redis: connections, scripts, the installation's constants, and what is known about its health.
package final class Store: Sendable {
    /// The event loops of the process; each has a connection.
    package let group: MultiThreadedEventLoopGroup
    /// Runs scripts.
    package let runner: ScriptRunner
    /// Shards, salt and retention.
    package let installation: Installation
    /// Whether the process takes traffic.
    package let readiness: Readiness
    /// The outage that is to be told of, if there is one.
    let outage: Outage

    private init(
        group: MultiThreadedEventLoopGroup, runner: ScriptRunner, installation: Installation, readiness: Readiness,
        outage: Outage
    ) {
        self.group = group
        self.runner = runner
        self.installation = installation
        self.readiness = readiness
        self.outage = outage
    }

    /// Where everything is.
    package var keyspace: Keyspace { installation.keyspace }

    /// How long finished reservations are kept, ms.
    package var keepMs: Int64 { installation.keepMs }

    /// Connects to Redis, waiting up to `patience` for it, checks that it is fit, and reads or writes the
    /// installation's constants. Nothing stays open when it throws; otherwise ``close()`` must be called in the end.
    package static func open(
        _ settings: SharedSettings, registry: PrometheusRegistry, logger: Logger, patience: Duration = .seconds(30)
    ) async throws(StartupError) -> Store {
        let threads = settings.eventLoops == 0 ? System.coreCount : settings.eventLoops
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        let journal = StoreJournal(registry: registry, logger: logger)
        do throws(StartupError) {
            try await StoreProbe(settings, loop: group.next(), logger: logger).run(patience: patience)
            let pool = try makePool(settings, group: group, journal: journal)
            do throws(StartupError) {
                let runner = ScriptRunner(pool: pool, group: group)
                let installation = try await install(settings, pool: pool, runner: runner)
                return Store(
                    group: group, runner: runner, installation: installation,
                    readiness: Readiness { pool.isReady }, outage: journal.outage)
            } catch {
                await pool.shutdown(within: .seconds(1))
                throw error
            }
        } catch {
            await end(group)
            throw error
        }
    }

    /// Closes the connections, after replies that are on their way, and ends the event loops.
    package func close() async {
        await runner.pool.shutdown()
        await Self.end(group)
    }

    private static func end(_ group: MultiThreadedEventLoopGroup) async {
        // It fails only when called twice, which changes nothing.
        try? await group.shutdownGracefully()
    }

    private static func makePool(
        _ settings: SharedSettings, group: MultiThreadedEventLoopGroup, journal: StoreJournal
    ) throws(StartupError) -> RedisPool {
        do {
            let pool = try RedisPool(
                configuration: settings.redis, group: group, onConnect: ScriptRunner.loadCommands,
                onEvent: { journal.record($0) })
            pool.start()
            return pool
        } catch {
            throw .unfit(error.description)
        }
    }

    private static func install(
        _ settings: SharedSettings, pool: RedisPool, runner: ScriptRunner
    ) async throws(StartupError) -> Installation {
        do {
            try await pool.waitUntilReady(within: .seconds(10))
        } catch {
            throw StoreProbe.startupError(error, settings.redis)
        }
        let salt = IdentitySalt(bytes: RandomBytes.make(32))
        let constants = InstallationConstants(shards: settings.shards, salt: salt)
        let stored: InstallationConstants
        do throws(ScriptFault) {
            stored = try await constants.settle(with: runner)
        } catch {
            throw error.isUnavailable
                ? .unavailable("Redis failed while the installation was read: \(error)")
                : .unfit("the installation in Redis cannot be used: \(error)")
        }
        guard stored.shards == settings.shards else {
            throw .unfit(
                "HOLDFAST_SHARDS is \(settings.shards), but this Redis holds an installation with \(stored.shards)"
                    + " shards: set HOLDFAST_SHARDS=\(stored.shards) or use another Redis")
        }
        let keyspace = Keyspace(shardCount: stored.shards)
        do {
            try await InstallationConstants.writeSentinels(keyspace, pool: pool)
        } catch {
            throw .unavailable("Redis failed while the installation was written: \(error)")
        }
        return Installation(
            keyspace: keyspace, salt: stored.salt, keepMs: settings.retentionFinal.wholeMilliseconds)
    }
}
