// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HoldfastRuntime
import HoldfastServer
import HoldfastSettings
import HoldfastWorker
import LocalStack
import NIOPosix
import Observability
import RedisClient
import ServiceLifecycle
import SharedKernel
import StrictJSON
import Testing
import Verification

/// A server and workers over a Redis of their own, with an operator and a tenant, and private targets open.
struct WebhookWorld: Sendable {
    static let adminKey = "operator-key"
    let redis: PrivateRedis
    let server: HoldfastProcess
    let port: Int
    let tenantKey: String
    private let groups: [ServiceGroup]

    /// Runs a test in a world of its own.
    static func run(
        workers: Int = 1, leaseMs: Int = 40_000, persistence: PrivateRedisOptions.Persistence = .none,
        _ body: @Sendable (WebhookWorld) async throws -> Void
    ) async throws {
        var options = PrivateRedisOptions()
        options.persistence = persistence
        let redis = try await PrivateRedis.start(options)
        var settings = try serverSettings(redis.url)
        settings.adminKey = RedactedString(adminKey)
        let process = try await buildServer(settings, context: RunningServer.context())
        var services = [ServiceGroup(services: [process], logger: RunningServer.context().logger)]
        for _ in 0..<workers {
            var workerSettings = try workerSettings(redis.url)
            workerSettings.webhookLeaseMs = leaseMs
            let worker = try await buildWorker(workerSettings, context: RunningServer.context())
            services.append(ServiceGroup(services: [worker], logger: RunningServer.context().logger))
        }
        let groups = services
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for group in groups { tasks.addTask { try await group.run() } }
            do {
                let port = try await process.front.listening.port
                let world = try await WebhookWorld(redis: redis, server: process, port: port, groups: groups)
                try await body(world)
            } catch {
                for group in groups { await group.triggerGracefulShutdown() }
                try? await tasks.waitForAll()
                await redis.remove()
                throw error
            }
            for group in groups { await group.triggerGracefulShutdown() }
            try await tasks.waitForAll()
        }
        await redis.remove()
    }

    /// A key for secrets, the same in every process.
    static let secretKey = SecretBytes([UInt8](repeating: 7, count: 32))

    static func serverSettings(_ redis: String) throws -> ServerSettings {
        var settings = try RunningServer.settings(redis: redis)
        settings.shared.secretKeys = [secretKey]
        settings.shared.webhookAllowPrivate = ["127.0.0.0/8"]
        return settings
    }

    static func workerSettings(_ redis: String) throws -> WorkerSettings {
        var settings = WorkerSettings()
        settings.shared = try serverSettings(redis).shared
        settings.port = 0
        return settings
    }

    /// Runs a worker of its own beside those of the world, until `body` is through.
    func withWorker(
        _ adjust: (inout WorkerSettings) -> Void = { _ in },
        _ body: @Sendable (PrometheusRegistry) async throws -> Void
    ) async throws {
        var settings = try Self.workerSettings(redis.url)
        adjust(&settings)
        let context = RunningServer.context()
        let worker = try await buildWorker(settings, context: context)
        let group = ServiceGroup(services: [worker], logger: context.logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                try await body(context.registry)
            } catch {
                await group.triggerGracefulShutdown()
                try? await tasks.waitForAll()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private init(redis: PrivateRedis, server: HoldfastProcess, port: Int, groups: [ServiceGroup]) async throws {
        self.redis = redis
        self.server = server
        self.port = port
        self.groups = groups
        let security = "{\"allow_http\":true,\"blocked_cidr_ranges\":[]}"
        _ = try await Self.ask(port, "PUT", "/v1/admin/config/webhook-security", security, key: .admin, expecting: 200)
        _ = try await Self.ask(
            port, "POST", "/v1/admin/tenants", "{\"tenant_id\":\"acme\",\"name\":\"Acme\"}", key: .admin,
            expecting: 201)
        let made = try await Self.ask(
            port, "POST", "/v1/admin/api-keys",
            "{\"tenant_id\":\"acme\",\"name\":\"k\",\"permissions\":[\"admin:read\",\"admin:write\","
                + "\"reservations:create\",\"reservations:commit\",\"reservations:release\",\"reservations:extend\"]}",
            key: .admin, expecting: 201)
        tenantKey = made.member("key_secret").map { Self.string($0) } ?? ""
        _ = try await ask(
            "POST", "/v1/admin/budgets",
            "{\"scope\":\"tenant:acme\",\"unit\":\"TOKENS\",\"allocated\":{\"unit\":\"TOKENS\",\"amount\":1000}}",
            expecting: 201)
    }

    enum Key { case admin, tenant, none }

    /// Asks the server and reads the JSON of the answer.
    func ask(
        _ method: String, _ path: String, _ body: String = "", key: Key = .tenant, expecting status: Int,
        headers: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> JSONValue {
        try await Self.ask(
            port, method, path, body, key: key, tenantKey: tenantKey, headers: headers, expecting: status,
            sourceLocation: sourceLocation)
    }

    private static func ask(
        _ port: Int, _ method: String, _ path: String, _ body: String, key: Key, tenantKey: String = "",
        headers: [String] = [], expecting status: Int, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> JSONValue {
        let credential =
            switch key {
            case .admin: "X-Admin-API-Key: \(adminKey)\r\n"
            case .tenant: "X-Cycles-API-Key: \(tenantKey)\r\n"
            case .none: ""
            }
        let request =
            "\(method) \(path) HTTP/1.1\r\nHost: test\r\nContent-Length: \(body.utf8.count)\r\n" + credential
            + headers.map { $0 + "\r\n" }.joined() + "\r\n" + body
        let answer = try await WireClient.ask(port, request)
        #expect(answer.status == status, "\(method) \(path): \(answer.body)", sourceLocation: sourceLocation)
        return try JSONDocument.parse([UInt8]((answer.body.isEmpty ? "{}" : answer.body).utf8)).root
    }

    /// The hex number of a tenant's shard.
    func shard(of tenant: String) async throws -> String {
        let id = try #require(TenantID(tenant))
        return String(decoding: server.store.keyspace.shard(of: id).hex, as: UTF8.self)
    }

    /// A key of acme's shard: its prefix and what follows.
    func prefix(_ name: String) async throws -> String { "hf:{\(try await shard(of: "acme"))}:\(name)" }

    /// Another tenant in acme's shard.
    func neighbour() async throws -> String {
        var number = 0
        let wanted = try await shard(of: "acme")
        while try await shard(of: "beta\(number)") != wanted { number += 1 }
        _ = try await ask(
            "POST", "/v1/admin/tenants", "{\"tenant_id\":\"beta\(number)\",\"name\":\"Beta\"}", key: .admin,
            expecting: 201)
        return "beta\(number)"
    }

    /// A budget of 1000 tokens, which is one event.
    func budget(_ scope: String, tenant: String? = nil) async throws {
        let owner = tenant.map { "\"tenant_id\":\"\($0)\"," } ?? ""
        _ = try await ask(
            "POST", "/v1/admin/budgets",
            "{\(owner)\"scope\":\"\(scope)\",\"unit\":\"TOKENS\",\"allocated\":{\"unit\":\"TOKENS\",\"amount\":1000}}",
            key: tenant == nil ? .tenant : .admin, expecting: 201)
    }

    static func string(_ value: JSONValue) -> String {
        value.stringBytes().map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// A subscription; its id and secret.
    func subscribe(
        _ receiver: HookReceiver, path: String = "/hook", types: [String] = ["budget.funded"], more: String = "",
        key: Key = .tenant
    ) async throws -> (id: String, secret: String) {
        let list = types.map { "\"\($0)\"" }.joined(separator: ",")
        let body = "{\"url\":\"http://127.0.0.1:\(receiver.port)\(path)\",\"event_types\":[\(list)]\(more)}"
        let made = try await ask(
            "POST", key == .admin ? "/v1/admin/webhooks" : "/v1/webhooks", body, key: key, expecting: 201)
        let id = made.member("subscription")?.member("subscription_id").map { Self.string($0) } ?? ""
        return (id, made.member("signing_secret").map { Self.string($0) } ?? "")
    }

    /// What Redis says.
    @discardableResult
    func redis(_ words: String...) async throws -> RedisReply {
        try await server.store.runner.pool.send(RedisCommand(words.map { [UInt8]($0.utf8) }))
    }

    /// How many keys of all shards have names like these.
    func keys(_ patterns: String...) async throws -> Int64 {
        let source = "local n = 0 for _, p in ipairs(ARGV) do n = n + #redis.call('KEYS', p) end return n"
        return try await server.store.runner.pool.send(
            RedisCommand((["EVAL", source, "0"] + patterns).map { [UInt8]($0.utf8) })
        ).integer ?? -1
    }

    /// Waits until nothing is on its way any more: no event, no lane, no attempt.
    func settle() async throws {
        try await eventually("nothing is stuck") {
            try await keys("hf:{*}:out", "hf:{*}:lanes", "hf:{*}:ln:*", "hf:{*}:fl:*") == 0
        }
    }

    /// Expects that `holdfast verify` finds nothing wrong.
    func expectSound(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var configuration = try RedisConfiguration(url: redis.url)
        configuration.commandTimeout = .seconds(20)
        let pool = try RedisPool(configuration: configuration, group: group)
        pool.start()
        let result: Result<VerificationReport, any Error>
        do {
            try await pool.waitUntilReady(within: .seconds(60))
            result = .success(try await Verifier(pool: pool, group: group).run())
        } catch {
            result = .failure(error)
        }
        await pool.shutdown()
        try await group.shutdownGracefully()
        let report = try result.get()
        #expect(report.isClean, "\(report.violations)", sourceLocation: sourceLocation)
        #expect(report.counts.events > 0 && report.counts.deliveries > 0, sourceLocation: sourceLocation)
    }

    /// A subscription as its owner sees it.
    func subscription(_ id: String) async throws -> (status: String, failures: Int64) {
        let found = try await ask("GET", "/v1/webhooks/\(id)", expecting: 200)
        return (
            found.member("status").map { Self.string($0) } ?? "", found.member("consecutive_failures")?.int64() ?? 0
        )
    }

    /// Adds 1 to the budget, which is one event.
    func fund(_ key: String, scope: String = "tenant:acme", headers: [String] = []) async throws {
        _ = try await ask(
            "POST", "/v1/admin/budgets/fund?scope=\(scope)&unit=TOKENS",
            "{\"operation\":\"CREDIT\",\"amount\":{\"unit\":\"TOKENS\",\"amount\":1},\"idempotency_key\":\"\(key)\"}",
            expecting: 200, headers: headers)
    }
}
