// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

@Suite("Events of resources", .privateRedis, .serialized)
struct NoticeTests {
    let scene: Scene

    init() async throws {
        self.scene = try await Scene()
        try await self.scene.openResources(
            Resource("N", capacity: 9, marks: "ao"), Resource("P", capacity: 3, below: "N", blockers: ["B"]))
    }

    private static let tag = Scene.tag() + "h"
    private static let context: ByteText = "{\"request_id\":\"r\"}"

    /// Marks the tenant, and what its callers believe.
    private func mark(_ marks: ByteText = "h") async throws { try await self.scene.setMarks(marks) }

    /// Type, context and data of all events, in their order.
    private func events(_ snapshot: KeyspaceSnapshot) -> [[ByteText]] {
        let prefix = self.scene.shardKey("e:").bytes
        return snapshot.entries.keys.filter { $0.bytes.starts(with: prefix) }.sorted().compactMap { key in
            snapshot.string(key).map { Array($0.split(0)[2...]) }
        }
    }

    private func claim(_ holds: Hold..., label: ByteText = "key\n" + Self.context) async throws -> Observation {
        var arguments = self.scene.claimArguments(holds, tag: Self.tag)
        arguments["label"] = label
        return try await self.scene.observe("reservation/claim", arguments)
    }

    private func giveBack(_ holds: Hold...) async throws -> Observation {
        try await self.scene.observe(
            "reservation/give_back", self.scene.giveBackArguments(holds, context: Self.context))
    }

    @Test("A reservation is told of with its slot and blockers; the label is the key's name alone")
    func reserved() async throws {
        try await self.mark()
        var plain = Hold("a \"quoted\" \u{e9}", ttlMs: 30_500)
        plain.kind = "gpu"
        let seen = try await self.claim(Hold("P"), plain)
        #expect(seen.answer.word == "ITEMS")
        let kind: ByteText = "custom.resource.reserved"
        #expect(
            self.events(seen.after) == [
                [
                    kind, Self.context,
                    "{\"resource\":\"P\",\"requester\":\"alice\",\"resource_type\":\"gpu\",\"api_key_label\":\"key\","
                        + "\"slot\":\"P_0\",\"blockers\":[\"B\"],\"fencing_token\":\(Scene.startUs)}",
                ],
                [
                    kind, Self.context,
                    "{\"resource\":\"a \\\"quoted\\\" \u{e9}\",\"requester\":\"alice\",\"resource_type\":\"gpu\","
                        + "\"api_key_label\":\"key\",\"expires_at\":\"2023-11-14T22:13:50.500Z\","
                        + "\"fencing_token\":\(Scene.startUs + 1)}",
                ],
            ])
        #expect(seen.after.stream(self.scene.key("ev")).allSatisfy { $0[2].split(10)[3] == "key" })
        #expect(seen.after.scores(self.scene.shardKey("out")).count == 2)
        // Neither what was had already nor what is refused is an event.
        let again = try await self.claim(Hold("P"), Hold(plain.name, by: "bob"))
        #expect(self.events(again.after).count == 2)
    }

    @Test("A release tells all names that became free, a plain one its own")
    func released() async throws {
        try await self.mark()
        _ = try await self.claim(Hold("P"), Hold("x"))
        let seen = try await self.giveBack(Hold("P"), Hold("x"), Hold("free"))
        #expect(
            seen.answer == .reply("ITEMS", "RELINQUISHED", "P_0\tB\tN", "RELINQUISHED", "", "NOT_RESERVED", ""))
        let told = self.events(seen.after).dropFirst(2)
        #expect(told.map { $0[0] } == ["custom.resource.released", "custom.resource.released"])
        #expect(told.allSatisfy { $0[1] == Self.context })
        let ends: [ByteText] = [
            "\"slot\":\"P_0\",\"released\":[\"P_0\",\"B\",\"N\"],\"reason\":\"release\",\"fencing_token\":"
                + "\(Scene.startUs + 2)}",
            "\"api_key_label\":\"key\",\"released\":[\"x\"],\"reason\":\"release\",\"fencing_token\":"
                + "\(Scene.startUs + 3)}",
        ]
        for (event, end) in zip(told, ends) { #expect(event[2].plain.hasSuffix(end.plain), "\(event[2])") }
    }

    @Test("What comes to its end by itself is nobody's doing, whoever finds it")
    func expired() async throws {
        let finders: [(script: String, arguments: ScriptArguments)] = [
            ("reservation/expire", ["limit": "10"]),
            ("reservation/claim", self.scene.claimArguments([Hold("y")], tag: Self.tag)),
            ("reservation/give_back", self.scene.giveBackArguments([Hold("y")], context: Self.context)),
            ("reservation/renew", RenewTests.arguments([Hold("y")], ttlMs: 1, tag: Self.tag)),
        ]
        for finder in finders {
            try await self.scene.setClock(Scene.startMs)
            try await self.mark()
            _ = try await self.claim(Hold("x", ttlMs: 1_000))
            try await self.scene.setClock(Scene.startMs + 1_000)
            let seen = try await self.scene.observe(finder.script, finder.arguments)
            let told = self.events(seen.after)
            let event = try #require(told.first { $0[0] == "custom.resource.expired" }, "\(finder.script)")
            #expect(event[1] == "" && event[2].plain.contains("\"reason\":\"expired\""), "\(finder.script)")
            try await self.scene.harness.reset(clockUs: Scene.startUs)
            try await self.scene.openResources(Resource("P", capacity: 2))
        }
    }

    @Test("In bulk, by force, in a transaction, and with the tenant: each says why")
    func others() async throws {
        try await self.mark()
        _ = try await self.claim(Hold("a"), Hold("b", by: "bob"), Hold("c"))
        var bulk = ReleaseRequesterTests.arguments("alice", limit: 1, tag: Self.tag)
        bulk["context"] = Self.context
        _ = try await self.scene.run("reservation/release_requester", bulk)
        _ = try await self.scene.run(
            "reservation/force_release", ["resource": "b", "entry": "{}", "context": Self.context])
        var together = self.scene.transactReleaseArguments([Hold("c")])
        together["tag"] = Self.tag
        together["context"] = Self.context
        _ = try await self.scene.run("reservation/transact_release", together)
        var taken = self.scene.transactArguments([Hold("d")], tag: Self.tag)
        taken["label"] = "key\n" + Self.context
        _ = try await self.scene.run("reservation/transact", taken)
        let told = self.events(try await self.scene.harness.snapshot()).dropFirst(3)
        #expect(told.map { $0[1] } == Array(repeating: Self.context, count: 4))
        let ends = ["\"reason\":\"bulk\"", "\"reason\":\"forced\"", "\"reason\":\"release\"", "\"resource\":\"d\""]
        for (event, end) in zip(told, ends) { #expect(event[2].plain.contains(end), "\(event[2])") }
    }

    @Test("Without the mark h no event is written, by any of them; with w alone neither")
    func unmarked() async throws {
        for marks: ByteText in ["", "w"] {
            let tag = Scene.tag() + marks
            try await self.mark(marks)
            _ = try await self.scene.claim(Hold("P"), Hold("x"), tag: tag)
            _ = try await self.scene.observe(
                "reservation/release",
                self.scene.releaseArguments([Hold("P"), Hold("x")], isRegistered: true, tag: tag))
            _ = try await self.scene.acquire(Hold("y"), tag: tag)
            let after = try await self.scene.release(Hold("y"), tag: tag).after
            #expect(self.events(after).isEmpty && after[self.scene.shardKey("out")] == nil, "\(marks)")
        }
    }

    @Test("An event that cannot be written keeps its effect from happening")
    func together() async throws {
        try await self.mark()
        try await self.scene.harness.command("RPUSH", self.scene.shardKey("out"), "x")
        try await self.claim(Hold("P")).expectFailure("WRONGTYPE")
    }

    @Test("With mark w one message a call says that there is news; without news, or the mark, none")
    func messages() async throws {
        let tag = Scene.tag() + "w"
        try await self.mark("w")
        let listener = try await ChannelListener(self.scene)
        _ = try await self.scene.acquire(Hold("a"), Hold("b"), tag: tag)
        #expect(try await listener.heard() == 1)
        _ = try await self.scene.acquire(Hold("a"), Hold("a", by: "bob"), tag: tag)
        #expect(try await listener.heard() == 0)
        _ = try await self.scene.release(Hold("a"), Hold("b"), tag: tag)
        #expect(try await listener.heard() == 1)
        _ = try await self.scene.release(Hold("a"), tag: tag)
        #expect(try await listener.heard() == 0)
        _ = try await self.scene.claim(Hold("P"), Hold("x"), tag: tag)
        #expect(try await listener.heard() == 1)
        _ = try await self.scene.run("reservation/force_release", ["resource": "x", "entry": "{}", "context": ""])
        #expect(try await listener.heard() == 1)
        _ = try await self.scene.run("reservation/expire", ["limit": "10"])
        #expect(try await listener.heard() == 0)
        try await self.mark("")
        _ = try await self.scene.acquire(Hold("a"))
        #expect(try await listener.heard() == 0)
    }
}

/// Counts the messages of the channel, by what Redis says it did: a message is a command of a script as any other.
private struct ChannelListener {
    let scene: Scene

    init(_ scene: Scene) async throws {
        self.scene = scene
        try await self.reset()
    }

    private func reset() async throws { try await self.scene.harness.command("CONFIG", "RESETSTAT") }

    /// Messages since this was asked last.
    func heard() async throws -> Int {
        let info = try await self.scene.harness.text("INFO", "commandstats")?.plain ?? ""
        try await self.reset()
        let line = info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_publish:calls=") }
        return line.flatMap { Int($0.dropFirst("cmdstat_publish:calls=".count).prefix { $0.isNumber }) } ?? 0
    }
}
