// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// A registered resource as `reservation/define` takes it.
struct Resource {
    var name: ByteText
    var capacity: Int64
    /// The name above it; empty for none.
    var parent: ByteText
    var blockers: [ByteText]
    /// `a` it has something below it, `o` its place comes from its own registration.
    var marks: ByteText

    init(
        _ name: ByteText, capacity: Int64 = 1, below parent: ByteText = "", blockers: [ByteText] = [],
        marks: ByteText = "o"
    ) {
        self.name = name
        self.capacity = capacity
        self.parent = parent
        self.blockers = blockers
        self.marks = marks
    }

    /// The words of one item.
    var item: [ByteText] {
        [self.name, ByteText(self.capacity), self.parent, self.blockers.joined("\t"), self.marks]
    }

    /// The stored definition (lua/reservation/include/definition.lua).
    func row(peak: Int64? = nil, adopted: Int64 = 0) -> ByteText {
        let numbers = [self.capacity, peak ?? self.capacity, adopted].map { ByteText($0) }
        return (numbers + [self.marks, self.parent, self.blockers.joined("\t")]).joined("\n")
    }
}

/// What a hold of a registered resource took along, and what it is (lua/reservation/include/derived.lua).
struct Along {
    var flags: ByteText = ""
    /// The registered name.
    var resource: ByteText
    var blockers: [(name: ByteText, unit: ByteText)] = []
    var ancestors: [ByteText] = []

    /// The end of the hold's record.
    var text: ByteText {
        let blockers = self.blockers.map { $0.name + "\t" + $0.unit }.joined("\t")
        return "\n" + [self.flags, self.resource, blockers, self.ancestors.joined("\t")].joined("\n")
    }

    /// The record of what the system holds of a blocker for `resource`.
    static func systemRecord(of name: ByteText, for resource: ByteText, fence: Int64, flags: ByteText = "b") -> ByteText
    {
        let head = Hold.never + padded(fence, 16) + ByteText("0").repeated(36)
        return head + ["__system__", "", "", flags, name, resource, ""].joined("\n")
    }
}

extension Hold {
    /// A hold of this name with a token of its own.
    init(_ name: ByteText, by requester: ByteText = "alice", ttlMs: Int64 = 0) {
        self.init(requester: requester, name: name, ttlMs: ttlMs, token: LuaScriptTests.token(requester + "/" + name))
    }

    /// The seven fields of its reply when it is a hold, or would be one: `fence` nil.
    func claimed(
        _ word: ByteText = "ACQUIRED", as unit: ByteText? = nil, _ along: Along? = nil,
        takenAt nowMs: Int64 = Scene.startMs,
        fence: Int64?
    ) -> [ScriptField] {
        let number = fence.map { padded($0, 16) } ?? ""
        let texts = [word, self.expires(nowMs), number, self.token, unit ?? self.name, along?.text ?? "", ""]
        return texts.map { .bytes($0) }
    }

    /// The seven fields of its reply when it is refused: what is in the way, words of each.
    static func refused(_ word: ByteText, _ obstacles: [ByteText]...) -> [ScriptField] {
        let lines = obstacles.map { $0.joined("\t") }.joined("\n")
        return [.bytes(word)] + Array(repeating: "", count: 5) + [.bytes(lines)]
    }

    /// A stream entry about a hold of a registered resource: the name asked for, what is held if that is another name,
    /// and the blockers taken (letter A) or all names freed.
    func entry(
        _ letter: ByteText, id: Int64, as unit: ByteText = "", _ names: [ByteText], takenAt nowMs: Int64 = Scene.startMs
    ) -> [ByteText] {
        let plain = self.entry(letter, id: id, takenAt: nowMs)
        return [plain[0], plain[1], [plain[2], unit, names.joined("\t")].joined("\n")]
    }
}

extension Scene {
    // MARK: Definitions

    func defineArguments(_ resources: [Resource], version: Int64 = 0, tag: ByteText = "A1") -> ScriptArguments {
        ScriptArguments(["tag": tag, "version": ByteText(version)], rest: resources.flatMap(\.item))
    }

    /// A tenant with these definitions, in one call, whose tag from then on is `Scene.tag()`.
    func openResources(_ resources: Resource...) async throws {
        try await self.openTenant()
        #expect(try await self.run("reservation/define", self.defineArguments(resources)).word == "DEFINED")
        for resource in resources where resource.capacity > 1 {
            _ = try await self.run("reservation/adopt", self.adoptArguments(resource.name, 0..<resource.capacity))
        }
    }

    /// Changes definitions of the version that comes of that.
    func redefine(_ resources: Resource..., version: Int64 = 1) async throws -> Observation {
        try await self.observe(
            "reservation/define", self.defineArguments(resources, version: version, tag: Scene.tag()))
    }

    func adoptArguments(_ pool: ByteText, _ slots: Range<Int64>) -> ScriptArguments {
        ["pool": pool, "first": ByteText(slots.lowerBound), "end": ByteText(slots.upperBound)]
    }

    func adopt(_ pool: ByteText, _ slots: Range<Int64>) async throws -> Observation {
        try await self.observe("reservation/adopt", self.adoptArguments(pool, slots))
    }

    // MARK: Holds

    func claimArguments(
        _ holds: [Hold], mode: ByteText = "T", questions: Set<Int> = [], limit: ByteText = "", sweptMs: Int64 = 0,
        tag: ByteText = Scene.tag()
    ) -> ScriptArguments {
        let named = ["tag": tag, "label": "key", "limit": limit, "swept_ms": ByteText(sweptMs), "mode": mode]
        let items = holds.enumerated().flatMap { index, hold -> [ByteText] in
            hold.item + [questions.contains(index) ? "1" : "0"]
        }
        return ScriptArguments(named, rest: items)
    }

    func claim(_ holds: Hold..., limit: ByteText = "", tag: ByteText = Scene.tag()) async throws -> Observation {
        try await self.observe("reservation/claim", self.claimArguments(holds, limit: limit, tag: tag))
    }

    func transactArguments(
        _ holds: [Hold], method: ByteText = "A", isQuestion: Bool = false, limit: ByteText = "", sweptMs: Int64 = 0,
        tag: ByteText = Scene.tag()
    ) -> ScriptArguments {
        let named = [
            "tag": tag, "label": "key", "limit": limit, "swept_ms": ByteText(sweptMs), "method": method,
            "question": isQuestion ? "1" : "0",
        ]
        return ScriptArguments(named, rest: holds.flatMap(\.item))
    }

    func transact(_ holds: Hold..., method: ByteText = "A", isQuestion: Bool = false) async throws -> Observation {
        let arguments = self.transactArguments(holds, method: method, isQuestion: isQuestion)
        return try await self.observe("reservation/transact", arguments)
    }

    /// Releases for a tenant with registered resources.
    func giveBack(_ holds: Hold...) async throws -> Observation {
        let arguments = self.releaseArguments(holds, isRegistered: true, tag: Scene.tag())
        return try await self.observe("reservation/release", arguments)
    }

    func transactReleaseArguments(_ holds: [Hold], method: ByteText = "A") -> ScriptArguments {
        ScriptArguments(["tag": Scene.tag(), "method": method, "context": ""], rest: holds.flatMap(\.releaseItem))
    }

    /// Keys that tell what is held along with other things; none when nothing is.
    func derivedKeys(in snapshot: KeyspaceSnapshot) -> [ByteText] {
        let families = ["ph:", "pb:", "bl:", "an:"].map { self.key(ByteText($0)) }
        return snapshot.entries.keys.filter { key in families.contains { key.bytes.starts(with: $0.bytes) } }.sorted()
    }
}
