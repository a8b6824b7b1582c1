// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import HTTPAPI
package import Observability

/// A pipeline over these endpoints and the operations endpoints of the process.
package func makePipeline(
    _ endpoints: [Endpoint], store: Store, adminKey: RedactedString?, context: ProcessContext
) -> RequestPipeline {
    let readiness = store.readiness
    let operations = OperationsAPI.endpoints(
        unreadiness: { readiness.unreadiness }, persistence: { readiness.persistence }, registry: context.registry)
    return RequestPipeline(
        endpoints: endpoints + operations, runner: store.runner, installation: store.installation, adminKey: adminKey,
        journal: RequestJournal(registry: context.registry, logger: context.logger),
        now_ms: { UTCTimestamp.now_ms() })
}
