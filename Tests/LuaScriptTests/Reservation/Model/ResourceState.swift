// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

import TestSupport

/// Registered resources and holds as the specification has them, stated a second time without an index: what is held
/// along with a hold is found by looking at all holds. A copy is a what-if.
struct ResourceState {
    static let system: ByteText = "__system__"

    /// A registered resource.
    struct Definition {
        var resource: Resource
        /// The largest capacity that it ever had: beyond 1 its units have slots.
        var peak: Int64
        /// Slots below it were looked at for holds older than the pool.
        var adopted: Int64 = 0

        var isPool: Bool { self.peak > 1 }
        var row: ByteText { self.resource.row(peak: self.peak, adopted: self.adopted) }
    }

    /// What a requester holds.
    struct Direct: Hashable {
        /// What was asked for; `name` is what is held of it.
        var asked: ByteText
        var name: ByteText
        var requester: ByteText
        var token: ByteText
        /// nil for never.
        var expiresMs: Int64?
        var fence: Int64?
        /// The registered name, nil for a plain one.
        var resource: ByteText?
        var flags: ByteText = ""
        /// The unit of a pool: digits, or `-` for the bare name; nil when it is none.
        var slot: ByteText?
        var blockers: [Blocker] = []
        var ancestors: [ByteText] = []
        /// In which order units were taken.
        var order = 0

        struct Blocker: Hashable {
            var name: ByteText
            var unit: ByteText
        }

        var end: ByteText { self.expiresMs.map { ByteText($0) } ?? Hold.never }

        /// The end of its record.
        var along: ByteText {
            guard let resource = self.resource else { return "" }
            let blockers = self.blockers.map { (name: $0.name, unit: $0.unit) }
            return Along(flags: self.flags, resource: resource, blockers: blockers, ancestors: self.ancestors).text
        }
    }

    /// What the system holds of a blocker.
    struct System {
        var name: ByteText
        /// The registered name of the blocker, or its own.
        var own: ByteText
        var slot: ByteText?
        /// Whose blocker it is, and by which name.
        var parent: ByteText
        var blocker: ByteText
        /// The holds that need it.
        var users: Set<ByteText> = []
        var fence: Int64?
        var order = 0
    }

    /// A unit of a resource in somebody's hands.
    struct Unit {
        var requester: ByteText
        var name: ByteText
        var slot: ByteText
        var order: Int
    }

    var definitions: [ByteText: Definition] = [:]
    var version: Int64 = 0
    var holds: [ByteText: Direct] = [:]
    var systems: [ByteText: System] = [:]
    private var lastOrder = 0

    mutating func nextOrder() -> Int {
        self.lastOrder += 1
        return self.lastOrder
    }

    // MARK: Names

    /// The pool and the number that a name looks like: `P_0`.
    static func slot(_ name: ByteText) -> (base: ByteText, number: Int64)? {
        guard let line = name.bytes.lastIndex(of: UInt8(ascii: "_")), line > 0 else { return nil }
        let digits = name.dropping(line + 1)
        guard let number = digits.number, ByteText(number) == digits, number >= 0 else { return nil }
        return (name[0..<line], number)
    }

    /// What a name means: a definition, the name that it is registered by, and the number of a slot.
    func resolve(_ name: ByteText) -> (definition: Definition?, resource: ByteText, slot: Int64?) {
        if let definition = self.definitions[name] { return (definition, name, nil) }
        if let (base, number) = Self.slot(name), let pool = self.definitions[base], pool.isPool {
            return (pool, base, number)
        }
        return (nil, name, nil)
    }

    /// Who has a name.
    func occupant(_ name: ByteText) -> ByteText? {
        self.holds[name]?.requester ?? self.systems[name].map { _ in Self.system }
    }

    // MARK: Units

    /// The units of a pool that are held, in the order in which they were taken.
    func slots(_ pool: ByteText) -> [Unit] {
        var units = self.holds.values.compactMap { hold in
            hold.resource == pool
                ? hold.slot.map { Unit(requester: hold.requester, name: hold.name, slot: $0, order: hold.order) } : nil
        }
        units += self.systems.values.compactMap { held in
            held.own == pool
                ? held.slot.map { Unit(requester: Self.system, name: held.name, slot: $0, order: held.order) } : nil
        }
        return units.sorted { $0.order < $1.order }
    }

    /// The units of a registered resource itself that are held.
    func units(_ resource: ByteText) -> [Unit] {
        if self.definitions[resource]?.isPool == true { return self.slots(resource) }
        return self.occupant(resource).map { [Unit(requester: $0, name: resource, slot: "", order: 0)] } ?? []
    }

    func has(_ resource: ByteText, _ requester: ByteText) -> Bool {
        self.units(resource).contains { $0.requester == requester }
    }

    /// Holds below a node by requester.
    func below(_ node: ByteText) -> [ByteText: Int] {
        var counts: [ByteText: Int] = [:]
        for hold in self.holds.values where hold.ancestors.contains(node) { counts[hold.requester, default: 0] += 1 }
        return counts
    }

    /// Requesters who take a unit of a node only for what they hold below it.
    func onlyBelow(_ node: ByteText) -> [ByteText] {
        self.below(node).keys.filter { !self.has(node, $0) }
    }

    func used(_ resource: ByteText) -> Int64 {
        Int64(self.units(resource).count + self.onlyBelow(resource).count)
    }

    /// Whether there is a unit for a requester; whoever holds something below takes no other for it.
    func hasRoom(_ resource: ByteText, _ requester: ByteText) -> Bool {
        let own: Int64 = self.onlyBelow(resource).contains(requester) ? 1 : 0
        return self.used(resource) - own < (self.definitions[resource]?.resource.capacity ?? 0)
    }

    func lowestFreeSlot(_ pool: ByteText) -> Int64? {
        (0..<(self.definitions[pool]?.resource.capacity ?? 0)).first { self.occupant(pool + "_" + ByteText($0)) == nil }
    }

    /// The names above a resource, root first.
    func ancestors(_ resource: ByteText) -> [ByteText] {
        guard let parent = self.definitions[resource]?.resource.parent, !parent.bytes.isEmpty else { return [] }
        return self.ancestors(parent) + [parent]
    }

    // MARK: Time

    /// Holds that are past their time, in the order in which they end.
    func due(_ nowMs: Int64) -> [Direct] {
        let over = self.holds.values.filter { $0.expiresMs.map { $0 <= nowMs } ?? false }
        return over.sorted { ($0.expiresMs ?? 0, $0.name) < ($1.expiresMs ?? 0, $1.name) }
    }

    /// When the first hold ends, of those that end after a time.
    func firstEnd(after nowMs: Int64 = 0) -> Int64? {
        self.holds.values.compactMap(\.expiresMs).filter { $0 > nowMs }.min()
    }
}
