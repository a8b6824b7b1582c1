// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Egress
package import HTTPAPI
package import HoldfastRuntime
package import HoldfastSettings
internal import Observability
internal import Webhooks

/// What Holdfast offers to the world.
package enum PublicAPI {
    /// The operations of every API and their descriptions; ``buildServer(_:endpoints:context:limits:patience:)`` adds
    /// those for health. `egress` is the way to the endpoints of webhooks.
    package static func endpoints(_ settings: SharedSettings, egress: WebhookEgress) -> [Endpoint] {
        CyclesAPI.endpoints + AdminAPI.endpoints + AdminAPI.webhookEndpoints(webhooks(settings, egress))
            + ReservationAPI.endpoints + OpenAPIDocuments.endpoints
    }

    /// What subscriptions need besides Redis.
    private static func webhooks(_ settings: SharedSettings, _ egress: WebhookEgress) -> WebhookServices {
        WebhookServices(
            box: SecretBox(keys: settings.secretKeys), isRange: WebhookEgress.isRange,
            check: { url, security in
                let text = String(decoding: url, as: UTF8.self)
                return switch await egress.sender.targetGuard.vet(text, egress.policy(security)) {
                case .success: nil
                case .failure(let refusal): refusal.message
                }
            },
            probe: { request in await probe(request, egress) })
    }

    /// How long a test event may take: its request waits for it.
    private static let probeTime = Duration.seconds(10)

    private static func probe(_ request: ProbeRequest, _ egress: WebhookEgress) async -> ProbeResult {
        let headers = WebhookHeaders(
            eventID: request.eventID, type: request.eventType, traceID: request.traceID,
            traceFlags: request.traceFlags, hasInboundTraceparent: request.hasInboundTraceparent,
            requestID: request.requestID)
        let outbound = OutboundRequest(
            url: String(decoding: request.url, as: UTF8.self),
            headers: headers.fields(
                body: request.body, secrets: request.secrets, custom: request.headers, atMs: UTCTimestamp.now_ms()),
            body: request.body)
        switch await egress.sender.send(outbound, egress.policy(request.security), deadline: probeTime) {
        case .answered(let status, _, let tookMs):
            let isSuccess = (200...299).contains(status)
            return ProbeResult(
                isSuccess: isSuccess, status: status, tookMs: tookMs, problem: isSuccess ? nil : "HTTP \(status)")
        case .failed(_, let message, let tookMs):
            return ProbeResult(isSuccess: false, status: nil, tookMs: tookMs, problem: message)
        }
    }
}
