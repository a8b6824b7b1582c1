// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import Observability
package import Webhooks

/// Looks at a URL before a subscription gets it: nil when events may be sent there, else a sentence about what is wrong
/// that tells nothing of our networks.
package typealias WebhookTargetCheck = @Sendable (_ url: [UInt8], _ security: WebhookSecurity) async -> String?

/// Sends one test event and says what came of it.
package typealias WebhookProbe = @Sendable (_ request: ProbeRequest) async -> ProbeResult

/// A test event on its way to a subscription's endpoint.
package struct ProbeRequest: Sendable {
    package let url: [UInt8]
    /// The subscription's own headers.
    package let headers: [WebhookSecret.Header]
    /// What signs, the current secret first.
    package let secrets: [SecretBytes]
    package let eventID: [UInt8]
    package let eventType: [UInt8]
    /// The event: the body to send, and to sign.
    package let body: [UInt8]
    /// Of the request for the test, for the trace headers.
    package let requestID, traceID, traceFlags: [UInt8]
    package let hasInboundTraceparent: Bool
    package let security: WebhookSecurity

    /// A test event of a request with this correlation.
    package init(
        url: [UInt8], secret: WebhookSecret, atMs now: Int64, eventID: [UInt8], eventType: [UInt8], body: [UInt8],
        _ correlation: Correlation, security: WebhookSecurity
    ) {
        self.url = url
        headers = secret.headers
        secrets = secret.signing(atMs: now)
        self.eventID = eventID
        self.eventType = eventType
        self.body = body
        requestID = correlation.requestID
        traceID = correlation.traceID
        traceFlags = correlation.traceFlags
        hasInboundTraceparent = correlation.hasInboundTraceparent
        self.security = security
    }
}

/// How a test went.
package struct ProbeResult: Sendable {
    /// Whether the endpoint answered with 200 to 299.
    package var isSuccess: Bool
    /// The answer's status; nil when there was none.
    package var status: Int?
    package var tookMs: Int64
    /// What went wrong, fit to show; nil when nothing did.
    package var problem: String?

    /// A result of these.
    package init(isSuccess: Bool, status: Int?, tookMs: Int64, problem: String?) {
        self.isSuccess = isSuccess
        self.status = status
        self.tookMs = tookMs
        self.problem = problem
    }
}

/// What the operations on subscriptions need of the process around them.
package struct WebhookServices: Sendable {
    /// Seals secrets; nil when the operator has set no key for it.
    package let box: SecretBox?
    /// Whether a text is a range of addresses.
    package let isRange: @Sendable (String) -> Bool
    package let check: WebhookTargetCheck
    package let probe: WebhookProbe

    /// Services of these.
    package init(
        box: SecretBox?, isRange: @escaping @Sendable (String) -> Bool, check: @escaping WebhookTargetCheck,
        probe: @escaping WebhookProbe
    ) {
        self.box = box
        self.isRange = isRange
        self.check = check
        self.probe = probe
    }
}
