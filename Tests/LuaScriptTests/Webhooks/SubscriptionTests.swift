// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("webhooks/create_subscription, update, delete, get, list", .privateRedis, .serialized)
struct SubscriptionScriptTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    private func create(_ arguments: ScriptArguments = WebhookCalls.create()) async throws -> Observation {
        try await self.scene.observe("webhooks/create_subscription", arguments)
    }

    private func update(_ arguments: ScriptArguments) async throws -> Observation {
        try await self.scene.observe("webhooks/update_subscription", arguments)
    }

    private func delete(_ arguments: ScriptArguments = WebhookCalls.delete()) async throws -> Observation {
        try await self.scene.observe("webhooks/delete_subscription", arguments)
    }

    private var unknownFacts: [ByteText] { ["", "", "", ""] }

    @Test("A new subscription is known to every server at once, findable by id, owner and shard, audited and announced")
    func creates() async throws {
        try await self.scene.openTenant()
        let seen = try await self.create(WebhookCalls.create(tag: "A1"))
        #expect(seen.answer == .reply("CREATED", "\(Scene.startMs)"))
        var journal = Journal(self.scene, atUs: Scene.startMs * 1000, after: seen.before)
        journal.audit("{\"op\":\"create\"}")
        journal.event("webhook.created", "{}", "{\"w\":1}")
        seen.expectChanges(
            journal.with([
                self.scene.tenantKey: .string(Scene.tag()),
                self.scene.key("wh"): .hash(["whsub_1": WebhookCalls.row()]),
                self.scene.key("whl"): .scores(["whsub_1": ByteText(Scene.startMs)]),
                self.scene.shardKey("whl"): .scores(["whsub_1:acme": ByteText(Scene.startMs)]),
                self.scene.shardKey("ids"): .hash(["whsub_1": "acme"]),
            ]))
        try await self.create(WebhookCalls.create(tag: "A1")).expectUnchanged(.reply("CREATED", "\(Scene.startMs)"))
    }

    @Test("An owner has a bounded number; stale, missing and closed tenants are refused; the operator needs no tenant")
    func refusals() async throws {
        try await self.create().expectUnchanged(.reply("NO_TENANT"))
        try await self.create(WebhookCalls.create(tag: "A1")).expectUnchanged(.reply("STALE", ""))
        try await self.scene.openTenant()
        _ = try await self.create()
        try await self.create(WebhookCalls.create("whsub_2", most: 1)).expectUnchanged(.reply("FULL"))
        try await self.scene.openTenant("C9")
        try await self.create(WebhookCalls.create("whsub_2")).expectUnchanged(.reply("CLOSED"))
        try await self.update(WebhookCalls.update()).expectUnchanged(.reply("CLOSED"))
        try await self.delete().expectUnchanged(.reply("CLOSED"))
        var system = self.scene
        system.tenant = "__system__"
        let seen = try await system.observe("webhooks/create_subscription", WebhookCalls.create("whsub_9"))
        #expect(seen.answer.word == "CREATED")
        #expect(seen.after.string(system.tenantKey)?[0..<1] == "A")
        #expect(seen.after.hash(system.shardKey("ids"))["whsub_9"] == "__system__")
        let again = try await system.observe("webhooks/create_subscription", WebhookCalls.create("whsub_8"))
        #expect(again.answer.word == "CREATED")
        #expect(again.after.string(system.tenantKey) != again.before.string(system.tenantKey))
    }

    @Test("88: a change replaces what it was made from, once; what changes nothing leaves no trace")
    func updates() async throws {
        try await self.scene.openTenant()
        try await self.update(WebhookCalls.update()).expectUnchanged(.reply("NOT_FOUND"))
        _ = try await self.create()
        try await self.scene.setClock(Scene.startMs + 5)
        let paused = WebhookCalls.update(letter: "P", content: WebhookCalls.content, event: "webhook.paused")
        let seen = try await self.update(paused)
        #expect(seen.answer == .reply("UPDATED", "\(Scene.startMs + 5)", "", "", "", ""))
        let row = WebhookCalls.row("P", updatedMs: Scene.startMs + 5)
        var journal = Journal(self.scene, atUs: (Scene.startMs + 5) * 1000, after: seen.before)
        journal.event("webhook.paused", "{}", "{\"w\":2}")
        journal.audit("{\"op\":\"update\"}")
        seen.expectChanges(
            journal.with([
                self.scene.tenantKey: .string("A\((Scene.startMs + 5) * 1000)"),
                self.scene.key("wh"): .hash(["whsub_1": row]),
            ]))
        try await self.update(paused).expectUnchanged(.reply("UPDATED", "\(Scene.startMs + 5)", "", "", "", ""))
        let same = WebhookCalls.update(row, letter: "P", content: WebhookCalls.content, reset: "1")
        try await self.update(same).expectUnchanged(.reply("UPDATED", "\(Scene.startMs + 5)", "", "", "", ""))
        let late = WebhookCalls.update(letter: "D")
        try await self.update(late).expectUnchanged(.reply("CHANGED", .bytes(row)))
        let stale = WebhookCalls.update(row, tag: "A1")
        try await self.update(stale).expectUnchanged(.reply("STALE", "A\((Scene.startMs + 5) * 1000)"))
    }

    @Test("105: back in use, failures are counted anew, also when nothing else changes")
    func resets() async throws {
        try await self.scene.openTenant()
        _ = try await self.create()
        let facts = self.scene.key("wf:whsub_1")
        try await self.scene.harness.command("HSET", facts, "failures", "7", "failure_ms", "5")
        let arguments = WebhookCalls.update(content: WebhookCalls.content, reset: "1")
        let seen = try await self.update(arguments)
        #expect(seen.answer == .reply("UPDATED", "\(Scene.startMs)", "0", "", "", "5"))
        var journal = Journal(self.scene, atUs: Scene.startMs * 1000, after: seen.before)
        journal.audit("{\"op\":\"update\"}")
        seen.expectChanges(journal.with([facts: .hash(["failures": "0", "failure_ms": "5"])]))
        try await self.update(arguments).expectUnchanged(.reply("UPDATED", "\(Scene.startMs)", "0", "", "", "5"))
    }

    @Test("114: what is deleted is gone with all that belongs to it")
    func deletes() async throws {
        try await self.scene.openTenant()
        try await self.delete().expectUnchanged(.reply("NOT_FOUND"))
        _ = try await self.create(WebhookCalls.create(asks: "{\"thresholds\":[0.5]}"))
        try await self.scene.harness.command("HSET", self.scene.key("wf:whsub_1"), "failures", "7")
        try await self.delete(WebhookCalls.delete("other")).expectUnchanged(
            .reply("CHANGED", .bytes(WebhookCalls.row())))
        let seen = try await self.delete()
        #expect(seen.answer == .reply("DELETED"))
        var journal = Journal(self.scene, atUs: Scene.startMs * 1000, after: seen.before)
        journal.audit("{\"op\":\"delete\"}")
        journal.event("webhook.deleted", "{}", "{\"w\":3}")
        var changes = journal.with([self.scene.tenantKey: .string(Scene.tag(changes: 2))])
        for name: ByteText in ["wh", "whl", "wk", "wc", "p", "wf:whsub_1"] { changes[self.scene.key(name)] = .removed }
        for name: ByteText in ["whl", "ids"] { changes[self.scene.shardKey(name)] = .removed }
        changes[self.scene.shardKey("wx:whsub_1")] = .string("request-1", keepMs: 60_000)
        seen.expectChanges(changes)
        // Its answer was lost: sent again, whatever has become stale by it, it is told that it is done.
        try await self.delete(WebhookCalls.delete(tag: "A1")).expectUnchanged(.reply("DELETED"))
        try await self.delete(WebhookCalls.delete(token: "request-2")).expectUnchanged(.reply("NOT_FOUND"))
    }

    @Test("What subscriptions ask for is united for the tenant, each number once, in order, and taken back with them")
    func hooks() async throws {
        try await self.scene.openTenant()
        func hooks() async throws -> ByteText? {
            try await self.scene.harness.snapshot().hash(self.scene.key("p"))["hooks"]
        }
        let burn: ByteText = "{\"multiplier\":3,\"window_s\":300}"
        let asks: [ByteText] = [
            "{\"thresholds\":[0.8,0.95,1],\"burn\":[" + burn + "]}", "{\"thresholds\":[0.15,0.8]}",
            "{\"burn\":[{\"multiplier\":2.5,\"window_s\":60}],\"resources\":true}",
        ]
        for (index, text) in asks.enumerated() {
            #expect(
                try await self.create(WebhookCalls.create("whsub_\(index + 1)", asks: text)).answer.word == "CREATED")
        }
        #expect(
            try await hooks() == "{\"thresholds\":[0.15,0.8,0.95,1],\"burn\":[{\"multiplier\":2.5,\"window_s\":60},"
                + burn
                + "],\"resources\":true}")
        _ = try await self.update(WebhookCalls.update(asks: "{\"thresholds\":[0.8]}"))
        #expect(
            try await hooks()
                == "{\"thresholds\":[0.15,0.8],\"burn\":[{\"multiplier\":2.5,\"window_s\":60}],\"resources\":true}")
        _ = try await self.delete(WebhookCalls.delete(id: "whsub_3"))
        #expect(try await hooks() == "{\"thresholds\":[0.15,0.8]}")
        let row = WebhookCalls.row("A", WebhookCalls.content("{\"url\":\"https://y\"}"))
        _ = try await self.update(WebhookCalls.update(row, letter: "P", asks: ""))
        #expect(try await hooks() == "{\"thresholds\":[0.15,0.8]}")
        _ = try await self.delete(WebhookCalls.delete(id: "whsub_2"))
        #expect(try await hooks() == nil)
        for name: ByteText in ["wk", "wc"] {
            #expect(try await self.scene.harness.snapshot().hash(self.scene.key(name)).isEmpty)
        }
    }

    @Test("The union is bounded: what would make it larger is refused and changes nothing")
    func boundedHooks() async throws {
        try await self.scene.openTenant()
        func asks(_ numbers: Range<Int>) -> ByteText {
            "{\"thresholds\":[" + numbers.map { ByteText("0.\($0)") }.joined(",") + "]}"
        }
        for (index, numbers) in [101..<117, 117..<133, 133..<149, 149..<165].enumerated() {
            let call = WebhookCalls.create("whsub_\(index)", asks: asks(numbers))
            #expect(try await self.create(call).answer.word == "CREATED")
        }
        try await self.create(WebhookCalls.create("whsub_9", asks: asks(165..<166))).expectUnchanged(.reply("TOO_MANY"))
        #expect(try await self.create(WebhookCalls.create("whsub_9", asks: asks(102..<108))).answer.word == "CREATED")
        try await self.update(WebhookCalls.update(asks: asks(165..<166), id: "whsub_9"))
            .expectUnchanged(.reply("TOO_MANY"))
    }

    @Test("A subscription is read with what became of its deliveries, alone, of its owner and of the whole shard")
    func reads() async throws {
        try await self.scene.openTenant()
        for id: ByteText in ["whsub_1", "whsub_2", "whsub_3"] {
            _ = try await self.create(WebhookCalls.create(id))
            try await self.scene.setClock(Scene.startMs)
        }
        try await self.scene.harness.command(
            "HSET", self.scene.key("wf:whsub_2"), "failures", "3", "triggered_ms", "4", "success_ms", "5")
        let got = try await self.scene.observe("webhooks/get_subscription", ["tag": "", "id": "whsub_2"])
        got.expectUnchanged(.reply("SUBSCRIPTION", "A", .bytes(WebhookCalls.row()), "3", "4", "5", ""))
        let missing = try await self.scene.observe("webhooks/get_subscription", ["tag": "", "id": "whsub_9"])
        missing.expectUnchanged(.reply("NOT_FOUND"))
        try await self.scene.harness.command("HDEL", self.scene.key("wh"), "whsub_3")
        for owner: ByteText in ["acme", ""] {
            let seen = try await self.scene.observe(
                "webhooks/list_subscriptions", keys: [Scene.prefix], WebhookCalls.list(owner))
            let fields = (0..<seen.answer.fields.count).map { seen.answer.text($0) }
            let place = ByteText(Scene.startMs)
            let row = WebhookCalls.row()
            #expect(
                fields == ["0", place, place, "whsub_1", "acme", row] + self.unknownFacts
                    + [place, "whsub_2", "acme", row, "3", "4", "5", ""] + [place, "whsub_3", "acme", ""]
                    + self.unknownFacts)
            #expect(seen.changes == [])
        }
        let page = try await self.scene.harness.run(
            "webhooks/list_subscriptions", keys: [Scene.prefix],
            WebhookCalls.list("", "desc", from: "+inf", offset: 1, limit: 1))
        #expect(page.text(0) == "1" && page.text(3) == "whsub_2")
    }

    @Test("Whoever matches events reads an owner's rows in pages, and nothing while the tag is the same")
    func known() async throws {
        let read = { (arguments: ScriptArguments) in
            try await self.scene.observe("webhooks/subscriptions", arguments)
        }
        try await read(WebhookCalls.known()).expectUnchanged(.reply("ROWS", "", 0))
        try await self.scene.openTenant()
        for id: ByteText in ["whsub_1", "whsub_2", "whsub_3"] { _ = try await self.create(WebhookCalls.create(id)) }
        let tag = Scene.tag(changes: 3)
        let row = ScriptField.bytes(WebhookCalls.row())
        try await read(WebhookCalls.known("A1", limit: 2)).expectUnchanged(
            .reply("ROWS", .bytes(tag), 1, "whsub_1", row, "", "whsub_2", row, ""))
        try await read(WebhookCalls.known("A1", offset: 2, limit: 2)).expectUnchanged(
            .reply("ROWS", .bytes(tag), 0, "whsub_3", row, ""))
        try await read(WebhookCalls.known(tag)).expectUnchanged(.reply("SAME"))
    }

    @Test("106: since when a subscription is active is known to whoever matches events, from each return to use on")
    func activeSince() async throws {
        try await self.scene.openTenant()
        _ = try await self.create()
        var row = WebhookCalls.row()
        func since() async throws -> ByteText {
            try await self.scene.run("webhooks/subscriptions", WebhookCalls.known()).text(4)
        }
        for (step, letter) in (["P", "A", "A", "D", "A"] as [ByteText]).enumerated() {
            let now = Scene.startMs + Int64(step) + 1
            try await self.scene.setClock(now)
            let content = WebhookCalls.content("{\"url\":\"https://x/\(step)\"}")
            #expect(
                try await self.update(WebhookCalls.update(row, letter: letter, content: content)).answer.word
                    == "UPDATED")
            row = WebhookCalls.row(letter, content, updatedMs: now)
            let expected = ["", ByteText(Scene.startMs + 2), ByteText(Scene.startMs + 2), "", ByteText(now)]
            #expect(try await since() == expected[step], "\(step)")
        }
    }

    @Test("57: with its tenant a subscription is disabled once, audited and announced, and asks for nothing more")
    func closing() async throws {
        try await self.scene.openTenantWithKeys(1, lifetimeMs: 1_000_000_000)
        for (index, letter) in ["A", "P", "D"].enumerated() {
            let id: ByteText = "whsub_\(index)"
            _ = try await self.create(WebhookCalls.create(id, asks: "{\"resources\":true}"))
            let content = WebhookCalls.content
            if letter != "A" {
                let call = WebhookCalls.update(letter: ByteText(letter), content: content, asks: "", id: id)
                #expect(try await self.update(call).answer.word == "UPDATED")
            }
        }
        #expect(try await self.scene.run("admin/update_tenant", TenantCalls.update(to: "C")).word == "UPDATED")
        let before = try await self.scene.bodies("e").count
        let step: ScriptArguments = ["limit": "100", "keep_ms": "86400000"]
        #expect(try await self.scene.run("admin/close_step", step) == .reply("STEP", 3, 0, 0))
        let events = try await self.scene.bodies("e").dropFirst(before)
        let wanted = zip(["whsub_0", "whsub_1"], ["ACTIVE", "PAUSED"]).map { id, prior in
            "webhook.disabled_via_tenant_cascade {\"subscription_id\":\"\(id)\",\"prior_status\":\"\(prior)\","
                + "\"new_status\":\"DISABLED\",\"cascade_reason\":\"tenant_closed\"}"
        }
        #expect(events.map { "\($0[2].plain) \($0[4].plain)" }.prefix(2).elementsEqual(wanted))
        #expect(events.last?[2] == "api_key.revoked_via_tenant_cascade")
        let entries = try await self.scene.bodies("a").map { $0[2].plain }
        #expect(entries.filter { $0.contains("\"resource_type\":\"webhook\"") }.count == 2)
        let after = try await self.scene.harness.snapshot()
        #expect(after.hash(self.scene.key("wh")).values.allSatisfy { $0.part(0) == "D" })
        #expect(after.hash(self.scene.key("p"))["hooks"] == nil && after.hash(self.scene.key("wk")).isEmpty)
        try await self.scene.observe("admin/close_step", step).expectUnchanged(.reply("STEP", 0, 0, 0))
    }

    @Test("A row that cannot be read is left and named when its tenant closes")
    func corruptRow() async throws {
        try await self.scene.openTenantWithKeys(1, lifetimeMs: 1_000_000_000)
        _ = try await self.create()
        try await self.scene.harness.command("HSET", self.scene.key("wh"), "whsub_1", "nonsense")
        #expect(try await self.scene.run("admin/update_tenant", TenantCalls.update(to: "C")).word == "UPDATED")
        let step: ScriptArguments = ["limit": "100", "keep_ms": "86400000"]
        #expect(try await self.scene.run("admin/close_step", step) == .reply("STEP", 1, 1, 0, "whsub_1"))
    }
}

@Suite("webhooks/get_security, set_security", .privateRedis, .serialized)
struct WebhookSecurityScriptTests {
    let scene: Scene

    init() async throws { self.scene = try await Scene() }

    @Test("What is set is read, and the answer tells what was there before")
    func setting() async throws {
        let keys = [WebhookCalls.security]
        let empty = try await self.scene.observe("webhooks/get_security", keys: keys, [:])
        empty.expectUnchanged(.reply("SECURITY", ""))
        let set = try await self.scene.observe("webhooks/set_security", keys: keys, ["json": "{}"])
        #expect(set.answer == .reply("SET", ""))
        set.expectChanges([WebhookCalls.security: .string("{}")])
        let again = try await self.scene.observe("webhooks/set_security", keys: keys, ["json": "{}"])
        again.expectUnchanged(.reply("SET", "{}"))
        let read = try await self.scene.observe("webhooks/get_security", keys: keys, [:])
        read.expectUnchanged(.reply("SECURITY", "{}"))
    }
}
