// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// The resources that a history is about, registered before it begins and not changed in it.
struct ResourcePark: Sendable {
    /// A registered resource, or a plain name as one that takes nothing along.
    struct Resource: Hashable, Sendable {
        var name: String
        var capacity = 1
        var blocks: [String] = []
        /// Root first.
        var ancestors: [String] = []

        var isPool: Bool { capacity > 1 }
        /// Names of its slots; none unless it is a pool.
        var slots: [String] { isPool ? (0..<capacity).map { "\(name)_\($0)" } : [] }
    }

    /// What a name stands for.
    struct Meaning: Hashable, Sendable {
        var resource: Resource
        /// The slot of the pool that it names.
        var slot: String?
        /// A slot that the pool does not have.
        var isInvalid = false
    }

    let resources: [Resource]
    /// Names that clients ask for; what comes more often is wanted more.
    let wanted: [String]
    /// Names that the operator takes away from their holders; of the others, holds live out their time.
    let disputed: [String]
    private let byName: [String: Resource]

    init(_ resources: [Resource], wanted: [String], disputed: [String]) {
        self.resources = resources
        self.wanted = wanted
        self.disputed = disputed
        byName = Dictionary(resources.map { ($0.name, $0) }) { first, _ in first }
    }

    func meaning(of name: String) -> Meaning {
        if let resource = byName[name] { return Meaning(resource: resource) }
        let parts = name.split(separator: "_")
        if parts.count == 2, let pool = byName[String(parts[0])], pool.isPool {
            return Meaning(resource: pool, slot: name, isInvalid: !pool.slots.contains(name))
        }
        return Meaning(resource: Resource(name: name))
    }

    /// How many units a name has: a slot and a plain name have one.
    func capacity(of name: String) -> Int { byName[name]?.capacity ?? 1 }

    /// The body of a registration.
    var registration: String {
        let items = resources.map { resource in
            let blocks = resource.blocks.map { "\"\($0)\"" }.joined(separator: ",")
            let path =
                resource.ancestors.isEmpty ? "" : ",\"treePath\":\"\(resource.ancestors.joined(separator: ">"))\""
            return "{\"name\":\"\(resource.name)\",\"capacity\":\(resource.capacity),\"blocks\":[\(blocks)]\(path)}"
        }
        return "[\(items.joined(separator: ","))]"
    }
}

extension ResourcePark {
    /// A plain name, a pool of two, a pool of three whose units need one of another pool, and a tree: two leaves below
    /// a node of one unit, which is below a node of two. The names of nodes and of some slots are asked for as well.
    static let yard = ResourcePark(
        [
            Resource(name: "crane", capacity: 2), Resource(name: "hoist", capacity: 2),
            Resource(name: "stage", capacity: 3, blocks: ["hoist"]), Resource(name: "site", capacity: 2),
            Resource(name: "hall", ancestors: ["site"]), Resource(name: "bay-a", ancestors: ["site", "hall"]),
            Resource(name: "bay-b", ancestors: ["site", "hall"]),
        ],
        wanted: [
            "door", "door", "crane", "crane", "stage", "hoist", "hoist", "bay-a", "bay-a", "bay-b",
            "bay-b", "hall", "site", "crane_1", "hoist_0", "hoist_1", "crane_2",
        ],
        disputed: ["crane", "hall"])

    /// Plain names alone, for which there are shorter ways through the scripts.
    static let street = ResourcePark([], wanted: ["door", "gate", "lift", "lamp"], disputed: ["lamp"])
}
