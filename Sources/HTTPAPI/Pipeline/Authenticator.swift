// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import LuaCatalog
package import NIOCore
internal import RedisClient
package import SharedKernel
internal import StrictJSON
internal import Synchronization

/// Turns API keys into principals: cached by the key's hash, loaded from Redis in two round trips, and loaded again
/// when a script says that the cached epoch is stale. Keys that are not known are never cached, so a new key works at
/// once.
package final class Authenticator: Sendable {
    /// What came of a key.
    package enum Outcome: Sendable {
        case principal(Principal)
        /// Unknown, revoked or expired key, or its tenant is gone or closed: one answer for all of them.
        case invalid(FailedLogin)
        case failed(ScriptFault)
    }

    private let runner: ScriptRunner
    private let keyspace: Keyspace
    private let now_ms: @Sendable () -> Int64
    private let cache = Mutex<[APIKeyHash: Principal]>([:])

    /// An authenticator over a runner; `now_ms` is the clock that principals are held against.
    package init(runner: ScriptRunner, keyspace: Keyspace, now_ms: @escaping @Sendable () -> Int64) {
        self.runner = runner
        self.keyspace = keyspace
        self.now_ms = now_ms
    }

    /// The cached principal of a key, if there is one.
    package func cached(_ hash: APIKeyHash) -> Principal? { cache.withLock { $0[hash] } }

    /// Loads a key's principal; completes on `eventLoop`.
    package func load(
        _ hash: APIKeyHash, on eventLoop: any EventLoop, completion: @escaping @Sendable (Outcome) -> Void
    ) {
        let lookup = RedisCommand([[UInt8]("GET".utf8), Keyspace.apiKey(hash)])
        runner.pool.connection(on: eventLoop).send(lookup) { result in
            switch result {
            case .failure(let error):
                completion(.failed(.redis(error, script: "API key entry", detail: error.message)))
            case .success(let reply):
                guard let entry = reply.bytes, let colon = entry.firstIndex(of: 58),
                    let tenant = TenantID(entry[..<colon])
                else { return self.forget(hash, .invalid(FailedLogin(reason: "key_not_found")), completion) }
                self.loadRow(hash, tenant, keyID: Array(entry[(colon + 1)...]), on: eventLoop, completion: completion)
            }
        }
    }

    private func loadRow(
        _ hash: APIKeyHash, _ tenant: TenantID, keyID: [UInt8], on eventLoop: any EventLoop,
        completion: @escaping @Sendable (Outcome) -> Void
    ) {
        var call = ScriptCall(.adminAuthenticate, keys: keyspace.keys(of: tenant))
        call.append(keyID)
        runner.run(call, on: eventLoop) { result in
            switch result {
            case .failure(let fault): completion(.failed(fault))
            case .success(let reply):
                do throws(ScriptFault) {
                    guard let principal = try self.principal(reply, hash, tenant, keyID: keyID) else {
                        let login = FailedLogin(tenant: tenant, keyID: keyID, reason: try self.fault(reply, hash))
                        return self.forget(hash, .invalid(login), completion)
                    }
                    self.remember(hash, principal)
                    completion(.principal(principal))
                } catch {
                    completion(.failed(error))
                }
            }
        }
    }

    /// Why a loaded row gives no principal (admin digest 4.3).
    private func fault(_ reply: ScriptReply, _ hash: APIKeyHash) throws(ScriptFault) -> StaticString {
        guard reply.isWord("LOADED") else { return "tenant_not_found" }
        guard let key = StoredAPIKey(row: try reply.bytes(1)) else { return "key_not_found" }
        return key.hash == hash.hex ? "key_revoked" : "invalid_key"
    }

    /// The principal of a loaded row; nil when the key does not give one.
    private func principal(
        _ reply: ScriptReply, _ hash: APIKeyHash, _ tenant: TenantID, keyID: [UInt8]
    ) throws(ScriptFault) -> Principal? {
        guard reply.isWord("LOADED") else { return nil }
        let tag = try reply.bytes(0)
        let row = try reply.bytes(1)
        guard TenantTag(tag) != nil else { throw reply.malformed("tenant status") }
        guard !row.isEmpty else { return nil }
        guard let key = StoredAPIKey(row: row), let terms = TenantTerms(stored: try reply.bytes(3)),
            let quotas = TenantQuotas(stored: try reply.bytes(5)), let hooks = TenantHooks(stored: try reply.bytes(7))
        else {
            throw reply.malformed("API key row or tenant settings")
        }
        guard key.hash == hash.hex, key.isActive else { return nil }
        // Redis' clock decides when a key ends, whatever ours says: its end is noted in our time.
        let (left, overflow) = key.expiresAtMs.subtractingReportingOverflow(try reply.int(4))
        let (end, isLate) = now_ms().addingReportingOverflow(overflow ? 0 : left)
        return Principal(
            tenant: tenant, shard: keyspace.shard(of: tenant), tag: tag, keyID: keyID, keyName: key.name,
            permissions: key.permissions, scopeFilter: key.scopeFilter, expiresAtMs: isLate ? .max : end, terms: terms,
            policies: try policies(reply), quotas: quotas, hasRegisteredResources: try reply.int(6) == 1,
            hooks: hooks)
    }

    /// The tenant's policies, by our clock.
    private func policies(_ reply: ScriptReply) throws(ScriptFault) -> PolicySet {
        let (ahead, overflow) = now_ms().subtractingReportingOverflow(try reply.int(4))
        var policies: [Policy] = []
        for stored in try StoredPolicy.read(reply, from: 8) {
            guard let policy = stored.policy else { throw reply.malformed("policy terms") }
            policies.append(policy.byClock(aheadByMs: overflow ? 0 : ahead))
        }
        return PolicySet(policies)
    }

    private func remember(_ hash: APIKeyHash, _ principal: Principal) {
        cache.withLock {
            if $0.count >= Limits.principalCacheMax { $0.removeAll(keepingCapacity: true) }
            $0[hash] = principal
        }
    }

    private func forget(_ hash: APIKeyHash, _ outcome: Outcome, _ completion: (Outcome) -> Void) {
        _ = cache.withLock { $0.removeValue(forKey: hash) }
        completion(outcome)
    }
}

/// A key that was refused.
package struct FailedLogin: Sendable {
    /// Whose key it is or was, as far as that is known.
    package var tenant: TenantID?
    /// The key's id; empty when it is not known.
    package var keyID: [UInt8] = []
    /// Why, in the words of `api_key.auth_failed` (admin digest 4.3).
    package let reason: StaticString

    /// A key refused for a reason.
    package init(tenant: TenantID? = nil, keyID: [UInt8] = [], reason: StaticString) {
        self.tenant = tenant
        self.keyID = keyID
        self.reason = reason
    }

    /// The event of it, in the tenant's log or, when it is not known, in the operator's. `context` is that of the
    /// request; `more` is how many others it tells of (lua/events/append.lua).
    func event(_ context: [UInt8], more: Int64 = 0, _ keyspace: Keyspace) -> ScriptCall {
        var call = ScriptCall(.eventsAppend, keys: keyspace.keys(of: tenant ?? .system))
        call.append("api_key.auth_failed")
        call.append(reason.description)
        call.append(context)
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        if !keyID.isEmpty {
            writer.key("key_id")
            writer.string(keyID)
        }
        writer.key("failure_reason")
        writer.string(reason)
        writer.endObject()
        call.append(writer.finish())
        call.append(decimal: more)
        return call
    }
}
