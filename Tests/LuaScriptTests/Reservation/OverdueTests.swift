// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("What is past its time is ended first", .privateRedis, .serialized)
struct OverdueTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openResources(Resource("P", capacity: 200, blockers: ["B"]), Resource("X"))
    }

    /// Scripts that do so, with arguments for a hold of `X` that is not past its time, and what they answer then.
    private var calls: [(script: String, arguments: ScriptArguments, word: ByteText)] {
        let hold = Hold("X")
        return [
            ("reservation/claim", self.scene.claimArguments([hold]), "ITEMS"),
            ("reservation/transact", self.scene.transactArguments([hold]), "ITEMS"),
            ("reservation/renew", RenewTests.arguments([hold], ttlMs: 50_000), "ITEMS"),
            ("reservation/transact_release", self.scene.transactReleaseArguments([hold], method: "F"), "ITEMS"),
            (
                "reservation/release", self.scene.releaseArguments([hold], isRegistered: true, tag: Scene.tag()),
                "ITEMS"
            ),
            ("reservation/force_release", ["resource": "X", "entry": "{}", "context": ""], "FREE"),
            ("reservation/undefine", UndefineTests.arguments(["X"]), "DELETED"),
        ]
    }

    @Test("More than one call can end is the caller's matter: it is told, and nothing else is done")
    func behind() async throws {
        for (script, arguments, word) in self.calls {
            for first in stride(from: 0, to: 100, by: 50) {
                let holds = (first..<(first + 50)).map { Hold("P", by: "r\($0)", ttlMs: 1_000) }
                _ = try await self.scene.run("reservation/claim", self.scene.claimArguments(holds))
            }
            let now = try #require(try await self.scene.harness.text("GET", TestClock.key)?.number) / 1_000
            try await self.scene.setClock(now + 1_000)
            let seen = try await self.scene.observe(script, arguments)
            #expect(seen.answer == .reply("BEHIND"), "\(script)")
            let letters = seen.after.stream(self.scene.key("ev")).suffix(64).map { $0[1] }
            #expect(letters.allSatisfy { $0 == "X" }, "\(script)")
            var hasMore = true
            while hasMore { hasMore = try await self.scene.run("reservation/expire", ["limit": "200"]).text(2) == "1" }
            #expect(try await self.scene.run(script, arguments).word == word, "\(script)")
            #expect(self.scene.derivedKeys(in: try await self.scene.harness.snapshot()) == [])
        }
    }

    @Test("A few are ended on the way, and what they held along is free at once")
    func onTheWay() async throws {
        for (script, arguments, word) in self.calls where script != "reservation/force_release" {
            _ = try await self.scene.claim(Hold("P", ttlMs: 1_000))
            let now = try #require(try await self.scene.harness.text("GET", TestClock.key)?.number) / 1_000
            try await self.scene.setClock(now + 1_000)
            let seen = try await self.scene.observe(script, arguments)
            #expect(seen.answer.word == word, "\(script)")
            #expect(self.scene.derivedKeys(in: seen.after) == [], "\(script)")
        }
    }
}
