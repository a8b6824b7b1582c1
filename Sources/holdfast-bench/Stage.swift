// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Dispatch
import Foundation
import LocalStack
import LuaCatalog
import NIOCore
import NIOPosix
import RedisClient
import SharedKernel

/// A server with a tenant and budgets, ready to be driven.
struct Stage {
    static let agents = 200
    let port: Int
    let redis: PrivateRedis
    let apiKey: String
    let pool: RedisPool
    let redisPID: Int32

    /// Waits for the server, then creates tenant, key and budgets through the admin API, as an operator would.
    static func prepare(port: Int, redis: PrivateRedis) async throws -> Stage {
        try await waitUntilReady(port)
        let admin = ["X-Admin-API-Key": "bench-admin"]
        _ = try await expect(
            HTTPOnce.send(
                "POST", "/v1/admin/tenants", headers: admin, body: #"{"tenant_id":"bench","name":"Bench"}"#, port: port)
        )
        let keyBody = try await expect(
            HTTPOnce.send(
                "POST", "/v1/admin/api-keys", headers: admin, body: #"{"tenant_id":"bench","name":"bench"}"#, port: port
            ))
        guard let at = keyBody.range(of: #""key_secret":""#), let end = keyBody[at.upperBound...].firstIndex(of: "\"")
        else { throw BenchError("no key_secret in \(keyBody)") }
        let apiKey = String(keyBody[at.upperBound..<end])
        let scopes =
            ["tenant:bench", "tenant:bench/workspace:prod"]
            + (0..<agents).map { "tenant:bench/workspace:prod/agent:a\($0)" }
            + ["tenant:bench/workspace:prod/app:x", "tenant:bench/workspace:prod/app:x/workflow:y"]
            + (0..<agents).flatMap { number in
                let agent = "tenant:bench/workspace:prod/app:x/workflow:y/agent:a\(number)"
                return [agent, agent + "/toolset:z"]
            }
        for scope in scopes {
            let body =
                #"{"tenant_id":"bench","scope":"\#(scope)","unit":"USD_MICROCENTS","#
                + #""allocated":{"unit":"USD_MICROCENTS","amount":900000000000}}"#
            _ = try await expect(
                HTTPOnce.send("POST", "/v1/admin/budgets", headers: admin, body: body, port: port))
        }
        let group = MultiThreadedEventLoopGroup.singleton
        var configuration = try RedisConfiguration(url: redis.url)
        configuration.commandTimeout = .seconds(30)
        configuration.pendingLimit = 1_000_000
        let pool = try RedisPool(configuration: configuration, group: group, onConnect: ScriptRunner.loadCommands)
        pool.start()
        try await pool.waitUntilReady(within: .seconds(5))
        let info = try await pool.send(RedisCommand("INFO", "server")).text ?? ""
        guard let line = info.split(separator: "\r\n").first(where: { $0.hasPrefix("process_id:") }),
            let pid = Int32(line.dropFirst(11))
        else { throw BenchError("Redis does not tell its process id") }
        return Stage(port: port, redis: redis, apiKey: apiKey, pool: pool, redisPID: pid)
    }

    private static func waitUntilReady(_ port: Int) async throws {
        for _ in 0..<200 {
            if let (status, _) = try? await HTTPOnce.send("GET", "/readyz", port: port), status == 200 { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw BenchError("the server did not become ready within 10 s")
    }

    static func expect(_ answer: (status: Int, body: String)) throws -> String {
        guard (200...299).contains(answer.status) else { throw BenchError("\(answer.status) \(answer.body)") }
        return answer.body
    }

    /// Drives the server over HTTP with so many closed-loop connections on one thread.
    func drive(_ kind: LoadKind, connections: Int, seconds: Int, server: Int32) async throws -> LoadResult {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let run = String(UInt32.random(in: 0...UInt32.max), radix: 36)
        let writer = RequestWriter(apiKey: apiKey)
        let holder = try await loop.submit { NIOLoopBound(LoadRecord(), eventLoop: loop) }.get()
        var channels: [any Channel] = []
        for number in 0..<connections {
            let channel = try await ClientBootstrap(group: loop)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let workload: any Workload =
                            kind == .budgets
                            ? ReserveAndCommit(writer: writer, connection: number, run: run, agents: Self.agents)
                            : AcquireAndRelease(writer: writer, connection: number)
                        try channel.pipeline.syncOperations.addHandler(
                            LoadHandler(workload: workload, record: holder.value))
                    }
                }
                .connect(host: "127.0.0.1", port: port).get()
            channels.append(channel)
        }
        try await Task.sleep(for: .milliseconds(500))
        let serverMeter = ProcessMeter(pid: server)
        let redisMeter = ProcessMeter(pid: redisPID)
        let (serverBefore, redisBefore) = (serverMeter.cpuSeconds(), redisMeter.cpuSeconds())
        let begin = DispatchTime.now().uptimeNanoseconds
        try await loop.submit { holder.value.isCounting = true }.get()
        try await Task.sleep(for: .seconds(seconds))
        let result = try await loop.submit {
            let record = holder.value
            record.isCounting = false
            record.isStopping = true
            return LoadResult(
                answers: record.answers, failures: record.failures, firstFailure: record.firstFailure,
                p50_us: Double(record.latency.valueAtPercentile(50)) / 1e3,
                p99_us: Double(record.latency.valueAtPercentile(99)) / 1e3)
        }.get()
        let elapsed = Double(DispatchTime.now().uptimeNanoseconds - begin) / 1e9
        let (serverAfter, redisAfter) = (serverMeter.cpuSeconds(), redisMeter.cpuSeconds())
        for channel in channels { try? await channel.closeFuture.get() }
        try await group.shutdownGracefully()
        if result.failures > 0 { throw BenchError("\(result.failures) failures, first: \(result.firstFailure ?? "")") }
        return result.timed(
            elapsed, server: difference(serverBefore, serverAfter), redis: difference(redisBefore, redisAfter))
    }

    private func difference(_ before: Double?, _ after: Double?) -> Double? {
        guard let before, let after else { return nil }
        return after - before
    }

    /// Drives Redis alone with the same script calls, 64 on their way.
    func driveRedisAlone(calls: Int) async throws -> [String: AloneResult] {
        let raw = try await rawRedis()
        let (principal, tag) = (raw.principal, raw.principal.tag)
        let run = String(UInt32.random(in: 0...UInt32.max), radix: 36)
        var out: [String: AloneResult] = [:]
        let reserves = (0..<calls).map { raw.reserve($0, run: run, agents: Self.agents) }
        let (reserveResult, replies) = try await meter(raw, reserves.map(\.1))
        out["reserve"] = reserveResult
        let commits = zip(reserves, replies).compactMap { raw.commit($0.0, $1) }
        guard commits.count == calls else { throw BenchError("a reserve of Redis alone was refused: \(replies[0])") }
        out["commit"] = try await meter(raw, commits).0
        let token = [UInt8](repeating: 97, count: 36)
        out["acquire"] = try await meter(
            raw,
            (0..<calls).map { number in
                var call = ScriptCall(.reservationAcquire, keys: principal.keys)
                for word in [tag, principal.keyName, [UInt8]("w-\(number)".utf8), [UInt8]("\(run)-\(number)".utf8)] {
                    call.append(word)
                }
                call.append("60000")
                call.append("UserDefined")
                call.append(token)
                return RedisCommand(call.words)
            }
        ).0
        out["release"] = try await meter(
            raw,
            (0..<calls).map { number in
                var call = ScriptCall(.reservationRelease, keys: principal.keys)
                let (requester, name) = ([UInt8]("w-\(number)".utf8), [UInt8]("\(run)-\(number)".utf8))
                for word in [tag, [48], requester, name, token] { call.append(word) }
                return RedisCommand(call.words)
            }
        ).0
        return out
    }

    /// A plain client with the facts about its caller as a server has them.
    func rawRedis(_ name: String = "bench") async throws -> RawRedis {
        guard let tenant = TenantID(name), let salt = try await hash("salt") else {
            throw BenchError("no install record")
        }
        let keyspace = try await keyspace()
        guard let tag = try await pool.send(RedisCommand([[UInt8]("GET".utf8), keyspace.tenant(tenant)])).bytes else {
            throw BenchError("no tenant")
        }
        let principal = Principal(
            tenant: tenant, shard: keyspace.shard(of: tenant), tag: tag, keyID: [], keyName: [UInt8]("bench".utf8),
            permissions: PermissionSet(Permission.defaults), scopeFilter: [], expiresAtMs: .max, terms: TenantTerms())
        return RawRedis(
            connection: pool.connection(on: pool.anyLoop), principal: principal, salt: IdentitySalt(bytes: salt.bytes),
            depth: 64)
    }

    /// The keys of the installation.
    func keyspace() async throws -> Keyspace {
        guard let shards = try await hash("shards").flatMap({ Int($0.text) }) else {
            throw BenchError("no install record")
        }
        return Keyspace(shardCount: shards)
    }

    private func hash(_ field: String) async throws -> (text: String, bytes: [UInt8])? {
        let reply = try await pool.send(
            RedisCommand([[UInt8]("HGET".utf8), Keyspace.install, [UInt8](field.utf8)]))
        return reply.bytes.map { (String(decoding: $0, as: UTF8.self), $0) }
    }

    /// Sends calls; CPU time of Redis and replies.
    func meter(_ raw: RawRedis, _ calls: [RedisCommand]) async throws -> (AloneResult, [RedisReply]) {
        let before = try await mainThreadSeconds()
        let (seconds, replies) = try await raw.drive(calls)
        let used = try await mainThreadSeconds() - before
        return (
            AloneResult(callsPerSecond: Double(calls.count) / seconds, redis_us: used * 1e6 / Double(calls.count)),
            replies
        )
    }

    /// CPU time of Redis' main thread.
    func mainThreadSeconds() async throws -> Double {
        let info = try await pool.send(RedisCommand("INFO", "cpu")).text ?? ""
        return info.split(separator: "\r\n").reduce(0) { sum, line in
            guard line.hasPrefix("used_cpu_sys_main_thread:") || line.hasPrefix("used_cpu_user_main_thread:"),
                let value = line.split(separator: ":").last.flatMap({ Double($0) })
            else { return sum }
            return sum + value
        }
    }
}

extension RedisPool {
    /// Some event loop of the pool's group.
    var anyLoop: any EventLoop { MultiThreadedEventLoopGroup.singleton.next() }
}
