// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import StrictJSON
import Testing

@Suite("Short-lived tokens")
struct TokenTests {
    private let issuer = TestIssuer("main")

    @Test("X4: row 15: a JWT becomes a token at both paths, good in place of an API key in each of the headers")
    func exchange() async throws {
        let t = try await ResourceStack.tenant("exchange")
        try await t.trust(issuer)
        for path in ResourceTenant.exchanges {
            let answer = try await t.exchange(try issuer.token(t.claims()), at: path)
            #expect(answer.status == 200 && answer.headers[.cacheControl] == "no-store")
            #expect(answer.root.string("tokenType") == "Bearer")
            #expect(answer.root.int("expiresIn") == 900)
            let token = try #require(answer.root.string("accessToken"))
            for headers: HTTPFields in [
                [.apiKey: token], [.cyclesAPIKey: token], [.authorization: "Bearer " + token],
                [.authorization: "bearer  " + token],
            ] {
                let list = try await t.server.send(.get, "/api/v1/Reservation", "", headers)
                #expect(list.status == 200, "\(headers)")
            }
            for headers: HTTPFields in [
                [.authorization: token], [.authorization: "Basic " + token], [.authorization: "Bearer"],
                [.authorization: "Bearer " + token.dropLast()],
            ] {
                let list = try await t.server.send(.get, "/api/v1/Reservation", "", headers)
                #expect(list.status == 401, "\(headers)")
            }
            #expect(try await t.with(key: token).elsewhere.status("w", path) == "ACQUIRED", "at the other server")
        }
        let cased = try await t.server.send(
            .post, "/API/v1/AUTH/Token", #"{"JWT":"\#(try issuer.token(t.claims()))","x":1}"#, [:])
        #expect(cased.status == 200)
    }

    @Test("X4: row 15: an API key becomes a token as well, at both paths, by each of the headers")
    func exchangeOfKey() async throws {
        let t = try await ResourceStack.tenant("exchange-of-key")
        for path in ResourceTenant.exchanges {
            for headers: HTTPFields in [[.apiKey: t.key], [.cyclesAPIKey: t.key], [.authorization: "Bearer " + t.key]] {
                for body in ["", "{}", #"{"jwt":null}"#] {
                    let answer = try await t.server.send(.post, path, body, headers)
                    #expect(answer.status == 200, "\(path) \(body)")
                    #expect(answer.root.int("expiresIn") == 900)
                    let token = try #require(answer.root.string("accessToken"))
                    #expect(token != t.key)
                    #expect(try await t.with(key: token).register(#"{"name":"a"}"#).status == 200, "as the key may")
                }
            }
        }
    }

    @Test("X4: row 15: a token is not exchanged for another; nothing, or what is no key, for none")
    func noExchange() async throws {
        let t = try await ResourceStack.tenant("no-exchange")
        try await t.trust(issuer)
        let tokens = [
            try await t.with(jwt: try issuer.token(t.claims())).key,
            try #require(try await t.send(.post, "/auth/token").root.string("accessToken")),
        ]
        let before = try await t.contents()
        for path in ResourceTenant.exchanges {
            for token in tokens {
                let refused = try await t.with(key: token).send(.post, path)
                #expect(refused.status == 403 && !refused.error.isEmpty)
            }
            for (body, headers, status) in [
                ("", [:], 401), ("{}", [:], 401), ("", [.apiKey: "wrong"], 401),
                ("", [.authorization: "Bearer x"], 401),
                (#"{"jwt":7}"#, [:], 400), (#"{"jwt":["a"]}"#, [:], 400), ("[]", [:], 400), ("{", [:], 400),
                (#"{"jwt":""}"#, [:], 401), (#"{"jwt":"a.b.c"}"#, [:], 401),
            ] as [(String, HTTPFields, Int)] {
                let refused = try await t.server.send(.post, path, body, headers)
                #expect(refused.status == status && !refused.error.isEmpty, "\(path) \(body)")
                if status == 400, body.contains("jwt") { #expect(refused.error.contains("jwt")) }
            }
        }
        try await t.expectUnchanged(since: before)
    }

    @Test("X4: a token lasts as long as its JWT, at most 900 s, and ends by itself")
    func life() async throws {
        let t = try await ResourceStack.tenant("token-life")
        try await t.trust(issuer)
        for (seconds, most) in [(100, 100), (899, 899), (901, 900), (100_000_000_000, 900)] as [(Int64, Int64)] {
            let claims = #"{"tenant_id":"\#(t.id)","exp":\#(TestIssuer.seconds(seconds))}"#
            let left = try #require(try await t.exchange(try issuer.token(claims)).root.int("expiresIn"))
            #expect((1...most).contains(left) && (seconds < 901 || left == 900))
        }
        var (jwt, brief) = ("", t)
        try await t.eventually {
            jwt = try issuer.token(#"{"tenant_id":"\#(t.id)","exp":\#(TestIssuer.seconds(2))}"#)
            guard let token = try await t.exchange(jwt).root.string("accessToken") else { return false }
            brief = t.with(key: token)
            return true
        }
        for holder in [brief, brief.elsewhere] {
            try await t.eventually { try await holder.list().status == 401 }
        }
        #expect(try await t.exchange(jwt).status == 401)
    }

    @Test("X4: without a word on permissions a token lists, reserves and releases; with one, that")
    func permissions() async throws {
        let t = try await ResourceStack.tenant("token-permissions")
        try await t.trust(issuer)
        let plain = try await t.with(jwt: try issuer.token(t.claims()))
        try await plain.release("w", "a", try await plain.take("w", "a"))
        #expect(try await plain.list().status == 200)
        #expect(try await plain.definitions().status == 200)
        #expect(try await plain.register(#"{"name":"a"}"#).status == 403)
        for (claim, list, reserve, register) in [
            (#"["reservations:list"]"#, 200, 403, 403), (#"["budgets:write"]"#, 403, 403, 200),
            (#"["reservations:create","no:such"]"#, 403, 200, 403), ("[]", 403, 403, 403),
            (#"["admin:write","admin:read","admin:tenants:write"]"#, 403, 403, 403),
        ] {
            let one = try await t.with(jwt: try issuer.token(t.claims(#","permissions":\#(claim)"#)))
            #expect(try await one.list().status == list, "\(claim)")
            #expect(try await one.reserve("w", "b").status == reserve, "\(claim)")
            #expect(try await one.register(#"{"name":"c"}"#).status == register, "\(claim)")
        }
        let labelled = try await t.with(jwt: try issuer.token(t.claims(#","sub":"ci-robot""#)))
        try await labelled.take("w", "d")
        #expect(try await t.events().last?.contains("ci-robot") == true, "who it was is said in events")
    }

    @Test("X4: a key that is taken out of the set, or replaced, ends the tokens that were got with it; others go on")
    func keyRemoved() async throws {
        let t = try await ResourceStack.tenant("key-removed")
        let other = TestIssuer("other")
        try await t.trust(issuer, other)
        let jwt = try issuer.token(t.claims())
        let (first, second) = (try await t.with(jwt: jwt), try await t.with(jwt: try other.token(t.claims())))
        for one in [first, first.elsewhere, second, second.elsewhere] { #expect(try await one.list().status == 200) }
        try await t.trust(other)
        for one in [first, first.elsewhere] { #expect(try await one.list().status == 401) }
        for one in [second, second.elsewhere] { #expect(try await one.list().status == 200) }
        #expect(try await t.exchange(jwt).status == 401)
        // The same name for another key: who has the old one is out.
        try await t.trust(TestIssuer("other"))
        for one in [second, second.elsewhere] { #expect(try await one.list().status == 401) }
        #expect(try await t.exchange(try other.token(t.claims())).status == 401)
    }

    @Test("X4: a revoked API key ends the tokens that were got for it, a closed tenant all of them")
    func keyRevoked() async throws {
        let t = try await ResourceStack.tenant("key-revoked")
        try await t.trust(issuer)
        let made = try await t.sendAsOperator(.post, "/v1/admin/api-keys", #"{"tenant_id":"\#(t.id)","name":"k"}"#)
        let owner = t.with(key: try #require(made.root.string("key_secret")))
        let exchanged = try await owner.send(.post, "/auth/token")
        let token = t.with(key: try #require(exchanged.root.string("accessToken")))
        let signed = try await t.with(jwt: try issuer.token(t.claims()))
        for one in [token, token.elsewhere, signed, signed.elsewhere] { #expect(try await one.list().status == 200) }
        let id = try #require(made.root.string("key_id"))
        #expect(try await t.sendAsOperator(.delete, "/v1/admin/api-keys/\(id)").status == 200)
        for one in [token, token.elsewhere] { #expect(try await one.list().status == 401) }
        for one in [signed, signed.elsewhere] { #expect(try await one.list().status == 200) }
        #expect(try await t.sendAsOperator(.patch, "/v1/admin/tenants/\(t.id)", #"{"status":"CLOSED"}"#).status == 200)
        for one in [signed, signed.elsewhere] {
            let answer = try await one.list()
            #expect(answer.status == 401, "\(answer.body)")
        }
        #expect(try await t.exchange(try issuer.token(t.claims())).status == 401)
    }
}
