// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Budgets
import LocalStack
import LuaCatalog
import NIOCore
import NIOPosix
import RedisClient
import SharedKernel
import TestSupport
import Testing
import Verification

/// A Redis of its own with an installation in it, filled by the real scripts.
struct Installation: Sendable {
    static let keyspace = Keyspace(shardCount: 64)

    let runner: ScriptRunner
    let pool: RedisPool
    let group: any EventLoopGroup

    /// Runs a test against a Redis of its own; with `installed` false the Redis is empty.
    static func with(installed: Bool = true, _ body: (Installation) async throws -> Void) async throws {
        try await TestGate.installations.run { try await alone(installed, body) }
    }

    private static func alone(_ installed: Bool, _ body: (Installation) async throws -> Void) async throws {
        let redis = try await PrivateRedis.start()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var configuration = try RedisConfiguration(url: redis.url)
        // A busy machine is no fault here.
        configuration.commandTimeout = .seconds(20)
        configuration.connectionWait = .seconds(20)
        let pool = try RedisPool(configuration: configuration, group: group, onConnect: ScriptRunner.loadCommands)
        pool.start()
        let result: Result<Void, any Error>
        do {
            try await pool.waitUntilReady(within: .seconds(60))
            let installation = Installation(
                runner: ScriptRunner(pool: pool, group: group), pool: pool, group: group)
            if installed { try await installation.install() }
            try await body(installation)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await pool.shutdown()
        try await group.shutdownGracefully()
        await redis.remove()
        try result.get()
    }

    /// What a check says, with pauses too short to notice.
    func verify(_ change: (inout VerificationOptions) -> Void = { _ in }) async throws -> VerificationReport {
        var options = VerificationOptions()
        options.pause = .milliseconds(1)
        change(&options)
        return try await Verifier(pool: pool, group: group, options: options).run()
    }

    /// One command by hand.
    @discardableResult
    func redis(_ words: [UInt8]...) async throws -> RedisReply { try await pool.send(RedisCommand(words)) }

    /// Puts something else in the place of one of a ledger's six texts, in one step.
    func setLedger(_ key: [UInt8], field: Int, _ change: @Sendable (Int64) -> String) async throws {
        let text = try #require(try await redis("GET".bytes, key).text)
        var parts = text.split(separator: " ").map(String.init)
        parts[field] = change(Int64(parts[field]) ?? 0)
        try await redis("SET".bytes, key, parts.joined(separator: " ").bytes)
    }

    /// Adds to a ledger's reserved amount, also while others write it.
    func addReserved(_ amount: Int64, _ key: [UInt8]) async throws {
        let script = """
            local v = redis.call('GET', KEYS[1])
            local a, r, rest = string.match(v, '^(%d+) (%d+)(.*)$')
            return redis.call('SET', KEYS[1], a .. ' ' .. string.format('%.0f', r + ARGV[1]) .. rest)
            """
        try await redis("EVAL".bytes, script.bytes, "1".bytes, key, String(amount).bytes)
    }

    private func install() async throws {
        var call = ScriptCall(.adminInstall, keys: [Keyspace.install])
        call.append("64")
        call.append([UInt8](repeating: 7, count: 32))
        _ = try await runner.run(call)
    }
}

/// A tenant of an installation and what it does.
struct Actor: Sendable {
    let store: Installation
    let tenant: TenantID
    let principal: Principal

    /// A new tenant.
    init(_ name: String, in store: Installation) async throws {
        self.store = store
        tenant = try #require(TenantID(name))
        let keys = Installation.keyspace.keys(of: tenant)
        var call = ScriptCall(.adminCreateTenant, keys: keys)
        for text in ["\"Acme\"", "{}", "{}", "{}"] { call.append(text) }
        let reply = try await store.runner.run(call)
        #expect(reply.isWord("CREATED"))
        let tag = try #require(try await store.runner.pool.send(RedisCommand([Array("GET".utf8), keys[1]])).bytes)
        principal = Principal(
            tenant: tenant, shard: Installation.keyspace.shard(of: tenant), tag: tag, keyID: Array("key-1".utf8),
            keyName: Array("main".utf8), permissions: PermissionSet(Permission.allCases), scopeFilter: [],
            expiresAtMs: .max, terms: TenantTerms())
    }

    var due: [UInt8] { Installation.keyspace.budgetDue(tenant) }
    var directory: [UInt8] { Installation.keyspace.ledgerDirectory(tenant) }
    var active: [UInt8] { Installation.keyspace.activeHolds(tenant) }

    func key(ofLedger path: String) -> [UInt8] {
        Installation.keyspace.ledger(tenant, unitLetter: BudgetUnit.tokens.letter, path: Array(path.utf8))
    }

    func key(ofRecord hash: [UInt8]) -> [UInt8] { Keyspace.budgetRecord(principal.shard, hash: hash) }

    func key(ofLock name: String) -> [UInt8] { Installation.keyspace.hold(tenant, name: Array(name.utf8)) }

    func key(ofRequester name: String) -> [UInt8] {
        Installation.keyspace.requesterHolds(tenant, requester: Array(name.utf8))
    }

    /// The scope path of this tenant, with segments below it.
    func path(_ segments: String...) -> String { (["tenant:\(tenant)"] + segments).joined(separator: "/") }

    // MARK: Budgets

    func open(_ path: String, allocated: Int64 = 1_000_000) async throws {
        let ledger = OpenLedger(
            keys: principal.keys, tag: [], path: try ScopePath.parse(Array(path.utf8)).get(), unit: .tokens,
            allocated: allocated, overdraftLimit: 0, policy: nil, terms: Array("{}".utf8), auditEntry: Array("{}".utf8),
            eventContext: Array("{}".utf8))
        let reply = try await store.runner.run(ledger.call(payload: Array("{}".utf8)))
        #expect(reply.isWord("CREATED"))
    }

    /// A live reservation; its hash and its record.
    @discardableResult
    func reserve(
        _ amount: Int64, at path: String, ttlMs: Int64 = 600_000
    ) async throws -> (hash: [UInt8], record: BudgetRecord)? {
        let identity = Identity(digestOf: RandomBytes.make(16))
        let request = Reserve(
            identity: identity, fingerprint: identity, amount: amount, unit: .tokens,
            path: try ScopePath.parse(Array(path.utf8)).get(), ttlMs: ttlMs, graceMs: 0, policy: .allowIfAvailable,
            fallbackPolicy: .allowIfAvailable, maxExtensions: 10, idempotencyKey: Array("\"k\"".utf8)[...],
            subject: Array("{}".utf8)[...], action: Array("{}".utf8)[...], metadata: [])
        guard
            case .reserved(let record, _, _) = try request.outcome(
                try await store.runner.run(request.call(for: principal)))
        else { return nil }
        return (identity.text, record)
    }

    func target(_ reservation: (hash: [UInt8], record: BudgetRecord)) -> SettleTarget {
        let key = Identity(digestOf: RandomBytes.make(16))
        return SettleTarget(
            id: reservation.record.id(shard: principal.shard, hash: reservation.hash), key: key, fingerprint: key)
    }

    func commit(_ actual: Int64, of reservation: (hash: [UInt8], record: BudgetRecord)) async throws {
        let commit = Commit(target: target(reservation), actual: actual, unit: .tokens, metadata: [])
        _ = try commit.outcome(try await store.runner.run(commit.call(for: principal.access, keepMs: 86_400_000)))
    }

    func release(_ reservation: (hash: [UInt8], record: BudgetRecord)) async throws {
        let release = Release(target: target(reservation), reason: [])
        _ = try release.outcome(try await store.runner.run(release.call(for: principal.access, keepMs: 86_400_000)))
    }

    func extend(_ reservation: (hash: [UInt8], record: BudgetRecord)) async throws {
        let extend = Extend(target: target(reservation), extendByMs: 60_000)
        _ = try extend.outcome(try await store.runner.run(extend.call(for: principal.access)))
    }

    // MARK: Locks

    /// Takes a lock; its release token.
    @discardableResult
    func lock(_ name: String, by requester: String, ttlMs: Int64 = 600_000) async throws -> String {
        let token = String(decoding: RandomBytes.uuid(), as: UTF8.self)
        var call = ScriptCall(.reservationAcquire, keys: principal.keys)
        call.append(principal.tag)
        call.append("main")
        for text in [requester, name, String(ttlMs), "UserDefined", token] { call.append(text) }
        let reply = try await store.runner.run(call)
        #expect(reply.isWord("ITEMS"))
        return token
    }

    func unlock(_ name: String, by requester: String, token: String) async throws {
        var call = ScriptCall(.reservationRelease, keys: principal.keys)
        call.append(principal.tag)
        for text in ["0", requester, name, token] { call.append(text) }
        _ = try await store.runner.run(call)
    }
}
