// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import Logging
package import Observability

/// What a process logs to and counts in; one each, however many servers and workers run in it.
package struct ProcessContext: Sendable {
    package let registry: PrometheusRegistry
    package let logger: Logger

    /// A context of these two.
    package init(registry: PrometheusRegistry, logger: Logger) {
        self.registry = registry
        self.logger = logger
    }
}
