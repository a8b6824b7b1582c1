// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Answers to those who want to reserve: what they were given has the shape of its resource, what they are said to have
/// is theirs, and what is said to be in the way can have been.
struct ReserveCheck: Sendable {
    let lives: LockLives

    func flaws() -> [LockFlaw] {
        lives.entries.filter { $0.verb == .reserve }.compactMap(flaw) + transactions()
    }

    private func flaw(_ entry: LockHistory.Entry) -> LockFlaw? {
        switch entry.answer {
        case .acquired(let grant): shape(grant, entry)
        case .alreadyHad(let grant): shape(grant, entry) ?? had(grant, entry)
        case .refused(let obstacles): refusal(obstacles, entry)
        case .rolledBack where entry.method == .allOrNone, .untried where entry.method == .first: nil
        // Sent again, it keeps what it took the first time, though one before it is free by now.
        case .rolledBack where entry.method == .first && entry.mayBeTwice: nil
        case .notValid:
            lives.park.meaning(of: entry.item.resource).isInvalid
                ? nil : LockFlaw(.answer, "\(entry.item) is said not to be valid")
        case .unknown: nil
        default: LockFlaw(.answer, "\(entry.item) was answered \(entry.answer)")
        }
    }

    /// What was taken along is what the definition says.
    private func shape(_ grant: LockHistory.Grant, _ entry: LockHistory.Entry) -> LockFlaw? {
        let meaning = lives.park.meaning(of: entry.item.resource)
        let resource = meaning.resource
        var pools = [resource].filter(\.isPool)
        pools += resource.blocks.map { lives.park.meaning(of: $0).resource }.filter(\.isPool)
        let slotsFit =
            grant.slots.count == pools.count
            && pools.allSatisfy { pool in grant.slots[pool.name].map { pool.slots.contains($0) } == true }
        let path = resource.ancestors.isEmpty ? [] : resource.ancestors + [resource.name]
        let ownFits = meaning.slot.map { grant.slots[resource.name] == $0 } ?? true
        if slotsFit, ownFits, grant.blockers == resource.blocks, grant.path == path { return nil }
        return LockFlaw(.derived, "\(entry.item) was given \(grant), which is not what it takes along")
    }

    /// The hold is there, and it is the one that the requester has of the name.
    private func had(_ grant: LockHistory.Grant, _ entry: LockHistory.Entry) -> LockFlaw? {
        let (item, window) = (entry.item, entry.window)
        guard let hold = lives.hold(grant.token), hold.mayHold(in: window) else {
            return LockFlaw(.had, "\(item) is had as \(grant) in \(window), which is over")
        }
        let meaning = lives.park.meaning(of: item.resource)
        guard meaning.slot != nil || !meaning.resource.isPool else { return nil }
        let other = lives.possible(item.resource, in: window).first {
            $0.requester == item.requester && $0.roles[item.resource] == .own && $0.holdsThroughout(window)
                && $0.grant?.token != grant.token
        }
        return other.map { LockFlaw(.had, "\(item) is had as \(grant) in \(window), and \($0.summary) is") }
    }

    // MARK: Refusals

    private func refusal(_ obstacles: [LockHistory.Obstacle], _ entry: LockHistory.Entry) -> LockFlaw? {
        guard !obstacles.isEmpty else { return LockFlaw(.answer, "\(entry.item) was refused for nothing") }
        let mine = lives.possible(entry.item.resource, in: entry.window).first {
            $0.requester == entry.item.requester && $0.roles[entry.item.resource] == .own
                && $0.holdsThroughout(entry.window)
        }
        if let mine { return LockFlaw(.had, "\(entry.item) was refused to who has \(mine.summary)") }
        for obstacle in obstacles where !isPossible(obstacle, entry) {
            return LockFlaw(.holder, "\(entry.item) was refused in \(entry.window) for \(obstacle), which cannot be")
        }
        return nil
    }

    private func isPossible(_ obstacle: LockHistory.Obstacle, _ entry: LockHistory.Entry) -> Bool {
        guard isOfKind(obstacle, entry.item.resource) else { return false }
        guard let holder = obstacle.holder else { return lives.mayBeFull(obstacle.name, in: entry.window) }
        return lives.mayHold(holder, obstacle.name, in: entry.window)
    }

    /// Whether the name is to the resource what the obstacle says.
    private func isOfKind(_ obstacle: LockHistory.Obstacle, _ name: String) -> Bool {
        let resource = lives.park.meaning(of: name).resource
        return switch obstacle.kind {
        case .resource: obstacle.name == name
        case .blocker: resource.blocks.contains(obstacle.name)
        case .ancestor: resource.ancestors.contains(obstacle.name)
        }
    }

    // MARK: Transactions

    /// All items or none; or the first that can be had, and none after it.
    private func transactions() -> [LockFlaw] {
        // Sent again, it may find that what it took the first time is partly over.
        let entries = lives.entries.filter { $0.method != nil && $0.verb == .reserve && !$0.mayBeTwice }
        return Dictionary(grouping: entries, by: \.call)
            .sorted { $0.key < $1.key }.compactMap { _, entries in
                let answers = entries.map(\.answer)
                let isTorn =
                    switch entries.first?.method {
                    case .allOrNone: answers.contains(where: \.isAcquired) && !answers.allSatisfy(\.isHeld)
                    case .first: answers.dropLast().enumerated().contains { $1.isHeld && answers[$0 + 1] != .untried }
                    case .asManyAsPossible, nil: false
                    }
                let isForNothing = answers.contains(.rolledBack) && !answers.contains(where: \.isRefused)
                guard isTorn || isForNothing else { return nil }
                return LockFlaw(.transaction, "\(entries.map(\.item)) as one was answered \(answers)")
            }
    }
}

extension LockHistory.Answer {
    var isAcquired: Bool {
        if case .acquired = self { true } else { false }
    }

    /// Whether the requester has the resource then.
    var isHeld: Bool {
        switch self {
        case .acquired, .alreadyHad: true
        default: false
        }
    }

    var isRefused: Bool {
        switch self {
        case .refused, .notValid: true
        default: false
        }
    }
}

extension LockLives {
    /// Whether somebody can have held something of a name, at some moment of a call.
    func mayHold(_ holder: String, _ name: String, in window: Stretch) -> Bool {
        possible(name, in: window).contains { claim in
            if case .system? = claim.roles[name] { return holder == LockHistory.system }
            return claim.requester == holder
        }
    }

    /// Whether no unit of a name can have been free, at some moment of a call.
    func mayBeFull(_ name: String, in window: Stretch) -> Bool {
        if possible(name, in: window).load(on: name) >= park.capacity(of: name) { return true }
        let meaning = park.meaning(of: name)
        guard meaning.slot != nil else { return false }
        let pool = meaning.resource
        return possible(pool.name, in: window).load(on: pool.name) >= pool.capacity
    }

    /// Whether no unit of a name was free at any moment of a call.
    func isFull(_ name: String, throughout window: Stretch) -> Bool {
        let present = possible(name, in: window).filter { $0.holdsThroughout(window) }
        if present.load(on: name) >= park.capacity(of: name) { return true }
        let meaning = park.meaning(of: name)
        return meaning.slot != nil && isFull(meaning.resource.name, throughout: window)
    }
}
