// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// What calls may have taken that their answers, if any came, say nothing of. It explains why others were refused, and
/// counts for nothing else. Three kinds: calls without an answer; calls that may have been sent twice, of which the
/// first time may have taken something that was over the second time; and items of a transaction that were taken and
/// given up again, which stood in the way of the items after them.
struct LostClaims: Sendable {
    typealias Entry = LockHistory.Entry

    private(set) var claims: [LockClaim] = []
    private let park: ResourcePark
    /// Definite answers to a requester that say what it had, or had not, by then.
    private let known: [String: [Entry]]

    init(_ entries: [Entry], in park: ResourcePark) {
        self.park = park
        known = Dictionary(grouping: entries.filter(Self.tellsOfHolds), by: \.item.requester)
        for entry in entries where entry.mayHaveTaken || (entry.verb == .reserve && entry.answer == .rolledBack) {
            var claim = LockClaim(entry.item, nil, in: park, beginUs: entry.window.beginUs, knownUs: .max)
            claim.settle(lastUs: lastUs(of: entry))
            claims.append(claim)
        }
    }

    private static func tellsOfHolds(_ entry: Entry) -> Bool {
        switch (entry.verb, entry.answer) {
        case (.reserve, .acquired), (.reserve, .alreadyHad), (.reserve, .refused), (.reserve, .rolledBack): true
        case (.releaseAll, .releasedAll): true
        default: false
        }
    }

    /// When the claim was over at the latest: it was seen by then, or its requester was told that it has nothing.
    private func lastUs(of entry: Entry) -> Int64 {
        guard entry.answer == .unknown else { return entry.window.endUs }
        let later = (known[entry.item.requester] ?? []).filter { other in
            guard other.window.beginUs >= entry.window.endUs else { return false }
            if other.verb == .releaseAll { return true }
            guard other.item.resource == entry.item.resource else { return false }
            guard case .alreadyHad = other.answer else { return true }
            // Of several units of a pool, it may be another one.
            let meaning = park.meaning(of: entry.item.resource)
            return meaning.slot != nil || !meaning.resource.isPool
        }
        let toldUs = later.map(\.window.endUs).min() ?? .max
        return min(toldUs, Stretch.time(entry.window.endUs, plusSeconds: entry.item.ttlSeconds))
    }
}
