// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("reservation/count_operation", .privateRedis, .serialized)
struct CountOperationTests {
    /// The end of a minute and of a day (of UTC), ms.
    private static let midnightMs: Int64 = 1_700_006_400_000

    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openTenant()
    }

    private func count(minute: ByteText = "", day: ByteText = "", tag: ByteText = "A1") async throws -> Observation {
        try await self.scene.observe(
            "reservation/count_operation", ["tag": tag, "minute_limit": minute, "day_limit": day])
    }

    @Test("Operations within the quotas are counted, in a minute and a day, for a little longer than these last")
    func counts() async throws {
        let first = try await self.count(minute: "2", day: "9")
        #expect(first.answer == .reply("COUNTED"))
        first.expectChanges([
            self.scene.key("om:28333333"): .string("1", keepMs: 120_000),
            self.scene.key("od:19675"): .string("1", keepMs: 172_800_000),
        ])
        #expect(try await self.count(minute: "2").after.string(self.scene.key("om:28333333")) == "2")
        try await self.count().expectUnchanged(.reply("COUNTED"), "without a quota nothing is counted")
    }

    @Test("Beyond a quota it is said which, and when it begins anew: the minute's first")
    func over() async throws {
        try await self.scene.setClock(Self.midnightMs - 90_500)
        for _ in 0..<3 { _ = try await self.count(minute: "3", day: "4") }
        try await self.count(minute: "3", day: "4").expectUnchanged(.reply("OVER", "M", "3", 31))
        try await self.scene.setClock(Self.midnightMs - 60_000)
        #expect(try await self.count(minute: "3", day: "4").answer == .reply("COUNTED"))
        try await self.count(minute: "3", day: "4").expectUnchanged(.reply("OVER", "D", "4", 60))
        try await self.scene.setClock(Self.midnightMs - 1)
        try await self.count(minute: "3", day: "4").expectUnchanged(.reply("OVER", "D", "4", 1))
        try await self.scene.setClock(Self.midnightMs)
        #expect(try await self.count(minute: "3", day: "4").answer == .reply("COUNTED"))
    }

    @Test("A stale caller is told")
    func stale() async throws {
        try await self.count(minute: "1", tag: "A0").expectUnchanged(.reply("STALE", "A1"))
    }
}
