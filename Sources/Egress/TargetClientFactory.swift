// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL

/// Makes the HTTP client of one target: it connects to the vetted address and to nothing else, speaks HTTP/1.1, follows
/// no redirect, knows no proxy, and reads heads of bounded size.
struct TargetClientFactory: Sendable {
    private let group: any EventLoopGroup
    private let tls: TLSConfiguration

    /// Reads the certificates of the authorities to trust besides those of the system; blocks for some milliseconds.
    init(group: any EventLoopGroup, trustRoots: [String]) throws(EgressConfigurationError) {
        self.group = group
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        // Read once: a client of its own for each target would read the system's hundred and more again and again.
        if let system = Self.systemRoots { tls.trustRoots = .certificates(system) }
        for path in trustRoots {
            do {
                tls.additionalTrustRoots.append(.certificates(try NIOSSLCertificate.fromPEMFile(path)))
            } catch {
                throw EgressConfigurationError(description: "no certificates can be read from \(path): \(error)")
            }
        }
        self.tls = tls
    }

    private static let systemRoots = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]
        .lazy.compactMap { try? NIOSSLCertificate.fromPEMFile($0) }.first

    func make(_ key: TargetKey) -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: self.tls, redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(EgressLimits.connect)), decompression: .disabled)
        configuration.httpVersion = .http1Only
        configuration.connectionPool = .init(
            idleTimeout: TimeAmount(EgressLimits.idle),
            concurrentHTTP1ConnectionsPerHostSoftLimit: EgressLimits.connectionsPerTarget)
        // One attempt is one try; the next one is the caller's to plan.
        configuration.connectionPool.retryConnectionEstablishment = false
        // The name stays what TLS asks for and verifies; an address is connected to as it is.
        if case .name(let name) = key.host { configuration.dnsOverride = [name: key.address.description] }
        configuration.http1_1ConnectionDebugInitializer = { channel in
            channel.eventLoop.flatSubmit {
                do {
                    try Self.checkAddress(of: channel, key)
                    return try Self.boundHeads(of: channel)
                } catch {
                    return channel.eventLoop.makeFailedFuture(error)
                }
            }
        }
        return HTTPClient(eventLoopGroup: self.group, configuration: configuration)
    }

    /// Looks once more where the connection leads to.
    private static func checkAddress(of channel: any Channel, _ key: TargetKey) throws {
        let vetted = try SocketAddress(ipAddress: key.address.description, port: key.port)
        guard channel.remoteAddress == vetted else { throw WrongAddressError() }
    }

    /// Puts a decoder with our limits in the place of the client's own, which takes heads of two megabytes.
    private static func boundHeads(of channel: any Channel) throws -> EventLoopFuture<Void> {
        let pipeline = channel.pipeline.syncOperations
        let former = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderListSize = EgressLimits.responseHeadBytes
        limits.maxHeaderFieldSize = EgressLimits.responseHeadBytes
        limits.maxHeaderFieldCount = EgressLimits.responseHeadFields
        let decoder = HTTPResponseDecoder(
            leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .forward, limitConfiguration: limits)
        try pipeline.addHandler(ByteToMessageHandler(decoder), position: .before(former))
        return pipeline.removeHandler(former)
    }
}

/// A connection leads elsewhere than to the vetted address.
struct WrongAddressError: Error {}

/// What the sender was given cannot be used.
package struct EgressConfigurationError: Error, Sendable, CustomStringConvertible {
    /// One sentence for the operator.
    package let description: String
}
