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

    /// Refusals of which the last was only counted.
    static let telling = [
        SampleCall(
            script: "budget/tell_denials", word: "EXPIRED", again: "EXPIRED",
            typed: { [$0.key("dn"), $0.shardKey("due")] + events($0) },
            arrange: { scene in
                try await scene.openTenant()
                try await scene.write(Ledger(10), Paths.root)
                for number in 0..<12 {
                    var call = ReserveCall()
                    call.id = mark("d\(number)")
                    call.path = Paths.root
                    call.telling = "\n{}"
                    #expect(try await scene.run("budget/reserve", call.arguments()).word == "DENIED")
                }
                try await scene.setClock(Scene.startMs + 1_000)
                return ["limit": "10"]
            })
    ]

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

    /// What is booked without a reservation.
    static let charging = [
        SampleCall(
            script: "budget/charge", word: "CHARGED", again: "REPLAYED",
            typed: { [$0.tenantKey, $0.shardKey("v:" + mark("v1"))] + allLedgers($0) },
            arrange: { scene in
                try await scene.openTenant()
                for path in Paths.all { try await scene.write(Ledger(1000), path) }
                return ChargeCall().arguments()
            }),
        SampleCall(
            script: "budget/charge", variant: "short of room", word: "CHARGED", again: "REPLAYED",
            typed: { [$0.tenantKey, $0.shardKey("v:" + mark("v1")), $0.key("due")] + allLedgers($0) },
            arrange: { scene in
                _ = try await scene.placeInThreeScopes(Ledger(150))
                return ChargeCall().arguments()
            }),
    ]

    private static func allLedgers(_ scene: Scene) -> [ByteText] { Paths.all.map { scene.ledgerKey($0) } }

    /// What a list of reservations reads.
    static let listing = [
        SampleCall(
            script: "budget/rows", word: "ROWS", again: "ROWS",
            typed: { [$0.tenantKey, $0.key("n"), $0.key("d0"), $0.chunkKey(0)] },
            arrange: { scene in
                _ = try await scene.placeInThreeScopes()
                return ["tag": "A1", "order": "desc", "from": "", "count": "10"]
            }),
        SampleCall(
            script: "budget/trim_rows", word: "TRIMMED", again: "TRIMMED",
            typed: { scene in ["n", "d0", "dk", "sk", "sp", "sn", "d:0000000"].map { scene.key($0) } },
            arrange: { scene in
                let directory = TestDirectory(scene: scene)
                try await scene.openTenant()
                try await directory.fill(0)
                try await directory.path(0, Paths.root, usedIn: 0)
                try await directory.count(1_000)
                return ["keep_ms": ByteText(TestDirectory.keepMs), "from": "new"]
            }),
        SampleCall(
            script: "budget/paths", word: "PATHS", again: "PATHS", typed: { [$0.key("sn")] },
            arrange: { scene in
                _ = try await scene.placeInThreeScopes()
                return ScriptArguments([:], rest: ["0"])
            }),
        SampleCall(
            script: "budget/records", word: "RECORDS", again: "RECORDS",
            typed: { [$0.tenantKey, $0.shardKey("r:" + mark("h1"))] },
            arrange: { scene in
                let placed = try await scene.placeInThreeScopes()
                return ScriptArguments(["tag": "A1", "room": "1000"], rest: [placed.id])
            }),
    ]
}
