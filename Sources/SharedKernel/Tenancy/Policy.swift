// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import StrictJSON

/// A policy of a tenant as reservations are held against it (admin digest 1.5), cached under the tenant's epoch.
package struct Policy: Hashable, Sendable {
    package let id: [UInt8]
    package let pattern: PolicyPattern
    /// 0 and up; of the policies that match, the highest counts.
    package let priority: Int64
    /// JSON of the caps that an answer carries.
    package let caps: [UInt8]?
    /// Word of the overage policy for a request that names none.
    package let overagePolicy: [UInt8]?
    /// In place of the tenant's default, longest TTL and extensions, ms.
    package let defaultTTLMs, maxTTLMs, maxExtensions: Int64?
    /// Most reservations and commits a minute.
    package let reservationsPerMinute, commitsPerMinute: Int64?
    /// From when to when it counts, ms since the epoch; the end is exclusive.
    package private(set) var fromMs, untilMs: Int64?
    package let isActive: Bool

    /// Reads the terms of a stored policy; nil when they are none.
    package init?(id: [UInt8], terms: JSONValue) {
        guard let pattern = terms.member("scope_pattern")?.stringBytes() else { return nil }
        self.id = id
        self.pattern = PolicyPattern(pattern)
        priority = terms.member("priority")?.int64() ?? 0
        caps = terms.member("caps").flatMap { $0.count == 0 ? nil : Array($0.raw) }
        overagePolicy = terms.member("commit_overage_policy")?.stringBytes()
        let ttl = terms.member("reservation_ttl_override")
        defaultTTLMs = ttl?.member("default_ttl_ms")?.int64()
        maxTTLMs = ttl?.member("max_ttl_ms")?.int64()
        maxExtensions = ttl?.member("max_extensions")?.int64()
        let rates = terms.member("rate_limits")
        reservationsPerMinute = rates?.member("max_reservations_per_minute")?.int64()
        commitsPerMinute = rates?.member("max_commits_per_minute")?.int64()
        fromMs = terms.member("effective_from_ms")?.int64()
        untilMs = terms.member("effective_until_ms")?.int64()
        isActive = terms.member("status")?.isString("ACTIVE") ?? false
    }

    /// The same by a clock that is ahead of the one it was written by.
    package func byClock(aheadByMs offset: Int64) -> Policy {
        var policy = self
        policy.fromMs = fromMs.map { $0.addingReportingOverflow(offset).partialValue }
        policy.untilMs = untilMs.map { $0.addingReportingOverflow(offset).partialValue }
        return policy
    }

    /// Whether it counts at a time, ms since the epoch.
    package func isInForce(atMs now: Int64) -> Bool {
        isActive && fromMs.map { now >= $0 } ?? true && untilMs.map { now < $0 } ?? true
    }
}

/// The scopes a policy is for: one scope, all below one (`scope/*`), or those one level of a kind below it
/// (`scope/kind:*`).
package struct PolicyPattern: Hashable, Sendable {
    /// As written.
    package let text: [UInt8]

    /// A pattern of a text that was checked when the policy was written.
    package init(_ text: [UInt8]) { self.text = text }

    private var isWild: Bool { text.last == 42 }

    /// Whether a reservation's deepest scope is one of them.
    package func matches(_ path: [UInt8]) -> Bool {
        guard isWild else { return path == text }
        let stem = text.dropLast()
        guard path.count > stem.count, path.starts(with: stem) else { return false }
        return stem.last == 47 || !path[stem.count...].contains(47)
    }

    /// How narrow it is: more segments, then an exact scope before one of a kind before any.
    fileprivate var specificity: Int {
        let segments = text.split(separator: 47).count
        if !isWild { return 3 * segments }
        return text.dropLast().last == 47 ? 3 * (segments - 1) + 1 : 3 * (segments - 1) + 2
    }
}

/// A tenant's policies, the one that counts first.
package struct PolicySet: Hashable, Sendable {
    /// In order of precedence: priority, then how narrow the pattern is, then the id.
    package let ordered: [Policy]

    /// No policies.
    package static let none = PolicySet([])

    /// A set of these.
    package init(_ policies: [Policy]) {
        ordered = policies.sorted {
            if $0.priority != $1.priority { return $0.priority > $1.priority }
            if $0.pattern.specificity != $1.pattern.specificity {
                return $0.pattern.specificity > $1.pattern.specificity
            }
            return $0.id.lexicographicallyPrecedes($1.id)
        }
    }

    /// The policies in force that a commit must be held against: none unless one of them limits commits, and none after
    /// the last that does.
    package func limitingCommits(atMs now: Int64) -> [Policy] {
        let inForce = ordered.filter { $0.isInForce(atMs: now) }
        guard let last = inForce.lastIndex(where: { $0.commitsPerMinute != nil }) else { return [] }
        return Array(inForce[...last])
    }

    /// The policy for a reservation whose deepest scope is `path`.
    package func governing(_ path: [UInt8], atMs now: Int64) -> Policy? {
        ordered.first { $0.isInForce(atMs: now) && $0.pattern.matches(path) }
    }
}
