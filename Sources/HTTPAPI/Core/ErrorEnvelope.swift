// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import HTTPTypes
internal import SharedKernel
internal import StrictJSON

extension APIError {
    /// The error's body and headers in the shape of an API: Cycles and admin planes (runtime digest 2.10), or the
    /// Reservation API (decision X5).
    package func response(on surface: Surface, _ correlation: Correlation) -> APIResponse {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("error")
        switch surface {
        case .cycles, .admin, .operations:
            writer.string(code)
            writer.key("message")
            writer.string(message)
            writer.key("request_id")
            writer.string(correlation.requestID)
            writer.key("trace_id")
            writer.string(correlation.traceID)
            if let details {
                writer.key("details")
                writer.raw(details)
            }
        case .reservation:
            writer.string(message)
            writer.key("code")
            writer.string(code)
            writer.key("requestId")
            writer.string(correlation.requestID)
        }
        writer.endObject()
        var response = APIResponse.json(writer.finish(), status: status, headers: headers)
        response.errorCode = code
        return response
    }
}

extension ScriptFault {
    /// The fault as clients see it: 503 with Retry-After while Redis is away, full or busy, else 500. Never says more.
    package var apiError: APIError {
        guard isUnavailable else {
            return APIError(
                .internalServerError, "INTERNAL_ERROR", "the operation failed; it is logged with this request id")
        }
        let message =
            isOutcomeUnknown
            ? "the store did not answer: the outcome is unknown, retry with the same idempotency key"
            : "the store is not available: retry later"
        return APIError(.serviceUnavailable, "INTERNAL_ERROR", message, headers: [.retryAfter: "1"])
    }
}
