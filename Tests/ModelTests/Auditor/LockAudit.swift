// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

/// Locks. Every grant carries a fencing token that is the time it was made at, so their order is known and one pass
/// over the grants of a name decides.
struct LockAudit {
    let calls: [LockCall]
    let final: FinalState

    /// How far a fencing token may run ahead of the clock: it is at least the last one plus 1.
    private static let slackUs: Int64 = 1_000

    /// A hold that was granted, and what is known about its end.
    private struct Grant {
        let name: String
        let requester: String
        let hold: LockAnswer.Hold
        /// The attempt that was answered ACQUIRED; nil when the grant is known from a later answer only.
        var acquired: Window?
        /// When its release may have begun to happen, and when it had happened.
        var releaseBeginUs = Int64.max
        var releasedByUs = Int64.max
        /// When the next one was granted.
        var nextFence = Int64.max

        /// It has ended by then, whatever else happened.
        var lastUs: Int64 { min(expiryUs, releasedByUs, nextFence) }
        /// It has not ended before that.
        var certainUs: Int64 { min(expiryUs, releaseBeginUs) }
        private var expiryUs: Int64 { hold.expiresMs.map { $0 * 1_000 } ?? .max }
    }

    func findings() -> [Finding] {
        var (grants, found) = collect()
        addReleases(to: &grants)
        found += fencing(grants)
        let byName = Dictionary(grouping: grants.values, by: \.name)
        for name in Set(calls.map(\.request.name)).sorted() {
            var ordered = (byName[name] ?? []).sorted { $0.hold.fence < $1.hold.fence }
            for index in ordered.indices.dropLast() { ordered[index].nextFence = ordered[index + 1].hold.fence }
            found += exclusion(ordered)
            found += holders(name, ordered)
            found += releases(name, ordered)
        }
        return found + form()
    }

    // MARK: Grants

    /// The grants by release token, and tokens that stand for two grants.
    private func collect() -> ([String: Grant], [Finding]) {
        var grants: [String: Grant] = [:]
        var found: [Finding] = []
        for call in calls {
            guard case .acquire(let requester, let name, _) = call.request else { continue }
            let hold: LockAnswer.Hold
            var acquired: Window?
            switch call.answer {
            case .acquired(let new):
                hold = new
                acquired = call.lastWindow
            case .alreadyHad(let old): hold = old
            default: continue
            }
            var grant = grants[hold.token] ?? Grant(name: name, requester: requester, hold: hold)
            if grant.hold != hold || !grant.name.utf8.elementsEqual(name.utf8)
                || !grant.requester.utf8.elementsEqual(requester.utf8)
            {
                found.append(Finding(.fencing, "one release token for two grants: \(grant.hold) and \(hold)"))
            }
            if acquired != nil, grant.acquired != nil {
                found.append(Finding(.fencing, "\(name) was granted to \(requester) twice as \(hold)"))
            }
            grant.acquired = grant.acquired ?? acquired
            grants[hold.token] = grant
        }
        return (grants, found)
    }

    private func addReleases(to grants: inout [String: Grant]) {
        for call in calls {
            guard case .release(let requester, let name, let token) = call.request, var grant = grants[token],
                grant.requester.utf8.elementsEqual(requester.utf8), grant.name.utf8.elementsEqual(name.utf8)
            else { continue }
            // Each attempt may have had the effect, even one that was answered otherwise: the runner sends a call
            // again whose answer was lost, and then finds the work done.
            grant.releaseBeginUs = min(grant.releaseBeginUs, call.wholeWindow.beginUs)
            if call.answer == .relinquished { grant.releasedByUs = min(grant.releasedByUs, call.lastWindow.endUs) }
            grants[token] = grant
        }
    }

    // MARK: K1

    /// Tokens are unique, within the call that got them, and rise over calls that did not overlap.
    private func fencing(_ grants: [String: Grant]) -> [Finding] {
        var found: [Finding] = []
        let ordered = grants.values.sorted { ($0.hold.fence, $0.hold.token) < ($1.hold.fence, $1.hold.token) }
        for (one, next) in zip(ordered, ordered.dropFirst()) where one.hold.fence == next.hold.fence {
            found.append(Finding(.fencing, "token \(one.hold.fence) was given twice: \(one.name), \(next.name)"))
        }
        var earliestEndUs = Int64.max
        for grant in ordered.reversed() {
            guard let window = grant.acquired else { continue }
            let allowed = window.beginUs...(window.endUs + Self.slackUs)
            if !allowed.contains(grant.hold.fence) {
                found.append(
                    Finding(.fencing, "token \(grant.hold.fence) of \(grant.name) was given in \(window)"))
            }
            if window.beginUs > earliestEndUs {
                found.append(
                    Finding(
                        .fencing, "token \(grant.hold.fence) of \(grant.name) is lower than one given before its call"))
            }
            earliestEndUs = min(earliestEndUs, window.endUs)
        }
        return found
    }

    // MARK: K2

    /// The grants of one name in order: each begins after the end of the one before.
    private func exclusion(_ grants: [Grant]) -> [Finding] {
        zip(grants, grants.dropFirst()).compactMap { one, next in
            if let expiresMs = one.hold.expiresMs, next.hold.fence / 1_000 >= expiresMs { return nil }
            // A release that was invoked before the next one could have been granted.
            let latestUs = min(next.acquired?.endUs ?? .max, next.hold.fence + Self.slackUs)
            if one.releaseBeginUs <= latestUs { return nil }
            return Finding(
                .exclusion,
                "\(one.name): \(one.requester) holds \(one.hold), \(next.requester) was granted \(next.hold)")
        }
    }

    // MARK: K4

    /// A release that worked named the live token.
    private func releases(_ name: String, _ grants: [Grant]) -> [Finding] {
        var done: Set<String> = []
        return calls.compactMap { call in
            guard case .release(let requester, name, let token) = call.request, call.answer == .relinquished else {
                return nil
            }
            let window = call.lastWindow
            let what = "\(requester) released \(name) in \(window) with \(token)"
            guard let grant = grants.first(where: { $0.hold.token.utf8.elementsEqual(token.utf8) }) else {
                return Finding(.staleRelease, "\(what), which fits no grant of the name")
            }
            guard grant.requester.utf8.elementsEqual(requester.utf8) else {
                return Finding(.staleRelease, "\(what), which is the token of \(grant.requester)")
            }
            if !done.insert(token).inserted { return Finding(.staleRelease, "\(what), and that token was spent") }
            if let expiresMs = grant.hold.expiresMs, window.beginMs >= expiresMs {
                return Finding(.staleRelease, "\(what), which had expired at \(expiresMs) ms")
            }
            if window.beginUs > grant.nextFence {
                return Finding(.staleRelease, "\(what), after the grant of \(grant.nextFence)")
            }
            return nil
        }
    }

    // MARK: Who holds

    /// Whoever is named as holder holds at some moment of the call; a name said to be free is so at some moment.
    private func holders(_ name: String, _ grants: [Grant]) -> [Finding] {
        calls.compactMap { call in
            guard call.request.name.utf8.elementsEqual(name.utf8) else { return nil }
            let window = call.lastWindow
            switch call.answer {
            case .alreadyHeld(let holder, _), .heldBy(let holder):
                return mayHold(holder, name, window, grants)
                    ? nil : Finding(.holder, "\(name) is said to be held by \(holder) in \(window)")
            case .alreadyHad(let hold):
                let isLive = grants.contains { $0.hold.token == hold.token && Self.overlaps($0, window) }
                return isLive ? nil : Finding(.holder, "\(name) is still had as \(hold) in \(window)")
            case .free:
                let holder = grants.first {
                    ($0.acquired?.endUs ?? $0.hold.fence) <= window.beginUs && $0.certainUs > window.endUs
                }
                return holder.map { Finding(.holder, "\(name) is said to be free in \(window), \($0.hold) holds") }
            default: return nil
            }
        }
    }

    private func mayHold(_ holder: String, _ name: String, _ window: Window, _ grants: [Grant]) -> Bool {
        if grants.contains(where: { $0.requester.utf8.elementsEqual(holder.utf8) && Self.overlaps($0, window) }) {
            return true
        }
        // A grant that nobody was told about: its answer was lost, and it expired before the client asked again.
        return calls.contains { call in
            guard case .acquire(holder, name, let ttlSeconds) = call.request else { return false }
            return call.attempts.contains { attempt in
                guard attempt.answer.isUnknown, attempt.window.beginUs <= window.endUs else { return false }
                return ttlSeconds.map { attempt.window.endUs + $0 * 1_000_000 >= window.beginUs } ?? true
            }
        }
    }

    private static func overlaps(_ grant: Grant, _ window: Window) -> Bool {
        grant.hold.fence <= window.endUs + slackUs && grant.lastUs >= window.beginUs
    }

    // MARK: The rest

    private func form() -> [Finding] {
        var found: [Finding] = []
        for call in calls {
            for case .strange(let text) in call.attempts.map(\.answer) {
                found.append(Finding(.protocolBreach, "\(call.request): \(text)"))
            }
        }
        found += calls.filter { $0.answer?.isUnknown != false }.map {
            Finding(.protocolBreach, "no definite answer to \($0.request)")
        }
        found += final.holds.map { Finding(.holder, "\($0.key) is held by \($0.value) in the end") }
        return found
    }
}
