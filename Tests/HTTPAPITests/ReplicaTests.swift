// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import HTTPAPI
import HTTPTypes
import LocalStack
import Logging
import NIOCore
import NIOPosix
import Observability
import RedisClient
import SharedKernel
import StrictJSON
import Synchronization
import Testing

/// Three servers over one Redis, each with connections and caches of its own.
private struct Replicas: Sendable {
    struct Replica: Sendable {
        let pipeline: RequestPipeline
        let pool: RedisPool
        let group: MultiThreadedEventLoopGroup

        func send(
            _ target: String, _ body: String, method: HTTPRequest.Method = .post, _ headers: HTTPFields
        ) async throws -> AdminAnswer {
            let request = APIRequest(
                method: method, target: target, headers: headers, body: [UInt8](body.utf8),
                correlation: Correlation(headers: headers))
            let loop = group.next()
            let response = await withCheckedContinuation { continuation in
                loop.execute {
                    pipeline.handle(request, pipeline.match(request), on: loop) { continuation.resume(returning: $0) }
                }
            }
            try response.check(method, target)
            return try AdminAnswer(response)
        }

        func asOperator(
            _ target: String, _ body: String, method: HTTPRequest.Method = .post
        ) async throws -> AdminAnswer {
            try await send(target, body, method: method, [.adminAPIKey: AdminStack.adminKey])
        }
    }

    let all: [Replica]

    static func run(_ body: (Replicas) async throws -> Void) async throws {
        let redis = try await PrivateRedis.start()
        var replicas: [Replica] = []
        let result: Result<Void, any Error>
        do {
            for _ in 0..<3 { replicas.append(try await replica(redis)) }
            try await body(Replicas(all: replicas))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        for replica in replicas {
            await replica.pool.shutdown()
            try await replica.group.shutdownGracefully()
        }
        await redis.remove()
        try result.get()
    }

    private static func replica(_ redis: PrivateRedis) async throws -> Replica {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let pool = try RedisPool(
            configuration: try RedisConfiguration(url: redis.url), group: group, onConnect: ScriptRunner.loadCommands)
        pool.start()
        try await pool.waitUntilReady(within: .seconds(60))
        let pipeline = RequestPipeline(
            endpoints: AdminAPI.endpoints + CyclesAPI.endpoints, runner: ScriptRunner(pool: pool, group: group),
            installation: AdminCall.installation, adminKey: RedactedString(AdminStack.adminKey),
            journal: RequestJournal(
                registry: PrometheusRegistry(includesProcess: false),
                logger: Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() })),
            now_ms: { UTCTimestamp.now_ms() })
        return Replica(pipeline: pipeline, pool: pool, group: group)
    }
}

/// When a change was answered, and what requests that began later were answered: none as before.
private final class Watch: Sendable {
    private let changed = Atomic<Bool>(false)
    private let ended = Atomic<Bool>(false)
    private let answers = Mutex<(before: Int, after: Int, late: [String])>((0, 0, []))

    /// The change has been answered.
    func change() { changed.store(true, ordering: .sequentiallyConsistent) }

    /// Nobody needs to send more.
    func end() { ended.store(true, ordering: .relaxed) }

    var isEnded: Bool { ended.load(ordering: .relaxed) }

    /// Sends a request, and judges its answer by whether the change was answered before the request began.
    func look(_ request: () async throws -> AdminAnswer, isOld: (AdminAnswer) -> Bool) async throws {
        let isLate = changed.load(ordering: .sequentiallyConsistent)
        let answer = try await request()
        answers.withLock { state in
            if isLate { state.after += 1 } else { state.before += 1 }
            if isLate, isOld(answer) { state.late.append(answer.body) }
        }
    }

    /// Waits until so much was answered; an error after a minute.
    func until(_ isEnough: ((before: Int, after: Int, late: [String])) -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while !isEnough(counts) {
            try #require(ContinuousClock.now < deadline, "requests were not answered in a minute")
            await Task.yield()
        }
    }

    var counts: (before: Int, after: Int, late: [String]) { answers.withLock { $0 } }
}

@Suite("Changes under load on three replicas", .serialized)
struct ReplicaTests {
    private struct Scene {
        let key: String
        let keyID: String
    }

    private func open(_ replicas: Replicas, _ tenant: String) async throws -> Scene {
        let first = replicas.all[0]
        let made = try await first.asOperator("/v1/admin/tenants", #"{"tenant_id":"\#(tenant)","name":"n"}"#)
        try #require(made.status == .created)
        let key = try await first.asOperator("/v1/admin/api-keys", #"{"tenant_id":"\#(tenant)","name":"k"}"#)
        let budget = try await first.asOperator(
            "/v1/admin/budgets",
            """
            {"tenant_id":"\(tenant)","scope":"tenant:\(tenant)","unit":"TOKENS",
             "allocated":{"unit":"TOKENS","amount":1000000}}
            """)
        try #require(budget.status == .created)
        return Scene(key: try #require(key.text("key_secret")), keyID: try #require(key.text("key_id")))
    }

    /// Reserves on all replicas at once while `change` is made on one of them.
    private func run(
        _ replicas: Replicas, _ tenant: String, _ scene: Scene, isOld: @escaping @Sendable (AdminAnswer) -> Bool,
        change: (Replicas.Replica) async throws -> AdminAnswer
    ) async throws {
        let watch = Watch()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<9 {
                let replica = replicas.all[client % 3]
                group.addTask {
                    var number = 0
                    while !watch.isEnded {
                        number += 1
                        let body = """
                            {"idempotency_key":"\(client)-\(number)","subject":{"tenant":"\(tenant)"},
                             "action":{"kind":"a","name":"b"},"estimate":{"unit":"TOKENS","amount":0}}
                            """
                        try await watch.look(
                            { try await replica.send("/v1/reservations", body, [.cyclesAPIKey: scene.key]) },
                            isOld: isOld)
                    }
                }
            }
            try await watch.until { $0.before >= 90 }
            let answer = try await change(replicas.all[1])
            watch.change()
            #expect(answer.status == .ok || answer.status == .created, "\(answer.body)")
            try await watch.until { $0.after >= 90 }
            watch.end()
            try await group.waitForAll()
        }
        let counts = watch.counts
        #expect(counts.after >= 90)
        #expect(counts.late.isEmpty, "\(counts.late.count) of \(counts.after): \(counts.late.first ?? "")")
    }

    @Test("30: not one request after a revocation is answered by the old key")
    func revocation() async throws {
        try await Replicas.run { replicas in
            for round in 0..<5 {
                let scene = try await open(replicas, "revoked-\(round)")
                try await run(replicas, "revoked-\(round)", scene, isOld: { $0.status != .unauthorized }) {
                    try await $0.asOperator("/v1/admin/api-keys/\(scene.keyID)", "", method: .delete)
                }
            }
        }
    }

    @Test("58: not one reservation after a suspension goes through, and all do after the reactivation")
    func suspension() async throws {
        try await Replicas.run { replicas in
            for round in 0..<5 {
                let tenant = "suspended-\(round)"
                let scene = try await open(replicas, tenant)
                try await run(replicas, tenant, scene, isOld: { $0.status != .forbidden }) {
                    try await $0.asOperator("/v1/admin/tenants/\(tenant)", #"{"status":"SUSPENDED"}"#, method: .patch)
                }
                try await run(replicas, tenant, scene, isOld: { $0.status != .ok }) {
                    try await $0.asOperator("/v1/admin/tenants/\(tenant)", #"{"status":"ACTIVE"}"#, method: .patch)
                }
            }
        }
    }

    @Test("Not one reservation after a change of policy is held against the old one")
    func policy() async throws {
        try await Replicas.run { replicas in
            for round in 0..<5 {
                let tenant = "policy-\(round)"
                let scene = try await open(replicas, tenant)
                let body = #"{"tenant_id":"\#(tenant)","name":"p","scope_pattern":"tenant:\#(tenant)","#
                try await run(replicas, tenant, scene, isOld: { $0.text("decision") != "ALLOW_WITH_CAPS" }) {
                    try await $0.asOperator("/v1/admin/policies", body + #""caps":{"max_tokens":1}}"#)
                }
            }
        }
    }
}
