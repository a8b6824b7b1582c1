// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("budget/rows and budget/paths", .privateRedis, .serialized)
struct RowsTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
    }

    /// A row as far as this script looks at it: 64 bytes that tell the number.
    private static func row(_ number: Int64) -> ByteText { "row " + padded(number, 10) + ByteText(".").repeated(50) }

    private func fill(_ count: Int64) async throws {
        for chunk in 0...(count / 1000) {
            let rows = (chunk * 1000)..<min(count, chunk * 1000 + 1000)
            if rows.isEmpty { continue }
            try await self.scene.harness.command(
                "SET", self.scene.chunkKey(rows.lowerBound), rows.map(Self.row).joined(""))
        }
        try await self.scene.harness.command("SET", self.scene.key("n"), ByteText(count))
    }

    private func rows(
        _ order: ByteText, from: ByteText = "", count: Int64 = 1000, tag: ByteText = "A1"
    ) async throws -> Observation {
        try await self.scene.observe(
            "budget/rows", ["tag": tag, "order": order, "from": from, "count": ByteText(count)])
    }

    private func reply(_ numbers: ClosedRange<Int64>, more: Int64) -> ScriptAnswer {
        .reply(
            "ROWS", .integer(Scene.startMs), .integer(numbers.lowerBound), .integer(more),
            .bytes(numbers.map(Self.row).joined("")))
    }

    @Test("A tenant without reservations has no rows, in any order")
    func empty() async throws {
        let none = ScriptAnswer.reply("ROWS", .integer(Scene.startMs), 0, 0, "")
        for order: ByteText in ["asc", "desc"] {
            try await self.rows(order).expectUnchanged(none)
            try await self.rows(order, from: "7").expectUnchanged(none)
            try await self.scene.harness.command("DEL", self.scene.key("n"))
        }
    }

    @Test("Rows come from either end or from a number, across the strings that hold them, and tell whether more follow")
    func ranges() async throws {
        try await self.fill(2_500)
        try await self.rows("asc").expectUnchanged(self.reply(0...999, more: 1))
        try await self.rows("asc", from: "1000").expectUnchanged(self.reply(1000...1999, more: 1))
        try await self.rows("asc", from: "990", count: 20).expectUnchanged(self.reply(990...1009, more: 1))
        try await self.rows("asc", from: "2000").expectUnchanged(self.reply(2000...2499, more: 0))
        try await self.rows("asc", from: "2499", count: 1).expectUnchanged(self.reply(2499...2499, more: 0))
        try await self.rows("desc").expectUnchanged(self.reply(1500...2499, more: 1))
        try await self.rows("desc", from: "1499").expectUnchanged(self.reply(500...1499, more: 1))
        try await self.rows("desc", from: "999").expectUnchanged(self.reply(0...999, more: 0))
        try await self.rows("desc", from: "0", count: 1).expectUnchanged(self.reply(0...0, more: 0))
        try await self.rows("desc", from: "9999", count: 2).expectUnchanged(self.reply(2498...2499, more: 1))
    }

    @Test("Pieces that follow each other have every row once", arguments: ["asc", "desc"] as [ByteText])
    func walk(order: ByteText) async throws {
        try await self.fill(2_001)
        var seen: [Int64] = []
        var from: ByteText = ""
        while seen.count < 2_001 {
            let answer = try await self.rows(order, from: from, count: 300).answer
            let first = try #require(answer.text(1).number)
            let piece = (0..<Int64(answer.text(3).count / 64)).map { first + $0 }
            seen += order == "asc" ? piece : piece.reversed()
            #expect(answer.text(2) == (seen.count < 2_001 ? "1" : "0"))
            let last = try #require(seen.last)
            from = ByteText(order == "asc" ? last + 1 : last - 1)
        }
        #expect(seen == (order == "asc" ? Array(0...2_000) : (0...2_000).reversed()))
    }

    @Test("Real reservations have their rows")
    func realRows() async throws {
        let placed = try await self.scene.placeInThreeScopes()
        try await self.rows("desc").expectUnchanged(
            .reply(
                "ROWS", .integer(Scene.startMs), 0, 0,
                .bytes(placed.record.rowText(tail: placed.call.idBytes))))
    }

    @Test("A stale tag is told the true one; without a tag it is a second round, which asks for none")
    func tags() async throws {
        try await self.fill(3)
        try await self.rows("asc", tag: "A2").expectUnchanged(.reply("STALE", "A1"))
        try await self.rows("asc", tag: "").expectUnchanged(self.reply(0...2, more: 0))
        try await self.scene.openTenant("C1")
        try await self.fill(3)
        try await self.rows("asc", tag: "C1").expectUnchanged(self.reply(0...2, more: 0), "201: also when closed")
        try await self.scene.harness.command("DEL", self.scene.tenantKey)
        try await self.rows("asc").expectUnchanged(.reply("STALE", ""))
    }

    @Test("A directory with fewer rows than counted is corrupt")
    func corrupt() async throws {
        try await self.fill(1_200)
        try await self.scene.harness.command("SET", self.scene.key("n"), "1201")
        try await self.rows("desc").expectFailure("CORRUPT directory")
        try await self.rows("asc").expectUnchanged(self.reply(0...999, more: 1), "what is sound can be read")
        try await self.scene.harness.command("DEL", self.scene.chunkKey(0))
        try await self.rows("asc").expectFailure("CORRUPT directory")
    }

    /// Strings 2, 4 and 6 are set aside, and all before 8 are gone.
    private func fillWithGaps(_ count: Int64 = 9_500) async throws {
        try await self.fill(count)
        for chunk: Int64 in [0, 1, 3, 5, 7] {
            try await self.scene.harness.command("DEL", self.scene.chunkKey(chunk * 1_000))
        }
        try await self.scene.harness.command("SET", self.scene.key("d0"), "8")
        for chunk in ["2", "4", "6"] as [ByteText] {
            try await self.scene.harness.command(
                "ZADD", self.scene.key("dk"), chunk, "000000" + chunk + " 1700000000000")
        }
    }

    @Test("Where strings are gone, reading goes on with the next that is there, whatever row it began with")
    func gaps() async throws {
        try await self.fillWithGaps()
        let cases: [(ByteText, ByteText, Int64, ClosedRange<Int64>, Int64)] = [
            ("asc", "", 10, 2_000...2_009, 1), ("asc", "1999", 10, 2_000...2_009, 1),
            ("asc", "2990", 1_000, 2_990...2_999, 1), ("asc", "3000", 1_000, 4_000...4_999, 1),
            ("asc", "6999", 5, 6_999...6_999, 1), ("asc", "7000", 5, 8_000...8_004, 1),
            ("asc", "8900", 1_000, 8_900...9_499, 0),
            ("desc", "", 1_000, 8_500...9_499, 1), ("desc", "8499", 1_000, 8_000...8_499, 1),
            ("desc", "7999", 1_000, 6_000...6_999, 1), ("desc", "5500", 2, 4_998...4_999, 1),
            ("desc", "2001", 1_000, 2_000...2_001, 0),
        ]
        for (order, from, count, expected, more) in cases {
            try await self.rows(order, from: from, count: count)
                .expectUnchanged(self.reply(expected, more: more), "\(order) \(from)")
        }
        let none = ScriptAnswer.reply("ROWS", .integer(Scene.startMs), 0, 0, "")
        try await self.rows("desc", from: "1999").expectUnchanged(none)
        try await self.rows("asc", from: "9500").expectUnchanged(none)
    }

    @Test("When all strings are gone but for some set aside, these are all there is")
    func gapsAtTheEnd() async throws {
        try await self.fillWithGaps(8_000)
        try await self.rows("asc", from: "6000", count: 1_000).expectUnchanged(self.reply(6_000...6_999, more: 0))
        try await self.rows("asc", from: "6000", count: 999).expectUnchanged(self.reply(6_000...6_998, more: 1))
        try await self.rows("desc").expectUnchanged(self.reply(6_000...6_999, more: 1))
        let none = ScriptAnswer.reply("ROWS", .integer(Scene.startMs), 0, 0, "")
        try await self.rows("asc", from: "7000").expectUnchanged(none)
        try await self.scene.harness.command("DEL", self.scene.key("dk"))
        for order: ByteText in ["asc", "desc"] { try await self.rows(order).expectUnchanged(none) }
    }

    @Test("Paths come in the order of their numbers as asked for, as reservations left them; a forgotten one is empty")
    func paths() async throws {
        try await self.scene.openLedgers([Paths.root: Ledger(1000)])
        for (index, path) in [Paths.leaf, Paths.root, Paths.leaf, Paths.middle].enumerated() {
            var call = ReserveCall()
            call.id = mark("h\(index)")
            call.path = path
            _ = try await self.scene.place(call)
        }
        func ask(_ numbers: ByteText...) async throws -> Observation {
            try await self.scene.observe("budget/paths", ScriptArguments([:], rest: numbers))
        }
        try await ask("0", "1", "2").expectUnchanged(
            .reply("PATHS", .bytes(Paths.leaf), .bytes(Paths.root), .bytes(Paths.middle)))
        try await ask("2", "0", "2").expectUnchanged(
            .reply("PATHS", .bytes(Paths.middle), .bytes(Paths.leaf), .bytes(Paths.middle)))
        try await ask("1", "3").expectUnchanged(.reply("PATHS", .bytes(Paths.root), ""))
    }
}
