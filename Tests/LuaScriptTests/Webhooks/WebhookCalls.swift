// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// Arguments of the scripts for webhook subscriptions.
enum WebhookCalls {
    /// Secrets and terms.
    static let content = Self.content("{\"url\":\"https://x\"}")

    static func content(_ document: ByteText) -> ByteText { ["v1.x.y", document].joined("\0") }

    static func row(
        _ letter: ByteText = "A", _ content: ByteText = Self.content, updatedMs: Int64 = Scene.startMs
    ) -> ByteText {
        [letter, ByteText(Scene.startMs), ByteText(updatedMs), content].joined("\0")
    }

    static func create(
        _ id: ByteText = "whsub_1", tag: ByteText = "", asks: ByteText = "", most: Int = 10
    ) -> ScriptArguments {
        [
            "tag": tag, "id": id, "content": content, "asks": asks, "most": ByteText(most),
            "entry": "{\"op\":\"create\"}", "context": "{}", "payload": "{\"w\":1}",
        ]
    }

    static func update(
        _ row: ByteText = Self.row(), letter: ByteText = "A",
        content: ByteText = Self.content("{\"url\":\"https://y\"}"),
        reset: ByteText = "0", asks: ByteText = "", event: ByteText = "webhook.updated", tag: ByteText = "",
        id: ByteText = "whsub_1"
    ) -> ScriptArguments {
        [
            "tag": tag, "id": id, "row": row, "letter": letter, "content": content, "reset": reset,
            "asks": asks, "entry": "{\"op\":\"update\"}", "context": "{}", "event": event, "payload": "{\"w\":2}",
        ]
    }

    static func delete(
        _ row: ByteText = Self.row(), id: ByteText = "whsub_1", token: ByteText = "request-1", tag: ByteText = ""
    ) -> ScriptArguments {
        [
            "tag": tag, "id": id, "row": row, "entry": "{\"op\":\"delete\"}", "context": "{}", "payload": "{\"w\":3}",
            "token": token,
        ]
    }

    static func list(
        _ owner: ByteText, _ order: ByteText = "asc", from: ByteText = "-inf", offset: Int64 = 0, limit: Int64 = 10,
        tag: ByteText = ""
    ) -> ScriptArguments {
        [
            "tag": tag, "owner": owner, "order": order, "from": from, "offset": ByteText(offset),
            "limit": ByteText(limit),
        ]
    }

    static func known(_ tag: ByteText = "", offset: Int64 = 0, limit: Int64 = 10) -> ScriptArguments {
        ["known": tag, "offset": ByteText(offset), "limit": ByteText(limit)]
    }

    static func reseal(
        _ id: ByteText = "whsub_1", old: ByteText = "v1.x.y", new: ByteText = "v1.z.w"
    ) -> ScriptArguments {
        ["id": id, "old": old, "new": new]
    }

    /// The installation's key of what is allowed of URLs.
    static let security: ByteText = "hf:webhook-security"
}

extension SampleCall {
    /// Calls about webhook subscriptions.
    static let webhooks = [
        SampleCall(
            script: "webhooks/create_subscription", word: "CREATED", again: "CREATED",
            typed: { scene in
                [
                    scene.tenantKey, scene.key("wh"), scene.key("whl"), scene.key("wk"), scene.key("wc"),
                    scene.key("p"),
                    scene.shardKey("whl"), scene.shardKey("ids"),
                ] + Self.journal(scene)
            },
            arrange: { scene in
                try await Self.openTenant(scene)
                return WebhookCalls.create(asks: "{\"thresholds\":[0.5]}")
            }),
        SampleCall(
            script: "webhooks/update_subscription", word: "UPDATED", again: "UPDATED",
            typed: { scene in
                [
                    scene.tenantKey, scene.key("wh"), scene.key("wk"), scene.key("wc"),
                    scene.key("p"), scene.key("wf:whsub_1"),
                ]
                    + Self.journal(scene)
            },
            arrange: { scene in
                try await Self.openSubscription(scene)
                return WebhookCalls.update(asks: "{\"resources\":true}")
            }),
        SampleCall(
            script: "webhooks/delete_subscription", word: "DELETED", again: "DELETED",
            typed: { scene in
                [
                    scene.tenantKey, scene.key("wh"), scene.key("whl"), scene.key("wk"), scene.key("wc"),
                    scene.key("p"),
                    scene.shardKey("whl"), scene.shardKey("ids"),
                ] + Self.journal(scene)
            },
            arrange: { scene in
                try await Self.openSubscription(scene)
                return WebhookCalls.delete()
            }),
        SampleCall(
            script: "webhooks/reseal_subscription", word: "RESEALED", again: "RESEALED",
            typed: { [$0.key("wh")] },
            arrange: { scene in
                try await Self.openSubscription(scene)
                return WebhookCalls.reseal()
            }),
        SampleCall(
            script: "webhooks/get_subscription", word: "SUBSCRIPTION", again: "SUBSCRIPTION",
            typed: { [$0.tenantKey, $0.key("wh")] },
            arrange: { scene in
                try await Self.openSubscription(scene)
                return ["tag": "", "id": "whsub_1"]
            }),
        SampleCall(
            script: "webhooks/list_subscriptions", word: "ROWS", again: "ROWS", keys: { _ in [Scene.prefix] },
            typed: { [$0.key("whl")] },
            arrange: { scene in
                try await Self.openSubscription(scene)
                return WebhookCalls.list("acme")
            }),
        SampleCall(
            script: "webhooks/subscriptions", word: "ROWS", again: "ROWS", typed: { [$0.tenantKey, $0.key("whl")] },
            arrange: { scene in
                try await Self.openSubscription(scene)
                return WebhookCalls.known()
            }),
        SampleCall(
            script: "webhooks/get_security", word: "SECURITY", again: "SECURITY",
            keys: { _ in [WebhookCalls.security] }, typed: { _ in [WebhookCalls.security] }, arrange: { _ in [:] }),
        SampleCall(
            script: "webhooks/set_security", word: "SET", again: "SET", keys: { _ in [WebhookCalls.security] },
            typed: { _ in [WebhookCalls.security] }, arrange: { _ in ["json": "{\"allow_http\":true}"] }),
    ]

    private static func openSubscription(_ scene: Scene) async throws {
        try await Self.openTenant(scene)
        #expect(try await scene.run("webhooks/create_subscription", WebhookCalls.create()).word == "CREATED")
    }
}
