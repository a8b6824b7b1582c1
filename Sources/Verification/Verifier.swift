// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

package import NIOCore
package import RedisClient
internal import SharedKernel
internal import StrictJSON

/// Checks the invariants of a whole installation while it is in use; writes nothing.
///
/// Everything is walked once in pages. What looks wrong is then read again, at one instant, in several passes with a
/// pause before each, and counts if it is the same in all of them: so writes that go on meanwhile raise no alarm.
package struct Verifier: Sendable {
    /// Subjects gathered before they get their second look.
    private static let batch = 5_000

    private let reader: BatchReader
    private let options: VerificationOptions

    /// A check over a pool and the group it was made with. The pool should be the verifier's own: it sends
    /// transactions, and pages of up to 500 records.
    package init(pool: RedisPool, group: any EventLoopGroup, options: VerificationOptions = .init()) {
        precondition(options.passes >= 1)
        reader = BatchReader(pool: pool, group: group)
        self.options = options
    }

    /// Checks everything. Cost: one read of every ledger, live reservation, lock, event, subscription and delivery,
    /// pipelined, and a scan of the keyspace; memory for the distinct ledgers of one tenant's live reservations.
    package func run() async throws(VerificationError) -> VerificationReport {
        let keyspace = try await keyspace()
        var report = VerificationReport()
        var suspects: [Suspects] = []
        for shard in keyspace.shards where !report.stoppedEarly {
            report.counts.shards += 1
            try await scanTenants(of: shard, keyspace, &suspects, &report)
            guard !report.stoppedEarly else { break }
            let verifier = self.verifier(of: shard)
            try await note(try await verifier.scan(into: &report.counts), verifier, &suspects, &report)
        }
        if !report.stoppedEarly {
            let verifier = OperatorVerifier(keyspace: keyspace, reader: reader)
            try await note(try await verifier.scan(into: &report.counts), verifier, &suspects, &report)
        }
        try await scanKeys(keyspace, &suspects, &report)
        try await lookAgain(at: &suspects, &report)
        return report
    }

    private func scanTenants(
        of shard: Shard, _ keyspace: Keyspace, _ suspects: inout [Suspects], _ report: inout VerificationReport
    ) async throws(VerificationError) {
        var rank = 0
        var isLast = false
        while !isLast, !report.stoppedEarly {
            let members = try await reader.read(Read.members(Keyspace.tenants(shard), from: rank)).members
            for member in members where !report.stoppedEarly {
                guard let place = place(member, in: shard, keyspace, &report) else { continue }
                let tenant = TenantVerifier(place: place, reader: reader, options: options)
                try await note(try await tenant.scan(into: &report.counts), tenant, &suspects, &report)
            }
            rank += Read.page
            isLast = members.count < Read.page
        }
    }

    /// Walks the keyspace for what no index may lead to: bodies of events, deliveries, lanes, facts of subscriptions.
    private func scanKeys(
        _ keyspace: Keyspace, _ suspects: inout [Suspects], _ report: inout VerificationReport
    ) async throws(VerificationError) {
        for pattern in Keyspace.webhookPatterns {
            let page: ([UInt8]) -> RedisCommand = { Read.keys(pattern, from: $0) }
            try await reader.pages(page) { (keys) async throws(VerificationError) in
                if report.stoppedEarly { return }
                let found = keys.compactMap { FoundKey($0, keyspace) }
                for (shard, keys) in Dictionary(grouping: found, by: \.shard) {
                    let verifier = self.verifier(of: shard)
                    let subjects = try await verifier.scan(keys: keys, into: &report.counts)
                    try await note(subjects, verifier, &suspects, &report)
                }
            }
        }
    }

    private func verifier(of shard: Shard) -> ShardVerifier {
        ShardVerifier(place: ShardPlace(shard: shard), reader: reader, options: options)
    }

    /// Keeps what deserves a second look, and takes it once there is enough.
    private func note(
        _ subjects: Set<VerifiedSubject>, _ verifier: any SecondLook, _ suspects: inout [Suspects],
        _ report: inout VerificationReport
    ) async throws(VerificationError) {
        if !subjects.isEmpty { suspects.append(Suspects(verifier: verifier, subjects: subjects)) }
        if suspects.reduce(0, { $0 + $1.subjects.count }) >= Self.batch { try await lookAgain(at: &suspects, &report) }
    }

    private func keyspace() async throws(VerificationError) -> Keyspace {
        let reply = try await reader.read(Read.fields(Keyspace.install, ["shards"]))
        guard let field = reply.array?.first else { throw .corruptInstall }
        if field.isNull { throw .notInstalled }
        guard let text = field.bytes, let shards = parseDecimalInt64(text),
            (1...Int64(Limits.shardCountMax)).contains(shards)
        else { throw .corruptInstall }
        return Keyspace(shardCount: Int(shards))
    }

    /// The tenant of an entry in a shard's list. An entry that names none is a violation at once: nothing rewrites it.
    private func place(
        _ member: [UInt8], in shard: Shard, _ keyspace: Keyspace, _ report: inout VerificationReport
    ) -> TenantPlace? {
        let key = "key \(printable(Keyspace.tenants(shard)))"
        guard let tenant = TenantID(member) else {
            report.violations.append(
                Violation(
                    invariant: .soundRecords, tenant: member, subject: .tenant, expected: "the id of a tenant",
                    actual: printable(member), detail: key))
            return nil
        }
        let home = keyspace.shard(of: tenant)
        guard home == shard else {
            report.violations.append(
                Violation(
                    invariant: .indexed, tenant: member, subject: .tenant,
                    expected: "listed in shard \(printable(home.hex))", actual: "in shard \(printable(shard.hex))",
                    detail: key))
            return nil
        }
        return TenantPlace(tenant: tenant, keyspace: keyspace)
    }

    // MARK: Second look

    /// What a scan found to look wrong in one tenant or shard.
    private struct Suspects {
        let verifier: any SecondLook
        var subjects: Set<VerifiedSubject>
        /// What the passes so far agree on; nil before the first.
        var findings: [Finding]?

        /// Keeps what this pass found too, and of the subjects those with something left.
        mutating func keep(_ found: [Finding]) {
            let earlier = findings.map { Dictionary(grouping: $0, by: \.violation.subject) }
            let kept = found.filter { finding in
                guard let earlier else { return true }
                return earlier[finding.violation.subject]?.contains { finding.isSame(as: $0) } ?? false
            }
            findings = kept
            subjects = Set(kept.map(\.violation.subject))
        }
    }

    /// Reads the suspects in so many passes, reports what was the same in all, and empties the list.
    private func lookAgain(
        at suspects: inout [Suspects], _ report: inout VerificationReport
    ) async throws(VerificationError) {
        for _ in 0..<options.passes where !suspects.isEmpty {
            do { try await Task.sleep(for: options.pause) } catch { throw .interrupted }
            for index in suspects.indices {
                let verifier = suspects[index].verifier
                let (findings, undecided) = try await verifier.findings(of: suspects[index].subjects)
                suspects[index].keep(findings)
                report.undecided += undecided.map { .init(tenant: verifier.name, subject: $0) }
            }
            suspects.removeAll { $0.subjects.isEmpty }
        }
        for suspect in suspects {
            // A lane may have been come across twice, from its shard's list and in the keyspace.
            let found = Set((suspect.findings ?? []).map(\.violation)).subtracting(report.violations)
            report.violations += found.sorted(by: Self.precedes)
        }
        suspects = []
        report.stoppedEarly = report.violations.count >= options.violationsMax
    }

    private static func precedes(_ a: Violation, _ b: Violation) -> Bool {
        (a.invariant.rawValue, a.subject.text, a.actual) < (b.invariant.rawValue, b.subject.text, b.actual)
    }
}
