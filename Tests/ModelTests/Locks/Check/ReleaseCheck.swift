// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Answers to those who release and renew: only the live token of the requester does it, no hold is gone before its
/// end, and what came along is free exactly when nobody needs it any more.
struct ReleaseCheck: Sendable {
    let lives: LockLives

    func flaws() -> [LockFlaw] {
        let entries = lives.entries.filter { $0.verb == .unreserve || $0.verb == .renew }
        return entries.compactMap(flaw) + repeated(entries) + transactions(entries)
    }

    private func flaw(_ entry: LockHistory.Entry) -> LockFlaw? {
        switch (entry.verb, entry.answer) {
        case (.unreserve, .relinquished(let names)): live(entry) ?? freed(names, entry)
        case (.renew, .renewed(let grant)): live(entry) ?? same(grant, entry)
        case (_, .notReserved): notReserved(entry)
        case (_, .notOwner): notOwner(entry)
        case (_, .badToken): badToken(entry)
        case (.unreserve, .rolledBack) where entry.method == .allOrNone: live(entry)
        case (.unreserve, .untried) where entry.method == .first: nil
        case (_, .unknown): nil
        default: LockFlaw(.answer, "\(entry.verb) \(entry.item) was answered \(entry.answer)")
        }
    }

    private func what(_ entry: LockHistory.Entry) -> String {
        "\(entry.verb) \(entry.item) in \(entry.window) was answered \(entry.answer)"
    }

    /// The token is that of a hold of this requester that can have been there.
    private func live(_ entry: LockHistory.Entry) -> LockFlaw? {
        guard let hold = lives.hold(entry.item.token), hold.requester == entry.item.requester,
            hold.roles[entry.item.resource] == .own
        else { return LockFlaw(.staleToken, "\(what(entry)), and its token is that of no such hold") }
        guard hold.mayHold(in: entry.window), hold.expiredUs(before: entry) >= entry.window.beginUs else {
            return LockFlaw(.staleToken, "\(what(entry)); \(hold.summary) was over by \(hold.lastUs)")
        }
        return nil
    }

    /// One token releases once.
    private func repeated(_ entries: [LockHistory.Entry]) -> [LockFlaw] {
        var done: Set<String> = []
        return entries.compactMap { entry in
            guard case .relinquished = entry.answer, !done.insert(entry.item.token).inserted else { return nil }
            return LockFlaw(.staleToken, "\(what(entry)), and that token was used up")
        }
    }

    private func same(_ grant: LockHistory.Grant, _ entry: LockHistory.Entry) -> LockFlaw? {
        lives.hold(grant.token)?.grant == grant ? nil : LockFlaw(.had, what(entry))
    }

    // MARK: What was not released

    /// Nobody has anything of the name, at some moment.
    private func notReserved(_ entry: LockHistory.Entry) -> LockFlaw? {
        let present = lives.possible(entry.item.resource, in: entry.window).first { $0.holdsThroughout(entry.window) }
        return present.map { LockFlaw(.vanished, "\(what(entry)); there is \($0.summary)") }
    }

    /// Another has the hold of this token.
    private func notOwner(_ entry: LockHistory.Entry) -> LockFlaw? {
        guard let hold = lives.hold(entry.item.token), hold.requester != entry.item.requester,
            hold.roles[entry.item.resource] == .own, hold.mayHold(in: entry.window)
        else { return LockFlaw(.holder, "\(what(entry)), and its token is that of no such hold") }
        return nil
    }

    /// Somebody has the name, and by another token.
    private func badToken(_ entry: LockHistory.Entry) -> LockFlaw? {
        if let hold = lives.hold(entry.item.token), hold.roles[entry.item.resource] == .own,
            hold.holdsThroughout(entry.window)
        {
            return LockFlaw(.vanished, "\(what(entry)), and its token is that of \(hold.summary)")
        }
        let isHeld = !lives.possible(entry.item.resource, in: entry.window).isEmpty
        return isHeld ? nil : LockFlaw(.holder, "\(what(entry)), and nobody holds that")
    }

    /// With all or none, nothing is released beside what was refused.
    private func transactions(_ entries: [LockHistory.Entry]) -> [LockFlaw] {
        Dictionary(grouping: entries.filter { $0.method != nil }, by: \.call).sorted { $0.key < $1.key }
            .compactMap { _, entries in
                let answers = entries.map(\.answer)
                let isTorn =
                    switch entries.first?.method {
                    case .allOrNone:
                        answers.contains(where: \.isRelease)
                            && answers.contains { $0 == .badToken || $0 == .notOwner || $0 == .rolledBack }
                    case .first:
                        answers.dropLast().enumerated().contains { $1.isRelease && answers[$0 + 1] != .untried }
                    case .asManyAsPossible, nil: false
                    }
                return isTorn
                    ? LockFlaw(.transaction, "release of \(entries.map(\.item)) as one was answered \(answers)") : nil
            }
    }

    // MARK: What came along

    /// Its own unit, then blockers and ancestors: those that nobody else needs, and all of them.
    private func freed(_ names: [String], _ entry: LockHistory.Entry) -> LockFlaw? {
        guard let hold = lives.hold(entry.item.token), let unit = hold.unit else { return nil }
        guard names.first == unit else { return LockFlaw(.derived, "\(what(entry)), which is not \(unit)") }
        let blockers = Set(hold.blockerUnits.values)
        let ancestors = Set(hold.roles.keys.filter { hold.roles[$0] == .below })
        guard Set(names.dropFirst()).isSubset(of: blockers.union(ancestors)), Set(names).count == names.count else {
            return LockFlaw(.derived, "\(what(entry)), which did not all come along with \(unit)")
        }
        for name in blockers.union(ancestors).sorted() {
            let others = lives.possible(name, in: entry.window).filter { other in
                guard other.grant?.token != entry.item.token else { return false }
                // A blocker belongs to all holds of the resource, a node to all of the requester.
                return blockers.contains(name)
                    ? other.roles[name] == hold.roles[name] : other.requester == hold.requester
            }
            if names.contains(name), let other = others.first(where: { $0.holdsThroughout(entry.window) }) {
                return LockFlaw(.derived, "\(what(entry)), while \(other.summary) needs \(name)")
            }
            if !names.contains(name), others.isEmpty {
                return LockFlaw(.derived, "\(what(entry)), and nobody needs \(name) any more")
            }
        }
        return nil
    }
}

extension LockHistory.Answer {
    var isRelease: Bool {
        if case .relinquished = self { true } else { false }
    }
}
