// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("admin/lookup_budget, scan_budgets, scan_shard_budgets, read_budgets", .privateRedis, .serialized)
struct ScanBudgetsTests {
    var scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.open("acme")
    }

    /// A tenant in the shard's list of tenants.
    private func open(_ tenant: ByteText, atMs: Int64 = 1) async throws {
        var scene = self.scene
        scene.tenant = tenant
        try await scene.openTenant()
        try await scene.harness.command("ZADD", scene.shardKey("tenants"), ByteText(atMs), tenant)
    }

    /// A ledger with its terms and directory entry.
    private func add(_ path: ByteText, _ unit: ByteText = "U", _ ledger: Ledger = Ledger(1)) async throws {
        var scene = self.scene
        scene.tenant = path.split(UInt8(ascii: "/"))[0].dropping("tenant:".utf8.count)
        try await scene.openLedgers([path: ledger], unit: unit)
        try await scene.harness.command("SET", scene.key("lt:" + unit + ":" + path), "terms of " + path + unit)
        try await scene.harness.command("ZADD", scene.key("bud"), "0", path + "\0" + unit)
    }

    private func scan(_ arguments: ScriptArguments) async throws -> Observation {
        try await self.scene.observe("admin/scan_budgets", arguments)
    }

    private func scanShard(_ arguments: ScriptArguments) async throws -> Observation {
        try await self.scene.observe("admin/scan_shard_budgets", keys: [Scene.prefix], arguments)
    }

    private func rows(_ head: [ScriptField], _ rows: [(path: ByteText, unit: ByteText)]) -> ScriptAnswer {
        let fields = rows.flatMap { [ScriptField.bytes($0.path + "\0" + $0.unit), .bytes(Ledger(1).text)] }
        return .reply("ROWS", head + fields)
    }

    private let root: ByteText = "tenant:acme"
    private let a: ByteText = "tenant:acme/agent:a"
    private let b: ByteText = "tenant:acme/agent:b"

    @Test("Ledgers come in either order, bounded by room, after an entry, within a prefix, of a unit")
    func scans() async throws {
        try await self.scan(AdminCalls.scan()).expectUnchanged(self.rows([0, 0, ""], []))
        for path in [self.root, self.a, self.b] { try await self.add(path) }
        try await self.add(self.a, "T")
        let (root, a, b) = (self.root, self.a, self.b)
        let all: [(path: ByteText, unit: ByteText)] = [(root, "U"), (a, "T"), (a, "U"), (b, "U")]
        for (arguments, head, expected) in [
            (AdminCalls.scan(), [0, 4, .bytes(b + "\0U")], all),
            (AdminCalls.scan(tag: ""), [0, 4, .bytes(b + "\0U")], all),
            (AdminCalls.scan(order: "desc"), [0, 4, .bytes(root + "\0U")], all.reversed()),
            (AdminCalls.scan(room: 2), [1, 2, .bytes(a + "\0T")], Array(all.prefix(2))),
            (AdminCalls.scan(after: a + "\0T", room: 2), [1, 2, .bytes(b + "\0U")], Array(all.suffix(2))),
            (
                AdminCalls.scan(order: "desc", after: a + "\0T"), [0, 1, .bytes(root + "\0U")], [(root, "U")]
            ),
            (AdminCalls.scan(within: a), [0, 2, .bytes(a + "\0U")], [(a, "T"), (a, "U")]),
            (AdminCalls.scan(order: "desc", within: a), [0, 2, .bytes(a + "\0T")], [(a, "U"), (a, "T")]),
            (AdminCalls.scan(within: root + "/"), [0, 3, .bytes(b + "\0U")], Array(all.suffix(3))),
            (AdminCalls.scan(within: "tenant:other"), [0, 0, ""], []),
            (AdminCalls.scan(unit: "T"), [0, 4, .bytes(b + "\0U")], [(a, "T")]),
            (AdminCalls.scan(unit: "C", room: 3), [1, 3, .bytes(a + "\0U")], []),
        ] as [(ScriptArguments, [ScriptField], [(path: ByteText, unit: ByteText)])] {
            try await self.scan(arguments).expectUnchanged(self.rows(head, expected))
        }
    }

    @Test("Stale tags and reservations that wait to be expired come first")
    func staleAndBehind() async throws {
        try await self.add(self.root)
        let calls =
            [
                ("admin/scan_budgets", { AdminCalls.scan(tag: $0, caughtUpMs: $1) }),
                ("admin/lookup_budget", { AdminCalls.lookup(tag: $0, caughtUpMs: $1) }),
            ] as [(String, (ByteText, Int64) -> ScriptArguments)]
        try await self.scene.harness.command("ZADD", self.scene.key("due"), ByteText(Scene.startMs - 1), mark("h1"))
        for (script, call) in calls {
            try await self.scene.observe(script, call("A2", 0)).expectUnchanged(.reply("STALE", "A1"))
            for tag: ByteText in ["A1", ""] {
                try await self.scene.observe(script, call(tag, 0)).expectUnchanged(.reply("BEHIND"))
                try await self.scene.observe(script, call(tag, Scene.startMs)).expectUnchanged(.reply("BEHIND"))
                let word = try await self.scene.run(script, call(tag, Scene.startMs - 1)).word
                #expect(["ROWS", "FOUND"].contains(word))
            }
        }
    }

    @Test("A look-up gives the ledger and its terms")
    func lookup() async throws {
        try await self.add(self.a, "T", Ledger(.max, debt: 5, flags: "FOr"))
        func look(_ path: ByteText, _ unit: ByteText) async throws -> Observation {
            try await self.scene.observe("admin/lookup_budget", AdminCalls.lookup(path, unit: unit))
        }
        try await look(self.a, "T").expectUnchanged(
            .reply(
                "FOUND", .bytes(Ledger(.max, debt: 5, flags: "FOr").text), .bytes("terms of " + self.a + "T")))
        try await look(self.a, "U").expectUnchanged(.reply("NO_BUDGET"))
        try await look(self.b, "T").expectUnchanged(.reply("NO_BUDGET"))
    }

    @Test("A shard's tenants are gone through one after the other, from where the last call ended")
    func shard() async throws {
        try await self.open("bare", atMs: 2)
        try await self.open("zeta", atMs: 3)
        try await self.scanShard(AdminCalls.scanShard()).expectUnchanged(self.rows([0, 3, "", ""], []))
        let zeta: ByteText = "tenant:zeta"
        for path in [self.b, self.a, zeta] { try await self.add(path) }
        let (a, b) = (self.a, self.b)
        for (arguments, expected) in [
            (AdminCalls.scanShard(), [a, b, zeta]),
            (AdminCalls.scanShard(tenant: "acme", after: a + "\0U"), [b, zeta]),
            (AdminCalls.scanShard(tenant: "bare"), [zeta]), (AdminCalls.scanShard(within: b), [b]),
            (AdminCalls.scanShard(unit: "T"), []), (AdminCalls.scanShard(tenant: "zeta", after: zeta + "\0U"), []),
        ] as [(ScriptArguments, [ByteText])] {
            let answer = try await self.scanShard(arguments).answer
            let seen = stride(from: 4, to: answer.fields.count, by: 2).map { answer.text($0) }
            #expect(seen == expected.map { $0 + "\0U" })
            #expect(answer.fields[0] == 0)
        }
        try await self.scanShard(AdminCalls.scanShard(tenant: "gone")).expectFailure("CORRUPT")
    }

    @Test("No call reads more than a thousand tenants and entries, and nothing is left out or repeated")
    func bounded() async throws {
        let fill = """
            for t = 0, 1499 do
                local name = string.format('t%04d', t)
                redis.call('ZADD', KEYS[1] .. 'tenants', 10 + t, name)
                if t % 500 == 0 then
                    for i = 1, 700 do
                        local path = string.format('tenant:%s/agent:a%04d', name, i)
                        redis.call('ZADD', KEYS[1] .. 't:' .. name .. ':bud', 0, path .. '\\0U')
                        redis.call('SET', KEYS[1] .. 't:' .. name .. ':l:U:' .. path, '1 0 0 0 0 0')
                    end
                end
            end
            return {}
            """
        _ = try await self.scene.harness.evaluate(fill, keys: [Scene.prefix])
        var (tenant, after): (ByteText, ByteText) = ("", "")
        var seen: [ByteText] = []
        var calls = 0
        repeat {
            let answer = try await self.scanShard(AdminCalls.scanShard(tenant: tenant, after: after)).answer
            calls += 1
            #expect((answer.text(1).number ?? 0) <= 1_001)
            seen += stride(from: 4, to: answer.fields.count, by: 2).map { answer.text($0) }
            (tenant, after) = (answer.text(2), answer.text(3))
            if answer.text(0) == "0" { break }
        } while calls < 20
        #expect(seen.count == 2_100 && Set(seen).count == 2_100)
        #expect(calls == 4)
    }

    @Test("Ledgers of several tenants are read in one call; one that is not there is empty")
    func reads() async throws {
        try await self.open("zeta", atMs: 3)
        for path in [self.a, "tenant:zeta"] { try await self.add(path, "T") }
        func read(_ entries: [ByteText]) async throws -> Observation {
            try await self.scene.observe(
                "admin/read_budgets", keys: [Scene.prefix], ScriptArguments([:], rest: entries))
        }
        try await read([]).expectUnchanged(.reply("LEDGERS"))
        let expected = ["tenant:zeta", self.a].flatMap { path in
            [ScriptField.bytes(Ledger(1).text), .bytes("terms of " + path + "T")]
        }
        try await read(["tenant:zeta\0T", self.a + "\0T"]).expectUnchanged(.reply("LEDGERS", expected))
        for entry: ByteText in [self.a + "\0U", "tenant:gone\0T"] {
            try await read(["tenant:zeta\0T", entry]).expectUnchanged(
                .reply("LEDGERS", Array(expected.prefix(2)) + ["", ""]), "\(entry)")
        }
        for entry: ByteText in ["workspace:a\0T", "tenant:acme"] {
            try await read([entry]).expectFailure("CORRUPT", "\(entry)")
        }
    }

    @Test("A directory entry without ledger, or that is no entry, is corrupt; over all tenants it has an empty text")
    func corrupt() async throws {
        for entry: ByteText in ["tenant:acme\0U", "tenant:acme", "tenant:acme\0u", "tenant:acme\0U\0U"] {
            try await self.scene.harness.command("DEL", self.scene.key("bud"))
            try await self.scene.harness.command("ZADD", self.scene.key("bud"), "0", entry)
            try await self.scan(AdminCalls.scan()).expectFailure("CORRUPT", "\(entry)")
            try await self.scanShard(AdminCalls.scanShard()).expectUnchanged(
                .reply("ROWS", [0, 2, "", "", .bytes(entry), ""]), "\(entry)")
        }
    }
}
