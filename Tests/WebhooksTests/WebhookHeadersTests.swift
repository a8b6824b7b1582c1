// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Observability
import SharedKernel
import Testing
import Webhooks

@Suite("Headers of an attempt")
struct WebhookHeadersTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let now: Int64 = 1_614_265_330_999

    private func headers(
        trace: String = Self.trace, flags: String = "00", inbound: Bool = true, request: String = ""
    ) -> WebhookHeaders {
        WebhookHeaders(
            eventID: bytes("msg_p5jXN8AQM9LWM0D4loKWxJek"), type: bytes("budget.funded"), traceID: bytes(trace),
            traceFlags: bytes(flags), hasInboundTraceparent: inbound, requestID: bytes(request))
    }

    private func secret(_ text: String) -> SecretBytes { SecretBytes(bytes(text)) }

    private func fields(
        _ headers: WebhookHeaders, secrets: [String] = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        custom: [WebhookSecret.Header] = [], body: String = "{\"test\": 2432232314}"
    ) -> [String: String] {
        let list = headers.fields(
            body: bytes(body), secrets: secrets.map { secret($0) }, custom: custom, atMs: Self.now)
        return Dictionary(list) { first, _ in
            Issue.record("a header twice")
            return first
        }
    }

    @Test("92: every header of the protocol and of Standard Webhooks is there, and the request's id when there is one")
    func all() {
        let found = fields(headers(request: "req-1"))
        #expect(found["Content-Type"] == "application/json" && found["X-Cycles-Event-Type"] == "budget.funded")
        #expect(found["X-Cycles-Event-Id"] == found["webhook-id"])
        #expect(found["User-Agent"] == "holdfast/\(Product.version)")
        #expect(found["webhook-timestamp"] == "1614265330" && found["X-Request-Id"] == "req-1")
        #expect(found["X-Cycles-Trace-Id"] == Self.trace)
        #expect(fields(headers())["X-Request-Id"] == nil)
    }

    @Test("93: the signature of the protocol is hex HMAC-SHA256 of the bytes under the secret as it was given")
    func ownSignature() {
        // From RFC 4231, test case 2, and by openssl dgst -sha256 -hmac.
        #expect(
            WebhookHeaders.signature(secret("Jefe"), bytes("what do ya want for nothing?"))
                == "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let found = fields(headers(), secrets: ["Jefe", "whsec_other"], body: "what do ya want for nothing?")
        #expect(
            found["X-Cycles-Signature"] == "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    @Test("the signature of Standard Webhooks is that of its specification's example")
    func standardSignature() {
        #expect(
            fields(headers())["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        // A secret of one's own choice that is no base64 is the key as it stands.
        #expect(
            WebhookHeaders.standardSignature(secret("Jefe?"), id: "a", seconds: "1", bytes("b"))
                == WebhookHeaders.standardSignature(secret("whsec_SmVmZT8="), id: "a", seconds: "1", bytes("b")))
    }

    @Test("113: while a secret is replaced both sign, the new one first; the protocol's own header has the new one")
    func rotation() {
        let (new, old) = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODw==")
        let both = fields(headers(), secrets: [new, old])
        let alone = [new, old].map { fields(headers(), secrets: [$0]) }
        #expect(
            both["webhook-signature"]
                == "\(alone[0]["webhook-signature"] ?? "") \(alone[1]["webhook-signature"] ?? "")")
        #expect(both["X-Cycles-Signature"] == alone[0]["X-Cycles-Signature"])
        #expect(alone[0]["X-Cycles-Signature"] != alone[1]["X-Cycles-Signature"])
    }

    @Test(
        "95: flags of a valid inbound traceparent go on, anything else is 01",
        arguments: [("00", true, "00"), ("01", true, "01"), ("00", false, "01"), ("ff", true, "ff")])
    func flags(inbound: String, isValid: Bool, outbound: String) {
        let parent = fields(headers(flags: inbound, inbound: isValid))["traceparent"] ?? ""
        #expect(parent.hasSuffix("-" + outbound) && parent.hasPrefix("00-\(Self.trace)-"))
    }

    @Test("94: each attempt is a span of its own of the event's trace; an event without one gets one")
    func spans() {
        var spans: Set<String> = []
        for _ in 0..<50 {
            let parts = (fields(headers())["traceparent"] ?? "").split(separator: "-").map(String.init)
            #expect(parts.count == 4 && parts[1] == Self.trace && parts[2].count == 16)
            spans.insert(parts.count == 4 ? parts[2] : "")
        }
        #expect(spans.count == 50)
        let made = fields(headers(trace: ""))
        let trace = made["X-Cycles-Trace-Id"] ?? ""
        #expect(trace.count == 32 && trace.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) })
        #expect(made["traceparent"]?.hasPrefix("00-\(trace)-") == true)
    }
}

@Suite("Ids of deliveries")
struct DeliveryIDTests {
    private let keyspace = Keyspace(shardCount: 8)

    private func id(_ event: String = "evt_1", _ sub: String = "whsub_1", _ purpose: String = "") throws -> DeliveryID {
        let shard = keyspace.shard(of: try #require(TenantID("acme")))
        return DeliveryID(of: bytes(event), to: bytes(sub), purpose: bytes(purpose), in: shard)
    }

    @Test("an id is derived: the same delivery has the same, any other another")
    func derived() throws {
        #expect(try id() == id())
        let all = try [id(), id("evt_2"), id("evt_1", "whsub_2"), id("evt_1", "whsub_1", "r"), id("evt_1w", "hsub_1")]
        #expect(Set(all).count == all.count)
    }

    @Test("an id is read back with its shard, and nothing else is one")
    func read() throws {
        let made = try id()
        #expect(made.text.count == 28 && DeliveryID(made.text, keyspace) == made)
        for index in made.text.indices.prefix(6) {
            var changed = made.text
            changed[index] = UInt8(ascii: "!")
            #expect(DeliveryID(changed, keyspace) == nil, "byte \(index)")
        }
        let text = String(decoding: made.text, as: UTF8.self)
        for wrong in ["", "del_", text + "A", String(text.dropLast()), "del_ff" + text.dropFirst(6), "evt_00"] {
            #expect(DeliveryID(bytes(wrong), keyspace) == nil, "\(wrong)")
        }
    }
}

@Suite("Base64 with padding")
struct Base64Tests {
    @Test(
        "texts of RFC 4648 and the letters that the other alphabet has not",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"), ("~~~", "fn5+"), ("???", "Pz8/"),
        ])
    func both(plain: String, text: String) {
        #expect(Base64.text(bytes(plain)) == bytes(text))
        if !text.isEmpty { #expect(Base64.bytes(bytes(text)) == bytes(plain)) }
    }

    @Test(
        "what is no base64 is told apart", arguments: ["", "A", "Zg", "Zg=", "Zg===", "=Zg=", "Z===", "fn5-", "Zm 9"])
    func wrong(text: String) {
        #expect(Base64.bytes(bytes(text)) == nil)
    }
}
