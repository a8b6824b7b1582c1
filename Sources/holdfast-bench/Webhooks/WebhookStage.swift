// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import LocalStack

/// A server, a worker, and tenants with a budget and an endpoint each.
final class WebhookStage {
    private struct Tenant {
        let name: String
        let apiKey: String
        let subscription: String
        let path: String
    }

    let sink: HookSink
    private let redis: PrivateRedis
    private let port = Int.random(in: 20_000...29_999)
    private let folder: URL
    private let server: ServerProcess
    private var worker: ServerProcess?
    private var tenants: [Tenant] = []
    /// Tenants and events so far.
    private var named = 0
    private var made = 0

    private static let admin = ["X-Admin-API-Key": "bench-admin"]

    /// Starts the server.
    init(_ redis: PrivateRedis) async throws {
        self.redis = redis
        folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        sink = try await HookSink()
        server = try ServerProcess(
            executable: folder.appendingPathComponent("holdfast-server").path,
            environment: Self.environment(redis).merging(["HOLDFAST_PORT": String(port)]) { $1 },
            log: redis.directory + "/server.log")
        for _ in 0..<200 {
            if let (status, _) = try? await HTTPOnce.send("GET", "/readyz", port: port), status == 200 { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        _ = try await ask(
            "PUT", "/v1/admin/config/webhook-security", Self.admin, #"{"allow_http":true,"blocked_cidr_ranges":[]}"#)
    }

    private static func environment(_ redis: PrivateRedis) -> [String: String] {
        [
            "HOLDFAST_REDIS_URL": redis.url, "HOLDFAST_ADMIN_API_KEY": "bench-admin",
            "HOLDFAST_LOG_LEVEL": "error", "HOLDFAST_ALLOW_VOLATILE": "true", "HOLDFAST_WORKER_PORT": "0",
            "HOLDFAST_WEBHOOK_ALLOW_PRIVATE": "127.0.0.0/8",
            "HOLDFAST_SECRET_KEY": Data(repeating: 7, count: 32).base64EncodedString(),
        ]
    }

    /// The worker's process id.
    var workerPID: Int32? { worker?.pid }

    func startWorker() throws {
        worker = try ServerProcess(
            executable: folder.appendingPathComponent("holdfast-worker").path,
            environment: Self.environment(redis), log: redis.directory + "/worker.log")
    }

    func stopWorker() {
        worker?.stop()
        worker = nil
    }

    func stop() async {
        stopWorker()
        server.stop()
        try? await sink.close()
    }

    private func ask(
        _ method: String, _ path: String, _ headers: [String: String], _ body: String = ""
    ) async throws -> String {
        let answer = try await HTTPOnce.send(method, path, headers: headers, body: body, port: port)
        guard (200...299).contains(answer.status) else { throw BenchError("\(answer.status) \(answer.body)") }
        return answer.body
    }

    private func text(_ name: String, in body: String) throws -> String {
        guard let at = body.range(of: "\"\(name)\":\""), let end = body[at.upperBound...].firstIndex(of: "\"") else {
            throw BenchError("no \(name) in \(body)")
        }
        return String(body[at.upperBound..<end])
    }

    /// A tenant whose events go to a path of the sink.
    func addTenant(path: String? = nil) async throws {
        let name = "bench-\(named)"
        named += 1
        let path = path ?? "/\(name)"
        _ = try await ask("POST", "/v1/admin/tenants", Self.admin, #"{"tenant_id":"\#(name)","name":"Bench"}"#)
        let key = try await ask(
            "POST", "/v1/admin/api-keys", Self.admin,
            #"{"tenant_id":"\#(name)","name":"bench","permissions":["admin:read","admin:write"]}"#)
        let apiKey = try text("key_secret", in: key)
        let own = ["X-Cycles-API-Key": apiKey]
        _ = try await ask(
            "POST", "/v1/admin/budgets", own,
            #"{"scope":"tenant:\#(name)","unit":"TOKENS","allocated":{"unit":"TOKENS","amount":1}}"#)
        let subscription = try await ask(
            "POST", "/v1/webhooks", own,
            #"{"url":"http://127.0.0.1:\#(sink.port)\#(path)","event_types":["budget.funded"]}"#)
        tenants.append(
            Tenant(
                name: name, apiKey: apiKey, subscription: try text("subscription_id", in: subscription), path: path))
    }

    /// Takes the tenants of a path out.
    func remove(path: String) async throws {
        for tenant in tenants where tenant.path == path {
            _ = try await ask(
                "DELETE", "/v1/webhooks/\(tenant.subscription)", ["X-Cycles-API-Key": tenant.apiKey])
        }
        tenants.removeAll { $0.path == path }
    }

    /// Makes an event of a tenant.
    private static func event(_ number: Int, of tenant: Tenant, port: Int) async throws {
        let answer = try await HTTPOnce.send(
            "POST", "/v1/admin/budgets/fund?scope=tenant:\(tenant.name)&unit=TOKENS",
            headers: ["X-Cycles-API-Key": tenant.apiKey],
            body: #"{"operation":"CREDIT","amount":{"unit":"TOKENS","amount":1},"idempotency_key":"\#(number)"}"#,
            port: port)
        guard answer.status == 200 else { throw BenchError("\(answer.status) \(answer.body)") }
    }

    /// Makes so many events a second for so long, one tenant after the other.
    func events(perSecond: Int, seconds: Int) async throws {
        let start = ContinuousClock.now
        for number in 0..<(perSecond * seconds) {
            try await Task.sleep(until: start + .microseconds(Int64(number) * 1_000_000 / Int64(perSecond)))
            try await Self.event(made, of: tenants[made % tenants.count], port: port)
            made += 1
        }
    }

    /// Makes so many events as fast as it goes.
    func events(_ count: Int) async throws {
        for start in stride(from: 0, to: count, by: 32) {
            let first = made
            let size = min(32, count - start)
            let (tenants, port) = (tenants, port)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in first..<(first + size) {
                    group.addTask { try await Self.event(number, of: tenants[number % tenants.count], port: port) }
                }
                try await group.waitForAll()
            }
            made += size
        }
    }

    /// Waits until so many requests have come; throws when none comes for half a minute.
    func wait(for count: Int) async throws {
        var (last, since) = (-1, ContinuousClock.now)
        while sink.count < count {
            if sink.count != last { (last, since) = (sink.count, .now) }
            guard ContinuousClock.now - since < .seconds(30) else {
                throw BenchError("\(sink.count) of \(count) deliveries came, then none for 30 s")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
