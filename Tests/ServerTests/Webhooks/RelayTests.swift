// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import Foundation
import LocalStack
import RedisClient
import SharedKernel
import StrictJSON
import Testing

/// Events between the outbox and the lanes: workers that come late, that cannot read something, or that are disturbed.
@Suite("Webhook deliveries: relay")
struct RelayTests {
    /// Rewrites the body of the last event of acme's shard: `from` is a Lua pattern.
    private static func rewriteLast(_ world: WebhookWorld, _ from: String, _ to: String) async throws {
        let source = """
            local seq = redis.call('ZRANGE', KEYS[1] .. 'el', -1, -1, 'WITHSCORES')[2]
            local body, n = string.gsub(redis.call('GET', KEYS[1] .. 'e:' .. seq), ARGV[1], ARGV[2], 1)
            redis.call('SET', KEYS[1] .. 'e:' .. seq, body)
            return n
            """
        let reply = try await world.redis("EVAL", source, "1", try await world.prefix(""), from, to)
        #expect(reply.integer == 1)
    }

    /// The events that came at a path, in order.
    private static func sent(_ receiver: HookReceiver, _ path: String = "/hook") -> [String] {
        receiver.hooks(at: path).map(\.eventID)
    }

    @Test("106: what happened during a pause is not sent by a worker that comes to it after the pause")
    func pausedBefore() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run(workers: 0) { world in
            let (id, _) = try await world.subscribe(receiver)
            for (status, key) in [("PAUSED", "paused"), ("ACTIVE", "active")] {
                _ = try await world.ask("PATCH", "/v1/webhooks/\(id)", "{\"status\":\"\(status)\"}", expecting: 200)
                for number in 0..<3 { try await world.fund(key + String(number)) }
            }
            let worker = try WorkerProgram(world)
            defer { worker.kill() }
            try await eventually("three are delivered") { receiver.hooks.count >= 3 }
            try await world.settle()
            #expect(receiver.hooks.count == 3)
            let log = try await world.ask("GET", "/v1/events?event_type=budget.funded&sort_dir=asc", expecting: 200)
            let ids = (log.member("events").map { Array($0.elements) } ?? [])
                .compactMap { $0.member("event_id").map(WebhookWorld.string) }
            #expect(ids.count == 6 && Self.sent(receiver) == Array(ids.suffix(3)))
        }
        try await receiver.close()
    }

    @Test("112: after an outage of workers an event that is too old is given up, and the young one behind it is sent")
    func outage() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run(workers: 0) { world in
            let (id, _) = try await world.subscribe(receiver)
            let rows = try await world.prefix("t:acme:wh")
            // The old event is to be one that the subscription wants.
            let age = """
                local row = redis.call('HGET', KEYS[1], ARGV[1])
                return redis.call('HSET', KEYS[1], ARGV[1], (string.gsub(row, '^A%z%d+', 'A\\0001')))
                """
            try await world.redis("EVAL", age, "1", rows, id)
            try await world.fund("old")
            let twoHoursAgo = Int64(Date().timeIntervalSince1970) * 1_000 - 7_200_000
            try await Self.rewriteLast(world, "^%d+", String(twoHoursAgo))
            try await world.fund("young")
            let worker = try WorkerProgram(world, more: ["HOLDFAST_WEBHOOK_MAX_AGE": "90m"])
            defer { worker.kill() }
            try await eventually("one is delivered") { receiver.hooks.count >= 1 }
            try await world.settle()
            #expect(receiver.hooks.count == 1)
            let answer = try await world.ask("GET", "/v1/webhooks/\(id)/deliveries", expecting: 200)
            let rowsShown = answer.member("deliveries").map { Array($0.elements) } ?? []
            let states = rowsShown.compactMap { $0.member("status").map(WebhookWorld.string) }
            #expect(states == ["SUCCESS", "FAILED"], "by the time of their events, newest first")
            let error = rowsShown.last?.member("error_message").map(WebhookWorld.string) ?? ""
            #expect(error.hasPrefix("Delivery expired: ") && error.hasSuffix("m old (max 90m)"), "\(error)")
        }
        try await receiver.close()
    }

    @Test("An event that a worker cannot read holds up nobody, and goes to the next worker, unless an hour is over")
    func unknownType() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run(workers: 0) { world in
            _ = try await world.subscribe(receiver)
            for number in 0..<2 {
                try await world.fund("new\(number)")
                try await Self.rewriteLast(world, "budget.funded", "budget.invented")
            }
            try await world.fund("known")
            let first = try WorkerProgram(world)
            defer { first.kill() }
            try await eventually("the known one is delivered") { receiver.hooks.count >= 1 }
            try await world.settle()
            try await first.end()
            let aside = try await world.prefix("odd")
            #expect(receiver.hooks.count == 1)
            #expect(try await world.redis("ZCARD", aside).integer == 2)
            // What the next worker can read is one of the two; the other one's time is over.
            let source = """
                local found = redis.call('ZRANGE', KEYS[1] .. 'odd', 0, -1)
                redis.call('ZADD', KEYS[1] .. 'odd', 'XX', 1700000000000000, found[1])
                local key = KEYS[1] .. 'e:' .. string.match(found[2], '^%d+')
                redis.call('SET', key, (string.gsub(redis.call('GET', key), 'budget.invented', 'budget.funded')))
                return #found
                """
            let prefix = try await world.prefix("")
            #expect(try await world.redis("EVAL", source, "1", prefix).integer == 2)
            let second = try WorkerProgram(world)
            defer { second.kill() }
            try await eventually("it is delivered, too") { receiver.hooks.count >= 2 }
            try await eventually("nothing is aside") { try await world.redis("ZCARD", aside).integer == 0 }
            try await world.settle()
            #expect(receiver.hooks.count == 2 && Set(receiver.hooks.map(\.eventID)).count == 2)
        }
        try await receiver.close()
    }

    @Test("A subscription that a worker cannot read holds up no other, and gets its events from the next worker")
    func unreadableRow() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run(workers: 0) { world in
            let (broken, _) = try await world.subscribe(receiver, path: "/broken")
            _ = try await world.subscribe(receiver, path: "/fine")
            let rows = try await world.prefix("t:acme:wh")
            let row = try #require(try await world.redis("HGET", rows, broken).bytes)
            try await world.redis("HSET", rows, broken, "A\0001\0002\0of another version")
            for number in 0..<3 { try await world.fund("n\(number)") }
            let first = try WorkerProgram(world)
            defer { first.kill() }
            try await eventually("the other one has all") { receiver.hooks(at: "/fine").count >= 3 }
            try await world.settle()
            try await first.end()
            #expect(receiver.hooks.count == 3)
            #expect(try await world.redis("ZCARD", try await world.prefix("odd")).integer ?? 0 >= 3)
            try await world.redis("HSET", rows, broken, String(decoding: row, as: UTF8.self))
            let second = try WorkerProgram(world)
            defer { second.kill() }
            try await eventually("it has all, too") { receiver.hooks(at: "/broken").count >= 3 }
            try await world.settle()
            #expect(receiver.hooks.count == 6, "none is sent twice")
            #expect(Self.sent(receiver, "/broken") == Self.sent(receiver, "/fine"))
        }
        try await receiver.close()
    }

    @Test("What is no entry leaves the outbox, and nobody keeps an outbox that is empty or whose worker has ended")
    func leases() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run(workers: 0) { world in
            let (id, _) = try await world.subscribe(receiver)
            for entry in ["x", "", "7"] { try await world.redis("ZADD", try await world.prefix("out"), "5", entry) }
            try await world.fund("one")
            let worker = try WorkerProgram(world)
            defer { worker.kill() }
            try await eventually("it is delivered") { receiver.hooks.count == 1 }
            try await world.settle()
            #expect(try await world.keys("hf:{*}:rl") == 0)
            // With a lane that is no lane its events wait, and the worker has the outbox until it ends.
            let lane = try await world.prefix("ln:\(id):acme")
            try await world.redis("SET", lane, "x")
            try await world.fund("two")
            try await eventually("it has the outbox") { try await world.keys("hf:{*}:rl") == 1 }
            try await worker.end()
            #expect(try await world.keys("hf:{*}:rl") == 0)
            try await world.redis("DEL", lane)
            let next = try WorkerProgram(world)
            defer { next.kill() }
            try await eventually("the second is delivered") { receiver.hooks.count == 2 }
            try await world.settle()
        }
        try await receiver.close()
    }

    @Test("111: while something of an owner is broken none of its later events overtakes those that wait")
    func stuck() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run(workers: 0) { world in
            let shard = try await world.shard(of: "acme")
            let other = try await world.neighbour()
            #expect(try await world.shard(of: other) == shard)
            let (broken, _) = try await world.subscribe(receiver, path: "/broken", types: ["budget.created"])
            _ = try await world.subscribe(receiver, path: "/fine")
            _ = try await world.ask(
                "POST", "/v1/admin/webhooks?tenant_id=\(other)",
                "{\"url\":\"http://127.0.0.1:\(receiver.port)/other\",\"event_types\":[\"budget.created\"]}",
                key: .admin, expecting: 201)
            let lane = try await world.prefix("ln:\(broken):acme")
            try await world.redis("SET", lane, "x")
            // More than a worker takes at once: the first part cannot be written, the last one could be.
            try await world.budget("tenant:acme/workspace:x")
            for number in 0..<130 { try await world.fund("n\(number)") }
            try await world.budget("tenant:\(other)", tenant: other)
            let worker = try WorkerProgram(world)
            defer { worker.kill() }
            try await eventually("the last event is delivered") { receiver.hooks(at: "/other").count == 1 }
            #expect(receiver.hooks(at: "/fine").isEmpty)
            try await world.redis("DEL", lane)
            try await eventually("all are delivered") { receiver.hooks(at: "/fine").count >= 130 }
            try await world.settle()
            let ids = Self.sent(receiver, "/fine")
            #expect(ids.count == 130 && ids == ids.sorted() && receiver.hooks(at: "/broken").count == 1)
        }
        try await receiver.close()
    }

    @Test("With the memory of Redis full, deliveries that are queued go on")
    func memoryFull() async throws {
        let receiver = try await HookReceiver { _, index in .init(status: index == 0 ? 500 : 200) }
        try await WebhookWorld.run { world in
            _ = try await world.subscribe(receiver, more: ",\"retry_policy\":{\"initial_delay_ms\":3000}")
            try await world.fund("one")
            try await eventually("the first attempt") { receiver.hooks.count == 1 }
            try await world.redis("CONFIG", "SET", "maxmemory", "1")
            try await eventually("it is delivered") { receiver.hooks.count == 2 }
            try await world.settle()
            try await world.redis("CONFIG", "SET", "maxmemory", "0")
        }
        try await receiver.close()
    }

    @Test("While 100,000 deliveries of a subscription wait new ones are dropped; each that has ended makes room")
    func bounded() async throws {
        let receiver = try await HookReceiver()
        try await WebhookWorld.run { world in
            let (id, _) = try await world.subscribe(receiver)
            let list = try await world.prefix("wd:\(id)")
            let fill = """
                local now = redis.call('TIME')[1] * 1000
                local list = KEYS[1] .. 'wd:' .. ARGV[1]
                for i = ARGV[2], ARGV[2] + 4999 do redis.call('ZADD', list, now, 'del_' .. i) end
                for _, id in ipairs(redis.call('ZRANGE', list, 0, 15)) do
                    redis.call('HSET', KEYS[1] .. 'dv:' .. id, 'state', 'P')
                end
                return 1
                """
            for start in stride(from: 1, through: 100_000, by: 5_000) {
                try await world.redis("EVAL", fill, "1", try await world.prefix(""), id, String(start))
            }
            try await world.fund("dropped")
            try await world.settle()
            #expect(receiver.hooks.isEmpty)
            #expect(try await world.redis("ZCARD", list).integer == 100_000)
            try await world.redis("HSET", try await world.prefix("dv:del_1"), "state", "S")
            for (index, key) in ["one", "two"].enumerated() {
                try await world.fund(key)
                try await eventually("there was room") { receiver.hooks.count > index }
                try await world.settle()
            }
            #expect(try await world.redis("ZCARD", list).integer == 100_000)
            let answer = try await world.ask(
                "POST", "/v1/admin/webhooks/\(id)/replay", "{}", key: .admin, expecting: 202)
            #expect(answer.member("events_queued")?.int64() == 3)
            try await eventually("a replay brings what was dropped") {
                Set(receiver.hooks.map(\.eventID)).count == 3
            }
        }
        try await receiver.close()
    }
}
