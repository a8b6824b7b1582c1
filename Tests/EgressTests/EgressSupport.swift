// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Egress
import Foundation
import NIOSSL
import Testing

/// Waits until a condition holds; records an issue when it does not hold in time.
func eventually(
    _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while try await !condition() {
        guard .now < deadline else {
            Issue.record(what, sourceLocation: sourceLocation)
            return
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}

/// What the tests of sending have in common.
enum Sending {
    /// Opens this machine, over http too.
    static var local: EgressPolicy {
        EgressPolicy(openRanges: ["127.0.0.0/8", "::1/128"].compactMap { CIDRRange($0) }, allowsHTTP: true)
    }

    /// Long enough for a busy machine.
    static let long: Duration = .seconds(120)

    static func request(_ url: String, headers: [(String, String)] = [], body: String = "{}") -> OutboundRequest {
        OutboundRequest(url: url, headers: headers, body: Array(body.utf8))
    }

    /// Runs `body` with a sender and a receiver that reacts by this script.
    static func withReceiver(
        resolver: (any HostResolver)? = nil, targetsKept: Int = EgressLimits.targetsKept,
        _ script: @escaping Receiver.Script,
        _ body: (WebhookSender, Receiver) async throws -> Void
    ) async throws {
        let receiver = try await Receiver.start(script)
        let sender = try WebhookSender(resolver: resolver, targetsKept: targetsKept)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(sender, receiver))
        } catch {
            result = .failure(error)
        }
        await sender.shutdown()
        await receiver.stop()
        try result.get()
    }
}

extension OutboundOutcome {
    var status: Int? { if case .answered(let status, _, _) = self { status } else { nil } }
    var retryAfter: Int? { if case .answered(_, let seconds, _) = self { seconds } else { nil } }
    var failure: Failure? { if case .failed(let reason, _, _) = self { reason } else { nil } }
    var message: String { if case .failed(_, let message, _) = self { message } else { "" } }
    var took: Int64 {
        switch self {
        case .answered(_, _, let took), .failed(_, _, let took): took
        }
    }
}

/// A key and a self-signed certificate for some names, on disk while the tests run.
struct TestCertificate {
    let directory: String
    var path: String { "\(self.directory)/cert.pem" }

    init(names: String) throws {
        self.directory = FileManager.default.temporaryDirectory.appending(path: "holdfast-egress-\(UUID())").path()
        try FileManager.default.createDirectory(atPath: self.directory, withIntermediateDirectories: true)
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/env")
        openssl.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=hook.test", "-addext", "subjectAltName=\(names)",
            "-keyout", "\(self.directory)/key.pem", "-out", "\(self.directory)/cert.pem",
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        #expect(openssl.terminationStatus == 0)
    }

    func serverContext() throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(self.path).map { NIOSSLCertificateSource.certificate($0) }
        let key = try NIOSSLPrivateKey(file: "\(self.directory)/key.pem", format: .pem)
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)))
    }

    func remove() { try? FileManager.default.removeItem(atPath: self.directory) }
}
