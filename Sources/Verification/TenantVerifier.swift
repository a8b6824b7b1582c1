// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

internal import RedisClient
internal import SharedKernel

/// Reads and judges one tenant: its own entries, its budgets, its locks, its webhook subscriptions.
struct TenantVerifier: SecondLook {
    let place: TenantPlace
    let reader: BatchReader
    let options: VerificationOptions

    private var budgets: BudgetVerifier { BudgetVerifier(place: place, reader: reader, options: options) }
    private var locks: LockVerifier { LockVerifier(place: place, reader: reader, options: options) }

    private var resources: ResourceVerifier { ResourceVerifier(place: place, reader: reader) }
    private var subscriptions: SubscriptionVerifier { SubscriptionVerifier(place: place, reader: reader) }

    var name: [UInt8] { place.tenant.bytes }

    /// Walks everything of the tenant, counts it, and returns the subjects that deserve a second look.
    func scan(into counts: inout VerificationReport.Counts) async throws(VerificationError) -> Set<VerifiedSubject> {
        counts.tenants += 1
        var suspects = try await budgets.scan(into: &counts)
        suspects.formUnion(try await locks.scan(into: &counts))
        suspects.formUnion(try await resources.scan(into: &counts))
        suspects.formUnion(try await subscriptions.scan(into: &counts))
        if !(try await ownFindings().isEmpty) { suspects.insert(.tenant) }
        return suspects
    }

    func findings(
        of subjects: Set<VerifiedSubject>
    ) async throws(VerificationError) -> (findings: [Finding], undecided: [VerifiedSubject]) {
        var ledgers: [[UInt8]] = []
        var reservations: [[UInt8]] = []
        var holds: [[UInt8]] = []
        var names: [[UInt8]] = []
        var ids: [[UInt8]] = []
        for subject in subjects {
            switch subject {
            case .tenant: break
            case .ledger(let entry): ledgers.append(entry)
            case .reservation(let hash): reservations.append(hash)
            case .lock(let entry): holds.append(entry)
            case .resource(let name): names.append(name)
            case .subscription(let id): ids.append(id)
            case .asks, .event, .lane, .delivery, .queued, .entry, .key: break
            }
        }
        var (findings, undecided) = try await budgets.findings(ofLedgers: ledgers)
        findings += try await budgets.findings(ofReservations: reservations)
        findings += try await locks.findings(of: holds)
        findings += try await subscriptions.findings(of: ids)
        if subjects.contains(.asks) { findings += try await subscriptions.findingsOfAsks() }
        let derived = try await resources.findings(of: names)
        findings += derived.findings
        undecided += derived.undecided
        if subjects.contains(.tenant) { findings += try await ownFindings() }
        return (findings, undecided)
    }

    /// The keys of a tenant that are checked as a whole, with their types.
    private var indexes: [(key: [UInt8], type: String)] {
        [
            (place.directory, "zset"), (place.due, "zset"), (place.active, "zset"), (place.rowCount, "string"),
            (place.log, "zset"), (place.subscriptions, "hash"), (place.subscriptionList, "zset"), (place.asks, "hash"),
            (place.askCounts, "hash"),
        ]
    }

    /// The tenant's status, the types of its indexes, and whether its shard knows when something of it ends.
    private func ownFindings() async throws(VerificationError) -> [Finding] {
        let due = Keyspace.due(place.shard)
        let replies = try await reader.readAtOnce(
            [Read.value(place.status)] + indexes.map { Read.type($0.key) } + [
                Read.first(place.due), Read.score(due, Array("b".utf8) + place.tenant.bytes),
                Read.first(place.active), Read.score(due, Array("l".utf8) + place.tenant.bytes),
            ])
        var findings = statusFindings(replies[0])
        for (index, reply) in zip(indexes, replies.dropFirst()) {
            let type = reply.text ?? "unknown"
            guard type != "none", type != index.type else { continue }
            let key = "key \(printable(index.key))"
            findings.append(finding(.soundRecords, expected: "a \(index.type)", actual: "a \(type)", detail: key))
        }
        let times = replies.dropFirst(1 + indexes.count)
        let first = times.startIndex
        findings += sweepFindings(times[first], times[first + 1], "budget reservation", letter: "b")
        findings += sweepFindings(times[first + 2], times[first + 3], "lock", letter: "l")
        return findings
    }

    private func statusFindings(_ reply: RedisReply) -> [Finding] {
        let key = "key \(printable(place.status))"
        guard let tag = reply.bytes else {
            let actual = reply.isNull ? "none" : "a key of another type"
            return [finding(.indexed, expected: "the status of a listed tenant", actual: actual, detail: key)]
        }
        guard TenantTag(tag) != nil else {
            return [
                finding(
                    .soundRecords, expected: "a status letter, a number and marks", actual: printable(tag), detail: key)
            ]
        }
        return []
    }

    /// A sweep finds a tenant by its entry in the shard, so the entry must not be later than the earliest deadline.
    private func sweepFindings(_ first: RedisReply, _ entry: RedisReply, _ what: String, letter: String) -> [Finding] {
        guard let score = first.members.last, let deadline = parseScore(score).flatMap({ $0 }) else { return [] }
        if let text = entry.bytes, let wakes = parseScore(text).flatMap({ $0 }), wakes <= deadline { return [] }
        return [
            finding(
                .indexed, expected: "a sweep by \(deadline), when the first \(what) ends",
                actual: entry.bytes.map { "by \(printable($0))" } ?? "none planned",
                detail: "member \(letter)\(place.tenant) of \(printable(Keyspace.due(place.shard)))")
        ]
    }

    private func finding(
        _ invariant: Invariant, expected: String, actual: String, detail: String
    ) -> Finding {
        Finding(invariant, place.tenant.bytes, .tenant, expected: expected, actual: actual, detail: detail)
    }
}
