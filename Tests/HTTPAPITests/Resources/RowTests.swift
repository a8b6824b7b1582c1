// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import StrictJSON
import Testing

@Suite("Rows, statuses and codes of the Reservation API")
struct RowTests {
    /// The members that the digest names, which are always there; ours may follow.
    private func expect(_ item: JSONValue, has names: [String]) {
        let found = item.members.map { String(decoding: $0.key.stringBytes() ?? [], as: UTF8.self) }
        #expect(Array(found.prefix(names.count)) == names)
    }

    @Test("Rows 1-13, code 200: a good request is answered, and paths count in upper and lower case alike")
    func good() async throws {
        for row in ResourceRow.ofTenants {
            let t = try await ResourceStack.tenant("good-rows", #"[{"name":"Printer"}]"#)
            #expect(try await t.send(row.method, row.path, row.body).status == 200, "\(row.testDescription)")
            guard ![4, 11, 13].contains(row.number) else { continue }
            let path = row.path.hasSuffix("/w") ? "/API/V1/reservation/REQUESTER/w" : row.path.lowercased()
            #expect(try await t.send(row.method, path, row.body).status == 200, "\(path)")
        }
    }

    @Test(
        "Rows 1-13: names of fields count in upper and lower case alike, unknown ones are ignored, null is left out",
        arguments: [
            ("Reservation/reserve", #"[{"REQUESTER":"w","Resource":"a","TtlSeconds":null,"dryrun":false,"x":{}}]"#),
            ("Reservation/unreserve", #"[{"Requester":"w","RESOURCE":"a","releasetoken":null,"y":[1]}]"#),
            ("Reservation/renew", #"{"requesteR":"w","resourcE":"a","ttlseconds":9,"releaseToken":null}"#),
            (
                "Reservation/transactions",
                #"[{"METHOD":"FIRST","RequestType":null,"REQUESTS":[{"Requester":"w","Resource":"a"}],"z":0}]"#
            ),
            ("Reservation/check", #"{"RESOURCES":["a"],"more":null}"#),
            ("Resource/register", #"[{"NAME":"a","Capacity":2,"BLOCKS":["b"],"TREEPATH":"c","colour":"red"}]"#),
        ])
    func spellings(path: String, body: String) async throws {
        let t = try await ResourceStack.tenant("spellings")
        let answer = try await t.send(.post, "/api/v1/" + path, body)
        #expect(answer.status == 200, "\(answer.body)")
        if path.hasPrefix("Resource/") {
            #expect(answer.body == #"[{"name":"a","capacity":2,"blocks":["b"],"treePath":"c"}]"#)
        }
    }

    @Test("X5: rows 1-13, code 400: a malformed request is an object whose error names the field; nothing changes")
    func malformed() async throws {
        let t = try await ResourceStack.tenant("bad-rows", #"[{"name":"Printer"}]"#)
        let before = try await t.contents()
        for row in ResourceRow.ofTenants {
            for (path, body, place) in row.bad {
                let answer = try await t.send(row.method, path ?? row.path, body)
                #expect(answer.status == 400 && answer.root.kind == .object, "\(row.testDescription) \(body)")
                #expect(answer.error.contains(place), "\(row.testDescription) \(body): \(answer.error)")
            }
        }
        try await t.expectUnchanged(since: before)
    }

    @Test("X5: rows 1-13, code 401: without a key, or with one that is none, everything is refused alike")
    func unauthorized() async throws {
        let t = try await ResourceStack.tenant("no-key")
        let before = try await t.contents()
        for row in ResourceRow.ofTenants {
            for headers: HTTPFields in [[:], [.apiKey: ""], [.apiKey: "wrong"], [.authorization: "Bearer wrong"]] {
                let answer = try await t.server.send(row.method, row.path, row.body, headers)
                #expect(answer.status == 401 && !answer.error.isEmpty, "\(row.testDescription) \(headers)")
            }
        }
        try await t.expectUnchanged(since: before)
        let revoked = try await t.sendAsOperator(.post, "/v1/admin/api-keys", #"{"tenant_id":"\#(t.id)","name":"k"}"#)
        let old = t.with(key: try #require(revoked.root.string("key_secret")))
        #expect(try await old.list().status == 200)
        let id = try #require(revoked.root.string("key_id"))
        #expect(try await t.sendAsOperator(.delete, "/v1/admin/api-keys/\(id)").status == 200)
        #expect(try await old.list().status == 401, "from the next request on")
    }

    @Test("Row 1, ACQUIRED, ALREADY_HAD, ALREADY_HELD: a bare list of results, in order, with every documented field")
    func reserve() async throws {
        let t = try await ResourceStack.tenant("row-1")
        let answer = try await t.reserve(
            """
            [{"requester":"w1","resource":"a","ttlSeconds":3600,"resourceType":"Machine"},
             {"requester":"w1","resource":"a"},{"requester":"w2","resource":"a"},{"requester":"w2","resource":"b"}]
            """)
        #expect(answer.status == 200 && answer.root.kind == .array)
        #expect(answer.statuses == ["ACQUIRED", "ALREADY_HAD", "ALREADY_HELD", "ACQUIRED"])
        for item in answer.items {
            expect(
                item,
                has: [
                    "resource", "requester", "status", "explanation", "releaseToken", "expiresAt", "acquiredSlots",
                    "acquiredBlockers", "reservedAtPath",
                ])
        }
        let token = try #require(answer.items[0].string("releaseToken"))
        #expect(token.wholeMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) != nil)
        #expect(answer.items[1].string("releaseToken") == token)
        #expect(answer.items[2].isNull("releaseToken") && answer.items[2].isNull("expiresAt"))
        let end = try #require(answer.items[0].string("expiresAt"))
        #expect(end.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/) != nil)
        #expect(answer.items[3].isNull("expiresAt") && answer.items[3].isNull("acquiredSlots"))
        #expect(try await t.events().first.map { $0.contains("Machine") } == true)
        let refused = try await t.reserve(#"[{"requester":"x","resource":"a"},{"requester":"x","resource":"b"}]"#)
        #expect(refused.status == 200 && refused.statuses == ["ALREADY_HELD", "ALREADY_HELD"], "200, though none was")
    }

    @Test("Row 1, NOT_AVAILABLE, NOT_VALID: a full pool and a slot that it does not have; the others go through")
    func refused() async throws {
        let t = try await ResourceStack.tenant("row-1-refused", #"[{"name":"P","capacity":2}]"#)
        let answer = try await t.reserve(
            """
            [{"requester":"a","resource":"P"},{"requester":"b","resource":"P"},{"requester":"c","resource":"P"},
             {"requester":"d","resource":"P_2"},{"requester":"e","resource":"free"}]
            """)
        #expect(answer.statuses == ["ACQUIRED", "ACQUIRED", "NOT_AVAILABLE", "NOT_VALID", "ACQUIRED"])
        #expect(answer.items[0].slots == ["P": "P_0"])
        for item in answer.items[2...3] {
            #expect(item.string("explanation")?.contains("P") == true && item.isNull("releaseToken"))
        }
    }

    @Test("Row 2, RELINQUISHED, NOT_RESERVED, DOESNT_OWN_RESERVATION, code 403: a list, the good items released")
    func unreserve() async throws {
        let t = try await ResourceStack.tenant("row-2")
        var tokens: [String] = []
        for name in ["a", "b", "c"] { tokens.append(try await t.take("w1", name)) }
        let answer = try await t.unreserve(
            """
            [{"requester":"w1","resource":"a","releaseToken":"\(tokens[0])"},{"requester":"w1","resource":"free"},
             {"requester":"w1","resource":"b","releaseToken":"\(tokens[0])"},
             {"requester":"w1","resource":"c","releaseToken":"\(tokens[2])"}]
            """)
        #expect(answer.status == 403 && answer.root.kind == .array)
        #expect(answer.statuses == ["RELINQUISHED", "NOT_RESERVED", "DOESNT_OWN_RESERVATION", "RELINQUISHED"])
        for item in answer.items { expect(item, has: ["resource", "requester", "status", "explanation", "released"]) }
        #expect(answer.items.map { $0.strings("released") } == [["a"], nil, nil, ["c"]])
        #expect(answer.items[1].isNull("released"))
        #expect(try await t.reserved() == [["b", "w1"]])
    }

    @Test("Rows 4, 5: who holds a resource, alone or with others; nobody is null")
    func check() async throws {
        let t = try await ResourceStack.tenant("row-4")
        try await t.take("w1", "a")
        #expect(try await t.check("a").body == #"{"resource":"a","isReserved":true,"holder":"w1"}"#)
        #expect(try await t.check("b").body == #"{"resource":"b","isReserved":false,"holder":null}"#)
        let names = (0..<70).map { #""n\#($0)""# } + [#""a""#, #""a""#]
        let answer = try await t.send(
            .post, "/api/v1/Reservation/check", #"{"Resources":[\#(names.joined(separator: ","))]}"#)
        #expect(answer.root.kind == .array && answer.items.count == 72)
        #expect(answer.items[69].string("resource") == "n69" && answer.items[69].isNull("holder"))
        #expect(answer.items.suffix(2).map { $0.string("holder") } == ["w1", "w1"])
    }

    @Test("X3: rows 7 and 8: one list at both addresses: what is reserved, for whom, since and until when; no token")
    func list() async throws {
        let t = try await ResourceStack.tenant("row-8", #"[{"name":"Printer","capacity":2,"blocks":["Ink"]}]"#)
        #expect(try await t.list().body == #"{"reservations":[]}"#)
        let token = try await t.take("w1", "Printer", #","ttlSeconds":3600"#)
        try await t.take("w2", "a/b")
        let list = try await t.list()
        #expect(try await t.send(.get, "/api/v1/Reservation/activeReservations").body == list.body)
        let rows = try #require(list.root.member("reservations").map { Array($0.elements) })
        #expect(rows.map { $0.string("resource") } == ["Printer", "a/b"])
        #expect(rows.map { $0.string("requester") } == ["w1", "w2"])
        for row in rows { expect(row, has: ["resource", "requester", "reservedAt", "expiresAt"]) }
        let times = try (#require(rows[0].string("reservedAt")), #require(rows[0].string("expiresAt")))
        #expect(times.0 < times.1 && times.0.hasSuffix("Z"))
        #expect(rows[1].isNull("expiresAt"))
        #expect(!list.body.contains("releaseToken") && !list.body.contains(token))
        #expect(try await t.reserved().count == 2, "without the blocker")
    }

    @Test("Row 11: availability is a bare true or false")
    func available() async throws {
        let t = try await ResourceStack.tenant("row-11", #"[{"name":"Printer","capacity":2}]"#)
        for (who, body) in [("w1", "true"), ("w2", "false")] {
            try await t.take(who, "Printer")
            #expect(try await t.send(.get, "/api/v1/Resource/available/Printer").body == body)
        }
    }

    @Test("Rows 6, 12, 13, code 404: a requester's release, the tree, and the deletion of what is not there")
    func others() async throws {
        let t = try await ResourceStack.tenant("row-12", #"[{"name":"Printer","capacity":2,"treePath":"Office"}]"#)
        try await t.take("w1", "Printer")
        #expect(try await t.free() == ["Office": 0, "Office>Printer": 1])
        #expect(try await t.releaseAll(of: "w1").body == #"{"requester":"w1","released":1}"#)
        #expect(try await t.free() == ["Office": 1, "Office>Printer": 2])
        let unknown = try await t.delete("Plotter")
        #expect(unknown.status == 404 && unknown.root.kind == .object && unknown.error.contains("name"))
        #expect(try await t.delete("Office").status == 400)
        #expect(try await t.delete("Printer").status == 200)
    }

    @Test("Tenants see nothing of each other: names, holds, definitions")
    func otherTenants() async throws {
        let mine = try await ResourceStack.tenant("mine", #"[{"name":"Printer","capacity":2}]"#)
        let other = try await ResourceStack.tenant("other")
        let token = try await mine.take("w1", "a")
        try await mine.take("w1", "Printer")
        #expect(try await other.isReserved("a") == false)
        #expect(try await other.definitions().body == "[]")
        #expect(try await other.reserved() == [])
        #expect(try await other.delete("Printer").status == 404)
        #expect(try await other.releaseAll(of: "w1").item.int("released") == 0)
        #expect(try await other.unreserve("w1", "a", token).statuses == ["NOT_RESERVED"])
        #expect(try await other.reserve("w1", "Printer").item.isNull("acquiredSlots"))
        #expect(try await mine.reserved().count == 2)
    }
}
