// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import LocalStack
import Logging
import LuaCatalog
import NIOCore
import NIOPosix
import Observability
import RedisClient
import SharedKernel
import StrictJSON
import Synchronization
import TestSupport
import Testing

/// The admin plane over a Redis of its own, reached through the pipeline as servers reach it, without a socket.
struct AdminStack: Sendable {
    static let adminKey = "the-operator-key-of-these-tests"

    let pipeline: RequestPipeline
    let pool: RedisPool
    let group: any EventLoopGroup
    let installation: Installation
    let registry = PrometheusRegistry(includesProcess: false)
    let log = RecordedLog()
    /// What stands for the endpoints of webhook subscriptions.
    let target: WebhookTarget

    /// The keys a request carries.
    struct Credentials: Sendable {
        var admin: String?
        var tenant: String?

        static let none = Credentials()
        static let admin = Credentials(admin: AdminStack.adminKey)

        static func key(_ secret: String) -> Credentials { Credentials(tenant: secret) }
    }

    /// Runs a test against a stack of its own, whose server goes by `clock`.
    static func run(
        clock: @escaping @Sendable () -> Int64 = { UTCTimestamp.now_ms() }, target: WebhookTarget = WebhookTarget(),
        _ body: (AdminStack) async throws -> Void
    ) async throws {
        try await TestGate.stacks.run { try await runAlone(clock, target, body) }
    }

    private static func runAlone(
        _ clock: @escaping @Sendable () -> Int64, _ target: WebhookTarget, _ body: (AdminStack) async throws -> Void
    ) async throws {
        let redis = try await PrivateRedis.start()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let pool = try RedisPool(
            configuration: try RedisConfiguration(url: redis.url), group: group, onConnect: ScriptRunner.loadCommands)
        pool.start()
        let result: Result<Void, any Error>
        do {
            try await pool.waitUntilReady(within: .seconds(60))
            try await body(AdminStack(pool: pool, group: group, clock: clock, target: target))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await pool.shutdown()
        try await group.shutdownGracefully()
        await redis.remove()
        try result.get()
    }

    private init(
        pool: RedisPool, group: any EventLoopGroup, clock: @escaping @Sendable () -> Int64, target: WebhookTarget
    ) {
        self.target = target
        self.pool = pool
        self.group = group
        installation = AdminCall.installation
        pipeline = RequestPipeline(
            endpoints: AdminAPI.endpoints + AdminAPI.webhookEndpoints(target.services) + CyclesAPI.endpoints
                + ReservationAPI.endpoints,
            runner: ScriptRunner(pool: pool, group: group),
            installation: installation, adminKey: RedactedString(Self.adminKey),
            journal: RequestJournal(
                registry: registry, logger: log.logger),
            now_ms: clock)
    }

    /// Sends a request and waits for its answer.
    func send(
        _ target: String, _ body: String = "", method: HTTPRequest.Method = .post, as credentials: Credentials,
        headers extra: [HTTPField.Name: String] = [:]
    ) async throws -> AdminAnswer {
        var headers = HTTPFields()
        headers[.adminAPIKey] = credentials.admin
        headers[.cyclesAPIKey] = credentials.tenant
        for (name, value) in extra { headers[name] = value }
        let request = APIRequest(
            method: method, target: target, headers: headers, body: [UInt8](body.utf8),
            correlation: Correlation(headers: headers))
        let eventLoop = group.next()
        let response = await withCheckedContinuation { continuation in
            eventLoop.execute {
                pipeline.handle(request, pipeline.match(request), on: eventLoop) { continuation.resume(returning: $0) }
            }
        }
        try response.check(method, target)
        return try AdminAnswer(response)
    }

    /// Makes a tenant that must not exist yet.
    func makeTenant(_ id: String) async throws {
        let answer = try await send("/v1/admin/tenants", #"{"tenant_id":"\#(id)","name":"\#(id)"}"#, as: .admin)
        try #require(answer.status == .created)
    }

    /// Makes a key of a tenant; `more` is further members, with a comma before them.
    func makeKey(_ tenant: String, _ more: String = "") async throws -> AdminAnswer {
        let answer = try await send(
            "/v1/admin/api-keys", #"{"tenant_id":"\#(tenant)","name":"main"\#(more)}"#, as: .admin)
        try #require(answer.status == .created)
        return answer
    }

    /// Makes a ledger in TOKENS with the operator's key.
    func makeBudget(_ tenant: String, _ scope: String, allocated: Int64) async throws {
        let answer = try await send(
            "/v1/admin/budgets",
            """
            {"tenant_id":"\(tenant)","scope":"\(scope)","unit":"TOKENS",
             "allocated":{"unit":"TOKENS","amount":\(allocated)}}
            """, as: .admin)
        try #require(answer.status == .created)
    }
}

/// What is logged above the level of debug, as JSON.
final class RecordedLog: LogSink {
    private let written = Mutex<[String]>([])

    var lines: [String] { written.withLock { $0 } }

    func write(_ line: [UInt8]) { written.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }

    var logger: Logger {
        Logger(label: "tests") { label in
            JSONLogHandler(
                label: label, level: .info, sink: self, metadataProvider: nil, now: { UTCTimestamp.now_ms() })
        }
    }
}

/// Redis as the tests see it.
extension AdminStack {
    /// Runs a command.
    @discardableResult
    func redis(_ words: String...) async throws -> RedisReply {
        try await pool.send(RedisCommand(words.map { [UInt8]($0.utf8) }))
    }

    /// The ledger of a scope in TOKENS, as stored.
    func ledger(_ tenant: String, _ scope: String) async throws -> String? {
        try await redis("GET", try key(tenant) + ":l:T:" + scope).text
    }

    /// Stores a ledger in TOKENS as it is told.
    func setLedger(_ tenant: String, _ scope: String, _ text: String) async throws {
        try await redis("SET", try key(tenant) + ":l:T:" + scope, text)
    }

    /// The tenant's key: status letter and epoch.
    func key(_ tenant: String) throws -> String {
        String(decoding: installation.keyspace.tenant(try #require(TenantID(tenant))), as: UTF8.self)
    }

    /// Everything of one log of the tenant: `al` for audit, `el` for events. Bodies in order, split at NUL.
    func log(_ name: String, of tenant: String) async throws -> [[String]] {
        let shard = installation.keyspace.shard(of: try #require(TenantID(tenant)))
        let prefix = String(decoding: shard.prefix, as: UTF8.self)
        let sequence = try await redis("ZRANGE", try key(tenant) + ":" + name, "0", "-1").array ?? []
        var bodies: [[String]] = []
        for number in sequence {
            let id = number.text?.prefix { $0 != ":" } ?? ""
            let body = try await redis("GET", prefix + (name == "al" ? "a:" : "e:") + id)
            let parts = (body.bytes ?? []).split(separator: 0, omittingEmptySubsequences: false)
            bodies.append(parts.map { String(decoding: $0, as: UTF8.self) })
        }
        return bodies
    }

    /// Every key with everything it holds, byte strings one after the other; without the log of what was refused to the
    /// operator, which is no tenant's.
    func contents() async throws -> [String: [[UInt8]]] {
        var contents = try await everything()
        let isNote = { (text: [UInt8]) in
            text.firstRange(of: "__admin__".utf8) != nil || text.firstRange(of: "__unauth__".utf8) != nil
        }
        for (key, value) in contents where key.hasPrefix("hf:{00}:") {
            let left = isNote([UInt8](key.utf8)) || key == "hf:{00}:seq" ? [] : value.filter { !isNote($0) }
            contents[key] = left.isEmpty ? nil : left
        }
        return contents
    }

    private func everything() async throws -> [String: [[UInt8]]] {
        var contents: [String: [[UInt8]]] = [:]
        for key in try await redis("KEYS", "*").array ?? [] {
            let name = try #require(key.text)
            let type = try await redis("TYPE", name).text
            let reply =
                switch type {
                case "string": try await redis("GET", name)
                case "hash": try await redis("HGETALL", name)
                case "zset": try await redis("ZRANGE", name, "0", "-1")
                default: try await redis("TYPE", name)
                }
            try #require(["string", "hash", "zset"].contains(type))
            contents[name] = reply.array.map { $0.compactMap(\.bytes) } ?? [reply.bytes ?? []]
        }
        return contents
    }
}

/// An answer, with its body read.
struct AdminAnswer {
    let status: HTTPResponse.Status
    let headers: HTTPFields
    let body: String
    let root: JSONValue

    init(_ response: APIResponse) throws {
        status = response.status
        headers = response.headers
        body = String(decoding: response.body, as: UTF8.self)
        // 204 has no body, an answer that goes on as a stream no JSON.
        let isJSON = response.status != .noContent && response.stream == nil
        root = try JSONDocument.parse(isJSON ? response.body : [UInt8]("null".utf8), maxDepth: 64).root
    }

    /// The error code, nil for a success.
    var error: String? { text("error") }

    var message: String { text("message") ?? "" }

    /// A string member.
    func text(_ name: StaticString) -> String? {
        root.member(name)?.stringBytes().map { String(decoding: $0, as: UTF8.self) }
    }

    /// The amount of a member in TOKENS.
    func tokens(_ name: StaticString) -> Int64? {
        guard let member = root.member(name), member.member("unit")?.isString("TOKENS") == true else { return nil }
        return member.member("amount")?.int64()
    }

    /// The elements of an array of strings.
    func texts(_ name: StaticString) -> [String] {
        guard let elements = root.member(name)?.elements else { return [] }
        return elements.compactMap { $0.stringBytes().map { String(decoding: $0, as: UTF8.self) } }
    }
}

/// Calls of the admin plane without a store: the step an endpoint plans for a request.
enum AdminCall {
    static let installation = Installation(
        keyspace: Keyspace(shardCount: 64), salt: IdentitySalt(bytes: [UInt8](repeating: 7, count: 32)),
        keepMs: Limits.retentionFinalFloorMs)

    /// A tenant's key that may do everything.
    static func principal(scopeFilter: [String] = []) throws -> Principal {
        let tenant = try #require(TenantID("acme"))
        return Principal(
            tenant: tenant, shard: installation.keyspace.shard(of: tenant), tag: [UInt8]("A7".utf8),
            keyID: [UInt8]("key_1".utf8), keyName: [UInt8]("main".utf8),
            permissions: PermissionSet(Permission.allCases), scopeFilter: scopeFilter.map { [UInt8]($0.utf8) },
            expiresAtMs: .max, terms: TenantTerms())
    }

    /// Plans a POST as the pipeline does, path look-up included.
    static func plan(_ target: String, _ body: String, as caller: Caller, headers: HTTPFields = [:]) throws -> Step {
        var request = APIRequest(
            method: .post, target: target, headers: headers, body: [UInt8](body.utf8),
            correlation: Correlation(headers: headers))
        guard case .found(let endpoint, let parameters) = RouteTable(AdminAPI.endpoints).match(.post, request.path)
        else {
            throw Unexpected(what: "no endpoint for \(target)")
        }
        request.parameters = parameters
        return endpoint.plan(
            .init(request: request, caller: caller, installation: installation, nowMs: 1_700_000_000_000))
    }

    /// The step after a script's reply of these words.
    static func next(_ step: Step, _ words: [String]) throws -> Step {
        let invocation = try call(step)
        return try invocation.next(
            try ScriptReply(.array(words.map { .bulk([UInt8]($0.utf8)) }), of: invocation.call.script.name))
    }

    /// The call a step wants.
    static func call(_ step: Step) throws -> Invocation {
        guard case .call(let invocation) = step else { throw Unexpected(what: "no call: \(step)") }
        return invocation
    }

    /// The words of a step's call from the keys on.
    static func words(_ step: Step) throws -> [String] {
        let lines = String(decoding: RedisCommand(try call(step).call.words).bytes, as: UTF8.self)
            .split(separator: "\r\n", omittingEmptySubsequences: false)
        return stride(from: 8, to: lines.count, by: 2).map { String(lines[$0]) }
    }

    static func answer(_ step: Step) throws -> AdminAnswer {
        guard case .respond(let response) = step else { throw Unexpected(what: "no response: \(step)") }
        return try AdminAnswer(response)
    }

    static func refusal(_ step: Step) throws -> APIError {
        guard case .refuse(let error) = step else { throw Unexpected(what: "no refusal: \(step)") }
        return error
    }

    /// A JSON text read again.
    static func json(_ text: String) throws -> JSONValue { try JSONDocument.parse([UInt8](text.utf8)).root }

    struct Unexpected: Error {
        let what: String
    }
}
