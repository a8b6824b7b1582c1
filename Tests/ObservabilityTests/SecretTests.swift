// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import Logging
import Observability
import Testing

@Suite("Secrets")
struct SecretTests {
    private struct Settings {
        var key = RedactedString("hunter2-plaintext")
        var bytes: SecretBytes? = SecretBytes(Array("hunter2-plaintext".utf8))
    }

    @Test("no way of printing a secret shows it")
    func neverPrinted() {
        let secret = RedactedString("hunter2-plaintext")
        var dumped = ""
        dump(Settings(), to: &dumped)
        dump(secret, to: &dumped)
        let printed = [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\(Settings())",
            String(reflecting: Settings()), "\([secret])", "\(["k": secret])", String(describing: Optional(secret)),
            dumped,
        ]
        for text in printed {
            #expect(text.contains("redacted"))
            #expect(!text.contains("hunter2"))
            #expect(!text.contains("104"))
        }
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test("a secret in log metadata is written as redacted")
    func neverLogged() {
        let log = CapturedLog()
        let secret = RedactedString("hunter2-plaintext")
        log.jsonLogger().info("\(secret)", metadata: ["a": "\(secret)", "b": .stringConvertible(secret)])
        #expect(!log.text.contains("hunter2"))
        #expect(log.text.contains(#""a":"<redacted>","b":"<redacted>""#))
    }

    @Test(
        "fields named like credentials are never written, at any depth",
        arguments: [
            "authorization", "Authorization", "X-API-Key", "x-cycles-api-key", "X-Admin-API-Key", "COOKIE", "token",
        ]
    )
    func sensitiveNames(name: String) throws {
        let log = CapturedLog()
        log.jsonLogger().info("x", metadata: [name: "hunter2", "headers": [name: "hunter2", "accept": "*/*"]])
        #expect(!log.text.contains("hunter2"))
        let headers = try #require(try log.onlyObject()["headers"] as? [String: String])
        #expect(headers == [name: "<redacted>", "accept": "*/*"])
    }

    @Test("reveal gives the value back")
    func reveal() {
        #expect(RedactedString("x").reveal() == "x")
        #expect(SecretBytes([1, 2]).reveal() == [1, 2])
    }

    @Test("a candidate matches only if every byte and the length are the same")
    func matching() {
        let secret = SecretBytes(Array("s3cret".utf8))
        #expect(secret.matches(Array("s3cret".utf8)))
        #expect(RedactedString("schlüssel").matches(Array("schlüssel".utf8)))
        for candidate in ["", "s", "S3cret", "s3creT", "s3cre", "s3cretx", "s3crets3cret", "s3cret\0"] {
            #expect(!secret.matches(Array(candidate.utf8)), "\(candidate)")
        }
    }

    @Test("flipping any single bit of a long key is noticed")
    func everyBitCounts() {
        let key = (0..<64).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        for position in 0..<(64 * 8) {
            var other = key
            other[position / 8] ^= 1 << UInt8(position % 8)
            #expect(!ConstantTime.equal(secret: key, candidate: other))
        }
        #expect(ConstantTime.equal(secret: key, candidate: key))
    }

    @Test("an unset secret lets nobody in, not even with an empty key")
    func emptySecret() {
        #expect(!SecretBytes([]).matches([]))
        #expect(!RedactedString("").matches([]))
        #expect(!RedactedString("").matches([0]))
    }

    @Test("texts that look the same but differ in bytes do not match")
    func unicodeTwins() {
        #expect(!RedactedString("\u{E9}").matches(Array("e\u{301}".utf8)))
    }
}
