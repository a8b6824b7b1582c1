// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPTypes
import RedisClient
import SharedKernel
import StrictJSON
import Testing

/// A tenant of one test, as clients see it.
struct ResourceTenant: Sendable {
    let id: String
    let key: String
    let server: ResourceServer
    private let other: ResourceServer

    /// A new tenant.
    init(_ id: String, on server: ResourceServer, beside other: ResourceServer) async throws {
        let headers: HTTPFields = [.adminAPIKey: ResourceServer.operatorKey]
        let made = try await server.send(
            .post, "/v1/admin/tenants", #"{"tenant_id":"\#(id)","name":"\#(id)"}"#, headers)
        try #require(made.status == 201, "\(made.body)")
        let key = try await server.send(
            .post, "/v1/admin/api-keys", #"{"tenant_id":"\#(id)","name":"main"}"#, headers)
        self.init(id: id, key: try #require(key.root.string("key_secret")), server: server, other: other)
    }

    private init(id: String, key: String, server: ResourceServer, other: ResourceServer) {
        self.id = id
        self.key = key
        self.server = server
        self.other = other
    }

    /// The same tenant at the other server.
    var elsewhere: ResourceTenant { through(other) }

    /// The same tenant at a server.
    func through(_ server: ResourceServer) -> ResourceTenant {
        ResourceTenant(id: id, key: key, server: server, other: self.server)
    }

    /// The same tenant with another key, or a token in its place.
    func with(key: String) -> ResourceTenant { ResourceTenant(id: id, key: key, server: server, other: other) }

    func send(
        _ method: HTTPRequest.Method, _ target: String, _ body: String = "", described: String? = nil
    ) async throws -> ResourceAnswer {
        try await server.send(method, target, body, [.apiKey: key], described: described)
    }

    /// The same with the operator's key.
    func sendAsOperator(
        _ method: HTTPRequest.Method, _ target: String, _ body: String = ""
    ) async throws -> ResourceAnswer {
        try await server.send(method, target, body, [.adminAPIKey: ResourceServer.operatorKey])
    }

    /// Replaces a setting of the tenant with the operator's key.
    func set(_ setting: String, _ body: String) async throws {
        let answer = try await sendAsOperator(.put, "/v1/admin/x-holdfast/tenants/\(id)/\(setting)", body)
        try #require(answer.status == 200, "\(answer.body)")
    }

    /// Asks again until the answer is yes; an error after ten seconds.
    func eventually(_ question: () async throws -> Bool) async throws {
        try await ReservationAPIStack.eventually(question)
    }
}

/// The calls.
extension ResourceTenant {
    func reserve(_ body: String) async throws -> ResourceAnswer {
        try await send(.post, "/api/v1/Reservation/reserve", body)
    }

    /// Reserves one resource; `more` is further members, with a comma before them.
    func reserve(_ requester: String, _ resource: String, _ more: String = "") async throws -> ResourceAnswer {
        try await reserve(#"[{"requester":"\#(requester)","resource":"\#(resource)"\#(more)}]"#)
    }

    /// Reserves a resource that is free; gives its token.
    @discardableResult
    func take(_ requester: String, _ resource: String, _ more: String = "") async throws -> String {
        let answer = try await reserve(requester, resource, more)
        try #require(answer.statuses == ["ACQUIRED"], "\(answer.body)")
        return try #require(answer.item.string("releaseToken"))
    }

    /// The status that reserving a resource has, which it then may hold.
    func status(_ requester: String, _ resource: String) async throws -> String {
        try await reserve(requester, resource).statuses.joined(separator: " ")
    }

    func unreserve(_ body: String) async throws -> ResourceAnswer {
        try await send(.post, "/api/v1/Reservation/unreserve", body)
    }

    /// Releases one resource.
    func unreserve(_ requester: String, _ resource: String, _ token: String?) async throws -> ResourceAnswer {
        let field = token.map { #","releaseToken":"\#($0)""# } ?? ""
        return try await unreserve(#"[{"requester":"\#(requester)","resource":"\#(resource)"\#(field)}]"#)
    }

    /// Releases one resource that is held; gives the names freed.
    @discardableResult
    func release(_ requester: String, _ resource: String, _ token: String) async throws -> [String] {
        let answer = try await unreserve(requester, resource, token)
        try #require(answer.status == 200 && answer.statuses == ["RELINQUISHED"], "\(answer.body)")
        return try #require(answer.item.strings("released"))
    }

    func transact(_ body: String) async throws -> ResourceAnswer {
        try await send(.post, "/api/v1/Reservation/transactions", body)
    }

    /// One transaction; `type` may be empty for none.
    func transact(_ method: String, _ type: String, _ requests: String) async throws -> ResourceAnswer {
        let type = type.isEmpty ? "" : #","requestType":"\#(type)""#
        return try await transact(#"[{"method":"\#(method)"\#(type),"requests":[\#(requests)]}]"#)
    }

    func check(_ name: String) async throws -> ResourceAnswer {
        try await send(.get, "/api/v1/Reservation/check/" + Self.segment(name))
    }

    /// Who holds a resource, as far as there is one holder.
    func holder(_ name: String) async throws -> String? { try await check(name).item.string("holder") }

    /// The same of several at once.
    func holders(_ names: String...) async throws -> [String?] {
        let list = names.map { "\"\($0)\"" }.joined(separator: ",")
        let answer = try await send(.post, "/api/v1/Reservation/check", #"{"resources":[\#(list)]}"#)
        return answer.items.map { $0.string("holder") }
    }

    func isReserved(_ name: String) async throws -> Bool? {
        try await check(name).item.member("isReserved")?.bool()
    }

    func isAvailable(_ name: String) async throws -> Bool? {
        try await send(.get, "/api/v1/Resource/available/" + Self.segment(name)).root.bool()
    }

    func releaseAll(of requester: String) async throws -> ResourceAnswer {
        try await send(.delete, "/api/v1/Reservation/requester/" + Self.segment(requester))
    }

    func register(_ body: String) async throws -> ResourceAnswer {
        try await send(.post, "/api/v1/Resource/register", body)
    }

    /// Registers definitions that are good.
    @discardableResult
    func define(_ body: String) async throws -> ResourceAnswer {
        let answer = try await register(body)
        try #require(answer.status == 200, "\(answer.body)")
        return answer
    }

    func definitions() async throws -> ResourceAnswer { try await send(.get, "/api/v1/Resource/definitions") }

    /// What is registered under a name.
    func definition(_ name: String) async throws -> JSONValue? {
        try await definitions().items.first { $0.member("name")?.isString(name) == true }
    }

    func tree() async throws -> ResourceAnswer { try await send(.get, "/api/v1/Resource/tree") }

    /// The units that are free, by the path of each registered resource.
    func free() async throws -> [String: Int64] {
        var free: [String: Int64] = [:]
        func visit(_ node: JSONValue) {
            free[node.string("path") ?? ""] = node.int("available")
            node.member("children")?.elements.forEach(visit)
        }
        try await tree().items.forEach(visit)
        return free
    }

    func delete(_ name: String, _ query: String = "") async throws -> ResourceAnswer {
        try await send(.delete, "/api/v1/Resource/" + Self.segment(name) + query, described: "/api/v1/Resource/{name}")
    }

    func list() async throws -> ResourceAnswer { try await send(.get, "/api/v1/Reservation") }

    /// Resource and requester of everything that is reserved.
    func reserved() async throws -> [[String]] {
        let list = try await list().root.member("reservations")
        return (list.map { Array($0.elements) } ?? []).map { row in
            ["resource", "requester"].map { row.string($0) ?? "" }
        }
    }

    func renew(_ requester: String, _ resource: String, _ token: String, ttlSeconds: Int) async throws
        -> ResourceAnswer
    {
        try await send(
            .post, "/api/v1/Reservation/renew",
            """
            [{"requester":"\(requester)","resource":"\(resource)","releaseToken":"\(token)","ttlSeconds":\(ttlSeconds)}]
            """)
    }

    func force(_ resource: String) async throws -> ResourceAnswer {
        try await sendAsOperator(
            .post, "/api/v1/Tenant/force-unreserve", #"{"tenant":"\#(id)","resource":"\#(resource)"}"#)
    }

    /// A name as a segment of a path.
    static func segment(_ name: String) -> String {
        name.utf8.map { byte in
            switch byte {
            case 48...57, 65...90, 97...122: String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}

/// The tenant in Redis.
extension ResourceTenant {
    /// What belongs to reservations, by what follows the tenant's key: the record of a hold, the two indexes of holds,
    /// pools, blockers, ancestors.
    static let families = [":k:", ":act", ":q:", ":ph:", ":pb:", ":bl:", ":an:"]
    /// What is only written down.
    private static let logs: Set<String> = [":ev", ":al", ":el"]

    private var prefix: String {
        get throws {
            let tenant = try #require(TenantID(id))
            return String(decoding: AdminCall.installation.keyspace.tenant(tenant), as: UTF8.self)
        }
    }

    @discardableResult
    func redis(_ words: [UInt8]...) async throws -> RedisReply { try await server.pool.send(RedisCommand(words)) }

    /// The names of all keys of the tenant.
    func keys() async throws -> [String] {
        let pattern = [UInt8]((try prefix + ":*").utf8)
        return try await redis([UInt8]("KEYS".utf8), pattern).array?.compactMap(\.text) ?? []
    }

    /// Every key of the tenant with what it holds, by what follows the tenant's own key; without its logs.
    func contents() async throws -> [String: [[UInt8]]] {
        let length = try prefix.count
        var contents: [String: [[UInt8]]] = [:]
        for key in try await keys() {
            let name = String(key.dropFirst(length))
            guard !Self.logs.contains(name) else { continue }
            contents[name] = try await content([UInt8](key.utf8))
        }
        return contents
    }

    /// What a key holds, byte strings one after the other; fields of a hash in the order of their names.
    private func content(_ key: [UInt8]) async throws -> [[UInt8]] {
        let type = try await redis([UInt8]("TYPE".utf8), key).text
        switch type {
        case "hash":
            let words = try await redis([UInt8]("HGETALL".utf8), key).array?.compactMap(\.bytes) ?? []
            let pairs = stride(from: 0, to: words.count - 1, by: 2).map { [words[$0], words[$0 + 1]] }
            return pairs.sorted { $0[0].lexicographicallyPrecedes($1[0]) }.flatMap { $0 }
        case "zset":
            let words = [UInt8]("WITHSCORES".utf8)
            let reply = try await redis([UInt8]("ZRANGE".utf8), key, [48], [UInt8]("-1".utf8), words)
            return reply.array?.compactMap(\.bytes) ?? []
        default:
            try #require(type == "string", "\(String(decoding: key, as: UTF8.self))")
            return try await redis([UInt8]("GET".utf8), key).bytes.map { [$0] } ?? []
        }
    }

    /// Expects that no key is new, gone, or holds something else than it did.
    func expectUnchanged(
        since before: [String: [[UInt8]]], _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let now = try await contents()
        let changed = Set(now.keys).union(before.keys).filter { now[$0] != before[$0] }.sorted()
        #expect(changed == [], comment, sourceLocation: sourceLocation)
    }

    /// The keys of what is reserved.
    func keysOfHolds() async throws -> [String] {
        try await contents().keys.filter { key in Self.families.contains { key.hasPrefix($0) } }.sorted()
    }

    /// The entries of the tenant's stream of events, oldest first: letter, then what it says.
    func events() async throws -> [[String]] {
        let key = [UInt8]((try prefix + ":ev").utf8)
        let entries = try await redis([UInt8]("XRANGE".utf8), key, [45], [43]).array ?? []
        return entries.map { entry in
            let fields = entry.array?.last?.array?.compactMap(\.text) ?? []
            return fields.prefix(1) + (fields.last ?? "").split(separator: "\n").map(String.init)
        }
    }
}
