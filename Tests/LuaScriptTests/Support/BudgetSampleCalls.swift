// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

extension SampleCall {
    /// A tenant with the ledger of its root scope, both made by the real scripts.
    private static func openBudget(_ scene: Scene) async throws {
        try await openTenant(scene)
        #expect(try await scene.run("admin/create_budget", AdminCalls.createBudget()).word == "CREATED")
    }

    private static func ledger(_ scene: Scene) -> [ByteText] {
        [scene.tenantKey, scene.ledgerKey(Paths.root), scene.key("lt:U:" + Paths.root)]
    }

    /// What the admin plane does with ledgers that are there.
    static let adminBudgets =
        [("C", "credit"), ("R", "reset"), ("S", "reset of what is spent"), ("P", "repayment"), ("D", "debit")].map {
            letter, variant in
            SampleCall(
                script: "admin/fund_budget", variant: variant, word: "FUNDED", again: "REPLAYED",
                typed: { ledger($0) + [$0.key("i:" + mark("fund"))] + journal($0) },
                arrange: { scene in
                    try await openBudget(scene)
                    return AdminCalls.fund(5, operation: ByteText(letter))
                })
        } + [
            SampleCall(
                script: "admin/fund_budget", variant: "debit of more than remains", word: "SHORT", again: "SHORT",
                typed: { [$0.tenantKey, $0.ledgerKey(Paths.root), $0.key("due")] },
                arrange: { scene in
                    try await openBudget(scene)
                    return AdminCalls.fund(5_000, operation: "D")
                }),
            SampleCall(
                script: "admin/update_budget", word: "UPDATED", again: "UPDATED", typed: { ledger($0) + journal($0) },
                arrange: { scene in
                    try await openBudget(scene)
                    return AdminCalls.update(limit: "700", policy: "r", metadata: "{\"a\":1}")
                }),
            SampleCall(
                script: "admin/freeze_budget", word: "CHANGED", again: "ALREADY",
                typed: { ledger($0) + journal($0) },
                arrange: { scene in
                    try await openBudget(scene)
                    return AdminCalls.freeze("F")
                }),
            SampleCall(
                script: "admin/lookup_budget", word: "FOUND", again: "FOUND", typed: { ledger($0) + [$0.key("due")] },
                arrange: { scene in
                    try await openBudget(scene)
                    return AdminCalls.lookup()
                }),
            SampleCall(
                script: "admin/scan_budgets", word: "ROWS", again: "ROWS",
                typed: { [$0.tenantKey, $0.key("bud"), $0.key("due")] },
                arrange: { scene in
                    try await openBudget(scene)
                    return AdminCalls.scan()
                }),
            SampleCall(
                script: "admin/scan_shard_budgets", word: "ROWS", again: "ROWS", keys: { _ in [Scene.prefix] },
                typed: { [$0.shardKey("tenants"), $0.key("bud")] },
                arrange: { scene in
                    try await openBudget(scene)
                    return AdminCalls.scanShard()
                }),
            SampleCall(
                script: "admin/read_budgets", word: "LEDGERS", again: "LEDGERS", keys: { _ in [Scene.prefix] },
                typed: { _ in [] },
                arrange: { scene in
                    try await openBudget(scene)
                    return ScriptArguments([:], rest: [Paths.root + "\0U"])
                }),
        ]
}
