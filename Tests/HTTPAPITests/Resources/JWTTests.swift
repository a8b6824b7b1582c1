// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import StrictJSON
import Testing

@Suite("Which JWTs are believed")
struct JWTTests {
    private let issuer = TestIssuer("main")

    /// Every one of these is refused, and told nothing.
    private func expectRefusal(_ t: ResourceTenant, _ tokens: [(what: String, jwt: String)]) async throws {
        let before = try await t.contents()
        var answers: Set<String> = []
        for (what, jwt) in tokens {
            for path in ResourceTenant.exchanges {
                let answer = try await t.exchange(jwt, at: path)
                #expect(answer.status == 401, "\(what): \(answer.body)")
                answers.insert(answer.error)
            }
        }
        #expect(answers.count == 1, "one answer for all: \(answers)")
        try await t.expectUnchanged(since: before)
    }

    @Test("X4: tokens of other signers, or changed after they were signed, are refused")
    func signatures() async throws {
        let t = try await ResourceStack.tenant("signatures")
        try await t.trust(issuer, TestIssuer("second"))
        let good = try issuer.token(t.claims())
        let parts = good.split(separator: ".").map(String.init)
        let claims = TestIssuer.text([UInt8](t.claims(#","sub":"root""#).utf8))
        #expect(try await t.exchange(good).status == 200)
        try await expectRefusal(
            t,
            [
                ("another key of the same name", try TestIssuer("main").token(t.claims())),
                ("the name of another key", try issuer.token(t.claims(), header: #"{"alg":"EdDSA","kid":"second"}"#)),
                ("no such name", try issuer.token(t.claims(), header: #"{"alg":"EdDSA","kid":"third"}"#)),
                ("a name that is none", try issuer.token(t.claims(), header: #"{"alg":"EdDSA","kid":7}"#)),
                ("no name, of two keys", try issuer.token(t.claims(), header: #"{"alg":"EdDSA"}"#)),
                ("other claims", "\(parts[0]).\(claims).\(parts[2])"),
                ("no signature", "\(parts[0]).\(parts[1])."), ("two parts", "\(parts[0]).\(parts[1])"),
                ("four parts", good + ".x"), ("signature of another length", good + "AAAA"),
                ("a signature cut short", String(good.dropLast(4))), ("padding", good + "="),
                ("white space", " " + good), ("nothing", ""), ("dots", ".."), ("no JWT", "cyc_live_abc"),
            ])
    }

    @Test("X4: the algorithm is the key's, whatever the token says of it; what a header demands is not passed over")
    func algorithms() async throws {
        let t = try await ResourceStack.tenant("algorithms")
        try await t.trust(issuer)
        let stranger = TestIssuer("stranger")
        let critical = #"{"alg":"EdDSA","kid":"main","crit":["tenants"],"tenants":[]}"#
        let none = TestIssuer.text([UInt8](#"{"alg":"none"}"#.utf8)) + "." + TestIssuer.text([UInt8](t.claims().utf8))
        try await expectRefusal(
            t,
            [
                ("none", none + "."), ("a secret made of the public key", issuer.confusedToken(t.claims())),
                ("none, signed", try issuer.token(t.claims(), header: #"{"alg":"none","kid":"main"}"#)),
                ("ES256", try issuer.token(t.claims(), header: #"{"alg":"ES256","kid":"main"}"#)),
                ("HS512", try issuer.token(t.claims(), header: #"{"alg":"HS512","kid":"main"}"#)),
                ("lower case", try issuer.token(t.claims(), header: #"{"alg":"eddsa","kid":"main"}"#)),
                ("no algorithm", try issuer.token(t.claims(), header: #"{"kid":"main"}"#)),
                ("two", try issuer.token(t.claims(), header: #"{"alg":"EdDSA","alg":"none","kid":"main"}"#)),
                ("no object", try issuer.token(t.claims(), header: #"["EdDSA"]"#)),
                ("its own key", try stranger.token(t.claims(), header: #"{"alg":"EdDSA","jwk":\#(stranger.jwk)}"#)),
                ("critical", try issuer.token(t.claims(), header: critical)),
            ])
        let nameless = try issuer.token(t.claims(), header: #"{"alg":"EdDSA"}"#)
        #expect(try await t.exchange(nameless).status == 200, "of the only key")
        try await t.trust()
        try await expectRefusal(t, [("no keys", nameless)])
    }

    @Test("X4: a token is good for its tenant and its time alone")
    func claims() async throws {
        let t = try await ResourceStack.tenant("claims")
        let other = try await ResourceStack.tenant("other-claims")
        try await t.trust(issuer)
        try await other.trust(TestIssuer("main"))
        let (now, end) = (TestIssuer.seconds(0), TestIssuer.seconds(3_600))
        let tenant = #""tenant_id":"\#(t.id)""#
        let sets = [
            #"{"tenant_id":"\#(other.id)","exp":\#(end)}"#, #"{"tenant_id":"no-such-tenant","exp":\#(end)}"#,
            #"{"exp":\#(end)}"#, #"{"tenant_id":7,"exp":\#(end)}"#, #"{"tenant_id":"","exp":\#(end)}"#,
            #"{"tenant_id":"\#(t.id.uppercased())","exp":\#(end)}"#,
            "{\(tenant)}", #"{\#(tenant),"exp":null}"#, #"{\#(tenant),"exp":"\#(end)"}"#, #"{\#(tenant),"exp":-1}"#,
            #"{\#(tenant),"exp":\#(now)}"#, #"{\#(tenant),"exp":\#(now - 1)}"#, #"{\#(tenant),"exp":\#(now - 9999)}"#,
            #"{\#(tenant),"exp":\#(end),"nbf":\#(end - 60)}"#, #"{\#(tenant),"exp":\#(end),"nbf":"now"}"#,
            #"{\#(tenant),"exp":\#(end),"permissions":"reservations:list"}"#,
            #"{\#(tenant),"exp":\#(end),"permissions":[7]}"#, #"{\#(tenant),"exp":\#(end),"exp":\#(end)}"#,
            #"[{\#(tenant),"exp":\#(end)}]"#, "{", "7",
        ]
        try await expectRefusal(t, try sets.map { ($0, try issuer.token($0)) })
        for more in [#","nbf":\#(now - 10)"#, #","iat":\#(now),"iss":"x","aud":["y"],"jti":"z""#, #","nbf":\#(now)"#] {
            #expect(try await t.exchange(try issuer.token(t.claims(more))).status == 200, "\(more)")
        }
        for name in ["tenant", "tid"] {
            let claims = #"{"\#(name)":"\#(t.id)","exp":\#(end)}"#
            #expect(try await t.exchange(try issuer.token(claims)).status == 200, "\(name)")
        }
    }

    @Test(
        "X4: a key may have any name: who has a token of it is let in until the key goes",
        arguments: [#"a\"b"#, #"\u0061\/\u00e9"#, "\u{E9} ]},", #"\\"#, #"","kid":"x"#.replacing("\"", with: "\\\"")])
    func keyNames(kid: String) async throws {
        let t = try await ResourceStack.tenant("key-names")
        let (odd, x) = (TestIssuer(kid), TestIssuer("x"))
        try await t.trust(odd, x)
        let tokens = (try await t.with(jwt: try odd.token(t.claims())), try await t.with(jwt: try x.token(t.claims())))
        for one in [tokens.0, tokens.1] { #expect(try await one.list().status == 200) }
        try await t.trust(odd)
        #expect(try await tokens.0.list().status == 200)
        #expect(try await tokens.1.list().status == 401)
        try await t.trust(x)
        #expect(try await tokens.0.list().status == 401)
    }

    @Test(
        "X4: whatever a token says of who it is for becomes a label that does no harm",
        arguments: [
            #""""#, "7", "null", #""a\u0001\nb\tc""#, #""\u0000""#, #"" ""#,
            "\"\(String(repeating: "x", count: 5_000))\"",
            "\"x\(String(repeating: "\u{E9}", count: 300))\"", "\"\(String(repeating: "\u{1F600}", count: 65))\"",
        ])
    func labels(subject: String) async throws {
        let t = try await ResourceStack.tenant("labels")
        try await t.trust(issuer)
        let jwt = try issuer.token(t.claims(#","sub":\#(subject)"#))
        guard subject != #""\u0000""# else {
            #expect(try await t.exchange(jwt).status == 401, "no JSON of ours")
            return
        }
        let one = try await t.with(jwt: jwt)
        try await one.take("w", "a")
        #expect(try await one.reserved() == [["a", "w"]])
        #expect(try await t.releaseAll(of: "w").item.int("released") == 1)
        let events = try await t.events()
        #expect(events.map { $0[0] } == ["A", "B"])
        #expect(!events.joined().joined().contains("\u{FFFD}"), "whole characters")
    }

    @Test("X4: tokens of another implementation are verified, with every algorithm that a key may be for")
    func vectors() async throws {
        let stack = try await ResourceStack.shared()
        let t = try await ResourceTenant("jwt-vectors", on: stack.first, beside: stack.second)
        try await t.set("jwt-keys", #"{"keys":[\#(JWTVector.all.map(\.jwk).joined(separator: ","))]}"#)
        for vector in JWTVector.all {
            let signed = [vector.header, JWTVector.claims].map { TestIssuer.text([UInt8]($0.utf8)) }
            let jwt = (signed + [vector.signature]).joined(separator: ".")
            let answer = try await t.exchange(jwt)
            #expect(answer.status == 200, "\(vector.algorithm)")
            for other in JWTVector.all where other.algorithm != vector.algorithm {
                let mixed = (signed + [other.signature]).joined(separator: ".")
                #expect(try await t.exchange(mixed).status == 401, "\(vector.algorithm), \(other.algorithm)")
            }
        }
    }
}
