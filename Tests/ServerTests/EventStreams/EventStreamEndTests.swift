// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HoldfastRuntime
import HoldfastServer
import HoldfastSettings
import HoldfastWorker
import LocalStack
import LuaCatalog
import Observability
import RedisClient
import SharedKernel
import Testing

@Suite("The end of event streams")
struct EventStreamEndTests {
    private static let ended = "holdfast_event_streams_ended_total"

    @Test("a client that leaves, however it does, leaves nothing behind", arguments: Mount.allCases)
    func disconnect(mount: Mount) async throws {
        try await RunningServer.runPublic(mount: mount) { server, _ in
            let t = try await StreamTenant.create("acme", on: server)
            let before = try await t.tag()
            var clients: [StreamClient] = []
            for _ in 0..<20 { clients.append(try await t.follow()) }
            #expect(server.metric("holdfast_event_streams") == 20)
            #expect(try await t.leases() == 20)
            #expect(try await t.tag().hasSuffix("w"))
            for (index, client) in clients.enumerated() {
                if index % 2 == 0 { try await client.close() } else { try await client.finish() }
            }
            try await eventually("all are gone") { server.metric("holdfast_event_streams") == 0 }
            try await eventually("all places are given back") { try await t.leases() == 0 }
            #expect(server.metric(Self.ended + #"{reason="client"}"#) == 20)
            let after = try await t.tag()
            #expect(!after.hasSuffix("w") && after > before)
            try await eventually("their connections as well") { clients.allSatisfy(\.isClosed) }
        }
    }

    @Test("a client that does not read is dropped, and the others do not notice", arguments: Mount.allCases)
    func slowReader(mount: Mount) async throws {
        try await RunningServer.runPublic(mount: mount) {
            $0.streamBytesUnsent = 16_384
            $0.keepAliveTime = .seconds(15)
        } _: { server, _ in
            let t = try await StreamTenant.create("acme", on: server)
            let slow = try await StreamClient.open(server.port, key: t.key, isReading: false)
            try await eventually("it is open") { server.metric("holdfast_event_streams") == 1 }
            let good = try await t.follow()
            let long = String(repeating: "n", count: 240)
            var count = 0
            while server.metric(Self.ended + #"{reason="slow"}"#) == 0, count < 60_000 {
                let items = (0..<60).map { #"{"requester":"w","resource":"\#(long)\#(count + $0)"}"# }
                let answer = try await t.ask(
                    "POST", "/api/v1/Reservation/reserve", "[" + items.joined(separator: ",") + "]")
                #expect(answer.status == 200)
                count += 60
            }
            #expect(server.metric(Self.ended + #"{reason="slow"}"#) == 1)
            try await eventually("its place is given back") { try await t.leases() == 1 }
            #expect(server.metric("holdfast_event_streams") == 1 && !good.isClosed)
            try await t.reserve("last")
            try await eventually("the other one has all") { good.text.contains(#""resource":"last""#) }
            #expect(good.frames.count == count + 1)
            try await slow.close()
        }
    }

    @Test("a client that takes nothing any more is dropped after a time, however far it may be behind")
    func stalledReader() async throws {
        try await RunningServer.runPublic {
            $0.streamBytesUnsent = .max
            $0.streamStallTime = .seconds(1)
        } _: { server, _ in
            let t = try await StreamTenant.create("acme", on: server)
            let stalled = try await StreamClient.open(server.port, key: t.key, isReading: false)
            let good = try await t.follow()
            try await eventually("both are open") { server.metric("holdfast_event_streams") == 2 }
            let long = String(repeating: "n", count: 240)
            var count = 0
            while server.metric(Self.ended + #"{reason="slow"}"#) == 0, count < 60_000 {
                let items = (0..<60).map { #"{"requester":"w","resource":"\#(long)\#(count + $0)"}"# }
                try await t.ask("POST", "/api/v1/Reservation/reserve", "[" + items.joined(separator: ",") + "]")
                count += 60
            }
            try await eventually("it is dropped") { server.metric("holdfast_event_streams") == 1 }
            try await eventually("its place is given back") { try await t.leases() == 1 }
            #expect(server.metric(Self.ended + #"{reason="slow"}"#) == 1 && !good.isClosed)
            try await stalled.close()
        }
    }

    @Test("beyond the quota of streams there is 429, until one ends", arguments: Mount.allCases)
    func quota(mount: Mount) async throws {
        try await RunningServer.runPublic(mount: mount) { server, _ in
            let t = try await StreamTenant.create("acme", on: server)
            try await StreamTenant.operate(
                server, "PUT", "/v1/admin/x-holdfast/tenants/acme/limits", #"{"event_streams":2}"#)
            let first = try await t.follow()
            let second = try await t.follow()
            let refused = try await t.ask("GET", "/api/v1/events")
            #expect(refused.status == 429 && refused["Content-Type"] == "application/json", "\(refused)")
            #expect(refused.body.contains(#""limit":2,"limitType":"SSE_CONNECTIONS""#), "\(refused.body)")
            let wait = try #require(refused["Retry-After"].flatMap { Int($0) })
            #expect((1...61).contains(wait) && refused.body.contains(#""retryAfter":\#(wait)"#))
            try await first.close()
            try await eventually("its place is free") { try await t.leases() == 1 }
            let third = try await t.follow()
            try await t.reserve("a")
            for client in [second, third] { try await eventually("it hears") { client.resources == ["a"] } }
        }
    }

    @Test("with its key, its permission, or its tenant a stream ends, while others live", arguments: 0..<3)
    func revocation(what: Int) async throws {
        try await RunningServer.runPublic { server, _ in
            let t = try await StreamTenant.create("acme", on: server)
            let other = try await StreamTenant.create("beta", on: server)
            let client = try await t.follow()
            let witness = try await other.follow()
            switch what {
            case 0: try await StreamTenant.operate(server, "DELETE", "/v1/admin/api-keys/\(t.keyID)?reason=x", "")
            case 1:
                try await StreamTenant.operate(
                    server, "PATCH", "/v1/admin/api-keys/\(t.keyID)", #"{"permissions":["reservations:create"]}"#)
            default:
                try await StreamTenant.operate(server, "PATCH", "/v1/admin/tenants/acme", #"{"status":"CLOSED"}"#)
            }
            try await eventually("it ends: \(client.text)") { client.isComplete && client.isClosed }
            #expect(server.metric(Self.ended + #"{reason="revoked"}"#) == 1)
            try await eventually("its place is given back") { try await t.leases() == 0 }
            try await other.reserve("a")
            try await eventually("others live") { witness.resources == ["a"] }
        }
    }

    @Test("a stream ends when the time of its key is over, and one of a short-lived token with the key behind it")
    func expiry() async throws {
        try await RunningServer.runPublic { server, _ in
            let t = try await StreamTenant.create("acme", on: server)
            let time = try await server.process.store.runner.pool.send(RedisCommand("TIME")).array?.first?.text
            let end = try #require(time.flatMap { Int64($0) }) + 3
            let endText = String(decoding: DateTime.text(end * 1_000), as: UTF8.self)
            let made = try await StreamTenant.operate(
                server, "POST", "/v1/admin/api-keys",
                #"{"tenant_id":"acme","name":"short","expires_at":"\#(endText)"}"#)
            let short = try #require(made.firstMatch(of: /"key_secret":"([^"]+)"/)?.1)
            let ending = try await StreamClient.follow(server.port, key: String(short))
            let exchanged = try await t.ask("POST", "/api/v1/auth/token")
            let token = try #require(exchanged.body.firstMatch(of: /"accessToken":"([^"]+)"/)?.1, "\(exchanged)")
            let depending = try await StreamClient.follow(server.port, key: String(token))
            let client = try await t.follow()
            try await eventually("the first one ends") { ending.isComplete && ending.isClosed }
            #expect(!client.isClosed && !depending.isClosed)
            try await StreamTenant.operate(server, "DELETE", "/v1/admin/api-keys/\(t.keyID)?reason=x", "")
            try await eventually("so do the others") { client.isClosed && depending.isClosed }
            #expect(server.metric(Self.ended + #"{reason="revoked"}"#) == 3)
        }
    }

    @Test("what no message told of is found by the clock")
    func lostMessage() async throws {
        try await RunningServer.runPublic { server, _ in
            let t = try await StreamTenant.create("acme", on: server)
            let client = try await t.follow()
            // Written without the message that goes with it.
            let store = server.process.store
            let tenant = try #require(TenantID("acme"))
            let key = store.keyspace.holdEvents(tenant)
            let value = "a\nw\nUserDefined\nci\n9999999999999"
            let words = ["XADD", "", "*", "A", value].map { [UInt8]($0.utf8) }
            let command = RedisCommand(words.enumerated().map { $0.offset == 1 ? key : $0.element })
            _ = try await store.runner.pool.send(command)
            try await eventually("it comes all the same") { client.resources == ["a"] }
        }
    }

    @Test("a suspended tenant goes on to follow what happens")
    func suspension() async throws {
        try await RunningServer.runPublic { server, _ in
            let t = try await StreamTenant.create("acme", on: server)
            let token = try await t.reserve("a")
            let client = try await t.follow()
            try await StreamTenant.operate(server, "PATCH", "/v1/admin/tenants/acme", #"{"status":"SUSPENDED"}"#)
            let seen = client.comments.count
            try await eventually("it outlives looks at its key") { client.comments.count > seen + 2 }
            let second = try await t.follow()
            try await t.unreserve("a", token)
            for client in [client, second] {
                try await eventually("it hears") { client.frames.map(\.event) == ["UNRESERVED"] }
            }
        }
    }

    @Test("a server that stops ends its streams at once and gives their places back", arguments: Mount.allCases)
    func shutdown(mount: Mount) async throws {
        let redis = try await PrivateRedis.start()
        var limits = HTTPLimits()
        limits.keepAliveTime = .seconds(15)
        func start() async throws -> RunningServer {
            try await RunningServer.start(redis: redis.url, endpoints: StreamTenant.endpoints, limits: limits) {
                mount.apply(to: &$0)
                $0.adminKey = RedactedString(StreamTenant.adminKey)
            }
        }
        let server = try await start()
        let t = try await StreamTenant.create("acme", on: server)
        let clients = [try await t.follow(), try await t.follow()]
        try await t.reserve("a")
        try await eventually("they hear") { clients.allSatisfy { $0.resources == ["a"] } }
        let begin = ContinuousClock.now
        try await server.stop()
        #expect(ContinuousClock.now - begin < .seconds(15))
        try await eventually("they ended") { clients.allSatisfy { $0.isClosed && $0.isComplete } }
        #expect(server.metric("holdfast_event_streams") == 0)
        let next = try await start()
        let again = StreamTenant(server: next, id: t.id, keyID: t.keyID, key: t.key)
        #expect(try await again.leases() == 0)
        #expect(try await again.tag().last?.isNumber == true)
        // And where they were, they go on.
        let resumed = try await again.follow(after: clients[0].frames[0].id)
        try await again.reserve("b")
        try await eventually("it goes on") { resumed.resources == ["b"] }
        try await resumed.close()
        try await next.stop()
        await redis.remove()
    }

    @Test("the places of a dead server are free when their time is over, and a worker takes the mark away")
    func deadServer() async throws {
        try await RunningServer.runPublic { server, _ in
            let t = try await StreamTenant.create("acme", on: server)
            let store = server.process.store
            let tenant = try #require(TenantID("acme"))
            for id in ["s1", "s2"] {
                var call = ScriptCall(.reservationOpenStream, keys: store.keyspace.keys(of: tenant))
                for word in [try await t.tag(), id, "1", ""] { call.append(word) }
                #expect(try await store.runner.run(call).isWord("OPENED"))
            }
            #expect(try await t.tag().hasSuffix("w"))
            let context = RunningServer.context()
            let sweeper = Sweeper(store, interval: .seconds(1), registry: context.registry, logger: context.logger)
            try await eventually("a worker finds them") {
                _ = await sweeper.pass()
                return try await t.leases() == 0
            }
            #expect(try await t.tag().last?.isNumber == true)
            // The streams of a server that lives are left alone.
            let client = try await t.follow()
            let seen = client.comments.count
            try await eventually("it has been renewed") { client.comments.count > seen + 2 }
            #expect(await sweeper.pass() == .clean)
            #expect(try await t.leases() == 1)
            #expect(try await t.tag().hasSuffix("w"))
        }
    }

    @Test("Redis ends and comes back: streams stay open, and nothing is lost or comes twice")
    func redisRestart() async throws {
        var options = PrivateRedisOptions()
        options.persistence = .always
        let redis = try await PrivateRedis.start(options)
        var limits = HTTPLimits()
        limits.keepAliveTime = .milliseconds(300)
        let server = try await RunningServer.start(redis: redis.url, endpoints: StreamTenant.endpoints, limits: limits)
        {
            $0.adminKey = RedactedString(StreamTenant.adminKey)
        }
        let t = try await StreamTenant.create("acme", on: server)
        let client = try await t.follow()
        var expected: [String] = []
        for round in 0..<3 {
            for number in 0..<5 {
                try await t.reserve("\(round)-\(number)")
                expected.append("\(round)-\(number)")
            }
            try await redis.kill()
            try await eventually("the server notices") { server.metric("holdfast_event_subscriptions") == 0 }
            try await redis.restart()
            try await eventually("it is served again") {
                try await t.ask("GET", "/api/v1/Reservation/check/a").status == 200
            }
        }
        try await t.reserve("last")
        expected.append("last")
        try await eventually("all has come: \(client.resources)") { client.resources.count >= expected.count }
        #expect(client.resources == expected && !client.isClosed)
        try await client.close()
        try await server.stop()
        await redis.remove()
    }
}
