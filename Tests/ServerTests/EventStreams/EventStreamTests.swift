// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Testing

@Suite("Event streams")
struct EventStreamTests {
    @Test("every kind of event comes under its name, in order, with what it tells of", arguments: Mount.allCases)
    func kinds(mount: Mount) async throws {
        try await RunningServer.runPublic(mount: mount) { server, _ in
            let t = try await StreamTenant.create("acme", on: server)
            try await t.ask("POST", "/api/v1/Resource/register", #"[{"name":"P","capacity":2,"blocks":["B"]}]"#)
            let client = try await t.follow()
            let head = client.head.lowercased()
            #expect(head.hasPrefix("http/1.1 200 ok\r\n") && head.contains("\r\ncontent-type: text/event-stream"))
            #expect(head.contains("\r\ncache-control: no-store") && head.contains("\r\nx-cycles-tenant: acme"))
            #expect(head.contains("\r\nx-request-id: ") && !head.contains("content-length"))
            let plain = try await t.reserve("a \\\"b\\\"", ttl: 600)
            try await t.unreserve("a \\\"b\\\"", plain)
            try await t.reserve("P")
            try await t.ask("DELETE", "/api/v1/Reservation/requester/w")
            try await t.reserve("f")
            try await StreamTenant.operate(
                server, "POST", "/api/v1/Tenant/force-unreserve", #"{"tenant":"acme","resource":"f"}"#)
            try await t.reserve("x", ttl: 1)
            // Whoever asks for it after its time finds that it is over.
            try await eventually("x is free again") { try await t.reserve("x", by: "other") != nil }
            // Neither of these is an event.
            try await t.reserve("x", by: "other")
            try await t.reserve("x", by: "third")
            try await eventually("all has come: \(client.text)") { client.frames.count == 9 }
            let told = client.frames.map { [$0.event, $0.text("requester") ?? "", $0.text("reason") ?? "-"] }
            #expect(
                told == [
                    ["RESERVED", "w", "-"], ["UNRESERVED", "w", "release"], ["RESERVED", "w", "-"],
                    ["UNRESERVED", "w", "bulk"], ["RESERVED", "w", "-"], ["UNRESERVED", "w", "forced"],
                    ["RESERVED", "w", "-"], ["RESERVATION_EXPIRED", "w", "expired"], ["RESERVED", "other", "-"],
                ])
            for (frame, next) in zip(client.frames, client.frames.dropFirst()) { #expect(frame.id < next.id) }
            let first = client.frames[0]
            #expect(first.text("eventId") == "\(first.id)" && first.text("eventType") == "RESERVED")
            #expect(first.text("tenantId") == "acme" && first.data.contains(#""resource":"a \"b\"""#))
            #expect(first.text("resourceType") == "UserDefined" && first.data.contains(#""apiKeyLabel":"ci \"1\"""#))
            #expect(first.text("expiresAt") != nil && first.text("timestamp") != nil)
            #expect(first.data.contains(#""slot":null,"blockers":null,"released":null,"reason":null}"#))
            #expect(client.frames[1].data.contains(#""released":["a \"b\""]"#))
            #expect(client.frames[2].text("slot") == "P_0" && client.frames[2].data.contains(#""blockers":["B"]"#))
            #expect(client.frames[3].data.contains(#""released":["P_0","B"]"#))
            try await client.close()
        }
    }

    @Test(
        "a stream goes on after the event that was seen last, and without one it begins now", arguments: Mount.allCases)
    func resume(mount: Mount) async throws {
        try await RunningServer.runPublic(mount: mount) { server, _ in
            let t = try await StreamTenant.create("acme", on: server)
            for name in ["a", "b", "c"] { try await t.reserve(name) }
            let all = try await t.follow(after: 0)
            try await eventually("all there is comes") { all.resources == ["a", "b", "c"] }
            let second = all.frames[1].id
            let rest = try await t.follow(after: second)
            let older = try await t.follow(after: second - 1)
            let future = try await t.follow(after: .max)
            let fresh = try await t.follow()
            let confused = try await StreamClient.open(server.port, key: t.key, fields: ["Last-Event-ID: yesterday"])
            try await eventually("it begins") { confused.comments.first == "connected" }
            try await t.reserve("d")
            for (client, resources) in [
                (all, ["a", "b", "c", "d"]), (rest, ["c", "d"]), (older, ["b", "c", "d"]), (future, ["d"]),
                (fresh, ["d"]), (confused, ["d"]),
            ] {
                try await eventually("\(resources): \(client.text)") { client.resources == resources }
            }
            // What is said of the events is the same, whoever reads them.
            #expect(all.frames.suffix(2) == rest.frames[...])
        }
    }

    @Test("a client that went on after an event that is no longer kept is told that others may be lost")
    func gap() async throws {
        try await RunningServer.runPublic { server, redis in
            let t = try await StreamTenant.create("acme", on: server)
            let all = try await t.follow()
            for name in ["a", "b", "c", "d"] { try await t.reserve(name) }
            try await eventually("all come") { all.resources == ["a", "b", "c", "d"] }
            try await t.forgetEvents(but: 2)
            let late = try await t.follow(after: all.frames[0].id)
            let next = try await t.follow(after: all.frames[2].id)
            for (client, resources) in [(late, ["c", "d"]), (next, ["d"])] {
                try await eventually("\(resources): \(client.text)") { client.resources == resources }
            }
            let id = all.frames[0].id
            let lost = try #require(late.text.firstMatch(of: /event: EVENTS_LOST\ndata: ({[^\n]+})\n\n/)?.1)
            #expect(lost.contains("\"lastEventId\":\"\(id)\"") && lost.contains("\"tenantId\":\"acme\""))
            let place = try #require(late.text.firstRange(of: "EVENTS_LOST")).lowerBound
            #expect(try place < #require(late.text.firstRange(of: "event: RESERVED")).lowerBound)
            #expect(!next.text.contains("EVENTS_LOST") && !all.text.contains("EVENTS_LOST"))
        }
    }

    @Test(
        "a stream that is at rest is kept alive, and no time limit of the connection cuts it", arguments: Mount.allCases
    )
    func keepAlive(mount: Mount) async throws {
        try await RunningServer.runPublic(mount: mount) {
            // Busy machines need some of it for the other requests.
            $0.readTime = .seconds(5)
            $0.idleTime = .seconds(5)
            $0.keepAliveTime = .milliseconds(500)
        } _: { server, _ in
            let t = try await StreamTenant.create("acme", on: server)
            let client = try await t.follow()
            try await eventually("comments come") { client.comments.count > 12 }
            #expect(Set(client.comments.dropFirst()) == ["keepalive"] && !client.isClosed)
            try await t.reserve("a")
            try await eventually("and events") { client.resources == ["a"] }
            // What else a client says on this connection is not answered, and harms nobody.
            try await client.send("GET /livez HTTP/1.1\r\nHost: test\r\n\r\n")
            try await t.reserve("b")
            try await eventually("and more events") { client.resources == ["a", "b"] }
            #expect(!client.text.contains("alive\":") && client.text.ranges(of: "HTTP/1.1 ").count == 1)
        }
    }

    @Test("tenants see their own events alone, each once and in order, however many streams and reservations there are")
    func tenantsApart() async throws {
        try await RunningServer.runPublic { server, _ in
            var tenants: [StreamTenant] = []
            var clients: [[StreamClient]] = []
            for name in ["acme", "beta", "gamma"] {
                let t = try await StreamTenant.create(name, on: server)
                tenants.append(t)
                clients.append([try await t.follow(), try await t.follow()])
            }
            let count = 60
            try await withThrowingTaskGroup(of: Void.self) { group in
                for t in tenants {
                    group.addTask { for number in 0..<count { try await t.reserve("\(t.id)-\(number)") } }
                }
                // Newcomers while events come.
                for (index, t) in tenants.enumerated() {
                    let late = try await t.follow(after: 0)
                    clients[index].append(late)
                }
                try await group.waitForAll()
            }
            for (t, clients) in zip(tenants, clients) {
                let expected = (0..<count).map { "\(t.id)-\($0)" }
                for client in clients {
                    try await eventually("all of \(t.id)") { client.frames.count >= count }
                    #expect(client.resources == expected)
                    #expect(client.frames.allSatisfy { $0.text("tenantId") == t.id })
                }
            }
        }
    }

    @Test("HEAD asks for the head alone, and an old client gets the same bytes without chunks")
    func otherClients() async throws {
        try await RunningServer.runPublic { server, _ in
            let t = try await StreamTenant.create("acme", on: server)
            let head = try await WireClient.ask(
                server.port, WireClient.request("HEAD", "/api/v1/events", "X-Api-Key: \(t.key)"))
            #expect(head.status == 200 && head["Content-Type"] == "text/event-stream")
            try await eventually("its place is given back") { try await t.leases() == 0 }
            let old = try await StreamClient.open(server.port, key: t.key, version: "1.0")
            try await eventually("it begins") { old.comments.first == "connected" }
            #expect(!old.head.lowercased().contains("chunked") && old.head.lowercased().contains("connection: close"))
            try await t.reserve("a")
            try await eventually("it goes on") { old.resources == ["a"] }
            // A target of another form leads past the connection's own ways.
            let whole = try await WireClient.ask(
                server.port, WireClient.request("GET", "http://elsewhere/api/v1/events", "X-Api-Key: \(t.key)"))
            #expect(whole.status == 400 || whole.status == 404, "\(whole)")
            try await old.close()
            try await eventually("all places are given back") { try await t.leases() == 0 }
        }
    }

    @Test("without a key, with a bad one, or without the permission there is no stream", arguments: Mount.allCases)
    func access(mount: Mount) async throws {
        try await RunningServer.runPublic(mount: mount) { server, _ in
            let t = try await StreamTenant.create("acme", on: server)
            let made = try await StreamTenant.operate(
                server, "POST", "/v1/admin/api-keys",
                #"{"tenant_id":"acme","name":"n","permissions":["reservations:create"]}"#)
            let poor = try #require(made.firstMatch(of: /"key_secret":"([^"]+)"/)?.1)
            for (field, status) in [("X-Other: 1", 401), ("X-Api-Key: nonsense", 401), ("X-Api-Key: \(poor)", 403)] {
                let answer = try await WireClient.ask(server.port, WireClient.request("GET", "/api/v1/events", field))
                #expect(answer.status == status && answer["Content-Type"] == "application/json", "\(answer)")
            }
            #expect(try await t.leases() == 0)
        }
    }

    @Test("events of resources for subscriptions know the request they come from, and are written with it")
    func resourceEvents() async throws {
        try await RunningServer.runPublic { server, redis in
            let t = try await StreamTenant.create("acme", on: server)
            try await t.mark("h")
            let answer = try await t.ask(
                "POST", "/api/v1/Reservation/reserve", #"[{"requester":"w","resource":"a"}]"#)
            let token = answer.body.firstMatch(of: /"releaseToken":"([^"]+)"/).map { String($0.1) }
            try await t.unreserve("a", token)
            try await t.reserve("b")
            try await t.ask("DELETE", "/api/v1/Reservation/requester/w")
            let events = try await t.storedEvents(of: "custom.resource.")
            #expect(events.map { $0.contains("custom.resource.reserved") } == [true, false, true, false])
            let request = try #require(answer["X-Request-Id"])
            #expect(events.first?.contains(#""request_id":"\#(request)""#) == true)
            #expect(events.allSatisfy { $0.contains(#""actor":{"type":"api_key","key_id":"\#(t.keyID)"}"#) })
        }
    }
}
