// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import HTTPTypes
package import SharedKernel

/// An answer as endpoints give it; the pipeline adds correlation headers.
package struct APIResponse: Sendable {
    package var status: HTTPResponse.Status
    /// Beyond content type, length and correlation.
    package var headers: HTTPFields
    package var body: [UInt8]
    package var contentType: String
    /// What the operator should read of in the log, although the request went well.
    package var notices: [LogNotice] = []
    /// The tenant whose things the operator read, for the audit log.
    package var readOnBehalfOf: TenantID?
    /// Of a refusal, for the audit log.
    package var errorCode: String?
    /// What comes after the body, which is only the beginning then; nil for nearly all.
    package var stream: StreamOpening?

    /// A JSON answer.
    package static func json(
        _ body: [UInt8], status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) -> APIResponse {
        APIResponse(status: status, headers: headers, body: body, contentType: "application/json")
    }
}

/// Something for the log.
package enum LogNotice: Sendable {
    /// A scope entered over-limit state (seed: OVERDRAFT RECONCILIATION asks for scope, debt and limit in the log).
    case overLimit(scope: [UInt8], debt: Int64, overdraftLimit: Int64)
    /// A row of a list cannot be read.
    case unreadable(UnreadableRow)

    /// A scope that entered over-limit state.
    package init(scope: [UInt8], debt: Int64, overdraftLimit: Int64) {
        self = .overLimit(scope: scope, debt: debt, overdraftLimit: overdraftLimit)
    }
}

/// A row that cannot be read: lists go on without it.
package struct UnreadableRow: Hashable, Sendable {
    /// What it should be: a value of the label `kind` of a metric.
    package enum Kind: String, Sendable {
        case tenant, budget, policy, reservation, event
        case hold
        case apiKey = "api_key"
        case auditEntry = "audit_entry"
        case subscription
    }

    package let kind: Kind
    /// The key in Redis, and after a space the field in it.
    package let key: [UInt8]
}

/// A refusal or fault as an endpoint states it; the surface's envelope turns it into a body.
package struct APIError: Error, Sendable {
    package var status: HTTPResponse.Status
    /// The protocol's code, such as `BUDGET_EXCEEDED`.
    package var code: String
    /// For people; names the field where one is at fault. Never holds a secret.
    package var message: String
    /// A JSON object, or nil.
    package var details: [UInt8]?
    package var headers: HTTPFields

    /// An error of these parts.
    package init(
        _ status: HTTPResponse.Status, _ code: String, _ message: String, details: [UInt8]? = nil,
        headers: HTTPFields = [:]
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.headers = headers
    }

    /// 400 `INVALID_REQUEST`.
    package static func invalid(_ message: String) -> APIError { APIError(.badRequest, "INVALID_REQUEST", message) }

    /// 401 `UNAUTHORIZED`: one answer for every bad or missing key.
    package static let unauthorized = APIError(.unauthorized, "UNAUTHORIZED", "missing or invalid API key")
}
