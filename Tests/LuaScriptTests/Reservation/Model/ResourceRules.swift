// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport

/// How holds come and go (decisions Q5 to Q23).
extension ResourceState {
    /// Something in the way.
    struct Obstacle {
        var name: ByteText
        var kind: ByteText
        /// Who may be named as its holder, and whether there is one who must be.
        var holders: Set<ByteText>
        var isCertain: Bool
    }

    /// What comes of asking for a resource.
    struct Answer {
        var word: ByteText
        var hold: Direct?
        var obstacles: [Obstacle] = []

        var isHeld: Bool { self.word == "ACQUIRED" || self.word == "ALREADY_HAD" }
    }

    private func obstacle(_ name: ByteText, _ kind: ByteText) -> Obstacle {
        if let holder = self.occupant(name) {
            return Obstacle(name: name, kind: kind, holders: [holder], isCertain: true)
        }
        let (definition, resource, _) = self.resolve(name)
        guard let definition else { return Obstacle(name: name, kind: kind, holders: [], isCertain: false) }
        let holders = Set(self.units(resource).map(\.requester) + self.onlyBelow(resource))
        return Obstacle(name: name, kind: kind, holders: holders, isCertain: holders.count == 1 && !definition.isPool)
    }

    /// What the requester has of a name already.
    func had(_ asked: Hold) -> Direct? {
        let (definition, resource, slot) = self.resolve(asked.name)
        if definition?.isPool == true, slot == nil {
            return self.units(resource).first { $0.requester == asked.requester }.flatMap { self.holds[$0.name] }
        }
        return self.holds[asked.name].flatMap { $0.requester == asked.requester ? $0 : nil }
    }

    /// Takes a resource with all that comes along, or nothing.
    mutating func take(_ asked: Hold, nowMs: Int64) -> Answer {
        if let had = self.had(asked) {
            return Answer(word: had.token == asked.token ? "ACQUIRED" : "ALREADY_HAD", hold: had)
        }
        let (definition, resource, slot) = self.resolve(asked.name)
        let capacity = definition?.resource.capacity ?? 1
        if let slot, slot >= capacity || capacity == 1 { return Answer(word: "NOT_VALID") }
        var (word, obstacles): (ByteText, [Obstacle]) = ("NOT_AVAILABLE", [])
        let namesOne = definition?.isPool != true || slot != nil
        if namesOne, self.occupant(asked.name) != nil {
            (word, obstacles) = ("ALREADY_HELD", [self.obstacle(asked.name, "RESOURCE")])
        } else if definition != nil, !self.hasRoom(resource, asked.requester) {
            word = capacity == 1 ? "ALREADY_HELD" : "NOT_AVAILABLE"
            obstacles = [self.obstacle(asked.name, "RESOURCE")]
        }
        var next = self
        var hold = Direct(
            asked: asked.name, name: asked.name, requester: asked.requester, token: asked.token,
            expiresMs: asked.ttlMs == 0 ? nil : nowMs + asked.ttlMs)
        if let definition {
            obstacles += next.takeAlong(&hold, definition, resource)
            hold.resource = resource
            hold.flags = (definition.isPool ? "p" : "") + (slot == nil ? "" : "s")
            hold.slot = definition.isPool ? slot.map { ByteText($0) } ?? "-" : nil
            hold.order = next.nextOrder()
            if obstacles.isEmpty, definition.isPool, slot == nil, capacity > 1 {
                let free = next.lowestFreeSlot(resource)
                hold.slot = free.map { ByteText($0) }
                hold.name = resource + "_" + (hold.slot ?? "")
                if free == nil { obstacles = [next.obstacle(asked.name, "RESOURCE")] }
            }
            let isFree = next.occupant(hold.name) == nil && next.hasRoom(resource, asked.requester)
            if obstacles.isEmpty, !isFree { obstacles = [next.obstacle(asked.name, "RESOURCE")] }
        }
        guard obstacles.isEmpty else { return Answer(word: word, obstacles: obstacles) }
        for blocker in hold.blockers { next.systems[blocker.unit]?.users.insert(hold.name) }
        next.holds[hold.name] = hold
        self = next
        return Answer(word: "ACQUIRED", hold: hold)
    }

    /// Takes blockers, looks at ancestors; gives what is in the way.
    private mutating func takeAlong(
        _ hold: inout Direct, _ definition: Definition, _ resource: ByteText
    ) -> [Obstacle] {
        var obstacles: [Obstacle] = []
        hold.ancestors = self.ancestors(resource)
        let names = definition.resource.blockers.filter { !([resource, hold.asked] + hold.ancestors).contains($0) }
        var units: [ByteText: ByteText] = [:]
        // Pools last: any of their slots will do, but not one that another blocker names.
        for name in names.filter({ !self.isPool($0) }) + names.filter({ self.isPool($0) }) {
            let shared = self.systems.values.first { $0.parent == resource && $0.blocker == name }
            units[name] = shared?.name ?? self.block(name, for: resource)
            if units[name] == nil { obstacles.append(self.obstacle(name, "BLOCKER")) }
        }
        hold.blockers = names.compactMap { name in units[name].map { .init(name: name, unit: $0) } }
        for node in hold.ancestors where self.below(node)[hold.requester] == nil && !self.has(node, hold.requester) {
            if self.used(node) >= self.definitions[node]?.resource.capacity ?? 0 {
                obstacles.append(self.obstacle(node, "ANCESTOR"))
            }
        }
        return obstacles
    }

    private func isPool(_ name: ByteText) -> Bool {
        let (definition, _, slot) = self.resolve(name)
        return definition?.isPool == true && slot == nil
    }

    /// Takes a blocker for a resource; gives what is held of it, nil when it is not free.
    private mutating func block(_ name: ByteText, for parent: ByteText) -> ByteText? {
        let (definition, own, slot) = self.resolve(name)
        var held = System(name: name, own: own, slot: slot.map { ByteText($0) }, parent: parent, blocker: name)
        if let definition {
            let capacity = definition.resource.capacity
            if let slot, slot >= capacity || capacity == 1 { return nil }
            guard self.hasRoom(own, Self.system) else { return nil }
            if definition.isPool, slot == nil {
                held.slot = "-"
                if capacity > 1 {
                    guard let free = self.lowestFreeSlot(own) else { return nil }
                    held.slot = ByteText(free)
                    held.name = own + "_" + ByteText(free)
                }
            }
        }
        guard self.occupant(held.name) == nil else { return nil }
        held.order = self.nextOrder()
        self.systems[held.name] = held
        return held.name
    }

    /// The fencing number of a new hold, which what the system newly holds for it has, too.
    mutating func number(_ name: ByteText, _ fence: Int64) {
        self.holds[name]?.fence = fence
        for (unit, held) in self.systems where held.fence == nil && held.users.contains(name) {
            self.systems[unit]?.fence = fence
        }
    }

    /// Frees a hold with all that came along; gives the names freed, nil for a plain name.
    mutating func free(_ name: ByteText) -> [ByteText]? {
        guard let hold = self.holds.removeValue(forKey: name), hold.resource != nil else { return nil }
        var freed = [name]
        for blocker in hold.blockers {
            self.systems[blocker.unit]?.users.remove(name)
            guard self.systems[blocker.unit]?.users.isEmpty == true else { continue }
            self.systems[blocker.unit] = nil
            freed.append(blocker.unit)
        }
        return freed
            + hold.ancestors.filter { self.below($0)[hold.requester] == nil && !self.has($0, hold.requester) }
    }

    /// What a release with a token comes to, and the hold that it means.
    func judge(_ release: Hold) -> (word: ByteText, name: ByteText?) {
        var found = self.holds[release.name].flatMap { $0.token == release.token ? $0 : nil }
        found =
            found
            ?? self.slots(release.name).lazy.compactMap { self.holds[$0.name] }
            .first { $0.token == release.token }
        if let found { return (found.requester == release.requester ? "RELINQUISHED" : "NOT_OWNER", found.name) }
        let isHeld = self.occupant(release.name) != nil || !self.slots(release.name).isEmpty
        return (isHeld || !self.below(release.name).isEmpty ? "BAD_TOKEN" : "NOT_RESERVED", nil)
    }

    // MARK: Definitions

    /// Writes a definition. What is held of its bare name counts as one unit from then on.
    mutating func define(_ resource: Resource) {
        let old = self.definitions[resource.name]
        let definition = Definition(
            resource: resource, peak: max(resource.capacity, old?.peak ?? 1), adopted: old?.adopted ?? 0)
        self.definitions[resource.name] = definition
        if var hold = self.holds[resource.name], hold.slot == nil {
            hold.resource = resource.name
            if definition.isPool { (hold.slot, hold.flags, hold.order) = ("-", hold.flags + "p", self.nextOrder()) }
            self.holds[resource.name] = hold
        }
        if var held = self.systems[resource.name], held.slot == nil, definition.isPool {
            (held.slot, held.order) = ("-", self.nextOrder())
            self.systems[resource.name] = held
        }
    }

    /// Makes holds of names that became slots units of their pool.
    mutating func adopt(_ pool: ByteText, _ slots: Range<Int64>) {
        for number in slots {
            let name = pool + "_" + ByteText(number)
            if var hold = self.holds[name], hold.resource == nil {
                (hold.resource, hold.slot, hold.flags) = (pool, ByteText(number), "sp")
                hold.order = self.nextOrder()
                self.holds[name] = hold
            }
            if var held = self.systems[name], held.slot == nil {
                (held.own, held.slot, held.order) = (pool, ByteText(number), self.nextOrder())
                self.systems[name] = held
            }
        }
        if self.definitions[pool]?.adopted == slots.lowerBound { self.definitions[pool]?.adopted = slots.upperBound }
    }

    /// Whether anything is held of a resource, or below it.
    func isInUse(_ resource: ByteText) -> Bool {
        self.occupant(resource) != nil || !self.slots(resource).isEmpty || !self.below(resource).isEmpty
    }
}
