// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// One call of a script that succeeds, and what is known about its keys: the tests of a whole catalogue walk over
/// these.
struct SampleCall: Sendable, CustomTestStringConvertible {
    let script: String
    /// Tells several calls of one script apart.
    var variant = ""
    /// What it answers.
    let word: ByteText
    /// What the same call answers when sent again, changing nothing.
    let again: ByteText
    /// KEYS, unless they are the shard's prefix and the tenant.
    var keys: (@Sendable (Scene) -> [ByteText])?
    /// Keys that must not hold another type: the call is an error then, before anything is changed.
    let typed: @Sendable (Scene) -> [ByteText]
    /// Prepares an empty database and returns the arguments.
    let arrange: @Sendable (Scene) async throws -> ScriptArguments

    var testDescription: String { self.variant.isEmpty ? self.script : "\(self.script), \(self.variant)" }

    /// Runs the call.
    func observe(_ scene: Scene, _ arguments: ScriptArguments) async throws -> Observation {
        try await scene.observe(self.script, keys: self.keys?(scene) ?? scene.keys, arguments)
    }

    static let all =
        admin + tenants + adminBudgets + budget + charging + settling + operating + reading
        + listing + locks + telling + bulk + eventReading + webhooks + housekeeping + deliveries

    /// Keys of every script that writes an event.
    static func events(_ scene: Scene) -> [ByteText] {
        [scene.shardKey("seq"), scene.shardKey("out"), scene.key("el"), scene.shardKey("el")]
    }

    /// Keys of every script that writes an event and an audit entry.
    static func journal(_ scene: Scene) -> [ByteText] {
        events(scene) + [scene.key("al"), scene.shardKey("al")]
    }

    /// Arguments of `budget/balances` for all ledgers.
    static let balances: ScriptArguments = ["tag": "A1", "after": "", "limit": "10", "caught_up_ms": "0"]

    private static func ledgers(_ scene: Scene) -> [ByteText] { Paths.all.map { scene.ledgerKey($0) } }

    /// A tenant made by the real script.
    static func openTenant(_ scene: Scene) async throws {
        #expect(try await scene.run("admin/create_tenant", AdminCalls.createTenant).word == "CREATED")
        try await scene.openTenant("A1")
    }

    private static let admin = [
        SampleCall(
            script: "admin/install", word: "INSTALLED", again: "INSTALLED", keys: { _ in ["hf:install"] },
            typed: { _ in ["hf:install"] }, arrange: { _ in ["shards": "4", "salt": "salt"] }),
        SampleCall(
            script: "admin/create_tenant", word: "CREATED", again: "CREATED",
            typed: { scene in
                [scene.tenantKey, scene.key("p"), scene.key("n"), scene.shardKey("tenants")]
                    + Self.journal(scene)
            }, arrange: { _ in AdminCalls.createTenant }),
        SampleCall(
            script: "admin/note", word: "NOTED", again: "NOTED",
            typed: { [$0.shardKey("seq"), $0.key("al"), $0.shardKey("al")] },
            arrange: { _ in ["entry": "{\"operation\":\"getReservation\"}"] }),
        SampleCall(
            script: "admin/create_tenant", variant: "that exists", word: "EXISTS", again: "EXISTS",
            typed: { [$0.tenantKey, $0.key("p"), $0.key("al")] },
            arrange: { scene in
                try await Self.openTenant(scene)
                var call = AdminCalls.createTenant
                call["entry"] = "{\"op\":\"another request\"}"
                return call
            }),
        SampleCall(
            script: "admin/create_key", word: "CREATED", again: "CREATED",
            typed: { scene in
                [
                    scene.tenantKey, scene.key("keys"), scene.key("kl"), scene.shardKey("kl"), scene.shardKey("ids"),
                    scene.key("kx"), scene.shardKey("due"),
                ] + Self.journal(scene)
            },
            arrange: { scene in
                try await Self.openTenant(scene)
                return AdminCalls.createKey()
            }),
        SampleCall(
            script: "admin/enter_key", word: "ENTERED", again: "ENTERED", keys: { _ in [AdminCalls.entryKey] },
            typed: { _ in [AdminCalls.entryKey] }, arrange: { _ in AdminCalls.enterKey() }),
        SampleCall(
            script: "admin/confirm_key", word: "CONFIRMED", again: "CONFIRMED", keys: { _ in [AdminCalls.entryKey] },
            typed: { _ in [AdminCalls.entryKey] },
            arrange: { scene in
                let entered = try await scene.harness.run(
                    "admin/enter_key", keys: [AdminCalls.entryKey], AdminCalls.enterKey())
                #expect(entered.word == "ENTERED")
                return ["owner": "acme:key_1"]
            }),
        SampleCall(
            script: "admin/create_budget", word: "CREATED", again: "DUPLICATE",
            typed: { scene in
                [
                    scene.tenantKey, scene.ledgerKey(Paths.root), scene.key("lt:U:" + Paths.root), scene.key("bud"),
                ] + Self.journal(scene)
            },
            arrange: { scene in
                try await Self.openTenant(scene)
                return AdminCalls.createBudget()
            }),
        SampleCall(
            script: "admin/fund_budget", word: "FUNDED", again: "REPLAYED",
            typed: { scene in
                [
                    scene.tenantKey, scene.ledgerKey(Paths.root), scene.key("lt:U:" + Paths.root),
                    scene.key("i:" + mark("fund")),
                ] + Self.journal(scene)
            },
            arrange: { scene in
                try await Self.openTenant(scene)
                #expect(try await scene.run("admin/create_budget", AdminCalls.createBudget()).word == "CREATED")
                return AdminCalls.fund(5)
            }),
        SampleCall(
            script: "admin/create_policy", word: "CREATED", again: "CREATED",
            typed: { [$0.tenantKey, $0.key("pol"), $0.shardKey("ids")] + Self.journal($0) },
            arrange: { scene in
                try await Self.openTenant(scene)
                return PolicyCalls.create()
            }),
        SampleCall(
            script: "admin/update_policy", word: "UPDATED", again: "UPDATED",
            typed: { [$0.tenantKey, $0.key("pol")] + Self.journal($0) },
            arrange: { scene in
                try await Self.openTenant(scene)
                #expect(try await scene.run("admin/create_policy", PolicyCalls.create()).word == "CREATED")
                return PolicyCalls.update(row: PolicyCalls.row)
            }),
        SampleCall(
            script: "admin/policies", word: "POLICIES", again: "POLICIES",
            typed: { [$0.tenantKey, $0.key("pol")] },
            arrange: { scene in
                try await Self.openTenant(scene)
                return ["tag": "A1", "policy_id": ""]
            }),
        SampleCall(
            script: "admin/owner", word: "OWNER", again: "OWNER", keys: { _ in [Scene.prefix] },
            typed: { [$0.shardKey("ids")] },
            arrange: { scene in
                try await scene.harness.command("HSET", scene.shardKey("ids"), "pol_1", "acme")
                return ["id": "pol_1"]
            }),
        SampleCall(
            script: "admin/get_setting", word: "SETTING", again: "SETTING", typed: { [$0.tenantKey, $0.key("p")] },
            arrange: { scene in
                try await Self.openTenant(scene)
                return ["field": "limits"]
            }),
        SampleCall(
            script: "admin/set_setting", word: "SET", again: "SET",
            typed: { [$0.tenantKey, $0.key("p")] + Self.journal($0) },
            arrange: { scene in
                try await Self.openTenant(scene)
                return PolicyCalls.set
            }),
        SampleCall(
            script: "admin/audit_page", word: "ROWS", again: "ROWS", typed: { [$0.key("al")] },
            arrange: { scene in
                try await Self.openTenant(scene)
                return PolicyCalls.page()
            }),
        SampleCall(
            script: "admin/authenticate", word: "LOADED", again: "LOADED",
            typed: { [$0.tenantKey, $0.key("p"), $0.key("keys"), $0.key("pol")] },
            arrange: { scene in
                try await Self.openTenant(scene)
                #expect(try await scene.run("admin/create_key", AdminCalls.createKey()).word == "CREATED")
                return ["key_id": "key_1"]
            }),
        SampleCall(
            script: "admin/open_session", word: "GONE", again: "GONE", typed: { [$0.tenantKey, $0.key("keys")] },
            arrange: { scene in
                try await Self.openTenant(scene)
                return OpenSessionTests.arguments(keyID: "key_9")
            }),
    ]

    private static let budget = [
        SampleCall(
            script: "budget/reserve", word: "RESERVED", again: "REPLAYED",
            typed: { scene in
                [
                    scene.tenantKey, scene.shardKey("r:" + mark("h1")), scene.key("due"), scene.key("sp"),
                    scene.key("sn"), scene.key("n"), scene.chunkKey(0), scene.shardKey("due"),
                ] + Self.ledgers(scene)
            },
            arrange: { scene in
                try await scene.openTenant()
                for path in Paths.all { try await scene.write(Ledger(1000), path) }
                return ReserveCall().arguments()
            }),
        SampleCall(
            script: "budget/reserve", variant: "of a path seen before", word: "RESERVED", again: "REPLAYED",
            typed: { scene in
                [
                    scene.tenantKey, scene.shardKey("r:" + mark("h2")), scene.key("due"), scene.key("sp"),
                    scene.key("n"), scene.chunkKey(0), scene.shardKey("due"),
                ] + Self.ledgers(scene)
            },
            arrange: { scene in
                _ = try await scene.placeInThreeScopes()
                var call = ReserveCall()
                call.id = mark("h2")
                return call.arguments()
            }),
        SampleCall(
            script: "budget/reserve", variant: "short of room", word: "DENIED", again: "DENIED",
            typed: { [$0.tenantKey, $0.key("due")] + Self.ledgers($0) },
            arrange: { scene in
                _ = try await scene.placeInThreeScopes(Ledger(150))
                var call = ReserveCall()
                call.id = mark("h2")
                return call.arguments()
            }),
        SampleCall(
            script: "budget/evaluate", word: "EVALUATED", again: "REPLAYED",
            typed: { [$0.tenantKey, $0.shardKey("r:" + mark("h1"))] + Self.ledgers($0) },
            arrange: { scene in
                try await scene.openTenant()
                for path in Paths.all { try await scene.write(Ledger(1000), path) }
                return ReserveCall().evaluation()
            }),
        SampleCall(
            script: "budget/evaluate", variant: "short of room", word: "EVALUATED", again: "REPLAYED",
            typed: { [$0.tenantKey, $0.key("due")] + Self.ledgers($0) },
            arrange: { scene in
                _ = try await scene.placeInThreeScopes(Ledger(150))
                var call = ReserveCall()
                call.id = mark("h2")
                return call.evaluation()
            }),
        SampleCall(
            script: "budget/expire", word: "EXPIRED", again: "EXPIRED",
            typed: { [$0.key("due"), $0.shardKey("due")] + Self.events($0) },
            arrange: { scene in
                let placed = try await scene.placeInThreeScopes()
                try await scene.setClock(placed.record.deadlineMs + 1)
                return ["limit": "10", "keep_ms": "1000000"]
            }),
    ]

    /// Commit, release and extend of a reservation that was extended before, so that every key is there.
    private static let settling = [
        ("budget/commit", "COMMITTED"), ("budget/release", "RELEASED"), ("budget/extend", "EXTENDED"),
    ].flatMap { script, word in
        [false, true].map { isExtended in
            SampleCall(
                script: script, variant: isExtended ? "after an extension" : "", word: ByteText(word),
                again: "REPLAYED",
                typed: { scene in
                    var keys = [
                        scene.tenantKey, scene.shardKey("r:" + mark("h1")), scene.key("due"), scene.chunkKey(0),
                    ]
                    if script == "budget/extend" { keys.append(scene.shardKey("x:" + mark("h1"))) }
                    return script == "budget/extend" ? keys : keys + Self.ledgers(scene)
                },
                arrange: { scene in
                    var call = SettleCall(try await scene.placeInThreeScopes())
                    if isExtended { #expect(try await scene.run("budget/extend", call.extend()).word == "EXTENDED") }
                    call.key = mark("k2")
                    return call.arguments(script)
                })
        }
    }

    /// A release by the operator, which leaves an audit entry.
    private static let operating = [
        SampleCall(
            script: "budget/release", variant: "by the operator", word: "RELEASED", again: "REPLAYED",
            typed: { scene in
                [scene.tenantKey, scene.shardKey("r:" + mark("h1")), scene.key("due"), scene.chunkKey(0)]
                    + Self.journal(scene) + Self.ledgers(scene)
            },
            arrange: { scene in
                var call = SettleCall(try await scene.placeInThreeScopes())
                call.entry = "{}"
                return call.release("")
            })
    ]

    private static let reading = [
        SampleCall(
            script: "budget/get", word: "FOUND", again: "FOUND",
            typed: { [$0.tenantKey, $0.shardKey("r:" + mark("h1"))] },
            arrange: { SettleCall(try await $0.placeInThreeScopes()).arguments("budget/get") }),
        SampleCall(
            script: "budget/owner", word: "FOREIGN", again: "FOREIGN", keys: { _ in [Scene.prefix] },
            typed: { [$0.shardKey("r:" + mark("h1"))] },
            arrange: { scene in
                let placed = try await scene.placeInThreeScopes()
                return ["h": placed.id, "created_ms": ByteText(placed.record.createdMs)]
            }),
        SampleCall(
            script: "budget/balances", word: "ROWS", again: "ROWS",
            typed: { [$0.tenantKey, $0.key("bud"), $0.key("due")] + Self.ledgers($0) },
            arrange: { scene in
                _ = try await scene.placeInThreeScopes()
                for path in Paths.all { try await scene.harness.command("ZADD", scene.key("bud"), "0", path + "\0U") }
                return Self.balances
            }),
        SampleCall(
            script: "sweep/due", word: "DUE", again: "DUE", keys: { _ in [Scene.prefix] },
            typed: { [$0.shardKey("due")] },
            arrange: { scene in
                let placed = try await scene.placeInThreeScopes()
                try await scene.setClock(placed.record.deadlineMs + 1)
                return ["limit": "10", "offset": "0"]
            }),
    ]
}
