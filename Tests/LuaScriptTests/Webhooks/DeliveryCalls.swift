// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// Arguments of the scripts for webhook deliveries, and what they answer.
enum DeliveryCalls {
    static let sub: ByteText = "whsub_1"
    static let dayMs: Int64 = 86_400_000
    static let leaseMs: Int64 = 40_000
    static let keepMs: Int64 = 1_209_600_000

    /// One delivery of a call of `webhooks/enqueue`.
    static func item(
        _ id: ByteText = "del_1", seq: Int64 = 1, sub: ByteText = Self.sub, tenant: ByteText = "acme",
        body: ByteText = "{}", atMs: Int64 = Scene.startMs
    ) -> [ByteText] {
        let head = [id, sub, tenant, ByteText(seq), "evt_" + id, "budget.funded", "trace", "01", "1", "req"]
        return head + [ByteText(atMs), body]
    }

    static func enqueue(_ items: [ByteText]..., most: Int64 = 1_000) -> ScriptArguments {
        ScriptArguments(["most": ByteText(most)], rest: items.flatMap { $0 })
    }

    static func claim(
        _ token: ByteText = "t1", limit: Int64 = 50, cap: Int64 = 4, maxAgeMs: Int64 = Self.dayMs,
        leaseMs: Int64 = Self.leaseMs
    ) -> ScriptArguments {
        [
            "token": token, "lease_ms": ByteText(leaseMs), "limit": ByteText(limit), "cap": ByteText(cap),
            "max_age_ms": ByteText(maxAgeMs),
        ]
    }

    static func finish(
        _ outcome: ByteText = "S", id: ByteText = "del_1", lane: ByteText = "lwhsub_1:acme", token: ByteText = "t1",
        delayMs: Int64 = 0, status: Int64 = 200, isStrict: Bool = false, most: Int64 = 10,
        failed: ByteText = "{\"f\":1}"
    ) -> ScriptArguments {
        [
            "lane": lane, "id": id, "token": token, "outcome": outcome, "delay_ms": ByteText(delayMs),
            "status": ByteText(status), "took_ms": "7", "error": outcome == "S" ? "" : "HTTP 500",
            "is_strict": isStrict ? "1" : "0", "most": ByteText(most), "failed": failed, "disabled": "{\"d\":1}",
            "context": "{\"c\":1",
        ]
    }

    static func list(
        _ sub: ByteText = Self.sub, from: ByteText = "+inf", until: ByteText = "-inf", offset: Int64 = 0,
        limit: Int64 = 10
    ) -> ScriptArguments {
        ["sub": sub, "from": from, "until": until, "offset": ByteText(offset), "limit": ByteText(limit)]
    }

    static func beginReplay(_ token: ByteText = "r1", wish: ByteText = "all") -> ScriptArguments {
        ["sub": Self.sub, "token": token, "wish": wish, "lease_ms": "60000"]
    }

    static func endReplay(
        _ token: ByteText = "r1", replay: ByteText = "r1", isWhole: Bool = true, entry: ByteText = "{\"op\":\"replay\"}"
    ) -> ScriptArguments {
        [
            "sub": Self.sub, "token": token, "replay": replay, "is_whole": isWhole ? "1" : "0", "entry": entry,
        ]
    }

    static func beginResend(_ next: ByteText = "del_2", of id: ByteText = "del_1") -> ScriptArguments {
        ["id": id, "next": next, "entry": "{\"op\":\"resend\"}"]
    }

    static func probe(
        _ id: ByteText = "del_9", state: ByteText = "S", error: ByteText = "", sub: ByteText = Self.sub
    ) -> ScriptArguments {
        [
            "id": id, "sub": sub, "event": "evt_test_1", "type": "system.webhook_test", "trace": "trace", "flags": "01",
            "inbound": "0", "request": "req", "state": state, "status": state == "S" ? "204" : "0", "took_ms": "7",
            "error": error,
        ]
    }

    static func take(
        _ owner: ByteText = "w1", list: ByteText = "out", after: ByteText = "0", limit: Int64 = 100,
        leaseMs: Int64 = 10_000
    ) -> ScriptArguments {
        ["owner": owner, "lease_ms": ByteText(leaseMs), "list": list, "after": after, "limit": ByteText(limit)]
    }

    static func acknowledge(
        _ entries: [ByteText], owner: ByteText = "w1", list: ByteText = "out", ends: ByteText = "0"
    ) -> ScriptArguments {
        ScriptArguments(["owner": owner, "list": list, "ends": ends], rest: entries)
    }

    static func putAside(_ entries: [ByteText], owner: ByteText = "w1", most: Int64 = 100) -> ScriptArguments {
        ScriptArguments(["owner": owner, "most": ByteText(most)], rest: entries)
    }
}

/// What `webhooks/claim` gave.
struct Claimed {
    struct Delivery: Hashable {
        let lane: ByteText
        let id: ByteText
        let attempts: ByteText
        let body: ByteText
    }

    let oldestMs: ByteText
    let ended: ByteText
    let more: ByteText
    let deliveries: [Delivery]

    init(_ answer: ScriptAnswer) {
        oldestMs = answer.text(1)
        ended = answer.text(2)
        more = answer.text(3)
        deliveries = stride(from: 4, to: answer.fields.count, by: 14).map {
            Delivery(
                lane: answer.text($0), id: answer.text($0 + 1), attempts: answer.text($0 + 7),
                body: answer.text($0 + 13))
        }
    }

    var ids: [ByteText] { deliveries.map(\.id) }
}

extension Scene {
    /// A subscription of the tenant as a row.
    func subscribe(_ id: ByteText = DeliveryCalls.sub, _ letter: ByteText = "A") async throws {
        try await self.harness.command("HSET", self.key("wh"), id, WebhookCalls.row(letter))
    }

    func enqueue(_ items: [ByteText]..., most: Int64 = 1_000) async throws -> ScriptAnswer {
        try await self.run(
            "webhooks/enqueue", ScriptArguments(["most": ByteText(most)], rest: items.flatMap { $0 }))
    }

    func claim(_ arguments: ScriptArguments = DeliveryCalls.claim()) async throws -> Claimed {
        let answer = try await self.harness.run("webhooks/claim", keys: [Self.prefix], arguments)
        #expect(answer.word == "CLAIMED", "\(answer)")
        return Claimed(answer)
    }

    func finish(_ arguments: ScriptArguments) async throws -> ScriptAnswer {
        try await self.harness.run("webhooks/finish", keys: [Self.prefix], arguments)
    }

    /// The fields of a delivery.
    func delivery(_ id: ByteText) async throws -> [ByteText: ByteText] {
        try await self.harness.snapshot().hash(self.shardKey("dv:" + id))
    }
}

extension SampleCall {
    private static let shardKeys: @Sendable (Scene) -> [ByteText] = { _ in [Scene.prefix] }

    private static func queued(_ scene: Scene) async throws {
        try await scene.openTenant()
        try await scene.subscribe()
        #expect(try await scene.enqueue(DeliveryCalls.item()).word == "QUEUED")
    }

    private static func finishing(
        _ variant: String, fails: Bool = false, _ arguments: ScriptArguments
    ) -> SampleCall {
        SampleCall(
            script: "webhooks/finish", variant: variant, word: "FINISHED", again: "LOST", keys: shardKeys,
            typed: { scene in
                let names: [ByteText] = ["lanes", "fl:whsub_1", "wt:whsub_1", "ln:whsub_1:acme", "dv:del_1"]
                let written = names.map(scene.shardKey) + [scene.key("wh"), scene.key("wf:whsub_1")]
                guard fails else { return written }
                return written + [scene.tenantKey, scene.key("wk"), scene.key("wc"), scene.key("p")]
                    + [scene.shardKey("dead"), Scene.prefix + "t:__system__:el"] + Self.journal(scene)
            },
            arrange: { scene in
                try await Self.queued(scene)
                #expect(try await scene.claim().ids == ["del_1"])
                return arguments
            })
    }

    /// Calls about events on their way and deliveries.
    static let deliveries = [
        SampleCall(
            script: "events/take", word: "EVENTS", again: "EVENTS", keys: shardKeys,
            typed: { [$0.shardKey("rl"), $0.shardKey("out")] },
            arrange: { scene in
                try await scene.harness.command("ZADD", scene.shardKey("out"), "5", "5:acme")
                return DeliveryCalls.take()
            }),
        SampleCall(
            script: "events/acknowledge", word: "DROPPED", again: "DROPPED", keys: shardKeys,
            typed: { [$0.shardKey("rl"), $0.shardKey("out")] },
            arrange: { scene in
                try await scene.harness.command("ZADD", scene.shardKey("out"), "5", "5:acme")
                return DeliveryCalls.acknowledge(["5:acme"])
            }),
        SampleCall(
            script: "events/put_aside", word: "ASIDE", again: "ASIDE", keys: shardKeys,
            typed: { [$0.shardKey("rl"), $0.shardKey("out"), $0.shardKey("odd")] },
            arrange: { scene in
                try await scene.harness.command("ZADD", scene.shardKey("out"), "5", "5:acme")
                return DeliveryCalls.putAside(["5:acme"])
            }),
        SampleCall(
            script: "webhooks/enqueue", word: "QUEUED", again: "QUEUED",
            typed: { scene in
                let names: [ByteText] = ["lanes", "dead", "ln:whsub_1:acme", "wd:whsub_1", "we:whsub_1"]
                return names.map(scene.shardKey) + [scene.key("wh"), scene.key("wf:whsub_1")]
            },
            arrange: { scene in
                try await scene.openTenant()
                try await scene.subscribe()
                return DeliveryCalls.enqueue(DeliveryCalls.item())
            }),
        SampleCall(
            script: "webhooks/claim", word: "CLAIMED", again: "CLAIMED", keys: shardKeys,
            typed: { scene in
                let names: [ByteText] = ["lanes", "dead", "ln:whsub_1:acme", "fl:whsub_1", "wt:whsub_1"]
                return names.map(scene.shardKey)
            },
            arrange: { scene in
                try await Self.queued(scene)
                return DeliveryCalls.claim()
            }),
        finishing("delivered", DeliveryCalls.finish()),
        finishing("tried again", DeliveryCalls.finish("R", delayMs: 1_000)),
        finishing("failed", fails: true, DeliveryCalls.finish("F")),
        finishing("disabling", fails: true, DeliveryCalls.finish("F", most: 1)),
        SampleCall(
            script: "webhooks/deliveries", word: "ROWS", again: "ROWS", keys: shardKeys,
            typed: { [$0.shardKey("wd:whsub_1")] },
            arrange: { scene in
                try await Self.queued(scene)
                return DeliveryCalls.list()
            }),
        SampleCall(
            script: "webhooks/get_delivery", word: "FOUND", again: "FOUND", keys: shardKeys,
            typed: { [$0.shardKey("dv:del_1")] },
            arrange: { scene in
                try await Self.queued(scene)
                return ["id": "del_1"]
            }),
        SampleCall(
            script: "webhooks/begin_replay", word: "BEGUN", again: "BEGUN",
            typed: { [$0.tenantKey, $0.key("wh"), $0.shardKey("rp:whsub_1"), $0.shardKey("ru:whsub_1")] },
            arrange: { scene in
                try await scene.openTenant()
                try await scene.subscribe()
                return DeliveryCalls.beginReplay()
            }),
        SampleCall(
            script: "webhooks/end_replay", word: "ENDED", again: "ENDED",
            typed: { [$0.shardKey("rp:whsub_1"), $0.shardKey("ru:whsub_1")] + Self.journal($0) },
            arrange: { scene in
                try await scene.openTenant()
                try await scene.subscribe()
                #expect(try await scene.run("webhooks/begin_replay", DeliveryCalls.beginReplay()).word == "BEGUN")
                return DeliveryCalls.endReplay()
            }),
        SampleCall(
            script: "webhooks/begin_resend", word: "BEGUN", again: "BEGUN",
            typed: { [$0.tenantKey, $0.key("wh"), $0.shardKey("dv:del_1")] + Self.journal($0) },
            arrange: { scene in
                try await Self.queued(scene)
                return DeliveryCalls.beginResend()
            }),
        SampleCall(
            script: "webhooks/record_probe", word: "RECORDED", again: "RECORDED",
            typed: { [$0.key("wh"), $0.shardKey("wd:whsub_1")] },
            arrange: { scene in
                try await scene.openTenant()
                try await scene.subscribe()
                return DeliveryCalls.probe()
            }),
    ]
}
