// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Budgets
import Dispatch
import NIOCore
import NIOPosix
import RedisClient
import Reservations
import SharedKernel

/// The very script calls that the server makes, sent by a plain pipelining client: what Redis alone does.
struct RawRedis {
    let connection: RedisConnection
    let principal: Principal
    let salt: IdentitySalt
    let depth: Int

    /// Sends `calls` so that `depth` are on their way at any time; gives seconds and the replies.
    func drive(_ calls: [RedisCommand]) async throws -> (seconds: Double, replies: [RedisReply]) {
        let eventLoop = connection.eventLoop
        let connection = connection
        let depth = depth
        let begin = DispatchTime.now().uptimeNanoseconds
        let promise = eventLoop.makePromise(of: [RedisReply].self)
        eventLoop.execute {
            RawDriver(connection: connection, calls: calls, promise: promise).start(depth)
        }
        let replies = try await promise.futureResult.get()
        return (Double(DispatchTime.now().uptimeNanoseconds - begin) / 1e9, replies)
    }

    static let keepMs: Int64 = 604_800_000

    /// A request to reserve in 1, 3 or 6 scopes, all of them budgeted, as the server would make it.
    func request(_ number: Int, run: String, agents: Int, scopes: Int = 3, amount: Int64 = 500) -> Reserve {
        let agent = [UInt8]("a\(number % agents)".utf8)
        var levels: [(ScopeLevel, [UInt8])] = [(.tenant, principal.tenant.bytes)]
        if scopes > 1 { levels += [(.workspace, [UInt8]("prod".utf8)), (.agent, agent)] }
        if scopes > 3 {
            levels.insert(contentsOf: [(.app, [UInt8]("x".utf8)), (.workflow, [UInt8]("y".utf8))], at: 2)
            levels.append((.toolset, [UInt8]("z".utf8)))
        }
        guard let path = ScopePath(levels: levels) else { preconditionFailure("a path of some levels") }
        let key = [UInt8](#""\#(run)-raw-\#(number)""#.utf8)
        let subject = #"{"tenant":"\#(principal.tenant)","workspace":"prod","agent":"a\#(number % agents)"}"#
        return Reserve(
            identity: salt.identity(tenant: principal.tenant, endpoint: "create".utf8, key: key),
            fingerprint: Identity(digestOf: key), amount: amount, unit: .usdMicrocents, path: path, ttlMs: 3_000_000,
            graceMs: 5_000, policy: nil, fallbackPolicy: .allowIfAvailable, maxExtensions: 10, idempotencyKey: key[...],
            subject: [UInt8](subject.utf8)[...],
            action: [UInt8](#"{"kind":"llm.completion","name":"openai:gpt-4o"}"#.utf8)[...], metadata: [])
    }

    /// A reserve of three scopes as the server would send it.
    func reserve(_ number: Int, run: String, agents: Int) -> (Reserve, RedisCommand) {
        let reserve = request(number, run: run, agents: agents)
        return (reserve, RedisCommand(reserve.call(for: principal).words))
    }

    /// The commit of a reserve that was answered.
    func commit(_ reserve: Reserve, _ reply: RedisReply) -> RedisCommand? {
        guard let target = target(reserve, reply, "commit") else { return nil }
        let commit = Commit(target: target, actual: 450, unit: .usdMicrocents, metadata: [])
        return RedisCommand(commit.call(for: principal.access, keepMs: Self.keepMs).words)
    }

    /// What a settling call of a reserve that was answered is about; nil when it was refused.
    func target(_ reserve: Reserve, _ reply: RedisReply, _ verb: String) -> SettleTarget? {
        guard let record = reply.array?.dropFirst().first?.bytes, let parsed = BudgetRecord(record) else { return nil }
        let id = parsed.id(shard: principal.shard, hash: reserve.identity.text)
        return SettleTarget(
            id: id, key: salt.identity(tenant: principal.tenant, endpoint: verb.utf8, key: id.text),
            fingerprint: reserve.fingerprint)
    }
}

/// Keeps a fixed number of calls on their way; lives on the connection's event loop.
private final class RawDriver {
    private let connection: RedisConnection
    private let calls: [RedisCommand]
    private let promise: EventLoopPromise<[RedisReply]>
    private var next = 0
    private var answered = 0
    private var replies: [RedisReply]

    init(connection: RedisConnection, calls: [RedisCommand], promise: EventLoopPromise<[RedisReply]>) {
        self.connection = connection
        self.calls = calls
        self.promise = promise
        replies = [RedisReply](repeating: .null, count: calls.count)
    }

    func start(_ depth: Int) {
        if calls.isEmpty { return promise.succeed([]) }
        for _ in 0..<min(depth, calls.count) { sendNext() }
    }

    private func sendNext() {
        let index = next
        next += 1
        connection.send(calls[index]) { result in
            switch result {
            case .failure(let error): self.promise.fail(error)
            case .success(let reply):
                self.replies[index] = reply
                self.answered += 1
                if self.answered == self.calls.count { return self.promise.succeed(self.replies) }
                if self.next < self.calls.count { self.sendNext() }
            }
        }
    }
}
