// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import RedisClient
import Reservations
import SharedKernel
import Testing

@Suite("The life of holds in Redis", .serialized)
struct HoldLifeTests {
    private func item(_ requester: String, _ resource: String, ttlMs: Int64? = nil) throws -> AcquireItem {
        AcquireItem(
            requester: try Requester(requester.utf8), resource: try ResourceName(resource.utf8), ttlMs: ttlMs,
            type: .userDefined)
    }

    private func acquire(_ tenant: TestTenant, _ items: AcquireItem...) async throws -> [AcquireOutcome] {
        let acquire = Acquire(items[...])
        let reply = try await tenant.runner.run(acquire.call(for: tenant.principal))
        guard case .items(let outcomes, _) = try acquire.outcome(reply) else { throw UnexpectedOutcome() }
        return outcomes
    }

    private func release(_ tenant: TestTenant, _ item: AcquireItem) async throws -> ReleaseOutcome? {
        let release = ReleaseHolds([.init(requester: item.requester, resource: item.resource, token: item.token)])
        guard
            case .items(let outcomes) = try release.outcome(
                try await tenant.runner.run(release.call(for: tenant.principal)))
        else { throw UnexpectedOutcome() }
        return outcomes.first
    }

    private func holder(_ tenant: TestTenant, _ resource: String) async throws -> CheckHolds.ItemOutcome? {
        let check = CheckHolds([try ResourceName(resource.utf8)])
        return try check.outcome(try await tenant.runner.run(check.call(for: tenant.principal))).first
    }

    private func fence(_ outcome: AcquireOutcome?) throws -> Int64 {
        guard case .acquired(let hold)? = outcome else { throw UnexpectedOutcome() }
        return try #require(hold.fencingToken)
    }

    private struct UnexpectedOutcome: Error {}

    @Test("A call sent twice takes a resource once and answers alike")
    func resentAcquire() async throws {
        try await TestTenant.withRedis { tenant in
            let acquire = Acquire([try item("w1", "a"), try item("w1", "b", ttlMs: 60_000)])
            let call = acquire.call(for: tenant.principal)
            let first = try acquire.outcome(try await tenant.runner.run(call))
            let second = try acquire.outcome(try await tenant.runner.run(call))
            #expect(first == second)
            guard case .items(let outcomes, _) = second else { throw UnexpectedOutcome() }
            #expect(try fence(outcomes.first) < fence(outcomes.last))
        }
    }

    @Test("A hold past its expiry stops nobody, swept or not, and the next fencing token is greater")
    func expiryWithoutSweep() async throws {
        try await TestTenant.withRedis { tenant in
            let lost = try item("w1", "a", ttlMs: 20)
            let old = try fence(try await acquire(tenant, lost).first)
            try await TestTenant.eventually { try await holder(tenant, "a") == .free }
            #expect(try await release(tenant, lost) == .notReserved)
            let taken = try item("w2", "a")
            let new = try fence(try await acquire(tenant, taken).first)
            #expect(new > old)
            #expect(try await release(tenant, lost) == .badToken)
            #expect(try await holder(tenant, "a") == .held(by: [UInt8]("w2".utf8)))
        }
    }

    @Test("A sweep ends what is due, each once, leaves the rest, and says whether there is more")
    func sweep() async throws {
        try await TestTenant.withRedis { tenant in
            _ = try await acquire(
                tenant, try item("w1", "a", ttlMs: 1), try item("w1", "b", ttlMs: 1), try item("w1", "c", ttlMs: 1),
                try item("w1", "d", ttlMs: 60_000), try item("w1", "e"))
            try await TestTenant.eventually { try await holder(tenant, "c") == .free }
            var expire = ExpireHolds(keys: tenant.principal.keys)
            expire.limit = 2
            #expect(try await swept(tenant, expire) == .init(ended: 2, failed: 0, hasMore: true))
            #expect(try await swept(tenant, expire) == .init(ended: 1, failed: 0, hasMore: false))
            #expect(try await swept(tenant, expire) == .init(ended: 0, failed: 0, hasMore: false))
            #expect(try await holder(tenant, "d") == .held(by: [UInt8]("w1".utf8)))
            #expect(try await holder(tenant, "e") == .held(by: [UInt8]("w1".utf8)))
        }
    }

    private func swept(_ tenant: TestTenant, _ expire: ExpireHolds) async throws -> ExpireHolds.Swept {
        try expire.outcome(try await tenant.runner.run(expire.call))
    }

    @Test("When everything is released nothing is left but the event stream and the tenant")
    func nothingLeft() async throws {
        try await TestTenant.withRedis { tenant in
            let items = try (0..<5).map { try item("w\($0)", "r\($0)") }
            for item in items { _ = try await acquire(tenant, item) }
            for item in items { #expect(try await release(tenant, item) == .relinquished([item.resource.bytes])) }
            let keys = try await tenant.pool.send(RedisCommand("KEYS", "*")).array?.compactMap(\.bytes)
            let own = tenant.principal.keys[1]
            #expect(Set(try #require(keys)) == [own, own + [UInt8](":ev".utf8)])
        }
    }

    @Test("Fencing tokens rise strictly over acquisitions and releases, in one call and over many")
    func fencing() async throws {
        try await TestTenant.withRedis { tenant in
            var last: Int64 = 0
            for _ in 0..<50 {
                let items = try (0..<3).map { try item("w1", "r\($0)") }
                for outcome in try await acquire(tenant, items[0], items[1], items[2]) {
                    let token = try fence(outcome)
                    #expect(token > last)
                    last = token
                }
                for item in items { #expect(try await release(tenant, item) == .relinquished([item.resource.bytes])) }
            }
        }
    }

    @Test("A suspended tenant acquires nothing and may release; a closed one may do neither")
    func tenantStatus() async throws {
        try await TestTenant.withRedis { tenant in
            let held = try item("w1", "a")
            _ = try await acquire(tenant, held)
            for (tag, refusal) in [("S2", Acquire.Outcome.tenantSuspended), ("C3", .tenantClosed)] {
                let principal = try await tenant.retagged(tag)
                let acquire = Acquire([try item("w2", "b")])
                #expect(try acquire.outcome(try await tenant.runner.run(acquire.call(for: principal))) == refusal)
                let release = ReleaseHolds([
                    .init(requester: held.requester, resource: held.resource, token: held.token)
                ])
                let outcome = try release.outcome(try await tenant.runner.run(release.call(for: principal)))
                #expect(outcome == (tag == "S2" ? .items([.relinquished([held.resource.bytes])]) : .tenantClosed))
            }
            #expect(
                try await tenant.pool.send(RedisCommand([[UInt8]("EXISTS".utf8), tenant.holdKey("b")])).integer == 0)
        }
    }
}

extension TestTenant {
    /// Gives the tenant another status and epoch; the principal that knows of it.
    fileprivate func retagged(_ tag: String) async throws -> Principal {
        _ = try await pool.send(RedisCommand([[UInt8]("SET".utf8), principal.keys[1], [UInt8](tag.utf8)]))
        return Principal(
            tenant: principal.tenant, shard: principal.shard, tag: [UInt8](tag.utf8), keyID: principal.keyID,
            keyName: principal.keyName, permissions: principal.permissions, scopeFilter: principal.scopeFilter,
            expiresAtMs: principal.expiresAtMs, terms: principal.terms)
    }

    /// The key of a held name's record.
    fileprivate func holdKey(_ name: String) -> [UInt8] {
        Keyspace(shardCount: 64).hold(principal.tenant, name: [UInt8](name.utf8))
    }
}
