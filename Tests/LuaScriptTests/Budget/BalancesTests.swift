// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("budget/balances", .privateRedis, .serialized)
struct BalancesTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
    }

    private func page(
        after: ByteText = "", limit: Int = 201, _ segments: ByteText..., tag: ByteText = "A1",
        caughtUpMs: ByteText = "0"
    ) async throws -> Observation {
        let named: [String: ByteText] = [
            "tag": tag, "after": after, "limit": ByteText(limit), "caught_up_ms": caughtUpMs,
        ]
        return try await self.scene.observe("budget/balances", ScriptArguments(named, rest: segments))
    }

    /// A ledger with its directory entry.
    private func open(_ path: ByteText, _ unit: ByteText = "U", _ ledger: Ledger = Ledger(1)) async throws {
        try await self.scene.openLedgers([path: ledger], unit: unit)
        try await self.scene.harness.command("ZADD", self.scene.key("bud"), "0", path + "\0" + unit)
    }

    private func rows(
        _ more: Int64, _ last: ByteText, _ rows: [(path: ByteText, unit: ByteText, ledger: Ledger)]
    ) -> ScriptAnswer {
        let fields = rows.flatMap { [$0.path, $0.unit] + $0.ledger.words }.map { ScriptField.bytes($0) }
        return .reply("ROWS", [.integer(more), .bytes(last)] + fields)
    }

    @Test("Ledgers come in the order of path and unit, with all their fields, and nothing changes")
    func order() async throws {
        try await self.page().expectUnchanged(self.rows(0, "", []))
        let full = Ledger(.max, reserved: 1 << 53, spent: 3, debt: 4, limit: 5, flags: "FOr")
        try await self.open(Paths.leaf, "T")
        try await self.open(Paths.leaf, "C", full)
        try await self.open(Paths.root)
        try await self.open("tenant:acme/app:a")
        let expected = self.rows(
            0, Paths.leaf + "\0T",
            [
                (Paths.root, "U", Ledger(1)), ("tenant:acme/app:a", "U", Ledger(1)), (Paths.leaf, "C", full),
                (Paths.leaf, "T", Ledger(1)),
            ])
        try await self.page().expectUnchanged(expected)
    }

    @Test("Pages follow each other without gap or repetition")
    func pages() async throws {
        var paths: [ByteText] = []
        for index in 0..<7 {
            paths.append("tenant:acme/app:a\(index)")
            try await self.open(paths[index])
        }
        var seen: [ByteText] = []
        var after: ByteText = ""
        var more = true
        while more {
            let answer = try await self.page(after: after, limit: 3).answer
            more = answer.text(0) == "1"
            after = answer.text(1)
            let count = (answer.fields.count - 2) / 8
            #expect(count == (more ? 3 : 1))
            seen += (0..<count).map { answer.text(2 + $0 * 8) }
        }
        #expect(seen == paths)
        try await self.page(after: paths[2] + "\0U", limit: 4)
            .expectUnchanged(self.rows(0, paths[6] + "\0U", paths[3...].map { ($0, "U", Ledger(1)) }))
    }

    @Test("Every segment asked for must be a whole segment of the path")
    func filter() async throws {
        for path: ByteText in [
            "tenant:acme", "tenant:acme/app:a", "tenant:acme/app:ab", "tenant:acme/workspace:app:a",
            "xtenant:acme/app:a",
            "tenant:acme/app:a/agent:b",
        ] { try await self.open(path) }
        func paths(_ segments: ByteText...) async throws -> [ByteText] {
            let named: [String: ByteText] = ["tag": "A1", "after": "", "limit": "201", "caught_up_ms": "0"]
            let answer = try await self.scene.run("budget/balances", ScriptArguments(named, rest: segments))
            return stride(from: 2, to: answer.fields.count, by: 8).map { answer.text($0) }
        }
        #expect(try await paths("app:a") == ["tenant:acme/app:a", "tenant:acme/app:a/agent:b", "xtenant:acme/app:a"])
        #expect(try await paths("tenant:acme", "app:a") == ["tenant:acme/app:a", "tenant:acme/app:a/agent:b"])
        #expect(try await paths("agent:b", "app:a") == ["tenant:acme/app:a/agent:b"])
        #expect(try await paths("app:%a") == [], "a segment is no pattern")
    }

    @Test("A scan stops after a thousand entries and says where to go on")
    func bounded() async throws {
        let fill = """
            for i = 1, 1500 do redis.call('ZADD', KEYS[1], 0, string.format('tenant:acme/app:a%04d', i) .. '\\0U') end
            return {}
            """
        _ = try await self.scene.harness.evaluate(fill, keys: [self.scene.key("bud")])
        try await self.open("tenant:acme/app:z")
        try await self.page("app:z").expectUnchanged(self.rows(1, "tenant:acme/app:a1000\0U", []))
        try await self.page(after: "tenant:acme/app:a1000\0U", "app:z")
            .expectUnchanged(self.rows(0, "tenant:acme/app:z\0U", [("tenant:acme/app:z", "U", Ledger(1))]))
    }

    @Test("While a reservation waits to be expired no balances are shown")
    func behind() async throws {
        try await self.open(Paths.root, "U", Ledger(100))
        let placed = try await self.scene.place()
        try await self.scene.setClock(placed.record.deadlineMs)
        #expect(try await self.page().answer.word == "ROWS")
        try await self.scene.setClock(placed.record.deadlineMs + 1)
        try await self.page().expectUnchanged(.reply("BEHIND"))
        let deadline = placed.record.deadlineMs
        for (caughtUp, word) in [(1, "BEHIND"), (2, "BEHIND"), (0, "ROWS")] as [(Int64, ByteText)] {
            #expect(try await self.page(caughtUpMs: ByteText(deadline + caughtUp)).answer.word == word)
        }
    }

    @Test("A closed tenant's balances are shown, a stale tag is refused")
    func tenants() async throws {
        try await self.page(tag: "A2").expectUnchanged(.reply("STALE", "A1"))
        try await self.scene.openTenant("C1")
        try await self.page(tag: "C1").expectUnchanged(self.rows(0, "", []))
    }

    @Test("A directory entry without ledger, or that is no entry, is corrupt")
    func corrupt() async throws {
        for entry: ByteText in ["tenant:acme\0U", "tenant:acme", "\0", "tenant:acme\0u", "tenant:acme\0U\0U"] {
            try await self.scene.harness.command("DEL", self.scene.key("bud"))
            try await self.scene.harness.command("ZADD", self.scene.key("bud"), "0", entry)
            try await self.page().expectFailure("CORRUPT", "\(entry)")
        }
    }
}
