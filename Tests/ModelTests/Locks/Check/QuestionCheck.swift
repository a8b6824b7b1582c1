// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Answers to those who ask who holds something, and to releases that need no token.
struct QuestionCheck: Sendable {
    let lives: LockLives

    func flaws() -> [LockFlaw] {
        lives.entries.compactMap { entry in
            switch entry.verb {
            case .check: check(entry)
            case .releaseAll: bulk(entry)
            case .force: force(entry)
            case .reserve, .unreserve, .renew: nil
            }
        }
    }

    private func check(_ entry: LockHistory.Entry) -> LockFlaw? {
        let (name, window) = (entry.item.resource, entry.window)
        let hasNone = lives.park.meaning(of: name).isInvalid
        switch entry.answer {
        case .held(by: nil) where hasNone: return nil
        case .free:
            guard hasNone || lives.isFull(name, throughout: window) else { return nil }
            return LockFlaw(.vanished, "\(name) is said to be free in \(window), and has no free unit")
        case .held(let holder):
            let isPossible = holder.map { lives.mayHold($0, name, in: window) } ?? lives.mayBeFull(name, in: window)
            if isPossible { return nil }
            return LockFlaw(.holder, "\(name) is said to be held by \(holder ?? "several") in \(window)")
        case .unknown: return nil
        default: return LockFlaw(.answer, "\(entry.verb) \(entry.item) was answered \(entry.answer)")
        }
    }

    /// As many as the requester has for certain, and no more than it can have.
    private func bulk(_ entry: LockHistory.Entry) -> LockFlaw? {
        let window = entry.window
        guard case .releasedAll(let count) = entry.answer else {
            return entry.answer == .unknown
                ? nil : LockFlaw(.answer, "\(entry.verb) \(entry.item) was answered \(entry.answer)")
        }
        let claims = lives.claims(of: entry.item.requester)
        let most = claims.filter { $0.mayHold(in: window) }
        // The first time may have released what the second did not find any more.
        let least =
            entry.mayBeTwice
            ? []
            : claims.filter {
                $0.knownUs <= window.beginUs && $0.grant != nil && $0.certainEnd(without: entry.call) > window.endUs
            }
        if count >= least.count, count <= most.count { return nil }
        return LockFlaw(
            .count,
            "\(count) of \(entry.item.requester) were released in \(window); certain: \(least.map(\.summary)), "
                + "possible: \(most.map(\.summary))")
    }

    private func force(_ entry: LockHistory.Entry) -> LockFlaw? {
        let window = entry.window
        switch entry.answer {
        case .forced(let requester, let names):
            let unit = names.first ?? ""
            let isPossible = lives.possible(unit, in: window).contains {
                $0.requester == requester && $0.roles[unit] == .own
            }
            if isPossible, lives.park.meaning(of: unit).resource == lives.park.meaning(of: entry.item.resource).resource
            {
                return nil
            }
            return LockFlaw(.holder, "\(unit) was taken from \(requester) in \(window), who did not have it")
        case .notReserved:
            let present = lives.possible(entry.item.resource, in: window).first { $0.holdsThroughout(window) }
            return present.map { LockFlaw(.vanished, "\(entry.item.resource) was free in \(window): \($0.summary)") }
        case .notForced, .unknown: return nil
        default: return LockFlaw(.answer, "\(entry.verb) \(entry.item) was answered \(entry.answer)")
        }
    }
}
