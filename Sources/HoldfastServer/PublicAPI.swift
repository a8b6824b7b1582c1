// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import HTTPAPI
package import HoldfastSettings
internal import Webhooks

/// What Holdfast offers to the world.
package enum PublicAPI {
    /// The operations of every API and their descriptions; ``buildServer(_:endpoints:context:limits:patience:)`` adds
    /// those for health.
    package static func endpoints(_ settings: SharedSettings) -> [Endpoint] {
        CyclesAPI.endpoints + AdminAPI.endpoints + AdminAPI.webhookEndpoints(webhooks(settings))
            + ReservationAPI.endpoints + OpenAPIDocuments.endpoints
    }

    /// What subscriptions need besides Redis.
    private static func webhooks(_ settings: SharedSettings) -> WebhookServices {
        WebhookServices(
            box: SecretBox(keys: settings.secretKeys), isRange: { $0.contains("/") },
            check: { _, _ in "webhooks cannot be sent from here" },
            probe: { _ in ProbeResult(isSuccess: false, status: nil, tookMs: 0, problem: "not sent") })
    }
}
