// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import AsyncHTTPClient
internal import NIOCore
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
            // All of it in this tick: a connection that ended meanwhile would stay in the pool as if it lived.
            channel.eventLoop.makeCompletedFuture {
                do {
                    try Self.checkAddress(of: channel, key)
                    try Self.checkCertificate(of: channel, key)
                    try ResponseHeadLimit.install(on: channel)
                } catch {
                    channel.close(promise: nil)
                    throw error
                }
            }
        }
        return HTTPClient(eventLoopGroup: self.group, configuration: configuration)
    }

    /// Looks once more where the connection leads to.
    private static func checkAddress(of channel: any Channel, _ key: TargetKey) throws {
        let vetted = try SocketAddress(ipAddress: key.address.description, port: key.port)
        guard channel.remoteAddress == vetted else {
            throw AttemptFailure(.refusedTarget, "the connection leads to another address than was looked at")
        }
    }

    /// The TLS library also takes a certificate for the address connected to, whatever the name: whoever can turn the
    /// name to an address of theirs would have one. So the name has to stand in it.
    private static func checkCertificate(of channel: any Channel, _ key: TargetKey) throws {
        guard key.scheme == .https, case .name(let host) = key.host else { return }
        let certificate = try channel.pipeline.syncOperations.nioSSL_peerCertificate()
        let isNamed = certificate?._subjectAlternativeNames().contains { name in
            name.nameType == .dnsName && Self.matches(host, String(decoding: name.contents, as: UTF8.self).lowercased())
        }
        guard isNamed == true else { throw AttemptFailure.wrongCertificate }
    }

    /// A star stands for the first label, and for all of it.
    private static func matches(_ host: String, _ pattern: String) -> Bool {
        guard pattern.hasPrefix("*."), let dot = host.firstIndex(of: ".") else {
            return Array(host.utf8) == Array(pattern.utf8)
        }
        return Array(host[dot...].utf8) == Array(pattern.dropFirst().utf8)
    }
}

/// What the sender was given cannot be used.
package struct EgressConfigurationError: Error, Sendable, CustomStringConvertible {
    /// One sentence for the operator.
    package let description: String
}
