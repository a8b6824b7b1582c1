// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("Housekeeping scripts", .privateRedis, .serialized)
struct HousekeepingTests {
    private let scene: Scene

    init() async throws { scene = try await Scene() }

    private func told(_ seen: Observation, _ log: ByteText) -> [[ByteText]] {
        let before = seen.before.scores(log)
        return seen.after.scores(log).keys.filter { before[$0] == nil }.sorted().map { entry in
            let body = seen.after.string(scene.shardKey("e:" + (entry.split(58).first ?? ""))) ?? ""
            return Array(body.split(0).dropFirst(2))
        }
    }

    @Test("events/append: ten of a reason a second are written, the next tells how many were not; others are apart")
    func append() async throws {
        try await scene.openTenant()
        var words: [ByteText] = []
        for _ in 0..<12 { words.append(try await scene.run("events/append", HousekeepingCalls.append()).word) }
        #expect(words.filter { $0 == "TOLD" }.count == 10 && words.suffix(2) == ["COUNTED", "COUNTED"])
        #expect(try await scene.run("events/append", HousekeepingCalls.append("key_revoked")).word == "TOLD")
        try await scene.setClock(Scene.startMs + 1_000)
        let seen = try await scene.observe("events/append", HousekeepingCalls.append())
        #expect(
            told(seen, scene.key("el")) == [
                ["api_key.auth_failed", "{\"metadata\":{\"suppressed\":2},\"a\":1}", "{\"b\":2}"]
            ])
    }

    @Test("events/append: what a caller has counted itself is told with the rest; what nobody told is told once")
    func appendOfCounted() async throws {
        try await scene.openTenant()
        func append(_ more: Int64) async throws -> Observation {
            try await scene.observe("events/append", HousekeepingCalls.append(more: more))
        }
        func suppressed(_ seen: Observation) -> [ByteText] { told(seen, scene.key("el")).map { $0[1] } }
        #expect(try await suppressed(append(3)) == ["{\"metadata\":{\"suppressed\":3},\"a\":1}"])
        for _ in 0..<9 { #expect(try await suppressed(append(0)) == ["{\"a\":1}"]) }
        #expect(try await append(4).answer == .reply("COUNTED"))
        // Counted again, it is still one.
        #expect(try await append(-1).answer == .reply("COUNTED"))
        try await scene.setClock(Scene.startMs + 1_000)
        #expect(try await suppressed(append(-1)) == ["{\"metadata\":{\"suppressed\":4},\"a\":1}"])
        try await append(-1).expectUnchanged(.reply("NOTHING"))
    }

    @Test("events/trim: what has ended leaves every log, what has not stays")
    func trim() async throws {
        try await scene.openTenant()
        let day: Int64 = 86_400_000
        let old = ByteText((Scene.startMs - 91 * day) * 1_000)
        let young = ByteText((Scene.startMs - 89 * day) * 1_000)
        for seq in [old, young] {
            try await scene.harness.command("ZADD", scene.key("el"), seq, seq + ":budget.funded")
            try await scene.harness.command("ZADD", scene.shardKey("el"), seq, seq + ":budget.funded:acme")
            try await scene.harness.command("ZADD", scene.shardKey("out"), seq, seq + ":acme")
            try await scene.harness.command("SET", scene.shardKey("e:" + seq), "body")
        }
        let ancient = ByteText((Scene.startMs - 401 * day) * 1_000)
        try await scene.harness.command("ZADD", scene.key("al"), ancient, ancient)
        try await scene.harness.command("ZADD", scene.shardKey("al"), ancient, ancient + ":acme")
        let answer = try await scene.harness.run("events/trim", keys: [Scene.prefix], ["limit": "10"])
        #expect(answer == .reply("TRIMMED", 1, 1, 0))
        let after = try await scene.harness.snapshot()
        #expect(after.scores(scene.key("el")) == [young + ":budget.funded": young])
        #expect(after.scores(scene.shardKey("el")) == [young + ":budget.funded:acme": young])
        #expect(after.scores(scene.shardKey("out")) == [young + ":acme": young])
        #expect(after.scores(scene.key("al")).isEmpty && after.scores(scene.shardKey("al")).isEmpty)
        #expect(after.string(scene.shardKey("e:" + old)) == nil)
    }

    @Test("admin/expire_keys: an API key's end is told once; a revoked one has ended before")
    func expireKeys() async throws {
        try await scene.openTenantWithKeys(2)
        let keys = try await scene.harness.snapshot().hash(scene.key("keys"))
        let row = try #require(keys["key_2"])
        let revoked: ScriptArguments = [
            "key_id": "key_2", "row": row, "reason": "", "entry": "{}", "context": "{}", "payload": "{}",
        ]
        #expect(try await scene.run("admin/revoke_key", revoked).word == "REVOKED")
        #expect(try await scene.harness.snapshot().scores(scene.shardKey("due"))["k" + scene.tenant] != nil)
        try await scene.setClock(Scene.startMs + 2_000)
        let seen = try await scene.observe("admin/expire_keys", ["limit": "10"])
        let events = told(seen, scene.key("el"))
        #expect(events.map { $0[0] } == ["api_key.expired"])
        let key: ByteText = "{\"key_id\":\"key_1\",\"key_name\":\"first\","
        #expect(events.first?[2] == key + "\"previous_status\":\"ACTIVE\",\"new_status\":\"EXPIRED\"}")
        #expect(told(try await scene.observe("admin/expire_keys", ["limit": "10"]), scene.key("el")) == [])
        #expect(seen.after.scores(scene.shardKey("due"))["k" + scene.tenant] == nil)
    }

    @Test(
        "webhooks/spread_hooks: what the operator asks for is looked out for in a tenant until taken back"
    )
    func spread() async throws {
        try await scene.openTenantWithKeys(0)
        let asks: ByteText = "{\"thresholds\":[0.25],\"resources\":true}"
        #expect(try await scene.run("webhooks/spread_hooks", ["asks": asks]) == .reply("SPREAD", 1))
        var after = try await scene.harness.snapshot()
        #expect(after.hash(scene.key("p"))["hooks"] == asks)
        #expect(after.string(scene.tenantKey)?.bytes.last == UInt8(ascii: "h"))
        #expect(try await scene.run("webhooks/spread_hooks", ["asks": asks]) == .reply("SPREAD", 0))
        #expect(try await scene.run("webhooks/spread_hooks", ["asks": ""]) == .reply("SPREAD", 1))
        after = try await scene.harness.snapshot()
        #expect(after.hash(scene.key("p"))["hooks"] == nil)
        #expect(after.string(scene.tenantKey)?.bytes.last != UInt8(ascii: "h"))
        try await scene.harness.command("DEL", scene.tenantKey)
        #expect(try await scene.run("webhooks/spread_hooks", ["asks": asks]).word == "NO_TENANT")
    }

    @Test("webhooks/operator_hooks gives what is stored of the operator's subscriptions")
    func operatorHooks() async throws {
        #expect(try await scene.run("webhooks/operator_hooks", [:]) == .reply("HOOKS", ""))
        try await scene.harness.command("HSET", scene.key("p"), "hooks", "{\"resources\":true}")
        #expect(try await scene.run("webhooks/operator_hooks", [:]) == .reply("HOOKS", "{\"resources\":true}"))
    }

    @Test("budget/burn_rates: spending far above the usual is told once in a window; nothing else is")
    func burnRates() async throws {
        try await HousekeepingCalls.burn(scene)
        let seen = try await scene.observe("budget/burn_rates", [:])
        let events = told(seen, scene.key("el"))
        #expect(events.map { $0[0] } == ["budget.burn_rate_anomaly"])
        let place: ByteText = "{\"scope\":\"tenant:acme\",\"unit\":\"USD_MICROCENTS\",\"current_rate\":100,"
        let rates: ByteText = "\"baseline_rate\":10,\"multiplier\":10,\"window_seconds\":300,"
        #expect(events.first?[2] == place + rates + "\"projected_exhaustion_minutes\":1000}")
        #expect(told(try await scene.observe("budget/burn_rates", [:]), scene.key("el")) == [])
        try await scene.harness.reset(clockUs: Scene.startMs * 1_000)
        try await HousekeepingCalls.burn(scene, recent: 29)
        #expect(told(try await scene.observe("budget/burn_rates", [:]), scene.key("el")) == [])
        try await scene.harness.command("HDEL", scene.key("p"), "hooks")
        let ended = try await scene.observe("budget/burn_rates", [:])
        #expect(ended.after.scores(scene.shardKey("due"))["r" + scene.tenant] == nil)
    }

    @Test("budget/burn_rates: spending that goes on as it began is no anomaly, however short it has been counted")
    func burnRatesBegin() async throws {
        for counted in [5, 6, 9, 10, 12, 30] as [Int64] {
            try await scene.harness.reset(clockUs: Scene.startMs * 1_000)
            try await HousekeepingCalls.burn(scene, recent: 10, minutes: counted)
            #expect(told(try await scene.observe("budget/burn_rates", [:]), scene.key("el")) == [], "\(counted)")
        }
        // What rises after twice the window of it is one.
        try await scene.harness.reset(clockUs: Scene.startMs * 1_000)
        try await HousekeepingCalls.burn(scene, minutes: 10)
        let events = told(try await scene.observe("budget/burn_rates", [:]), scene.key("el"))
        #expect(events.count == 1 && events[0][1].description.contains("\"asked_multiplier\":3}"), "\(events)")
    }

    @Test("sweep/oldest says how long the first thing of a shard has been due")
    func oldest() async throws {
        func age() async throws -> ScriptAnswer {
            try await scene.harness.run("sweep/oldest", keys: [Scene.prefix], [:])
        }
        #expect(try await age() == .reply("OLDEST", 0))
        try await scene.harness.command("ZADD", scene.shardKey("due"), ByteText(Scene.startMs + 5), "bacme")
        #expect(try await age() == .reply("OLDEST", 0))
        try await scene.setClock(Scene.startMs + 1_005)
        #expect(try await age() == .reply("OLDEST", 1_000))
    }

    @Test("sweep/tenants lists a shard's tenants in pages")
    func tenants() async throws {
        for number in 1...3 {
            try await scene.harness.command("ZADD", scene.shardKey("tenants"), ByteText(Int64(number)), "t-\(number)")
        }
        let page = try await scene.harness.run(
            "sweep/tenants", keys: [Scene.prefix], ["offset": "1", "limit": "1"])
        #expect(page == .reply("TENANTS", "t-2"))
    }
}
