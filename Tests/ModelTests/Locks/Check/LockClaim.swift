// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// A hold that an answer told of, or what a call without an answer may have taken: what it takes up, when it began, and
/// when it ended, both at the earliest and at the latest.
struct LockClaim: Sendable {
    /// What a name is to a claim.
    enum Role: Hashable, Sendable {
        /// The resource that was asked for, or its slot.
        case own
        /// Held by the system, as a blocker of this resource.
        case system(of: String)
        /// An ancestor.
        case below
    }

    /// A time to live that the claim was given, or may have been given, within a call.
    struct Term: Sendable {
        let call: Int
        let window: Stretch
        let ttlSeconds: Int64?
        let isCertain: Bool
    }

    /// A call that ended the claim, or may have.
    struct Ender: Sendable {
        let call: Int
        let window: Stretch
        let isCertain: Bool
    }

    /// A call to which Redis said, at some moment of it, that the claim was there.
    struct Sighting: Sendable {
        let call: Int
        let beginUs: Int64
    }

    /// Redis counts whole milliseconds.
    private static let roundingUs: Int64 = 1_000
    /// How far its clock and that of the history may run apart in the time to live of a hold.
    private static let driftUs: Int64 = 2_000

    let requester: String
    /// As it was asked for.
    let resource: String
    /// The registered name.
    let base: String
    /// Nil for what nobody was told of.
    let grant: LockHistory.Grant?
    /// Nil when it may be any slot of the pool.
    let unit: String?
    /// By the name of the blocker, what is held of it; as far as it is known.
    let blockerUnits: [String: String]
    /// Every name of which it takes up something, or may.
    let roles: [String: Role]
    /// It was not granted earlier.
    let beginUs: Int64
    /// It was granted by then, for certain.
    let knownUs: Int64

    var terms: [Term] = []
    var enders: [Ender] = []
    var sightings: [Sighting] = []
    /// Another had its unit by then.
    var replacedUs = Int64.max

    /// It has not ended before this.
    private(set) var certainUs = Int64.min
    /// It has ended by then.
    private(set) var lastUs = Int64.max

    init(
        _ item: LockHistory.Item, _ grant: LockHistory.Grant?, in park: ResourcePark, beginUs: Int64, knownUs: Int64
    ) {
        let meaning = park.meaning(of: item.resource)
        let resource = meaning.resource
        var roles: [String: Role] = [resource.name: .own]
        var blockerUnits: [String: String] = [:]
        unit =
            grant.map { $0.slots[resource.name] ?? item.resource } ?? meaning.slot
            ?? (resource.isPool ? nil : item.resource)
        for name in unit.map({ [$0] }) ?? resource.slots { roles[name] = .own }
        for blocker in resource.blocks {
            let slots = park.meaning(of: blocker).resource.slots
            let held = grant.map { $0.slots[blocker] ?? blocker }
            blockerUnits[blocker] = held
            for name in [blocker] + (held.map { [$0] } ?? slots) { roles[name] = .system(of: resource.name) }
        }
        for ancestor in resource.ancestors { roles[ancestor] = .below }
        requester = item.requester
        self.resource = item.resource
        base = resource.name
        self.grant = grant
        self.blockerUnits = blockerUnits
        self.roles = roles
        self.beginUs = beginUs
        self.knownUs = knownUs
    }

    var fence: Int64 { grant?.fence ?? 0 }

    /// Whether it can have been there at some moment of a call.
    func mayHold(in window: Stretch) -> Bool { beginUs <= window.endUs && lastUs >= window.beginUs }

    /// Whether it was there at every moment of a call.
    func holdsThroughout(_ window: Stretch) -> Bool { knownUs <= window.beginUs && certainUs > window.endUs }

    // MARK: The end

    /// Works out when it ended; to be called once everything about it is collected.
    mutating func settle() {
        certainUs = certainEnd()
        let endedUs = enders.filter(\.isCertain).map(\.window.endUs).min() ?? .max
        lastUs = min(endedUs, replacedUs, Self.expiry(terms).latestUs)
    }

    /// What nobody was told of: it has ended by then.
    mutating func settle(lastUs: Int64) {
        certainUs = .min
        self.lastUs = lastUs
    }

    /// The moment before which it has not ended, if a call is left out.
    func certainEnd(without call: Int? = nil) -> Int64 {
        let seenUs = sightings.filter { $0.call != call }.map(\.beginUs).max() ?? .min
        // What was over when the claim was still seen has not ended it.
        let ends = enders.filter { $0.call != call && $0.window.endUs > seenUs }
        return max(seenUs, min(ends.map(\.window.beginUs).min() ?? .max, Self.expiry(terms).earliestUs))
    }

    /// When its time was over at the latest, by what it was given before a call.
    func expiredUs(before entry: LockHistory.Entry) -> Int64 {
        Self.expiry(terms.filter { $0.call != entry.call && $0.window.beginUs <= entry.window.endUs }).latestUs
    }

    private static func expiry(_ terms: [Term]) -> (earliestUs: Int64, latestUs: Int64) {
        let inForce = terms.filter { term in
            !terms.contains { $0.isCertain && $0.window.beginUs > term.window.endUs }
        }
        var (earliestUs, latestUs) = (Int64.max, Int64.min)
        for term in inForce {
            let earliest = Stretch.time(term.window.beginUs, plusSeconds: term.ttlSeconds)
            let latest = Stretch.time(term.window.endUs, plusSeconds: term.ttlSeconds)
            earliestUs = min(earliestUs, earliest == .max ? .max : earliest - roundingUs - driftUs)
            latestUs = max(latestUs, latest == .max ? .max : latest + driftUs)
        }
        return (earliestUs, inForce.isEmpty ? .max : latestUs)
    }
}

extension Collection<LockClaim> {
    /// Units of a resource that claims take up together: each hold one, the blocker of a resource one for all of its
    /// holds, and each requester below one, unless it holds the node itself.
    func load(on name: String) -> Int {
        var own = 0
        var owners: Set<String> = []
        var systems: Set<String> = []
        var below: Set<String> = []
        for claim in self {
            switch claim.roles[name] {
            case .own:
                own += 1
                owners.insert(claim.requester)
            case .system(let resource): systems.insert(resource)
            case .below: below.insert(claim.requester)
            case nil: break
            }
        }
        return own + systems.count + below.subtracting(owners).count
    }
}
