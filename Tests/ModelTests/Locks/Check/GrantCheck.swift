// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Grants, in the order of their fencing tokens: what was still held for certain when the next one was made, and
/// whether there was room for it.
struct GrantCheck: Sendable {
    private let lives: LockLives
    private let ordered: [LockClaim]

    init(_ lives: LockLives) {
        self.lives = lives
        ordered = lives.holds.sorted { $0.fence < $1.fence }
    }

    func flaws() -> [LockFlaw] { fencing() + room() }

    // MARK: K1

    /// Tokens are unique, and a call that began after another was answered got a higher one.
    private func fencing() -> [LockFlaw] {
        var found: [LockFlaw] = []
        for (one, next) in zip(ordered, ordered.dropFirst()) where one.fence == next.fence {
            found.append(LockFlaw(.fencing, "\(one.summary) and \(next.summary) have the same fencing token"))
        }
        var earliest: LockClaim?
        for claim in ordered.reversed() {
            if let earliest, claim.beginUs > earliest.knownUs, claim.fence != earliest.fence {
                found.append(LockFlaw(.fencing, "\(claim.summary) was granted after \(earliest.summary) was"))
            }
            if claim.knownUs < earliest?.knownUs ?? .max { earliest = claim }
        }
        return found
    }

    // MARK: K2

    private func room() -> [LockFlaw] {
        var found: [LockFlaw] = []
        var holders: [String: [LockClaim]] = [:]
        for claim in ordered {
            for name in claim.roles.keys.sorted() {
                // What is over before this call begins is over for all that come after it as well.
                let left = (holders[name] ?? []).filter { $0.certainUs > claim.beginUs }
                holders[name] = left + [claim]
                let present = left.filter { $0.certainUs > claim.knownUs } + [claim]
                if let flaw = crowd(name, present, at: claim) ?? rivals(name, present, at: claim) {
                    found.append(flaw)
                }
            }
        }
        return found
    }

    /// More than a name has units.
    private func crowd(_ name: String, _ present: [LockClaim], at claim: LockClaim) -> LockFlaw? {
        let capacity = lives.park.capacity(of: name)
        let load = present.load(on: name)
        guard load > capacity else { return nil }
        let isOneUnit = capacity == 1 && !present.contains { $0.roles[name] == .below }
        let others = present.dropLast().map(\.summary).joined(separator: ", ")
        return LockFlaw(
            isOneUnit ? .exclusion : .capacity,
            "\(name) has \(capacity), and \(load) are taken when \(claim.summary) is granted: \(others)")
    }

    /// Units of one resource share their blockers, and who has a unit of a pool is not given another one.
    private func rivals(_ name: String, _ present: [LockClaim], at claim: LockClaim) -> LockFlaw? {
        guard name == claim.base else { return nil }
        for other in present.dropLast() where other.base == claim.base {
            if other.blockerUnits != claim.blockerUnits {
                return LockFlaw(
                    .derived, "\(claim.summary) has \(claim.blockerUnits), \(other.summary) \(other.blockerUnits)")
            }
            if claim.resource == claim.base, claim.unit != claim.base, other.requester == claim.requester {
                return LockFlaw(.had, "\(claim.summary) was granted to who had \(other.summary)")
            }
        }
        return nil
    }
}

extension LockClaim {
    /// One line, for findings.
    var summary: String {
        let window = Stretch(beginUs: beginUs, endUs: knownUs)
        return "\(unit ?? resource) of \(requester) (fence \(fence), taken in \(window), certain to \(certainUs))"
    }
}
