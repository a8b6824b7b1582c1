// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// A history of locks made by hand, one call after the other unless a window is given.
struct LockStory {
    typealias Answer = LockHistory.Answer
    typealias Grant = LockHistory.Grant
    typealias Item = LockHistory.Item
    typealias Method = LockHistory.Request.Method
    typealias Verb = LockHistory.Request.Verb

    var history = LockHistory()
    var park = ResourcePark.yard
    /// Where the clock stands.
    var nowUs: Int64 = 1_000_000_000
    private var fence: Int64 = 7_000

    /// The rules that the history breaks.
    var broken: Set<LockFlaw.Rule> { Set(LockHistoryCheck(park: park).flaws(history).map(\.rule)) }

    /// The next 900 µs, after which the clock goes on by 1 ms.
    private mutating func nextWindow() -> Stretch {
        defer { nowUs += 1_000 }
        return Stretch(beginUs: nowUs, endUs: nowUs + 900)
    }

    /// Asks about some items; the place of the call in the history.
    @discardableResult
    mutating func ask(
        _ verb: Verb, _ items: [Item], _ answers: [Answer], method: Method? = nil, in window: Stretch? = nil
    ) -> Int {
        let window = window ?? nextWindow()
        history.calls.append(
            .init(
                client: 0, request: .init(verb: verb, method: method, items: items), window: window, answers: answers))
        return history.calls.count - 1
    }

    /// Asks about one item.
    @discardableResult
    mutating func ask(_ verb: Verb, _ item: Item, _ answer: Answer, in window: Stretch? = nil) -> Int {
        ask(verb, [item], [answer], in: window)
    }

    /// What a sound system gives: the next fencing token, and what the resource takes along. `slot` is that of the
    /// resource, `blockerSlot` that of its blockers.
    mutating func grant(_ resource: String, _ token: String, slot: Int = 0, blockerSlot: Int = 0) -> Grant {
        fence += 1
        let meaning = park.meaning(of: resource)
        let definition = meaning.resource
        var grant = Grant(token: token, fence: fence)
        if definition.isPool { grant.slots[definition.name] = meaning.slot ?? "\(definition.name)_\(slot)" }
        for blocker in definition.blocks { grant.slots[blocker] = "\(blocker)_\(blockerSlot)" }
        grant.blockers = definition.blocks
        grant.path = definition.ancestors.isEmpty ? [] : definition.ancestors + [definition.name]
        return grant
    }

    /// A requester takes a resource; its token is both names.
    @discardableResult
    mutating func take(
        _ resource: String, _ requester: String, ttlSeconds: Int64? = nil, slot: Int = 0, blockerSlot: Int = 0,
        in window: Stretch? = nil
    ) -> Grant {
        let grant = grant(resource, "\(requester) \(resource)", slot: slot, blockerSlot: blockerSlot)
        ask(
            .reserve, Item(requester: requester, resource: resource, ttlSeconds: ttlSeconds), .acquired(grant),
            in: window)
        return grant
    }

    /// A requester asks for a resource and is answered.
    @discardableResult
    mutating func reserve(_ resource: String, _ requester: String, _ answer: Answer, ttlSeconds: Int64? = nil) -> Int {
        ask(.reserve, Item(requester: requester, resource: resource, ttlSeconds: ttlSeconds), answer)
    }

    /// A requester is refused because of one holder.
    mutating func refuse(
        _ resource: String, _ requester: String, by holder: String?, of name: String? = nil,
        kind: LockHistory.Obstacle.Kind = .resource
    ) {
        reserve(resource, requester, .refused([.init(name: name ?? resource, kind: kind, holder: holder)]))
    }

    /// A release by the token of ``take(_:_:ttlSeconds:slot:blockerSlot:in:)``, or another one.
    @discardableResult
    mutating func release(
        _ resource: String, _ requester: String, token: String? = nil, _ answer: Answer? = nil,
        freed: [String]? = nil, in window: Stretch? = nil
    ) -> Int {
        let item = Item(requester: requester, resource: resource, token: token ?? "\(requester) \(resource)")
        return ask(.unreserve, item, answer ?? .relinquished(freed ?? [resource]), in: window)
    }

    mutating func check(_ resource: String, _ answer: Answer) { ask(.check, Item(resource: resource), answer) }

    mutating func releaseAll(_ requester: String, _ answer: Answer) {
        ask(.releaseAll, Item(requester: requester), answer)
    }

    /// Nobody does anything.
    mutating func wait(ms: Int64) { nowUs += ms * 1_000 }
}
