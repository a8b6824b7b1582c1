// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Egress
package import HTTPAPI
package import HoldfastRuntime
package import HoldfastSettings
internal import Logging
internal import Observability
package import ServiceLifecycle

/// A server of everything that Holdfast offers, connected to Redis and checked, not yet listening.
package func buildServer(
    _ settings: ServerSettings, context: ProcessContext
) async throws(StartupError) -> HoldfastProcess {
    let egress = try WebhookEgress(settings.shared, logger: context.logger)
    do {
        return try await buildServer(
            settings, endpoints: PublicAPI.endpoints(settings.shared, egress: egress), background: [egress],
            context: context)
    } catch {
        await egress.sender.shutdown()
        throw error
    }
}

/// A server over these endpoints and the operations endpoints, connected to Redis and checked, not yet listening.
package func buildServer(
    _ settings: ServerSettings, endpoints: [Endpoint], background: [any Service] = [], context: ProcessContext,
    limits: HTTPLimits = HTTPLimits(),
    patience: Duration = .seconds(30)
) async throws(StartupError) -> HoldfastProcess {
    if settings.shared.secretKeys.isEmpty {
        context.logger.warning(
            "HOLDFAST_SECRET_KEY is not set: webhook subscriptions cannot be made, nor their secrets be changed")
    }
    let store = try await Store.open(
        settings.shared, registry: context.registry, logger: context.logger, patience: patience)
    let pipeline = makePipeline(endpoints, store: store, adminKey: settings.adminKey, context: context)
    let streams = EventStreamHub(
        runner: store.runner, keyspace: store.keyspace, registry: context.registry,
        now_ms: { UTCTimestamp.now_ms() })
    let service: EventStreamService
    do throws(StartupError) {
        service = try EventStreamService(
            streams, store: store, redis: settings.shared.redis,
            interval: limits.keepAliveTime, registry: context.registry,
            logger: context.logger)
    } catch {
        await store.close()
        throw error
    }
    let front = HTTPFront(
        host: settings.host, port: settings.port, pipeline: pipeline, group: store.group,
        usesFastLane: settings.usesFastLane, streams: streams, limits: limits, registry: context.registry,
        logger: context.logger)
    return HoldfastProcess(
        store: store, front: front, background: [service] + background,
        shutdownSeconds: settings.shared.shutdownSeconds,
        logger: context.logger)
}
