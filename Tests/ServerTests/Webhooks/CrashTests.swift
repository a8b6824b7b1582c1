// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import HoldfastWorker
import LocalStack
import RedisClient
import StrictJSON
import Synchronization
import Testing
import Webhooks

/// Workers die, Redis dies; every event arrives all the same. Set `EVENTS` for a longer run of the test with three
/// workers: 10000 takes a while.
@Suite("Webhook deliveries: crashes", .serialized)
struct CrashTests {
    private final class Flag: Sendable {
        let value = Atomic(false)
    }

    /// Adds 1 to the budget; sent again until the server says yes, as a client does, so that it is one event.
    private static func fund(_ world: WebhookWorld, _ key: String) async throws {
        let body =
            "{\"operation\":\"CREDIT\",\"amount\":{\"unit\":\"TOKENS\",\"amount\":1},\"idempotency_key\":\"\(key)\"}"
        let request =
            "POST /v1/admin/budgets/fund?scope=tenant:acme&unit=TOKENS HTTP/1.1\r\nHost: test\r\n"
            + "Content-Length: \(body.utf8.count)\r\nX-Cycles-API-Key: \(world.tenantKey)\r\n\r\n" + body
        try await eventually("\(key) is accepted", every: .milliseconds(20)) {
            try await WireClient.ask(world.port, request).status == 200
        }
    }

    /// The ids of all events of a type that the tenant's log has.
    private static func logged(_ world: WebhookWorld) async throws -> Set<String> {
        var ids: Set<String> = []
        var cursor = ""
        repeat {
            let page = try await world.ask(
                "GET", "/v1/admin/events?tenant_id=acme&event_type=budget.funded&limit=100" + cursor, key: .admin,
                expecting: 200)
            for event in page.member("events").map({ Array($0.elements) }) ?? [] {
                ids.insert(event.member("event_id").map(WebhookWorld.string) ?? "")
            }
            cursor =
                page.member("next_cursor")?.stringBytes().map { "&cursor=" + String(decoding: $0, as: UTF8.self) }
                ?? ""
        } while !cursor.isEmpty
        return ids
    }

    /// Expects that every event of the log came at every path, one id with the same bytes each time, and that nothing
    /// is on its way any more.
    private static func expectAll(
        _ world: WebhookWorld, _ receiver: HookReceiver, paths: [String], count: Int,
        within limit: Duration = .seconds(120)
    ) async throws {
        let events = try await logged(world)
        #expect(events.count == count)
        try await eventually("all are delivered", within: limit, every: .milliseconds(50)) {
            paths.allSatisfy { path in Set(receiver.hooks(at: path).map(\.eventID)).isSuperset(of: events) }
        }
        for path in paths {
            let hooks = receiver.hooks(at: path)
            #expect(Set(hooks.map(\.eventID)) == events, "\(path)")
            #expect(Dictionary(grouping: hooks, by: \.eventID).values.allSatisfy { Set($0.map(\.body)).count == 1 })
        }
        try await world.settle()
        #expect(try await world.keys("hf:{*}:dead") == 0, "a delivery has failed")
        try await world.expectSound()
    }

    @Test("115: a worker that dies at the worst moments leaves nothing behind", arguments: Failpoint.allCases)
    func failpoints(point: Failpoint) async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run(workers: 0) { world in
            for path in ["/a", "/b"] { _ = try await world.subscribe(receiver, path: path) }
            for number in 0..<5 { try await Self.fund(world, "n\(number)") }
            let first = try WorkerProgram(world, failpoint: point)
            defer { first.kill() }
            try await eventually("it dies at \(point.rawValue)") { !first.isRunning }
            #expect(first.isKilled)
            for number in 5..<10 { try await Self.fund(world, "n\(number)") }
            let second = try WorkerProgram(world)
            defer { second.kill() }
            try await Self.expectAll(world, receiver, paths: ["/a", "/b"], count: 10)
            try await second.end()
        }
        try await receiver.close()
    }

    @Test("116: three workers are killed again and again while events come: every event arrives at every endpoint")
    func killed() async throws {
        let count = ProcessInfo.processInfo.environment["EVENTS"].flatMap { Int($0) } ?? 300
        let receiver = try await HookReceiver { _, index in .init(status: index % 50 == 7 ? 500 : 200) }
        let paths = (0..<4).map { "/hook\($0)" }
        try await WebhookWorld.run(workers: 0) { world in
            for path in paths {
                _ = try await world.subscribe(
                    receiver, path: path, more: ",\"retry_policy\":{\"initial_delay_ms\":100,\"max_retries\":10}")
            }
            let isOver = Flag()
            let chaos = Task {
                var workers = try (0..<3).map { _ in try WorkerProgram(world) }
                defer { if !isOver.value.load(ordering: .relaxed) { for worker in workers { worker.kill() } } }
                var kills = 0
                while !isOver.value.load(ordering: .relaxed) {
                    try await Task.sleep(for: .milliseconds(Int.random(in: 200...900)))
                    let victim = Int.random(in: 0..<3)
                    workers[victim].kill()
                    kills += 1
                    try await eventually("it is dead") { !workers[victim].isRunning }
                    workers[victim] = try WorkerProgram(world)
                }
                return (workers, kills)
            }
            do {
                for number in 0..<count { try await Self.fund(world, "n\(number)") }
                // Half of all have arrived among the killings.
                try await eventually("half are delivered", within: .seconds(60 + count), every: .milliseconds(50)) {
                    receiver.hooks.count >= count * paths.count / 2
                }
                // Nothing is out of its place in the midst of it either.
                try await world.expectSound()
            } catch {
                isOver.value.store(true, ordering: .relaxed)
                for worker in try await chaos.value.0 { worker.kill() }
                throw error
            }
            isOver.value.store(true, ordering: .relaxed)
            let (workers, kills) = try await chaos.value
            defer { for worker in workers { worker.kill() } }
            #expect(kills >= 3)
            try await Self.expectAll(world, receiver, paths: paths, count: count, within: .seconds(120 + count))
            // What came twice is what was under way when a worker died, and what was answered with a failure.
            let failures = receiver.hooks.enumerated().filter { $0.offset % 50 == 7 }.map(\.element.path)
            for path in paths {
                let most = count + failures.filter { $0 == path }.count + kills * Int(ClaimDeliveries.perSubscription)
                #expect(receiver.hooks(at: path).count <= most, "\(path)")
            }
        }
        try await receiver.close()
    }

    @Test("121: a worker that was stopped sends nothing of what is another's by the time it goes on")
    func stopped() async throws {
        let receiver = try await HookReceiver()
        let paths = ["/a", "/b"]
        try await WebhookWorld.run(workers: 0) { world in
            for path in paths { _ = try await world.subscribe(receiver, path: path) }
            for number in 0..<5 { try await Self.fund(world, "n\(number)") }
            let first = try WorkerProgram(world, failpoint: .deliveryClaimed, isStopped: true)
            defer { first.kill() }
            try await eventually("it has claimed something") { try await world.keys("hf:{*}:fl:*") > 0 }
            let second = try WorkerProgram(world)
            defer { second.kill() }
            try await Self.expectAll(world, receiver, paths: paths, count: 5)
            first.proceed()
            try await first.end()
            #expect(!first.isKilled)
            for path in paths { #expect(receiver.hooks(at: path).count == 5, "one was sent twice") }
            try await second.end()
        }
        try await receiver.close()
    }

    @Test("a worker that is told to end finishes what it has begun, and what it leaves is not leased to it")
    func ended() async throws {
        let receiver = try await HookReceiver { _, _ in .init(delay: .milliseconds(100)) }
        let paths = (0..<6).map { "/hook\($0)" }
        try await WebhookWorld.run(workers: 0) { world in
            for path in paths { _ = try await world.subscribe(receiver, path: path) }
            for number in 0..<20 { try await Self.fund(world, "n\(number)") }
            // A lease that was left would keep its lane back for ten minutes.
            let first = try WorkerProgram(world, leaseMs: 600_000)
            defer { first.kill() }
            try await eventually("some are delivered") { receiver.hooks.count >= 20 }
            try await first.end()
            #expect(!first.isKilled)
            let second = try WorkerProgram(world, leaseMs: 600_000)
            defer { second.kill() }
            try await Self.expectAll(world, receiver, paths: paths, count: 20)
            #expect(receiver.hooks.count == 120, "one was sent twice")
        }
        try await receiver.close()
    }

    @Test("117: Redis is killed and started again in the middle: every event arrives and nothing has failed")
    func redisRestarts() async throws {
        let receiver = try await HookReceiver { _, index in .init(status: index == 3 ? 500 : 200) }
        try await WebhookWorld.run(workers: 2, leaseMs: 2_000, persistence: .everySecond) { world in
            _ = try await world.subscribe(receiver)
            for round in 0..<3 {
                for number in 0..<40 { try await Self.fund(world, "r\(round)n\(number)") }
                try await world.redis.kill()
                try await eventually("it is missed") {
                    world.server.store.readiness.unreadiness.contains(.redisUnreachable)
                }
                try await world.redis.restart()
            }
            for number in 0..<40 { try await Self.fund(world, "last\(number)") }
            try await Self.expectAll(world, receiver, paths: ["/hook"], count: 160)
        }
        try await receiver.close()
    }
}
