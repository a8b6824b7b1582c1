// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import HoldfastRuntime
package import HoldfastSettings
internal import Observability

/// A worker, connected to Redis and checked, not yet at work. Its listener serves health and metrics only.
package func buildWorker(
    _ settings: WorkerSettings, context: ProcessContext, patience: Duration = .seconds(30)
) async throws(StartupError) -> HoldfastProcess {
    let store = try await Store.open(
        settings.shared, registry: context.registry, logger: context.logger, patience: patience)
    let pipeline = makePipeline([], store: store, adminKey: nil, context: context)
    let front = HTTPFront(
        host: settings.host, port: settings.port, pipeline: pipeline, group: store.group, usesFastLane: true,
        registry: context.registry, logger: context.logger)
    let sweeper = Sweeper(
        store, interval: .milliseconds(settings.sweepIntervalMs), registry: context.registry, logger: context.logger)
    let watch = LedgerWatch(store, interval: .seconds(30), registry: context.registry, logger: context.logger)
    return HoldfastProcess(
        store: store, front: front, background: [sweeper, watch], shutdownSeconds: settings.shared.shutdownSeconds,
        logger: context.logger)
}
