// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport

/// Makes up what one client does next: few names for many clients, holds that are given back soon, tokens of all kinds.
/// The same seed gives the same decisions as far as the answers are the same.
struct LockWorkload: Sendable {
    typealias Request = LockHistory.Request
    typealias Item = LockHistory.Item

    /// One step of a client.
    enum Step: Sendable {
        case ask(Request)
        /// The client dies while this is under way, and comes back under another name.
        case die(during: Request)
        /// It takes something for a second, does nothing for longer than that, and then uses its tokens, or asks
        /// whether anybody has the names.
        case nap([Item], then: Request.Verb, extraUs: Int64)
    }

    let client: Int
    private let park: ResourcePark
    private var random: SeededGenerator
    private var life = 0
    /// What this client has, as far as it knows.
    private var held: [Item] = []
    /// Names of earlier lives that may still have something.
    private var past: [String] = []

    init(seed: UInt64, client: Int, park: ResourcePark) {
        self.client = client
        self.park = park
        random = SeededGenerator(seed: seed &+ UInt64(client) &* 0x2545_F491_4F6C_DD1D)
    }

    /// Who asks; the dead do not come back.
    var requester: String { "c\(client)-\(life)" }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

    private mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    private mutating func pick<Element>(_ list: some RandomAccessCollection<Element>) -> Element? {
        list.randomElement(using: &random)
    }

    // MARK: Steps

    mutating func next(_ memory: LockJournal.Memory) -> Step {
        switch below(1_000) {
        case ..<25: .die(during: request(memory))
        case ..<32: nap()
        default: .ask(request(memory))
        }
    }

    /// Life after death: under another name, and with nothing.
    mutating func reborn() {
        past.append(requester)
        life += 1
        held = []
    }

    /// What the client makes of its answers.
    mutating func note(_ request: Request, _ answers: [LockHistory.Answer]) {
        for (item, answer) in zip(request.items, answers) {
            switch (request.verb, answer) {
            case (.reserve, .acquired(let grant)), (.reserve, .alreadyHad(let grant)):
                held.removeAll { $0.token == grant.token }
                held.append(Item(requester: item.requester, resource: item.resource, token: grant.token))
            case (.reserve, .refused): held.removeAll { $0.resource == item.resource }
            case (.unreserve, .relinquished), (.unreserve, .notReserved), (.unreserve, .badToken),
                (.renew, .notReserved), (.renew, .badToken):
                held.removeAll { $0.token == item.token }
            case (.releaseAll, .releasedAll) where item.requester == requester: held = []
            default: break
            }
        }
    }

    private mutating func nap() -> Step {
        // What everybody wants, and a name of its own, which it gets for certain.
        let items = [name(), name(), "den-\(client)"].map { Item(requester: requester, resource: $0, ttlSeconds: 1) }
        let verbs: [Request.Verb] = [.unreserve, .unreserve, .renew, .check]
        return .nap(items, then: pick(verbs) ?? .unreserve, extraUs: chance(50) ? 0 : Int64(below(200_000)))
    }

    private mutating func request(_ memory: LockJournal.Memory) -> Request {
        // What nobody gives back keeps all others from meeting each other.
        if let before = past.last, chance(30) {
            past.removeLast()
            return Request(verb: .releaseAll, items: [Item(requester: before)])
        }
        if held.count > 2 || (!held.isEmpty && chance(60)) { return giveBack() }
        switch below(100) {
        case ..<34: return Request(verb: .reserve, items: wishes(most: 3))
        case ..<54: return Request(verb: .reserve, method: method(), items: wishes(most: 3))
        case ..<66: return renewal(memory)
        case ..<78: return badRelease(memory)
        case ..<90: return Request(verb: .check, items: (0...below(3)).map { _ in Item(resource: name()) })
        case ..<97:
            let someone = chance(80) ? pick(memory.graves) : nil
            return Request(verb: .releaseAll, items: [Item(requester: someone ?? requester)])
        default: return Request(verb: .force, items: [Item(resource: pick(park.disputed) ?? "")])
        }
    }

    // MARK: Taking

    private mutating func name() -> String { pick(park.wanted) ?? "" }

    private mutating func method() -> Request.Method { pick(Request.Method.allCases) ?? .first }

    /// Some names, now and then one that the client has already.
    private mutating func wishes(most: Int) -> [Item] {
        (0...below(most)).map { _ in
            let mine = chance(15) ? pick(held)?.resource : nil
            return Item(
                requester: requester, resource: mine ?? name(), ttlSeconds: chance(60) ? 1 : nil)
        }
    }

    // MARK: Giving back

    private mutating func giveBack() -> Request {
        let mine = held.shuffled(using: &random)
        switch below(10) {
        case 0: return Request(verb: .releaseAll, items: [Item(requester: requester)])
        case 1...3: return Request(verb: .unreserve, method: method(), items: mine + strangers(20))
        default: return Request(verb: .unreserve, items: Array(mine.prefix(1 + below(mine.count))) + strangers(5))
        }
    }

    /// Now and then, a release that must fail.
    private mutating func strangers(_ percent: Int) -> [Item] {
        chance(percent) ? [Item(requester: requester, resource: name(), token: Self.nobodys)] : []
    }

    private static let nobodys = "00000000-0000-4000-8000-000000000000"

    private mutating func renewal(_ memory: LockJournal.Memory) -> Request {
        var item =
            pick(held) ?? pick(memory.tokens) ?? Item(requester: requester, resource: name(), token: Self.nobodys)
        item.ttlSeconds = 1
        return Request(verb: .renew, items: [item])
    }

    /// With a token that is used up, or another's; in the name of its owner or of this client; for its name or another.
    private mutating func badRelease(_ memory: LockJournal.Memory) -> Request {
        // The latest may still be good.
        var item =
            pick(chance(50) ? memory.tokens.suffix(4) : memory.tokens[...])
            ?? Item(requester: requester, resource: name(), token: Self.nobodys)
        switch below(10) {
        case ..<5: item.requester = requester
        case ..<7: item.resource = name()
        case ..<9: item.token = Self.nobodys
        // It may be a live one: then its owner finds it gone.
        default: break
        }
        return Request(verb: .unreserve, method: chance(30) ? method() : nil, items: [item])
    }
}
