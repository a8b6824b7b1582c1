// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HoldfastRuntime
import HoldfastSettings
import LocalStack
import RedisClient
import ServiceLifecycle
import SharedKernel
import Testing

@Suite("Health")
struct HealthTests {
    @Test("while Redis is away the server lives, is not ready, says when to ask again, and comes back by itself")
    func redisDownAndBack() async throws {
        try await RunningServer.run { server, redis in
            try await eventually("ready, and the store's persistence known") {
                let ready = try await WireClient.ask(server.port, WireClient.request("GET", "/readyz"))
                return ready.status == 200 && ready.body == #"{"status":"ready","persistence":"memory"}"#
            }
            try await redis.kill()
            try await eventually("not ready") {
                try await WireClient.ask(server.port, WireClient.request("GET", "/readyz")).status == 503
            }
            let down = try await WireClient.ask(server.port, WireClient.request("GET", "/readyz"))
            #expect(down.body == #"{"status":"not_ready","reasons":["redis_unreachable"],"persistence":"memory"}"#)
            #expect(down["Retry-After"] == "1")
            let actuator = try await WireClient.ask(server.port, WireClient.request("GET", "/actuator/health"))
            #expect(actuator.status == 503 && actuator.body == #"{"status":"DOWN"}"#)
            let live = try await WireClient.ask(server.port, WireClient.request("GET", "/livez"))
            #expect(live.status == 200)
            let store = try await WireClient.ask(server.port, WireClient.request("GET", "/v1/store"))
            #expect(store.status == 503 && store["Retry-After"] == "1")
            try await redis.restart()
            try await eventually("ready again") {
                let answers = try await [
                    WireClient.ask(server.port, WireClient.request("GET", "/readyz")),
                    WireClient.ask(server.port, WireClient.request("GET", "/v1/store")),
                ]
                return answers.allSatisfy { $0.status == 200 }
            }
            let up = try await WireClient.ask(server.port, WireClient.request("GET", "/actuator/health"))
            #expect(up.body == #"{"status":"UP"}"#)
        }
    }

    @Test("a Redis that hangs makes the server unready, and live answers go on")
    func redisHangs() async throws {
        try await RunningServer.run { server, redis in
            try await redis.pause()
            try await eventually("not ready") {
                try await WireClient.ask(server.port, WireClient.request("GET", "/readyz")).status == 503
            }
            let live = try await WireClient.ask(server.port, WireClient.request("GET", "/livez"))
            #expect(live.status == 200)
            try await redis.resume()
            try await eventually("ready again") {
                try await WireClient.ask(server.port, WireClient.request("GET", "/readyz")).status == 200
            }
        }
    }

    @Test("metrics are Prometheus text and count requests by operation")
    func metrics() async throws {
        try await RunningServer.run { server, _ in
            _ = try await WireClient.ask(server.port, WireClient.post("/v1/echo", "{}"))
            let answer = try await WireClient.ask(server.port, WireClient.request("GET", "/metrics"))
            #expect(answer["Content-Type"]?.hasPrefix("text/plain; version=0.0.4") == true)
            #expect(answer.body.contains(#"holdfast_http_requests_total{operation="echo",status="200"} 1"#))
            #expect(answer.body.contains("holdfast_redis_connections 2"))
        }
    }

    @Test("an eviction policy, a demotion and another installation each take readiness away until they are undone")
    func watch() async throws {
        let redis = try await PrivateRedis.start()
        let context = RunningServer.context()
        let settings = try RunningServer.settings(redis: redis.url)
        let store = try await Store.open(settings.shared, registry: context.registry, logger: context.logger)
        let watch = StoreWatch(
            store, logger: context.logger, interval: .milliseconds(5), checkInterval: .milliseconds(5))
        let group = ServiceGroup(services: [watch], logger: context.logger)
        let task = Task { try await group.run() }
        let pool = store.runner.pool
        func reasons(_ expected: [OperationsAPI.Unreadiness], _ what: Comment) async throws {
            try await eventually(what) { store.readiness.unreadiness == expected }
        }
        try await reasons([], "ready")
        _ = try await pool.send(RedisCommand("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"))
        try await reasons([.redisEvicts], "evicting")
        _ = try await pool.send(RedisCommand("CONFIG", "SET", "maxmemory-policy", "noeviction"))
        try await reasons([], "not evicting")
        _ = try await pool.send(RedisCommand("REPLICAOF", "127.0.0.1", "1"))
        try await reasons([.redisNotPrimary], "a replica")
        _ = try await pool.send(RedisCommand("REPLICAOF", "NO", "ONE"))
        try await reasons([], "primary again")
        let salt = try await pool.send(RedisCommand("HGET", "hf:install", "salt"))
        _ = try await pool.send(RedisCommand("FLUSHALL"))
        try await eventually("the installation is written again") {
            let stored = try await pool.send(RedisCommand("HGET", "hf:install", "salt"))
            let sentinels = try await pool.send(RedisCommand("EXISTS", "hf:{00}:", "hf:{07}:"))
            return stored == salt && sentinels.integer == 2
        }
        _ = try await pool.send(RedisCommand("HSET", "hf:install", "salt", "somebody else's"))
        try await reasons([.installationChanged], "another installation")
        await group.triggerGracefulShutdown()
        try await task.value
        await store.close()
        await redis.remove()
    }
}
