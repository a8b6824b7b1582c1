// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Egress
package import HoldfastRuntime
package import HoldfastSettings
internal import Logging
internal import Observability
internal import ServiceLifecycle
internal import SharedKernel
internal import Webhooks

/// A worker, connected to Redis and checked, not yet at work. Its listener serves health and metrics only.
package func buildWorker(
    _ settings: WorkerSettings, context: ProcessContext, patience: Duration = .seconds(30)
) async throws(StartupError) -> HoldfastProcess {
    let egress = try WebhookEgress(settings.shared, logger: context.logger)
    let store: Store
    do {
        store = try await Store.open(
            settings.shared, registry: context.registry, logger: context.logger, patience: patience)
    } catch {
        await egress.sender.shutdown()
        throw error
    }
    let pipeline = makePipeline([], store: store, adminKey: nil, context: context)
    let front = HTTPFront(
        host: settings.host, port: settings.port, pipeline: pipeline, group: store.group, usesFastLane: true,
        registry: context.registry, logger: context.logger)
    let sweeper = Sweeper(
        store, interval: .milliseconds(settings.sweepIntervalMs), registry: context.registry, logger: context.logger)
    let watch = LedgerWatch(store, interval: .seconds(30), registry: context.registry, logger: context.logger)
    return HoldfastProcess(
        store: store, front: front,
        background: [
            egress, sweeper, watch, Retention(store, registry: context.registry, logger: context.logger),
        ] + webhookServices(settings, store, egress, context),
        shutdownSeconds: settings.shared.shutdownSeconds,
        logger: context.logger)
}

/// What relays events and sends them. Without a key for secrets nothing can be signed, so nothing is sent; events wait.
private func webhookServices(
    _ settings: WorkerSettings, _ store: Store, _ egress: WebhookEgress, _ context: ProcessContext
) -> [any Service] {
    let journal = WebhookJournal(registry: context.registry, logger: context.logger)
    let leaseMs = Int64(settings.webhookLeaseMs)
    guard let box = SecretBox(keys: settings.shared.secretKeys) else {
        context.logger.warning("HOLDFAST_SECRET_KEY is not set: no webhooks are sent, their events wait")
        return [Relay(store, journal: journal, leaseMs: leaseMs, onQueued: { _ in })]
    }
    let security = SecuritySource(store)
    let deadline = Duration.milliseconds(ClaimDeliveries.attemptMs(leaseMs: leaseMs))
    let dispatcher = Dispatcher(
        store, secrets: box, journal: journal, maxAgeMs: settings.webhookMaxAge.wholeMilliseconds, leaseMs: leaseMs
    ) { request, mayBegin in
        do throws(ScriptFault) {
            let policy = egress.policy(try await security.current())
            guard mayBegin() else {
                return .failed(reason: .cancelled, message: "the lease is about to end", tookMs: 0)
            }
            return await egress.sender.send(request, policy, deadline: deadline)
        } catch {
            // What may be connected to is not known: nothing is sent, and the lease brings the delivery back.
            return .failed(reason: .cancelled, message: error.description, tookMs: 0)
        }
    }
    let rotation = SecretRotation(store, secrets: box, registry: context.registry, logger: context.logger)
    return [dispatcher, Relay(store, journal: journal, leaseMs: leaseMs, onQueued: { dispatcher.wake($0) }), rotation]
}
