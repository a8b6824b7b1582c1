// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What a run has met: answers by kind, and what was done to those who asked and answered.
struct LockCoverage: CustomStringConvertible {
    /// What a run must have met to mean anything.
    private static let expected = [
        "acquired", "already had", "refused", "rolled back", "relinquished", "not reserved", "not owner", "bad token",
        "renewed", "free", "held by somebody", "released all", "forced", "unknown", "ALL_OR_NONE", "FIRST",
        "AS_MANY_AS_POSSIBLE", "stale token after its time", "stale token of a later hold", "deaths", "naps", "cuts",
        "kills",
    ]
    /// What it must have met where resources are registered.
    private static let registered = [
        "acquired of a pool", "acquired with a blocker", "acquired in a tree", "acquired across a tree",
        "refused by RESOURCE", "refused by BLOCKER", "refused by ANCESTOR", "refused by the system", "held by several",
        "held by the system", "not valid", "not forced", "freed with a blocker", "freed without its blocker",
        "freed with ancestors",
    ]

    private let park: ResourcePark
    private var counts: [String: Int] = [:]

    init(_ history: LockHistory, _ toll: LockJournal.Toll, in park: ResourcePark) {
        self.park = park
        let lives = LockLives(history, in: park)
        for entry in lives.entries {
            for kind in Self.kinds(of: entry, park) + Self.staleness(of: entry, lives) { counts[kind, default: 0] += 1 }
        }
        let tolls = [
            "deaths": toll.deaths, "naps": toll.naps, "cuts": toll.cuts, "kills": toll.kills, "pauses": toll.pauses,
        ]
        counts.merge(tolls) { $0 + $1 }
    }

    /// Kinds that never came.
    var missing: [String] {
        (Self.expected + (park.resources.isEmpty ? [] : Self.registered)).filter { counts[$0, default: 0] == 0 }
    }

    var description: String {
        counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }

    private static func kinds(of entry: LockHistory.Entry, _ park: ResourcePark) -> [String] {
        let method = entry.method.map { [$0.rawValue] } ?? []
        let resource = park.meaning(of: entry.item.resource).resource
        switch entry.answer {
        case .acquired(let grant):
            let isInner = park.resources.contains { $0.ancestors.contains(resource.name) }
            return method + ["acquired"] + (grant.slots.isEmpty ? [] : ["acquired of a pool"])
                + (grant.blockers.isEmpty ? [] : ["acquired with a blocker"])
                + (grant.path.isEmpty ? [] : ["acquired in a tree"]) + (isInner ? ["acquired across a tree"] : [])
        case .alreadyHad: return method + ["already had"]
        case .refused(let obstacles):
            let kinds = Set(obstacles.map { "refused by \($0.kind.rawValue)" })
            let isSystem = obstacles.contains { $0.holder == LockHistory.system }
            return method + ["refused"] + kinds + (isSystem ? ["refused by the system"] : [])
        case .relinquished(let names):
            guard !resource.blocks.isEmpty || !resource.ancestors.isEmpty else { return method + ["relinquished"] }
            let along = names.count > 1
            if !resource.ancestors.isEmpty { return ["relinquished"] + (along ? ["freed with ancestors"] : []) }
            return ["relinquished", along ? "freed with a blocker" : "freed without its blocker"]
        case .renewed: return ["renewed"]
        case .rolledBack: return ["rolled back"]
        case .notValid: return ["not valid"]
        case .notReserved: return ["not reserved"]
        case .notOwner: return ["not owner"]
        case .badToken: return ["bad token"]
        case .free: return ["free"]
        case .held(let holder):
            return [
                holder == nil
                    ? "held by several" : holder == LockHistory.system ? "held by the system" : "held by somebody"
            ]
        case .releasedAll(let count): return count > 0 ? ["released all"] : []
        case .forced: return ["forced"]
        case .notForced: return ["not forced"]
        case .untried: return []
        case .unknown: return ["unknown"]
        case .strange: return ["strange"]
        }
    }

    /// Releases and renewals with a token that was good once: of a hold that was over, and of one that somebody else's
    /// had followed.
    private static func staleness(of entry: LockHistory.Entry, _ lives: LockLives) -> [String] {
        guard entry.verb == .unreserve || entry.verb == .renew, let hold = lives.hold(entry.item.token),
            hold.requester == entry.item.requester, hold.lastUs < entry.window.beginUs
        else { return [] }
        return ["stale token after its time"]
            + (hold.replacedUs < entry.window.beginUs ? ["stale token of a later hold"] : [])
    }
}
