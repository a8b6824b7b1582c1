// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import HTTPTypes

/// An answer as endpoints give it; the pipeline adds correlation headers.
package struct APIResponse: Sendable {
    package var status: HTTPResponse.Status
    /// Beyond content type, length and correlation.
    package var headers: HTTPFields
    package var body: [UInt8]
    package var contentType: String
    /// Scopes that this operation pushed over their limit, for the log.
    package var overLimitScopes: [OverLimitNotice] = []

    /// A JSON answer.
    package static func json(
        _ body: [UInt8], status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) -> APIResponse {
        APIResponse(status: status, headers: headers, body: body, contentType: "application/json")
    }
}

/// A scope that entered over-limit state (seed: OVERDRAFT RECONCILIATION asks for scope, debt and limit in the log).
package struct OverLimitNotice: Sendable {
    package var scope: [UInt8]
    package var debt: Int64
    package var overdraftLimit: Int64
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
