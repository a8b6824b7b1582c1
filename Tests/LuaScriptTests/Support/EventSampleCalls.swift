// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// Calls of the scripts of the event log, of the overview and of bulk actions.
extension SampleCall {
    static let bulkClaim: ScriptArguments = [
        "h": mark("h"), "fingerprint": mark("f1"), "token": mark("t1"), "lease_ms": "15000",
    ]

    static func bulkPlan(_ plan: ByteText = "{}", token: ByteText = mark("t1")) -> ScriptArguments {
        ["h": mark("h"), "token": token, "plan": plan]
    }

    static func bulkFinish(_ answer: ByteText = "{\"a\":1}", token: ByteText = mark("t1")) -> ScriptArguments {
        ["h": mark("h"), "token": token, "answer": answer]
    }

    static func eventPage(
        tag: ByteText = "", log: ByteText = "tenant", order: ByteText = "desc", from: ByteText = "+inf",
        until: ByteText = "-inf", offset: ByteText = "0", limit: ByteText = "10", types: [ByteText] = []
    ) -> ScriptArguments {
        ScriptArguments(
            [
                "tag": tag, "log": log, "order": order, "from": from, "until": until, "offset": offset,
                "limit": limit,
            ], rest: types)
    }

    private static func bulkKey(_ scene: Scene) -> [ByteText] { [scene.shardKey("bk:" + mark("h"))] }

    private static func claimed(_ scene: Scene, _ next: ScriptArguments) async throws -> ScriptArguments {
        let answer = try await scene.harness.run("admin/bulk_claim", keys: [Scene.prefix], bulkClaim)
        #expect(answer == .reply("CLAIMED", ""))
        return next
    }

    static let bulk = [
        SampleCall(
            script: "admin/bulk_claim", word: "CLAIMED", again: "CLAIMED", keys: { _ in [Scene.prefix] },
            typed: bulkKey, arrange: { _ in bulkClaim }),
        SampleCall(
            script: "admin/bulk_plan", word: "PLANNED", again: "PLANNED", keys: { _ in [Scene.prefix] },
            typed: bulkKey, arrange: { try await claimed($0, bulkPlan()) }),
        SampleCall(
            script: "admin/bulk_finish", word: "DONE", again: "DONE", keys: { _ in [Scene.prefix] },
            typed: bulkKey, arrange: { try await claimed($0, bulkFinish()) }),
        SampleCall(
            script: "admin/bulk_finish", variant: "of what was refused", word: "DONE", again: "DONE",
            keys: { _ in [Scene.prefix] }, typed: bulkKey, arrange: { try await claimed($0, bulkFinish("")) }),
    ]

    static let eventReading = [
        SampleCall(
            script: "events/page", word: "ROWS", again: "ROWS", typed: { [$0.tenantKey, $0.key("el")] },
            arrange: { scene in
                try await openTenant(scene)
                return eventPage(tag: "A1")
            }),
        SampleCall(
            script: "events/get", word: "EVENT", again: "EVENT", keys: { _ in [Scene.prefix] },
            typed: { [$0.shardKey("e:5")] },
            arrange: { scene in
                try await scene.harness.command("SET", scene.shardKey("e:5"), "body")
                return ["seq": "5"]
            }),
        SampleCall(
            script: "events/recent", word: "RECENT", again: "RECENT", keys: { _ in [Scene.prefix] },
            typed: { [$0.shardKey("el")] },
            arrange: { scene in
                try await openTenant(scene)
                return ["since": "0", "before": "+inf", "denials": "10", "expiries": "10"]
            }),
        SampleCall(
            script: "admin/tenant_facts", word: "FACTS", again: "FACTS", keys: { _ in [Scene.prefix] },
            typed: { [$0.shardKey("tenants")] },
            arrange: { scene in
                try await openTenant(scene)
                return ["rank": "0"]
            }),
        SampleCall(
            script: "admin/webhook_facts", word: "FACTS", again: "FACTS", keys: { _ in [Scene.prefix] },
            typed: { [$0.shardKey("whl")] },
            arrange: { _ in ["rank": "0"] }),
    ]
}
