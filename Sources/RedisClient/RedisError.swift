// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Why a call of Redis has no reply: what happened, and what it means for the effect of the call.
///
/// The server's own error replies are here too, because most of them are faults of the deployment and not answers.
package struct RedisError: Error, Sendable, CustomStringConvertible {
    /// What happened.
    package enum Code: Sendable, Hashable, CaseIterable {
        /// There is no connection, and none came up while the call waited. Nothing was sent.
        case notConnected
        /// The server did not accept a connection in time.
        case connectTimeout
        /// The server refused the connection, or it failed before it could take calls.
        case connectFailed
        /// Too many calls are waiting on the connection. Nothing was sent.
        case busy
        /// The call was sent and no reply came in time.
        case timeout
        /// The connection ended after the call was sent.
        case connectionLost
        /// The connection ended before the call was sent.
        case connectionLostBeforeSend
        /// The server sent something that is not the Redis protocol.
        case protocolError
        /// The server answered with an error.
        case server
        /// The caller was cancelled after the call was sent.
        case cancelled
        /// The caller was cancelled before the call was sent.
        case cancelledBeforeSend
        /// The client is shut down and takes no more calls.
        case shutdown
    }

    /// What is known about the effect of a call that failed.
    package enum Outcome: Sendable, Hashable {
        /// Nothing was changed.
        case notApplied
        /// The call may have been carried out in full or not at all.
        case unknown
        /// A script may have failed half-way; its earlier writes stay.
        case maybePartial
    }

    /// What a caller may do about it within the same request.
    package enum Retry: Sendable, Hashable {
        /// Nothing: it would not help, or make things worse.
        case never
        /// Send the same call again, once or twice, with a short random delay.
        case again
        /// Send the same call again, once, if it is keyed or changes nothing.
        case ifIdempotent
        /// Load the script, then send the same call again, once.
        case afterScriptLoad
        /// Send the same call again after 50 to 400 ms.
        case afterBackoff
        /// Send the same call to the node that the message names.
        case elsewhere
    }

    private final class Storage: Sendable {
        let code: Code
        let message: String
        let underlying: (any Error)?

        init(code: Code, message: String, underlying: (any Error)?) {
            self.code = code
            self.message = message
            self.underlying = underlying
        }
    }

    // One reference: when a connection ends, thousands of calls share the same error.
    private let storage: Storage

    /// Makes an error; `message` must not contain a secret or the arguments of a command.
    package init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
        self.storage = Storage(code: code, message: message, underlying: underlying)
    }

    /// Makes the error for an error reply.
    package static func server(_ error: RedisServerError) -> RedisError {
        RedisError(.server, error.description, underlying: error)
    }

    /// What happened.
    package var code: Code { self.storage.code }

    /// What happened, for a log.
    package var message: String { self.storage.message }

    /// The error below this one, for example of the socket or of TLS.
    package var underlying: (any Error)? { self.storage.underlying }

    /// The error reply, if there was one.
    package var serverError: RedisServerError? {
        self.code == .server ? self.underlying as? RedisServerError : nil
    }

    /// The code, then the message.
    package var description: String { "\(self.code): \(self.message)" }

    /// What is known about the effect of the call.
    package var outcome: Outcome {
        switch self.code {
        case .notConnected, .connectTimeout, .connectFailed, .busy, .connectionLostBeforeSend, .cancelledBeforeSend,
            .shutdown:
            .notApplied
        case .timeout, .connectionLost, .protocolError, .cancelled: .unknown
        case .server: self.serverError.map(Self.outcome(of:)) ?? .unknown
        }
    }

    /// What a caller may do about it within the same request, within its deadline.
    package var retry: Retry {
        switch self.code {
        case .notConnected, .connectTimeout, .connectFailed, .connectionLostBeforeSend: .again
        case .timeout, .connectionLost, .protocolError: .ifIdempotent
        case .busy, .cancelled, .cancelledBeforeSend, .shutdown: .never
        case .server: self.serverError.map { Self.retry(of: $0.kind) } ?? .never
        }
    }

    /// Whether the same call may be sent again within the request.
    ///
    /// With ``outcome`` unknown this holds only for a call that is keyed or changes nothing.
    package var retryableWithinRequest: Bool { self.retry != .never }

    /// Whether only the operator can help: wrong or missing credentials, or a missing permission.
    package var isConfigurationFault: Bool {
        switch self.serverError?.kind {
        case .noAuth, .wrongPass, .noPerm: true
        default: false
        }
    }

    private static func outcome(of error: RedisServerError) -> Outcome {
        switch error.kind {
        case .noScript, .loading, .busy, .readOnly, .masterDown, .clusterDown, .tryAgain, .moved, .ask, .noAuth,
            .wrongPass, .execAbort:
            .notApplied
        case .oom, .misconf, .noReplicas, .crossSlot:
            // Refused up front, or met by a later command of a script that had written already.
            error.raisedInsideScript ? .maybePartial : .notApplied
        case .noPerm, .wrongType, .other: .maybePartial
        }
    }

    private static func retry(of kind: RedisServerError.Kind) -> Retry {
        switch kind {
        case .noScript: .afterScriptLoad
        case .loading, .masterDown, .clusterDown, .tryAgain: .afterBackoff
        case .readOnly: .again
        case .moved, .ask: .elsewhere
        case .busy, .oom, .misconf, .noReplicas, .crossSlot, .noAuth, .wrongPass, .noPerm, .wrongType, .execAbort,
            .other:
            .never
        }
    }
}
