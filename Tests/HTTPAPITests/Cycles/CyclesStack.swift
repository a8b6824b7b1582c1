// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Budgets
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
import Testing

/// The Cycles runtime API, beside the other two, over one Redis that all its tests share; each test has tenants of its
/// own.
final class CyclesStack: Sendable {
    static let operatorKey = "the-operator-key-of-these-tests"

    let runner: ScriptRunner
    let pipeline: RequestPipeline
    let installation: Installation
    let registry: PrometheusRegistry
    private let redis: PrivateRedis
    private let loop: any EventLoop

    /// Started once; its Redis ends with the test process.
    static func shared() async throws -> CyclesStack { try await starting.value }

    private static let starting = Task { try await CyclesStack() }

    private init() async throws {
        redis = try await PrivateRedis.start()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let pool = try RedisPool(
            configuration: try RedisConfiguration(url: redis.url), group: group, onConnect: ScriptRunner.loadCommands)
        pool.start()
        try await pool.waitUntilReady(within: .seconds(60))
        runner = ScriptRunner(pool: pool, group: group)
        loop = group.next()
        registry = PrometheusRegistry(includesProcess: false)
        installation = Installation(
            keyspace: Keyspace(shardCount: 64), salt: IdentitySalt(bytes: [UInt8](repeating: 7, count: 32)),
            keepMs: Limits.retentionFinalFloorMs)
        pipeline = Self.pipeline(runner, installation, registry) { UTCTimestamp.now_ms() }
    }

    private static func pipeline(
        _ runner: ScriptRunner, _ installation: Installation, _ registry: PrometheusRegistry,
        now_ms: @escaping @Sendable () -> Int64
    ) -> RequestPipeline {
        RequestPipeline(
            endpoints: CyclesAPI.endpoints + ReservationAPI.endpoints + AdminAPI.endpoints, runner: runner,
            installation: installation, adminKey: RedactedString(operatorKey),
            journal: RequestJournal(registry: registry, logger: Logger(label: "test")), now_ms: now_ms)
    }

    /// A server with another clock.
    func pipeline(now_ms: @escaping @Sendable () -> Int64) -> RequestPipeline {
        Self.pipeline(runner, installation, registry, now_ms: now_ms)
    }

    /// A new tenant with a key that may do everything.
    func tenant(
        _ name: String, permissions: [Permission] = Permission.allCases, scopeFilter: [String] = [],
        terms: TenantTerms? = nil
    ) async throws -> TestTenant {
        let id = try #require(TenantID("\(name)-\(UInt32.random(in: 0...UInt32.max))"))
        var create = ScriptCall(.adminCreateTenant, keys: installation.keyspace.keys(of: id))
        create.append(#""\#(id)""#)
        create.append((terms ?? TenantTerms()).json)
        create.append("{}")
        create.append("{}")
        _ = try await runner.run(create)
        let tenant = TestTenant(stack: self, id: id, key: "")
        return TestTenant(
            stack: self, id: id, key: try await tenant.newKey(permissions: permissions, scopeFilter: scopeFilter))
    }

    /// Runs a Redis command.
    @discardableResult
    func redis(_ words: [UInt8]...) async throws -> RedisReply { try await runner.pool.send(RedisCommand(words)) }

    /// Takes a request through the pipeline.
    func send(
        _ method: HTTPRequest.Method, _ target: String, _ body: [UInt8], headers: HTTPFields,
        through other: RequestPipeline? = nil
    ) async throws -> APIAnswer {
        let pipeline = other ?? self.pipeline
        let request = APIRequest(
            method: method, target: target, headers: headers, body: body, correlation: Correlation(headers: headers))
        let match = pipeline.match(request)
        let response = await withCheckedContinuation { continuation in
            loop.execute {
                pipeline.handle(request, match, on: self.loop) { continuation.resume(returning: $0) }
            }
        }
        try response.check(method, target)
        return APIAnswer(
            status: response.status.code, headers: response.headers, bytes: response.body,
            root: try JSONDocument.parse(response.body).root)
    }
}

/// An answer, with its body read.
struct APIAnswer {
    let status: Int
    let headers: HTTPFields
    let bytes: [UInt8]
    let root: JSONValue

    var error: String? { text("error") }
    var message: String { text("message") ?? "" }

    /// A string member.
    func text(_ name: StaticString) -> String? {
        root.member(name)?.stringBytes().map { String(decoding: $0, as: UTF8.self) }
    }

    /// An integer member.
    func int(_ name: StaticString) -> Int64? { root.member(name)?.int64() }

    /// The amount of an Amount member.
    func amount(_ name: StaticString) -> Int64? { root.member(name)?.member("amount")?.int64() }

    /// Strings of an array member.
    func strings(_ name: StaticString) -> [String] {
        root.member(name)?.elements.compactMap { $0.stringBytes().map { String(decoding: $0, as: UTF8.self) } } ?? []
    }

    /// Balances by scope and unit: allocated, reserved, spent, debt, remaining, over limit.
    var balances: [String: [Int64]] {
        var out: [String: [Int64]] = [:]
        guard let rows = root.member("balances") else { return out }
        for row in rows.elements {
            let scope = row.member("scope")?.stringBytes().map { String(decoding: $0, as: UTF8.self) } ?? ""
            out[scope] =
                ["allocated", "reserved", "spent", "debt", "remaining"].map {
                    amountOf(row, $0)
                } + [row.member("is_over_limit")?.bool() == true ? 1 : 0]
        }
        return out
    }

    private func amountOf(_ row: JSONValue, _ name: String) -> Int64 {
        for member in row.members where member.key.isString(name) {
            return member.value.member("amount")?.int64() ?? -1
        }
        return -1
    }
}

/// A tenant of one test.
struct TestTenant: Sendable {
    let stack: CyclesStack
    let id: TenantID
    let key: String

    var scope: String { "tenant:\(id)" }
    private var keys: [[UInt8]] { stack.installation.keyspace.keys(of: id) }

    /// A further key.
    func newKey(
        permissions: [Permission] = Permission.allCases, scopeFilter: [String] = [], lifetimeMs: Int64 = 7_776_000_000
    ) async throws -> String {
        let secret = APIKeySecret.generate()
        let keyID = "key_\(UInt64.random(in: 0...UInt64.max))"
        try await stack.redis([UInt8]("SET".utf8), Keyspace.apiKey(secret.hash), [UInt8]("\(id):\(keyID)".utf8))
        var call = ScriptCall(.adminCreateKey, keys: keys)
        let words = permissions.map { "\"\($0.rawValue)\"" }.joined(separator: ",")
        let filter = scopeFilter.map { "\"\($0)\"" }.joined(separator: ",")
        for word in [
            keyID, String(decoding: secret.hash.hex, as: UTF8.self), "\(UTCTimestamp.now_ms() + lifetimeMs)",
            #"{"name":"test","permissions":[\#(words)],"scope_filter":[\#(filter)]}"#, "{}", "{}", "{}",
        ] { call.append(word) }
        _ = try await stack.runner.run(call)
        return String(decoding: secret.text, as: UTF8.self)
    }

    /// Sets a ledger to these numbers.
    func ledger(
        _ path: String = "", unit: BudgetUnit = .usdMicrocents, allocated: Int64, reserved: Int64 = 0, spent: Int64 = 0,
        debt: Int64 = 0, limit: Int64 = 0, flags: String = "0"
    ) async throws {
        let full = [UInt8]((path.isEmpty ? scope : "\(scope)/\(path)").utf8)
        let text = "\(allocated) \(reserved) \(spent) \(debt) \(limit) \(flags)"
        let keyspace = stack.installation.keyspace
        try await stack.redis(
            [UInt8]("SET".utf8), keyspace.ledger(id, unitLetter: unit.letter, path: full), [UInt8](text.utf8))
        try await stack.redis(
            [UInt8]("ZADD".utf8), keyspace.ledgerDirectory(id), [48], full + [0, unit.letter])
    }

    func send(
        _ method: HTTPRequest.Method, _ target: String, _ body: String = "", headers: [HTTPField.Name: String] = [:],
        key: String? = nil
    ) async throws -> APIAnswer {
        var fields: HTTPFields = [.cyclesAPIKey: key ?? self.key]
        for (name, value) in headers { fields[name] = value }
        return try await stack.send(method, target, [UInt8](body.utf8), headers: fields)
    }

    /// The same with the operator's key instead of the tenant's.
    func sendAsOperator(_ method: HTTPRequest.Method, _ target: String, _ body: String = "") async throws -> APIAnswer {
        try await stack.send(method, target, [UInt8](body.utf8), headers: [.adminAPIKey: CyclesStack.operatorKey])
    }

    /// Sets status letter and epoch.
    func setTag(_ tag: String) async throws {
        try await stack.redis([UInt8]("SET".utf8), stack.installation.keyspace.tenant(id), [UInt8](tag.utf8))
    }

    /// The audit entries, oldest first, as JSON.
    func audit() async throws -> [JSONValue] {
        let tenantKey = stack.installation.keyspace.tenant(id)
        let log = try await stack.redis(
            [UInt8]("ZRANGE".utf8), tenantKey + [UInt8](":al".utf8), [UInt8]("0".utf8), [UInt8]("-1".utf8))
        var entries: [JSONValue] = []
        for number in log.array ?? [] {
            let key = stack.installation.keyspace.shard(of: id).prefix + [UInt8]("a:".utf8) + (number.bytes ?? [])
            let row = try await stack.redis([UInt8]("GET".utf8), key).bytes ?? []
            let parts = row.split(separator: 0, omittingEmptySubsequences: false)
            entries.append(try JSONDocument.parse(Array(try #require(parts.last))).root)
        }
        return entries
    }

    /// The body of a reservation request.
    func body(
        _ amount: Int64, key: String? = nil, subject: String? = nil, unit: String = "USD_MICROCENTS", more: String = ""
    ) -> String {
        let subject = subject ?? #"{"tenant":"\#(id)"}"#
        let key = key ?? "k-\(UInt64.random(in: 0...UInt64.max))"
        return #"{"idempotency_key":"\#(key)","subject":\#(subject),"action":{"kind":"llm.completion","name":"gpt"},"#
            + #""estimate":{"unit":"\#(unit)","amount":\#(amount)}\#(more)}"#
    }

    func reserve(
        _ amount: Int64, key: String? = nil, subject: String? = nil, unit: String = "USD_MICROCENTS", more: String = ""
    ) async throws -> APIAnswer {
        try await send(
            .post, "/v1/reservations", body(amount, key: key, subject: subject, unit: unit, more: more))
    }

    func commit(_ id: String, _ amount: Int64, key: String = "c", unit: String = "USD_MICROCENTS", more: String = "")
        async throws -> APIAnswer
    {
        try await send(
            .post, "/v1/reservations/\(id)/commit",
            #"{"idempotency_key":"\#(key)","actual":{"unit":"\#(unit)","amount":\#(amount)}\#(more)}"#)
    }

    func release(_ id: String, key: String = "r") async throws -> APIAnswer {
        try await send(.post, "/v1/reservations/\(id)/release", #"{"idempotency_key":"\#(key)","reason":"test"}"#)
    }

    func extend(_ id: String, by ms: Int64, key: String = "e") async throws -> APIAnswer {
        try await send(
            .post, "/v1/reservations/\(id)/extend", #"{"idempotency_key":"\#(key)","extend_by_ms":\#(ms)}"#)
    }

    func get(_ id: String) async throws -> APIAnswer { try await send(.get, "/v1/reservations/\(id)") }

    /// The numbers of the tenant's own ledger.
    func balance(_ path: String = "") async throws -> [Int64]? {
        try await send(.get, "/v1/balances?tenant=\(id)").balances[path.isEmpty ? scope : "\(scope)/\(path)"]
    }

    /// Makes a reservation look as if its expiry had been at `expiresMs`.
    func setExpiry(_ id: String, to expiresMs: Int64) async throws {
        let parsed = try #require(BudgetReservationID([UInt8](id.utf8)))
        try await stack.redis(
            [UInt8]("SETRANGE".utf8), Keyspace.budgetRecord(parsed.shard, hash: parsed.hash), [UInt8]("14".utf8),
            [UInt8](String(expiresMs).utf8))
        try await stack.redis(
            [UInt8]("ZADD".utf8), stack.installation.keyspace.budgetDue(self.id),
            [UInt8](String(expiresMs + 5_000).utf8),
            parsed.hash)
    }
}
