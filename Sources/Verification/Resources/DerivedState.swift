// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import Reservations

/// What holds of registered resources have taken along: as it follows from the holds, or as Redis has it.
struct DerivedState {
    /// A pool's units.
    struct Pool: Equatable {
        var count = 0
        /// Slots of each requester.
        var slots: [[UInt8]: Set<[UInt8]>] = [:]
        /// The slot of each release token.
        var tokens: [[UInt8]: [UInt8]] = [:]
        var bits: Set<Int> = []
    }

    /// What is held of a blocker, and by how many holds it is needed.
    struct Need: Equatable {
        var unit: [UInt8]
        var count: Int
    }

    /// A node's requesters.
    struct Node: Equatable {
        /// How many holds below the node each has.
        var below: [[UInt8]: Int] = [:]
        /// How many of them hold the node itself, too.
        var both = 0
    }

    var pools: [[UInt8]: Pool] = [:]
    /// By the resource that needs them, then by blocker.
    var needs: [[UInt8]: [[UInt8]: Need]] = [:]
    var nodes: [[UInt8]: Node] = [:]
    /// What the system holds, and for which resource.
    var systemUnits: [[UInt8]: [UInt8]] = [:]
    /// Holds of the resource itself, by name, for resources that are no pools.
    private var single: [[UInt8]: [UInt8]] = [:]

    init() {}

    /// What follows from the holds that requesters have, and the system's own for their blockers.
    init(_ holds: [RecordedHold], system: [[UInt8]: RecordedHold]) {
        for hold in holds where !hold.isSystem {
            add(unit: hold)
            for blocker in hold.blockers {
                needs[hold.resource, default: [:]][blocker.name, default: Need(unit: blocker.unit, count: 0)].count += 1
                systemUnits[blocker.unit] = hold.resource
            }
            for node in hold.ancestors { nodes[node, default: Node()].below[hold.requester, default: 0] += 1 }
        }
        for unit in systemUnits.keys {
            if let hold = system[unit] { add(unit: hold) }
        }
        for name in nodes.keys {
            let requesters = nodes[name]?.below.keys.filter { has(name, $0) } ?? []
            nodes[name]?.both = requesters.count
        }
    }

    private mutating func add(unit hold: RecordedHold) {
        guard hold.isPooled else {
            single[hold.resource] = hold.requester
            return
        }
        var pool = pools[hold.resource, default: Pool()]
        pool.count += 1
        pool.slots[hold.requester, default: []].insert(hold.slot)
        if !hold.isSystem { pool.tokens[hold.token] = hold.slot }
        if let number = Int(String(decoding: hold.slot, as: UTF8.self)), hold.slot != [45] { pool.bits.insert(number) }
        pools[hold.resource] = pool
    }

    private func has(_ name: [UInt8], _ requester: [UInt8]) -> Bool {
        single[name] == requester || pools[name]?.slots[requester] != nil
    }

    /// Slots with a number that the resource never had, and requesters below it beyond its units. Holds older than a
    /// pool may make it overfull (decision Q19), so they are not counted together.
    func unitsBeyond(_ peak: Int, of name: [UInt8]) -> Int {
        let slots = (pools[name]?.bits ?? []).filter { $0 >= peak }
        let node = nodes[name] ?? Node()
        return slots.count + max(0, node.below.count - node.both - peak)
    }
}

extension DerivedState.Pool {
    /// Reads the fields of a pool's hash and its bitmap; nil when they make no sense.
    init?(fields: [[UInt8]], bitmap: [UInt8]) {
        for index in stride(from: 0, to: fields.count - 1, by: 2) {
            let (field, value) = (fields[index], fields[index + 1])
            switch field.first {
            case UInt8(ascii: "n") where field.count == 1:
                guard let count = parseDigits(value) else { return nil }
                self.count = Int(count)
            case UInt8(ascii: "r"): slots[Array(field.dropFirst())] = Set(value.split(separator: 32).map { Array($0) })
            case UInt8(ascii: "t"): tokens[Array(field.dropFirst())] = value
            default: return nil
            }
        }
        for (index, byte) in bitmap.enumerated() {
            for bit in 0..<8 where byte & (0x80 >> UInt8(bit)) != 0 { bits.insert(index * 8 + bit) }
        }
    }

    /// In a few words.
    var text: String {
        "\(count) units: slots of \(slots.count) requesters, \(tokens.count) tokens, \(bits.count) bits"
    }
}

extension DerivedState.Node {
    /// Reads the fields of a node's hash; nil when they make no sense.
    init?(fields: [[UInt8]]) {
        for index in stride(from: 0, to: fields.count - 1, by: 2) {
            guard let number = parseDigits(fields[index + 1]) else { return nil }
            if fields[index].isEmpty { both = Int(number) } else { below[fields[index]] = Int(number) }
        }
    }

    /// In a few words.
    var text: String { "\(below.values.reduce(0, +)) holds of \(below.count) requesters, \(both) of them here, too" }
}

extension DerivedState.Need {
    /// Reads a field: what is held, a tab, a number; nil when it makes no sense.
    init?(_ text: [UInt8]) {
        let parts = text.split(separator: 9, omittingEmptySubsequences: false)
        guard parts.count == 2, let count = parseDigits(parts[1]) else { return nil }
        self.init(unit: Array(parts[0]), count: Int(count))
    }
}
