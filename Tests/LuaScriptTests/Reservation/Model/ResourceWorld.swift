// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport
import Testing

/// Runs steps by the real scripts and in the model, and holds every answer, every event and every key of the tenant
/// against it.
struct ResourceWorld {
    /// Redis and the model differ.
    struct Difference: Error, CustomStringConvertible {
        let description: String
    }

    var scene: Scene
    var state = ResourceState()
    /// What the clock says.
    private(set) var nowUs = Scene.startUs
    /// When the last sweep that ended everything ran, ms.
    var sweptMs: Int64 = 0
    /// How often each word was answered.
    var seen: [ByteText: Int] = [:]
    private var lastID: Int64 = 0
    private var events: [[ByteText]] = []

    /// An open tenant that nothing is held of.
    init(_ scene: Scene) async throws {
        self.scene = scene
        self.scene.tag = "A1"
        try await scene.harness.reset(clockUs: Scene.startUs)
        try await scene.openTenant()
    }

    var nowMs: Int64 { self.nowUs / 1_000 }

    mutating func wait(us: Int64) async throws {
        self.nowUs += us
        try await self.scene.harness.setClock(us: self.nowUs)
    }

    // MARK: Comparing

    func expect(_ isSo: Bool, _ what: @autoclosure () -> String) throws(Difference) {
        guard isSo else { throw Difference(description: what()) }
    }

    /// Expects an answer of a word and these texts.
    func expect(_ answer: ScriptAnswer, _ word: ByteText, _ texts: [ByteText]) throws(Difference) {
        let given = answer.fields.map(\.text)
        try self.expect(answer.word == word && given == texts, "answered \(answer), not \(word) \(texts)")
    }

    /// Expects the events and the keys that the model has.
    mutating func compare() async throws {
        let snapshot = try await self.scene.harness.snapshot()
        let stream = snapshot.stream(self.scene.key("ev"))
        try self.expect(stream == self.events, "events \(stream), not \(self.events)")
        if !stream.isEmpty {
            try await self.scene.harness.command("XTRIM", self.scene.key("ev"), "MAXLEN", "0")
            self.events = []
        }
        let found = ResourceState.keyspace(in: snapshot, self.scene)
        let wanted = self.state.keyspace(self.scene)
        for key in Set(found.keys).union(wanted.keys).sorted() where found[key] != wanted[key] {
            throw Difference(
                description: "\(key) is \(found[key].map { "\($0)" } ?? "none"), not "
                    + (wanted[key].map { "\($0)" } ?? "none"))
        }
        if let first = self.state.firstEnd() {
            let due = snapshot.scores(self.scene.shardKey("due"))["lacme"]?.number
            try self.expect(due.map { $0 <= first } ?? false, "the tenant is due at \(due ?? 0), not by \(first)")
        }
    }

    // MARK: Events

    /// Expects an event now; gives its number.
    private mutating func event(_ letter: ByteText, _ parts: [ByteText], id: Int64? = nil) throws -> Int64 {
        let number = id ?? max(self.nowUs, self.lastID + 1)
        try self.expect(number > self.lastID, "\(number) comes after \(self.lastID)")
        self.lastID = number
        self.events.append([ByteText(number) + "-0", letter, parts.joined("\n")])
        return number
    }

    /// Expects the event of a hold that the model has just taken, and gives it its number.
    mutating func acquired(_ name: ByteText, id: Int64? = nil) throws -> ResourceState.Direct {
        let hold = try #require(self.state.holds[name])
        var parts = [hold.asked, hold.requester, ResourceState.kind, "key", hold.end]
        if hold.resource != nil {
            parts += [hold.name == hold.asked ? "" : hold.name, hold.blockers.map(\.name).joined("\t")]
        }
        self.state.number(name, try self.event("A", parts, id: id))
        return try #require(self.state.holds[name])
    }

    /// Ends a hold in the model and expects its event; gives the names freed, nil for a plain one.
    @discardableResult
    mutating func free(_ name: ByteText, _ letter: ByteText, id: Int64? = nil) throws -> [ByteText]? {
        let hold = try #require(self.state.holds[name])
        let freed = self.state.free(name)
        let isSlotNamed = hold.flags.bytes.contains(UInt8(ascii: "s"))
        let shown = isSlotNamed ? hold.name : hold.resource ?? hold.name
        var parts = [shown, hold.requester, ResourceState.kind, "key", hold.end]
        if let freed { parts += [shown == name ? "" : name, freed.joined("\t")] }
        _ = try self.event(letter, parts, id: id)
        return freed
    }

    /// Ends what is past its time, as nearly every script does first.
    mutating func sweep(_ tillMs: Int64? = nil) throws {
        for hold in self.state.due(tillMs ?? self.nowMs) { try self.free(hold.name, "X") }
    }

    mutating func count(_ word: ByteText) { self.seen[word, default: 0] += 1 }

    // MARK: Steps

    /// Runs a step, unless it does not apply.
    mutating func run(_ operation: ResourceOperation) async throws {
        switch operation {
        case .wait(let us): try await self.wait(us: us)
        case .define(let resources): try await self.define(resources)
        case .adopt(let pool, let chunk): try await self.adopt(pool, chunk)
        case .undefine(let names, let mode): try await self.undefine(names, mode)
        case .acquire(let holds): try await self.acquire(holds)
        case .claim(let holds, let mode, let questions, let limit, let isSwept):
            try await self.claim(holds, mode, questions, limit, isSwept)
        case .transact(let holds, let method, let isQuestion, let limit):
            try await self.transact(holds, method, isQuestion, limit)
        case .release(let holds): try await self.release(holds)
        case .transactRelease(let holds, let method): try await self.transactRelease(holds, method)
        case .renew(let holds, let ttlMs): try await self.renew(holds, ttlMs)
        case .releaseRequester(let requester, let limit): try await self.releaseRequester(requester, limit)
        case .forceRelease(let name): try await self.forceRelease(name)
        case .expire(let limit): try await self.expire(limit)
        case .check(let names): try await self.check(names)
        case .definitions(let limit): try await self.definitions(limit)
        case .holds(let limit): try await self.holds(limit)
        }
        try await self.compare()
    }

    /// Ends everything and expects that nothing is left of it.
    mutating func drain(closing: Bool) async throws {
        if closing {
            let profile: [ByteText] = [
                "close_request", TenantCalls.closing, "close_at", "l0", "close_failed", "0",
            ]
            try await self.scene.harness.command(["HSET", self.scene.key("p")] + profile)
            try await self.scene.harness.command("SET", self.scene.tenantKey, "C9")
            try await self.scene.harness.command("ZADD", self.scene.shardKey("due"), "0", "cacme")
            for _ in 0..<100 {
                let answer = try await self.scene.run("admin/close_step", TenantCalls.closeStep(limit: 7))
                try self.expect(answer.word == "STEP" && answer.text(1) == "0", "\(answer)")
                if answer.text(2) == "0" { break }
            }
        } else {
            for requester in Set(self.state.holds.values.map(\.requester)).sorted() {
                try await self.releaseRequester(requester, 100)
            }
            try await self.compare()
        }
        let snapshot = try await self.scene.harness.snapshot()
        let families = ["ph:", "pb:", "bl:", "an:", "k:", "q:", "act"].map { self.scene.key(ByteText($0)).bytes }
        let left = snapshot.entries.keys.filter { key in families.contains { key.bytes.starts(with: $0) } }
        try self.expect(left.isEmpty, "left over: \(left)")
    }
}
