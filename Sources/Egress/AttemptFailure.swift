// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Why an attempt has no answer, in our words: the libraries' could quote what must not be shown.
struct AttemptFailure: Error, Hashable {
    let reason: OutboundOutcome.Failure
    let message: String

    static let timeout = AttemptFailure(.timeout, "the endpoint did not answer in full in time")
    static let wrongCertificate = AttemptFailure(.tls, "the endpoint's certificate is for another host")
    static let cancelled = AttemptFailure(.cancelled, "the attempt was given up because the sender stops")

    init(_ reason: OutboundOutcome.Failure, _ message: String) {
        self.reason = reason
        self.message = message
    }

    /// What an error of the libraries means.
    init(_ error: any Error) {
        switch error {
        case let failure as AttemptFailure: self = failure
        case is CancellationError: self = .cancelled
        case let error as HTTPClientError: self.init(client: error)
        case let error as IOError: self.init(errno: error.errnoCode)
        case let error as ChannelError: self.init(channel: error)
        case NIOSSLError.uncleanShutdown: self = Self.closed
        case NIOSSLError.handshakeFailed(.sslError(let stack)): self.init(handshake: "\(stack)")
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            self = Self.wrongCertificate
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: self = Self.handshake
        case is HTTPParserError:
            self.init(.protocolError, "the endpoint's answer is not HTTP, or its head is too large")
        default: self.init(.protocolError, "the request failed (\(type(of: error)))")
        }
    }

    private static let closed = AttemptFailure(.reset, "the endpoint closed the connection before its answer was over")
    private static let handshake = AttemptFailure(.tls, "no secure connection could be made")
    private static let noConnection = AttemptFailure(.connect, "no connection to the endpoint in time")

    private init(client error: HTTPClientError) {
        switch error {
        case .connectTimeout, .getConnectionFromPoolTimeout: self = Self.noConnection
        case .tlsHandshakeTimeout: self.init(.tls, "no secure connection could be made in time")
        case .deadlineExceeded, .readTimeout, .writeTimeout: self = .timeout
        case .remoteConnectionClosed, .uncleanShutdown: self = Self.closed
        case .cancelled, .alreadyShutdown: self = .cancelled
        default: self.init(.protocolError, "request or answer break the rules of HTTP")
        }
    }

    private init(channel error: ChannelError) {
        switch error {
        case .connectTimeout: self = Self.noConnection
        default: self = Self.closed
        }
    }

    /// Errors that only connecting has tell that nothing was sent.
    private init(errno code: Int32) {
        switch code {
        case ECONNREFUSED: self.init(.connect, "the endpoint refused the connection")
        case EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, EADDRNOTAVAIL, EAFNOSUPPORT:
            self.init(.connect, "there is no way to the endpoint's address")
        case EACCES, EPERM, EINVAL: self.init(.connect, "this machine does not let connections to the endpoint out")
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: self.init(.connect, "this machine has no room for another connection")
        default: self.init(.reset, "the connection to the endpoint broke")
        }
    }

    /// The library tells what is wrong with a certificate in the text of its error only.
    private init(handshake text: String) {
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            self.init(.tls, "the endpoint's certificate is not trusted")
        } else if text.contains("WRONG_VERSION_NUMBER") {
            self.init(.tls, "the endpoint does not speak TLS")
        } else {
            self = Self.handshake
        }
    }
}
