// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import LocalStack
import RedisClient
import Testing

@Suite("TLS to a real Redis")
struct TLSTests {
    /// A directory with a key and a self-signed certificate for these names.
    private static func makeCertificate(names: String) throws -> String {
        let directory = FileManager.default.temporaryDirectory.appending(path: "holdfast-tls-\(UUID())").path()
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/env")
        openssl.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=redis.test", "-addext", "subjectAltName=\(names)",
            "-keyout", "\(directory)/key.pem", "-out", "\(directory)/cert.pem",
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        #expect(openssl.terminationStatus == 0)
        return directory
    }

    private func withServer(
        names: String = "DNS:redis.test,IP:127.0.0.1",
        _ body: (_ url: String, _ caFile: String) async throws -> Void
    ) async throws {
        let directory = try Self.makeCertificate(names: names)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let certificate = "\(directory)/cert.pem"
        var options = PrivateRedisOptions()
        options.tls = .init(certificate: certificate, key: "\(directory)/key.pem", authority: certificate)
        options.password = "pw"
        let redis = try await PrivateRedis.start(options)
        try await body("rediss://:pw@127.0.0.1:\(try #require(redis.tlsPort))", certificate)
        await redis.remove()
    }

    @Test("With the right authority calls are made, by address or by another name")
    func verified() async throws {
        try await self.withServer { url, caFile in
            for name in [nil, "redis.test"] {
                var configuration = try RedisConfiguration(url: url)
                configuration.tls = .init(caFile: caFile, serverName: name)
                configuration.commandTimeout = .seconds(5)
                try await withPool(configuration) { pool in
                    try await pool.waitUntilReady(within: .seconds(60))
                    #expect(try await pool.text("ECHO", "secret") == "secret")
                    let body = [UInt8](repeating: 0x41, count: 3_000_000)
                    _ = try await pool.send(RedisCommand([Array("SET".utf8), [1], body]))
                    #expect(try await pool.send(RedisCommand([Array("GET".utf8), [1]])) == .bulk(body))
                }
            }
        }
    }

    @Test("An unknown authority or a wrong name is refused before the password is sent")
    func refused() async throws {
        try await self.withServer(names: "DNS:redis.test") { url, caFile in
            let settings: [RedisConfiguration.TLS] = [
                .init(serverName: "redis.test"), .init(caFile: caFile), .init(caFile: caFile, serverName: "other.test"),
            ]
            for tls in settings {
                var configuration = try RedisConfiguration(url: url)
                configuration.tls = tls
                let log = EventLog()
                try await withPool(configuration, log: log) { pool in
                    let error = await #expect(throws: RedisError.self) {
                        try await pool.waitUntilReady(within: .milliseconds(500))
                    }
                    #expect(error?.message.lowercased().contains("certificate") == true, "\(String(describing: error))")
                    #expect(await pool.failure("PING") == .notConnected)
                }
                #expect(!log.names.contains("connected"))
            }
        }
    }

    @Test("Talking TLS to a plain port, or plain to a TLS port, fails and says so")
    func mismatch() async throws {
        try await self.withServer { url, _ in
            var configuration = try RedisConfiguration(url: url)
            configuration.tls = nil
            try await withPool(configuration) { pool in
                await #expect(throws: RedisError.self) { try await pool.waitUntilReady(within: .milliseconds(300)) }
            }
        }
    }

    @Test("A file of authorities that cannot be read, and TLS on a local socket, are configuration errors")
    func badConfiguration() throws {
        var configuration = try RedisConfiguration(url: "rediss://localhost")
        configuration.tls?.caFile = "/nonexistent/ca.pem"
        let error = #expect(throws: RedisConfigurationError.self) { try RedisPool(configuration: configuration) }
        #expect(error?.description.contains("/nonexistent/ca.pem") == true)
        configuration = try RedisConfiguration(url: "unix:///s")
        configuration.tls = .init()
        #expect(throws: RedisConfigurationError.self) { try RedisPool(configuration: configuration) }
    }
}
