// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("Numbers of scope paths", .privateRedis, .serialized)
struct PathNumberTests {
    let scene: Scene
    let directory: TestDirectory

    init() async throws {
        self.scene = try await Scene()
        self.directory = TestDirectory(scene: self.scene)
        try await self.scene.openTenant()
        try await self.scene.openLedgers([Paths.root: Ledger(1_000_000)])
    }

    private func place(_ path: ByteText, _ name: ByteText) async throws -> Placed {
        var call = ReserveCall()
        (call.path, call.id, call.amount) = (path, mark(name), 1)
        return try await self.scene.place(call)
    }

    private func numbers() async throws -> [ByteText: ByteText] {
        try await self.scene.harness.snapshot().hash(self.scene.key("sp"))
    }

    private func paths() async throws -> [ByteText: ByteText] {
        try await self.scene.harness.snapshot().hash(self.scene.key("sn"))
    }

    /// The number in the row of a reservation.
    private func stored(_ placed: Placed) async throws -> Int64? {
        let rows = try await self.scene.harness.snapshot().string(self.scene.chunkKey(placed.record.row)) ?? ""
        let row = rows.dropping(Int(placed.record.row % 1_000) * 64)
        return (row[58..<60] + row[53..<57]).bytes.reduce(Int64(0)) { $0 * 256 + Int64($1) }
    }

    @Test("A path's entry names the string of its last row, and is written once for each string")
    func lastUse() async throws {
        try await self.directory.count(998)
        try await self.scene.harness.command(
            "SET", self.scene.chunkKey(0), TestDirectory.row().repeated(998))
        _ = try await self.place(Paths.leaf, "h1")
        #expect(try await self.numbers() == [Paths.leaf: "0000000 0", "": "1"])
        let before = try await self.numbers()
        _ = try await self.place(Paths.leaf, "h2")
        #expect(try await self.numbers() == before)
        let third = try await self.place(Paths.leaf, "h3")
        #expect(try await self.numbers() == [Paths.leaf: "0000001 0", "": "1"])
        #expect(try await self.stored(third) == 0)
        _ = try await self.place(Paths.root, "h4")
        #expect(try await self.numbers() == [Paths.leaf: "0000001 0", Paths.root: "0000001 1", "": "2"])
        #expect(try await self.paths() == ["0": Paths.leaf, "1": Paths.root])
    }

    @Test("Paths that only rows of a deleted string named are forgotten, others stay, and no number comes back")
    func forgets() async throws {
        for (number, usedIn) in [(0, 0), (1, 1), (2, 0)] as [(Int64, Int64)] {
            try await self.directory.path(number, "tenant:acme/agent:a\(number)", usedIn: usedIn)
        }
        try await self.directory.fill(0, [0, 1, 2, 1, 9].map { TestDirectory.row(path: $0) })
        try await self.directory.count(1_500)
        try await self.scene.harness.command(
            "SET", self.scene.chunkKey(1_000), TestDirectory.row(path: 1).repeated(500))
        #expect(try await self.directory.trimAll() == (1_000, 2))
        #expect(try await self.numbers() == ["tenant:acme/agent:a1": "0000001 1", "": "3"])
        #expect(try await self.paths() == ["1": "tenant:acme/agent:a1"])
        let placed = try await self.place("tenant:acme/agent:a0", "h1")
        #expect(try await self.stored(placed) == 3)
        #expect(try await self.paths() == ["1": "tenant:acme/agent:a1", "3": "tenant:acme/agent:a0"])
        #expect(try await self.numbers()[""] == "4")
    }

    @Test("A string with more paths than a call has time for goes with the last of them", arguments: [false, true])
    func manyPaths(isAside: Bool) async throws {
        for number: Int64 in 0..<900 {
            try await self.directory.path(number, "tenant:acme/agent:a\(number)", usedIn: 0)
        }
        try await self.directory.fill(0, (0..<900).map { TestDirectory.row(path: $0) })
        try await self.directory.count(1_000)
        if isAside {
            try await self.scene.harness.command("SET", self.scene.key("d0"), "1")
            try await self.scene.harness.command("ZADD", self.scene.key("dk"), "0", "0000000 1700000000000")
            for number in 0..<900 {
                let count: ByteText = number == 3 ? "2" : "1"
                try await self.scene.harness.command("HSET", self.scene.key("sk"), ByteText(number), count)
            }
            try await self.scene.setClock(Scene.startMs + 1)
        }
        let from: ByteText = isAside ? "0000000" : "new"
        for left: Int in [500, 100] {
            #expect(try await self.directory.trim(from).answer == .reply("TRIMMED", 0, 400, .bytes(from)))
            #expect(try await self.paths().count == left)
            #expect(try await self.directory.chunks() == [0])
        }
        let last = try await self.directory.trim(from).answer
        #expect(last == .reply("TRIMMED", 1_000, isAside ? 99 : 100, isAside ? "0000001" : "new"))
        let left = try await self.numbers()
        #expect(left.count == (isAside ? 2 : 1) && left[""] == "900")
        #expect(try await self.scene.harness.snapshot().hash(self.scene.key("sk")) == (isAside ? ["3": "1"] : [:]))
    }

    @Test("A path in a string set aside is kept, however late it was used, and goes with the last string that names it")
    func setAside() async throws {
        for number: Int64 in 0...2 {
            try await self.directory.path(number, "tenant:acme/agent:a\(number)", usedIn: [1, 2, 2][Int(number)])
        }
        let far = Scene.startMs + 400_000_000
        let live = TestDirectory.row("A", expiresMs: far, path: 1)
        try await self.directory.fill(0, [live, TestDirectory.row(path: 0)])
        try await self.directory.fill(1, [TestDirectory.row("A", expiresMs: far + 86_400_000, path: 1)])
        try await self.directory.fill(2, [TestDirectory.row(path: 1), TestDirectory.row(path: 2)])
        try await self.directory.count(3_001)
        #expect(try await self.directory.trimAll() == (1_000, 1), "the third string, and what only it names")
        #expect(try await self.directory.chunks() == [0, 1])
        #expect(try await Set(self.paths().keys) == ["0", "1"])
        #expect(try await self.scene.harness.snapshot().hash(self.scene.key("sk")) == ["0": "2", "1": "2"])
        try await self.scene.setClock(far + 5_001 + TestDirectory.keepMs)
        // What was live has ended.
        try await self.directory.fill(0, [TestDirectory.row(path: 1), TestDirectory.row(path: 0)])
        try await self.directory.fill(1, [TestDirectory.row(path: 1)])
        #expect(try await self.directory.trimAll() == (1_000, 0))
        #expect(try await self.scene.harness.snapshot().hash(self.scene.key("sk")) == ["0": "1", "1": "1"])
        try await self.scene.setClock(far + 86_405_001 + TestDirectory.keepMs)
        #expect(try await self.directory.trimAll() == (1_000, 2))
        #expect(try await self.paths().isEmpty)
        #expect(try await self.numbers() == ["": "3"])
        let after = try await self.scene.harness.snapshot()
        #expect(after.hash(self.scene.key("sk")).isEmpty && after.scores(self.scene.key("dk")).isEmpty)
    }

    @Test("An entry of the first version, a number alone, is understood, kept, and written anew with the next use")
    func oldEntries() async throws {
        try await self.directory.path(0, Paths.leaf, usedIn: nil)
        try await self.directory.path(1, Paths.root, usedIn: nil)
        try await self.directory.fill(0, [TestDirectory.row(path: 1)])
        try await self.directory.count(1_000)
        #expect(try await self.directory.trimAll() == (1_000, 0))
        let placed = try await self.place(Paths.root, "h1")
        #expect(try await self.stored(placed) == 1)
        #expect(try await self.numbers() == [Paths.leaf: "0", Paths.root: "0000001 1"])
        let third = try await self.place(Paths.middle, "h2")
        #expect(try await self.stored(third) == 2, "fields count while nothing was forgotten")
        #expect(try await self.numbers()[""] == "3")
    }

    @Test("Numbers beyond 32 bits are stored, read and forgotten")
    func largeNumbers() async throws {
        let large: Int64 = 0x1_0000_0005
        try await self.scene.harness.command("HSET", self.scene.key("sp"), "", ByteText(large))
        let placed = try await self.place(Paths.leaf, "h1")
        #expect(try await self.stored(placed) == large)
        #expect(try await self.numbers() == [Paths.leaf: "0000000 \(large)", "": ByteText(large + 1)])
        let again = try await self.place(Paths.leaf, "h2")
        #expect(try await self.stored(again) == large)
        let limit: Int64 = 0xffff_ffff_fffe
        try await self.directory.path(limit, Paths.middle, usedIn: 0)
        try await self.directory.fill(0, [TestDirectory.row(path: limit), TestDirectory.row(path: large)])
        try await self.directory.count(1_000)
        #expect(try await self.directory.trimAll() == (1_000, 2))
        #expect(try await self.paths().isEmpty)
    }
}
