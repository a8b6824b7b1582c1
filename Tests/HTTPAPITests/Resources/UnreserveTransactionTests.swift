// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import StrictJSON
import Testing

@Suite("Transactions that give back")
struct UnreserveTransactionTests {
    private static let wrong = "00000000-0000-4000-8000-000000000000"

    /// An item of a release.
    private func item(_ requester: String, _ resource: String, _ token: String?) -> String {
        let field = token.map { #","releaseToken":"\#($0)""# } ?? ""
        return #"{"requester":"\#(requester)","resource":"\#(resource)"\#(field)}"#
    }

    private func results(_ answer: ResourceAnswer) throws -> [String?] {
        try #require(answer.item.member("results")).elements.map { $0.string("status") }
    }

    @Test("Q4: all or none gives everything back; what nobody holds is no obstacle")
    func allOrNone() async throws {
        let t = try await ResourceStack.tenant(
            "give-all", #"[{"name":"Printer","capacity":2,"blocks":["Ink"],"treePath":"Hall"}]"#)
        let empty = try await t.keysOfHolds()
        let tokens = (try await t.take("w", "Printer"), try await t.take("w", "a"))
        let requests = [
            item("w", "Printer", tokens.0), item("w", "free", nil), item("w", "a", tokens.1), item("w", "a", tokens.1),
        ]
        let answer = try await t.transact("ALL_OR_NONE", "UNRESERVE", requests.joined(separator: ","))
        #expect(answer.status == 200 && answer.statuses == ["SUCCESS"])
        #expect(answer.item.string("requestType") == "UNRESERVE")
        #expect(answer.item.member("success")?.bool() == true)
        #expect(try results(answer) == ["RELINQUISHED", "NOT_RESERVED", "RELINQUISHED", "NOT_RESERVED"])
        let first = try #require(answer.item.member("results")?.elements.first { _ in true })
        #expect(first.strings("released") == ["Printer_0", "Ink", "Hall"])
        #expect(try await t.keysOfHolds() == empty)
    }

    @Test(
        "Q4: of all or none, one that is not to be given back keeps all the others reserved; 403 for a bad token alone",
        arguments: [("w", nil, 403), ("w", wrong, 403), ("w", "nonsense", 403), ("x", wrong, 403), ("x", "its", 200)])
    func allKept(requester: String, sent: String?, status: Int) async throws {
        let t = try await ResourceStack.tenant(
            "keep-all", #"[{"name":"Printer","capacity":2,"blocks":["Ink"],"treePath":"Hall"}]"#)
        let tokens = (try await t.take("w", "Printer"), try await t.take("w", "a"))
        let (before, events) = (try await t.contents(), try await t.events())
        let requests = [item("w", "Printer", tokens.0), item(requester, "a", sent == "its" ? tokens.1 : sent)]
        let answer = try await t.transact("ALL_OR_NONE", "UNRESERVE", requests.joined(separator: ","))
        #expect(answer.status == status && answer.root.kind == .array)
        #expect(answer.statuses == ["FAILED"] && answer.item.member("success")?.bool() == false)
        let found = try results(answer)
        #expect(found.count == 2 && found.last == "DOESNT_OWN_RESERVATION")
        #expect(found.first != "RELINQUISHED" && found.first != "NOT_RESERVED")
        let list = try #require(answer.item.member("results"))
        #expect(list.elements.allSatisfy { $0.isNull("released") && $0.string("explanation")?.isEmpty == false })
        #expect(list.elements.first { _ in true }?.string("explanation")?.contains("rolled back") == true)
        try await t.expectUnchanged(since: before)
        #expect(try await t.events() == events)
    }

    @Test("Q4: as many as possible gives back what can be, and is 403 for a bad token all the same")
    func asMany() async throws {
        let t = try await ResourceStack.tenant("give-many")
        let tokens = (try await t.take("w", "a"), try await t.take("w", "b"))
        let requests = [item("w", "a", Self.wrong), item("w", "b", tokens.1), item("w", "free", nil)]
        let answer = try await t.transact("AS_MANY_AS_POSSIBLE", "UNRESERVE", requests.joined(separator: ","))
        #expect(answer.status == 403 && answer.statuses == ["SUCCESS"])
        #expect(try results(answer) == ["DOESNT_OWN_RESERVATION", "RELINQUISHED", "NOT_RESERVED"])
        #expect(try await t.reserved() == [["a", "w"]])
        let none = try await t.transact("AS_MANY_AS_POSSIBLE", "UNRESERVE", item("x", "a", tokens.0))
        #expect(none.status == 200 && none.statuses == ["FAILED"])
        #expect(try await t.reserved() == [["a", "w"]])
    }

    @Test("Q4: first stops at the first that is really released; what comes later is not looked at")
    func first() async throws {
        let t = try await ResourceStack.tenant("give-first")
        let tokens = (try await t.take("w", "a"), try await t.take("w", "b"))
        let requests = [item("w", "free", nil), item("w", "a", tokens.0), item("w", "b", Self.wrong)]
        let answer = try await t.transact("FIRST", "UNRESERVE", requests.joined(separator: ","))
        #expect(answer.status == 200 && answer.statuses == ["SUCCESS"])
        #expect(try results(answer) == ["NOT_RESERVED", "RELINQUISHED"])
        #expect(try await t.reserved() == [["b", "w"]])
        let bad = try await t.transact(
            "FIRST", "UNRESERVE", [item("w", "b", Self.wrong), item("w", "b", tokens.1)].joined(separator: ","))
        #expect(bad.status == 403 && bad.statuses == ["SUCCESS"])
        #expect(try results(bad) == ["DOESNT_OWN_RESERVATION", "RELINQUISHED"])
        let none = try await t.transact("FIRST", "UNRESERVE", item("w", "a", tokens.0))
        #expect(none.status == 200 && none.statuses == ["FAILED"] && none.item.member("success")?.bool() == false)
    }

    @Test("Q4: taking and giving back in one call, in order; a bad token in any of them is 403 for the call")
    func mixed() async throws {
        let t = try await ResourceStack.tenant("give-mixed")
        let token = try await t.take("w", "a")
        let answer = try await t.transact(
            """
            [{"method":"FIRST","requestType":"UNRESERVE","requests":[\(item("w", "a", token))]},
             {"method":"ALL_OR_NONE","requestType":"RESERVE","requests":[{"requester":"x","resource":"a"}]},
             {"method":"ALL_OR_NONE","requestType":"UNRESERVE","requests":[\(item("x", "a", token))]}]
            """)
        #expect(answer.status == 403)
        #expect(answer.statuses == ["SUCCESS", "SUCCESS", "FAILED"])
        #expect(try await t.holder("a") == "x")
    }

    @Test(
        "Q4: a method or type that is none, or a list without items, is 400 with its place; the type may be left out",
        arguments: [
            (#"[{"method":"SOME","requests":[ITEM]}]"#, "[0].method"),
            (#"[{"requests":[ITEM]}]"#, "[0].method"),
            (#"{"method":"FIRST","requestType":"RELEASE","requests":[ITEM]}"#, "requestType"),
            (#"{"method":"FIRST","requests":[]}"#, "requests"),
            (#"[{"method":"FIRST","requests":[ITEM]},{"method":"FIRST"}]"#, "[1].requests"),
            (#"[{"method":"FIRST","requests":ITEM}]"#, "[0].requests"),
            (
                #"[{"method":"FIRST","requests":[ITEM]},{"method":"FIRST","requests":[{"resource":"a"}]}]"#,
                "[1].requests[0].requester"
            ),
            (#"[{"method":"FIRST","requests":[ITEM,{"requester":"w"}]}]"#, "[0].requests[1].resource"),
        ])
    func malformed(body: String, place: String) async throws {
        let t = try await ResourceStack.tenant("bad-transactions")
        let before = try await t.contents()
        let text = body.split(separator: "ITEM", omittingEmptySubsequences: false).joined(
            separator: #"{"requester":"w","resource":"a"}"#)
        let answer = try await t.transact(text)
        #expect(answer.status == 400)
        #expect(answer.error.hasPrefix(place + ":"), "\(answer.error)")
        try await t.expectUnchanged(since: before)
    }

    @Test("A key that may only reserve, or only release, has no transactions of the other kind; nothing is done then")
    func permissions() async throws {
        let t = try await ResourceStack.tenant("transaction-keys")
        let token = try await t.take("w", "a")
        let made = try await t.sendAsOperator(
            .post, "/v1/admin/api-keys",
            #"{"tenant_id":"\#(t.id)","name":"k","permissions":["reservations:create"]}"#)
        let narrow = t.with(key: try #require(made.root.string("key_secret")))
        let before = try await t.contents()
        let both = """
            [{"method":"FIRST","requests":[{"requester":"w","resource":"b"}]},
             {"method":"FIRST","requestType":"UNRESERVE","requests":[\(item("w", "a", token))]}]
            """
        let refused = try await narrow.transact(both)
        #expect(refused.status == 403 && refused.error.contains("reservations:release"))
        try await t.expectUnchanged(since: before)
        #expect(try await t.transact(both).statuses == ["SUCCESS", "SUCCESS"])
    }
}
