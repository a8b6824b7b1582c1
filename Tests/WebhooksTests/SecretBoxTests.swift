// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Observability
import Testing
import Webhooks

@Suite("Secrets at rest")
struct SecretBoxTests {
    private func key(_ byte: UInt8) -> SecretBytes { SecretBytes([UInt8](repeating: byte, count: 32)) }

    private func box(_ keys: SecretBytes...) throws -> SecretBox { try #require(SecretBox(keys: keys)) }

    @Test("89: a sealed text opens for its own id only, is another one each time, and any change is noticed")
    func sealing() throws {
        let box = try box(key(1))
        let (text, id) = (bytes("whsec_clear"), bytes("whsub_00a"))
        let sealed = try box.seal(text, boundTo: id)
        #expect(try box.open(sealed, boundTo: id) == text)
        #expect(try box.seal(text, boundTo: id) != sealed)
        #expect(sealed.starts(with: bytes("v1.")))
        #expect(!String(decoding: sealed, as: UTF8.self).contains("clear"))
        #expect(throws: SecretBoxError.corrupt) { try box.open(sealed, boundTo: bytes("whsub_00b")) }
        for index in sealed.indices {
            var changed = sealed
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: SecretBoxError.self, "byte \(index)") { try box.open(changed, boundTo: id) }
        }
        for broken in ["", "v1.", "v1.00000000", "v2.00000000.AAAA", "v1.00000000."] {
            #expect(throws: SecretBoxError.self) { try box.open(bytes(broken), boundTo: id) }
        }
    }

    @Test("89: after a change of keys the new one seals and both open, until the old one is taken away")
    func rotation() throws {
        let (text, id) = (bytes("secret"), bytes("whsub_00a"))
        let old = try box(key(1)).seal(text, boundTo: id)
        let both = try box(key(2), key(1))
        #expect(try both.open(old, boundTo: id) == text)
        #expect(!both.isCurrent(old))
        let new = try both.seal(text, boundTo: id)
        #expect(both.isCurrent(new))
        let renewed = try #require(try both.renew(old, boundTo: id))
        #expect(try both.isCurrent(renewed) && box(key(2)).open(renewed, boundTo: id) == text)
        #expect(try both.renew(new, boundTo: id) == nil)
        #expect(throws: SecretBoxError.unknownKey) { try box(key(3)).renew(old, boundTo: id) }
        #expect(throws: SecretBoxError.corrupt) { try both.renew(old, boundTo: bytes("whsub_00b")) }
        #expect(throws: SecretBoxError.unknownKey) { try box(key(1)).open(new, boundTo: id) }
        #expect(throws: SecretBoxError.unknownKey) { try box(key(2)).open(old, boundTo: id) }
    }

    @Test("a key has 32 bytes, and without a key there is no box")
    func keys() {
        #expect(SecretBox(keys: []) == nil)
        #expect(SecretBox(keys: [SecretBytes([1])]) == nil)
        #expect(SecretBox(keys: [key(1), SecretBytes([UInt8](repeating: 1, count: 31))]) == nil)
    }

    @Test("113: a replaced secret signs beside its successor for a day")
    func overlap() throws {
        let box = try box(key(1))
        let id = bytes("whsub_00a")
        var secret = WebhookSecret(
            secret: SecretBytes(bytes("one")),
            headers: [WebhookSecret.Header(name: bytes("Authorization"), value: SecretBytes(bytes("Bearer x")))])
        #expect(secret.signing(atMs: 5).map { $0.reveal() } == [bytes("one")])
        secret.rotate(to: SecretBytes(bytes("two")), atMs: 1_000)
        let opened = try WebhookSecret(sealed: try secret.sealed(for: id, in: box), for: id, in: box)
        #expect(opened.signing(atMs: 86_400_999).map { $0.reveal() } == [bytes("two"), bytes("one")])
        #expect(opened.signing(atMs: 86_401_000).map { $0.reveal() } == [bytes("two")])
        #expect(opened.headers.map(\.name) == [bytes("Authorization")])
        #expect(opened.headers.map { $0.value.reveal() } == [bytes("Bearer x")])
        #expect("\(opened)".contains("<redacted>") && !"\(opened)".contains("one"))
    }

    @Test("a generated secret is whsec_ and base64 of 32 bytes, never the same twice")
    func generated() {
        let (one, two) = (WebhookSecret.generate().reveal(), WebhookSecret.generate().reveal())
        #expect(one.starts(with: bytes("whsec_")) && one.count == 50)
        #expect(one != two)
    }
}
