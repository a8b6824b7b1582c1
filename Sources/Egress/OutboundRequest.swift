// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// One POST to send.
package struct OutboundRequest: Sendable {
    /// Where to, as the subscription has it.
    package let url: String
    /// What to send besides `Host` and `Content-Length`.
    package let headers: [(String, String)]
    /// What to send.
    package let body: [UInt8]

    /// A POST of these bytes.
    package init(url: String, headers: [(String, String)], body: [UInt8]) {
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// What came of an attempt.
package enum OutboundOutcome: Sendable, Hashable {
    /// Why there is no answer that counts.
    package enum Failure: String, Sendable, Hashable, CaseIterable {
        /// The URL or what it resolves to is not allowed; nothing was sent.
        case refusedTarget = "refused_target"
        /// The name could not be looked up; nothing was sent.
        case resolve
        /// No connection; nothing was sent.
        case connect
        /// No secure connection, or not to whom the name says; nothing was sent.
        case tls
        /// Not over by the deadline.
        case timeout
        /// The connection ended too early.
        case reset
        /// The answer is no HTTP, or too large in its head; or the request cannot be put into HTTP.
        case protocolError = "protocol_error"
        /// We have given up ourselves: the task was cancelled, or the sender is shut down. It may have arrived.
        case cancelled
    }

    /// The endpoint has answered with this status, and its body was over or long enough to stop reading.
    case answered(status: Int, retryAfterSeconds: Int?, tookMs: Int64)
    /// There is no answer that counts; the message quotes neither query nor headers.
    case failed(reason: Failure, message: String, tookMs: Int64)
}
