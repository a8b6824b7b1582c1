// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import HTTPTypes

extension HTTPField.Name {
    /// A header name of ours; the literal is checked by a test.
    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("not a header name") }
        return name
    }

    package static let cyclesAPIKey = known("X-Cycles-API-Key")
    package static let apiKey = known("X-Api-Key")
    package static let adminAPIKey = known("X-Admin-API-Key")
    package static let idempotencyKey = known("X-Idempotency-Key")
    package static let lastEventID = known("Last-Event-ID")
    package static let requestID = known("X-Request-Id")
    package static let cyclesTraceID = known("X-Cycles-Trace-Id")
    package static let rateLimitRemaining = known("X-RateLimit-Remaining")
    package static let rateLimitReset = known("X-RateLimit-Reset")
    package static let cyclesTenant = known("X-Cycles-Tenant")
    package static let cascadeStatus = known("X-Cycles-Cascade-Status")
}
