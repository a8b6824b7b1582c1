// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import StrictJSON
import Testing

@testable import HoldfastCLI

@Suite("Parts of the admin commands")
struct AdminPartTests {
    private func json(_ text: String) throws -> JSONValue { try JSONDocument.parse([UInt8](text.utf8)).root }

    @Test("an address is taken apart and put together again")
    func addresses() throws {
        let plain = try #require(ServerURL("http://127.0.0.1:7878"))
        #expect(plain.host == "127.0.0.1" && plain.port == 7_878 && !plain.isSecure && plain.prefix.isEmpty)
        let proxied = try #require(ServerURL("HTTPS://holdfast.example/team/a/"))
        #expect(proxied.isSecure && proxied.port == 443 && proxied.prefix == "/team/a")
        #expect(proxied.authority == "holdfast.example")
        #expect("\(proxied)" == "https://holdfast.example/team/a")
        let six = try #require(ServerURL("http://[::1]:80"))
        #expect(six.host == "::1" && six.authority == "[::1]")
        for bad in [
            "", "localhost", "ftp://a", "http://", "http://u:p@a", "http://a?b", "http://a#b", "127.0.0.1:7878",
        ] {
            #expect(ServerURL(bad) == nil, "\(bad)")
        }
    }

    @Test("dev says how to manage what it started")
    func banner() {
        let tenant = DemoTenant(apiKey: "k")
        let banner = DevBanner(
            port: 7_878, tenant: tenant, adminKey: "secret", directory: "/tmp/x", program: "./holdfast")
        let line = "HOLDFAST_URL='http://127.0.0.1:7878' HOLDFAST_ADMIN_API_KEY='secret' './holdfast' budget list"
        #expect(banner.text.split(separator: "\n").contains { $0 == line }, "\(banner.text)")
    }

    @Test("a failed change says how to try again, unless it says that nothing was done")
    func uncertainty() {
        let away = ChangeUncertain(reason: HTTPExchange.Failure(description: "nobody there"), idempotencyKey: "k-1")
        #expect("\(away)" == "nobody there\nTo try again and not do it twice, add --idempotency-key k-1")
        let refusal = AdminClient.Refusal(status: 409, code: "BUDGET_FROZEN", message: "is frozen", requestID: "r")
        #expect("\(refusal)" == "BUDGET_FROZEN: is frozen (request r)")
    }

    @Test("only letters, digits and four marks stay as they are in a path or query")
    func escaping() {
        #expect(AdminClient.escaped("a-B_9.~") == "a-B_9.~")
        #expect(AdminClient.escaped("../x?y&z=1 ü+#%") == "..%2Fx%3Fy%26z%3D1%20%C3%BC%2B%23%25")
    }

    @Test("a request has the members that were given, in order, and none that were not")
    func bodies() {
        var body = RequestBody()
        #expect(body.isEmpty && String(decoding: body.bytes, as: UTF8.self) == "{}")
        body.set("a", nil as String?)
        body.set("b", [] as [String])
        body.set("c", RequestBody())
        body.set("d", nil as Int64?, in: .tokens)
        #expect(body.isEmpty)
        body.set("e", "x\"y")
        body.set("f", [], evenEmpty: true)
        body.set("g", Int64.max, in: .credits)
        body.set("h", [KeyValue(argument: "k=v=w")].compactMap { $0 })
        #expect(
            String(decoding: body.bytes, as: UTF8.self)
                == #"{"e":"x\"y","f":[],"g":{"unit":"CREDITS","amount":9223372036854775807},"h":{"k":"v=w"}}"#)
        #expect(KeyValue(argument: "=v") == nil && KeyValue(argument: "k") == nil)
    }

    @Test("tables line up, numbers to the right, and what a terminal would act upon is taken out")
    func tables() throws {
        let root = try json(
            #"{"rows":[{"n":"a\u001b[31m","v":5,"x":{"unit":"TOKENS","amount":-7}},"#
                + #"{"n":"long","v":1234,"l":["p","q"]}],"has_more":true,"next_cursor":"abc"}"#)
        let columns = [
            TableText.Column("NAME", "n"), .init("V", "v"), .init("AMOUNT", "x"), .init("LIST", "l"),
        ]
        #expect(
            TableText.page(root, "rows", columns, none: "none") == """
                NAME       V  AMOUNT     LIST
                a\u{FFFD}[31m     5  -7 TOKENS
                long    1234             p, q

                There is more: --cursor 'abc'
                """)
        #expect(
            TableText.table(head: ["ID", "N"], [["2026-01", "-5"], ["7", "12"]]) == [
                "ID        N", "2026-01  -5", "7        12",
            ])
        #expect(TableText.page(try json(#"{"rows":[]}"#), "rows", columns, none: "none") == "none")
        #expect(TableText.object(try json(#"{"a":null,"bcd":{"e":[1]}}"#)) == "a    null\nbcd  {\"e\":[1]}")
    }
}
