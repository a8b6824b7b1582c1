// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// Calls of scripts that workers make by themselves.
extension SampleCall {
    static let housekeeping = [
        SampleCall(
            script: "events/append", word: "TOLD", again: "TOLD", typed: { [$0.key("an")] + journal($0) },
            arrange: { _ in HousekeepingCalls.append() }),
        SampleCall(
            script: "events/trim", word: "TRIMMED", again: "TRIMMED", keys: { _ in [Scene.prefix] },
            typed: { [$0.shardKey("el"), $0.shardKey("al"), $0.shardKey("out")] }, arrange: { _ in ["limit": "10"] }),
        SampleCall(
            script: "admin/expire_keys", word: "EXPIRED", again: "EXPIRED",
            typed: { [$0.key("kx"), $0.key("keys"), $0.shardKey("due")] + events($0) },
            arrange: { scene in
                try await scene.openTenantWithKeys()
                try await scene.setClock(Scene.startMs + 5_000)
                return ["limit": "10"]
            }),
        SampleCall(
            script: "webhooks/spread_hooks", word: "SPREAD", again: "SPREAD",
            typed: { [$0.tenantKey, $0.key("wk"), $0.key("wc"), $0.key("p"), $0.shardKey("due")] },
            arrange: { scene in
                try await openTenant(scene)
                return ["asks": "{\"thresholds\":[0.5]}"]
            }),
        SampleCall(
            script: "webhooks/operator_hooks", word: "HOOKS", again: "HOOKS", typed: { [$0.key("p")] },
            arrange: { _ in [:] }),
        SampleCall(
            script: "budget/burn_rates", word: "EXPIRED", again: "EXPIRED",
            typed: { [$0.key("p"), $0.key("ba"), $0.shardKey("due")] + events($0) },
            arrange: { scene in
                try await HousekeepingCalls.burn(scene)
                return [:]
            }),
        SampleCall(
            script: "sweep/oldest", word: "OLDEST", again: "OLDEST", keys: { _ in [Scene.prefix] },
            typed: { [$0.shardKey("due")] }, arrange: { _ in [:] }),
        SampleCall(
            script: "sweep/tenants", word: "TENANTS", again: "TENANTS", keys: { _ in [Scene.prefix] },
            typed: { [$0.shardKey("tenants")] },
            arrange: { scene in
                try await openTenant(scene)
                return ["offset": "0", "limit": "10"]
            }),
    ]
}

enum HousekeepingCalls {
    static func append(_ reason: ByteText = "key_not_found", more: Int64 = 0) -> ScriptArguments {
        [
            "type": "api_key.auth_failed", "reason": reason, "context": "{\"a\":1}", "payload": "{\"b\":2}",
            "more": ByteText(more),
        ]
    }

    /// A tenant whose subscriptions ask for burn rates over five minutes, and a budget that spent 10 a minute for an
    /// hour and then `recent` a minute.
    static func burn(_ scene: Scene, recent: Int64 = 100, minutes: Int64 = 65) async throws {
        try await scene.openTenant()
        try await scene.write(Ledger(100_000), Paths.root)
        let asks: ByteText = "{\"burn\":[{\"multiplier\":3,\"window_s\":300}]}"
        try await scene.harness.command("HSET", scene.key("p"), "hooks", asks)
        let minute = Scene.startMs / 60_000
        for back in 1...minutes {
            let amount = ByteText(back > 5 ? 10 : recent)
            try await scene.harness.command(
                "HSET", scene.key("br:" + ByteText(minute - Int64(back))), Paths.root + "\0U", amount)
        }
    }
}
