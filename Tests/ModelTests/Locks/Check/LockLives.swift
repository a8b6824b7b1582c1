// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What a history says of the life of every hold. Answers tell of holds; fencing tokens give their order; releases,
/// renewals and times to live bound their ends.
struct LockLives: Sendable {
    typealias Entry = LockHistory.Entry
    typealias Grant = LockHistory.Grant

    let park: ResourcePark
    let entries: [Entry]
    /// First the holds that answers told of, then what calls without an answer may have taken.
    private(set) var claims: [LockClaim] = []
    /// Answers that contradict each other about what a hold is.
    private(set) var flaws: [LockFlaw] = []
    /// The hold of a release token: its place among the claims.
    private(set) var places: [String: Int] = [:]

    private var byOwner: [String: [Int]] = [:]
    private var byName: [String: Directory] = [:]

    /// The claims of one name, in the order of their beginnings.
    private struct Directory: Sendable {
        var claims: [Int]
        var beginsUs: [Int64]
        /// Of each claim and those before it, the last end.
        var lastUs: [Int64]
    }

    init(_ history: LockHistory, in park: ResourcePark) {
        self.park = park
        entries = history.entries
        collectAcquired()
        collectFound()
        byOwner = Dictionary(grouping: claims.indices) { [claims] in claims[$0].requester }
        for entry in entries { addFacts(of: entry) }
        addReplacements()
        for place in claims.indices { claims[place].settle() }
        claims += LostClaims(entries, in: park).claims
        byOwner = Dictionary(grouping: claims.indices) { [claims] in claims[$0].requester }
        byName = directories()
    }

    /// The holds that answers told of.
    var holds: some Collection<LockClaim> { claims[..<places.count] }

    /// The hold of a release token.
    func hold(_ token: String) -> LockClaim? { places[token].map { claims[$0] } }

    /// What takes up something of a name and can have been there at some moment of a call.
    func possible(_ name: String, in window: Stretch) -> [LockClaim] {
        guard let directory = byName[name] else { return [] }
        var found: [LockClaim] = []
        var place = directory.beginsUs.firstPlace { $0 > window.endUs }
        while place > 0, directory.lastUs[place - 1] >= window.beginUs {
            place -= 1
            let claim = claims[directory.claims[place]]
            if claim.mayHold(in: window) { found.append(claim) }
        }
        return found
    }

    /// Everything of a requester.
    func claims(of requester: String) -> [LockClaim] { (byOwner[requester] ?? []).map { claims[$0] } }

    // MARK: Grants

    private mutating func collectAcquired() {
        for entry in entries {
            guard case .acquired(let grant) = entry.answer else { continue }
            if let place = places[grant.token] {
                flaws.append(
                    LockFlaw(.fencing, "\(entry.item) was granted as \(grant), whose token \(told(place)) has"))
                continue
            }
            let term = LockClaim.Term(
                call: entry.call, window: entry.window, ttlSeconds: entry.item.ttlSeconds, isCertain: true)
            add(entry, grant, beginUs: entry.window.beginUs, terms: [term])
        }
    }

    /// Holds that their requesters were told of only when they asked again.
    private mutating func collectFound() {
        let lost = Dictionary(grouping: entries.filter(\.mayHaveTaken), by: \.item.requester)
        for entry in entries.sorted(by: { $0.window.endUs < $1.window.endUs }) {
            guard case .alreadyHad(let grant) = entry.answer, places[grant.token] == nil else { continue }
            let base = park.meaning(of: entry.item.resource).resource.name
            let causes = (lost[entry.item.requester] ?? []).filter {
                $0.window.beginUs <= entry.window.endUs && park.meaning(of: $0.item.resource).resource.name == base
            }
            if causes.isEmpty {
                flaws.append(
                    LockFlaw(.had, "\(entry.item) is had as \(grant) in \(entry.window), which nobody ever took"))
            }
            let terms = causes.map {
                LockClaim.Term(
                    call: $0.call, window: $0.window, ttlSeconds: $0.item.ttlSeconds, isCertain: false)
            }
            let beginUs = causes.map(\.window.beginUs).min() ?? entry.window.beginUs
            add(entry, grant, beginUs: beginUs, terms: terms)
        }
    }

    private mutating func add(_ entry: Entry, _ grant: Grant, beginUs: Int64, terms: [LockClaim.Term]) {
        places[grant.token] = claims.count
        var claim = LockClaim(entry.item, grant, in: park, beginUs: beginUs, knownUs: entry.window.endUs)
        claim.terms = terms
        claims.append(claim)
    }

    private func told(_ place: Int) -> String {
        let claim = claims[place]
        return "\(claim.requester)'s hold of \(claim.unit ?? claim.resource), fence \(claim.fence),"
    }

    // MARK: What else is said of them

    private mutating func addFacts(of entry: Entry) {
        switch entry.verb {
        case .reserve:
            if case .alreadyHad(let grant) = entry.answer { compare(grant, with: entry) }
        case .unreserve, .renew: addUse(of: entry)
        case .releaseAll: addBulk(entry)
        case .force: addForce(entry)
        case .check: break
        }
    }

    /// The same hold is told of in the same way each time.
    private mutating func compare(_ grant: Grant, with entry: Entry) {
        guard let place = places[grant.token] else { return }
        let claim = claims[place]
        guard claim.requester == entry.item.requester, claim.roles[entry.item.resource] == .own, claim.grant == grant
        else {
            flaws.append(LockFlaw(.had, "\(entry.item) is had as \(grant) in \(entry.window): \(told(place)) is that"))
            return
        }
        claims[place].sightings.append(.init(call: entry.call, beginUs: entry.window.beginUs))
    }

    /// A release or a renewal, if it names the hold by its token, its requester and its name.
    private mutating func addUse(of entry: Entry) {
        guard let place = places[entry.item.token], claims[place].requester == entry.item.requester,
            claims[place].roles[entry.item.resource] == .own
        else { return }
        let isDone: Bool
        switch entry.answer {
        case .relinquished, .renewed: isDone = true
        case .unknown: isDone = false
        // The first time may have done it, and only the second was answered.
        default:
            guard entry.mayBeTwice else { return }
            isDone = false
        }
        if isDone { claims[place].sightings.append(.init(call: entry.call, beginUs: entry.window.beginUs)) }
        if entry.verb == .renew {
            claims[place].terms.append(
                .init(call: entry.call, window: entry.window, ttlSeconds: entry.item.ttlSeconds, isCertain: isDone))
        } else {
            claims[place].enders.append(.init(call: entry.call, window: entry.window, isCertain: isDone))
        }
    }

    private mutating func addBulk(_ entry: Entry) {
        for place in byOwner[entry.item.requester] ?? [] where claims[place].beginUs <= entry.window.endUs {
            let isCertain = entry.answer != .unknown && claims[place].knownUs <= entry.window.beginUs
            claims[place].enders.append(.init(call: entry.call, window: entry.window, isCertain: isCertain))
        }
    }

    private mutating func addForce(_ entry: Entry) {
        for place in claims.indices where claims[place].roles[entry.item.resource] == .own {
            guard claims[place].beginUs <= entry.window.endUs else { continue }
            switch entry.answer {
            case .forced(claims[place].requester, let released) where released.first == claims[place].unit: break
            case .unknown: break
            default: guard entry.mayBeTwice else { continue }
            }
            claims[place].enders.append(.init(call: entry.call, window: entry.window, isCertain: false))
        }
    }

    /// The order of grants: whoever got a unit later, got it when the one before was over.
    private mutating func addReplacements() {
        var users: [String: [Int]] = [:]
        for place in claims.indices {
            for unit in [claims[place].unit].compactMap(\.self) + claims[place].blockerUnits.values {
                users[unit, default: []].append(place)
            }
        }
        for (unit, places) in users {
            var knownUs = Int64.max
            for place in places.sorted(by: { claims[$0].fence > claims[$1].fence }) {
                if claims[place].unit == unit { claims[place].replacedUs = min(claims[place].replacedUs, knownUs) }
                knownUs = min(knownUs, claims[place].knownUs)
            }
        }
    }

    private func directories() -> [String: Directory] {
        var names: [String: [Int]] = [:]
        for place in claims.indices.sorted(by: { claims[$0].beginUs < claims[$1].beginUs }) {
            for name in claims[place].roles.keys { names[name, default: []].append(place) }
        }
        return names.mapValues { places in
            var lastUs: [Int64] = []
            for place in places { lastUs.append(max(lastUs.last ?? .min, claims[place].lastUs)) }
            return Directory(claims: places, beginsUs: places.map { claims[$0].beginUs }, lastUs: lastUs)
        }
    }
}

extension [Int64] {
    /// The first place whose element passes a test, which all after it pass as well; the end when none does.
    func firstPlace(where isLater: (Int64) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if isLater(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
