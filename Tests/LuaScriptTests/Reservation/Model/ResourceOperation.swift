// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport

/// One step of a run, complete in itself: a list of these can be run again.
enum ResourceOperation {
    case wait(us: Int64)
    case define([Resource])
    case adopt(ByteText, chunk: Int64)
    case undefine([ByteText], mode: ByteText)
    case acquire([Hold])
    case claim([Hold], mode: ByteText, questions: Set<Int>, limit: ByteText, isSwept: Bool)
    case transact([Hold], method: ByteText, isQuestion: Bool, limit: ByteText)
    case release([Hold])
    case transactRelease([Hold], method: ByteText)
    case renew([Hold], ttlMs: Int64)
    case releaseRequester(ByteText, limit: Int)
    case forceRelease(ByteText)
    case expire(limit: Int)
    case check([ByteText])
    case definitions(limit: Int)
    case holds(limit: Int)
}

/// Steps of chance over few names and requesters, so that they get into each other's way.
struct ResourceOperations {
    private var random: SeededGenerator
    private let bases: [ByteText]
    private let names: [ByteText]
    private let requesters: [ByteText]
    private let capacities: [Int64]
    /// Chances, in percent: another blocker, a place below another, a change of definitions.
    private let blocking: Int
    private let nesting: Int
    private let redefining: Int
    private var tokens = 0
    private var lastTaking: ResourceOperation?

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let count = [3, 3, 5, 8].randomElement(using: &random) ?? 3
        // Nothing in a name may mean anything to Lua.
        let bases: [ByteText] = Array(["P", "Q", "N %1-", "M", "L.*_7", "K", "[B] \u{e4}", "-"].prefix(count))
        let slots = bases.flatMap { base -> [ByteText] in
            (0..<([0, 1, 2, 4].randomElement(using: &random) ?? 1)).map { base + "_" + ByteText($0) }
        }
        self.bases = bases
        self.names = bases + slots + ["x"]
        self.requesters = Array(["alice", "bob %d", "n", "t1"].prefix(Int.random(in: 2...4, using: &random)))
        self.capacities =
            [[1], [1, 1, 2], [1, 2, 3], [2, 3], [2, 3, 4], [1, 3, 9]].randomElement(using: &random) ?? [1]
        self.blocking = [0, 20, 50, 90].randomElement(using: &random) ?? 0
        self.nesting = [0, 30, 70, 95, 95].randomElement(using: &random) ?? 0
        self.redefining = [3, 6, 15].randomElement(using: &random) ?? 3
        self.random = random
    }

    private mutating func pick<Element>(_ elements: Element...) -> Element {
        elements[Int.random(in: elements.indices, using: &self.random)]
    }

    private mutating func pick(_ elements: [ByteText]) -> ByteText {
        elements.randomElement(using: &self.random) ?? "x"
    }

    private mutating func happens(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self.random) < percent }

    private mutating func several<Element>(_ counts: [Int], _ make: (inout Self) -> Element) -> [Element] {
        let count = counts.randomElement(using: &self.random) ?? 1
        return (0..<count).map { _ in make(&self) }
    }

    private mutating func nextToken() -> ByteText {
        self.tokens += 1
        return LuaScriptTests.token("t\(self.tokens)")
    }

    private mutating func item() -> Hold {
        Hold(
            requester: self.pick(self.requesters), name: self.pick(self.happens(50) ? self.bases : self.names),
            ttlMs: self.pick(0, 0, 0, 5, 20, 50, 1_000), kind: ResourceState.kind, token: self.nextToken())
    }

    /// Mostly what somebody holds, by one of its names, with a token that is mostly right.
    private mutating func release(_ state: ResourceState) -> Hold {
        let holds = state.holds.values.sorted { $0.name < $1.name }
        guard let held = holds.randomElement(using: &self.random), self.happens(85) else {
            return Hold(
                requester: self.pick(self.requesters), name: self.pick(self.names),
                token: self.pick("", self.nextToken(), ByteText("0").repeated(36)))
        }
        let logical = held.resource ?? held.name
        let other = holds.randomElement(using: &self.random)?.token ?? ""
        return Hold(
            requester: self.happens(90) ? held.requester : self.pick(self.requesters),
            name: self.pick(held.name, held.name, logical, logical, self.pick(self.names)),
            token: self.happens(90) ? held.token : self.pick("", other, ByteText("0").repeated(36)))
    }

    private mutating func resources(_ state: ResourceState) -> [Resource] {
        let picked = Array(self.bases.shuffled(using: &self.random).prefix(self.pick(1, 1, 2, 4)))
        let known = Set(state.definitions.keys).union(picked).sorted()
        return picked.map { name in
            let parent = self.happens(self.nesting) ? self.pick(known) : ""
            var blockers: [ByteText] = []
            while blockers.count < 4, self.happens(self.blocking) {
                let blocker = self.pick(self.names)
                if !blockers.contains(blocker) { blockers.append(blocker) }
            }
            let capacity = self.capacities.randomElement(using: &self.random) ?? 1
            return Resource(name, capacity: capacity, below: parent == name ? "" : parent, blockers: blockers)
        }
    }

    private mutating func claim() -> ResourceOperation {
        let holds = self.several([1, 1, 1, 2, 5]) { $0.item() }
        let questions = Set(holds.indices.filter { _ in self.happens(20) })
        return .claim(
            holds, mode: self.pick("T", "T", "T", "T", "Q"), questions: questions,
            limit: self.pick("", "", "", "2", "6"),
            isSwept: self.happens(30))
    }

    private mutating func transact() -> ResourceOperation {
        .transact(
            self.several([1, 2, 2, 3, 6]) { $0.item() }, method: self.pick("A", "A", "M", "F"),
            isQuestion: self.happens(25), limit: self.pick("", "", "", "2", "6"))
    }

    /// The next step.
    mutating func next(_ state: ResourceState) -> ResourceOperation {
        if let last = self.lastTaking, self.happens(5) { return last }
        if self.happens(state.definitions.isEmpty ? 15 : self.redefining) { return .define(self.resources(state)) }
        let open = state.definitions.filter { $1.isPool && $1.adopted < $1.resource.capacity }.keys.sorted()
        if !open.isEmpty, self.happens(70) { return .adopt(self.pick(open), chunk: self.pick(1, 2, 1_000)) }
        if state.definitions.isEmpty, self.happens(60) { return .acquire(self.several([1, 1, 3]) { $0.item() }) }
        switch Int.random(in: 0..<100, using: &self.random) {
        case ..<42:
            let taking = self.happens(70) ? self.claim() : self.transact()
            self.lastTaking = taking
            return taking
        case ..<62: return .release(self.several([1, 1, 2, 4]) { $0.release(state) })
        case ..<68:
            return .transactRelease(
                self.several([1, 2, 3, 4]) { $0.release(state) }, method: self.pick("A", "A", "M", "F"))
        case ..<73: return .renew(self.several([1, 2]) { $0.release(state) }, ttlMs: self.pick(5, 30, 2_000))
        case ..<76: return .releaseRequester(self.pick(self.requesters), limit: self.pick(1, 2, 100))
        case ..<80: return .forceRelease(self.pick(self.names))
        case ..<82: return .expire(limit: self.pick(1, 200))
        case ..<86: return .check(self.several([1, 3, 6]) { $0.pick($0.names) })
        case ..<88: return .definitions(limit: self.pick(1, 2, 500))
        case ..<89: return .holds(limit: self.pick(1, 2, 500))
        case ..<92: return .undefine([self.pick(self.names)], mode: self.pick("L", "D"))
        default: return .wait(us: self.pick(1, 3, 500, 1_000, 5_000, 20_000))
        }
    }
}
