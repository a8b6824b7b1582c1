// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import HoldfastRuntime
package import Logging
package import Observability
internal import ServiceLifecycle
internal import SharedKernel
internal import Synchronization
package import Webhooks

/// Seals the secrets of all subscriptions anew that are not under the first key of `HOLDFAST_SECRET_KEY`, now and then,
/// so that old keys go out of use, and shows in a gauge when they have. Any number may run: a row is exchanged only for
/// the one it was made from.
package final class SecretRotation: Sendable {
    /// What a round left behind.
    private struct Tally: Sendable {
        /// Rows under another key of the list.
        var behind = 0
        /// Rows that no key of the list opens.
        var unreadable = 0
    }

    private static let interval = Duration.seconds(600)
    /// After a round that failed or left something behind.
    private static let pause = Duration.seconds(15)

    private let store: Store
    private let box: SecretBox
    private let logger: Logger
    private let resealed, failures: PrometheusCounter
    /// Of the last round that saw everything.
    private let latest = Mutex<Tally?>(nil)

    /// A rotation to the first key of this box.
    package init(_ store: Store, secrets box: SecretBox, registry: PrometheusRegistry, logger: Logger) {
        self.store = store
        self.box = box
        self.logger = logger
        for (name, text) in [
            ("holdfast_webhook_secrets_behind", "Subscriptions sealed under another key than the first; 0: it may go."),
            ("holdfast_webhook_secrets_unreadable", "Subscriptions whose secrets no key opens."),
            ("holdfast_webhook_secrets_resealed_total", "Subscriptions sealed anew under the first key."),
            ("holdfast_webhook_secrets_failures_total", "Rounds over all subscriptions that failed."),
        ] { registry.describe(name, text) }
        resealed = registry.counter("holdfast_webhook_secrets_resealed")
        failures = registry.counter("holdfast_webhook_secrets_failures")
        registry.gauge("holdfast_webhook_secrets_behind") { [weak self] in self?.last.map { Double($0.behind) } }
        registry.gauge("holdfast_webhook_secrets_unreadable") { [weak self] in
            self?.last.map { Double($0.unreadable) }
        }
    }

    private var last: Tally? { latest.withLock { $0 } }

    /// Looks at every subscription once; whether nothing was left behind.
    package func pass() async -> Bool {
        var tally = Tally()
        do throws(ScriptFault) {
            for shard in store.keyspace.shards where !Task.isCancelled {
                var scan = ScanSealedSubscriptions(shard: shard)
                while !scan.isDone, !Task.isCancelled {
                    for row in try scan.page(try await store.runner.run(scan.call)) {
                        try await look(at: row, &tally)
                    }
                }
            }
        } catch {
            failures.increment()
            logger.log(
                level: error.isUnavailable ? .debug : .error, "rotation of webhook secrets failed",
                metadata: .keyed([.error: .string(error.description)]))
            return false
        }
        guard !Task.isCancelled else { return false }
        latest.withLock { [tally] in $0 = tally }
        if tally.unreadable > 0 {
            logger.warning(
                "secrets of webhook subscriptions cannot be opened with any key of HOLDFAST_SECRET_KEY",
                metadata: .keyed([.count: .stringConvertible(tally.unreadable)]))
        }
        return tally.behind == 0
    }

    private func look(at row: SealedSubscription, _ tally: inout Tally) async throws(ScriptFault) {
        guard let keys = row.keys, let sealed = row.sealed else {
            tally.unreadable += 1
            return
        }
        let fresh: [UInt8]?
        do throws(SecretBoxError) {
            fresh = try box.renew(sealed, boundTo: row.id)
        } catch {
            tally.unreadable += 1
            return
        }
        guard let fresh else { return }
        let reseal = ResealSubscription(keys: keys, id: row.id, old: sealed, new: fresh)
        switch try reseal.outcome(try await store.runner.run(reseal.call)) {
        case .resealed: resealed.increment()
        // Whoever changed it may hold another list of keys: the next round looks again, soon.
        case .changed: tally.behind += 1
        case .gone: break
        }
    }
}

extension SecretRotation: Service {
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let pause = await self.pass() ? Self.interval : Self.pause
                try? await Task.sleep(for: pause * Double.random(in: 0.9...1.1))
            }
        }
    }
}
