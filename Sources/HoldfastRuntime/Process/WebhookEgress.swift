// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import Egress
package import HoldfastSettings
package import Logging
internal import Observability
internal import ServiceLifecycle
package import Webhooks

/// The way out for webhooks: a sender, and the private addresses that this process may reach because its operator says
/// so. The stored configuration has to allow them as well.
package struct WebhookEgress: Sendable {
    /// Makes the attempts.
    package let sender: WebhookSender
    private let openRanges: [CIDRRange]

    /// Reads the settings and the certificates to trust. Says in the log which private addresses are open.
    package init(_ settings: SharedSettings, logger: Logger) throws(StartupError) {
        var ranges: [CIDRRange] = []
        for text in settings.webhookAllowPrivate {
            guard let range = CIDRRange(text) else {
                throw StartupError.unfit("HOLDFAST_WEBHOOK_ALLOW_PRIVATE: \(text) is no range of addresses")
            }
            ranges.append(range)
        }
        openRanges = ranges
        do {
            sender = try WebhookSender()
        } catch {
            throw StartupError.unfit("webhooks cannot be sent: \(error)")
        }
        guard !ranges.isEmpty else { return }
        logger.warning(
            "webhooks may be sent to private addresses",
            metadata: .keyed([.value: .string(settings.webhookAllowPrivate.joined(separator: ","))]))
    }

    /// Whether a text is a range of addresses.
    package static func isRange(_ text: String) -> Bool { CIDRRange(text) != nil }

    /// What may be connected to under the stored configuration.
    package func policy(_ security: WebhookSecurity) -> EgressPolicy {
        EgressPolicy(
            openRanges: openRanges, blocked: security.blockedRanges.compactMap { CIDRRange($0) },
            allowedURLPatterns: security.allowedURLPatterns, allowsHTTP: security.allowsHTTP)
    }
}

/// Ends the sender's connections with the process.
extension WebhookEgress: Service {
    package func run() async throws {
        try? await gracefulShutdown()
        await sender.shutdown()
    }
}
