// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HoldfastRuntime
import HoldfastServer
import HoldfastSettings
import LocalStack
import Observability
import RedisClient
import SharedKernel
import Testing

/// A tenant of a running server, with a key of its own.
struct StreamTenant: Sendable {
    static let adminKey = "operator-key-of-the-stream-tests"

    /// What Holdfast offers, as far as it needs no network.
    static let endpoints = CyclesAPI.endpoints + AdminAPI.endpoints + ReservationAPI.endpoints

    let server: RunningServer
    let id: String
    let keyID: String
    let key: String

    static func create(_ id: String, on server: RunningServer) async throws -> StreamTenant {
        _ = try await operate(server, "POST", "/v1/admin/tenants", #"{"tenant_id":"\#(id)","name":"T"}"#)
        let made = try await operate(
            server, "POST", "/v1/admin/api-keys", #"{"tenant_id":"\#(id)","name":"ci \"1\""}"#)
        let keyID = try #require(made.firstMatch(of: /"key_id":"([^"]+)"/)?.1)
        let key = try #require(made.firstMatch(of: /"key_secret":"([^"]+)"/)?.1)
        return StreamTenant(server: server, id: id, keyID: String(keyID), key: String(key))
    }

    /// The operator's request; the body of the answer.
    @discardableResult
    static func operate(
        _ server: RunningServer, _ method: String, _ path: String, _ body: String
    ) async throws -> String {
        let answer = try await WireClient.ask(
            server.port, request(method, path, body, "X-Admin-API-Key: \(adminKey)"))
        #expect((200..<300).contains(answer.status), "\(method) \(path): \(answer)")
        return answer.body
    }

    private static func request(_ method: String, _ path: String, _ body: String, _ field: String) -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\(field)\r\n\r\n\(body)"
    }

    /// A request with the tenant's key.
    @discardableResult
    func ask(_ method: String, _ path: String, _ body: String = "") async throws -> WireClient.Response {
        try await WireClient.ask(server.port, Self.request(method, path, body, "X-Api-Key: \(key)"))
    }

    /// Reserves a resource; its token, or nothing when it is refused.
    @discardableResult
    func reserve(_ resource: String, by requester: String = "w", ttl: Int? = nil) async throws -> String? {
        let ttl = ttl.map { #","ttlSeconds":\#($0)"# } ?? ""
        let answer = try await ask(
            "POST", "/api/v1/Reservation/reserve", #"[{"requester":"\#(requester)","resource":"\#(resource)"\#(ttl)}]"#)
        #expect(answer.status == 200, "\(answer)")
        return answer.body.firstMatch(of: /"releaseToken":"([^"]+)"/).map { String($0.1) }
    }

    func unreserve(_ resource: String, _ token: String?, by requester: String = "w") async throws {
        let answer = try await ask(
            "POST", "/api/v1/Reservation/unreserve",
            #"[{"requester":"\#(requester)","resource":"\#(resource)","releaseToken":"\#(token ?? "")"}]"#)
        #expect(answer.status == 200 && answer.body.contains("RELINQUISHED"), "\(answer)")
    }

    func follow(after id: Int? = nil) async throws -> StreamClient {
        try await StreamClient.follow(server.port, key: key, after: id)
    }

    /// The tenant's tag, as Redis has it.
    func tag() async throws -> String {
        let store = server.process.store
        let tenant = try #require(TenantID(id))
        let reply = try await store.runner.pool.send(
            RedisCommand([[UInt8]("GET".utf8), store.keyspace.tenant(tenant)]))
        return reply.text ?? ""
    }

    /// Puts a mark behind its tag, with a new epoch.
    func mark(_ mark: String) async throws {
        let store = server.process.store
        let tenant = try #require(TenantID(id))
        let digits = try await tag().dropFirst()
        let epoch = try #require(Int64(digits)) + 1
        let command = [[UInt8]("SET".utf8), store.keyspace.tenant(tenant), [UInt8]("A\(epoch)\(mark)".utf8)]
        _ = try await store.runner.pool.send(RedisCommand(command))
    }

    /// The stored events of these types, in their order.
    func storedEvents(of type: String) async throws -> [String] {
        let pool = server.process.store.runner.pool
        let keys = try await pool.send(RedisCommand("KEYS", "hf:{*}:e:*")).array ?? []
        var events: [String] = []
        for key in keys.compactMap(\.text).sorted() {
            let event = try await pool.send(RedisCommand("GET", key)).text ?? ""
            if event.contains("\0" + type) { events.append(event) }
        }
        return events
    }

    /// Drops all but the newest of its lock events, as happens to the oldest of about 1,000.
    func forgetEvents(but count: Int) async throws {
        let store = server.process.store
        let tenant = try #require(TenantID(id))
        let key = store.keyspace.holdEvents(tenant)
        let words = [[UInt8]("XTRIM".utf8), key, [UInt8]("MAXLEN".utf8), [UInt8](String(count).utf8)]
        _ = try await store.runner.pool.send(RedisCommand(words))
    }

    /// Its leases of event streams.
    func leases() async throws -> Int64? {
        let store = server.process.store
        let tenant = try #require(TenantID(id))
        let key = store.keyspace.streamLeases(tenant)
        return try await store.runner.pool.send(RedisCommand([[UInt8]("ZCARD".utf8), key])).integer
    }
}

extension RunningServer {
    /// A server with everything, for the operator, too, whose streams are kept alive often.
    static func runPublic(
        mount: Mount = .fastLane, _ adjust: (inout HTTPLimits) -> Void = { _ in },
        _ body: (RunningServer, PrivateRedis) async throws -> Void
    ) async throws {
        var limits = HTTPLimits()
        limits.keepAliveTime = .milliseconds(300)
        adjust(&limits)
        try await run(endpoints: StreamTenant.endpoints, limits: limits) {
            mount.apply(to: &$0)
            $0.adminKey = RedactedString(StreamTenant.adminKey)
            $0.shared.redis.commandTimeout = .seconds(10)
        } _: {
            try await body($0, $1)
        }
    }

    /// A metric's present value; 0 when there is none.
    func metric(_ name: String) -> Int {
        let text = String(decoding: registry.render(), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }.map { Int($0) } ?? 0
    }
}
