// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Egress
import Foundation
import Testing

@Suite("Sending over TLS")
struct SenderTLSTests {
    /// The names of the certificate, and others at its address.
    private static let addresses = [
        "hook.test": "127.0.0.1", "a.wild.test": "127.0.0.1", "b.a.wild.test": "127.0.0.1", "other.test": "127.0.0.1",
    ]

    private func withEndpoint(
        trusted: Bool = true, _ body: (WebhookSender, Receiver) async throws -> Void
    ) async throws {
        let certificate = try TestCertificate(names: "DNS:hook.test,DNS:*.wild.test,IP:127.0.0.1")
        defer { certificate.remove() }
        let receiver = try await Receiver.start(tls: try certificate.serverContext()) { _ in .status(200) }
        let sender = try WebhookSender(
            resolver: StubResolver(Self.addresses), trustRoots: trusted ? [certificate.path] : [])
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

    @Test("the vetted address is connected to, and its certificate is verified for the original name")
    func originalName() async throws {
        try await self.withEndpoint { sender, receiver in
            for host in ["hook.test", "127.0.0.1", "HOOK.test", "a.wild.test"] {
                let request = Sending.request("https://\(host):\(receiver.port)/x")
                let outcome = await sender.send(request, Sending.local, deadline: Sending.long)
                #expect(outcome.status == 200, "\(host): \(outcome)")
            }
            let hosts = receiver.requests.map { $0.headers["host"].joined() }
            let expected = ["hook.test", "127.0.0.1", "hook.test", "a.wild.test"]
            #expect(hosts == expected.map { "\($0):\(receiver.port)" })
            #expect(receiver.connections == 3)
        }
    }

    @Test("a certificate for another host is refused before anything is sent")
    func wrongName() async throws {
        try await self.withEndpoint { sender, receiver in
            let right = Sending.request("https://hook.test:\(receiver.port)/")
            #expect(await sender.send(right, Sending.local, deadline: Sending.long).status == 200)
            // The connection of the right name at the same address is not used for the wrong one.
            // Nor does it help that the certificate is for the address too.
            for host in ["other.test", "b.a.wild.test"] {
                let wrong = Sending.request("https://\(host):\(receiver.port)/?token=abc")
                let outcome = await sender.send(wrong, Sending.local, deadline: Sending.long)
                #expect(outcome.failure == .tls, "\(outcome)")
                #expect(outcome.message == "the endpoint's certificate is for another host")
            }
            #expect(receiver.requests.count == 1)
            try await eventually("connections of the wrong name are closed") { receiver.openConnections == 1 }
        }
    }

    @Test("a certificate that nobody vouches for is refused")
    func untrusted() async throws {
        try await self.withEndpoint(trusted: false) { sender, receiver in
            let request = Sending.request("https://hook.test:\(receiver.port)/")
            let outcome = await sender.send(request, Sending.local, deadline: Sending.long)
            #expect(outcome.failure == .tls, "\(outcome)")
            #expect(outcome.message == "the endpoint's certificate is not trusted")
            #expect(receiver.requests.isEmpty)
        }
    }

    @Test("TLS to an endpoint without it fails, and so does plain HTTP to one with it")
    func mismatch() async throws {
        try await self.withEndpoint { sender, receiver in
            let plain = Sending.request("http://hook.test:\(receiver.port)/")
            let outcome = await sender.send(plain, Sending.local, deadline: Sending.long)
            #expect([.reset, .protocolError].contains(outcome.failure), "\(outcome)")
        }
        try await Sending.withReceiver(resolver: StubResolver(Self.addresses)) { _ in
            .status(200)
        } _: { sender, receiver in
            let request = Sending.request("https://hook.test:\(receiver.port)/")
            let outcome = await sender.send(request, Sending.local, deadline: Sending.long)
            #expect([.tls, .reset].contains(outcome.failure), "\(outcome)")
            #expect(receiver.requests.isEmpty)
        }
    }

    @Test("a handshake that never ends is cut off by the deadline")
    func endlessHandshake() async throws {
        // It waits for a request that never comes in clear.
        let silent = try await Receiver.start { _ in .silence }
        let sender = try WebhookSender(resolver: StubResolver(Self.addresses))
        let request = Sending.request("https://hook.test:\(silent.port)/")
        let outcome = await sender.send(request, Sending.local, deadline: .milliseconds(400))
        #expect([.timeout, .tls, .reset].contains(outcome.failure), "\(outcome)")
        await sender.shutdown()
        await silent.stop()
    }

    @Test("a file of authorities that cannot be read is an error that names it")
    func badTrustRoots() throws {
        let error = #expect(throws: EgressConfigurationError.self) {
            try WebhookSender(trustRoots: ["/nonexistent/ca.pem"])
        }
        #expect(error?.description.contains("/nonexistent/ca.pem") == true)
    }
}
