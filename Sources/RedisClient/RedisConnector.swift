// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// Why a configuration cannot be used at all.
package struct RedisConfigurationError: Error, Sendable, CustomStringConvertible {
    /// One sentence for the operator.
    package let description: String
    /// The error below, for example of the TLS library.
    package let underlying: (any Error)?
}

/// Opens sockets for sessions, through TLS if the configuration says so.
struct RedisConnector: Sendable {
    private let configuration: RedisConfiguration
    private let tlsContext: NIOSSLContext?

    /// Reads the trusted authorities from disk; blocks for some milliseconds when TLS is on.
    init(_ configuration: RedisConfiguration) throws(RedisConfigurationError) {
        self.configuration = configuration
        guard let tls = configuration.tls else {
            self.tlsContext = nil
            return
        }
        guard case .tcp = configuration.endpoint else {
            throw RedisConfigurationError(description: "TLS needs a host, not a local socket", underlying: nil)
        }
        var settings = TLSConfiguration.makeClientConfiguration()
        if let file = tls.caFile { settings.trustRoots = .file(file) }
        do {
            self.tlsContext = try NIOSSLContext(configuration: settings)
        } catch {
            throw RedisConfigurationError(
                description: "TLS to Redis cannot be set up\(tls.caFile.map { " with \($0)" } ?? ""): \(error)",
                underlying: error
            )
        }
    }

    /// Opens a socket for `session`; failure is reported through the session too.
    func connect(_ session: RedisSession, on eventLoop: any EventLoop) {
        connect(session, on: eventLoop) { session.end($0) }
    }

    /// Opens a socket with this handler at the end of its pipeline; `failed` is told on the event loop when it cannot
    /// be opened.
    func connect(
        _ handler: some ChannelHandler & Sendable, on eventLoop: any EventLoop,
        failed: @escaping (RedisError) -> Void
    ) {
        let tlsContext = self.tlsContext
        let serverName = self.serverName
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(self.configuration.connectTimeout))
            .channelOption(.writeBufferWaterMark, value: .init(low: 1 << 16, high: 1 << 18))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tlsContext {
                        let handler = try NIOSSLClientHandler(context: tlsContext, serverHostname: serverName)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        let opened =
            switch self.configuration.endpoint {
            case .tcp(let host, let port):
                self.connect(bootstrap.channelOption(.socketOption(.so_keepalive), value: 1), to: host, port)
            case .unix(let path):
                bootstrap.connect(unixDomainSocketPath: path)
            }
        opened.assumeIsolated().whenFailure { failed(self.fault($0)) }
    }

    /// A name is resolved at every attempt, because it may point elsewhere by now; an address needs no resolver.
    private func connect(_ bootstrap: ClientBootstrap, to host: String, _ port: Int) -> EventLoopFuture<any Channel> {
        if let address = try? SocketAddress(ipAddress: host, port: port) {
            bootstrap.connect(to: address)
        } else {
            bootstrap.connect(host: host, port: port)
        }
    }

    /// The name to verify. An IP address is verified as such, by TLS itself.
    private var serverName: String? {
        guard case .tcp(let host, _) = self.configuration.endpoint else { return nil }
        if let name = self.configuration.tls?.serverName { return name }
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return isAddress ? nil : host
    }

    private func fault(_ error: any Error) -> RedisError {
        switch error {
        case ChannelError.connectTimeout:
            return RedisError(.connectTimeout, "no connection to \(self.configuration) in time", underlying: error)
        case let error as NIOConnectionError:
            let reasons =
                [error.dnsAError, error.dnsAAAAError].compactMap { $0 }.map { "\($0)" }
                + error.connectionErrors.map { "\($0.error)" }
            let reason = reasons.first ?? "unknown reason"
            return RedisError(.connectFailed, "cannot connect to \(self.configuration): \(reason)", underlying: error)
        default:
            return RedisError(.connectFailed, "cannot connect to \(self.configuration): \(error)", underlying: error)
        }
    }
}
